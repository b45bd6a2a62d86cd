libsettings_a_SOURCES = supervisor/settings/settings.h
