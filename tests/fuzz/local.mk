# What this folder adds to the build.

# The corpus through every target, by any compiler
fuzz_sources = tests/fuzz/fuzz.h tests/fuzz/targets.c \
	tests/fuzz/fuzz_fencer.c tests/fuzz/fuzz_gtid.c tests/fuzz/fuzz_journal.c tests/fuzz/fuzz_json.c \
	tests/fuzz/fuzz_kernel.c tests/fuzz/fuzz_binlog_tail.c tests/fuzz/fuzz_plugin.c tests/fuzz/fuzz_rows.c tests/fuzz/fuzz_session.c tests/fuzz/fuzz_settings.c \
	tests/fuzz/fuzz_stream.c tests/fuzz/fuzz_text.c \
	supervisor/cli/history_json.c supervisor/cli/history_table.c supervisor/cli/history_print.h \
	supervisor/cli/status_cells.c supervisor/cli/status_nodes.c supervisor/cli/status_pair.c \
	supervisor/cli/status_print.c supervisor/cli/status_print.h supervisor/cli/table.c supervisor/cli/table.h \
	supervisor/cli/terminal.c supervisor/cli/terminal.h \
	supervisor/daemon/control_access.c supervisor/daemon/control_access.h \
	supervisor/daemon/control_stream.c supervisor/daemon/control_stream.h \
	supervisor/daemon/estate.c supervisor/daemon/estate.h supervisor/daemon/handover.c supervisor/daemon/handover.h \
	plugin/answer.c plugin/answer.h plugin/extra_opts.c plugin/extra_opts.h
check_PROGRAMS += tests/fuzz/replay
TESTS += tests/fuzz/replay
tests_fuzz_replay_SOURCES = tests/fuzz/replay.c $(fuzz_sources)
tests_fuzz_replay_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)
tests_fuzz_replay_LDADD = $(ALL_LIBS) $(EXTERNAL_LIBS)
EXTRA_DIST += tests/fuzz/run tests/fuzz/corpus tests/fuzz/dictionaries

# libFuzzer itself: configure --enable-fuzzers, with clang. `make fuzz` does that in a folder of its own.
if FUZZERS
noinst_PROGRAMS += tests/fuzz/fuzz
tests_fuzz_fuzz_SOURCES = tests/fuzz/entry.c $(fuzz_sources)
tests_fuzz_fuzz_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)
tests_fuzz_fuzz_LDFLAGS = $(AM_LDFLAGS) -fsanitize=fuzzer
tests_fuzz_fuzz_LDADD = $(ALL_LIBS) $(EXTERNAL_LIBS)
endif

FUZZ_SECONDS = 60
FUZZ_TARGETS =
.PHONY: fuzz check-fuzz
fuzz:
	$(srcdir)/tests/fuzz/run --seconds $(FUZZ_SECONDS) $(FUZZ_TARGETS)

check-fuzz: tests/fuzz/replay
	srcdir=$(srcdir) tests/fuzz/replay
