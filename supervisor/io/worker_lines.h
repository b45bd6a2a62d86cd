/* The worker's half for log lines: a bounded queue, the holding back of repeats, and the thread that writes
 * to syslog or stderr. Used through io/worker.h. */
#ifndef REPLCHECK_IO_WORKER_LINES_H
#define REPLCHECK_IO_WORKER_LINES_H

#include "io/worker.h"

struct worker_lines;

MUST_CHECK bool worker_lines_start(struct worker_lines **out, const struct worker_options *o, struct err *e);
bool worker_lines_stop(struct worker_lines **l, int64_t until_us);
void worker_lines_push(struct worker_lines *l, enum log_level level, const char *line);
void worker_lines_stats(struct worker_lines *l, struct worker_stats *out);

#endif
