/* A journal that is torn: it is used if it is whole, otherwise set aside, and both is said. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <dirent.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "flush_gate.h"
#include "journals.h"

/* Opens what lies at `journals_db`; it must go on, and either hold all that the whole one held or say so and
 * have kept `data` aside unchanged. Returns whether it said so. */
static bool open_torn(const char *name, const char *data, size_t size)
{
    char report[JOURNAL_REPORT_MAX], aside[160];
    struct journal_saved saved;
    struct err e = {""};
    enum tri found = journal_saved_load(journals_db, "position", &saved, &e);
    if (found == TRI_YES && strcmp(saved.text, "0-1-4711,1-2-42") != 0)
        fail_msg("%s: loaded \"%s\"", name, saved.text);
    if (found == TRI_UNKNOWN && !e.text[0])
        fail_msg("%s: nothing said why", name);
    struct journal *j = journals_open(0, report);
    struct journals_heard before = journals_list((struct journal_filter){0});
    journals_write(j, 100, 20);
    struct journals_heard after = journals_list((struct journal_filter){0});
    journal_close(&j);
    journals_find_aside(aside, sizeof(aside));
    if (after.count != before.count + 20)
        fail_msg("%s: %u events, then %u", name, before.count, after.count);
    if (!report[0] && (before.count != JOURNALS_EVENTS || before.foreign || found != TRI_YES || aside[0]))
        fail_msg("%s: lost something and said nothing (%u events)", name, before.count);
    if (report[0]) {
        char *kept;
        assert_string_not_equal(aside, "");
        assert_non_null(strstr(report, strrchr(aside, '/') + 1));
        assert_int_equal(before.count, 0);
        assert_int_equal(journals_read_file(aside, &kept), size);
        assert_memory_equal(kept, data, size);
        free(kept);
    }
    return report[0] != '\0';
}

static void test_truncated_anywhere(void **state)
{
    char *whole, name[64];
    (void)state;
    journals_make();
    size_t size = journals_read_file(journals_db, &whole);
    int cases = 0;
    for (size_t at = 0; at < size; at += at < 128         ? 5
                                         : at % 4096 == 0 ? 1
                                         : at % 4096 == 1 ? 1500
                                                          : 4096 - at % 4096) {
        journals_empty_dir();
        journals_write_file(journals_db, whole, at);
        snprintf(name, sizeof(name), "truncated to %zu", at);
        if (!open_torn(name, whole, at))
            fail_msg("%s: said nothing", name);
        cases++;
    }
    assert_true(cases > 40);
    free(whole);
}

static void test_header_bits_flipped(void **state)
{
    char *whole, name[64];
    int said = 0;
    (void)state;
    journals_make();
    size_t size = journals_read_file(journals_db, &whole);
    for (size_t bit = 0; bit < 100 * 8; bit += 5) {
        journals_empty_dir();
        whole[bit / 8] ^= (char)(1 << bit % 8);
        journals_write_file(journals_db, whole, size);
        snprintf(name, sizeof(name), "byte %zu bit %zu", bit / 8, bit % 8);
        said += open_torn(name, whole, size);
        whole[bit / 8] ^= (char)(1 << bit % 8);
    }
    assert_true(said > 20);
    free(whole);
}

/* Inside an event's text SQLite sees nothing; a saved text must never be believed when it is damaged. */
static void test_content_flipped(void **state)
{
    char *whole;
    (void)state;
    journals_make();
    size_t size = journals_read_file(journals_db, &whole);
    for (size_t at = 100; at < size; at += 331) {
        char report[JOURNAL_REPORT_MAX];
        struct journal_saved saved;
        struct err e;
        journals_empty_dir();
        whole[at] ^= (char)(1 << at % 8);
        journals_write_file(journals_db, whole, size);
        whole[at] ^= (char)(1 << at % 8);
        if (journal_saved_load(journals_db, "position", &saved, &e) == TRI_YES)
            assert_string_equal(saved.text, "0-1-4711,1-2-42");
        struct journal *j = journals_open(0, report);
        journals_write(j, 0, 20);
        journal_close(&j);
    }
    free(whole);
}

