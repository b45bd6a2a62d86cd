# What this folder adds to the build.
EXTRA_DIST += tests/integration/service_manager.py tests/integration/mariadb_sandbox.py tests/integration/ports.py tests/integration/test_vip_cloud.py

check_PROGRAMS += tests/integration/schema_driver
schema_tests = \
	tests/integration/test_schema_install.py tests/integration/test_schema_procedures.py \
	tests/integration/test_schema_binlog.py tests/integration/test_schema_dead_man.py \
	tests/integration/test_schema_grants.py
TESTS += $(schema_tests)
EXTRA_DIST += $(schema_tests) tests/integration/schema_fixture.py
tests_integration_schema_driver_SOURCES = tests/integration/schema_driver.c
tests_integration_schema_driver_LDADD = libschema.a libio.a libmodel.a libbase.a $(MARIADB_LIBS)

if HAVE_CMOCKA
check_PROGRAMS += tests/integration/test_vip
TESTS += tests/integration/test_vip
tests_integration_test_vip_SOURCES = tests/integration/test_vip.c
tests_integration_test_vip_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_integration_test_vip_LDADD = libio.a libwire.a libbase.a $(MNL_LIBS) $(EVENT_LIBS) $(CMOCKA_LIBS)
check_PROGRAMS += tests/integration/test_vip_command
TESTS += tests/integration/test_vip_command
tests_integration_test_vip_command_SOURCES = tests/integration/test_vip_command.c
tests_integration_test_vip_command_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_integration_test_vip_command_LDADD = libio.a libwire.a libbase.a $(EVENT_LIBS) $(CMOCKA_LIBS)
TESTS += tests/integration/test_vip_cloud.py
check_PROGRAMS += tests/integration/test_tcp_reset
TESTS += tests/integration/test_tcp_reset
tests_integration_test_tcp_reset_SOURCES = tests/integration/test_tcp_reset.c
tests_integration_test_tcp_reset_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_integration_test_tcp_reset_LDADD = libio.a libwire.a libbase.a $(MNL_LIBS) $(CMOCKA_LIBS)
endif

# The programs are run by test_session.py, which starts the servers they need.
EXTRA_DIST += tests/integration/test_session.py
if HAVE_CMOCKA
TESTS += tests/integration/test_session.py
session_fixture = tests/integration/session_fixture.c tests/integration/session_fixture.h
session_libs = libio.a libwire.a libsettings.a libbase.a $(MARIADB_LIBS) $(EVENT_LIBS) $(CRYPTO_LIBS) $(CMOCKA_LIBS) -lpthread
check_PROGRAMS += tests/integration/test_session_life tests/integration/test_session_faults \
	tests/integration/test_session_liar tests/integration/test_session_flood tests/integration/test_session_tls
tests_integration_test_session_life_SOURCES = tests/integration/test_session_life.c $(session_fixture)
tests_integration_test_session_life_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_integration_test_session_life_LDADD = $(session_libs)
tests_integration_test_session_faults_SOURCES = tests/integration/test_session_faults.c $(session_fixture)
tests_integration_test_session_faults_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_integration_test_session_faults_LDADD = $(session_libs)
tests_integration_test_session_liar_SOURCES = tests/integration/test_session_liar.c $(session_fixture)
tests_integration_test_session_liar_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_integration_test_session_liar_LDADD = $(session_libs)
tests_integration_test_session_flood_SOURCES = tests/integration/test_session_flood.c $(session_fixture)
tests_integration_test_session_flood_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_integration_test_session_flood_LDADD = $(session_libs)
tests_integration_test_session_tls_SOURCES = tests/integration/test_session_tls.c $(session_fixture)
tests_integration_test_session_tls_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_integration_test_session_tls_LDADD = $(session_libs)
endif

# The real fencer over a supervisor that the test moves.
check_PROGRAMS += tests/integration/fencer_puppet
fencer_tests = tests/integration/test_fencer.py tests/integration/test_fencer_deaths.py \
	tests/integration/test_fencer_upgrade.py
TESTS += $(fencer_tests)
EXTRA_DIST += $(fencer_tests) tests/integration/fencer_fixture.py
tests_integration_fencer_puppet_SOURCES = tests/integration/puppet_supervisor.c $(fencer_sources)
tests_integration_fencer_puppet_LDADD = $(ALL_LIBS) $(EXTERNAL_LIBS) $(SECCOMP_LIBS)

# The command line, with a daemon played by the test
TESTS += tests/integration/test_cli.py
EXTRA_DIST += tests/integration/test_cli.py

# What the supervisor asks of a server, printed for the tests that run it
check_PROGRAMS += tests/integration/sql_driver
TESTS += tests/integration/test_audit.py tests/integration/test_observe.py
EXTRA_DIST += tests/integration/test_audit.py tests/integration/test_observe.py
tests_integration_sql_driver_SOURCES = tests/integration/sql_driver.c
tests_integration_sql_driver_LDADD = libwire.a libmodel.a libbase.a

# Needs an etcd, as Debian's etcd-server has it; without one it skips.
etcd_tests = tests/integration/test_etcd_vote.py tests/integration/test_etcd_faults.py \
	tests/integration/test_etcd_access.py tests/integration/test_etcd_nonsense.py
EXTRA_DIST += $(etcd_tests) tests/integration/etcd_fixture.py tests/integration/etcd_cases.py
if HAVE_LIBCURL
TESTS += $(etcd_tests)
check_PROGRAMS += tests/integration/etcd_driver
tests_integration_etcd_driver_SOURCES = tests/integration/etcd_driver.c
tests_integration_etcd_driver_LDADD = libio.a libwire.a libsettings.a libmodel.a libbase.a \
	$(CURL_LIBS) $(EVENT_LIBS) $(JANSSON_LIBS)
endif

# Extra transactions, of two servers that went apart
TESTS += tests/integration/test_divergence.py
EXTRA_DIST += tests/integration/test_divergence.py

# The daemon over files of its own that are torn
TESTS += tests/integration/test_own_files.py
EXTRA_DIST += tests/integration/test_own_files.py

# The plugin, with supervisor and servers played by the test
TESTS += tests/integration/test_plugin.py
EXTRA_DIST += tests/integration/test_plugin.py
EXTRA_DIST += tests/integration/certificates.py tests/integration/case_fixture.py tests/integration/cli_fixture.py tests/integration/listener.py tests/integration/daemon_fixture.py tests/integration/by_units.py

# What each of its processes may
TESTS += tests/integration/test_privileges.py tests/integration/test_service.py
EXTRA_DIST += tests/integration/test_privileges.py tests/integration/test_service.py

# What monitoring systems are told of the plugin, read by these
TESTS += tests/integration/test_monitoring.py
EXTRA_DIST += tests/integration/test_monitoring.py

# The pair without a supervisor, over real servers
TESTS += tests/integration/test_direct.py tests/integration/test_direct_liar.py
EXTRA_DIST += tests/integration/test_direct.py tests/integration/test_direct_liar.py

# The daemon beside a server that lies
TESTS += tests/integration/test_liar.py
EXTRA_DIST += tests/integration/test_liar.py
