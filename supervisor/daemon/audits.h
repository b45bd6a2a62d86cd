/* The slow looks at the servers (io/auditor.h) of this node: what is new is logged and journalled once, and
 * foreign holders of our locks are ended where the configuration allows it. */
#ifndef REPLCHECK_DAEMON_AUDITS_H
#define REPLCHECK_DAEMON_AUDITS_H

#include "daemon/node.h"
#include "io/session.h"
#include "model/report.h"

/* At a data node's server, or (OBS_TIE) at the witness. */
void audits_start_at(struct node *n, int i, const struct session_options *session);
void audits_stop(struct node *n);

/* Each period: a vote that was just seen in other hands is looked at without delay. */
void audits_step(struct node *n);

/* Everything anew, at once: the configuration changed. */
void audits_now(struct node *n);

/* How many sessions the fencer has at the own server, when that was last looked at; all of them where it is
 * not known of this moment. */
int audits_fencer_sessions(const struct node *n);

/* The session of the look at a server, idle but for some moments; NULL where none is looked at. */
struct session *audits_session(const struct node *n, int i);

/* The accounts that the configuration allows to bypass read_only. */
const char *const *audits_accepted(const struct node *n, int *count);

void audits_report(const struct node *n, struct report_input *in);

#endif
