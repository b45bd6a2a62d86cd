# What this folder adds to the build.

# Measures this build in the laboratory; needs root. BENCHFLAGS="--runs 3 crash" for less.
.PHONY: bench
bench: all
	$(srcdir)/bench/run --build . --markdown $(BENCHFLAGS)

EXTRA_DIST += bench/run bench/breakdown bench/lossless bench/soak bench/README.md \
	bench/figures/__init__.py bench/figures/big_pool.py bench/figures/cost.py bench/figures/crash.py \
	bench/figures/power_off.py bench/figures/supervisor.py bench/figures/switchover.py bench/figures/vip.py \
	bench/replbench/__init__.py bench/replbench/clients.py bench/replbench/context.py \
	bench/replbench/control.py bench/replbench/fencing.py bench/replbench/logs.py \
	bench/replbench/machine.py bench/replbench/netns.py bench/replbench/outage.py bench/replbench/pair.py \
	bench/replbench/rows.py bench/replbench/series.py bench/replbench/timeline.py bench/replbench/usage.py

# The plugin's figures; built when they are wanted.
EXTRA_PROGRAMS += bench/launch bench/probe
CLEANFILES += bench/launch$(EXEEXT) bench/probe$(EXEEXT)
bench_launch_SOURCES = bench/launch.c
bench_launch_LDFLAGS = -static
bench_launch_CFLAGS = -std=gnu11 -O2
bench_probe_SOURCES = bench/probe.c
bench_probe_CFLAGS = -std=gnu11 -O2 $(MARIADB_CFLAGS)
bench_probe_LDADD = $(MARIADB_LIBS)
EXTRA_DIST += bench/plugin
