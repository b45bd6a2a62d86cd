/* The worker before a sink that hangs or refuses: nobody waits, and what is lost is counted and told. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "io/repeats.h"
#include "io/ring.h"
#include "journals.h"
#include "sink.h"

static void test_ring_wraps(void **state)
{
    struct ring r;
    unsigned n, next = 0, expected = 0;
    (void)state;
    ring_init(&r, 5, sizeof(unsigned));
    for (int round = 0; round < 20; round++) {
        for (unsigned *at; next < expected + 4 && (at = ring_push(&r)); next++)
            *at = next;
        unsigned *got = ring_peek(&r, &n);
        assert_true(n > 0);
        for (unsigned i = 0; i < n; i++)
            assert_int_equal(got[i], expected++);
        ring_pop(&r, n);
    }
    while (ring_push(&r))
        ;
    assert_int_equal(r.count, 5);
    ring_free(&r);
}

static void test_repeats(void **state)
{
    static struct repeats r;
    struct repeat told;
    (void)state;
    assert_false(repeats_hold(&r, LOG_LEVEL_INFO, "a", 1000, &told));
    assert_true(repeats_hold(&r, LOG_LEVEL_INFO, "a", 2000, &told));
    assert_false(repeats_hold(&r, LOG_LEVEL_ERROR, "a", 2000, &told));
    assert_false(repeats_hold(&r, LOG_LEVEL_INFO, "b", 3000, &told));
    assert_true(repeats_hold(&r, LOG_LEVEL_INFO, "a", REPEATS_WINDOW_US, &told));
    assert_int_equal(repeats_next_us(&r), 1000 + REPEATS_WINDOW_US);
    assert_false(repeats_take(&r, REPEATS_WINDOW_US, &told));
    assert_true(repeats_take(&r, 1000 + REPEATS_WINDOW_US, &told));
    assert_string_equal(told.line, "a");
    assert_int_equal(told.held, 2);
    assert_true(repeats_hold(&r, LOG_LEVEL_INFO, "a", 2000 + REPEATS_WINDOW_US, &told)); /* a new minute */
    assert_false(repeats_take(&r, 5000 + REPEATS_WINDOW_US, &told)); /* b and ERROR a go */
    assert_false(repeats_hold(&r, LOG_LEVEL_INFO, "b", 6000 + REPEATS_WINDOW_US, &told));
    assert_true(repeats_take(&r, INT64_MAX, &told));
    assert_int_equal(told.held, 1);
    assert_false(repeats_take(&r, INT64_MAX, &told));
}

/* "standby -> unknown" and back, twice in a minute: all four are told. */
static void test_notices_may_come_again(void **state)
{
    static struct repeats r;
    struct repeat told;
    (void)state;
    for (int i = 0; i < REPEATS_NOTICES; i++) {
        assert_false(repeats_hold(&r, LOG_LEVEL_NOTICE, "there", 1000 + i, &told));
        assert_false(repeats_hold(&r, LOG_LEVEL_NOTICE, "and back", 1000 + i, &told));
    }
    assert_true(repeats_hold(&r, LOG_LEVEL_NOTICE, "there", 2000, &told));
    assert_true(repeats_take(&r, 2000 + REPEATS_WINDOW_US, &told));
    assert_string_equal(told.line, "there");
    assert_int_equal(told.held, 1);
    assert_true(repeats_hold(&r, LOG_LEVEL_NOTICE, "there", 3000 + REPEATS_WINDOW_US, &told));
}

static void test_repeats_make_room(void **state)
{
    static struct repeats r;
    struct repeat told;
    char line[16];
    (void)state;
    assert_false(repeats_hold(&r, LOG_LEVEL_INFO, "oldest", 1, &told));
    assert_true(repeats_hold(&r, LOG_LEVEL_INFO, "oldest", 2, &told));
    for (int i = 0; i < REPEATS_LINES - 1; i++) {
        snprintf(line, sizeof(line), "%d", i);
        assert_false(repeats_hold(&r, LOG_LEVEL_INFO, line, 10 + i, &told));
        assert_int_equal(told.held, 0);
    }
    assert_false(repeats_hold(&r, LOG_LEVEL_INFO, "one more", 50, &told));
    assert_int_equal(told.held, 1);
    assert_string_equal(told.line, "oldest");
}

