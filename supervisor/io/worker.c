#include "io/worker.h"

#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "io/hooks.h"
#include "io/worker_journal.h"
#include "io/worker_lines.h"

static struct worker_lines *lines;
static struct worker_journal *journal;
static atomic_bool running; /* both are there, and may be pushed to */

bool worker_start(const struct worker_options *options, struct err *e)
{
    if (lines || journal)
        return err_set(e, "the worker runs already");
    if (!worker_lines_start(&lines, options, e))
        return false;
    if (!worker_journal_start(&journal, options, lines, e)) {
        worker_lines_stop(&lines, INT64_MAX);
        return false;
    }
    atomic_store(&running, true);
    return true;
}

/* The journal first, since it tells its end in lines; they have a quarter of the time for themselves. While
 * it hangs they are left alone: their thread writes them without being asked. */
bool worker_stop(int deadline_ms)
{
    int64_t now_us = clock_now_us();
    atomic_store(&running, false);
    if (journal && !worker_journal_stop(&journal, now_us + CLOCK_MS(deadline_ms) * 3 / 4))
        return false;
    return !lines || worker_lines_stop(&lines, now_us + CLOCK_MS(deadline_ms));
}

void worker_log(enum log_level level, const char *line)
{
    if (atomic_load(&running))
        worker_lines_push(lines, level, line);
}

void worker_event(const struct journal_event *event)
{
    if (atomic_load(&running))
        worker_journal_event(journal, event);
    hooks_offer(event);
}

void worker_save(const char *key, const char *text)
{
    if (atomic_load(&running))
        worker_journal_save(journal, key, text);
}

void worker_stats_read(struct worker_stats *out)
{
    memset(out, 0, sizeof(*out));
    if (!atomic_load(&running))
        return;
    worker_lines_stats(lines, out);
    worker_journal_stats(journal, out);
}

bool worker_trouble(const struct worker_stats *s, int64_t now_us, int64_t patience_us, char *out, size_t size)
{
    out[0] = '\0';
    if (s->journal_busy_since_us && now_us - s->journal_busy_since_us >= patience_us)
        snprintf(out, size, "the journal's disk has hung for %lld s; %u events wait",
                 (long long)(now_us - s->journal_busy_since_us) / 1000000, s->of[WORKER_EVENT].queued);
    else if (s->journal_failing)
        snprintf(out, size, "the journal cannot be written: %s", s->last_error);
    else if (s->log_busy_since_us && now_us - s->log_busy_since_us >= patience_us)
        snprintf(out, size, "the log's reader has hung for %lld s; %u lines wait",
                 (long long)(now_us - s->log_busy_since_us) / 1000000, s->of[WORKER_LINE].queued);
    return out[0] != '\0';
}
