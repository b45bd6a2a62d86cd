-- The only way to read_only=0. All conditions are checked in the server before and after the SET, on the
-- session that holds the vote, so that a statement which was delayed anywhere is refused.
-- `p_writer` is the connection whose account was found to be the fencer's; connection ids are never used
-- twice, so it is not looked for again among all sessions.
CREATE OR REPLACE DEFINER = 'replcheck-definer'@'localhost' PROCEDURE replcheck.check_authority(
    p_node VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin, p_epoch BIGINT UNSIGNED,
    INOUT p_writer BIGINT UNSIGNED, OUT p_refusal VARCHAR(128) CHARACTER SET ascii COLLATE ascii_bin)
    READS SQL DATA SQL SECURITY DEFINER
    COMMENT 'why this session may not enable writes; NULL if it may'
BEGIN
    DECLARE v_highest BIGINT UNSIGNED DEFAULT NULL;
    DECLARE v_by VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin DEFAULT NULL;
    DECLARE v_writer BIGINT UNSIGNED DEFAULT NULL;
    DECLARE CONTINUE HANDLER FOR NOT FOUND BEGIN END;
    SET p_refusal = NULL;
    SELECT node, epoch INTO v_by, v_highest FROM replcheck.voter
        WHERE kind = 'promise' ORDER BY epoch DESC LIMIT 1;
    REPEAT -- until the holder did not change while it was looked for: the fencer may replace its session
        SET v_writer = IS_USED_LOCK('replcheck.write.@CLUSTER@');
        IF v_writer <> COALESCE(p_writer, 0) THEN
            SET p_writer = (SELECT ID FROM information_schema.PROCESSLIST
                            WHERE ID = v_writer AND USER = '@FENCE_USER@' AND HOST = 'localhost');
        END IF;
    UNTIL p_writer <=> v_writer OR v_writer <=> IS_USED_LOCK('replcheck.write.@CLUSTER@') END REPEAT;
    IF NOT IS_USED_LOCK('replcheck.vote.@CLUSTER@') <=> CONNECTION_ID() THEN
        SET p_refusal = 'no_vote: this session does not hold the vote here';
    ELSEIF NOT COALESCE(v_highest = p_epoch AND v_by = p_node, FALSE) THEN
        SET p_refusal = 'not_highest: the highest epoch promised here is another one';
    ELSEIF v_writer IS NULL THEN
        SET p_refusal = 'no_write_lock: nobody holds the write lock here';
    ELSEIF NOT p_writer <=> v_writer THEN
        SET p_refusal = 'foreign_write_lock: the write lock is held by another account than the fencer''s';
    END IF;
END
--;
CREATE OR REPLACE DEFINER = 'replcheck-definer'@'localhost' PROCEDURE replcheck.enable(
    p_node VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin, p_epoch BIGINT UNSIGNED)
    MODIFIES SQL DATA SQL SECURITY DEFINER
    COMMENT 'read_only=0, if this session may'
BEGIN
    DECLARE v_refusal VARCHAR(128) CHARACTER SET ascii COLLATE ascii_bin DEFAULT NULL;
    DECLARE v_writer BIGINT UNSIGNED DEFAULT NULL;
    DECLARE v_lock_wait INT UNSIGNED DEFAULT @@SESSION.lock_wait_timeout;
    DECLARE v_tries INT DEFAULT 0;
    IF @@in_transaction OR NOT @@SESSION.autocommit THEN
        SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'in_transaction: needs autocommit and no open transaction';
    END IF;
    CALL replcheck.check_authority(p_node, p_epoch, v_writer, v_refusal);
    IF v_refusal IS NOT NULL THEN
        SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = v_refusal;
    END IF;
    BEGIN
        -- Whatever goes wrong from here on, writes do not stay enabled.
        DECLARE EXIT HANDLER FOR SQLEXCEPTION
        BEGIN
            SET SESSION lock_wait_timeout = 1;
            REPEAT
                BEGIN
                    DECLARE CONTINUE HANDLER FOR SQLEXCEPTION BEGIN END;
                    SET GLOBAL read_only = 1;
                END;
                SET v_tries = v_tries + 1;
            UNTIL @@GLOBAL.read_only = 1 OR v_tries >= 3 END REPEAT;
            SET SESSION lock_wait_timeout = v_lock_wait;
            RESIGNAL;
        END;
        SET GLOBAL read_only = 0;
        CALL replcheck.check_authority(p_node, p_epoch, v_writer, v_refusal);
        IF v_refusal IS NOT NULL THEN
            SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = v_refusal;
        END IF;
    END;
    SELECT 1 AS ok, @@GLOBAL.read_only AS read_only;
END
