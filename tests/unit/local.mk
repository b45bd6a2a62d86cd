# What this folder adds to the build.

if HAVE_CMOCKA
# Scenes, reports made of them, and lives of a node through time: for all tests of the decision.
check_LIBRARIES = tests/unit/libscenes.a
tests_unit_libscenes_a_SOURCES = tests/unit/model_fixture.c tests/unit/model_fixture.h \
	tests/unit/lossless_scenes.c tests/unit/lossless_scenes.h \
	tests/unit/model_driver.c tests/unit/model_driver.h tests/unit/life.c tests/unit/life.h \
	tests/unit/report_fixture.c tests/unit/report_fixture.h
tests_unit_libscenes_a_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
endif

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

if HAVE_CMOCKA
check_PROGRAMS += tests/unit/test_settings
TESTS += tests/unit/test_settings
tests_unit_test_settings_SOURCES = tests/unit/test_settings.c \
	tests/unit/settings_fixture.c tests/unit/settings_fixture.h
tests_unit_test_settings_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_test_settings_LDADD = libsettings.a libbase.a $(YAML_LIBS) $(LIBCONFIG_LIBS) $(CMOCKA_LIBS)
check_PROGRAMS += tests/unit/test_settings_node
TESTS += tests/unit/test_settings_node
tests_unit_test_settings_node_SOURCES = tests/unit/test_settings_node.c \
	tests/unit/settings_fixture.c tests/unit/settings_fixture.h
tests_unit_test_settings_node_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_test_settings_node_LDADD = libsettings.a libbase.a $(YAML_LIBS) $(LIBCONFIG_LIBS) $(CMOCKA_LIBS)
check_PROGRAMS += tests/unit/test_settings_sample
TESTS += tests/unit/test_settings_sample
tests_unit_test_settings_sample_SOURCES = tests/unit/test_settings_sample.c \
	tests/unit/settings_fixture.c tests/unit/settings_fixture.h
tests_unit_test_settings_sample_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_test_settings_sample_LDADD = libsettings.a libbase.a $(YAML_LIBS) $(LIBCONFIG_LIBS) $(CMOCKA_LIBS)
endif

if HAVE_CMOCKA
check_PROGRAMS += tests/unit/test_ledger
TESTS += tests/unit/test_ledger
tests_unit_test_ledger_SOURCES = tests/unit/test_ledger.c
tests_unit_test_ledger_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_test_ledger_LDADD = libmodel.a libbase.a $(CMOCKA_LIBS)
endif

if HAVE_CMOCKA
journal_fixture = tests/unit/journals.c tests/unit/journals.h tests/unit/sink.c tests/unit/sink.h \
	tests/unit/flush_gate.c tests/unit/flush_gate.h
journal_libs = libio.a libmodel.a libbase.a $(CMOCKA_LIBS) $(SQLITE_LIBS) -lpthread
journal_tests = tests/unit/test_journal tests/unit/test_journal_torn tests/unit/test_worker tests/unit/test_worker_disk
check_PROGRAMS += $(journal_tests)
TESTS += $(journal_tests)
tests_unit_test_journal_SOURCES = tests/unit/test_journal.c $(journal_fixture)
tests_unit_test_journal_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_test_journal_LDADD = $(journal_libs)
tests_unit_test_journal_torn_SOURCES = tests/unit/test_journal_torn.c $(journal_fixture)
tests_unit_test_journal_torn_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_test_journal_torn_LDADD = $(journal_libs)
tests_unit_test_worker_SOURCES = tests/unit/test_worker.c $(journal_fixture)
tests_unit_test_worker_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_test_worker_LDADD = $(journal_libs)
tests_unit_test_worker_disk_SOURCES = tests/unit/test_worker_disk.c $(journal_fixture)
tests_unit_test_worker_disk_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_test_worker_disk_LDADD = $(journal_libs)
endif

