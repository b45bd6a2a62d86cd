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
