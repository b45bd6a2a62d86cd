/* The journal and the worker in front of it: torn files, a full disk, a disk and a log reader that hang. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <dirent.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <sqlite3.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "io/journal.h"
#include "io/repeats.h"
#include "io/ring.h"
#include "io/worker.h"

#define EVENTS 60

static char dir[64];
static char db[96];

/* ---- a disk that hangs: SQLite calls these instead of the C library's. They write nothing: no power fails
 */

static pthread_mutex_t gate_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t gate_bell = PTHREAD_COND_INITIALIZER;
static int gate_passes = -1; /* calls that pass before the gate shuts; -1: it stays open */
static int gate_waiting;

static void gate_set(int passes)
{
    pthread_mutex_lock(&gate_lock);
    gate_passes = passes;
    pthread_cond_broadcast(&gate_bell);
    pthread_mutex_unlock(&gate_lock);
}

static int gate_pass(void)
{
    pthread_mutex_lock(&gate_lock);
    gate_waiting++;
    pthread_cond_broadcast(&gate_bell);
    while (gate_passes == 0)
        pthread_cond_wait(&gate_bell, &gate_lock);
    gate_waiting--;
    gate_passes -= gate_passes > 0;
    pthread_mutex_unlock(&gate_lock);
    return 0;
}

/* Until somebody stands before the shut gate. */
static void gate_await(void)
{
    pthread_mutex_lock(&gate_lock);
    while (gate_passes != 0 || !gate_waiting)
        pthread_cond_wait(&gate_bell, &gate_lock);
    pthread_mutex_unlock(&gate_lock);
}

int fdatasync(int fd)
{
    (void)fd;
    return gate_pass();
}

int fsync(int fd)
{
    (void)fd;
    return gate_pass();
}

/* ---- files */

static void empty_dir(void)
{
    DIR *d = opendir(dir);
    struct dirent *at;
    assert_non_null(d);
    while ((at = readdir(d)))
        if (at->d_name[0] != '.')
            unlinkat(dirfd(d), at->d_name, 0);
    closedir(d);
}

static size_t read_file(const char *path, char **out)
{
    FILE *f = fopen(path, "rb");
    assert_non_null(f);
    fseek(f, 0, SEEK_END);
    size_t size = (size_t)ftell(f);
    rewind(f);
    *out = malloc(size + 1);
    assert_int_equal(fread(*out, 1, size, f), size);
    fclose(f);
    return size;
}

static void write_file(const char *path, const char *data, size_t size)
{
    FILE *f = fopen(path, "wb");
    assert_non_null(f);
    assert_int_equal(fwrite(data, 1, size, f), size);
    assert_int_equal(fclose(f), 0);
}

/* The path of the one file that was set aside; "" if there is none. */
static void find_aside(char *out, size_t size)
{
    DIR *d = opendir(dir);
    struct dirent *at;
    out[0] = '\0';
    while ((at = readdir(d)))
        if (strstr(at->d_name, ".bad-") && !strstr(at->d_name, "-journal"))
            snprintf(out, size, "%s/%.60s", dir, at->d_name);
    closedir(d);
}

/* ---- journals */

struct heard {
    unsigned count;
    unsigned foreign; /* not one of make_event()'s */
    struct journal_event last;
};

static struct journal_event make_event(int i)
{
    struct journal_event event = {.at_us = 1700000000000000 + i,
                                  .boot_us = 1000 + i,
                                  .node = "mx1",
                                  .kind = i % 2 ? JOURNAL_STATE : JOURNAL_ACTION,
                                  .state_from = "standby",
                                  .state_to = "promoting",
                                  .row_id = 310,
                                  .epoch = 7,
                                  .gtid = "0-1-5",
                                  .vip = "here"};
    snprintf(event.reason, sizeof(event.reason), "reason %d", i);
    memset(event.detail, 'd', 300);
    return event;
}

static void hear(const struct journal_event *event, void *context)
{
    struct heard *heard = context;
    heard->count++;
    heard->foreign += strncmp(event->reason, "reason ", 7) != 0 || event->row_id != 310;
    heard->last = *event;
}

