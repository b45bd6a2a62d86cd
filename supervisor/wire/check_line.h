/* A check as monitoring plugins print it: one line with performance data, and what may follow it. Pure. */
#ifndef REPLCHECK_WIRE_CHECK_LINE_H
#define REPLCHECK_WIRE_CHECK_LINE_H

#include <stddef.h>

#include "model/check.h"

#define CHECK_LINE_MAX   1536
#define CHECK_DETAIL_MAX (2 * REPORT_SENTENCE_MAX + 32)

/* "REPLCHECK LAG CRITICAL - sentence (and 2 more) | 'mx2_lag'=0.012s;10;60;0 ...", no newline; a "|" within a
 * sentence is replaced. `r` as check_judge() left it. Returns `out`. */
const char *check_line(const struct report *r, const struct check_result *c, char *out, size_t size);

/* Line `i` of what follows: from verbosity 1 each problem with its remedy, from 2 also the servers and
 * voters. False after the last one. */
bool check_more(const struct report *r, int verbosity, int i, char *out, size_t size);

/* One problem: "CRITICAL: sentence -> remedy". */
const char *check_detail(const struct problem *p, char *out, size_t size);

/* 0 ok, 1 warning, 2 critical, 3 unknown. */
int check_exit(const struct report *r);

#endif
