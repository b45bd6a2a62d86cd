-- What every voter keeps: local rows, never replicated. Names are ASCII, compared byte by byte.
CREATE DATABASE IF NOT EXISTS replcheck CHARACTER SET ascii COLLATE ascii_bin
--;
CREATE TABLE IF NOT EXISTS replcheck.installed (
    version INT UNSIGNED NOT NULL,
    cluster VARCHAR(32)  NOT NULL,
    node    VARCHAR(32)  NOT NULL COMMENT 'empty on a witness',
    at      TIMESTAMP    NOT NULL DEFAULT CURRENT_TIMESTAMP,
    only_row TINYINT     NOT NULL DEFAULT 1 CHECK (only_row = 1),
    PRIMARY KEY (only_row)
) ENGINE = InnoDB COMMENT 'what mysql-replcheck schema put here'
--;
CREATE TABLE IF NOT EXISTS replcheck.voter (
    node  VARCHAR(32) NOT NULL COMMENT 'the author; for off and out_of_sync the node spoken of',
    kind  ENUM('promise', 'release', 'certificate', 'off', 'out_of_sync') NOT NULL,
    epoch BIGINT UNSIGNED NOT NULL,
    file  VARCHAR(255)    NULL COMMENT 'certificate: the last binary log',
    size  BIGINT UNSIGNED NULL COMMENT 'certificate: its bytes',
    gtid  VARCHAR(1024)   NULL COMMENT 'release: the final position',
    seq   BIGINT UNSIGNED NULL COMMENT 'connection id of the session that wrote it',
    PRIMARY KEY (node, kind)
) ENGINE = InnoDB COMMENT 'promises and what was said about votes; local'