static void test_everything_is_drained(void **state)
{
    struct worker_options o = sink_options();
    (void)state;
    o.line_capacity = o.event_capacity = 500;
    sink_start(&o);
    for (int i = 0; i < 300; i++) {
        char line[48];
        snprintf(line, sizeof(line), "line %d", i);
        worker_log(LOG_LEVEL_INFO, line);
        sink_push_event(i);
    }
    worker_save("position", "0-1-9");
    assert_true(worker_stop(10000));
    assert_int_equal(sink.emitted, 300);
    assert_int_equal(sink.stored_events, 300);
    assert_string_equal(sink.stored_text, "0-1-9");
    worker_log(LOG_LEVEL_INFO, "after the end"); /* does nothing */
    sink_push_event(1);
    assert_int_equal(sink_stats().of[WORKER_EVENT].written, 0);
}

static void test_overflow_drops_and_counts(void **state)
{
    struct worker_options o = sink_options();
    (void)state;
    sink_start(&o);
    AWAIT(sink.store_calls == 1 && sink_stats().journal_busy_since_us == 0);
    sink.store_blocked = sink.emit_blocked = true;
    sink_push_event(0);
    worker_log(LOG_LEVEL_INFO, "first");
    AWAIT(sink_stats().journal_busy_since_us && sink_stats().log_busy_since_us);
    int64_t began = clock_now_us();
    for (int i = 1; i < 20; i++) {
        char line[48];
        snprintf(line, sizeof(line), "line %d", i);
        worker_log(LOG_LEVEL_INFO, line);
        sink_push_event(i);
    }
    for (int i = 0; i < WORKER_KEYS + 3; i++) {
        char key[16];
        snprintf(key, sizeof(key), "key %d", i);
        worker_save(key, "text");
    }
    assert_in_range(clock_now_us() - began, 0, CLOCK_MS(500)); /* it waits for nobody */
    struct worker_stats s = sink_stats();
    assert_int_equal(s.of[WORKER_LINE].queued, 8);
    assert_int_equal(s.of[WORKER_LINE].dropped, 12);
    assert_int_equal(s.of[WORKER_EVENT].queued, 8);
    assert_int_equal(s.of[WORKER_EVENT].dropped, 12);
    assert_int_equal(s.of[WORKER_SAVE].queued, WORKER_KEYS);
    assert_int_equal(s.of[WORKER_SAVE].dropped, 3);
    char trouble[256];
    assert_true(worker_trouble(&s, s.journal_busy_since_us + CLOCK_MS(7000), CLOCK_MS(5000), trouble,
                               sizeof(trouble)));
    assert_non_null(strstr(trouble, "hung for 7 s"));
    assert_false(worker_trouble(&s, s.journal_busy_since_us, CLOCK_MS(5000), trouble, sizeof(trouble)));
    sink.emit_blocked = false;
    AWAIT(sink_line_seen("12 lines were dropped"));
    sink.store_blocked = false;
    AWAIT(sink_line_seen("12 events were dropped"));
    assert_true(worker_stop(10000));
    assert_int_equal(sink.stored_events, 8);
}

static void test_hung_consumers_do_not_block_the_stop(void **state)
{
    struct worker_options o = sink_options();
    (void)state;
    sink_start(&o);
    AWAIT(sink.store_calls == 1);
    sink.store_blocked = sink.emit_blocked = true;
    sink_push_event(0);
    worker_log(LOG_LEVEL_INFO, "line");
    AWAIT(sink_stats().journal_busy_since_us && sink_stats().log_busy_since_us);
    int64_t began = clock_now_us();
    assert_false(worker_stop(100));
    assert_in_range(clock_now_us() - began, 0, CLOCK_MS(2000));
    sink.store_blocked = sink.emit_blocked = false;
    assert_true(worker_stop(10000));
}

