-- Tables, procedures and the event go with the database; then every account of ours, also one of an
-- address that the configuration names no longer.
DROP DATABASE IF EXISTS replcheck
--;
BEGIN NOT ATOMIC
    FOR account IN (SELECT User, Host FROM mysql.global_priv
                    WHERE User IN ('replcheck-definer', '@USER@', '@PEER_USER@', '@WITNESS_USER@',
                                   '@FENCE_USER@')) DO
        EXECUTE IMMEDIATE CONCAT('DROP USER ', QUOTE(account.User), '@', QUOTE(account.Host));
    END FOR;
END
