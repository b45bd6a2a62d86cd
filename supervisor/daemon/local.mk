# What this folder adds to the build.

supervisor_sources = \
	supervisor/daemon/actions.c supervisor/daemon/actions.h \
	supervisor/daemon/boot_id.c supervisor/daemon/boot_id.h \
	supervisor/daemon/control.c supervisor/daemon/control.h \
	supervisor/daemon/cycle.c supervisor/daemon/cycle.h \
	supervisor/daemon/names.c supervisor/daemon/names.h supervisor/daemon/node.h \
	supervisor/daemon/offsets.c supervisor/daemon/offsets.h \
	supervisor/daemon/vip_vote.c supervisor/daemon/vip_vote.h \
	supervisor/daemon/own_server.c supervisor/daemon/own_server.h \
	supervisor/daemon/supervisor.c supervisor/daemon/supervisor.h
supervisor_sources += \
	supervisor/daemon/control_access.c supervisor/daemon/control_access.h \
	supervisor/daemon/control_report.c \
	supervisor/daemon/control_stream.c supervisor/daemon/control_stream.h \
	supervisor/daemon/control_wish.c supervisor/daemon/control_wish.h
