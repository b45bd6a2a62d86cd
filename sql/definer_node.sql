-- SUPER for SET GLOBAL auto_increment_* and event_scheduler; PROCESS to see whose session holds a lock;
-- BINLOG REPLAY for gtid_seq_no; EVENT for dead_man; BINLOG MONITOR and the tables of mysql for the audit.
GRANT SUPER, PROCESS, BINLOG MONITOR, BINLOG REPLAY ON *.* TO 'replcheck-definer'@'localhost'
--;
GRANT EVENT ON replcheck.* TO 'replcheck-definer'@'localhost'
--;
GRANT SELECT, INSERT, UPDATE ON replcheck.bulletin TO 'replcheck-definer'@'localhost'
--;
GRANT SELECT, INSERT, UPDATE ON replcheck.begun TO 'replcheck-definer'@'localhost'
--;
GRANT INSERT ON replcheck.term TO 'replcheck-definer'@'localhost'
--;
GRANT SELECT ON mysql.global_priv TO 'replcheck-definer'@'localhost'
--;
GRANT SELECT ON mysql.roles_mapping TO 'replcheck-definer'@'localhost'
--;
GRANT SELECT ON mysql.proxies_priv TO 'replcheck-definer'@'localhost'
--;
GRANT SELECT ON mysql.proc TO 'replcheck-definer'@'localhost'
--;
GRANT SELECT ON mysql.event TO 'replcheck-definer'@'localhost'
