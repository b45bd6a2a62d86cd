/* The verdict of a report as monitoring plugins print it: one line with performance data, and what may follow
 * it. Pure. */
#ifndef REPLCHECK_WIRE_CHECK_LINE_H
#define REPLCHECK_WIRE_CHECK_LINE_H

#include <stddef.h>

#include "model/report.h"

#define CHECK_LINE_MAX   1536
#define CHECK_DETAIL_MAX (2 * REPORT_SENTENCE_MAX + 32)

/* "REPLCHECK CRITICAL - sentence (and 2 more) | 'lag'=0.012s;10;60;0 ...", no newline; a "|" within a
 * sentence is replaced. Returns `out`. */
const char *check_line(const struct report *r, char *out, size_t size);

/* One problem: "CRITICAL: sentence -> remedy". */
const char *check_detail(const struct problem *p, char *out, size_t size);

/* 0 ok, 1 warning, 2 critical, 3 unknown. */
int check_exit(const struct report *r);

#endif
