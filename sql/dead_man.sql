-- The dead-man's switch: a backstop for a writer whose supervisor and fencer are gone. An error (a SET that
-- waits is given up after a second, so that a stale one never demotes a later writer) is logged by the
-- server, and the event runs again a second later.
-- The event is made by a procedure, so that one that was dropped or altered is made again by the supervisor. Its
-- schedule begins anew each time: an event that waits for an hour which the clock was set back runs again. It is kept in
-- UTC: in a zone with summer time no event runs in the hour that is to come twice, nor does one that is made then.
CREATE OR REPLACE DEFINER = 'replcheck-definer'@'localhost' PROCEDURE replcheck.make_dead_man()
    MODIFIES SQL DATA SQL SECURITY DEFINER
    COMMENT 'the dead-man''s switch, disabled'
BEGIN
    DECLARE v_zone VARCHAR(64) DEFAULT @@SESSION.time_zone;
    DECLARE EXIT HANDLER FOR SQLEXCEPTION
    BEGIN
        SET SESSION time_zone = v_zone;
        RESIGNAL;
    END;
    SET SESSION time_zone = '+00:00';
    EXECUTE IMMEDIATE "CREATE OR REPLACE DEFINER = 'replcheck-definer'@'localhost' EVENT replcheck.dead_man
        ON SCHEDULE EVERY 1 SECOND
        ON COMPLETION PRESERVE DISABLE
        COMMENT 'read_only=1 unless the fencer holds the write lock'
        DO BEGIN
            DECLARE v_writer BIGINT UNSIGNED DEFAULT NULL;
            DECLARE v_ours BOOLEAN DEFAULT FALSE;
            IF @@GLOBAL.read_only = 0 THEN
                REPEAT -- until the holder did not change while it was looked for
                    SET v_writer = IS_USED_LOCK('replcheck.write.@CLUSTER@');
                    IF v_writer IS NOT NULL THEN -- apart: the list of sessions needs room in tmpdir
                        SET v_ours = EXISTS (
                            SELECT 1 FROM information_schema.PROCESSLIST
                            WHERE ID = v_writer AND USER = '@FENCE_USER@' AND HOST = 'localhost');
                    END IF;
                UNTIL v_ours OR v_writer <=> IS_USED_LOCK('replcheck.write.@CLUSTER@') END REPEAT;
                IF NOT v_ours THEN
                    SET SESSION lock_wait_timeout = 1;
                    SET GLOBAL read_only = 1;
                END IF;
            END IF;
        END";
    SET SESSION time_zone = v_zone;
END
--;
CALL replcheck.make_dead_man()
--;
CREATE OR REPLACE DEFINER = 'replcheck-definer'@'localhost' PROCEDURE replcheck.repair_dead_man()
    MODIFIES SQL DATA SQL SECURITY DEFINER
    COMMENT 'makes the switch anew, enables it and the event scheduler'
BEGIN
    DECLARE v_log_bin BOOLEAN DEFAULT @@SESSION.sql_log_bin;
    DECLARE v_lock_wait INT UNSIGNED DEFAULT @@SESSION.lock_wait_timeout;
    IF @@in_transaction THEN
        SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'in_transaction: this session has a transaction open';
    END IF;
    IF @@GLOBAL.event_scheduler = 'DISABLED' THEN
        SIGNAL SQLSTATE '45000'
            SET MESSAGE_TEXT = 'scheduler_disabled: the server was started with event_scheduler=DISABLED';
    END IF;
    BEGIN
        DECLARE EXIT HANDLER FOR SQLEXCEPTION
        BEGIN
            SET SESSION sql_log_bin = v_log_bin, lock_wait_timeout = v_lock_wait;
            RESIGNAL;
        END;
        SET SESSION sql_log_bin = 0, lock_wait_timeout = 2; -- under a global read lock it is tried again later
        CALL replcheck.make_dead_man();
        ALTER DEFINER = 'replcheck-definer'@'localhost' EVENT replcheck.dead_man ENABLE;
        IF @@GLOBAL.event_scheduler <> 'ON' THEN
            SET GLOBAL event_scheduler = 'ON';
        END IF;
        SET SESSION sql_log_bin = v_log_bin, lock_wait_timeout = v_lock_wait;
    END;
    SELECT 1 AS ok, @@GLOBAL.event_scheduler AS event_scheduler;
END
