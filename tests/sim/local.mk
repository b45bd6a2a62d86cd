# The simulator: the model's own sources, with small sets, against a modelled world.

check_PROGRAMS += tests/sim/sim
sim_world = tests/sim/world.c tests/sim/world.h tests/sim/data.h tests/sim/processes.h tests/sim/parts.h tests/sim/trace.c \
	tests/sim/history.c tests/sim/link.c tests/sim/locks.c tests/sim/procedures.c tests/sim/server.c \
	tests/sim/statements.c tests/sim/flow.c tests/sim/semisync.c tests/sim/voter.c tests/sim/observe.c tests/sim/probes.c \
	tests/sim/supervisor.c tests/sim/fencer_link.c tests/sim/fencer_talk.c \
	tests/sim/actions.c tests/sim/own.c tests/sim/ladder.c tests/sim/fencer.c tests/sim/vip.c \
	tests/sim/faults.c tests/sim/calm.c tests/sim/invariants.c tests/sim/losses.c \
	$(libmodel_a_SOURCES)
tests_sim_sim_SOURCES = tests/sim/main.c $(sim_world)
tests_sim_sim_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/tests/sim -DGTID_SET_MAX=4
tests_sim_sim_LDADD = libbase.a
TESTS += tests/sim/test_sim
EXTRA_DIST += tests/sim/local.mk tests/sim/test_sim tests/sim/fresh-seeds tests/sim/seeds tests/sim/check-rows tests/sim/rows-elsewhere

# Minutes of fresh seeds; the base is printed, so that a failure can be replayed.
SIM_MINUTES = 5
check-sim: tests/sim/sim
	base=$$(date +%s)00000; for tie in witness writer vip; do \
	    $(builddir)/tests/sim/sim --base $$base --tie $$tie --minutes $(SIM_MINUTES) --jobs $$(nproc) || exit 1; \
	done; for mode in safety liveness; do \
	    $(builddir)/tests/sim/sim --base $$base --durability lossless --mode $$mode --minutes $(SIM_MINUTES) --jobs $$(nproc) || exit 1; \
	done
.PHONY: check-sim

# The explorer: the same world, every choice instead of a random one.
check_PROGRAMS += tests/sim/explore
tests_sim_explore_SOURCES = tests/sim/explore.c tests/sim/explore.h tests/sim/explore_moves.c \
	tests/sim/explore_state.c tests/sim/explore_back.c $(sim_world)
tests_sim_explore_CPPFLAGS = $(tests_sim_sim_CPPFLAGS)
tests_sim_explore_LDADD = libbase.a
check_PROGRAMS += tests/sim/story
tests_sim_story_SOURCES = tests/sim/story.c tests/sim/story.h tests/sim/story_moves.c tests/sim/story_random.c \
	tests/sim/explore.h tests/sim/explore_moves.c tests/sim/explore_state.c tests/sim/explore_back.c $(sim_world)
tests_sim_story_CPPFLAGS = $(tests_sim_sim_CPPFLAGS)
tests_sim_story_LDADD = libbase.a
TESTS += tests/sim/test_explore
EXTRA_DIST += tests/sim/test_explore

TESTS += tests/sim/test_stories
EXTRA_DIST += tests/sim/test_stories tests/sim/stories

check-explore: tests/sim/explore
	$(builddir)/tests/sim/explore --tree faults --faults 1 --depth 20
	$(builddir)/tests/sim/explore --tree faults --faults 2 --depth 8
	$(builddir)/tests/sim/explore --tree faults --faults 3 --depth 5
	$(builddir)/tests/sim/explore --tree orders --faults 1 --depth 10
	$(builddir)/tests/sim/explore --tree orders --faults 2 --depth 5
.PHONY: check-explore

# Wrong versions, each of which the simulator has to catch.
TESTS += tests/sim/test_mutants
EXTRA_DIST += tests/sim/test_mutants tests/sim/try-mutants tests/sim/mutants.py

check-mutants:
	$(top_srcdir)/tests/sim/try-mutants
.PHONY: check-mutants
