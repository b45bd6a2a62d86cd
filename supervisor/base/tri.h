/* Unknown is a value: never no, never zero. A zeroed struct knows nothing. */
#ifndef REPLCHECK_BASE_TRI_H
#define REPLCHECK_BASE_TRI_H

#include <stdbool.h>

enum tri { TRI_UNKNOWN = 0, TRI_NO, TRI_YES };

static inline enum tri tri_from(bool yes)
{
    return yes ? TRI_YES : TRI_NO;
}

static inline const char *tri_name(enum tri t)
{
    return t == TRI_YES ? "yes" : t == TRI_NO ? "no" : "unknown";
}

#endif
