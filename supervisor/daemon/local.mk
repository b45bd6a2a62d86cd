# What this folder adds to the build.

supervisor_sources = \
	supervisor/daemon/actions.c supervisor/daemon/actions.h \
	supervisor/daemon/audits.c supervisor/daemon/audits.h \
	supervisor/daemon/clients.c supervisor/daemon/clients.h \
	supervisor/daemon/room.c supervisor/daemon/room.h \
	supervisor/daemon/boot_id.c supervisor/daemon/boot_id.h \
	supervisor/daemon/control.c supervisor/daemon/control.h \
	supervisor/daemon/cycle.c supervisor/daemon/cycle.h \
	supervisor/daemon/headline.c supervisor/daemon/headline.h \
	supervisor/daemon/disks.c supervisor/daemon/disks.h \
	supervisor/daemon/keeper.c supervisor/daemon/keeper.h \
	supervisor/daemon/names.c supervisor/daemon/names.h supervisor/daemon/node.c supervisor/daemon/node.h \
	supervisor/daemon/offsets.c supervisor/daemon/offsets.h \
	supervisor/daemon/certificates.c supervisor/daemon/certificates.h supervisor/daemon/vip_finder.c supervisor/daemon/vip_finder.h supervisor/daemon/vip_vote.c supervisor/daemon/vip_vote.h \
	supervisor/daemon/own_server.c supervisor/daemon/own_server.h supervisor/daemon/lossless.c supervisor/daemon/lossless.h \
	supervisor/daemon/saved.c supervisor/daemon/saved.h \
	supervisor/daemon/sessions.c supervisor/daemon/sessions.h \
	supervisor/daemon/fencer_events.c supervisor/daemon/fencer_events.h \
	supervisor/daemon/supervisor.c supervisor/daemon/supervisor.h
supervisor_sources += \
	supervisor/daemon/control_access.c supervisor/daemon/control_access.h \
	supervisor/daemon/control_report.c \
	supervisor/daemon/control_stream.c supervisor/daemon/control_stream.h \
	supervisor/daemon/control_wish.c supervisor/daemon/control_wish.h

# The daemon without its supervisor: a test gives it another.
fencer_sources = \
	supervisor/daemon/background.c supervisor/daemon/background.h \
	supervisor/daemon/check_config.c supervisor/daemon/check_config.h supervisor/daemon/exit_status.h \
	supervisor/daemon/child.c supervisor/daemon/child.h \
	supervisor/daemon/estate.c supervisor/daemon/estate.h \
	supervisor/daemon/fencer.c supervisor/daemon/fencer.h supervisor/daemon/fencer_parts.h \
	supervisor/daemon/fencer_link.c supervisor/daemon/fencer_link.h \
	supervisor/daemon/fencer_sessions.c supervisor/daemon/fencer_sessions.h \
	supervisor/daemon/fencer_do.c supervisor/daemon/fencer_inherit.c supervisor/daemon/fencer_leave.c \
	supervisor/daemon/fencer_reset.c supervisor/daemon/fencer_talk.c supervisor/daemon/fencer_upgrade.c \
	supervisor/daemon/upgrade_request.c supervisor/daemon/upgrade_request.h \
	supervisor/daemon/handover.c supervisor/daemon/handover.h \
	supervisor/daemon/helpers.c supervisor/daemon/helpers.h \
	supervisor/daemon/log_socket.c supervisor/daemon/log_socket.h \
	supervisor/daemon/main.c \
	supervisor/daemon/privileges.c supervisor/daemon/privileges.h \
	supervisor/daemon/resetter.c supervisor/daemon/resetter.h \
	supervisor/daemon/run_dir.c supervisor/daemon/run_dir.h \
	supervisor/daemon/service_notify.c supervisor/daemon/service_notify.h \
	supervisor/daemon/service_store.c supervisor/daemon/service_store.h \
	supervisor/daemon/spawner.c supervisor/daemon/spawner.h \
	supervisor/daemon/syscalls.c supervisor/daemon/syscalls.h

sbin_PROGRAMS += mysql-replcheckd
mysql_replcheckd_SOURCES = $(fencer_sources) $(supervisor_sources)
mysql_replcheckd_LDADD = $(ALL_LIBS) $(EXTERNAL_LIBS) $(SECCOMP_LIBS)
