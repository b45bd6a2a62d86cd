libmodel_a_SOURCES = \
	supervisor/model/gtid.c supervisor/model/gtid.h
