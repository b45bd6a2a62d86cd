/* The slow look at a server: what its answers are read as, what an account is taken for, and which settings
 * of two servers do not fit. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "model/audit.h"
#include "wire/audit_sql.h"
#include "wire/clients_sql.h"

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

/* ---- accounts ---- */

static void standings(void **state)
{
    static const char *const accepted[] = {"backup", "dba@%", "ops@192.0.2.%"};
    static const struct {
        const char *account;
        enum audit_kind kind;
        bool socket_only;
        enum audit_standing want;
    } cases[] = {
        {"root@localhost", AUDIT_ACCOUNT, true, AUDIT_ADMINISTRATOR},
        {"root@localhost", AUDIT_ACCOUNT, false, AUDIT_ADMINISTRATOR},
        {"root@127.0.0.1", AUDIT_ACCOUNT, false, AUDIT_ADMINISTRATOR},
        {"root@::1", AUDIT_ACCOUNT, false, AUDIT_ADMINISTRATOR},
        {"root@%", AUDIT_ACCOUNT, false, AUDIT_FINDING},
        {"root@mx1", AUDIT_ACCOUNT, true, AUDIT_FINDING},
        {"rooter@localhost", AUDIT_ACCOUNT, true, AUDIT_FINDING},
        {"mysql@localhost", AUDIT_ACCOUNT, true, AUDIT_ADMINISTRATOR},
        {"mysql@localhost", AUDIT_ACCOUNT, false, AUDIT_FINDING},
        {"postfix@localhost", AUDIT_ACCOUNT, true, AUDIT_FINDING},
        {"root@localhost", AUDIT_PROCEDURE, true, AUDIT_FINDING},
        {"root@localhost", AUDIT_EVENT, true, AUDIT_FINDING},
        {"backup@localhost", AUDIT_ACCOUNT, false, AUDIT_ACCEPTED},
        {"backup@%", AUDIT_EVENT, false, AUDIT_ACCEPTED},
        {"backup2@%", AUDIT_ACCOUNT, false, AUDIT_FINDING},
        {"dba@%", AUDIT_ACCOUNT, false, AUDIT_ACCEPTED},
        {"dba@localhost", AUDIT_ACCOUNT, false, AUDIT_FINDING},
        {"ops@192.0.2.%", AUDIT_PROCEDURE, false, AUDIT_ACCEPTED},
        {"odd@name@%", AUDIT_ACCOUNT, false, AUDIT_FINDING},
        {"PUBLIC@", AUDIT_ACCOUNT, false, AUDIT_FINDING},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct audit_entry e = {.kind = cases[i].kind, .socket_only = cases[i].socket_only};
        snprintf(e.account, sizeof(e.account), "%s", cases[i].account);
        enum audit_standing got = audit_standing(&e, accepted, COUNT(accepted));
        if (got != cases[i].want)
            fail_msg("%s (%s): %s", cases[i].account, audit_kind_name(e.kind), audit_standing_name(got));
    }
}

/* ---- answers ---- */

static const struct audit_names names = {
    .cluster = "mail", .nodes = {"mx1", "mx2"}, .users = {"replcheck", "peer"}, .fencer = "replcheck-fence"};

static struct rows rows_of(const char *const *columns, size_t width, const char *const *cells, size_t height)
{
    return (struct rows){.column_count = width, .row_count = height, .names = columns, .cells = cells};
}

static void reads_accounts(void **state)
{
    static const char *const columns[] = {"kind", "user", "host", "via", "socket_only", "object"};
    static const char *const cells[] = {"account",   "app",  "%",         NULL,          "0",  "",
                                        "event",     "root", "localhost", "role admins", "1",  "d.purge",
                                        "something", NULL,   NULL,        NULL,          NULL, NULL};
    struct rows set = rows_of(columns, 6, cells, 3);
    struct audit *a = calloc(1, sizeof(*a));
    (void)state;
    audit_read(a, &names, &set, 1, 7);
    assert_int_equal(a->accounts_us, 7);
    assert_int_equal(a->entry_count, 3);
    assert_string_equal(a->entries[0].account, "app@%");
    assert_string_equal(a->entries[0].via, "");
    assert_int_equal(a->entries[1].kind, AUDIT_EVENT);
    assert_string_equal(a->entries[1].object, "d.purge");
    assert_string_equal(a->entries[1].via, "role admins");
    assert_true(a->entries[1].socket_only);
    assert_string_equal(a->entries[2].account, "@");
    assert_false(a->entries[2].socket_only);
    assert_int_equal(a->locks_us + a->settings_us, 0);
    free(a);
}