static void test_saved_text_flipped(void **state)
{
    char *whole;
    struct journal_saved saved;
    struct err e;
    (void)state;
    journals_make();
    size_t size = journals_read_file(journals_db, &whole);
    char *at = memmem(whole, size, "0-1-4711", 8);
    assert_non_null(at);
    at[4] = '5';
    journals_write_file(journals_db, whole, size);
    free(whole);
    assert_int_equal(journal_saved_load(journals_db, "position", &saved, &e), TRI_UNKNOWN);
    assert_non_null(strstr(e.text, "checksum"));
}

static void *write_twenty(void *context)
{
    journals_write(context, 100, 20);
    return NULL;
}

/* Leaves in `whole` and `rollback` what a power loss leaves when the file was written and not yet synced. */
static void stop_in_commit(char **whole, size_t *size, char **rollback, size_t *rollback_size)
{
    char path[128], report[JOURNAL_REPORT_MAX];
    pthread_t writer;
    snprintf(path, sizeof(path), "%s-journal", journals_db);
    journals_make();
    struct journal *j = journals_open(0, report);
    flush_gate_set(3); /* its directory, and twice the rollback journal */
    assert_int_equal(pthread_create(&writer, NULL, write_twenty, j), 0);
    flush_gate_await();
    *size = journals_read_file(journals_db, whole);
    *rollback_size = journals_read_file(path, rollback);
    flush_gate_set(-1);
    pthread_join(writer, NULL);
    journal_close(&j);
}

static void test_rollback_journal_torn(void **state)
{
    char *whole, *rollback, path[128], report[JOURNAL_REPORT_MAX];
    size_t size, rollback_size;
    int rolled_back = 0, committed = 0, set_aside = 0;
    (void)state;
    stop_in_commit(&whole, &size, &rollback, &rollback_size);
    snprintf(path, sizeof(path), "%s-journal", journals_db);
    for (size_t at = 0; at <= rollback_size; at += at < 600 ? 50 : 1021) {
        journals_empty_dir();
        journals_write_file(journals_db, whole, size);
        journals_write_file(path, rollback, at);
        struct journal *j = journals_open(0, report);
        unsigned count = journals_list((struct journal_filter){0}).count;
        rolled_back += count == JOURNALS_EVENTS;
        committed += count == JOURNALS_EVENTS + 20;
        set_aside += report[0] && count == 0;
        journals_write(j, 0, 20);
        journal_close(&j);
        if (at == 0)
            assert_int_equal(count, JOURNALS_EVENTS + 20);
    }
    journals_empty_dir();
    journals_write_file(journals_db, whole, size);
    journals_write_file(path, rollback, rollback_size);
    assert_false(open_torn("whole rollback journal", whole, size));
    print_message("torn rollback journals: %d rolled back, %d as committed, %d set aside\n", rolled_back,
                  committed, set_aside);
    free(whole);
    free(rollback);
}

static void test_not_a_database(void **state)
{
    static const char text[] = "GTID 0-1-5\nwho would write this here\n";
    (void)state;
    journals_empty_dir();
    journals_write_file(journals_db, text, sizeof(text));
    assert_true(open_torn("a text", text, sizeof(text)));
    journals_empty_dir();
    journals_write_file(journals_db, "", 0);
    assert_true(open_torn("an empty file", "", 0));
    journals_empty_dir();
    char *zeros = calloc(1, 40960);
    journals_write_file(journals_db, zeros, 40960);
    assert_true(open_torn("a file of zeros", zeros, 40960));
    free(zeros);
}

static void test_set_aside_twice_keeps_both(void **state)
{
    char report[JOURNAL_REPORT_MAX];
    (void)state;
    journals_empty_dir();
    for (int i = 0; i < 3; i++) {
        journals_write_file(journals_db, "torn", 4);
        struct journal *j = journals_open(0, report);
        journal_close(&j);
    }
    int kept = 0;
    DIR *d = opendir(journals_dir);
    for (struct dirent *at; (at = readdir(d));)
        kept += strstr(at->d_name, ".bad-") && !strstr(at->d_name, "-journal");
    closedir(d);
    assert_int_equal(kept, 3);
}

static int run(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_truncated_anywhere),
        cmocka_unit_test(test_header_bits_flipped),
        cmocka_unit_test(test_content_flipped),
        cmocka_unit_test(test_saved_text_flipped),
        cmocka_unit_test(test_rollback_journal_torn),
        cmocka_unit_test(test_not_a_database),
        cmocka_unit_test(test_set_aside_twice_keeps_both),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

int main(void)
{
    return journals_run("test_journal_torn", run);
}
