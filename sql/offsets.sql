CREATE OR REPLACE DEFINER = 'replcheck-definer'@'localhost' PROCEDURE replcheck.set_offsets(
    p_increment INT UNSIGNED, p_offset INT UNSIGNED)
    NO SQL SQL SECURITY DEFINER
    COMMENT 'auto_increment_* for sessions that begin from now on'
BEGIN
    IF NOT COALESCE(p_offset BETWEEN 1 AND p_increment AND p_increment <= 65535, FALSE) THEN
        SIGNAL SQLSTATE '45000'
            SET MESSAGE_TEXT = 'bad_argument: an increment up to 65535 and an offset from 1 to it are needed';
    END IF;
    SET GLOBAL auto_increment_increment = p_increment;
    SET GLOBAL auto_increment_offset = p_offset;
    SELECT 1 AS ok, @@GLOBAL.auto_increment_increment AS auto_increment_increment,
           @@GLOBAL.auto_increment_offset AS auto_increment_offset;
END
