#include "io/ladder_sql.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"

/* `waits`: the session hangs in a write until there is room on the disk. */
#define WHO                                                                                                  \
    "SELECT P.ID AS id, IFNULL(P.STATE,'')='Waiting for someone to free space' AS waits"                     \
    " FROM information_schema.PROCESSLIST P WHERE "

/* LOCK TABLES, DDL, running DML and commits; not the readers', nor those of backups, which SET read_only
 * passes. */
#define HOLDERS                                                                                              \
    ";SELECT THREAD_ID AS id FROM information_schema.METADATA_LOCK_INFO WHERE LOCK_TYPE='Backup lock' AND"   \
    " LOCK_MODE IN ('MDL_BACKUP_DML','MDL_BACKUP_TRANS_DML','MDL_BACKUP_SYS_DML','MDL_BACKUP_DDL',"          \
    "'MDL_BACKUP_BLOCK_DDL','MDL_BACKUP_ALTER_COPY','MDL_BACKUP_COMMIT') LIMIT 1000"

#define RUNNING                                                                                              \
    " AND P.COMMAND<>'Sleep' AND IFNULL(P.STATE,'')<>'Waiting for backup lock'"                              \
    " AND IFNULL(P.INFO,'x') NOT REGEXP '^[[:space:](]*(SELECT|SHOW|WITH|EXPLAIN|DESC|SET|KILL)'"

/* User names are those of system users; a quote or a backslash in one is doubled all the same. */
static void quote(const char *name, char *out, size_t size)
{
    size_t used = 0;
    out[used++] = '\'';
    for (; *name && used + 4 < size; name++) {
        if (*name == '\'' || *name == '\\')
            out[used++] = *name;
        out[used++] = *name;
    }
    out[used++] = '\'';
    out[used] = 0;
}

void ladder_sql_look(enum ladder_look look, const struct ladder_accounts *a, char out[LADDER_SQL_LOOK_MAX])
{
    char supervisor[80];
    char peer[80];
    char fencer[80];
    char spare[400];
    quote(a->supervisor, supervisor, sizeof(supervisor));
    quote(a->peer, peer, sizeof(peer));
    quote(a->fencer, fencer, sizeof(fencer));
    if (look == LADDER_LOOK_SUPERVISOR)
        snprintf(spare, sizeof(spare), "P.USER=%s AND P.HOST='localhost'", supervisor);
    else
        snprintf(spare, sizeof(spare),
                 "P.USER NOT IN (%s,%s,%s,'system user','event_scheduler') AND P.COMMAND NOT IN ('Binlog "
                 "Dump','Daemon')",
                 supervisor, peer, fencer);
    snprintf(out, LADDER_SQL_LOOK_MAX, WHO "%s AND P.ID NOT IN (%lu,%lu)%s LIMIT %d%s", spare, a->own[0],
             a->own[1], look == LADDER_LOOK_RUNNING ? RUNNING : "", LADDER_SQL_IDS_MAX,
             look == LADDER_LOOK_HOLDERS ? HOLDERS : "");
}

char *ladder_sql_kill(const int64_t *ids, size_t count)
{
    static const char head[] = "BEGIN NOT ATOMIC DECLARE CONTINUE HANDLER FOR 1094 BEGIN END;";
    const size_t each = sizeof("KILL ;") + 20;
    char *sql = mem_zalloc(sizeof(head) + count * each + sizeof("END"));
    size_t used = (size_t)sprintf(sql, "%s", head);
    for (size_t i = 0; i < count; i++)
        used += (size_t)sprintf(sql + used, "KILL %" PRId64 ";", ids[i]);
    strcpy(sql + used, "END");
    return sql;
}
