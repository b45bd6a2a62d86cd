/* The worker's half for the journal: a bounded queue of events, the latest text of each key, and the thread
 * that writes both to journal.db and tries again when it cannot. Used through io/worker.h. */
#ifndef REPLCHECK_IO_WORKER_JOURNAL_H
#define REPLCHECK_IO_WORKER_JOURNAL_H

#include "io/worker.h"

struct worker_journal;
struct worker_lines;

/* Failures and recoveries are told through `lines`, which must outlive it. */
MUST_CHECK bool worker_journal_start(struct worker_journal **out, const struct worker_options *o,
                                     struct worker_lines *lines, struct err *e);
bool worker_journal_stop(struct worker_journal **j, int64_t until_us);
void worker_journal_event(struct worker_journal *j, const struct journal_event *event);
void worker_journal_save(struct worker_journal *j, const char *key, const char *text);
void worker_journal_stats(struct worker_journal *j, struct worker_stats *out);

#endif
