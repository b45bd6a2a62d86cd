#include "io/worker_journal.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "io/lane.h"
#include "io/ring.h"
#include "io/worker_lines.h"

#define CAPACITY     1024
#define BATCH_EVENTS 64 /* in one transaction */
#define RETRY_MS     1000
#define RETRY_GROWTH 30 /* the longest wait is so many times the first */

struct slot {
    struct journal_saved value;
    uint64_t generation; /* rises with each new text; 0: the slot is free */
    uint64_t written;    /* the generation that the journal has */
};

struct worker_journal {
    struct lane lane; /* its lock guards what follows, down to the line */
    struct ring events;
    struct slot slots[WORKER_KEYS];
    uint64_t written[WORKER_KINDS];
    uint64_t dropped[WORKER_KINDS];
    int64_t written_us;
    int64_t failing_since_us; /* 0: the last try succeeded */
    int64_t retry_at_us;
    struct err last_error;
    int64_t last_error_wall_us;
    /* ---- the thread's own, or constant */
    struct journal *file;
    bool tried; /* the first try finds a torn file at once, not when there is something to write */
    uint64_t dropped_told;
    int64_t retry_ms;
    struct journal_saved taken[WORKER_KEYS];
    uint64_t taken_generation[WORKER_KEYS];
    bool (*store)(const struct journal_batch *batch, struct err *e);
    char node[32];
    char *path;
    unsigned keep;
    int first_retry_ms;
    struct worker_lines *lines;
};