static void test_latest_text_wins(void **state)
{
    struct worker_options o = sink_options();
    (void)state;
    sink_start(&o);
    AWAIT(sink.store_calls == 1 && sink_stats().journal_busy_since_us == 0);
    sink.store_blocked = true;
    worker_save("position", "0-1-0");
    AWAIT(sink_stats().journal_busy_since_us);
    for (int i = 1; i <= 1000; i++) {
        char text[32];
        snprintf(text, sizeof(text), "0-1-%d", i);
        worker_save("position", text);
    }
    assert_int_equal(sink_stats().of[WORKER_SAVE].queued, 1);
    sink.store_blocked = false;
    AWAIT(sink_stats().of[WORKER_SAVE].queued == 0);
    worker_save("position", "0-1-1000"); /* nothing new */
    char *long_text = calloc(1, JOURNAL_TEXT_MAX + 1);
    memset(long_text, 'x', JOURNAL_TEXT_MAX);
    worker_save("long", long_text);
    free(long_text);
    assert_int_equal(sink_stats().of[WORKER_SAVE].dropped, 1);
    assert_true(worker_stop(10000));
    assert_int_equal(sink.stored_texts, 2);
    assert_string_equal(sink.stored_text, "0-1-1000");
}

static void test_failures_are_tried_again(void **state)
{
    struct worker_options o = sink_options();
    (void)state;
    sink_start(&o);
    AWAIT(sink.store_calls == 1);
    sink.store_fails = true;
    for (int i = 0; i < 3; i++)
        sink_push_event(i);
    AWAIT(sink_stats().journal_failing);
    assert_string_equal(sink_stats().last_error, "no room");
    assert_true(sink_stats().last_error_wall_us > 0);
    int calls = sink.store_calls;
    usleep(300000);
    assert_in_range(sink.store_calls - calls, 1, 6); /* 20, 40, 80, 160, ... ms apart */
    char trouble[640];
    struct worker_stats s = sink_stats();
    assert_true(worker_trouble(&s, clock_now_us(), CLOCK_MS(5000), trouble, sizeof(trouble)));
    assert_non_null(strstr(trouble, "cannot be written: no room"));
    sink.store_fails = false;
    AWAIT(sink.stored_events == 3 && sink_line_seen("is written again"));
    assert_false(sink_stats().journal_failing);
    assert_true(worker_stop(10000));
    sink.store_fails = false;
}

static void test_end_with_a_failing_disk(void **state)
{
    struct worker_options o = sink_options();
    (void)state;
    o.retry_ms = 100000;
    sink_start(&o);
    AWAIT(sink.store_calls == 1);
    sink.store_fails = true;
    sink_push_event(0);
    AWAIT(sink_stats().journal_failing);
    assert_true(worker_stop(10000));
    assert_true(sink_line_seen("1 events and 0 saved texts could not be written"));
}

static void test_repeated_lines_are_held(void **state)
{
    struct worker_options o = sink_options();
    (void)state;
    sink_start(&o);
    for (int i = 0; i < 100; i++)
        worker_log(LOG_LEVEL_INFO, "the same again");
    assert_int_equal(sink_stats().held_back, 99);
    assert_true(worker_stop(10000));
    assert_int_equal(sink.emitted, 2);
    assert_true(sink_line_seen("the same again (repeated 99 times)"));
}

static void test_log_sink(void **state)
{
    struct worker_options o = sink_options();
    (void)state;
    sink_start(&o);
    log_set_sink(worker_log);
    log_notice("mx2 %s", "is silent");
    log_set_sink(NULL);
    assert_true(worker_stop(10000));
    assert_true(sink_line_seen("mx2 is silent"));
}

static int run(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ring_wraps),
        cmocka_unit_test(test_repeats),
        cmocka_unit_test(test_notices_may_come_again),
        cmocka_unit_test(test_repeats_make_room),
        cmocka_unit_test(test_everything_is_drained),
        cmocka_unit_test(test_overflow_drops_and_counts),
        cmocka_unit_test(test_hung_consumers_do_not_block_the_stop),
        cmocka_unit_test(test_latest_text_wins),
        cmocka_unit_test(test_failures_are_tried_again),
        cmocka_unit_test(test_end_with_a_failing_disk),
        cmocka_unit_test(test_repeated_lines_are_held),
        cmocka_unit_test(test_log_sink),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

int main(void)
{
    return journals_run("test_worker", run);
}