static struct heard list_all(struct journal_filter filter)
{
    struct heard heard = {0};
    struct err e;
    if (!journal_list(db, &filter, hear, &heard, &e))
        fail_msg("%s", e.text);
    return heard;
}

static struct journal *open_or_fail(unsigned keep, char *report)
{
    struct journal *j = NULL;
    struct err e;
    if (!journal_open(&j, db, keep, report, &e))
        fail_msg("%s", e.text);
    return j;
}

static void write_events(struct journal *j, int from, int count)
{
    struct journal_saved saved = {.key = "position", .text = "0-1-4711,1-2-42", .at_us = 1700000000000000};
    struct err e;
    for (int i = from; i < from + count; i += 20) {
        struct journal_event events[20];
        for (int k = 0; k < 20; k++)
            events[k] = make_event(i + k);
        struct journal_batch batch = {.events = events, .event_count = 20, .saved = &saved, .saved_count = 1};
        if (!journal_write(j, &batch, &e))
            fail_msg("%s", e.text);
    }
}

static void make_journal(void)
{
    char report[JOURNAL_REPORT_MAX];
    empty_dir();
    struct journal *j = open_or_fail(0, report);
    write_events(j, 0, EVENTS);
    journal_close(&j);
}

static void test_write_and_read(void **state)
{
    char report[JOURNAL_REPORT_MAX];
    struct journal_saved saved;
    struct err e;
    (void)state;
    empty_dir();
    assert_int_equal(journal_saved_load(db, "position", &saved, &e), TRI_NO);
    struct journal *j = open_or_fail(0, report);
    assert_string_equal(report, "");
    write_events(j, 0, EVENTS);
    struct heard heard = list_all((struct journal_filter){0});
    struct journal_event want = make_event(EVENTS - 1);
    want.id = EVENTS;
    assert_int_equal(heard.count, EVENTS);
    assert_memory_equal(&heard.last, &want, sizeof(want));
    assert_int_equal(list_all((struct journal_filter){.limit = 7}).count, 7);
    assert_int_equal(list_all((struct journal_filter){.limit = 7}).last.id, EVENTS);
    assert_int_equal(list_all((struct journal_filter){.kind = JOURNAL_STATE}).count, EVENTS / 2);
    assert_int_equal(list_all((struct journal_filter){.kind = JOURNAL_HOOK}).count, 0);
    assert_int_equal(list_all((struct journal_filter){.since_us = 1700000000000000 + 50}).count, 10);
    assert_int_equal(journal_saved_load(db, "position", &saved, &e), TRI_YES);
    assert_string_equal(saved.text, "0-1-4711,1-2-42");
    assert_int_equal(journal_saved_load(db, "breaker", &saved, &e), TRI_NO);
    journal_close(&j);
    j = open_or_fail(0, report);
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
    empty_dir();
    struct journal *j = open_or_fail(0, report);
    assert_true(journal_write(j, &batch, &e));
    event.id = 1;
    struct heard heard = list_all((struct journal_filter){0});
    assert_memory_equal(&heard.last, &event, sizeof(event));
    journal_close(&j);
}

static void test_kinds_have_names(void **state)
{
    (void)state;
    for (int k = JOURNAL_UNKNOWN + 1; k < JOURNAL_KINDS; k++)
        assert_int_equal(journal_kind_parse(journal_kind_name((enum journal_kind)k)), k);
    assert_int_equal(journal_kind_parse("nonsense"), JOURNAL_UNKNOWN);
}

static void test_old_events_go(void **state)
{
    char report[JOURNAL_REPORT_MAX];
    (void)state;
    empty_dir();
    struct journal *j = open_or_fail(100, report);
    write_events(j, 0, 2500);
    struct heard heard = list_all((struct journal_filter){0});
    assert_in_range(heard.count, 100, 100 + 1000);
    assert_int_equal(heard.last.id, 2500);
    journal_close(&j);
    j = open_or_fail(100, report);
    write_events(j, 0, 20); /* the first write after an opening trims */
    assert_int_equal(list_all((struct journal_filter){0}).count, 100);
    journal_close(&j);
}

/* ---- torn files */

/* Opens what lies at `db`; it must go on, and either hold all that the whole one held or say so and have kept
 * `data` aside unchanged. Returns whether it said so. */
