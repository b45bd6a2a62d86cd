/* An explanation (model/explain.h) and the decision's whole table as JSON; stable within their version. */
#ifndef REPLCHECK_WIRE_EXPLAIN_JSON_H
#define REPLCHECK_WIRE_EXPLAIN_JSON_H

#include <jansson.h>

#include "base/err.h"
#include "model/explain.h"

#define EXPLAIN_JSON_VERSION 1
#define RULES_JSON_VERSION   1

json_t *explain_to_json(const struct explanation *x);
MUST_CHECK bool explain_from_json(struct explanation *out, const json_t *json, struct err *e);

/* {"version":1,"rows":[{"id":100,"states":[...],"when":[{"fact":..,"any_of":[...]}],"next":..,...}]}; "next"
 * is null where the row keeps the state. */
json_t *rules_to_json(void);

#endif
