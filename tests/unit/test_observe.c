/* What a probe makes of numbers and texts that no honest server answers: they are unknown, never another
 * number. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "wire/observe.h"

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

static const struct observe_names names = {.cluster = "mail",
                                           .nodes = {"mx1", "mx2"},
                                           .account = "replcheck",
                                           .master_address = "192.0.2.12",
                                           .master_port = 3306,
                                           .master_server_id = 2};

static struct server_view *view;

static int begin(void **state)
{
    (void)state;
    view = calloc(1, sizeof(*view));
    return view ? 0 : -1;
}

static int end(void **state)
{
    (void)state;
    free(view);
    return 0;
}

static void observe(const char *const *columns, const char *const *cells, size_t width)
{
    struct rows set = {.column_count = width, .row_count = 1, .names = columns, .cells = cells};
    observe_server(view, &names, &set, 1, 1000000, 1001000);
}

static void numbers_that_do_not_fit(void **state)
{
    static const char *const columns[] = {"part", "read_only", "server_id", "auto_increment_increment",
                                          "auto_increment_offset"};
    static const char *const cells[] = {"server", "2", "4294967297", "99999999999", "-1"};
    static const char *const breaker[] = {"part", "unplanned"}, *const promotions[] = {"breaker",
                                                                                       "4294967295"};
    static const char *const status[] = {"Variable_name", "Value"}, *const waiting[] = {
                                                                        "Rpl_semi_sync_master_wait_sessions",
                                                                        "4294967298"};
    (void)state;
    observe(columns, cells, COUNT(columns));
    assert_int_equal(view->read_only, TRI_UNKNOWN);
    assert_int_equal(view->server_id, 0);
    assert_int_equal(view->auto_increment_increment, 0);
    assert_int_equal(view->auto_increment_offset, 0);
    observe(breaker, promotions, COUNT(breaker));
    assert_int_equal(view->unplanned, 0);
    observe(status, waiting, COUNT(status));
    assert_int_equal(view->semi_sync.waiting, 0);
}

static void a_receivers_states(void **state)
{
    static const struct {
        const char *text;
        enum io_state want;
    } cases[] = {{"Yes", IO_YES},
                 {"No", IO_NO},
                 {"Connecting", IO_CONNECTING},
                 {"Preparing", IO_CONNECTING},
                 {"banana", IO_UNKNOWN},
                 {"", IO_UNKNOWN},
                 {NULL, IO_UNKNOWN}};
    static const char *const columns[] = {"Slave_IO_Running"};
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        observe(columns, &cases[i].text, 1);
        assert_int_equal(view->replication.io, cases[i].want);
    }
}

static void idle_for_how_long(void **state)
{
    static const struct {
        const char *text;
        int64_t want;
    } cases[] = {{"3001.25", 3001}, {"0", 0},     {"-5", 0},  {NULL, 0},  {"", 0},
                 {"soon", 0},       {"1e300", 0}, {"inf", 0}, {"nan", 0}, {"-1e300", 0}};
    static const char *const columns[] = {"part", "id", "user", "command", "time_ms"};
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        const char *const cells[] = {"holder", "4711", "replcheck", "Sleep", cases[i].text};
        struct rows set = {.column_count = 5, .row_count = 1, .names = columns, .cells = cells};
        struct holder_view holder;
        observe_holder(&holder, &names, &set, 1000000, 0);
        assert_int_equal(holder.idle_ms, cases[i].want);
    }
}

/* Ours is the one from the other node, whatever its name; what else stands still is not passed over. */
static void connections_from_elsewhere(void **state)
{
    static const char *const columns[] = {"Connection_name",  "Master_Host",       "Master_Port",
                                          "Slave_IO_Running", "Slave_SQL_Running", "Last_SQL_Errno",
                                          "Last_IO_Errno"};
    static const struct {
        const char *cells[7];
        int broken; /* of these, and a good one from the other node */
    } cases[] = {
        {{"branch", "192.0.2.50", "3306", "Yes", "Yes", "0", "0"}, 0},
        {{"branch", "192.0.2.50", "3306", "Connecting", "Yes", "0", "0"}, 0},
        {{"branch", "192.0.2.50", "3306", "Connecting", "Yes", "0", "2003"}, 1},
        {{"branch", "192.0.2.50", "3306", "Yes", "No", "1062", "0"}, 1},
        {{"branch", "192.0.2.50", "3306", "No", "No", "0", "0"}, 1},
        {{"branch", "192.0.2.12", "3307", "No", "Yes", "0", "0"}, 1},
        {{NULL, NULL, NULL, "No", NULL, NULL, NULL}, 1},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        const char *cells[14] = {[7] = "peer", "192.0.2.12", "3306", "Yes", "Yes", "0", "0"};
        struct rows set = {.column_count = 7, .row_count = 2, .names = columns, .cells = cells};
        struct replication_view v;
        memcpy(cells, cases[i].cells, sizeof(cases[i].cells));
        observe_replication(&v, &names, &set);
        assert_string_equal(v.connection, "peer");
        assert_int_equal(v.sql, TRI_YES);
        assert_int_equal(v.broken_count, cases[i].broken);
        assert_string_equal(v.broken.name, cases[i].broken && cases[i].cells[0] ? "branch" : "");
    }
}

