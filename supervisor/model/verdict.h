/* One verdict over everything: the problems that a report shows, worst first, each with what to do about it.
 *
 * Pure and of the report alone, so that `status`, `check`, HTTP and a test see the same. Each check is one
 * function of a table in verdict.c. A thing that cannot be seen is UNKNOWN, never fine. For a while after a
 * promotion (report.settling) what endangers only the next failover is a warning. */
#ifndef REPLCHECK_MODEL_VERDICT_H
#define REPLCHECK_MODEL_VERDICT_H

#include "model/report.h"

/* Fills problems and severity: critical before warning before unknown before notes. */
void verdict_judge(struct report *r);

/* What a server does that could not be asked, by what was said on the last attempt: "does not answer", "does
 * not let us in". */
const char *verdict_silence(const char *trouble);

#endif
