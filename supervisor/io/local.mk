libio_a_SOURCES = supervisor/io/session.h
libio_a_SOURCES += supervisor/io/session.c supervisor/io/session_internal.h \
	supervisor/io/session_connect.c supervisor/io/session_reply.c supervisor/io/session_step.c \
	supervisor/io/session_tls.c supervisor/io/session_tls.h
