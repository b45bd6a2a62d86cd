/* The journal: what is written is read again, old events go, and what cannot be a journal is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "journals.h"

static void test_kinds_have_names(void **state)
{
    (void)state;
    for (int k = JOURNAL_UNKNOWN + 1; k < JOURNAL_KINDS; k++)
        assert_int_equal(journal_kind_parse(journal_kind_name((enum journal_kind)k)), k);
    assert_int_equal(journal_kind_parse("nonsense"), JOURNAL_UNKNOWN);
}

static void test_write_and_read(void **state)
{
    char report[JOURNAL_REPORT_MAX];
    struct journal_saved saved;
    struct err e;
    (void)state;
    journals_empty_dir();
    assert_int_equal(journal_saved_load(journals_db, "position", &saved, &e), TRI_NO);
    struct journal *j = journals_open(0, report);
    assert_string_equal(report, "");
    journals_write(j, 0, JOURNALS_EVENTS);
    struct journals_heard heard = journals_list((struct journal_filter){0});
    struct journal_event want = journals_event(JOURNALS_EVENTS - 1);
    want.id = JOURNALS_EVENTS;
    assert_int_equal(heard.count, JOURNALS_EVENTS);
    assert_memory_equal(&heard.last, &want, sizeof(want));
    assert_int_equal(journals_list((struct journal_filter){.limit = 7}).count, 7);
    assert_int_equal(journals_list((struct journal_filter){.limit = 7}).last.id, JOURNALS_EVENTS);
    assert_int_equal(journals_list((struct journal_filter){.kind = JOURNAL_STATE}).count,
                     JOURNALS_EVENTS / 2);
    assert_int_equal(journals_list((struct journal_filter){.kind = JOURNAL_HOOK}).count, 0);
    assert_int_equal(journals_list((struct journal_filter){.since_us = 1700000000000000 + 50}).count, 10);
    assert_int_equal(journal_saved_load(journals_db, "position", &saved, &e), TRI_YES);
    assert_string_equal(saved.text, "0-1-4711,1-2-42");
    assert_int_equal(journal_saved_load(journals_db, "breaker", &saved, &e), TRI_NO);
    journal_close(&j);
    j = journals_open(0, report);
    assert_string_equal(report, "");
    journal_close(&j);
}

static void test_empty_texts_stay_empty(void **state)
{
    char report[JOURNAL_REPORT_MAX];
    struct journal_event event = {.at_us = 1, .boot_us = 1, .kind = JOURNAL_START};
    struct journal_batch batch = {.events = &event, .event_count = 1};
    struct err e;
    (void)state;
    journals_empty_dir();
    struct journal *j = journals_open(0, report);
    assert_true(journal_write(j, &batch, &e));
    event.id = 1;
    struct journals_heard heard = journals_list((struct journal_filter){0});
    assert_memory_equal(&heard.last, &event, sizeof(event));
    journal_close(&j);
}

static void test_old_events_go(void **state)
{
    char report[JOURNAL_REPORT_MAX];
    (void)state;
    journals_empty_dir();
    struct journal *j = journals_open(100, report);
    journals_write(j, 0, 2500);
    struct journals_heard heard = journals_list((struct journal_filter){0});
    assert_in_range(heard.count, 100, 100 + 1000);
    assert_int_equal(heard.last.id, 2500);
    journal_close(&j);
    j = journals_open(100, report);
    journals_write(j, 0, 20); /* the first write after an opening trims */
    assert_int_equal(journals_list((struct journal_filter){0}).count, 100);
    journal_close(&j);
}

static void test_refused_but_kept(void **state)
{
    struct journal *j = NULL;
    char report[JOURNAL_REPORT_MAX];
    struct err e;
    (void)state;
    assert_false(journal_open(&j, "/nonexistent/journal.db", 0, report, &e));
    assert_null(j);
    assert_non_null(strstr(e.text, "check that file and directory exist"));
    assert_false(journal_open(&j, journals_dir, 0, report, &e)); /* a directory stands there */
    assert_non_null(strstr(e.text, "not a regular file"));
    assert_string_equal(report, "");
    struct journals_heard heard = {0};
    assert_false(
        journal_list("/nonexistent/journal.db", &(struct journal_filter){0}, journals_hear, &heard, &e));
    assert_non_null(strstr(e.text, "has not run"));
}

static int run(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_kinds_have_names),       cmocka_unit_test(test_write_and_read),
        cmocka_unit_test(test_empty_texts_stay_empty), cmocka_unit_test(test_old_events_go),
        cmocka_unit_test(test_refused_but_kept),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

int main(void)
{
    return journals_run("test_journal", run);
}
