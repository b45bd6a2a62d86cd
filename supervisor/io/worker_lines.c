#include "io/worker_lines.h"

#define SYSLOG_NAMES /* the table of facilities */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>
#include <time.h>

#include "base/clock.h"
#include "base/mem.h"
#include "io/lane.h"
#include "io/repeats.h"
#include "io/ring.h"

#define CAPACITY 1024
#define LATE_US  CLOCK_MS(2000) /* beyond this a line says how old it is: syslog stamps it when it comes */

struct line {
    enum log_level level;
    int64_t boot_us;
    int64_t wall_us;
    char text[REPEATS_LINE_MAX + 32]; /* with "(repeated N times)" */
};

struct worker_lines {
    struct lane lane; /* its lock guards all that follows */
    struct ring ring;
    struct repeats repeats;
    uint64_t written;
    uint64_t dropped;
    uint64_t dropped_told;
    uint64_t held_back;
    void (*emit)(enum log_level level, int64_t wall_us, const char *line);
    char program[64]; /* syslog keeps the pointer */
};

static void emit_syslog(enum log_level level, int64_t wall_us, const char *line)
{
    (void)wall_us;
    syslog((int)level, "%s", line);
}

static void emit_stderr(enum log_level level, int64_t wall_us, const char *line)
{
    static const char *const names[] = {"panic",   "alert",  "crit", "error",
                                        "warning", "notice", "info", "debug"};
    time_t seconds = (time_t)(wall_us / 1000000);
    struct tm tm;
    char when[32] = "";
    if (gmtime_r(&seconds, &tm))
        strftime(when, sizeof(when), "%H:%M:%S", &tm);
    fprintf(stderr, "%s.%06d %-7s %s\n", when, (int)(wall_us % 1000000), names[level & 7], line);
}

static int facility_code(const char *name)
{
    for (const CODE *c = facilitynames; c->c_name; c++)
        if (strcmp(c->c_name, name) == 0)
            return c->c_val;
    return LOG_DAEMON;
}

static void push(struct worker_lines *l, enum log_level level, const char *text, unsigned repeated)
{
    struct line *at = ring_push(&l->ring);
    if (!at) {
        l->dropped += 1 + repeated;
        return;
    }
    at->level = level;
    at->boot_us = clock_now_us();
    at->wall_us = clock_wall_us();
    int n = snprintf(at->text, REPEATS_LINE_MAX, "%s", text);
    size_t used = n < REPEATS_LINE_MAX ? (size_t)n : REPEATS_LINE_MAX - 1;
    if (repeated)
        snprintf(at->text + used, sizeof(at->text) - used, " (repeated %u time%s)", repeated,
                 repeated == 1 ? "" : "s");
    lane_ring(&l->lane);
}

void worker_lines_push(struct worker_lines *l, enum log_level level, const char *line)
{
    struct repeat forgotten;
    lane_lock(&l->lane);
    bool held = repeats_hold(&l->repeats, level, line, clock_now_us(), &forgotten);
    if (!held && forgotten.held)
        push(l, forgotten.level, forgotten.line, forgotten.held);
    if (held)
        l->held_back++;
    else
        push(l, level, line, 0);
    lane_unlock(&l->lane);
}

/* The line stays where it is while the lock is away (io/ring.h). */
static void write_oldest(struct worker_lines *l)
{
    unsigned n;
    struct line *at = ring_peek(&l->ring, &n);
    lane_block_begin(&l->lane);
    int64_t age_us = clock_now_us() - at->boot_us;
    char late[sizeof(at->text) + 32];
    if (age_us > LATE_US)
        snprintf(late, sizeof(late), "%s (%.1f s ago)", at->text, (double)age_us / 1e6);
    l->emit(at->level, at->wall_us, age_us > LATE_US ? late : at->text);
    lane_block_end(&l->lane);
    ring_pop(&l->ring, 1);
    l->written++;
}

static void tell_drops(struct worker_lines *l)
{
    char text[96];
    if (l->dropped == l->dropped_told || l->ring.count == l->ring.capacity)
        return;
    snprintf(text, sizeof(text), "log: %llu lines were dropped, their reader was too slow",
             (unsigned long long)(l->dropped - l->dropped_told));
    l->dropped_told = l->dropped;
    push(l, LOG_LEVEL_WARNING, text, 0);
}

static void tell_repeats(struct worker_lines *l, int64_t now_us)
{
    struct repeat due;
    while (repeats_take(&l->repeats, now_us, &due))
        push(l, due.level, due.line, due.held);
}

static void run(void *context)
{
    struct worker_lines *l = context;
    for (;;) {
        tell_repeats(l, l->lane.stopping ? INT64_MAX : clock_now_us());
        if (l->ring.count) {
            write_oldest(l);
            tell_drops(l);
        } else if (l->lane.stopping) {
            return;
        } else {
            lane_wait(&l->lane, repeats_next_us(&l->repeats));
        }
    }
}

bool worker_lines_start(struct worker_lines **out, const struct worker_options *o, struct err *e)
{
    struct worker_lines *l = mem_zalloc(sizeof(*l));
    ring_init(&l->ring, o->line_capacity ? o->line_capacity : CAPACITY, sizeof(struct line));
    l->emit = o->emit ? o->emit : o->foreground ? emit_stderr : emit_syslog;
    if (l->emit == emit_syslog) {
        snprintf(l->program, sizeof(l->program), "%s", o->program);
        openlog(l->program, LOG_PID, facility_code(o->facility));
    }
    *out = l;
    if (lane_start(&l->lane, "log", run, l, e))
        return true;
    ring_free(&l->ring);
    free(l);
    *out = NULL;
    return false;
}

bool worker_lines_stop(struct worker_lines **l, int64_t until_us)
{
    if (!lane_stop(&(*l)->lane, until_us))
        return false;
    if ((*l)->emit == emit_syslog)
        closelog();
    ring_free(&(*l)->ring);
    free(*l);
    *l = NULL;
    return true;
}

void worker_lines_stats(struct worker_lines *l, struct worker_stats *out)
{
    lane_lock(&l->lane);
    out->of[WORKER_LINE].queued = l->ring.count;
    out->of[WORKER_LINE].written = l->written;
    out->of[WORKER_LINE].dropped = l->dropped;
    out->held_back = l->held_back;
    out->log_busy_since_us = l->lane.busy_since_us;
    lane_unlock(&l->lane);
}
