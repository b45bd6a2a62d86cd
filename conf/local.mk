# What this folder adds to the build.
# Samples go beside the documentation: only the administrator writes to $(sysconfdir)/mysql-replcheck.
exampledir = $(docdir)/examples
dist_example_DATA = conf/cluster.yaml conf/node.conf

# What MariaDB, keepalived and nft of the pair are set to.
dist_example_DATA += conf/mariadb.cnf conf/mariadb-lossless.cnf conf/mariadb-node.cnf conf/mariadb-witness.cnf conf/keepalived.conf \
	conf/mysql-replcheck.nft conf/mail/schema.sql conf/mail/postfix-mailboxes.cf \
	conf/mail/postfix-aliases.cf conf/mail/postfix-domains.cf conf/mail/dovecot-sql.conf.ext

# Programs, to be copied and fitted.
dist_example_SCRIPTS = conf/vip-cloud
