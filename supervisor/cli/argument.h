/* Values of command-line options, spelled, bounded and complained of as in the configuration files
 * (settings/value.h, whose `struct option` cannot stand in one file with getopt's). */
#ifndef REPLCHECK_CLI_ARGUMENT_H
#define REPLCHECK_CLI_ARGUMENT_H

#include <stdint.h>

#include "base/err.h"

/* "1h" → ms. `name` is the option as typed, for the complaint. *out is set only on success. */
MUST_CHECK bool argument_duration(const char *name, const char *text, int64_t min_ms, int64_t max_ms,
                                  int64_t *out, struct err *e);
MUST_CHECK bool argument_number(const char *name, const char *text, int64_t min, int64_t max, int64_t *out,
                                struct err *e);

/* Takes --config DIR out of the words, wherever it stands before a "--". */
MUST_CHECK bool argument_config_dir(int *argc, char **argv, const char **dir, struct err *e);

#endif
