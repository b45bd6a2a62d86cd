libmodel_a_SOURCES = \
	supervisor/model/gtid.c supervisor/model/gtid.h
libmodel_a_SOURCES += supervisor/model/lag.c supervisor/model/lag.h
libmodel_a_SOURCES += supervisor/model/ledger.c supervisor/model/ledger.h
libmodel_a_SOURCES += supervisor/model/ledger_text.c supervisor/model/ledger_text.h
