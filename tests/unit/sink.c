#include "sink.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "journals.h"

struct sink sink;

static char all_lines[65536];
static pthread_mutex_t lines_lock = PTHREAD_MUTEX_INITIALIZER;

static void emit_here(enum log_level level, int64_t wall_us, const char *line)
{
    (void)level;
    (void)wall_us;
    while (atomic_load(&sink.emit_blocked))
        usleep(1000);
    pthread_mutex_lock(&lines_lock);
    size_t used = strlen(all_lines);
    snprintf(all_lines + used, sizeof(all_lines) - used, "%s\n", line);
    pthread_mutex_unlock(&lines_lock);
    atomic_fetch_add(&sink.emitted, 1);
}

bool sink_line_seen(const char *part)
{
    pthread_mutex_lock(&lines_lock);
    bool seen = strstr(all_lines, part) != NULL;
    pthread_mutex_unlock(&lines_lock);
    return seen;
}

static bool store_here(const struct journal_batch *batch, struct err *e)
{
    atomic_fetch_add(&sink.store_calls, 1);
    while (atomic_load(&sink.store_blocked))
        usleep(1000);
    if (atomic_load(&sink.store_fails))
        return err_set(e, "no room");
    atomic_fetch_add(&sink.stored_events, (int)batch->event_count);
    atomic_fetch_add(&sink.stored_texts, (int)batch->saved_count);
    if (batch->saved_count)
        snprintf(sink.stored_text, sizeof(sink.stored_text), "%s", batch->saved[batch->saved_count - 1].text);
    return true;
}

struct worker_options sink_options(void)
{
    sink.emitted = sink.stored_events = sink.stored_texts = sink.store_calls = 0;
    sink.emit_blocked = sink.store_blocked = sink.store_fails = false;
    all_lines[0] = sink.stored_text[0] = '\0';
    return (struct worker_options){.node = "mx1",
                                   .journal_path = journals_db,
                                   .program = "test",
                                   .facility = "daemon",
                                   .line_capacity = 8,
                                   .event_capacity = 8,
                                   .retry_ms = 20,
                                   .emit = emit_here,
                                   .store = store_here};
}

void sink_start(const struct worker_options *o)
{
    struct err e;
    if (!worker_start(o, &e))
        fail_msg("%s", e.text);
}

struct worker_stats sink_stats(void)
{
    struct worker_stats s;
    worker_stats_read(&s);
    return s;
}

void sink_push_event(int i)
{
    struct journal_event event = journals_event(i);
    worker_event(&event);
}
