-- Virtual users for Postfix and Dovecot, with the names that Postfixadmin gives them.
-- Load it on the writer; it reaches the other node by replication.
--
-- Read only, always, at both nodes: domain, mailbox, alias. Written on every delivery or login, by the writer
-- alone: quota2, last_login.

CREATE DATABASE IF NOT EXISTS mail CHARACTER SET utf8mb4;
USE mail;

CREATE TABLE IF NOT EXISTS domain (
    domain      VARCHAR(255) NOT NULL PRIMARY KEY,
    transport   VARCHAR(255) NOT NULL DEFAULT 'virtual',
    active      BOOLEAN NOT NULL DEFAULT TRUE,
    modified    TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP
) ENGINE=InnoDB;

CREATE TABLE IF NOT EXISTS mailbox (
    id          BIGINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
    username    VARCHAR(255) NOT NULL UNIQUE,
    password    VARCHAR(255) NOT NULL,
    maildir     VARCHAR(255) NOT NULL,
    quota       BIGINT NOT NULL DEFAULT 0,
    domain      VARCHAR(255) NOT NULL,
    active      BOOLEAN NOT NULL DEFAULT TRUE,
    modified    TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP,
    KEY (domain)
) ENGINE=InnoDB;

CREATE TABLE IF NOT EXISTS alias (
    address     VARCHAR(255) NOT NULL PRIMARY KEY,
    goto        TEXT NOT NULL,
    domain      VARCHAR(255) NOT NULL,
    active      BOOLEAN NOT NULL DEFAULT TRUE,
    modified    TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP,
    KEY (domain)
) ENGINE=InnoDB;

CREATE TABLE IF NOT EXISTS quota2 (
    username    VARCHAR(255) NOT NULL PRIMARY KEY,
    bytes       BIGINT NOT NULL DEFAULT 0,
    messages    INT NOT NULL DEFAULT 0
) ENGINE=InnoDB;

CREATE TABLE IF NOT EXISTS last_login (
    username    VARCHAR(255) NOT NULL PRIMARY KEY,
    service     VARCHAR(16) NOT NULL DEFAULT '',
    last_access BIGINT NOT NULL DEFAULT 0
) ENGINE=InnoDB;