if HAVE_CMOCKA
check_PROGRAMS += tests/unit/test_rows tests/unit/test_netlink tests/unit/test_weight
TESTS += tests/unit/test_rows tests/unit/test_netlink tests/unit/test_weight
tests_unit_test_rows_SOURCES = tests/unit/test_rows.c
tests_unit_test_rows_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_test_rows_LDADD = libwire.a $(CMOCKA_LIBS)
tests_unit_test_netlink_SOURCES = tests/unit/test_netlink.c
tests_unit_test_netlink_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_test_netlink_LDADD = libwire.a $(CMOCKA_LIBS)
check_PROGRAMS += tests/unit/test_sock_diag
TESTS += tests/unit/test_sock_diag
tests_unit_test_sock_diag_SOURCES = tests/unit/test_sock_diag.c
tests_unit_test_sock_diag_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_test_sock_diag_LDADD = libwire.a $(CMOCKA_LIBS)
tests_unit_test_weight_SOURCES = tests/unit/test_weight.c
tests_unit_test_weight_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_test_weight_LDADD = libio.a libbase.a $(CMOCKA_LIBS)
endif

if HAVE_CMOCKA
check_PROGRAMS += tests/unit/test_hooks
TESTS += tests/unit/test_hooks
tests_unit_test_hooks_SOURCES = tests/unit/test_hooks.c
tests_unit_test_hooks_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_test_hooks_LDADD = libio.a libmodel.a libbase.a $(CMOCKA_LIBS) $(SQLITE_LIBS) -lpthread
check_PROGRAMS += tests/unit/test_disk_room
TESTS += tests/unit/test_disk_room
tests_unit_test_disk_room_SOURCES = tests/unit/test_disk_room.c
tests_unit_test_disk_room_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_test_disk_room_LDADD = libio.a libbase.a $(CMOCKA_LIBS) -lpthread
endif

if HAVE_CMOCKA
check_PROGRAMS += tests/unit/test_ledger_text
TESTS += tests/unit/test_ledger_text
tests_unit_test_ledger_text_SOURCES = tests/unit/test_ledger_text.c
tests_unit_test_ledger_text_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_test_ledger_text_LDADD = libmodel.a libbase.a $(CMOCKA_LIBS)
endif

if HAVE_CMOCKA
check_PROGRAMS += tests/unit/test_history
TESTS += tests/unit/test_history
tests_unit_test_history_SOURCES = tests/unit/test_history.c $(cli_history_sources)
tests_unit_test_history_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_test_history_LDADD = libio.a libwire.a libsettings.a libmodel.a libbase.a $(CMOCKA_LIBS) $(SQLITE_LIBS) \
	$(SMARTCOLS_LIBS) $(JANSSON_LIBS) -lpthread
endif

if HAVE_CMOCKA
check_PROGRAMS += tests/unit/test_schema_script
TESTS += tests/unit/test_schema_script
tests_unit_test_schema_script_SOURCES = tests/unit/test_schema_script.c
tests_unit_test_schema_script_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_test_schema_script_LDADD = libschema.a libbase.a $(CMOCKA_LIBS)
endif

if HAVE_CMOCKA
check_PROGRAMS += tests/unit/test_fencer_logic
TESTS += tests/unit/test_fencer_logic
tests_unit_test_fencer_logic_SOURCES = tests/unit/test_fencer_logic.c
tests_unit_test_fencer_logic_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_test_fencer_logic_LDADD = libmodel.a libbase.a $(CMOCKA_LIBS)
endif

if HAVE_CMOCKA
check_PROGRAMS += tests/unit/test_cert_date
TESTS += tests/unit/test_cert_date
tests_unit_test_cert_date_SOURCES = tests/unit/test_cert_date.c
tests_unit_test_cert_date_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_test_cert_date_LDADD = libwire.a $(CMOCKA_LIBS)
check_PROGRAMS += tests/unit/test_cert_end
TESTS += tests/unit/test_cert_end
tests_unit_test_cert_end_SOURCES = tests/unit/test_cert_end.c
tests_unit_test_cert_end_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_test_cert_end_LDADD = libio.a libsettings.a libbase.a $(CRYPTO_LIBS) $(CMOCKA_LIBS)
check_PROGRAMS += tests/unit/test_printable
TESTS += tests/unit/test_printable
tests_unit_test_printable_SOURCES = tests/unit/test_printable.c
tests_unit_test_printable_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_test_printable_LDADD = libwire.a $(CMOCKA_LIBS)
endif

