CREATE OR REPLACE DEFINER = 'replcheck-definer'@'localhost' PROCEDURE replcheck.bulletin_put(
    p_node VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin, p_seq BIGINT UNSIGNED,
    p_state VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin, p_epoch BIGINT UNSIGNED,
    p_vip TINYINT UNSIGNED, p_gtid VARCHAR(1024) CHARACTER SET ascii COLLATE ascii_bin,
    p_config_hash VARCHAR(16) CHARACTER SET ascii COLLATE ascii_bin)
    MODIFIES SQL DATA SQL SECURITY DEFINER
    COMMENT 'what a supervisor says of itself; waits under FTWRL'
BEGIN
    DECLARE v_log_bin BOOLEAN DEFAULT @@SESSION.sql_log_bin;
    IF @@in_transaction THEN
        SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'in_transaction: this session has a transaction open';
    END IF;
    BEGIN
        DECLARE EXIT HANDLER FOR SQLEXCEPTION
        BEGIN
            ROLLBACK;
            SET SESSION sql_log_bin = v_log_bin;
            RESIGNAL;
        END;
        SET SESSION sql_log_bin = 0;
        START TRANSACTION;
        INSERT INTO replcheck.bulletin (node, seq, state, epoch, vip, gtid, config_hash)
            VALUES (p_node, p_seq, p_state, p_epoch, p_vip, p_gtid, p_config_hash)
            ON DUPLICATE KEY UPDATE seq = VALUES(seq), state = VALUES(state), epoch = VALUES(epoch),
                                    vip = VALUES(vip), gtid = VALUES(gtid), config_hash = VALUES(config_hash);
        COMMIT;
        SET SESSION sql_log_bin = v_log_bin;
    END;
    SELECT 1 AS ok;
END
