-- The definer of every procedure: locked, so that nobody logs in as it.
CREATE USER IF NOT EXISTS 'replcheck-definer'@'localhost' ACCOUNT LOCK
--;
ALTER USER 'replcheck-definer'@'localhost' ACCOUNT LOCK
--;
-- Local rows (sql_log_bin, which SUPER allows only before MariaDB 11.0) on a read-only server.
GRANT BINLOG ADMIN, READ_ONLY ADMIN ON *.* TO 'replcheck-definer'@'localhost'
--;
GRANT SELECT, INSERT, UPDATE, DELETE ON replcheck.voter TO 'replcheck-definer'@'localhost'
--;
GRANT EXECUTE ON replcheck.* TO 'replcheck-definer'@'localhost'