static bool open_torn(const char *name, const char *data, size_t size)
{
    char report[JOURNAL_REPORT_MAX], aside[160];
    struct journal_saved saved;
    struct err e = {""};
    enum tri found = journal_saved_load(db, "position", &saved, &e);
    if (found == TRI_YES && strcmp(saved.text, "0-1-4711,1-2-42") != 0)
        fail_msg("%s: loaded \"%s\"", name, saved.text);
    if (found == TRI_UNKNOWN && !e.text[0])
        fail_msg("%s: nothing said why", name);
    struct journal *j = open_or_fail(0, report);
    struct heard before = list_all((struct journal_filter){0});
    write_events(j, 100, 20);
    struct heard after = list_all((struct journal_filter){0});
    journal_close(&j);
    find_aside(aside, sizeof(aside));
    if (after.count != before.count + 20)
        fail_msg("%s: %u events, then %u", name, before.count, after.count);
    if (!report[0] && (before.count != EVENTS || before.foreign || found != TRI_YES || aside[0]))
        fail_msg("%s: lost something and said nothing (%u events)", name, before.count);
    if (report[0]) {
        char *kept;
        assert_string_not_equal(aside, "");
        assert_non_null(strstr(report, strrchr(aside, '/') + 1));
        assert_int_equal(before.count, 0);
        assert_int_equal(read_file(aside, &kept), size);
        assert_memory_equal(kept, data, size);
        free(kept);
    }
    return report[0] != '\0';
}

