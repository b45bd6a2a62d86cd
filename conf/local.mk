# What this folder adds to the build.
# Samples go beside the documentation: only the administrator writes to $(sysconfdir)/mysql-replcheck.
exampledir = $(docdir)/examples
dist_example_DATA = conf/cluster.yaml conf/node.conf

# The manual pages refer to them.
dist_doc_DATA = README.md SAFETY.md CHANGELOG.md

# What MariaDB, keepalived and nft of the pair are set to.
dist_example_DATA += conf/mariadb.cnf conf/mariadb-lossless.cnf conf/mariadb-dual.cnf conf/mariadb-node.cnf conf/mariadb-witness.cnf conf/keepalived.conf \
	conf/mysql-replcheck.nft conf/mail/schema.sql conf/mail/postfix-mailboxes.cf \
	conf/mail/postfix-aliases.cf conf/mail/postfix-domains.cf conf/mail/dovecot-sql.conf.ext

# Programs, to be copied and fitted.
dist_example_SCRIPTS = conf/vip-cloud

# Completion for bash.
EXTRA_DIST += conf/mysql-replcheck.bash

# The services: for systemd, and for those who do without.
unit_templates = conf/systemd/mysql-replcheck.service.in conf/systemd/mysql-replcheck-spawner@.service.in \
	conf/systemd/mysql-replcheck-resetter@.service.in
units = conf/systemd/mysql-replcheck.service conf/systemd/mysql-replcheck-spawner@.service \
	conf/systemd/mysql-replcheck-resetter@.service
sockets = conf/systemd/mysql-replcheck-spawner.socket conf/systemd/mysql-replcheck-resetter.socket
EXTRA_DIST += $(unit_templates) $(sockets) conf/systemd/mysql-replcheck.sysusers conf/systemd/mysql-replcheck.tmpfiles \
	conf/init/mysql-replcheck.in
CLEANFILES += $(units) conf/init/mysql-replcheck
noinst_DATA += $(units) conf/init/mysql-replcheck

with_places = sed -e 's,[@]sbindir[@],$(sbindir),g' -e 's,[@]bindir[@],$(bindir),g'
$(units): %: %.in Makefile
	$(AM_V_GEN)$(MKDIR_P) conf/systemd && $(with_places) $(srcdir)/$@.in >$@.tmp && mv $@.tmp $@
conf/init/mysql-replcheck: conf/init/mysql-replcheck.in Makefile
	$(AM_V_GEN)$(MKDIR_P) conf/init && $(with_places) $(srcdir)/$@.in >$@.tmp && chmod 755 $@.tmp && mv $@.tmp $@

install-data-local: $(units) conf/init/mysql-replcheck
	if test -n "$(bashcompletiondir)"; then $(MKDIR_P) "$(DESTDIR)$(bashcompletiondir)" && \
	    $(INSTALL_DATA) $(srcdir)/conf/mysql-replcheck.bash "$(DESTDIR)$(bashcompletiondir)/mysql-replcheck" && \
	    for name in mysql-replcheckd check_mysql_replcheck; do \
	        ln -sf mysql-replcheck "$(DESTDIR)$(bashcompletiondir)/$$name" || exit 1; done; fi
	if test -n "$(systemdsystemunitdir)"; then $(MKDIR_P) "$(DESTDIR)$(systemdsystemunitdir)" && \
	    $(INSTALL_DATA) $(units) $(sockets:%=$(srcdir)/%) "$(DESTDIR)$(systemdsystemunitdir)"; fi
	if test -n "$(sysusersdir)"; then $(MKDIR_P) "$(DESTDIR)$(sysusersdir)" && \
	    $(INSTALL_DATA) $(srcdir)/conf/systemd/mysql-replcheck.sysusers \
	        "$(DESTDIR)$(sysusersdir)/mysql-replcheck.conf"; fi
	if test -n "$(tmpfilesdir)"; then $(MKDIR_P) "$(DESTDIR)$(tmpfilesdir)" && \
	    $(INSTALL_DATA) $(srcdir)/conf/systemd/mysql-replcheck.tmpfiles \
	        "$(DESTDIR)$(tmpfilesdir)/mysql-replcheck.conf"; fi
	if test -n "$(initdir)"; then $(MKDIR_P) "$(DESTDIR)$(initdir)" && \
	    $(INSTALL_SCRIPT) conf/init/mysql-replcheck "$(DESTDIR)$(initdir)"; fi

uninstall-local:
	if test -n "$(bashcompletiondir)"; then cd "$(DESTDIR)$(bashcompletiondir)" && \
	    rm -f mysql-replcheck mysql-replcheckd check_mysql_replcheck; fi
	if test -n "$(systemdsystemunitdir)"; then cd "$(DESTDIR)$(systemdsystemunitdir)" && \
	    rm -f $(notdir $(units) $(sockets)); fi
	if test -n "$(sysusersdir)"; then rm -f "$(DESTDIR)$(sysusersdir)/mysql-replcheck.conf"; fi
	if test -n "$(tmpfilesdir)"; then rm -f "$(DESTDIR)$(tmpfilesdir)/mysql-replcheck.conf"; fi
	if test -n "$(initdir)"; then rm -f "$(DESTDIR)$(initdir)/mysql-replcheck"; fi

# For monitoring systems; tests/integration/test_monitoring.py has them read by the real ones.
monitoringdir = $(exampledir)/monitoring
dist_monitoring_DATA = conf/monitoring/icinga2.conf conf/monitoring/nagios.cfg conf/monitoring/nrpe.cfg
