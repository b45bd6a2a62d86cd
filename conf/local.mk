# What this folder adds to the build.
dist_doc_DATA = conf/mariadb.cnf conf/mariadb-node.cnf conf/mariadb-witness.cnf conf/keepalived.conf \
	conf/mysql-replcheck.nft
EXTRA_DIST += conf/mail/schema.sql
