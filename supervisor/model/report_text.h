/* The sentences of a report, from the report alone: what a person reads first. Internal to the report and the
 * verdict; texts are cut to their field. */
#ifndef REPLCHECK_MODEL_REPORT_TEXT_H
#define REPLCHECK_MODEL_REPORT_TEXT_H

#include <stddef.h>

#include "model/report.h"

struct mind;
struct rule;

/* ready and not_ready: could the standby take over now, and why not? */
void report_text_ready(struct report *r);

void report_text_headline(struct report *r);

/* "the applier is stopped (error 1062: Duplicate entry ...)";
 * "" while both threads run or nothing is known. */
const char *report_text_replication(const struct report_node *n, char *out, size_t size);

/* Why the last attempt to become the writer failed: "undone: the majority was lost (row 444)"; "" where none
 * did since the last success. `refusal` is what a server said to it; "" or NULL. */
const char *report_text_failure(const struct mind *m, const char *refusal, char *out, size_t size);

/* The row's reason; one that waits because an attempt failed says why it did. */
const char *report_text_reason(const struct rule *row, const struct mind *m, const char *refusal, char *out,
                               size_t size);

/* "is missing"; "" where nothing is wrong. */
const char *report_text_dead_man(enum dead_man_trouble trouble);

/* Appends to what `out` holds, cut to fit. */
void report_text_add(char *out, size_t size, const char *format, ...) __attribute__((format(printf, 3, 4)));

#endif