if HAVE_CMOCKA
check_PROGRAMS += tests/unit/test_taking
TESTS += tests/unit/test_taking
tests_unit_test_taking_SOURCES = tests/unit/test_taking.c
tests_unit_test_taking_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_test_taking_LDADD = libmodel.a libbase.a $(CMOCKA_LIBS)
endif

if HAVE_CMOCKA
check_PROGRAMS += tests/unit/test_quorum
TESTS += tests/unit/test_quorum
tests_unit_test_quorum_SOURCES = tests/unit/test_quorum.c
tests_unit_test_quorum_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_test_quorum_LDADD = libmodel.a libbase.a $(CMOCKA_LIBS)
endif

EXTRA_DIST += tests/unit/rules.expected
if HAVE_CMOCKA
check_PROGRAMS += tests/unit/test_rules
TESTS += tests/unit/test_rules
tests_unit_test_rules_SOURCES = tests/unit/test_rules.c
tests_unit_test_rules_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_test_rules_LDADD = libmodel.a libbase.a $(CMOCKA_LIBS)
endif

if HAVE_CMOCKA
check_PROGRAMS += tests/unit/test_facts
TESTS += tests/unit/test_facts
tests_unit_test_facts_SOURCES = tests/unit/test_facts.c tests/unit/facts_cases.h
tests_unit_test_facts_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_test_facts_LDADD = tests/unit/libscenes.a libmodel.a libbase.a $(CMOCKA_LIBS)
endif

if HAVE_CMOCKA
check_PROGRAMS += tests/unit/test_ladder_sql
TESTS += tests/unit/test_ladder_sql
tests_unit_test_ladder_sql_SOURCES = tests/unit/test_ladder_sql.c
tests_unit_test_ladder_sql_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_test_ladder_sql_LDADD = libio.a libbase.a $(CMOCKA_LIBS)
endif

if HAVE_CMOCKA
decide_tests = tests/unit/test_decide_promotion tests/unit/test_decide_undone tests/unit/test_decide_refusals \
	tests/unit/test_decide_handover tests/unit/test_decide_authority tests/unit/test_decide_return \
	tests/unit/test_decide_weight
check_PROGRAMS += $(decide_tests)
TESTS += $(decide_tests)
tests_unit_test_decide_promotion_SOURCES = tests/unit/test_decide_promotion.c
tests_unit_test_decide_promotion_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_test_decide_promotion_LDADD = tests/unit/libscenes.a libmodel.a libbase.a $(CMOCKA_LIBS)
tests_unit_test_decide_undone_SOURCES = tests/unit/test_decide_undone.c
tests_unit_test_decide_undone_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_test_decide_undone_LDADD = tests/unit/libscenes.a libmodel.a libbase.a $(CMOCKA_LIBS)
tests_unit_test_decide_refusals_SOURCES = tests/unit/test_decide_refusals.c
tests_unit_test_decide_refusals_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_test_decide_refusals_LDADD = tests/unit/libscenes.a libmodel.a libbase.a $(CMOCKA_LIBS)
tests_unit_test_decide_handover_SOURCES = tests/unit/test_decide_handover.c
tests_unit_test_decide_handover_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_test_decide_handover_LDADD = tests/unit/libscenes.a libmodel.a libbase.a $(CMOCKA_LIBS)
tests_unit_test_decide_authority_SOURCES = tests/unit/test_decide_authority.c
tests_unit_test_decide_authority_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_test_decide_authority_LDADD = tests/unit/libscenes.a libmodel.a libbase.a $(CMOCKA_LIBS)
tests_unit_test_decide_return_SOURCES = tests/unit/test_decide_return.c
tests_unit_test_decide_return_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_test_decide_return_LDADD = tests/unit/libscenes.a libmodel.a libbase.a $(CMOCKA_LIBS)
tests_unit_test_decide_weight_SOURCES = tests/unit/test_decide_weight.c
tests_unit_test_decide_weight_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_test_decide_weight_LDADD = tests/unit/libscenes.a libmodel.a libbase.a $(CMOCKA_LIBS)
endif

