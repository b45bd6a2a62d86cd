#include "wire/clients_sql.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

/* What a processlist has as host is an address and a port, or localhost. */
#define HOST_ALONE "REGEXP_REPLACE(HOST,':[0-9]+$','')"

/* Names come from the configuration, which allows neither
 * quotes nor backslashes. `text` goes over to the result. */
static char *spare_account(char *text, const char *account)
{
    const char *at = strrchr(account, '@');
    int user = at ? (int)(at - account) : (int)strlen(account);
    char *longer =
        at ? mem_printf("%s AND NOT (USER='%.*s' AND " HOST_ALONE " LIKE '%s')", text, user, account, at + 1)
           : mem_printf("%s AND USER<>'%s'", text, account);
    free(text);
    return longer;
}

static char *spare_all(const struct clients_spared *spared)
{
    char *where = mem_strdup(
        " AND USER NOT IN ('system user','event_scheduler') AND COMMAND NOT IN ('Binlog Dump','Daemon')"
        " AND NOT (USER IN ('root','mysql') AND HOST='localhost')");
    for (size_t i = 0; i < sizeof(spared->users) / sizeof(spared->users[0]); i++)
        if (spared->users[i])
            where = spare_account(where, spared->users[i]);
    for (int i = 0; i < spared->account_count; i++)
        where = spare_account(where, spared->accounts[i]);
    return where;
}

#define HEAD                                                                                                 \
    "BEGIN NOT ATOMIC DECLARE v_killed INT DEFAULT 0;"                                                       \
    " DECLARE CONTINUE HANDLER FOR 1094 BEGIN END;"
#define EACH                                                                                                 \
    " DO KILL CONNECTION s.ID; SET v_killed=v_killed+1; END FOR; END IF; SELECT v_killed AS killed; END"

char *clients_end_sql(const struct clients_spared *spared)
{
    char *where = spare_all(spared);
    char *sql = mem_printf(
        HEAD " IF CONCAT(@@GLOBAL.read_only) NOT IN ('0','OFF') THEN"
             " FOR s IN (SELECT ID FROM information_schema.PROCESSLIST WHERE ID<>CONNECTION_ID()%s)" EACH,
        where);
    free(where);
    return sql;
}

char *clients_room_sql(const struct clients_spared *spared)
{
    char *where = spare_all(spared);
    char *sql =
        mem_printf(HEAD " IF (SELECT VARIABLE_VALUE FROM information_schema.GLOBAL_STATUS"
                        " WHERE VARIABLE_NAME='THREADS_CONNECTED')>@@GLOBAL.max_connections THEN"
                        " FOR s IN (SELECT ID FROM information_schema.PROCESSLIST WHERE COMMAND='Sleep'%s"
                        " AND ID NOT IN (SELECT trx_mysql_thread_id FROM information_schema.INNODB_TRX)"
                        " ORDER BY TIME_MS DESC LIMIT 1)" EACH,
                   where);
    free(where);
    return sql;
}
