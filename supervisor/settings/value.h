/* One scalar option: from its spelling in a file to its field, and back to the canonical spelling. */
#ifndef REPLCHECK_SETTINGS_VALUE_H
#define REPLCHECK_SETTINGS_VALUE_H

#include "settings/options.h"

enum value_problem { VALUE_OK = 0, VALUE_MALFORMED, VALUE_OUT_OF_RANGE, VALUE_TOO_LONG };

struct value_unit {
    const char *name;
    int64_t ms;
};

extern const struct value_unit value_units[]; /* longest first; ends with a NULL name */

/* Sets *field only when it returns VALUE_OK. */
enum value_problem value_parse(const struct option *o, const char *text, void *field);

/* What stands after "expected": "a duration from 2s to 1m". */
void value_expected(const struct option *o, enum value_problem problem, char *out, size_t size);

void value_format(const struct option *o, const void *field, char out[OPTION_TEXT_MAX]);

/* "3s", "250ms", "1h": the largest unit that leaves a whole number. */
void value_format_ms(int64_t ms, char *out, size_t size);

#endif
