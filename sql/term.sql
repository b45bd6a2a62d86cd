-- The first row of a term with durability `lossless`, written before writes are enabled. Crash recovery with
-- init_rpl_role=SLAVE cuts the commits that nobody had acknowledged from the binary log, and their GTIDs would be
-- given again; the other server may have received the first ones, and no comparison of positions could tell the two
-- apart. So a term begins behind all numbers that can have been taken back, one for each session that can commit:
-- with gtid_strict_mode a replica that asks for a position within that gap is refused. The row itself may be taken
-- back, too: the number of the last one is kept here, where no recovery cuts it, and the next lies behind it.
CREATE OR REPLACE DEFINER = 'replcheck-definer'@'localhost' PROCEDURE replcheck.begin_term(
    p_epoch BIGINT UNSIGNED, p_node VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin,
    p_reason VARCHAR(255) CHARACTER SET ascii COLLATE ascii_bin, p_row_id INT UNSIGNED,
    p_gtid VARCHAR(1024) CHARACTER SET ascii COLLATE ascii_bin, p_loss_bound BIGINT)
    MODIFIES SQL DATA SQL SECURITY DEFINER
    COMMENT 'the first row of a term, behind a gap in the GTIDs'
BEGIN
    DECLARE v_domain INT UNSIGNED DEFAULT @@SESSION.gtid_domain_id;
    DECLARE v_pattern VARCHAR(64) DEFAULT CONCAT(',', v_domain, '-[0-9]+-[0-9]+');
    DECLARE v_written, v_applied, v_begun, v_first BIGINT UNSIGNED DEFAULT NULL;
    IF @@in_transaction OR NOT @@SESSION.autocommit OR NOT @@SESSION.sql_log_bin THEN
        SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'in_transaction: needs autocommit, sql_log_bin and no open transaction';
    END IF;
    BEGIN
        DECLARE EXIT HANDLER FOR SQLEXCEPTION
        BEGIN
            SET SESSION sql_log_bin = 1;
            SET SESSION gtid_seq_no = 0; -- the row was not written: the next transaction is not the term's
            RESIGNAL;
        END;
        SET v_written = SUBSTRING_INDEX(NULLIF(REGEXP_SUBSTR(CONCAT(',', @@GLOBAL.gtid_binlog_pos), v_pattern), ''), '-', -1);
        SET v_applied = SUBSTRING_INDEX(NULLIF(REGEXP_SUBSTR(CONCAT(',', @@GLOBAL.gtid_slave_pos), v_pattern), ''), '-', -1);
        SET v_begun = (SELECT seq_no FROM replcheck.begun WHERE domain = v_domain);
        SET v_first = GREATEST(COALESCE(v_written, 0), COALESCE(v_applied, 0), COALESCE(v_begun, 0))
            + 100 + @@GLOBAL.max_connections + @@GLOBAL.slave_parallel_threads;
        SET SESSION sql_log_bin = 0;
        INSERT INTO replcheck.begun (domain, seq_no) VALUES (v_domain, v_first)
            ON DUPLICATE KEY UPDATE seq_no = VALUES(seq_no);
        SET SESSION sql_log_bin = 1;
        SET SESSION gtid_seq_no = v_first;
        INSERT INTO replcheck.term (epoch, node, reason, row_id, gtid, loss_bound)
            VALUES (p_epoch, p_node, p_reason, p_row_id, p_gtid, p_loss_bound);
    END;
END
