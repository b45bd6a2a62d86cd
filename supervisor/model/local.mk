libmodel_a_SOURCES = \
	supervisor/model/gtid.c supervisor/model/gtid.h
libmodel_a_SOURCES += supervisor/model/lag.c supervisor/model/lag.h

libmodel_a_SOURCES += supervisor/model/observation.h supervisor/model/policy.h supervisor/model/mind.c supervisor/model/mind.h \
	supervisor/model/state.c supervisor/model/state.h \
	supervisor/model/quorum.c supervisor/model/quorum.h \
	supervisor/model/taking.c supervisor/model/taking.h supervisor/model/relay_log.c supervisor/model/relay_log.h \
	supervisor/model/facts.c supervisor/model/facts.h supervisor/model/facts_names.c \
	supervisor/model/facts_data.c supervisor/model/facts_peer.c supervisor/model/facts_parts.h \
	supervisor/model/durability.c supervisor/model/durability.h \
	supervisor/model/dual.c supervisor/model/dual.h supervisor/model/third_vote.c supervisor/model/third_vote.h \
	supervisor/model/rules.c supervisor/model/rules.h \
	supervisor/model/decide.c supervisor/model/decide.h
libmodel_a_SOURCES += supervisor/model/ledger.c supervisor/model/ledger.h
libmodel_a_SOURCES += supervisor/model/ledger_text.c supervisor/model/ledger_text.h
libmodel_a_SOURCES += supervisor/model/report.c supervisor/model/report.h \
	supervisor/model/report_audit.c supervisor/model/report_authority.c supervisor/model/report_parts.h \
	supervisor/model/report_text.c supervisor/model/report_text.h \
	supervisor/model/verdict.c supervisor/model/verdict.h supervisor/model/verdict_checks.h \
	supervisor/model/verdict_servers.c supervisor/model/verdict_pair.c supervisor/model/verdict_authority.c
libmodel_a_SOURCES += supervisor/model/audit.c supervisor/model/audit.h supervisor/model/drift.c supervisor/model/drift.h \
	supervisor/model/schema_version.h supervisor/model/verdict_audit.c \
	supervisor/model/report_certificates.c supervisor/model/verdict_certificates.c \
	supervisor/model/verdict_dual.c
libmodel_a_SOURCES += supervisor/model/range.c supervisor/model/range.h \
	supervisor/model/check.c supervisor/model/check.h \
	supervisor/model/check_values.c supervisor/model/check_values.h
libmodel_a_SOURCES += supervisor/model/server_version.c supervisor/model/server_version.h supervisor/model/verdict_version.c
libmodel_a_SOURCES += supervisor/model/explain.c supervisor/model/explain.h
libmodel_a_SOURCES += supervisor/model/fencer_logic.c supervisor/model/fencer_logic.h
