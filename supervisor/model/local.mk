libmodel_a_SOURCES = \
	supervisor/model/gtid.c supervisor/model/gtid.h
libmodel_a_SOURCES += supervisor/model/lag.c supervisor/model/lag.h
