/* The slow look at one server, on a session of its own: who bypasses read_only, who holds our locks, how it
 * is set.
 *
 * Locks are asked for every few seconds, the rest less often, each with a deadline. Nothing waits for it; its
 * hang makes what it found old, and nothing else. */
#ifndef REPLCHECK_IO_AUDITOR_H
#define REPLCHECK_IO_AUDITOR_H

#include "io/session.h"
#include "wire/audit_sql.h"

struct auditor;
struct event_base;

struct auditor_options {
    struct audit_names names; /* the texts must outlive the auditor */
    struct session_options session;
    bool locks_only;     /* a witness has no accounts of ours to judge */
    struct audit *audit; /* what is filled; must outlive the auditor */
};

/* `looked` is told of every answer. */
struct auditor *auditor_new(struct event_base *base, const struct auditor_options *options,
                            void (*looked)(void *arg), void *arg);
void auditor_free(struct auditor **a);

/* Looks at everything, unless it is doing so. */
void auditor_now(struct auditor *a);

/* Who holds our locks, unless it is asking something. */
void auditor_locks(struct auditor *a);

struct session *auditor_session(struct auditor *a);

#endif
