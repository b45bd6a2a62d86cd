/* The worker before a real journal and syslog: torn, locked, on a disk that is full, read-only or hangs, with
 * a reader that hangs. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <sqlite3.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "flush_gate.h"
#include "journals.h"
#include "sink.h"

static void test_torn_journal_behind_the_worker(void **state)
{
    struct worker_options o = sink_options();
    struct err e;
    struct journal_saved saved;
    (void)state;
    journals_empty_dir();
    journals_write_file(journals_db, "torn", 4);
    o.store = NULL;
    sink_start(&o);
    AWAIT(sink_line_seen("positions seen, breaker"));
    sink_push_event(0);
    worker_save("breaker", "open");
    assert_true(worker_stop(10000));
    struct journals_heard heard = journals_list((struct journal_filter){.kind = JOURNAL_ALERT});
    assert_int_equal(heard.count, 1);
    assert_non_null(strstr(heard.last.detail, ".bad-"));
    assert_int_equal(journals_list((struct journal_filter){0}).count, 2);
    assert_int_equal(journal_saved_load(journals_db, "breaker", &saved, &e), TRI_YES);
    assert_string_equal(saved.text, "open");
}

static void test_torn_while_it_is_open(void **state)
{
    struct worker_options o = sink_options();
    (void)state;
    journals_empty_dir();
    o.store = NULL;
    sink_start(&o);
    sink_push_event(0);
    AWAIT(sink_stats().of[WORKER_EVENT].written == 1);
    journals_write_file(journals_db, "torn", 4);
    sink_push_event(1);
    AWAIT(sink_line_seen("positions seen, breaker") && !sink_stats().journal_failing);
    assert_true(worker_stop(10000));
    assert_int_equal(journals_list((struct journal_filter){.kind = JOURNAL_STATE}).count, 1);
    assert_int_equal(journals_list((struct journal_filter){.kind = JOURNAL_ALERT}).count, 1);
}

/* Whoever reads and is stopped keeps the writer waiting; it goes on when the reader does. */
static void test_locked_by_a_reader(void **state)
{
    struct worker_options o = sink_options();
    sqlite3 *reader;
    (void)state;
    journals_make();
    o.store = NULL;
    assert_int_equal(sqlite3_open_v2(journals_db, &reader, SQLITE_OPEN_READONLY, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_exec(reader, "BEGIN; SELECT count(*) FROM events", NULL, NULL, NULL), SQLITE_OK);
    sink_start(&o);
    sink_push_event(0);
    AWAIT(sink_stats().journal_failing);
    assert_non_null(strstr(sink_stats().last_error, "another process holds it"));
    assert_int_equal(sqlite3_exec(reader, "COMMIT", NULL, NULL, NULL), SQLITE_OK);
    AWAIT(sink_stats().of[WORKER_EVENT].written == 1 && !sink_stats().journal_failing);
    assert_true(worker_stop(10000));
    sqlite3_close(reader);
    assert_int_equal(journals_list((struct journal_filter){0}).count, JOURNALS_EVENTS + 1);
}

/* FAULTS 54: the disk's fsync hangs; lines go out meanwhile. */
static void test_hung_fsync(void **state)
{
    struct worker_options o = sink_options();
    (void)state;
    journals_empty_dir();
    o.store = NULL;
    o.event_capacity = 100;
    sink_start(&o);
    sink_push_event(0);
    AWAIT(sink_stats().of[WORKER_EVENT].written == 1);
    flush_gate_set(0);
    sink_push_event(1);
    flush_gate_await();
    int64_t worst = 0;
    for (int i = 2; i < 50; i++) {
        char text[32];
        int64_t began = clock_now_us();
        sink_push_event(i);
        snprintf(text, sizeof(text), "0-1-%d", i);
        worker_save("position", text);
        worker_log(LOG_LEVEL_INFO, text);
        int64_t took = clock_now_us() - began;
        worst = took > worst ? took : worst;
    }
    assert_in_range(worst, 0, CLOCK_MS(200));
    AWAIT(sink.emitted > 0 && sink_stats().of[WORKER_LINE].queued == 0);
    assert_int_equal(sink_stats().of[WORKER_EVENT].queued, 49);
    assert_true(sink_stats().journal_busy_since_us != 0);
    flush_gate_set(-1);
    AWAIT(sink_stats().of[WORKER_EVENT].queued == 0);
    assert_true(worker_stop(10000));
    assert_int_equal(journals_list((struct journal_filter){0}).count, 50);
}

/* FAULTS 34: the disk under the journal is full. */
static void test_full_disk(void **state)
{
    struct worker_options o = sink_options();
    unsigned pushed = 1;
    (void)state;
    journals_need_mounts();
    o.store = NULL;
    o.event_capacity = 32;
    assert_int_equal(mount("tmpfs", journals_dir, "tmpfs", 0, "size=96k"), 0);
    sink_start(&o);
    while (!sink_stats().journal_failing) {
        sink_push_event((int)pushed++);
        usleep(200);
        assert_true(pushed < 5000);
    }
    assert_non_null(strstr(sink_stats().last_error, "free some space"));
    while (sink_stats().of[WORKER_EVENT].queued < 32)
        sink_push_event((int)pushed++);
    assert_int_equal(mount("tmpfs", journals_dir, "tmpfs", MS_REMOUNT, "size=4m"), 0);
    AWAIT(!sink_stats().journal_failing && sink_stats().of[WORKER_EVENT].queued == 0);
    struct worker_stats s = sink_stats();
    assert_true(worker_stop(10000));
    assert_int_equal(s.of[WORKER_EVENT].written + s.of[WORKER_EVENT].dropped, pushed - 1);
    assert_int_equal(journals_list((struct journal_filter){0}).count, s.of[WORKER_EVENT].written);
    umount(journals_dir);
}

/* The state directory is on a file system that was remounted read-only, and is writable again later. */
static void test_read_only_disk(void **state)
{
    struct worker_options o = sink_options();
    (void)state;
    journals_need_mounts();
    o.store = NULL;
    assert_int_equal(mount("tmpfs", journals_dir, "tmpfs", 0, "size=4m"), 0);
    assert_int_equal(mount("tmpfs", journals_dir, "tmpfs", MS_REMOUNT | MS_RDONLY, "size=4m"), 0);
    sink_start(&o);
    sink_push_event(0);
    AWAIT(sink_stats().journal_failing);
    assert_int_equal(mount("tmpfs", journals_dir, "tmpfs", MS_REMOUNT, "size=4m"), 0);
    AWAIT(sink_stats().of[WORKER_EVENT].written == 1);
    assert_true(worker_stop(10000));
    umount(journals_dir);
}

/* FAULTS 53: syslog's reader stops; the journal goes on meanwhile. */
static void test_stopped_syslog(void **state)
{
    struct sockaddr_un at = {.sun_family = AF_UNIX, .sun_path = "/dev/log"};
    struct worker_options o = sink_options();
    int64_t worst = 0;
    (void)state;
    journals_need_mounts();
    assert_int_equal(mount("tmpfs", "/dev", "tmpfs", 0, "size=1m"), 0);
    int reader = socket(AF_UNIX, SOCK_DGRAM, 0);
    assert_int_equal(bind(reader, (struct sockaddr *)&at, sizeof(at)), 0);
    o.emit = NULL;
    o.line_capacity = 64;
    sink_start(&o);
    for (int i = 0; i < 2000; i++) {
        char line[64];
        int64_t began = clock_now_us();
        snprintf(line, sizeof(line), "line %d", i);
        worker_log(LOG_LEVEL_INFO, line);
        int64_t took = clock_now_us() - began;
        worst = took > worst ? took : worst;
    }
    assert_in_range(worst, 0, CLOCK_MS(200));
    AWAIT(sink_stats().of[WORKER_LINE].written > 0 && sink_stats().log_busy_since_us &&
          clock_now_us() - sink_stats().log_busy_since_us > CLOCK_MS(200));
    assert_in_range(sink_stats().of[WORKER_LINE].queued, 30, 64);
    assert_true(sink_stats().of[WORKER_LINE].dropped > 1000);
    sink_push_event(0);
    AWAIT(sink.stored_events == 1);
    char got[512] = "";
    while (!strstr(got, "lines were dropped")) {
        ssize_t n = recv(reader, got, sizeof(got) - 1, 0);
        assert_true(n > 0); /* or the alarm of main() ends it */
        got[n] = '\0';
    }
    assert_non_null(strstr(got, "test["));
    assert_true(worker_stop(10000));
    close(reader);
    umount("/dev");
}

static int run(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_torn_journal_behind_the_worker),
        cmocka_unit_test(test_torn_while_it_is_open),
        cmocka_unit_test(test_locked_by_a_reader),
        cmocka_unit_test(test_hung_fsync),
        cmocka_unit_test(test_full_disk),
        cmocka_unit_test(test_read_only_disk),
        cmocka_unit_test(test_stopped_syslog),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

int main(void)
{
    return journals_run("test_worker_disk", run);
}
