libbase_a_SOURCES = \
	supervisor/base/clock.c supervisor/base/clock.h \
	supervisor/base/core.c supervisor/base/core.h \
	supervisor/base/err.c supervisor/base/err.h \
	supervisor/base/log.c supervisor/base/log.h \
	supervisor/base/mem.c supervisor/base/mem.h \
	supervisor/base/tri.h
libbase_a_SOURCES += supervisor/base/duration.c supervisor/base/duration.h