if HAVE_CMOCKA
check_PROGRAMS += tests/unit/test_third_vote
TESTS += tests/unit/test_third_vote
tests_unit_test_third_vote_SOURCES = tests/unit/test_third_vote.c
tests_unit_test_third_vote_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_test_third_vote_LDADD = tests/unit/libscenes.a libmodel.a libbase.a $(CMOCKA_LIBS)
endif

if HAVE_CMOCKA
check_PROGRAMS += tests/unit/test_late_certificate
TESTS += tests/unit/test_late_certificate
tests_unit_test_late_certificate_SOURCES = tests/unit/test_late_certificate.c
tests_unit_test_late_certificate_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_test_late_certificate_LDADD = tests/unit/libscenes.a libmodel.a libbase.a $(CMOCKA_LIBS)

check_PROGRAMS += tests/unit/test_relay_log
TESTS += tests/unit/test_relay_log
tests_unit_test_relay_log_SOURCES = tests/unit/test_relay_log.c
tests_unit_test_relay_log_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_test_relay_log_LDADD = tests/unit/libscenes.a libmodel.a libbase.a $(CMOCKA_LIBS)

check_PROGRAMS += tests/unit/test_attempts
TESTS += tests/unit/test_attempts
tests_unit_test_attempts_SOURCES = tests/unit/test_attempts.c
tests_unit_test_attempts_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_test_attempts_LDADD = tests/unit/libscenes.a libmodel.a libbase.a $(CMOCKA_LIBS)

check_PROGRAMS += tests/unit/test_report tests/unit/test_verdict tests/unit/test_remedies tests/unit/test_report_json
TESTS += tests/unit/test_report tests/unit/test_verdict tests/unit/test_remedies tests/unit/test_report_json
tests_unit_test_remedies_SOURCES = tests/unit/test_remedies.c
tests_unit_test_remedies_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_test_remedies_LDADD = tests/unit/libscenes.a libmodel.a libbase.a $(CMOCKA_LIBS)
tests_unit_test_report_SOURCES = tests/unit/test_report.c
tests_unit_test_report_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_test_report_LDADD = tests/unit/libscenes.a libmodel.a libbase.a $(CMOCKA_LIBS)
tests_unit_test_verdict_SOURCES = tests/unit/test_verdict.c
tests_unit_test_verdict_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_test_verdict_LDADD = tests/unit/libscenes.a libmodel.a libbase.a $(CMOCKA_LIBS)
tests_unit_test_report_json_SOURCES = tests/unit/test_report_json.c
tests_unit_test_report_json_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_test_report_json_LDADD = tests/unit/libscenes.a libwire.a libmodel.a libbase.a $(JANSSON_LIBS) $(CMOCKA_LIBS)
check_PROGRAMS += tests/unit/test_control_proto tests/unit/test_control_wish tests/unit/test_control_stream
TESTS += tests/unit/test_control_proto tests/unit/test_control_wish tests/unit/test_control_stream
tests_unit_test_control_proto_SOURCES = tests/unit/test_control_proto.c
tests_unit_test_control_proto_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_test_control_proto_LDADD = libwire.a libmodel.a libbase.a $(JANSSON_LIBS) $(CMOCKA_LIBS)
tests_unit_test_control_wish_SOURCES = tests/unit/test_control_wish.c \
	supervisor/daemon/control_wish.c supervisor/daemon/control_wish.h
