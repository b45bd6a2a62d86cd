# The simulator: the model's own sources, with small sets, against a modelled world.

check_PROGRAMS += tests/sim/sim
tests_sim_sim_SOURCES = tests/sim/main.c tests/sim/world.c tests/sim/world.h tests/sim/parts.h tests/sim/trace.c \
	tests/sim/history.c tests/sim/link.c tests/sim/locks.c tests/sim/procedures.c tests/sim/server.c \
	tests/sim/statements.c tests/sim/flow.c tests/sim/voter.c tests/sim/observe.c tests/sim/supervisor.c \
	tests/sim/actions.c tests/sim/own.c tests/sim/ladder.c tests/sim/fencer.c tests/sim/vip.c \
	tests/sim/faults.c tests/sim/calm.c tests/sim/invariants.c tests/sim/losses.c \
	$(libmodel_a_SOURCES)
tests_sim_sim_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/tests/sim -DGTID_SET_MAX=4
tests_sim_sim_LDADD = libbase.a
EXTRA_DIST += tests/sim/local.mk
