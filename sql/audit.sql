-- Accounts that write on a read-only server, and what runs as one of them. READ_ONLY ADMIN is bit 33 of
-- global_priv's access; SUPER (bit 15) brings it along for accounts that were last written by a server before
-- 10.11. It is held by the account, by a role that it may set (also through other roles), or by PUBLIC and so by
-- everybody; an account of a plugin that maps users (pam) may become another by PROXY.
-- A procedure with SQL SECURITY DEFINER and an event write with their definer's privileges, also when that
-- account is locked. (Functions, views and triggers do not: the server refuses the caller's statement.)
CREATE OR REPLACE DEFINER = 'replcheck-definer'@'localhost' PROCEDURE replcheck.audit_accounts()
    READS SQL DATA SQL SECURITY DEFINER
    COMMENT 'accounts other than ours that bypass read_only, and what runs as them'
BEGIN
    WITH RECURSIVE
    entry AS (
        SELECT User, Host, COALESCE(JSON_VALUE(Priv, '$.is_role') IN ('true', '1'), FALSE) AS role,
               CAST(JSON_VALUE(Priv, '$.access') AS UNSIGNED) AS access,
               CAST(COALESCE(JSON_VALUE(Priv, '$.version_id'), 0) AS UNSIGNED) AS version,
               COALESCE(JSON_VALUE(Priv, '$.account_locked') IN ('true', '1'), FALSE) AS locked,
               CONCAT_WS(' ', JSON_VALUE(Priv, '$.plugin'), JSON_EXTRACT(Priv, '$.auth_or[*].plugin')) AS plugins,
               JSON_VALUE(Priv, '$.plugin') AS plugin,
               JSON_VALUE(Priv, '$.authentication_string') AS hash,
               JSON_EXTRACT(Priv, '$.auth_or[*].plugin') AS alternatives
        FROM mysql.global_priv
    ),
    holder AS (
        SELECT User, Host, role, IF(access & (1 << 33), NULL, 'SUPER of before 10.11') AS via
        FROM entry
        WHERE access & (1 << 33) <> 0 OR (access & (1 << 15) <> 0 AND version < 101100)
    ),
    reach (User, Host, via) AS (
        SELECT r.User, r.Host, r.Role
        FROM mysql.roles_mapping r JOIN holder h ON h.role AND h.User = r.Role
        UNION
        SELECT r.User, r.Host, reach.via
        FROM reach JOIN mysql.roles_mapping r ON reach.Host = '' AND r.Role = reach.User
    ),
    direct AS (
        SELECT User, Host, via FROM holder WHERE NOT role
        UNION
        SELECT User, Host, CONCAT('role ', via) FROM reach WHERE Host <> ''
        UNION
        SELECT 'PUBLIC', '', 'every account' FROM holder WHERE role AND User = 'PUBLIC'
    ),
    bypass AS (
        SELECT User, Host, via FROM direct
        UNION
        SELECT p.User, p.Host, CONCAT('PROXY ON ', d.User, '@', d.Host)
        FROM mysql.proxies_priv p JOIN direct d
             ON p.Proxied_user IN ('', d.User) AND p.Proxied_host IN ('', '%', d.Host)
             JOIN entry e ON e.User = p.User AND e.Host = p.Host
        WHERE REGEXP_REPLACE(e.plugins, 'mysql_(native|old)_password|unix_socket|ed25519|parsec|[^a-z0-9]', '') <> ''
          AND NOT EXISTS (SELECT 1 FROM direct o WHERE o.User = p.User AND o.Host = p.Host)
    ),
    foreigner AS (
        SELECT b.User, b.Host, b.via, COALESCE(e.locked, FALSE) AS locked,
               -- Only the system user of that name logs in: no password is usable.
               COALESCE((e.plugin = 'unix_socket' OR (e.hash = 'invalid' AND e.plugins LIKE '%unix\_socket%'))
                        AND REGEXP_REPLACE(COALESCE(e.alternatives, ''), 'unix_socket|[^a-z0-9]', '') = '',
                        FALSE) AS socket_only
        FROM bypass b LEFT JOIN entry e ON e.User = b.User AND e.Host = b.Host
        WHERE NOT (b.Host = 'localhost'
                   AND b.User IN ('@USER@', '@FENCE_USER@', 'replcheck-definer', 'mariadb.sys'))
          AND NOT (b.User = '@PEER_USER@' AND b.Host IN ('@NODE1_ADDRESS@', '@NODE2_ADDRESS@'))
    ),
    finding AS (
        SELECT 'account' AS kind, User, Host, via, socket_only, '' AS object FROM foreigner WHERE NOT locked
        UNION ALL
        SELECT 'procedure', f.User, f.Host, f.via, f.socket_only, CONCAT(p.db, '.', p.name)
        FROM mysql.proc p JOIN foreigner f ON p.definer = CONCAT(f.User, '@', f.Host)
        WHERE p.type = 'PROCEDURE' AND p.security_type = 'DEFINER' AND p.db NOT IN ('mysql', 'sys', 'replcheck')
        UNION ALL
        SELECT 'event', f.User, f.Host, f.via, f.socket_only, CONCAT(v.db, '.', v.name)
        FROM mysql.event v JOIN foreigner f ON v.definer = CONCAT(f.User, '@', f.Host)
        WHERE v.status = 'ENABLED' AND v.db <> 'replcheck'
    )
    SELECT kind, User AS user, Host AS host, via, socket_only, object FROM finding
    ORDER BY kind, socket_only, User, Host, via, object;
END
--;
-- binlog_do_db and binlog_ignore_db are shown by this statement alone.
CREATE OR REPLACE DEFINER = 'replcheck-definer'@'localhost' PROCEDURE replcheck.audit_binlog()
    READS SQL DATA SQL SECURITY DEFINER
    COMMENT 'what is written to the binary log'
BEGIN
    SHOW MASTER STATUS;
END
