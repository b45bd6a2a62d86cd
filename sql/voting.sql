-- What a voter does for a supervisor. Each writes local rows in one transaction, restores sql_log_bin also
-- on error, and answers one row or SIGNALs a sentence that begins with a stable word and a colon.
CREATE OR REPLACE DEFINER = 'replcheck-definer'@'localhost' PROCEDURE replcheck.promise(
    p_node VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin, p_epoch BIGINT UNSIGNED)
    MODIFIES SQL DATA SQL SECURITY DEFINER
    COMMENT 'promises an epoch and consumes older releases; needs the vote'
BEGIN
    DECLARE v_log_bin BOOLEAN DEFAULT @@SESSION.sql_log_bin;
    DECLARE v_highest BIGINT UNSIGNED DEFAULT NULL;
    DECLARE v_by, v_kind, v_author VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin DEFAULT NULL;
    DECLARE v_epoch BIGINT UNSIGNED DEFAULT NULL;
    IF @@in_transaction THEN
        SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'in_transaction: this session has a transaction open';
    END IF;
    IF p_node IS NULL OR p_node = '' OR p_epoch IS NULL OR p_epoch = 0 THEN
        SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'bad_argument: a node and an epoch above 0 are needed';
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
        BEGIN
            DECLARE CONTINUE HANDLER FOR NOT FOUND BEGIN END;
            SELECT node, epoch INTO v_by, v_highest FROM replcheck.voter
                WHERE kind = 'promise' ORDER BY epoch DESC LIMIT 1 FOR UPDATE;
        END;
        -- Asked after the row is ours: the answer holds when the promise is written.
        IF NOT IS_USED_LOCK('replcheck.vote.@CLUSTER@') <=> CONNECTION_ID() THEN
            SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'no_vote: this session does not hold the vote here';
        END IF;
        IF v_highest > p_epoch OR (v_highest = p_epoch AND v_by <> p_node) THEN
            SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'promised: as high an epoch is promised here already';
        END IF;
        BEGIN
            DECLARE CONTINUE HANDLER FOR NOT FOUND BEGIN END;
            SELECT node, kind, epoch INTO v_author, v_kind, v_epoch FROM replcheck.voter
                WHERE kind IN ('release', 'certificate', 'off') AND epoch < p_epoch
                ORDER BY epoch DESC, kind = 'certificate' DESC, kind = 'release' DESC LIMIT 1;
        END;
        IF v_kind IS NOT NULL THEN
            DELETE FROM replcheck.voter
                WHERE kind IN ('release', 'certificate', 'off') AND epoch < p_epoch;
        END IF;
        INSERT INTO replcheck.voter (node, kind, epoch, seq)
            VALUES (p_node, 'promise', p_epoch, CONNECTION_ID())
            ON DUPLICATE KEY UPDATE epoch = VALUES(epoch), seq = VALUES(seq);
        COMMIT;
        SET SESSION sql_log_bin = v_log_bin;
    END;
    SELECT 1 AS ok, v_highest AS highest_before, v_kind AS consumed_kind, v_epoch AS consumed_epoch,
           v_author AS consumed_node;
END
--;
CREATE OR REPLACE DEFINER = 'replcheck-definer'@'localhost' PROCEDURE replcheck.release_vote(
    p_node VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin,
    p_kind VARCHAR(16) CHARACTER SET ascii COLLATE ascii_bin, p_epoch BIGINT UNSIGNED,
    p_file VARCHAR(255) CHARACTER SET ascii COLLATE ascii_bin, p_size BIGINT UNSIGNED,
    p_gtid VARCHAR(1024) CHARACTER SET ascii COLLATE ascii_bin)
    MODIFIES SQL DATA SQL SECURITY DEFINER
    COMMENT 'writes a release, a certificate or out_of_sync (these need the vote) or off; keeps the lock'
