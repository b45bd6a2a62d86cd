/* The fence ladder's statements: who is meant, and who never. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "io/ladder_sql.h"

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

static void looks(void **state)
{
    static const struct {
        const char *name;
        enum ladder_look look;
        const char *supervisor, *has, *lacks;
    } cases[] = {
        {"the supervisor's, from this host", LADDER_LOOK_SUPERVISOR, "replcheck",
         "P.USER='replcheck' AND P.HOST='localhost' AND P.ID NOT IN (7,8)", "NOT IN ('replcheck'"},
        {"never our own accounts, nor replication", LADDER_LOOK_ALL, "replcheck",
         "P.USER NOT IN ('replcheck','replcheck-peer','replcheck-fence','system user','event_scheduler') AND "
         "P.COMMAND NOT IN "
         "('Binlog Dump','Daemon') AND P.ID NOT IN (7,8)",
         "METADATA_LOCK_INFO"},
        {"holders: a second set", LADDER_LOOK_HOLDERS, "replcheck", ";SELECT THREAD_ID AS id FROM", "JOIN"},
        {"holders: sparing the same", LADDER_LOOK_HOLDERS, "replcheck", "P.USER NOT IN ('replcheck',",
         "REGEXP"},
        {"whoever waits for room on the disk is told apart", LADDER_LOOK_ALL, "replcheck",
         "='Waiting for someone to free space' AS waits", "METADATA_LOCK_INFO"},
        {"running: no readers", LADDER_LOOK_RUNNING, "replcheck", "NOT REGEXP", "METADATA_LOCK_INFO"},
        {"a quote in a name", LADDER_LOOK_SUPERVISOR, "o'b\\r", "P.USER='o''b\\\\r'", "METADATA"},
        {"a name of 32 quotes", LADDER_LOOK_ALL, "''''''''''''''''''''''''''''''''", "LIMIT 1000", ";"},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct ladder_accounts accounts = {cases[i].supervisor, "replcheck-peer", "replcheck-fence", {7, 8}};
        char sql[LADDER_SQL_LOOK_MAX];
        ladder_sql_look(cases[i].look, &accounts, sql);
        if (!strstr(sql, cases[i].has))
            fail_msg("%s: no \"%s\" in %s", cases[i].name, cases[i].has, sql);
        if (strlen(sql) >= LADDER_SQL_LOOK_MAX - 1)
            fail_msg("%s: too long", cases[i].name);
        if (strstr(sql, cases[i].lacks))
            fail_msg("%s: \"%s\" in %s", cases[i].name, cases[i].lacks, sql);
    }
}

static void kills(void **state)
{
    const int64_t ids[] = {3, INT64_MAX};
    (void)state;
    char *sql = ladder_sql_kill(ids, 2);
    assert_string_equal(sql, "BEGIN NOT ATOMIC DECLARE CONTINUE HANDLER FOR 1094 BEGIN END;"
                             "KILL 3;KILL 9223372036854775807;END");
    free(sql);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(looks), cmocka_unit_test(kills)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
