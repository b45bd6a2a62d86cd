/* The parts that a report is filled from (model/report.c): internal to it. */
#ifndef REPLCHECK_MODEL_REPORT_PARTS_H
#define REPLCHECK_MODEL_REPORT_PARTS_H

#include <stddef.h>

#include "model/report.h"

#define COPY(field, text) report_copy(field, sizeof(field), text)

void report_copy(char *out, size_t size, const char *text);

/* REPORT_UNKNOWN if `from_us` is 0: never. */
int64_t report_ms(int64_t from_us, int64_t to_us);

void report_applied_position(const struct server_view *v, struct gtid_set *out);
void report_received_position(const struct server_view *v, struct gtid_set *out);

/* report_authority.c */
void report_fill_votes(struct report *r, const struct report_input *in);
void report_fill_fencer(struct report_fencer *out, const struct report_input *in);
void report_fill_loss(struct report *r, const struct report_input *in);

/* report_certificates.c */
void report_fill_certificates(struct report *r, const struct report_input *in);

/* report_audit.c */
void report_fill_audits(struct report *r, const struct report_input *in);

#endif
