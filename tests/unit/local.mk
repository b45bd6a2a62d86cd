# What this folder adds to the build.

if HAVE_CMOCKA
check_PROGRAMS += tests/unit/test_gtid
TESTS += tests/unit/test_gtid
tests_unit_test_gtid_SOURCES = tests/unit/test_gtid.c
tests_unit_test_gtid_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_test_gtid_LDADD = libmodel.a libbase.a $(CMOCKA_LIBS)
endif

if HAVE_CMOCKA
check_PROGRAMS += tests/unit/test_lag
TESTS += tests/unit/test_lag
tests_unit_test_lag_SOURCES = tests/unit/test_lag.c
tests_unit_test_lag_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_test_lag_LDADD = libmodel.a libbase.a $(CMOCKA_LIBS)
endif

if HAVE_CMOCKA
check_PROGRAMS += tests/unit/test_procstat tests/unit/test_fencer_proto
TESTS += tests/unit/test_procstat tests/unit/test_fencer_proto
tests_unit_test_procstat_SOURCES = tests/unit/test_procstat.c
tests_unit_test_procstat_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_test_procstat_LDADD = libwire.a $(CMOCKA_LIBS)
tests_unit_test_fencer_proto_SOURCES = tests/unit/test_fencer_proto.c
tests_unit_test_fencer_proto_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_test_fencer_proto_LDADD = libwire.a $(CMOCKA_LIBS)
endif
