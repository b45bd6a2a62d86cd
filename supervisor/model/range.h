/* A threshold as monitoring plugins take it: a range that alerts outside, or with "@" inside.
 *
 *   10      below 0 or above 10        10:     below 10          ~:10    above 10
 *   10:20   below 10 or above 20       @10:20  from 10 to 20, both included
 *
 * A number may bear a unit of its kind: us, ms, s, m, h, d for seconds (no unit: s); counts have none. Pure;
 * from outside, so nothing is guessed: what is not exactly a range is refused with a sentence. */
#ifndef REPLCHECK_MODEL_RANGE_H
#define REPLCHECK_MODEL_RANGE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

#define RANGE_MAX 64 /* as text, in both directions */

enum range_unit { RANGE_COUNT = 0, RANGE_SECONDS };

struct range {
    bool given; /* false: never alerts */
    bool inside;
    bool has_low, has_high;
    double low, high; /* seconds, or a count */
};

MUST_CHECK bool range_parse(struct range *out, const char *text, enum range_unit unit, struct err *e);

/* The value of an option that is one time, from 1 ms to an hour. */
MUST_CHECK bool range_time_option(double *out_s, const char *option, const char *text, struct err *e);

bool range_alerts(const struct range *r, double value);

/* In base units, as performance data want it: "0.01:20"; "" where none is given. */
const char *range_text(const struct range *r, char out[RANGE_MAX]);

#define RANGE_WORDS_MAX 96

/* What alerts, in words: "below 5 s", "above 20", "from 10 to 20". */
const char *range_words(const struct range *r, enum range_unit unit, char out[RANGE_WORDS_MAX]);

/* The shortest decimal that is exact to a millionth: "0.012", "10". */
const char *range_number(double value, char out[RANGE_MAX]);

#endif
