-- A node's supervisor over the network: the peer's, and this node's own through the VIP.
CREATE USER IF NOT EXISTS '@PEER_USER@'@'@ADDRESS@' IDENTIFIED BY '@PASSWORD@'
--;
ALTER USER '@PEER_USER@'@'@ADDRESS@' IDENTIFIED BY '@PASSWORD@' ACCOUNT UNLOCK
--;
-- A KILL across hosts needs CONNECTION ADMIN, also between accounts of one name.
GRANT READ_ONLY ADMIN, CONNECTION ADMIN, PROCESS, REPLICA MONITOR ON *.* TO '@PEER_USER@'@'@ADDRESS@'
--;
GRANT SELECT, EVENT ON replcheck.* TO '@PEER_USER@'@'@ADDRESS@'
--;
GRANT EXECUTE ON PROCEDURE replcheck.promise TO '@PEER_USER@'@'@ADDRESS@'
--;
GRANT EXECUTE ON PROCEDURE replcheck.release_vote TO '@PEER_USER@'@'@ADDRESS@'
--;
GRANT EXECUTE ON PROCEDURE replcheck.reclaim TO '@PEER_USER@'@'@ADDRESS@'
--;
GRANT EXECUTE ON PROCEDURE replcheck.bulletin_put TO '@PEER_USER@'@'@ADDRESS@'
--;
GRANT EXECUTE ON PROCEDURE replcheck.audit_accounts TO '@PEER_USER@'@'@ADDRESS@'
--;
GRANT EXECUTE ON PROCEDURE replcheck.audit_binlog TO '@PEER_USER@'@'@ADDRESS@'