tests_unit_test_control_wish_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_test_control_wish_LDADD = tests/unit/libscenes.a libwire.a libmodel.a libbase.a $(JANSSON_LIBS) $(CMOCKA_LIBS)
tests_unit_test_control_stream_SOURCES = tests/unit/test_control_stream.c \
	supervisor/daemon/control_stream.c supervisor/daemon/control_stream.h \
	supervisor/daemon/control_access.c supervisor/daemon/control_access.h
tests_unit_test_control_stream_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_test_control_stream_LDADD = libwire.a libmodel.a libbase.a $(EVENT_LIBS) $(JANSSON_LIBS) $(CMOCKA_LIBS)
endif

if HAVE_CMOCKA
check_PROGRAMS += tests/unit/test_monkey
TESTS += tests/unit/test_monkey
tests_unit_test_monkey_SOURCES = tests/unit/test_monkey.c
tests_unit_test_monkey_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_test_monkey_LDADD = tests/unit/libscenes.a libmodel.a libbase.a $(CMOCKA_LIBS)
endif

if HAVE_CMOCKA
check_PROGRAMS += tests/unit/test_audit
TESTS += tests/unit/test_audit
tests_unit_test_audit_SOURCES = tests/unit/test_audit.c
tests_unit_test_audit_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_test_audit_LDADD = libwire.a libmodel.a libbase.a $(CMOCKA_LIBS)
check_PROGRAMS += tests/unit/test_lossless
TESTS += tests/unit/test_lossless
tests_unit_test_lossless_SOURCES = tests/unit/test_lossless.c tests/unit/lossless_cases.h
tests_unit_test_lossless_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_test_lossless_LDADD = tests/unit/libscenes.a libmodel.a libbase.a $(CMOCKA_LIBS)
check_PROGRAMS += tests/unit/test_lossless_lives
TESTS += tests/unit/test_lossless_lives
tests_unit_test_lossless_lives_SOURCES = tests/unit/test_lossless_lives.c
tests_unit_test_lossless_lives_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_test_lossless_lives_LDADD = tests/unit/libscenes.a libmodel.a libbase.a $(CMOCKA_LIBS)
endif

if HAVE_CMOCKA
check_PROGRAMS += tests/unit/test_etcd_json
TESTS += tests/unit/test_etcd_json
tests_unit_test_etcd_json_SOURCES = tests/unit/test_etcd_json.c
tests_unit_test_etcd_json_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_test_etcd_json_LDADD = libwire.a libmodel.a libbase.a $(JANSSON_LIBS) $(CMOCKA_LIBS)

check_PROGRAMS += tests/unit/test_observe_bulletin
TESTS += tests/unit/test_observe_bulletin
tests_unit_test_observe_bulletin_SOURCES = tests/unit/test_observe_bulletin.c
tests_unit_test_observe_bulletin_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_test_observe_bulletin_LDADD = libwire.a libmodel.a libbase.a $(CMOCKA_LIBS)

check_PROGRAMS += tests/unit/test_observe
TESTS += tests/unit/test_observe
tests_unit_test_observe_SOURCES = tests/unit/test_observe.c
tests_unit_test_observe_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_test_observe_LDADD = libwire.a libmodel.a libbase.a $(CMOCKA_LIBS)

check_PROGRAMS += tests/unit/test_observe_switch
TESTS += tests/unit/test_observe_switch
tests_unit_test_observe_switch_SOURCES = tests/unit/test_observe_switch.c
tests_unit_test_observe_switch_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_test_observe_switch_LDADD = libwire.a libmodel.a libbase.a $(CMOCKA_LIBS)
endif

if HAVE_CMOCKA
check_PROGRAMS += tests/unit/test_binlog_tail
TESTS += tests/unit/test_binlog_tail
tests_unit_test_binlog_tail_SOURCES = tests/unit/test_binlog_tail.c
tests_unit_test_binlog_tail_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_test_binlog_tail_LDADD = libwire.a libmodel.a libbase.a $(CMOCKA_LIBS)

