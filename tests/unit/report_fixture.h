/* A report made of a scene (model_fixture.h), as the daemon would: names mx1 and mx2, the verdict judged. */
#ifndef REPLCHECK_TESTS_REPORT_FIXTURE_H
#define REPLCHECK_TESTS_REPORT_FIXTURE_H

#include "model/report.h"
#include "model/lag.h"
#include "model_fixture.h"

/* Lets the decision run once, then fills. The node has been in its state for 100 s, its supervisor is as old.
 */
void report_of_scene(struct scene *s, struct report *out);

/* The same without a supervisor: only what two servers answer. */
void report_of_servers(struct scene *s, struct report *out);

/* Of a healthy pair: scene_standby() and scene_writer(), with a witness. */
void report_of_standby(struct report *out);
void report_of_writer(struct report *out);

/* A finding of the slow look: `kind` is "account", "procedure" or "event". */
void report_add_account(struct report *r, int node, const char *kind, const char *account, const char *via);
/* A lock of ours that another account holds. */
void report_add_lock(struct report *r, const char *lock, const char *place);

/* The problem of this id, or NULL. */
const struct problem *report_problem(const struct report *r, const char *id);

#endif
