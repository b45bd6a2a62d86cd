/* A report as JSON, for programs and across the control socket: names and meanings are stable within a
 * version; members may be added. Durations carry their unit in the
 * name; null is "unknown" (for a count, also "none"). */
#ifndef REPLCHECK_WIRE_REPORT_JSON_H
#define REPLCHECK_WIRE_REPORT_JSON_H

#include <jansson.h>

#include "base/err.h"
#include "model/report.h"

#define REPORT_JSON_VERSION 1

/* Never NULL; the caller owns it. */
json_t *report_to_json(const struct report *r);

/* Reads back what report_to_json() wrote, perhaps of another version of the program: `e` names what is
 * missing or malformed. *out is then unspecified. */
MUST_CHECK bool report_from_json(struct report *out, const json_t *json, struct err *e);

#endif
