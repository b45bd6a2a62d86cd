# What this folder adds to the build.

# `mysql-replcheck schema`
noinst_LIBRARIES += libschema.a
libschema_a_SOURCES = \
	supervisor/cli/schema.c supervisor/cli/schema.h \
	supervisor/cli/schema_admin.c supervisor/cli/schema_admin.h \
	supervisor/cli/schema_install.c supervisor/cli/schema_install.h \
	supervisor/cli/schema_script.c supervisor/cli/schema_script.h
nodist_libschema_a_SOURCES = sql/templates.c

# `mysql-replcheck history`
cli_history_sources = \
	supervisor/cli/argument.c supervisor/cli/argument.h \
	supervisor/cli/history.c supervisor/cli/history.h \
	supervisor/cli/history_json.c supervisor/cli/history_table.c supervisor/cli/history_print.h
