libio_a_SOURCES = supervisor/io/session.h
