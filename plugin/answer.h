/* The daemon's answer to "check" (wire/control_proto.h), read without a JSON library: with jansson the plugin
 * took 1.99 MiB of the 2 that it may have, not 1.77, and 0.06 ms more of 0.91, most of it for being loaded.
 *
 * Pure. What it says is bounded, and no control character comes out of it: it goes to a terminal. Members
 * that are not known here are passed over; a known one of another type makes the whole answer malformed. */
#ifndef REPLCHECK_PLUGIN_ANSWER_H
#define REPLCHECK_PLUGIN_ANSWER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

#define ANSWER_MAX (256 * 1024) /* as it comes over the socket */

struct answer {
    bool ok;
    int64_t exit;       /* with ok: 0..3 */
    char line[2048];    /* with ok */
    char more[32768];   /* with ok: further lines, each ended by a newline */
    int64_t time_us;    /* with ok: the daemon's wall clock */
    int64_t decided_ms; /* with ok: since its last decision; -1 = it has made none */
    char error[32];     /* not ok: "denied" */
    char message[1024]; /* not ok */
};

MUST_CHECK bool answer_parse(struct answer *out, const char *text, size_t length, struct err *e);

#endif
