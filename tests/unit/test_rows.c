/* Cells of a result set by name: both vocabularies, and every way in which a value is not known. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "wire/rows.h"

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

static const char *const names[] = {"Slave_IO_Running", "Read_Master_Log_Pos", "Seconds_Behind_Master",
                                    "Gtid_IO_Pos", "read_only"};
static const char *const cells[] = {"Yes", "4096", NULL, "0-1-5", "1", /* */
                                    "No",  "-7",   "0",  "",      "x"};
static const struct rows set = {.column_count = 5, .row_count = 2, .names = names, .cells = cells};

static void finds_columns(void **state)
{
    static const struct {
        const char *name, *column;
        int want;
    } cases[] = {
        {"as the server spells it", "Slave_IO_Running", 0},
        {"case is nothing", "slave_io_RUNNING", 0},
        {"the other vocabulary, first word", "Replica_IO_Running", 0},
        {"the other vocabulary, in the middle", "Read_Source_Log_Pos", 1},
        {"the other vocabulary, at the end", "Seconds_Behind_Source", 2},
        {"a replica is no source", "Source_IO_Running", -1},
        {"only the beginning", "Slave_IO", -1},
        {"more than the name", "Slave_IO_Running_State", -1},
        {"part of a word", "Slav_IO_Running", -1},
        {"empty", "", -1},
        {"an underscore more", "read__only", -1},
        {"no such column", "Gtid_Slave_Pos", -1},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++)
        if (rows_column(&set, cases[i].column) != cases[i].want)
            fail_msg("%s: %d", cases[i].name, rows_column(&set, cases[i].column));
}

static void both_vocabularies_both_ways(void **state)
{
    static const char *const modern[] = {"Replica_IO_Running", "Source_Host"};
    static const struct rows s = {.column_count = 2, .names = modern};
    (void)state;
    assert_int_equal(rows_column(&s, "Slave_IO_Running"), 0);
    assert_int_equal(rows_column(&s, "Master_Host"), 1);
}

static void finds_text(void **state)
{
    static const struct rows empty = {.column_count = 5, .names = names};
    (void)state;
    assert_string_equal(rows_text(&set, 0, "Gtid_IO_Pos"), "0-1-5");
    assert_string_equal(rows_text(&set, 1, "Gtid_IO_Pos"), "");
    assert_null(rows_text(&set, 0, "Seconds_Behind_Master"));
    assert_null(rows_text(&set, 2, "Gtid_IO_Pos"));
    assert_null(rows_text(&set, SIZE_MAX, "Gtid_IO_Pos"));
    assert_null(rows_text(&set, 0, "nothing"));
    assert_null(rows_text(&empty, 0, "Gtid_IO_Pos"));
}

static struct rows cell(const char *const *text)
{
    static const char *const v[] = {"v"};
    return (struct rows){.column_count = 1, .row_count = 1, .names = v, .cells = text};
}

static void reads_numbers(void **state)
{
    static const struct {
        const char *text;
        bool ok;
        int64_t want;
    } cases[] = {
        {"0", true, 0},
        {"-1", true, -1},
        {"0042", true, 42},
        {"9223372036854775807", true, INT64_MAX},
        {"-9223372036854775808", true, INT64_MIN},
        {"9223372036854775808", false, 0},
        {"18446744073709548054", false, 0},
        {NULL, false, 0},
        {"", false, 0},
        {"-", false, 0},
        {" 1", false, 0},
        {"1 ", false, 0},
        {"+1", false, 0},
        {"1.0", false, 0},
        {"1e3", false, 0},
        {"0x10", false, 0},
        {"ON", false, 0},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct rows one = cell(&cases[i].text);
        int64_t out = 77;
        bool ok = rows_i64(&one, 0, "v", &out);
        if (ok != cases[i].ok || out != (ok ? cases[i].want : 77))
            fail_msg("'%s': %d, %lld", cases[i].text ? cases[i].text : "NULL", ok, (long long)out);
    }
    int64_t out = 77;
    assert_false(rows_i64(&set, 0, "nothing", &out));
    assert_false(rows_i64(&set, 5, "read_only", &out));
    assert_int_equal(out, 77);
}

static void reads_truth(void **state)
{
    static const struct {
        const char *text;
        enum tri want;
    } cases[] = {
        {"Yes", TRI_YES},    {"ON", TRI_YES},    {"1", TRI_YES},
        {"yes", TRI_YES},    {"on", TRI_YES},    {"No", TRI_NO},
        {"OFF", TRI_NO},     {"0", TRI_NO},      {NULL, TRI_UNKNOWN},
        {"", TRI_UNKNOWN},   {"2", TRI_UNKNOWN}, {"Connecting", TRI_UNKNOWN},
        {"10", TRI_UNKNOWN}, {"Y", TRI_UNKNOWN}, {"Preparing", TRI_UNKNOWN},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct rows one = cell(&cases[i].text);
        if (rows_tri(&one, 0, "v") != cases[i].want)
            fail_msg("'%s': %s", cases[i].text ? cases[i].text : "NULL", tri_name(rows_tri(&one, 0, "v")));
    }
    assert_int_equal(rows_tri(&set, 0, "nothing"), TRI_UNKNOWN);
    assert_int_equal(rows_tri(&set, 9, "read_only"), TRI_UNKNOWN);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_columns), cmocka_unit_test(both_vocabularies_both_ways),
        cmocka_unit_test(finds_text),    cmocka_unit_test(reads_numbers),
        cmocka_unit_test(reads_truth),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