check_PROGRAMS += tests/unit/test_binlog_text
TESTS += tests/unit/test_binlog_text
tests_unit_test_binlog_text_SOURCES = tests/unit/test_binlog_text.c
tests_unit_test_binlog_text_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_test_binlog_text_LDADD = libwire.a libmodel.a libbase.a $(CMOCKA_LIBS)
endif

if HAVE_CMOCKA
check_PROGRAMS += tests/unit/test_journal_bytes
TESTS += tests/unit/test_journal_bytes
tests_unit_test_journal_bytes_SOURCES = tests/unit/test_journal_bytes.c
tests_unit_test_journal_bytes_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_test_journal_bytes_LDADD = libio.a libmodel.a libbase.a $(CMOCKA_LIBS) $(SQLITE_LIBS) -lpthread
endif

if HAVE_CMOCKA
check_PROGRAMS += tests/unit/test_estate
TESTS += tests/unit/test_estate
tests_unit_test_estate_SOURCES = tests/unit/test_estate.c supervisor/daemon/estate.c supervisor/daemon/estate.h \
	supervisor/daemon/handover.c supervisor/daemon/handover.h
tests_unit_test_estate_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_test_estate_LDADD = libbase.a $(CMOCKA_LIBS)

check_PROGRAMS += tests/unit/test_handover
TESTS += tests/unit/test_handover
tests_unit_test_handover_SOURCES = tests/unit/test_handover.c \
	supervisor/daemon/handover.c supervisor/daemon/handover.h
tests_unit_test_handover_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_test_handover_LDADD = libbase.a $(CMOCKA_LIBS)
endif

if HAVE_CMOCKA
check_PROGRAMS += tests/unit/test_check
TESTS += tests/unit/test_check
tests_unit_test_check_SOURCES = tests/unit/test_check.c
tests_unit_test_check_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_test_check_LDADD = tests/unit/libscenes.a libwire.a libmodel.a libbase.a $(CMOCKA_LIBS)
check_PROGRAMS += tests/unit/test_dual
TESTS += tests/unit/test_dual
tests_unit_test_dual_SOURCES = tests/unit/test_dual.c
tests_unit_test_dual_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_test_dual_LDADD = tests/unit/libscenes.a libmodel.a libbase.a $(CMOCKA_LIBS)
endif

if HAVE_CMOCKA
check_PROGRAMS += tests/unit/test_server_version
TESTS += tests/unit/test_server_version
tests_unit_test_server_version_SOURCES = tests/unit/test_server_version.c
tests_unit_test_server_version_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_test_server_version_LDADD = libmodel.a libbase.a $(CMOCKA_LIBS)
endif

# Hostile answers over HTTP, and over the control socket
if HAVE_CMOCKA
if HAVE_LIBCURL
check_PROGRAMS += tests/unit/test_etcd_liar
TESTS += tests/unit/test_etcd_liar
tests_unit_test_etcd_liar_SOURCES = tests/unit/test_etcd_liar.c
tests_unit_test_etcd_liar_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_test_etcd_liar_LDADD = libio.a libwire.a libsettings.a libmodel.a libbase.a $(CURL_LIBS) $(EVENT_LIBS) \
	$(JANSSON_LIBS) $(CMOCKA_LIBS)
endif
check_PROGRAMS += tests/unit/test_ask
TESTS += tests/unit/test_ask
tests_unit_test_ask_SOURCES = tests/unit/test_ask.c supervisor/cli/ask.c supervisor/cli/ask.h \
	plugin/answer.c plugin/answer.h plugin/ask.c plugin/ask.h
tests_unit_test_ask_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)
tests_unit_test_ask_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_test_ask_LDADD = libwire.a libmodel.a libbase.a $(JANSSON_LIBS) $(CMOCKA_LIBS)
endif