static void more_accounts_than_fit(void **state)
{
    static const char *const columns[] = {"kind", "user", "host", "via", "socket_only", "object"};
    const char *cells[6 * 100];
    struct audit *a = calloc(1, sizeof(*a));
    char longest[400];
    (void)state;
    memset(longest, 'x', sizeof(longest) - 1);
    longest[sizeof(longest) - 1] = '\0';
    for (size_t i = 0; i < COUNT(cells); i++)
        cells[i] = longest;
    struct rows set = rows_of(columns, 6, cells, 100);
    audit_read(a, &names, &set, 1, 7);
    assert_int_equal(a->entry_count, AUDIT_ENTRIES_MAX);
    assert_int_equal(a->entry_total, 100);
    assert_true(strlen(a->entries[AUDIT_ENTRIES_MAX - 1].object) < AUDIT_OBJECT_MAX);
    free(a);
}

/* It is shown, and may come from a server that lies. */
static void reads_what_no_server_says(void **state)
{
    static const char *const accounts[] = {"kind", "user", "host"}, *const app[] = {"account", "a\033[31m",
                                                                                    "\xff\n"};
    static const char *const version[] = {"part", "version"}, *const high[] = {"schema", "4294967299"};
    static const char *const fencer[] = {"part", "sessions"}, *const low[] = {"fencer", "-1"};
    static const char *const settings[] = {"part", "name", "value"}, *const format[] = {"setting",
                                                                                        "binlog_format",
                                                                                        "ROW\033"};
    struct rows sets[] = {rows_of(accounts, 3, app, 1), rows_of(version, 2, high, 1),
                          rows_of(fencer, 2, low, 1), rows_of(settings, 3, format, 1)};
    struct audit *a = calloc(1, sizeof(*a));
    (void)state;
    audit_read(a, &names, sets, COUNT(sets), 7);
    assert_string_equal(a->entries[0].account, "a?[31m@??");
    assert_int_equal(a->schema_version, 0);
    assert_int_equal(a->fencer_sessions, 0);
    assert_string_equal(a->settings.value[drift_find("binlog_format")], "ROW?");
    free(a);
}

static void reads_locks(void **state)
{
    static const char *const columns[] = {"part",   "id",     "user",   "host",  "lock_0",
                                          "lock_1", "lock_2", "lock_3", "lock_4"};
    static const char *const cells[] = {
        "lock",
        "11",
        "replcheck",
        "localhost",
        "1",
        "0",
        "0",
        "1",
        "0", /* ours: the vote */
        "lock",
        "12",
        "replcheck-fence",
        "localhost",
        "0",
        "0",
        "1",
        "0",
        "0", /* the fencer's */
        "lock",
        "13",
        "peer",
        "192.0.2.12:40000",
        "0",
        "1",
        "0",
        "0",
        "1", /* the peer's */
        "lock",
        "14",
        "app",
        "192.0.2.50:40001",
        "0",
        "1",
        "0",
        "0",
        "1", /* foreign: two locks */
        "lock",
        "15",
        "replcheck",
        "localhost",
        "0",
        "0",
        "1",
        "0",
        "0", /* not the fencer */
        "lock",
        "16",
        "replcheck-fence",
        "192.0.2.11:40002",
        "1",
        "0",
        "1",
        "0",
        "0", /* not from here, no voter */
        "lock",
        "x",
        "app",
        NULL,
        "1",
        "0",
        "0",
        "0",
        "0", /* no number */
        "lock",
        "17",
        "replcheck-definer",
        "localhost",
        "1",
        "0",
        "1",
        "0",
        "0", /* a session of ours within a procedure; not the fencer's lock */
    };
    struct rows set = rows_of(columns, 9, cells, 8);
    struct audit *a = calloc(1, sizeof(*a));
    (void)state;
    audit_read(a, &names, &set, 1, 9);
    assert_int_equal(a->locks_us, 9);
    assert_int_equal(a->holder_count, 4);
    assert_int_equal(a->holders[0].connection, 14);
    assert_int_equal(a->holders[0].locks, 1U << AUDIT_BELL | 1U << AUDIT_HERE_2);
    assert_string_equal(a->holders[0].account, "app@192.0.2.50:40001");
    assert_int_equal(a->holders[1].connection, 15);
    assert_int_equal(a->holders[1].locks, 1U << AUDIT_WRITE);
    assert_int_equal(a->holders[2].locks, 1U << AUDIT_VOTE | 1U << AUDIT_WRITE);
    set.row_count = 0;
    audit_read(a, &names, &set, 1, 10);
    assert_int_equal(a->holder_count, 0);
    free(a);
}

