-- The supervisor at its own server: the system user of the same name.
CREATE USER IF NOT EXISTS '@USER@'@'localhost' IDENTIFIED VIA unix_socket
--;
ALTER USER '@USER@'@'localhost' IDENTIFIED VIA unix_socket ACCOUNT UNLOCK
--;
-- REPLICATION SLAVE: the binary log's events, to list and keep extra transactions. Who holds REPLICATION SLAVE ADMIN
-- could have them (and more) already, by pointing this server at another one.
GRANT READ_ONLY ADMIN, CONNECTION ADMIN, PROCESS, REPLICA MONITOR, REPLICATION SLAVE ADMIN,
      REPLICATION MASTER ADMIN, REPLICATION SLAVE ON *.* TO '@USER@'@'localhost'
--;
GRANT SELECT, EVENT ON replcheck.* TO '@USER@'@'localhost'
--;
GRANT INSERT ON replcheck.term TO '@USER@'@'localhost'
--;
GRANT EXECUTE ON PROCEDURE replcheck.promise TO '@USER@'@'localhost'
--;
GRANT EXECUTE ON PROCEDURE replcheck.release_vote TO '@USER@'@'localhost'
--;
GRANT EXECUTE ON PROCEDURE replcheck.reclaim TO '@USER@'@'localhost'
--;
GRANT EXECUTE ON PROCEDURE replcheck.clear_mark TO '@USER@'@'localhost'
--;
GRANT EXECUTE ON PROCEDURE replcheck.enable TO '@USER@'@'localhost'
--;
GRANT EXECUTE ON PROCEDURE replcheck.begin_term TO '@USER@'@'localhost'
--;
GRANT EXECUTE ON PROCEDURE replcheck.bulletin_put TO '@USER@'@'localhost'
--;
GRANT EXECUTE ON PROCEDURE replcheck.set_offsets TO '@USER@'@'localhost'
--;
GRANT EXECUTE ON PROCEDURE replcheck.repair_dead_man TO '@USER@'@'localhost'
--;
GRANT EXECUTE ON PROCEDURE replcheck.audit_accounts TO '@USER@'@'localhost'
--;
GRANT EXECUTE ON PROCEDURE replcheck.audit_binlog TO '@USER@'@'localhost'
