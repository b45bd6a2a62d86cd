-- The fencer: the system user of the same name. Nothing but what a fence needs.
CREATE USER IF NOT EXISTS '@FENCE_USER@'@'localhost' IDENTIFIED VIA unix_socket
--;
ALTER USER '@FENCE_USER@'@'localhost' IDENTIFIED VIA unix_socket ACCOUNT UNLOCK
--;
GRANT READ_ONLY ADMIN, CONNECTION ADMIN, PROCESS ON *.* TO '@FENCE_USER@'@'localhost'
