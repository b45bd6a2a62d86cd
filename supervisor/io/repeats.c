#include "io/repeats.h"

#include <stdio.h>
#include <string.h>

static struct repeat *find(struct repeats *r, enum log_level level, const char *line)
{
    for (struct repeat *at = r->lines; at < r->lines + REPEATS_LINES; at++)
        if (at->used && at->level == level && strncmp(at->line, line, sizeof(at->line) - 1) == 0)
            return at;
    return NULL;
}

static struct repeat *oldest_or_free(struct repeats *r)
{
    struct repeat *best = r->lines;
    for (struct repeat *at = r->lines; at < r->lines + REPEATS_LINES; at++) {
        if (!at->used)
            return at;
        if (at->since_us < best->since_us)
            best = at;
    }
    return best;
}

static bool is_enough(const struct repeat *at)
{
    return at->let >= (at->level == LOG_LEVEL_NOTICE ? REPEATS_NOTICES : 1);
}

bool repeats_hold(struct repeats *r, enum log_level level, const char *line, int64_t now_us,
                  struct repeat *forgotten)
{
    struct repeat *at = find(r, level, line);
    forgotten->held = 0;
    if (at && now_us - at->since_us < REPEATS_WINDOW_US) {
        bool held = is_enough(at);
        at->held += held;
        at->let += !held;
        return held;
    }
    if (!at)
        at = oldest_or_free(r);
    if (at->used)
        *forgotten = *at;
    *at = (struct repeat){.used = true, .level = level, .since_us = now_us, .let = 1};
    snprintf(at->line, sizeof(at->line), "%s", line);
    return false;
}

bool repeats_take(struct repeats *r, int64_t now_us, struct repeat *told)
{
    for (struct repeat *at = r->lines; at < r->lines + REPEATS_LINES; at++) {
        if (!at->used || now_us - at->since_us < REPEATS_WINDOW_US)
            continue;
        if (!at->held) {
            at->used = false;
            continue;
        }
        *told = *at;
        at->since_us = now_us;
        at->held = 0;
        return true;
    }
    return false;
}

int64_t repeats_next_us(const struct repeats *r)
{
    int64_t next = 0;
    for (const struct repeat *at = r->lines; at < r->lines + REPEATS_LINES; at++)
        if (at->used && (!next || at->since_us + REPEATS_WINDOW_US < next))
            next = at->since_us + REPEATS_WINDOW_US;
    return next;
}
