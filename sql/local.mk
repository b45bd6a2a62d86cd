# The templates of the schema, compiled into the program.
schema_templates = \
	sql/session.sql sql/tables_voter.sql sql/tables_node.sql \
	sql/definer_voter.sql sql/definer_node.sql \
	sql/voting.sql sql/enable.sql sql/term.sql sql/bulletin.sql sql/offsets.sql sql/dead_man.sql sql/audit.sql \
	sql/account_local.sql sql/account_remote.sql sql/account_fence.sql sql/account_voter.sql \
	sql/installed.sql sql/copied.sql sql/enable_dead_man.sql sql/uninstall.sql
EXTRA_DIST += $(schema_templates) sql/embed.awk
CLEANFILES += sql/templates.c

sql/templates.c: $(schema_templates) sql/embed.awk
	$(AM_V_GEN)$(MKDIR_P) sql && \
	files= && for f in $(schema_templates); do files="$$files $(srcdir)/$$f"; done && \
	$(AWK) -f $(srcdir)/sql/embed.awk $$files >$@.tmp && mv $@.tmp $@
