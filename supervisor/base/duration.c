#include "base/duration.h"

#include <inttypes.h>
#include <stdio.h>

static const char *two_units(int64_t seconds, int64_t big, const char *big_name, int64_t small,
                             const char *small_name, char *out)
{
    int64_t rest = seconds % big / small;
    if (rest)
        snprintf(out, DURATION_MAX, "%" PRId64 " %s %" PRId64 " %s", seconds / big, big_name, rest,
                 small_name);
    else
        snprintf(out, DURATION_MAX, "%" PRId64 " %s", seconds / big, big_name);
    return out;
}

static const char *tenths_of_seconds(int64_t ms, char *out)
{
    snprintf(out, DURATION_MAX, "%" PRId64 ".%" PRId64 " s", ms / 1000, ms % 1000 / 100);
    return out;
}

const char *duration_format_ms(int64_t ms, char out[DURATION_MAX])
{
    int64_t seconds = ms / 1000;
    if (ms < 0)
        snprintf(out, DURATION_MAX, "unknown");
    else if (ms < 1000)
        snprintf(out, DURATION_MAX, "%" PRId64 " ms", ms);
    else if (ms < 10000 && ms % 1000 >= 100)
        tenths_of_seconds(ms, out);
    else if (seconds < 60)
        snprintf(out, DURATION_MAX, "%" PRId64 " s", seconds);
    else if (seconds < 3600)
        two_units(seconds, 60, "min", 1, "s", out);
    else if (seconds < 86400)
        two_units(seconds, 3600, "h", 60, "min", out);
    else
        two_units(seconds, 86400, "d", 3600, "h", out);
    return out;
}

const char *duration_format_us(int64_t us, char out[DURATION_MAX])
{
    return duration_format_ms(us < 0 ? us : us / 1000, out);
}