/* The whole question's answer, parts of it missing: what is missing keeps its age. */
/* Each is told once, however many there are. */
static void new_holders(void **state)
{
    const struct audit_holder first = {.locks = 1, .connection = 17, .account = "root@localhost"},
                              second = {.locks = 4, .connection = 18, .account = "root@localhost"},
                              before[] = {first, second};
    struct audit_holder other = second;
    (void)state;
    assert_true(audit_holder_is_new(&first, before, 0));
    assert_false(audit_holder_is_new(&first, before, 1));
    assert_true(audit_holder_is_new(&second, before, 1));
    assert_false(audit_holder_is_new(&first, before, 2));
    assert_false(audit_holder_is_new(&second, before, 2));
    other.locks = 6;
    assert_true(audit_holder_is_new(&other, before, 2));
}

static void reads_settings(void **state)
{
    static const char *const columns[] = {"part", "name", "value"};
    static const char *const cells[] = {"setting", "SYNC_BINLOG", "1", "setting", "REPLICATE_DO_DB", "",
                                        "setting", "NO_SUCH",     "x", "setting", "SQL_MODE",        NULL};
    static const char *const filter_columns[] = {"File", "Position", "Binlog_Do_DB", "Binlog_Ignore_DB"};
    static const char *const filter_cells[] = {"binlog.1", "4", "mail", ""};
    static const char *const version_columns[] = {"part", "version"};
    static const char *const version_cells[] = {"schema", "2"};
    struct rows sets[] = {rows_of(columns, 3, cells, 4), rows_of(version_columns, 2, version_cells, 1),
                          rows_of(filter_columns, 4, filter_cells, 1)};
    struct audit *a = calloc(1, sizeof(*a));
    (void)state;
    audit_read(a, &names, sets, 3, 11);
    assert_int_equal(a->settings_us, 11);
    assert_int_equal(a->schema_version, 2);
    assert_string_equal(a->settings.value[drift_find("sync_binlog")], "1");
    assert_true(a->settings.known[drift_find("replicate_do_db")]);
    assert_string_equal(a->settings.value[drift_find("binlog_do_db")], "mail");
    assert_false(a->settings.known[drift_find("log_bin")]);
    audit_read(a, &names, sets + 1, 1, 12);
    assert_int_equal(a->settings_us, 11);
    assert_int_equal(a->accounts_us, 0);
    free(a);
}

static void asks_for_all(void **state)
{
    char *sql = audit_whole_sql(&names);
    (void)state;
    for (size_t i = 0; i < drift_count; i++)
        assert_non_null(
            strstr(sql, drift_settings[i].name) || strncmp(drift_settings[i].name, "binlog_", 7) == 0 ? sql
                                                                                                      : NULL);
    assert_non_null(strstr(sql, "'replcheck.here.mail.mx2'"));
    assert_non_null(strstr(sql, "'replcheck.write.mail'"));
    free(sql);
}

static void spares_accounts(void **state)
{
    static const char *const accounts[] = {"backup", "dba@192.0.2.%"};
    struct clients_spared spared = {.users = {"replcheck", NULL, "replcheck-fence"}, accounts, 2};
    static const char *const parts[] = {
        " AND USER<>'replcheck' AND USER<>'replcheck-fence' AND USER<>'backup'",
        "(USER='dba' AND REGEXP_REPLACE(HOST,':[0-9]+$','') LIKE '192.0.2.%')",
        "CONCAT(@@GLOBAL.read_only) NOT IN ('0','OFF')"};
    char *sql = clients_end_sql(&spared);
    (void)state;
    for (size_t i = 0; i < COUNT(parts); i++)
        if (!strstr(sql, parts[i]))
            fail_msg("%s is not in %s", parts[i], sql);
    free(sql);
}

/* ---- settings ---- */

#define LONG_MODE_A "STRICT_TRANS_TABLES,ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION"
#define LONG_MODE_B "STRICT_TRANS_TABLES,ERROR_FOR_DIVISION_BY_ZERO,ANSI_QUOTES,PIPES_AS_CONCAT"