static void tell(struct worker_journal *j, enum log_level level, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static void tell(struct worker_journal *j, enum log_level level, const char *format, ...)
{
    char text[1024];
    int n = snprintf(text, sizeof(text), "%s: journal: ", j->node);
    va_list args;
    va_start(args, format);
    vsnprintf(text + n, sizeof(text) - (size_t)n, format, args);
    va_end(args);
    worker_lines_push(j->lines, level, text);
}

void worker_journal_event(struct worker_journal *j, const struct journal_event *event)
{
    lane_lock(&j->lane);
    struct journal_event *at = ring_push(&j->events);
    if (at) {
        *at = *event;
        if (!at->at_us)
            at->at_us = clock_wall_us();
        if (!at->boot_us)
            at->boot_us = clock_now_us();
        lane_ring(&j->lane);
    } else {
        j->dropped[WORKER_EVENT]++;
    }
    lane_unlock(&j->lane);
}

static struct slot *slot_of(struct worker_journal *j, const char *key)
{
    for (struct slot *s = j->slots; s < j->slots + WORKER_KEYS; s++)
        if (!s->generation || strcmp(s->value.key, key) == 0)
            return s;
    return NULL;
}

void worker_journal_save(struct worker_journal *j, const char *key, const char *text)
{
    bool fits = strlen(key) < JOURNAL_KEY_MAX && strlen(text) < JOURNAL_TEXT_MAX;
    lane_lock(&j->lane);
    struct slot *s = fits ? slot_of(j, key) : NULL;
    if (!s) {
        j->dropped[WORKER_SAVE]++;
    } else if (!s->generation || strcmp(s->value.text, text) != 0) {
        snprintf(s->value.key, sizeof(s->value.key), "%s", key);
        snprintf(s->value.text, sizeof(s->value.text), "%s", text);
        s->value.at_us = clock_wall_us();
        s->generation++;
        lane_ring(&j->lane);
    }
    lane_unlock(&j->lane);
}

static void report_torn(struct worker_journal *j, const char *report)
{
    struct journal_event event = {.kind = JOURNAL_ALERT};
    tell(j, LOG_LEVEL_ERROR, "%s; what it had saved (positions seen, breaker) is not known any more", report);
    snprintf(event.node, sizeof(event.node), "%s", j->node);
    snprintf(event.reason, sizeof(event.reason), "the journal before this one is torn");
    snprintf(event.detail, sizeof(event.detail), "%.*s", (int)sizeof(event.detail) - 1, report);
    worker_journal_event(j, &event);
}

static bool store_in_file(struct worker_journal *j, const struct journal_batch *batch, struct err *e)
{
    char report[JOURNAL_REPORT_MAX];
    if (!j->file) {
        bool opened = journal_open(&j->file, j->path, j->keep, report, e);
        if (report[0])
            report_torn(j, report);
        if (!opened)
            return false;
    }
    if (journal_write(j->file, batch, e))
        return true;
    journal_close(&j->file);
    return false;
}

/* What waits, as one batch. The events stay in the ring until they are written. */
static void take(struct worker_journal *j, struct journal_batch *batch)
{
    unsigned n;
    batch->events = ring_peek(&j->events, &n);
    batch->event_count = n < BATCH_EVENTS ? n : BATCH_EVENTS;
    batch->saved = j->taken;
    batch->saved_count = 0;
    for (struct slot *s = j->slots; s < j->slots + WORKER_KEYS; s++) {
        if (s->generation == s->written)
            continue;
        j->taken[batch->saved_count] = s->value;
        j->taken_generation[batch->saved_count++] = s->generation;
    }
}

static void note_success(struct worker_journal *j, const struct journal_batch *batch)
{
    uint64_t dropped = j->dropped[WORKER_EVENT];
    ring_pop(&j->events, (unsigned)batch->event_count);
    for (size_t i = 0; i < batch->saved_count; i++)
        slot_of(j, j->taken[i].key)->written = j->taken_generation[i];
    j->written[WORKER_EVENT] += batch->event_count;
    j->written[WORKER_SAVE] += batch->saved_count;
    j->written_us = clock_now_us();
    if (j->failing_since_us)
        tell(j, LOG_LEVEL_NOTICE, "is written again, after %lld s",
             (long long)(j->written_us - j->failing_since_us) / 1000000);
    if (dropped != j->dropped_told)
        tell(j, LOG_LEVEL_WARNING, "%llu events were dropped while it could not be written",
             (unsigned long long)(dropped - j->dropped_told));
    j->dropped_told = dropped;
    j->failing_since_us = 0;
    j->retry_ms = 0;
}

static void note_failure(struct worker_journal *j, const struct err *why)
{
    int64_t now_us = clock_now_us(), longest_ms = (int64_t)j->first_retry_ms * RETRY_GROWTH;
    j->retry_ms = j->retry_ms ? j->retry_ms * 2 : j->first_retry_ms;
    if (j->retry_ms > longest_ms)
        j->retry_ms = longest_ms;
    j->retry_at_us = now_us + CLOCK_MS(j->retry_ms);
    if (!j->failing_since_us)
        j->failing_since_us = now_us;
    j->last_error = *why;
    j->last_error_wall_us = clock_wall_us();
    tell(j, LOG_LEVEL_ERROR, "%s; decisions go on, events wait in memory, it is tried again", why->text);
}

static bool write_once(struct worker_journal *j)
{
    struct journal_batch batch;
    struct err why;
    take(j, &batch);
    lane_block_begin(&j->lane);
    bool ok = j->store ? j->store(&batch, &why) : store_in_file(j, &batch, &why);
    lane_block_end(&j->lane);
    j->tried = true;
    if (ok)
        note_success(j, &batch);
    else
        note_failure(j, &why);
    return ok;
}

static unsigned texts_waiting(const struct worker_journal *j)
{
    unsigned n = 0;
    for (const struct slot *s = j->slots; s < j->slots + WORKER_KEYS; s++)
        n += s->generation != s->written;
    return n;
}

static void run(void *context)
{
    struct worker_journal *j = context;
    for (;;) {
        bool idle = j->tried && !j->events.count && !texts_waiting(j);
        bool too_early = j->failing_since_us && clock_now_us() < j->retry_at_us;
        if (j->lane.stopping) {
            if (idle || !write_once(j))
                break;
        } else if (idle) {
            lane_wait(&j->lane, 0);
        } else if (too_early) {
            lane_wait(&j->lane, j->retry_at_us);
        } else {
            write_once(j);
        }
    }
    if (j->events.count || texts_waiting(j))
        tell(j, LOG_LEVEL_ERROR, "%u events and %u saved texts could not be written before the end",
             j->events.count, texts_waiting(j));
    lane_block_begin(&j->lane);
    journal_close(&j->file);
    lane_block_end(&j->lane);
}

static void free_all(struct worker_journal **j)
{
    ring_free(&(*j)->events);
    free((*j)->path);
    free(*j);
    *j = NULL;
}

bool worker_journal_start(struct worker_journal **out, const struct worker_options *o,
                          struct worker_lines *lines, struct err *e)
{
    struct worker_journal *j = mem_zalloc(sizeof(*j));
    ring_init(&j->events, o->event_capacity ? o->event_capacity : CAPACITY, sizeof(struct journal_event));
    snprintf(j->node, sizeof(j->node), "%s", o->node);
    j->path = mem_strdup(o->journal_path);
    j->keep = o->keep_events;
    j->first_retry_ms = o->retry_ms ? o->retry_ms : RETRY_MS;
    j->store = o->store;
    j->lines = lines;
    *out = j;
    if (lane_start(&j->lane, "journal", run, j, e))
        return true;
    free_all(out);
    return false;
}

bool worker_journal_stop(struct worker_journal **j, int64_t until_us)
{
    if (!lane_stop(&(*j)->lane, until_us))
        return false;
    free_all(j);
    return true;
}

void worker_journal_stats(struct worker_journal *j, struct worker_stats *out)
{
    lane_lock(&j->lane);
    for (int kind = WORKER_EVENT; kind <= WORKER_SAVE; kind++) {
        out->of[kind].queued = kind == WORKER_EVENT ? j->events.count : texts_waiting(j);
        out->of[kind].written = j->written[kind];
        out->of[kind].dropped = j->dropped[kind];
    }
    out->journal_busy_since_us = j->lane.busy_since_us;
    out->journal_written_us = j->written_us;
    out->journal_failing = j->failing_since_us != 0;
    snprintf(out->last_error, sizeof(out->last_error), "%s", j->last_error.text);
    out->last_error_wall_us = j->last_error_wall_us;
    lane_unlock(&j->lane);
}
