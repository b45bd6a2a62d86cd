-- Rows and tables of the laboratory. All passwords are "secret".
USE mail;
INSERT INTO domain (domain) VALUES ('example.org'), ('example.net'), ('example.com');
INSERT INTO mailbox (username, password, maildir, quota, domain) VALUES
    ('ada@example.org', '{PLAIN}secret', 'example.org/ada/', 1073741824, 'example.org'),
    ('bob@example.org', '{PLAIN}secret', 'example.org/bob/', 1073741824, 'example.org'),
    ('cleo@example.net', '{PLAIN}secret', 'example.net/cleo/', 0, 'example.net'),
    ('dan@example.com', '{PLAIN}secret', 'example.com/dan/', 0, 'example.com');
INSERT INTO alias (address, goto, domain) VALUES
    ('postmaster@example.org', 'ada@example.org', 'example.org'),
    ('postmaster@example.net', 'cleo@example.net', 'example.net'),
    ('team@example.org', 'ada@example.org,bob@example.org', 'example.org');
INSERT INTO quota2 (username) SELECT username FROM mailbox;

-- What labwriter appends: one row per acknowledged write, with the server that acknowledged it.
CREATE DATABASE lab;
CREATE TABLE lab.appends (
    id     BIGINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
    client INT UNSIGNED NOT NULL,
    seq    BIGINT UNSIGNED NOT NULL,
    server INT UNSIGNED NOT NULL,
    UNIQUE KEY (client, seq)
) ENGINE=InnoDB;
