-- What each script runs first, on its own session: nothing of it is written to the binary log.
SET NAMES utf8mb4
--;
SET SESSION sql_log_bin = 0, sql_mode = 'STRICT_ALL_TABLES,ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION',
            lock_wait_timeout = 10, autocommit = 1, completion_type = 0, sql_safe_updates = 0, sql_big_selects = 1,
            max_statement_time = 0
--;
SET SESSION TRANSACTION READ WRITE
