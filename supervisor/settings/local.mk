libsettings_a_SOURCES = \
	supervisor/settings/apply.c supervisor/settings/apply.h \
	supervisor/settings/check.c supervisor/settings/check.h \
	supervisor/settings/check_timing.c \
	supervisor/settings/nearest.c supervisor/settings/nearest.h \
	supervisor/settings/options.c supervisor/settings/options.h \
	supervisor/settings/options_cluster.c \
	supervisor/settings/options_node.c \
	supervisor/settings/secret.c supervisor/settings/secret.h \
	supervisor/settings/settings.c supervisor/settings/settings.h \
	supervisor/settings/text_file.c supervisor/settings/text_file.h \
	supervisor/settings/tree.c supervisor/settings/tree.h \
	supervisor/settings/tree_conf.c supervisor/settings/tree_conf.h \
	supervisor/settings/tree_yaml.c supervisor/settings/tree_yaml.h \
	supervisor/settings/value.c supervisor/settings/value.h \
	supervisor/settings/value_text.c
libsettings_a_SOURCES += supervisor/settings/policy_of.c supervisor/settings/policy_of.h
