# What this folder adds to the build.
dist_man_MANS += man/check_mysql_replcheck.1 man/mysql-replcheck.1 man/mysql-replcheck-cluster.5 man/mysql-replcheck-node.5 man/mysql-replcheckd.8
