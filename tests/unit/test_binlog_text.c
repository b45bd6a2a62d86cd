/* Text of mariadb-binlog, as 10.11.19 prints it, read into transactions; and text that is made to mislead. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "wire/binlog_text.h"

#define MOST 8

struct heard {
    unsigned count;
    struct binlog_transaction at[MOST];
    struct gtid_set before;
};

static struct heard heard;

static void hear(const struct binlog_transaction *t, void *arg)
{
    struct heard *h = arg;
    if (h->count < MOST)
        h->at[h->count] = *t;
    h->count++;
}

static void read_pieces(const char *text, size_t size, size_t piece)
{
    struct binlog_text *b = malloc(sizeof(*b));
    memset(&heard, 0, sizeof(heard));
    binlog_text_begin(b, hear, &heard);
    for (size_t at = 0; at < size; at += piece)
        binlog_text_feed(b, text + at, size - at < piece ? size - at : piece);
    binlog_text_end(b);
    heard.before = b->before;
    free(b);
}

static void read_text(const char *text)
{
    read_pieces(text, strlen(text), strlen(text) + 1);
}

#define HEAD(event) "# at 4\n#261122  3:26:51 server id 1  end_log_pos 256 CRC32 0x24228d4a \t" event "\n"
#define GTID(gtid, kind)                                                                                     \
    HEAD("GTID " gtid " " kind)                                                                              \
    "/*M!100001 SET @@session.gtid_seq_no=7*//*!*/;\nSTART "                                                 \
    "TRANSACTION\n/*!*/;\n"
#define MAP HEAD("Table_map: `mail`.`alias` mapped to number 18")
#define QUERY(text)                                                                                          \
    HEAD("Query\tthread_id=5\texec_time=0\terror_code=0\txid=0")                                             \
    "SET TIMESTAMP=1795318011/*!*/;\n/*!\\C utf8mb4 *//*!*/;\nuse `mail`/*!*/;\n" text "\n/*!*/;\n"

static const char rows_of_all_kinds[] = "DELIMITER /*!*/;\n" HEAD(
    "Start: binlog v 4, server v "
    "10.11.19-MariaDB") HEAD("Gtid list [0-1-6,") "# 0-2-9]\n" HEAD("Binlog checkpoint binlog.000001")
    GTID("0-1-7", "trans") MAP HEAD(
        "Write_rows: table id 18 flags: STMT_END_F") "### INSERT INTO `mail`.`alias`\n### SET\n###   "
                                                     "@1=4\n###   @2='a\\x0a### INSERT INTO `x`.`y`'\n"
                                                     "### INSERT INTO `mail`.`alias`\n### SET\n###   "
                                                     "@1=5\n###   @2=NULL\n# Number of rows: 2\n" HEAD(
                                                         "Update_compressed_rows: table id 18 flags: "
                                                         "STMT_END_F") "### UPDATE `mail`.`we``ird t`\n### "
                                                                       "WHERE\n###   @1=1\n###   "
                                                                       "@2='old'\n### SET\n###   @1=1\n"
                                                                       "###   @2='new'\n" HEAD(
                                                                           "Delete_rows_"
                                                                           "v1: table id "
                                                                           "18") "### "
                                                                                 "DELETE "
                                                                                 "FROM "
                                                                                 "`mail`."
                                                                                 "`alias`"
                                                                                 "\n### "
                                                                                 "WHERE\n"
                                                                                 "###   "
                                                                                 "@1=3\n#"
                                                                                 "##   "
                                                                                 "@2='x'"
                                                                                 "\n" HEAD(
                                                                                     "Xid"
                                                                                     " = "
                                                                                     "9") "COMMIT/*!*/;\n";

static void expect_rows_of_all_kinds(void)
{
    const struct binlog_transaction *t = &heard.at[0];
    assert_int_equal(heard.count, 1);
    assert_int_equal(t->gtid.seq, 7);
    assert_int_equal(t->at_s, 1795318011);
    assert_false(t->ddl);
    assert_string_equal(t->statement, "");
    assert_int_equal(t->rows, 4);
    assert_int_equal(t->table_count, 2);
    assert_string_equal(t->tables[0].name, "mail.alias");
    assert_int_equal(t->tables[0].inserted, 2);
    assert_int_equal(t->tables[0].deleted, 1);
    assert_string_equal(t->tables[1].name, "mail.we`ird t");
    assert_int_equal(t->tables[1].updated, 1);
    assert_int_equal(t->value_count, 4);
    assert_string_equal(t->values[0], "insert mail.alias: @1=4 @2='a\\x0a### INSERT INTO `x`.`y`'");
    assert_string_equal(t->values[2], "update mail.we`ird t: @1=1 @2='old' => @2='new'");
    assert_string_equal(t->values[3], "delete mail.alias: @1=3 @2='x'");
    assert_true(heard.before.known);
    assert_int_equal(heard.before.count, 2);
    assert_int_equal(heard.before.at[1].seq, 9);
}

static void test_rows(void **state)
{
    (void)state;
    for (size_t piece = 1; piece < 80; piece++) {
        read_pieces(rows_of_all_kinds, sizeof(rows_of_all_kinds) - 1, piece);
        expect_rows_of_all_kinds();
    }
}

