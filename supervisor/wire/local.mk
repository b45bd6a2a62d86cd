libwire_a_SOURCES = supervisor/wire/fencer_proto.h
