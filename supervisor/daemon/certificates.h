/* The certificates that TLS rests on: the servers' that are spoken to with it (the own, the peer's and the
 * witness's), the authorities' that vouch for these, and ours for etcd. Shown, and told in the log when one
 * comes near its end; nothing is decided upon them. */
#ifndef REPLCHECK_DAEMON_CERTIFICATES_H
#define REPLCHECK_DAEMON_CERTIFICATES_H

#include <stdbool.h>

#include "io/session.h"
#include "model/report.h"

struct node;

/* Is the other node's server asked with TLS? */
bool certificates_pair_has_tls(const struct node *n);

/* Begins to look at server i (OBS_TIE: a MariaDB witness, or etcd, which is asked for what it showed) if TLS
 * is spoken there. The session's options are copied. */
void certificates_start_at(struct node *n, int i, const struct session_options *session);

/* Once, after the voters: the files that the settings name. Those that etcd is asked with are read now, by
 * the caller's leave before the loop runs. */
void certificates_start_files(struct node *n);

/* Repeatable each tick. */
void certificates_step(struct node *n);
void certificates_report(const struct node *n, struct report_input *in);
void certificates_stop(struct node *n);

#endif