static void test_statements(void **state)
{
    (void)state;
    read_text(HEAD("GTID 0-1-11 ddl") QUERY("ALTER TABLE alias\n   ADD COLUMN g INT") GTID("0-1-12", "trans")
                  QUERY("SAVEPOINT `s1`") QUERY("INSERT INTO alias VALUES (1)") QUERY("DELETE FROM alias")
                      QUERY("COMMIT") GTID("0-1-13", "trans") "XA START X'78',X'',1/*!*/;\n" HEAD(
                          "Query_compressed\tthread_id=5") "XA END X'78',X'',1\n/*!*/;\n");
    assert_int_equal(heard.count, 3);
    assert_true(heard.at[0].ddl);
    assert_string_equal(heard.at[0].statement, "ALTER TABLE alias ADD COLUMN g INT");
    assert_int_equal(heard.at[0].statements, 1);
    assert_string_equal(heard.at[1].statement, "INSERT INTO alias VALUES (1)");
    assert_int_equal(heard.at[1].statements, 2);
    assert_int_equal(heard.at[2].statements, 0);
}

/* What a statement says about events is no event. */
static void test_statement_that_misleads(void **state)
{
    (void)state;
    read_text(HEAD("GTID 0-1-11 ddl") QUERY("ALTER TABLE t ADD g INT /*\n" GTID("0-9-99", "trans") HEAD(
        "Write_rows: table id 18") "### INSERT INTO `x`.`y`\n*/"));
    /* the text's own delimiter ends it: mariadb-binlog's output could not be replayed either */
    assert_int_equal(heard.at[0].gtid.seq, 11);
    read_text(HEAD("GTID 0-1-11 ddl") QUERY("ALTER TABLE t ADD g INT /*\n" HEAD("GTID 0-9-99 trans") HEAD(
        "Write_rows: table id 18") "### INSERT INTO `x`.`y`\n*/"));
    assert_int_equal(heard.count, 1);
    assert_int_equal(heard.at[0].gtid.seq, 11);
    assert_int_equal(heard.at[0].rows, 0);
}

static void test_bounds(void **state)
{
    size_t size = 0, room = 4 << 20;
    char *text = malloc(room);
    (void)state;
    size += (size_t)snprintf(text, room, "%s", GTID("0-1-7", "trans") HEAD("Write_rows: table id 18"));
    for (int i = 0; i < 3000; i++)
        size += (size_t)snprintf(text + size, room - size,
                                 "### INSERT INTO `db`.`t%d`\n### SET\n###   @1=%d\n###   @900='%0600d'\n",
                                 i % 40, i, i);
    memset(text + size, 'x', 3 * BINLOG_LINE_MAX);
    size += 3 * BINLOG_LINE_MAX;
    size += (size_t)snprintf(text + size, room - size, "\n%s", GTID("0-1-8", "trans"));
    read_pieces(text, size, 1000);
    free(text);
    assert_int_equal(heard.count, 2);
    assert_int_equal(heard.at[0].rows, 3000);
    assert_int_equal(heard.at[0].table_count, BINLOG_TABLES_MAX);
    assert_int_equal(heard.at[0].rows_elsewhere, 3000 / 40 * 8);
    assert_int_equal(heard.at[0].value_count, BINLOG_ROWS_MAX);
    assert_true(strlen(heard.at[0].values[0]) < BINLOG_ROW_MAX);
    assert_non_null(strstr(heard.at[0].values[0], "..."));
}

static void test_what_is_not_shown_raw(void **state)
{
    (void)state;
    read_text(GTID("0-1-7", "trans") HEAD(
        "Write_rows: table id 18") "### INSERT INTO `m`.`\x1b[31m`\n### SET\n###   @1='\xff\x1b'\n");
    assert_string_equal(heard.at[0].tables[0].name, "m.?[31m");
    assert_string_equal(heard.at[0].values[0], "insert m.?[31m: @1='?"
                                               "?'");
}

/* Noise made of the pieces that mean something: no fault, and nothing beyond the bounds. */
static void test_noise(void **state)
{
    static const char *const pieces[] = {
        GTID("0-1-7", "ddl"),   "### ",      "SET ",   "INSERT INTO ", "`",        "@1=",     "\n", "#261122",
        HEAD("Gtid list [0-1"), "# ",        "]",      "/*!*/;\n",     QUERY("x"), "UPDATE ", "\t", "\xff",
        HEAD("Update_rows:"),   "### SET\n", "###   @"};
    char text[4096];
    (void)state;
    srand(1);
    for (int round = 0; round < 20000; round++) {
        size_t size = 0;
        while (size < 3000)
            size += (size_t)snprintf(text + size, sizeof(text) - size, "%s",
                                     pieces[(size_t)rand() % (sizeof(pieces) / sizeof(pieces[0]))]);
        read_pieces(text, size, 1 + (size_t)rand() % 4096);
        for (unsigned i = 0; i < heard.count && i < MOST; i++)
            assert_true(heard.at[i].table_count <= BINLOG_TABLES_MAX &&
                        heard.at[i].value_count <= BINLOG_ROWS_MAX);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows),
        cmocka_unit_test(test_statements),
        cmocka_unit_test(test_statement_that_misleads),
        cmocka_unit_test(test_bounds),
        cmocka_unit_test(test_what_is_not_shown_raw),
        cmocka_unit_test(test_noise),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
