libwire_a_SOURCES = supervisor/wire/fencer_proto.h
libwire_a_SOURCES += supervisor/wire/fencer_proto.c
libwire_a_SOURCES += supervisor/wire/rows.c supervisor/wire/rows.h
libwire_a_SOURCES += supervisor/wire/procstat.c supervisor/wire/procstat.h
libwire_a_SOURCES += supervisor/wire/netlink.c supervisor/wire/netlink.h \
	supervisor/wire/netlink_frame.c supervisor/wire/netlink_frame.h \
	supervisor/wire/sock_diag.c supervisor/wire/sock_diag.h
libwire_a_SOURCES += supervisor/wire/observe.c supervisor/wire/observe.h \
	supervisor/wire/server_options.c supervisor/wire/server_options.h
libwire_a_SOURCES += supervisor/wire/audit_sql.c supervisor/wire/audit_sql.h \
	supervisor/wire/clients_sql.c supervisor/wire/clients_sql.h
libwire_a_SOURCES += supervisor/wire/json_fields.c supervisor/wire/json_fields.h \
	supervisor/wire/report_json.c supervisor/wire/report_json.h
libwire_a_SOURCES += supervisor/wire/control_proto.c supervisor/wire/control_proto.h \
	supervisor/wire/explain_json.c supervisor/wire/explain_json.h
libwire_a_SOURCES += supervisor/wire/check_line.c supervisor/wire/check_line.h
libwire_a_SOURCES += supervisor/wire/printable.c supervisor/wire/printable.h
libwire_a_SOURCES += supervisor/wire/base64.c supervisor/wire/base64.h supervisor/wire/cert_date.c supervisor/wire/cert_date.h \
	supervisor/wire/etcd_json.c supervisor/wire/etcd_json.h \
	supervisor/wire/etcd_table.c supervisor/wire/etcd_table.h
libwire_a_SOURCES += supervisor/wire/binlog_tail.c supervisor/wire/binlog_tail.h
libwire_a_SOURCES += supervisor/wire/binlog_text.c supervisor/wire/binlog_text.h