/* MASTER_HOST may be a host's name, which is not resolved here. */
static void the_other_node_by_its_name(void **state)
{
    static const char *const columns[] = {"Connection_name", "Master_Host", "Master_Port",
                                          "Master_Server_Id"};
    static const struct {
        const char *cells[8], *want;
        enum tri configured;
    } cases[] = {
        {{"branch", "b1", "3306", "7", "pair", "mx2", "3306", "2"}, "pair", TRI_YES},
        {{"branch", "b1", "3306", "7", "pair", "mx2", "3306", "0"}, "pair", TRI_YES},
        {{"branch", "192.0.2.50", "3306", "0", "pair", "mx2", "3306", "0"}, "pair", TRI_YES},
        {{"branch", "b1", "3307", "0", "pair", "mx2", "3306", "0"}, "pair", TRI_YES},
        {{"branch", "b1", "3306", "0", "pair", "mx2", "3306", "2"}, "pair", TRI_YES},
        {{"branch", "b1", "3306", "0", "pair", "mx2", "3306", "0"}, "", TRI_UNKNOWN},
        {{"branch", "b1", "3306", "7", "pair", "mx3", "3306", "8"}, "", TRI_UNKNOWN},
        {{"branch", "b1", "3306", "2", "pair", "mx2", "3306", "2"}, "", TRI_UNKNOWN},
        {{"branch", "b1", "3306", "2", "pair", "192.0.2.12", "3306", "0"}, "pair", TRI_YES},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct rows set = {.column_count = 4, .row_count = 2, .names = columns, .cells = cases[i].cells};
        struct replication_view v;
        observe_replication(&v, &names, &set);
        assert_string_equal(v.connection, cases[i].want);
        assert_int_equal(v.configured, cases[i].configured);
    }
}

/* It need not have the other node's address, and is somebody else's once another server has answered there.
 */
static void the_only_connection(void **state)
{
    static const char *const columns[] = {"Connection_name", "Master_Host", "Master_Port",
                                          "Master_Server_Id"};
    static const struct {
        const char *cells[4];
        enum tri configured;
    } cases[] = {
        {{"", "10.0.0.12", "3306", "2"}, TRI_YES},  {{"", "10.0.0.12", "3306", "0"}, TRI_YES},
        {{"", "10.0.0.12", "3306", NULL}, TRI_YES}, {{"", "10.0.0.12", "3306", "7"}, TRI_UNKNOWN},
        {{"", "mx2", "3306", "7"}, TRI_UNKNOWN},    {{"", "192.0.2.12", "3306", "7"}, TRI_YES},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct rows set = {.column_count = 4, .row_count = 1, .names = columns, .cells = cases[i].cells};
        struct replication_view v;
        observe_replication(&v, &names, &set);
        assert_int_equal(v.configured, cases[i].configured);
    }
}

/* Of 64 characters, which may be any. */
static void the_connections_name(void **state)
{
    static const char *const columns[] = {"Connection_name", "Slave_IO_Running"};
    static const struct {
        const char *name, *want;
    } cases[] = {
        {"", "STOP SLAVE IO_THREAD"},
        {"mx2", "STOP SLAVE 'mx2' IO_THREAD"},
        {"replication_from_the_other_mail_server_of_the_pair_in_rack_12_ab",
         "STOP SLAVE 'replication_from_the_other_mail_server_of_the_pair_in_rack_12_ab' IO_THREAD"},
        {"\303\274ber, dr\303\274ben", "STOP SLAVE '\303\274ber, dr\303\274ben' IO_THREAD"},
        {"o'the back\\slash", "STOP SLAVE 'o''the back\\\\slash' IO_THREAD"},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        const char *const cells[] = {cases[i].name, "Yes"};
        struct rows set = {.column_count = 2, .row_count = 1, .names = columns, .cells = cells};
        struct replication_view v;
        observe_replication(&v, &names, &set);
        char *sql = observe_slave_sql("STOP", v.connection, "IO_THREAD");
        assert_string_equal(sql, cases[i].want);
        free(sql);
    }
}

/* An error quotes data, which may be anything. */
static void an_error_is_one_line(void **state)
{
    static const char *const columns[] = {"Slave_IO_Running", "Slave_SQL_Running", "Last_SQL_Errno",
                                          "Last_SQL_Error"};
    static const char *const cells[] = {"Yes", "No", "1062", "Duplicate entry '\033[31m\n\xff' for key"};
    (void)state;
    observe(columns, cells, COUNT(columns));
    assert_string_equal(view->replication.error, "Duplicate entry '?[31m?"
                                                 "?' for key");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(numbers_that_do_not_fit, begin, end),
        cmocka_unit_test_setup_teardown(a_receivers_states, begin, end),
        cmocka_unit_test_setup_teardown(idle_for_how_long, begin, end),
        cmocka_unit_test_setup_teardown(connections_from_elsewhere, begin, end),
        cmocka_unit_test(the_other_node_by_its_name),
        cmocka_unit_test(the_only_connection),
        cmocka_unit_test(the_connections_name),
        cmocka_unit_test_setup_teardown(an_error_is_one_line, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
