# What this folder adds to the build.
noinst_PROGRAMS += tests/lab/labwriter tests/lab/labsampler
tests_lab_labwriter_SOURCES = tests/lab/labwriter.c tests/lab/labdb.c tests/lab/labdb.h
tests_lab_labwriter_LDADD = $(MARIADB_LIBS)
tests_lab_labsampler_SOURCES = tests/lab/labsampler.c tests/lab/labdb.c tests/lab/labdb.h
tests_lab_labsampler_LDADD = $(MARIADB_LIBS) -lpthread
noinst_PROGRAMS += tests/lab/labrelay
tests_lab_labrelay_SOURCES = tests/lab/labrelay.c
# A library to preload, which no archiver makes: with the compiler alone.
noinst_DATA += tests/lab/labtrap.so
tests/lab/labtrap.so: $(srcdir)/tests/lab/labtrap.c
	$(AM_V_CC)$(MKDIR_P) tests/lab && $(CC) $(DEFS) $(AM_CPPFLAGS) $(CPPFLAGS) -std=gnu11 $(PROJECT_CFLAGS) \
		$(MARIADB_CFLAGS) $(CFLAGS) -fPIC -shared -o $@ $(srcdir)/tests/lab/labtrap.c -ldl
CLEANFILES += tests/lab/labtrap.so
EXTRA_DIST += tests/lab/labtrap.c
TESTS += tests/lab/test_history.py tests/lab/test_catalogue.py
EXTRA_DIST += tests/lab/test_history.py tests/lab/test_catalogue.py
if HAVE_FUSE
noinst_PROGRAMS += tests/lab/labhangfs
tests_lab_labhangfs_SOURCES = tests/lab/labhangfs.c
tests_lab_labhangfs_CFLAGS = $(AM_CFLAGS) $(FUSE_CFLAGS)
tests_lab_labhangfs_LDADD = $(FUSE_LIBS)
endif
EXTRA_DIST += tests/lab/README.md tests/lab/get-debian13 tests/lab/on-debian13 tests/lab/as-units tests/lab/in-folder tests/lab/lab tests/lab/mutants tests/lab/selftest tests/lab/drill tests/lab/quick tests/lab/run \
	tests/lab/mail-rows.sql \
	tests/lab/baseline/keepalived.conf tests/lab/baseline/check.sh tests/lab/baseline/notify.sh \
	tests/lab/replab/__init__.py tests/lab/replab/accounts.py tests/lab/replab/analysis.py \
	tests/lab/replab/baseline.py tests/lab/replab/cgroup.py tests/lab/replab/cli.py \
	tests/lab/replab/clock.py tests/lab/replab/conf.py \
	tests/lab/replab/database.py tests/lab/replab/errors.py tests/lab/replab/etcd.py tests/lab/replab/faults.py \
	tests/lab/replab/flood.py tests/lab/replab/freezer.py tests/lab/replab/history.py tests/lab/replab/host.py \
	tests/lab/replab/init.py tests/lab/replab/knock.py tests/lab/replab/lab.py \
	tests/lab/replab/mail.py tests/lab/replab/memory.py tests/lab/replab/net.py tests/lab/replab/ns.py \
	tests/lab/replab/options.py tests/lab/replab/record.py tests/lab/replab/services.py \
	tests/lab/replab/starve.py \
	tests/lab/replab/vipwatch.py tests/lab/replab/yamlconf.py \
	tests/lab/scenarios/__init__.py tests/lab/scenarios/calm.py tests/lab/scenarios/catalogue.py \
	tests/lab/scenarios/cuts.py tests/lab/scenarios/deaths.py tests/lab/scenarios/disks.py \
	tests/lab/scenarios/etcd.py tests/lab/scenarios/hangs.py \
	tests/lab/scenarios/hosts.py tests/lab/scenarios/ipv6.py tests/lab/scenarios/killed_rows.py tests/lab/scenarios/dual.py tests/lab/scenarios/tls.py tests/lab/scenarios/vips.py tests/lab/replab/tls.py tests/lab/scenarios/injections.py tests/lab/scenarios/judge.py tests/lab/scenarios/loading.py tests/lab/scenarios/lossless.py \
	tests/lab/scenarios/links.py tests/lab/scenarios/locks.py tests/lab/scenarios/machines.py \
	tests/lab/scenarios/moves.py tests/lab/scenarios/naive.py tests/lab/scenarios/people.py tests/lab/scenarios/service.py tests/lab/scenarios/threes.py \
	tests/lab/scenarios/recorders.py \
	tests/lab/scenarios/returns.py tests/lab/scenarios/rows.py tests/lab/scenarios/runner.py \
	tests/lab/scenarios/soak.py tests/lab/scenarios/steps.py tests/lab/scenarios/ties.py tests/lab/scenarios/trial.py \
	tests/lab/scenarios/upgrades.py tests/lab/scenarios/witness.py

# Every row of faults against real servers, and every two of them; needs root and hours.
check-faults: all
	$(srcdir)/tests/lab/run all pairs --build $(abs_builddir)
.PHONY: check-faults

# The faults that the naive deployment knows, too, at both of them, and a table of how long two servers could be written;
# an hour. BASELINE_ROWS="13 14" runs less.
BASELINE_ROWS = 1 2 4 5 13 14 15 16 17 18 28 29 31 32 33 40 41 42 51
check-faults-baseline: all
	$(srcdir)/tests/lab/run $(BASELINE_ROWS) --baseline --build $(abs_builddir)
.PHONY: check-faults-baseline

# Six wrong versions, each of which lets two servers write: the laboratory's judge has to see it. Needs root.
check-lab-mutants:
	$(srcdir)/tests/lab/mutants
.PHONY: check-lab-mutants

# All of it at MariaDB 11.8, out of a Debian 13 that debootstrap puts beside: root, the network once, and hours.
# SCENARIOS="switchover 13" runs less.
SCENARIOS = all
check-mariadb-11.8: all
	folder=`$(srcdir)/tests/lab/get-debian13` && \
	$(MAKE) $(AM_MAKEFLAGS) check REPLCHECK_SERVER="$$folder" \
		TESTS="$(schema_tests) tests/integration/test_observe.py tests/integration/test_audit.py tests/integration/test_divergence.py" && \
	$(srcdir)/tests/lab/run $(SCENARIOS) --server "$$folder" --build $(abs_builddir)
.PHONY: check-mariadb-11.8

# Built and tested on that Debian 13, with its compiler and its libmariadb. CHECKS="tests/unit/test_gtid" runs less.
CHECKS =
check-debian13: dist
	$(srcdir)/tests/lab/on-debian13 $(distdir).tar.xz $(CHECKS)
.PHONY: check-debian13
CLEANFILES += tests/lab/verdicts.json
