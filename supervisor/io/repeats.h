/* Holds back log lines that say the same again: a line identical to one let through within the last minute
 * is only counted. When the minute is over the count is told ("... (repeated 7 times)") and, if there was
 * any, the next minute begins: a steady repeat costs one line per minute.
 *
 * A notice tells a change, and the same change may come again beside others: without it the log would end in
 * a state that is over. So of equal notices the first REPEATS_NOTICES in a minute are let through.
 *
 * Pure: time is an argument (base/clock.h). It remembers the REPEATS_LINES lines let through last; of more
 * different lines in a minute the oldest is forgotten, its count told first. */
#ifndef REPLCHECK_IO_REPEATS_H
#define REPLCHECK_IO_REPEATS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/clock.h"
#include "base/log.h"

#define REPEATS_LINES     16
#define REPEATS_LINE_MAX  1024
#define REPEATS_NOTICES   8
#define REPEATS_WINDOW_US CLOCK_MS(60000)

struct repeat {
    bool used;
    enum log_level level;
    char line[REPEATS_LINE_MAX];
    int64_t since_us;
    unsigned let;  /* times let through since it is remembered */
    unsigned held; /* times held back since then */
};

struct repeats {
    struct repeat lines[REPEATS_LINES];
};

/* Is this line to be held back? If not it is remembered; `forgotten` is then the one that made room, its
 * count to be told if `held` is not 0. */
bool repeats_hold(struct repeats *r, enum log_level level, const char *line, int64_t now_us,
                  struct repeat *forgotten);

/* Takes one count that is due for telling; false if none is. With INT64_MAX as the time all are due. */
bool repeats_take(struct repeats *r, int64_t now_us, struct repeat *told);

/* When the next minute ends; 0 if no line is remembered. */
int64_t repeats_next_us(const struct repeats *r);

#endif
