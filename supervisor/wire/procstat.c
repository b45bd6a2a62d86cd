#include "wire/procstat.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#define EXITING 0x4UL /* PF_EXITING of the kernel's sched.h */

enum { FIELD_STATE = 3, FIELD_FLAGS = 9, FIELD_START = 22 };

/* The number that starts here, to *out; the text after it, or NULL when there is none. */
static const char *parse_number(const char *text, uint64_t *out)
{
    char *end;
    if (!isdigit((unsigned char)*text) && *text != '-')
        return NULL;
    *out = strtoull(text, &end, 10);
    return *end == ' ' || *end == '\n' || *end == 0 ? end : NULL;
}

bool procstat_parse(const char *line, struct procstat *out)
{
    const char *at = strrchr(line, ')');
    if (!at || at[1] != ' ' || !isalpha((unsigned char)at[2]) || at[3] != ' ')
        return false;
    out->state = at[2];
    at += 3;
    for (int field = FIELD_STATE + 1; field <= FIELD_START; field++) {
        uint64_t number;
        if (*at != ' ' || !(at = parse_number(at + 1, &number)))
            return false;
        if (field == FIELD_FLAGS)
            out->flags = (unsigned long)number;
        if (field == FIELD_START)
            out->start_ticks = number;
    }
    return true;
}

bool procstat_is_over(const struct procstat *task)
{
    return task->state == 'Z' || task->state == 'X' || task->state == 'x' || (task->flags & EXITING) != 0;
}