BEGIN
    DECLARE v_log_bin BOOLEAN DEFAULT @@SESSION.sql_log_bin;
    DECLARE v_highest BIGINT UNSIGNED DEFAULT NULL;
    IF @@in_transaction THEN
        SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'in_transaction: this session has a transaction open';
    END IF;
    IF p_node IS NULL OR p_node = '' OR p_epoch IS NULL
       OR NOT COALESCE(p_kind IN ('release', 'certificate', 'off', 'out_of_sync'), FALSE) THEN
        SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'bad_argument: a node, an epoch and a kind are needed';
    END IF;
    IF p_kind IN ('release', 'certificate') THEN
        IF NOT IS_USED_LOCK('replcheck.vote.@CLUSTER@') <=> CONNECTION_ID() THEN
            SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'no_vote: this session does not hold the vote here';
        END IF;
    ELSEIF p_kind = 'off' AND SUBSTRING_INDEX(SESSION_USER(), '@', -1) <> 'localhost' THEN
        SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'local_only: a node is declared off on its peer itself';
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
        -- A mark counts for whoever takes the vote next: it is written while nobody else can have taken it, and by
        -- the writer of the newest term alone.
        IF p_kind = 'out_of_sync' THEN
            BEGIN
                DECLARE CONTINUE HANDLER FOR NOT FOUND BEGIN END;
                SELECT epoch INTO v_highest FROM replcheck.voter
                    WHERE kind = 'promise' ORDER BY epoch DESC LIMIT 1 FOR UPDATE;
            END;
            IF NOT IS_USED_LOCK('replcheck.vote.@CLUSTER@') <=> CONNECTION_ID() THEN
                SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'no_vote: this session does not hold the vote here';
            ELSEIF v_highest > p_epoch THEN
                SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'promised: a higher epoch is promised here';
            END IF;
        END IF;
        INSERT INTO replcheck.voter (node, kind, epoch, file, size, gtid, seq)
            VALUES (p_node, p_kind, p_epoch, p_file, p_size, p_gtid, CONNECTION_ID())
            ON DUPLICATE KEY UPDATE epoch = VALUES(epoch), file = VALUES(file), size = VALUES(size),
                                    gtid = VALUES(gtid), seq = VALUES(seq);
        COMMIT;
        SET SESSION sql_log_bin = v_log_bin;
    END;
    SELECT 1 AS ok, CONNECTION_ID() AS seq;
END
--;
CREATE OR REPLACE DEFINER = 'replcheck-definer'@'localhost' PROCEDURE replcheck.reclaim(
    p_node VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin, p_epoch BIGINT UNSIGNED)
    MODIFIES SQL DATA SQL SECURITY DEFINER
    COMMENT 'takes back a release or certificate unless a higher epoch was promised since'
BEGIN
    DECLARE v_log_bin BOOLEAN DEFAULT @@SESSION.sql_log_bin;
    DECLARE v_highest BIGINT UNSIGNED DEFAULT NULL;
    DECLARE v_deleted INT DEFAULT 0;
    IF @@in_transaction THEN
        SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'in_transaction: this session has a transaction open';
    END IF;
    IF p_node IS NULL OR p_node = '' OR p_epoch IS NULL THEN
        SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'bad_argument: a node and an epoch are needed';
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
        BEGIN
            DECLARE CONTINUE HANDLER FOR NOT FOUND BEGIN END;
            SELECT epoch INTO v_highest FROM replcheck.voter
                WHERE kind = 'promise' ORDER BY epoch DESC LIMIT 1 FOR UPDATE;
        END;
        IF v_highest > p_epoch THEN
            SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'promised: a higher epoch was promised here since';
        END IF;
        DELETE FROM replcheck.voter
            WHERE node = p_node AND kind IN ('release', 'certificate') AND epoch = p_epoch;
        SET v_deleted = ROW_COUNT();
        COMMIT;
        SET SESSION sql_log_bin = v_log_bin;
    END;
    SELECT 1 AS ok, v_deleted AS deleted;
END
--;
CREATE OR REPLACE DEFINER = 'replcheck-definer'@'localhost' PROCEDURE replcheck.clear_mark(
    p_node VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin)
    MODIFIES SQL DATA SQL SECURITY DEFINER
    COMMENT 'the node is in sync again; needs the vote, so that a late call undoes no newer mark'
BEGIN
    DECLARE v_log_bin BOOLEAN DEFAULT @@SESSION.sql_log_bin;
    DECLARE v_deleted INT DEFAULT 0;
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
        DELETE FROM replcheck.voter WHERE node = p_node AND kind = 'out_of_sync';
        SET v_deleted = ROW_COUNT();
        -- Asked after the row is ours: the answer holds when it is deleted.
        IF NOT IS_USED_LOCK('replcheck.vote.@CLUSTER@') <=> CONNECTION_ID() THEN
            SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'no_vote: this session does not hold the vote here';
        END IF;
        COMMIT;
        SET SESSION sql_log_bin = v_log_bin;
    END;
    SELECT 1 AS ok, v_deleted AS deleted;
END
