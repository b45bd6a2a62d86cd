libio_a_SOURCES = supervisor/io/session.h supervisor/io/loop.c supervisor/io/loop.h
libio_a_SOURCES += supervisor/io/session.c supervisor/io/session_internal.h \
	supervisor/io/session_connect.c supervisor/io/session_queue.c supervisor/io/session_reply.c \
	supervisor/io/session_step.c supervisor/io/session_bounds.c supervisor/io/session_tls.c supervisor/io/session_tls.h \
	supervisor/io/tls_library.c supervisor/io/tls_library.h
libio_a_SOURCES += supervisor/io/binlog_end.c supervisor/io/binlog_end.h supervisor/io/death.c supervisor/io/death.h \
	supervisor/io/server_identity.c supervisor/io/server_identity.h supervisor/io/tasks.c supervisor/io/tasks.h
libio_a_SOURCES += \
	supervisor/io/journal.c supervisor/io/journal.h \
	supervisor/io/journal_read.c \
	supervisor/io/journal_sql.c supervisor/io/journal_sql.h \
	supervisor/io/lane.c supervisor/io/lane.h \
	supervisor/io/repeats.c supervisor/io/repeats.h \
	supervisor/io/ring.c supervisor/io/ring.h \
	supervisor/io/spawn.c supervisor/io/spawn.h supervisor/io/hooks.c supervisor/io/hooks.h \
	supervisor/io/worker.c supervisor/io/worker.h \
	supervisor/io/worker_journal.c supervisor/io/worker_journal.h \
	supervisor/io/worker_lines.c supervisor/io/worker_lines.h
libio_a_SOURCES += supervisor/io/vip.c supervisor/io/vip.h supervisor/io/weight.c supervisor/io/weight.h
libio_a_SOURCES += supervisor/io/tcp_reset.c supervisor/io/tcp_reset.h
libio_a_SOURCES += supervisor/io/voter.c supervisor/io/voter.h supervisor/io/voter_ops.h \
	supervisor/io/server_voter.c supervisor/io/server_voter.h supervisor/io/server_voter_internal.h \
	supervisor/io/server_voter_rows.c supervisor/io/probe.c supervisor/io/probe.h \
	supervisor/io/bell.c supervisor/io/bell.h supervisor/io/closer.c supervisor/io/closer.h
libio_a_SOURCES += supervisor/io/auditor.c supervisor/io/auditor.h
libio_a_SOURCES += supervisor/io/disk_room.c supervisor/io/disk_room.h
libio_a_SOURCES += supervisor/io/option_check.c supervisor/io/option_check.h \
	supervisor/io/references.c supervisor/io/references.h
libio_a_SOURCES += supervisor/io/ladder.c supervisor/io/ladder.h supervisor/io/ladder_sql.c supervisor/io/ladder_sql.h \
	supervisor/io/run_command.c supervisor/io/run_command.h \
	supervisor/io/vip_command.c supervisor/io/vip_command.h supervisor/io/cert_look.c supervisor/io/cert_look.h \
	supervisor/io/cert_end.c supervisor/io/cert_end.h supervisor/io/cert_files.c supervisor/io/cert_files.h
libio_a_SOURCES += supervisor/io/binlog_read.c supervisor/io/binlog_read.h
if HAVE_LIBCURL
libio_a_SOURCES += supervisor/io/http_client.c supervisor/io/http_client.h \
	supervisor/io/etcd_client.c supervisor/io/etcd_client.h \
	supervisor/io/etcd_voter.c supervisor/io/etcd_voter.h supervisor/io/etcd_voter_internal.h \
	supervisor/io/etcd_voter_lease.c supervisor/io/etcd_voter_rows.c
endif
