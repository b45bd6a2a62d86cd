-- Accounts that write on a read-only server: READ_ONLY ADMIN is bit 33 of global_priv's access, held by the
-- account, by a role that it may set (also through other roles), or by PUBLIC and so by everybody.
CREATE OR REPLACE DEFINER = 'replcheck-definer'@'localhost' PROCEDURE replcheck.audit_accounts()
    READS SQL DATA SQL SECURITY DEFINER
    COMMENT 'accounts other than ours that bypass read_only'
BEGIN
    WITH RECURSIVE
    holder AS (
        SELECT User, Host, COALESCE(JSON_VALUE(Priv, '$.is_role') IN ('true', '1'), FALSE) AS role
        FROM mysql.global_priv
        WHERE CAST(JSON_VALUE(Priv, '$.access') AS UNSIGNED) & (1 << 33) <> 0
    ),
    reach (User, Host, via) AS (
        SELECT r.User, r.Host, r.Role
        FROM mysql.roles_mapping r JOIN holder h ON h.role AND h.User = r.Role
        UNION
        SELECT r.User, r.Host, reach.via
        FROM reach JOIN mysql.roles_mapping r ON reach.Host = '' AND r.Role = reach.User
    ),
    bypass AS (
        SELECT User, Host, NULL AS via FROM holder WHERE NOT role
        UNION
        SELECT User, Host, via FROM reach WHERE Host <> ''
        UNION
        SELECT 'PUBLIC', '', NULL FROM holder WHERE role AND User = 'PUBLIC'
    )
    SELECT b.User AS user, b.Host AS host, b.via AS role
    FROM bypass b LEFT JOIN mysql.global_priv p ON p.User = b.User AND p.Host = b.Host
    WHERE NOT COALESCE(JSON_VALUE(p.Priv, '$.account_locked') IN ('true', '1'), FALSE)
      AND NOT (b.Host = 'localhost'
               AND b.User IN ('@USER@', '@FENCE_USER@', 'replcheck-definer', 'mariadb.sys'))
      AND NOT (b.User = '@PEER_USER@' AND b.Host IN ('@NODE1_ADDRESS@', '@NODE2_ADDRESS@'))
    ORDER BY b.User, b.Host, b.via;
END
