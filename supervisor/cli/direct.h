/* The pair without its daemon: both servers are asked in parallel, without blocking, within a limit. One
 * round of questions suffices where the replica has all that the writer has; otherwise it is repeated, to
 * tell a replica that follows from one that stands. What only a
 * supervisor knows (votes, fencer, VIP, state) stays unknown. */
#ifndef REPLCHECK_CLI_DIRECT_H
#define REPLCHECK_CLI_DIRECT_H

#include "base/err.h"
#include "cli/servers.h"
#include "model/report.h"

#define DIRECT_LIMIT    "4s"
#define DIRECT_LIMIT_MS 4000

struct event_base;
struct direct;

struct direct_options {
    const char *why; /* why no daemon's answer counts; "" = it was not asked */
    int limit_ms;
    bool bare; /* only what every account may read, without the schema; also done where it may not be read */
    bool audited; /* take the slow look too: who bypasses read_only, settings, foreign locks */
};

/* Blocks. The verdict is judged. */
void direct_report(const struct servers *s, const struct direct_options *options, struct report *out);

/* ---- several at once, on one loop ---- */

/* Borrows `s` and `options` until direct_free(). `done` is called once, from the loop, and may free it. */
struct direct *direct_begin(struct event_base *base, const struct servers *s,
                            const struct direct_options *options, void (*done)(void *arg, struct direct *d),
                            void *arg);

/* What was learnt until now; the verdict is judged. */
void direct_fill(const struct direct *d, struct report *out);

void direct_free(struct direct **d);

#endif