static void judges_settings(void **state)
{
    static const struct {
        const char *name, *a, *b; /* NULL = unknown */
        enum drift_kind want;
    } cases[] = {
        {"sync_binlog", "1", "1", DRIFT_NONE},
        {"sync_binlog", "1", "0", DRIFT_DIFFERS},
        {"sync_binlog", "1", NULL, DRIFT_NONE},
        {"sync_binlog", NULL, NULL, DRIFT_NONE},
        {"replicate_do_db", "", "mail", DRIFT_DIFFERS},
        {"replicate_do_db", "", "", DRIFT_NONE},
        {"log_slave_updates", "ON", "ON", DRIFT_NONE},
        {"log_slave_updates", "OFF", "OFF", DRIFT_UNWANTED},
        {"log_slave_updates", "ON", "OFF", DRIFT_UNWANTED},
        {"log_slave_updates", NULL, "OFF", DRIFT_UNWANTED},
        {"log_slave_updates", NULL, "ON", DRIFT_NONE},
        {"binlog_format", "MIXED", "ROW", DRIFT_UNWANTED},
        {"slave_exec_mode", "STRICT", "IDEMPOTENT", DRIFT_UNWANTED},
        {"version", "10.11.19-MariaDB-0+deb12u1-log", "10.11.19-MariaDB-0+deb12u1", DRIFT_NONE},
        {"version", "10.11.19-MariaDB", "10.11.20-MariaDB", DRIFT_MINOR},
        {"version", "10.11.19-MariaDB", "10.1.19-MariaDB", DRIFT_DIFFERS},
        {"version", "10.11.19-MariaDB", "11.8.2-MariaDB", DRIFT_DIFFERS},
        {"version", "odd", "10.11.19-MariaDB", DRIFT_DIFFERS},
        {"sql_mode", LONG_MODE_A, LONG_MODE_B, DRIFT_DIFFERS},
    };
    struct drift_values *v = calloc(2, sizeof(*v));
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        int index = drift_find(cases[i].name);
        memset(v, 0, 2 * sizeof(*v));
        if (cases[i].a)
            drift_store(&v[0], index, cases[i].a);
        if (cases[i].b)
            drift_store(&v[1], index, cases[i].b);
        enum drift_kind got = drift_judge(&v[0], &v[1], index), back = drift_judge(&v[1], &v[0], index);
        if (got != cases[i].want || back != got)
            fail_msg("%s: %s and %s: %d, %d", cases[i].name, cases[i].a, cases[i].b, got, back);
    }
    free(v);
}

/* Two that differ behind what fits remain different. */
static void long_values_stay_different(void **state)
{
    struct drift_values *v = calloc(2, sizeof(*v));
    char text[2][1000];
    (void)state;
    for (int i = 0; i < 2; i++) {
        memset(text[i], 'x', sizeof(text[i]) - 1);
        text[i][sizeof(text[i]) - 1] = '\0';
        text[i][900] = i ? 'y' : 'z';
        drift_store(&v[i], drift_find("replicate_wild_do_table"), text[i]);
    }
    assert_int_equal(drift_judge(&v[0], &v[1], drift_find("replicate_wild_do_table")), DRIFT_DIFFERS);
    assert_true(strlen(v[0].value[drift_find("replicate_wild_do_table")]) < DRIFT_VALUE_MAX);
    free(v);
}

static void shows_values(void **state)
{
    static const struct {
        const char *value, *other, *want;
    } cases[] = {
        {"ROW", "MIXED", "ROW"},
        {"", "mail", "nothing"},
        {"a,b", "a,c", "a,b"},
        {LONG_MODE_A, LONG_MODE_B, "besides NO_ENGINE_SUBSTITUTION"},
        {LONG_MODE_B, LONG_MODE_A, "besides ANSI_QUOTES,PIPES_AS_CONCAT"},
        {"STRICT_TRANS_TABLES,ERROR_FOR_DIVISION_BY_ZERO", LONG_MODE_A, "nothing besides"},
        {"", LONG_MODE_A, "nothing"},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        char out[64];
        drift_show(cases[i].value, cases[i].other, out, sizeof(out));
        assert_string_equal(out, cases[i].want);
    }
}

static void table_is_well_formed(void **state)
{
    (void)state;
    assert_int_equal(drift_find("no_such"), -1);
    for (size_t i = 0; i < drift_count; i++) {
        assert_int_equal(drift_find(drift_settings[i].name), (int)i);
        assert_true(strlen(drift_settings[i].name) < 32);
        assert_true(*drift_settings[i].remedy);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(standings),
        cmocka_unit_test(reads_accounts),
        cmocka_unit_test(more_accounts_than_fit),
        cmocka_unit_test(reads_what_no_server_says),
        cmocka_unit_test(reads_locks),
        cmocka_unit_test(new_holders),
        cmocka_unit_test(reads_settings),
        cmocka_unit_test(asks_for_all),
        cmocka_unit_test(spares_accounts),
        cmocka_unit_test(judges_settings),
        cmocka_unit_test(long_values_stay_different),
        cmocka_unit_test(shows_values),
        cmocka_unit_test(table_is_well_formed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
