-- The first row of a term with durability `lossless`, written before writes are enabled. Crash recovery with
-- init_rpl_role=SLAVE cuts the commits that nobody had acknowledged from the binary log, and their GTIDs would be
-- given again; the other server may have received the first ones, and no comparison of positions could tell the two
-- apart. So a term begins behind all numbers that can have been taken back, one for each session that can commit:
-- with gtid_strict_mode a replica that asks for a position within that gap is refused.
CREATE OR REPLACE DEFINER = 'replcheck-definer'@'localhost' PROCEDURE replcheck.begin_term(
    p_epoch BIGINT UNSIGNED, p_node VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin,
    p_reason VARCHAR(255) CHARACTER SET ascii COLLATE ascii_bin, p_row_id INT UNSIGNED,
    p_gtid VARCHAR(1024) CHARACTER SET ascii COLLATE ascii_bin, p_loss_bound BIGINT)
    MODIFIES SQL DATA SQL SECURITY DEFINER
    COMMENT 'the first row of a term, behind a gap in the GTIDs'
BEGIN
    DECLARE v_last BIGINT UNSIGNED DEFAULT NULL;
    IF @@in_transaction OR NOT @@SESSION.autocommit OR NOT @@SESSION.sql_log_bin THEN
        SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'in_transaction: needs autocommit, sql_log_bin and no open transaction';
    END IF;
    SET v_last = SUBSTRING_INDEX(REGEXP_SUBSTR(CONCAT(',', @@GLOBAL.gtid_binlog_pos),
        CONCAT(',', @@SESSION.gtid_domain_id, '-[0-9]+-[0-9]+')), '-', -1);
    BEGIN
        DECLARE EXIT HANDLER FOR SQLEXCEPTION
        BEGIN
            SET SESSION gtid_seq_no = 0; -- the row was not written: the next transaction is not the term's
            RESIGNAL;
        END;
        IF v_last > 0 THEN
            SET SESSION gtid_seq_no = v_last + 100 + @@GLOBAL.max_connections + @@GLOBAL.slave_parallel_threads;
        END IF;
        INSERT INTO replcheck.term (epoch, node, reason, row_id, gtid, loss_bound)
            VALUES (p_epoch, p_node, p_reason, p_row_id, p_gtid, p_loss_bound);
    END;
END