static void test_truncated_anywhere(void **state)
{
    char *whole, name[64];
    (void)state;
    make_journal();
    size_t size = read_file(db, &whole);
    int cases = 0;
    for (size_t at = 0; at < size; at += at < 128         ? 5
                                         : at % 4096 == 0 ? 1
                                         : at % 4096 == 1 ? 1500
                                                          : 4096 - at % 4096) {
        empty_dir();
        write_file(db, whole, at);
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
    make_journal();
    size_t size = read_file(db, &whole);
    for (size_t bit = 0; bit < 100 * 8; bit += 5) {
        empty_dir();
        whole[bit / 8] ^= (char)(1 << bit % 8);
        write_file(db, whole, size);
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
    make_journal();
    size_t size = read_file(db, &whole);
    for (size_t at = 100; at < size; at += 331) {
        char report[JOURNAL_REPORT_MAX];
        struct journal_saved saved;
        struct err e;
        empty_dir();
        whole[at] ^= (char)(1 << at % 8);
        write_file(db, whole, size);
        whole[at] ^= (char)(1 << at % 8);
        if (journal_saved_load(db, "position", &saved, &e) == TRI_YES)
            assert_string_equal(saved.text, "0-1-4711,1-2-42");
        struct journal *j = open_or_fail(0, report);
        write_events(j, 0, 20);
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
    make_journal();
    size_t size = read_file(db, &whole);
    char *at = memmem(whole, size, "0-1-4711", 8);
    assert_non_null(at);
    at[4] = '5';
    write_file(db, whole, size);
    free(whole);
    assert_int_equal(journal_saved_load(db, "position", &saved, &e), TRI_UNKNOWN);
    assert_non_null(strstr(e.text, "checksum"));
}

static void *write_twenty(void *context)
{
    write_events(context, 100, 20);
    return NULL;
}

/* Leaves in `whole` and `rollback` what a power loss leaves when the file was written and not yet synced. */
static void stop_in_commit(char **whole, size_t *size, char **rollback, size_t *rollback_size)
{
    char path[128], report[JOURNAL_REPORT_MAX];
    pthread_t writer;
    snprintf(path, sizeof(path), "%s-journal", db);
    make_journal();
    struct journal *j = open_or_fail(0, report);
    gate_set(3); /* its directory, and twice the rollback journal */
    assert_int_equal(pthread_create(&writer, NULL, write_twenty, j), 0);
    gate_await();
    *size = read_file(db, whole);
    *rollback_size = read_file(path, rollback);
    gate_set(-1);
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
    snprintf(path, sizeof(path), "%s-journal", db);
    for (size_t at = 0; at <= rollback_size; at += at < 600 ? 50 : 1021) {
        empty_dir();
        write_file(db, whole, size);
        write_file(path, rollback, at);
        struct journal *j = open_or_fail(0, report);
        unsigned count = list_all((struct journal_filter){0}).count;
        rolled_back += count == EVENTS;
        committed += count == EVENTS + 20;
        set_aside += report[0] && count == 0;
        write_events(j, 0, 20);
        journal_close(&j);
        if (at == 0)
            assert_int_equal(count, EVENTS + 20);
    }
    empty_dir();
    write_file(db, whole, size);
    write_file(path, rollback, rollback_size);
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
    empty_dir();
    write_file(db, text, sizeof(text));
    assert_true(open_torn("a text", text, sizeof(text)));
    empty_dir();
    write_file(db, "", 0);
    assert_true(open_torn("an empty file", "", 0));
    empty_dir();
    char *zeros = calloc(1, 40960);
    write_file(db, zeros, 40960);
    assert_true(open_torn("a file of zeros", zeros, 40960));
    free(zeros);
}

static void test_set_aside_twice_keeps_both(void **state)
{
    char report[JOURNAL_REPORT_MAX];
    (void)state;
    empty_dir();
    for (int i = 0; i < 3; i++) {
        write_file(db, "torn", 4);
        struct journal *j = open_or_fail(0, report);
        journal_close(&j);
    }
    int kept = 0;
    DIR *d = opendir(dir);
    for (struct dirent *at; (at = readdir(d));)
        kept += strstr(at->d_name, ".bad-") && !strstr(at->d_name, "-journal");
    closedir(d);
    assert_int_equal(kept, 3);
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
    assert_false(journal_open(&j, dir, 0, report, &e)); /* a directory stands there */
    assert_non_null(strstr(e.text, "not a regular file"));
    assert_string_equal(report, "");
    struct heard heard = {0};
    assert_false(journal_list("/nonexistent/journal.db", &(struct journal_filter){0}, hear, &heard, &e));
    assert_non_null(strstr(e.text, "has not run"));
}

/* ---- the worker */

static atomic_int emitted;
static atomic_bool emit_blocked;
static char all_lines[65536];
static pthread_mutex_t lines_lock = PTHREAD_MUTEX_INITIALIZER;

static void emit_here(enum log_level level, int64_t wall_us, const char *line)
{
    (void)level;
    (void)wall_us;
    while (atomic_load(&emit_blocked))
        usleep(1000);
    pthread_mutex_lock(&lines_lock);
    size_t used = strlen(all_lines);
    snprintf(all_lines + used, sizeof(all_lines) - used, "%s\n", line);
    pthread_mutex_unlock(&lines_lock);
    atomic_fetch_add(&emitted, 1);
}

static bool line_seen(const char *part)
{
    pthread_mutex_lock(&lines_lock);
    bool seen = strstr(all_lines, part) != NULL;
    pthread_mutex_unlock(&lines_lock);
    return seen;
}

static atomic_int stored_events, stored_texts, store_calls;
static atomic_bool store_blocked, store_fails;
static char stored_text[JOURNAL_TEXT_MAX];

static bool store_here(const struct journal_batch *batch, struct err *e)
{
    atomic_fetch_add(&store_calls, 1);
    while (atomic_load(&store_blocked))
        usleep(1000);
    if (atomic_load(&store_fails))
        return err_set(e, "no room");
    atomic_fetch_add(&stored_events, (int)batch->event_count);
    atomic_fetch_add(&stored_texts, (int)batch->saved_count);
    if (batch->saved_count)
        snprintf(stored_text, sizeof(stored_text), "%s", batch->saved[batch->saved_count - 1].text);
    return true;
}

static struct worker_options test_options(void)
{
    emitted = stored_events = stored_texts = store_calls = 0;
    emit_blocked = store_blocked = store_fails = false;
    all_lines[0] = stored_text[0] = '\0';
    return (struct worker_options){.node = "mx1",
                                   .journal_path = db,
                                   .program = "test",
                                   .facility = "daemon",
                                   .line_capacity = 8,
                                   .event_capacity = 8,
                                   .retry_ms = 20,
                                   .emit = emit_here,
                                   .store = store_here};
}

static void start(const struct worker_options *o)
{
    struct err e;
    if (!worker_start(o, &e))
        fail_msg("%s", e.text);
}

#define AWAIT(condition)                                                                                     \
    do {                                                                                                     \
        int64_t until = clock_now_us() + CLOCK_MS(20000);                                                    \
        while (!(condition)) {                                                                               \
            if (clock_now_us() > until)                                                                      \
                fail_msg("waited in vain for: %s", #condition);                                              \
            usleep(1000);                                                                                    \
        }                                                                                                    \
    } while (0)

static struct worker_stats stats(void)
{
    struct worker_stats s;
    worker_stats_read(&s);
    return s;
}

static void push_event(int i)
{
    struct journal_event event = make_event(i);
    worker_event(&event);
}

static void test_everything_is_drained(void **state)
{
    struct worker_options o = test_options();
    (void)state;
    o.line_capacity = o.event_capacity = 500;
    start(&o);
    for (int i = 0; i < 300; i++) {
        char line[48];
        snprintf(line, sizeof(line), "line %d", i);
        worker_log(LOG_LEVEL_INFO, line);
        push_event(i);
    }
    worker_save("position", "0-1-9");
    assert_true(worker_stop(10000));
    assert_int_equal(emitted, 300);
    assert_int_equal(stored_events, 300);
    assert_string_equal(stored_text, "0-1-9");
    worker_log(LOG_LEVEL_INFO, "after the end"); /* does nothing */
    push_event(1);
    assert_int_equal(stats().of[WORKER_EVENT].written, 0);
}

static void test_overflow_drops_and_counts(void **state)
{
    struct worker_options o = test_options();
    (void)state;
    start(&o);
    AWAIT(store_calls == 1 && stats().journal_busy_since_us == 0);
    store_blocked = emit_blocked = true;
    push_event(0);
    worker_log(LOG_LEVEL_INFO, "first");
    AWAIT(stats().journal_busy_since_us && stats().log_busy_since_us);
    int64_t began = clock_now_us();
    for (int i = 1; i < 20; i++) {
        char line[48];
        snprintf(line, sizeof(line), "line %d", i);
        worker_log(LOG_LEVEL_INFO, line);
        push_event(i);
    }
    for (int i = 0; i < WORKER_KEYS + 3; i++) {
        char key[16];
        snprintf(key, sizeof(key), "key %d", i);
        worker_save(key, "text");
    }
    assert_in_range(clock_now_us() - began, 0, CLOCK_MS(500)); /* it waits for nobody */
    struct worker_stats s = stats();
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
    emit_blocked = false;
    AWAIT(line_seen("12 lines were dropped"));
    store_blocked = false;
    AWAIT(line_seen("12 events were dropped"));
    assert_true(worker_stop(10000));
    assert_int_equal(stored_events, 8);
}

static void test_hung_consumers_do_not_block_the_stop(void **state)
{
    struct worker_options o = test_options();
    (void)state;
    start(&o);
    AWAIT(store_calls == 1);
    store_blocked = emit_blocked = true;
    push_event(0);
    worker_log(LOG_LEVEL_INFO, "line");
    AWAIT(stats().journal_busy_since_us && stats().log_busy_since_us);
    int64_t began = clock_now_us();
    assert_false(worker_stop(100));
    assert_in_range(clock_now_us() - began, 0, CLOCK_MS(2000));
    store_blocked = emit_blocked = false;
    assert_true(worker_stop(10000));
}

static void test_latest_text_wins(void **state)
{
    struct worker_options o = test_options();
    (void)state;
    start(&o);
    AWAIT(store_calls == 1 && stats().journal_busy_since_us == 0);
    store_blocked = true;
    worker_save("position", "0-1-0");
    AWAIT(stats().journal_busy_since_us);
    for (int i = 1; i <= 1000; i++) {
        char text[32];
        snprintf(text, sizeof(text), "0-1-%d", i);
        worker_save("position", text);
    }
    assert_int_equal(stats().of[WORKER_SAVE].queued, 1);
    store_blocked = false;
    AWAIT(stats().of[WORKER_SAVE].queued == 0);
    worker_save("position", "0-1-1000"); /* nothing new */
    char *long_text = calloc(1, JOURNAL_TEXT_MAX + 1);
    memset(long_text, 'x', JOURNAL_TEXT_MAX);
    worker_save("long", long_text);
    free(long_text);
    assert_int_equal(stats().of[WORKER_SAVE].dropped, 1);
    assert_true(worker_stop(10000));
    assert_int_equal(stored_texts, 2);
    assert_string_equal(stored_text, "0-1-1000");
}

static void test_failures_are_tried_again(void **state)
{
    struct worker_options o = test_options();
    (void)state;
    start(&o);
    AWAIT(store_calls == 1);
    store_fails = true;
    for (int i = 0; i < 3; i++)
        push_event(i);
    AWAIT(stats().journal_failing);
    assert_string_equal(stats().last_error, "no room");
    assert_true(stats().last_error_wall_us > 0);
    int calls = store_calls;
    usleep(300000);
    assert_in_range(store_calls - calls, 1, 6); /* 20, 40, 80, 160, ... ms apart */
    char trouble[640];
    struct worker_stats s = stats();
    assert_true(worker_trouble(&s, clock_now_us(), CLOCK_MS(5000), trouble, sizeof(trouble)));
    assert_non_null(strstr(trouble, "cannot be written: no room"));
    store_fails = false;
    AWAIT(stored_events == 3 && line_seen("is written again"));
    assert_false(stats().journal_failing);
    assert_true(worker_stop(10000));
    store_fails = false;
}

static void test_end_with_a_failing_disk(void **state)
{
    struct worker_options o = test_options();
    (void)state;
    o.retry_ms = 100000;
    start(&o);
    AWAIT(store_calls == 1);
    store_fails = true;
    push_event(0);
    AWAIT(stats().journal_failing);
    assert_true(worker_stop(10000));
    assert_true(line_seen("1 events and 0 saved texts could not be written"));
}

static void test_repeated_lines_are_held(void **state)
{
    struct worker_options o = test_options();
    (void)state;
    start(&o);
    for (int i = 0; i < 100; i++)
        worker_log(LOG_LEVEL_NOTICE, "the same again");
    assert_int_equal(stats().held_back, 99);
    assert_true(worker_stop(10000));
    assert_int_equal(emitted, 2);
    assert_true(line_seen("the same again (repeated 99 times)"));
}

static void test_log_sink(void **state)
{
    struct worker_options o = test_options();
    (void)state;
    start(&o);
    log_set_sink(worker_log);
    log_notice("mx2 %s", "is silent");
    log_set_sink(NULL);
    assert_true(worker_stop(10000));
    assert_true(line_seen("mx2 is silent"));
}

static void test_torn_journal_behind_the_worker(void **state)
{
    struct worker_options o = test_options();
    struct err e;
    struct journal_saved saved;
    (void)state;
    empty_dir();
    write_file(db, "torn", 4);
    o.store = NULL;
    start(&o);
    AWAIT(line_seen("positions seen, breaker"));
    push_event(0);
    worker_save("breaker", "open");
    assert_true(worker_stop(10000));
    struct heard heard = list_all((struct journal_filter){.kind = JOURNAL_ALERT});
    assert_int_equal(heard.count, 1);
    assert_non_null(strstr(heard.last.detail, ".bad-"));
    assert_int_equal(list_all((struct journal_filter){0}).count, 2);
    assert_int_equal(journal_saved_load(db, "breaker", &saved, &e), TRI_YES);
    assert_string_equal(saved.text, "open");
}

static void test_torn_while_it_is_open(void **state)
{
    struct worker_options o = test_options();
    (void)state;
    empty_dir();
    o.store = NULL;
    start(&o);
    push_event(0);
    AWAIT(stats().of[WORKER_EVENT].written == 1);
    write_file(db, "torn", 4);
    push_event(1);
    AWAIT(line_seen("positions seen, breaker") && !stats().journal_failing);
    assert_true(worker_stop(10000));
    assert_int_equal(list_all((struct journal_filter){.kind = JOURNAL_STATE}).count, 1);
    assert_int_equal(list_all((struct journal_filter){.kind = JOURNAL_ALERT}).count, 1);
}

/* Whoever reads and is stopped keeps the writer waiting; it goes on when the reader does. */
static void test_locked_by_a_reader(void **state)
{
    struct worker_options o = test_options();
    sqlite3 *reader;
    (void)state;
    make_journal();
    o.store = NULL;
    assert_int_equal(sqlite3_open_v2(db, &reader, SQLITE_OPEN_READONLY, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_exec(reader, "BEGIN; SELECT count(*) FROM events", NULL, NULL, NULL), SQLITE_OK);
    start(&o);
    push_event(0);
    AWAIT(stats().journal_failing);
    assert_non_null(strstr(stats().last_error, "another process holds it"));
    assert_int_equal(sqlite3_exec(reader, "COMMIT", NULL, NULL, NULL), SQLITE_OK);
    AWAIT(stats().of[WORKER_EVENT].written == 1 && !stats().journal_failing);
    assert_true(worker_stop(10000));
    sqlite3_close(reader);
    assert_int_equal(list_all((struct journal_filter){0}).count, EVENTS + 1);
}

/* FAULTS 54: the disk's fsync hangs; lines go out meanwhile. */
static void test_hung_fsync(void **state)
{
    struct worker_options o = test_options();
    (void)state;
    empty_dir();
    o.store = NULL;
    o.event_capacity = 100;
    start(&o);
    push_event(0);
    AWAIT(stats().of[WORKER_EVENT].written == 1);
    gate_set(0);
    push_event(1);
    gate_await();
    int64_t worst = 0;
    for (int i = 2; i < 50; i++) {
        char text[32];
        int64_t began = clock_now_us();
        push_event(i);
        snprintf(text, sizeof(text), "0-1-%d", i);
        worker_save("position", text);
        worker_log(LOG_LEVEL_INFO, text);
        int64_t took = clock_now_us() - began;
        worst = took > worst ? took : worst;
    }
    assert_in_range(worst, 0, CLOCK_MS(200));
    AWAIT(emitted > 0 && stats().of[WORKER_LINE].queued == 0);
    assert_int_equal(stats().of[WORKER_EVENT].queued, 49);
    assert_true(stats().journal_busy_since_us != 0);
    gate_set(-1);
    AWAIT(stats().of[WORKER_EVENT].queued == 0);
    assert_true(worker_stop(10000));
    assert_int_equal(list_all((struct journal_filter){0}).count, 50);
}

/* ---- as root, in a mount namespace of its own (made by main) */

static bool own_mounts;

static void needs_own_mounts(void)
{
    if (own_mounts)
        return;
    print_message("skipped: needs root, to mount file systems of its own\n");
    skip();
}

/* FAULTS 34: the disk under the journal is full. */
static void test_full_disk(void **state)
{
    struct worker_options o = test_options();
    unsigned pushed = 1;
    (void)state;
    needs_own_mounts();
    o.store = NULL;
    o.event_capacity = 32;
    assert_int_equal(mount("tmpfs", dir, "tmpfs", 0, "size=96k"), 0);
    start(&o);
    while (!stats().journal_failing) {
        push_event((int)pushed++);
        usleep(200);
        assert_true(pushed < 5000);
    }
    assert_non_null(strstr(stats().last_error, "free some space"));
    while (stats().of[WORKER_EVENT].queued < 32)
        push_event((int)pushed++);
    assert_int_equal(mount("tmpfs", dir, "tmpfs", MS_REMOUNT, "size=4m"), 0);
    AWAIT(!stats().journal_failing && stats().of[WORKER_EVENT].queued == 0);
    struct worker_stats s = stats();
    assert_true(worker_stop(10000));
    assert_int_equal(s.of[WORKER_EVENT].written + s.of[WORKER_EVENT].dropped, pushed - 1);
    assert_int_equal(list_all((struct journal_filter){0}).count, s.of[WORKER_EVENT].written);
    umount(dir);
}

/* The state directory is on a file system that was remounted read-only, and is writable again later. */
static void test_read_only_disk(void **state)
{
    struct worker_options o = test_options();
    (void)state;
    needs_own_mounts();
    o.store = NULL;
    assert_int_equal(mount("tmpfs", dir, "tmpfs", 0, "size=4m"), 0);
    assert_int_equal(mount("tmpfs", dir, "tmpfs", MS_REMOUNT | MS_RDONLY, "size=4m"), 0);
    start(&o);
    push_event(0);
    AWAIT(stats().journal_failing);
    assert_int_equal(mount("tmpfs", dir, "tmpfs", MS_REMOUNT, "size=4m"), 0);
    AWAIT(stats().of[WORKER_EVENT].written == 1);
    assert_true(worker_stop(10000));
    umount(dir);
}

/* FAULTS 53: syslog's reader stops; the journal goes on meanwhile. */
static void test_stopped_syslog(void **state)
{
    struct sockaddr_un at = {.sun_family = AF_UNIX, .sun_path = "/dev/log"};
    struct worker_options o = test_options();
    int64_t worst = 0;
    (void)state;
    needs_own_mounts();
    assert_int_equal(mount("tmpfs", "/dev", "tmpfs", 0, "size=1m"), 0);
    int reader = socket(AF_UNIX, SOCK_DGRAM, 0);
    assert_int_equal(bind(reader, (struct sockaddr *)&at, sizeof(at)), 0);
    o.emit = NULL;
    o.line_capacity = 64;
    start(&o);
    for (int i = 0; i < 2000; i++) {
        char line[64];
        int64_t began = clock_now_us();
        snprintf(line, sizeof(line), "line %d", i);
        worker_log(LOG_LEVEL_INFO, line);
        int64_t took = clock_now_us() - began;
        worst = took > worst ? took : worst;
    }
    assert_in_range(worst, 0, CLOCK_MS(200));
    AWAIT(stats().of[WORKER_LINE].written > 0 && stats().log_busy_since_us &&
          clock_now_us() - stats().log_busy_since_us > CLOCK_MS(200));
    assert_in_range(stats().of[WORKER_LINE].queued, 30, 64);
    assert_true(stats().of[WORKER_LINE].dropped > 1000);
    push_event(0);
    AWAIT(stored_events == 1);
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

/* ---- the parts */

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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ring_wraps),
        cmocka_unit_test(test_repeats),
        cmocka_unit_test(test_repeats_make_room),
        cmocka_unit_test(test_kinds_have_names),
        cmocka_unit_test(test_write_and_read),
        cmocka_unit_test(test_empty_texts_stay_empty),
        cmocka_unit_test(test_old_events_go),
        cmocka_unit_test(test_truncated_anywhere),
        cmocka_unit_test(test_header_bits_flipped),
        cmocka_unit_test(test_content_flipped),
        cmocka_unit_test(test_saved_text_flipped),
        cmocka_unit_test(test_rollback_journal_torn),
        cmocka_unit_test(test_not_a_database),
        cmocka_unit_test(test_set_aside_twice_keeps_both),
        cmocka_unit_test(test_refused_but_kept),
        cmocka_unit_test(test_everything_is_drained),
        cmocka_unit_test(test_overflow_drops_and_counts),
        cmocka_unit_test(test_hung_consumers_do_not_block_the_stop),
        cmocka_unit_test(test_latest_text_wins),
        cmocka_unit_test(test_failures_are_tried_again),
        cmocka_unit_test(test_end_with_a_failing_disk),
        cmocka_unit_test(test_repeated_lines_are_held),
        cmocka_unit_test(test_log_sink),
        cmocka_unit_test(test_torn_journal_behind_the_worker),
        cmocka_unit_test(test_torn_while_it_is_open),
        cmocka_unit_test(test_locked_by_a_reader),
        cmocka_unit_test(test_hung_fsync),
        cmocka_unit_test(test_full_disk),
        cmocka_unit_test(test_read_only_disk),
        cmocka_unit_test(test_stopped_syslog),
    };
    snprintf(dir, sizeof(dir), "/tmp/test_journal.XXXXXX");
    if (!mkdtemp(dir))
        return 1;
    snprintf(db, sizeof(db), "%s/%s", dir, JOURNAL_FILE);
    own_mounts =
        geteuid() == 0 && unshare(CLONE_NEWNS) == 0 && mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0;
    alarm(300); /* a test that hangs ends too */
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    empty_dir();
    rmdir(dir);
    return failed;
}
