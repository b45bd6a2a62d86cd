-- What the two nodes keep besides. Only the rows of `term` replicate: the writer inserts one as the first
-- transaction of its term. The epoch is its key, so that no AUTO_INCREMENT needs the nodes' offsets.
CREATE TABLE IF NOT EXISTS replcheck.term (
    epoch      BIGINT UNSIGNED NOT NULL,
    node       VARCHAR(32)     NOT NULL,
    reason     VARCHAR(255)    NOT NULL,
    row_id     INT UNSIGNED    NOT NULL COMMENT 'row of the decision table',
    gtid       VARCHAR(1024)   NOT NULL COMMENT 'position at which the term begins',
    loss_bound BIGINT          NULL COMMENT 'transactions at most lost; NULL is unknown',
    at         TIMESTAMP(3)    NOT NULL DEFAULT CURRENT_TIMESTAMP(3),
    PRIMARY KEY (epoch)
) ENGINE = InnoDB COMMENT 'who was the writer since when; replicated'
--;
CREATE TABLE IF NOT EXISTS replcheck.begun (
    domain INT UNSIGNED    NOT NULL,
    seq_no BIGINT UNSIGNED NOT NULL COMMENT 'the highest that was given to a row of term here',
    PRIMARY KEY (domain)
) ENGINE = InnoDB COMMENT 'what begin_term never gives again; local'
--;
CREATE TABLE IF NOT EXISTS replcheck.bulletin (
    node        VARCHAR(32)      NOT NULL,
    seq         BIGINT UNSIGNED  NOT NULL,
    state       VARCHAR(32)      NOT NULL,
    epoch       BIGINT UNSIGNED  NOT NULL,
    vip         TINYINT UNSIGNED NULL COMMENT '1 held, 0 not held, NULL unknown',
    gtid        VARCHAR(1024)    NOT NULL,
    config_hash VARCHAR(16)      NOT NULL,
    PRIMARY KEY (node)
) ENGINE = InnoDB COMMENT 'what each supervisor says of itself; local'
