/* One line of /proc/PID/task/TID/stat, as far as the death of a server needs it. Pure. */
#ifndef REPLCHECK_WIRE_PROCSTAT_H
#define REPLCHECK_WIRE_PROCSTAT_H

#include <stdbool.h>
#include <stdint.h>

struct procstat {
    char state;           /* field 3: R, S, D, Z, X, … */
    unsigned long flags;  /* field 9: PF_* */
    uint64_t start_ticks; /* field 22: since boot */
};

/* Parses the line. The name in field 2 may hold anything, ") Z 1 (" too, so the fields are counted from its
 * last
 * ')'. False when a field is missing or no number; *out is then unspecified. */
bool procstat_parse(const char *line, struct procstat *out);

/* Can this task never run user code again? (PF_EXITING, a zombie or dead) */
bool procstat_is_over(const struct procstat *task);

#endif
