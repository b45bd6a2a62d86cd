# What this folder adds to the build.

# `mysql-replcheck schema`
noinst_LIBRARIES += libschema.a
libschema_a_SOURCES = \
	supervisor/cli/schema.c supervisor/cli/schema.h \
	supervisor/cli/schema_admin.c supervisor/cli/schema_admin.h \
	supervisor/cli/schema_install.c supervisor/cli/schema_install.h \
	supervisor/cli/schema_script.c supervisor/cli/schema_script.h \
	supervisor/cli/usage.c supervisor/cli/usage.h
nodist_libschema_a_SOURCES = sql/templates.c

# `mysql-replcheck history`
cli_history_sources = \
	supervisor/cli/argument.c supervisor/cli/argument.h \
	supervisor/cli/usage.c supervisor/cli/usage.h \
	supervisor/cli/history.c supervisor/cli/history.h \
	supervisor/cli/history_json.c supervisor/cli/history_table.c supervisor/cli/history_print.h \
	supervisor/cli/terminal.c supervisor/cli/terminal.h

# `mysql-replcheck check`
cli_check_sources = \
	supervisor/cli/ask.c supervisor/cli/ask.h \
	supervisor/cli/become.c supervisor/cli/become.h \
	supervisor/cli/check.c \
	supervisor/cli/direct.c supervisor/cli/direct.h \
	supervisor/cli/fetch.c supervisor/cli/fetch.h \
	supervisor/cli/json_print.c supervisor/cli/json_print.h \
	supervisor/cli/option_file.c supervisor/cli/option_file.h \
	supervisor/cli/pairs.c supervisor/cli/pairs.h \
	supervisor/cli/servers.c supervisor/cli/servers.h

# What the plugin starts: the same without the libraries of the other commands.
pkglibexec_PROGRAMS += replcheck-direct
replcheck_direct_SOURCES = $(cli_check_sources) \
	supervisor/cli/argument.c supervisor/cli/argument.h \
	supervisor/cli/usage.c supervisor/cli/usage.h \
	supervisor/cli/command.h supervisor/cli/direct_main.c
replcheck_direct_LDADD = $(ALL_LIBS) $(MARIADB_LIBS) $(YAML_LIBS) $(LIBCONFIG_LIBS) $(EVENT_LIBS) $(JANSSON_LIBS) -lpthread

# The operator's command line
bin_PROGRAMS += mysql-replcheck
mysql_replcheck_SOURCES = $(cli_history_sources) $(cli_check_sources) \
	supervisor/cli/main.c supervisor/cli/command.h \
	supervisor/cli/act.c \
	supervisor/cli/divergence.c supervisor/cli/divergence.h supervisor/cli/divergence_keep.c \
	supervisor/cli/divergence_print.c supervisor/cli/divergence_read.c \
	supervisor/cli/explain.c \
	supervisor/cli/rules.c \
	supervisor/cli/status.c supervisor/cli/status_cells.c supervisor/cli/status_nodes.c supervisor/cli/status_pair.c \
	supervisor/cli/status_print.c supervisor/cli/status_print.h \
	supervisor/cli/table.c supervisor/cli/table.h \
	supervisor/cli/watch.c supervisor/cli/watch.h
mysql_replcheck_LDADD = libschema.a $(ALL_LIBS) $(EXTERNAL_LIBS)
