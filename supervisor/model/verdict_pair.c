#include "model/verdict_checks.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/duration.h"
#include "model/durability.h"
#include "model/gtid.h"
#include "model/report_text.h"
#include "model/state.h"

void verdict_daemon(struct report *r)
{
    if (!r->daemon_trouble[0])
        return;
    if (r->nodes[r->self].supervised == TRI_YES)
        verdict_add(r, SEVERITY_WARNING, "daemon", "see who may ask it (control.read_group), and its log",
                    "the supervisor on %s runs but did not answer: %s", verdict_own_name(r),
                    r->daemon_trouble);
    else
        verdict_add(r, SEVERITY_CRITICAL, "daemon", "start mysql-replcheckd; its log says why it ended",
                    "no supervisor answers on %s, so nothing fails over to it by itself: %s",
                    verdict_own_name(r), r->daemon_trouble);
}

/* ---- who writes ---- */

static bool is_changing(const struct report_node *n)
{
    int s = node_state_parse(n->state);
    return s >= 0 && (node_state_is_promoting((enum node_state)s) || s == NODE_DEMOTE_CLOSE ||
                      s == NODE_DEMOTE_HANDOVER);
}

#define BY_HAND                                                                                              \
    "no START SLAVE: it discards what was received. See 335 in mysql-replcheck(1); or accept the loss: "     \
    "`mysql-replcheck promote --accept-loss`"

/* What an operator can do about a promotion that was refused, by the row that refused it. */
static const struct {
    int64_t row;
    const char *remedy;
} refusals[] = {
    {310, "`mysql-replcheck maintenance off` where it is on"},
    {320, "find out why the last failover happened, then `mysql-replcheck breaker reset`"},
    {321, "`mysql-replcheck schema upgrade` on this node, as root"},
    {322, "read_only=ON under [mariadbd] in the option files"},
    {323, "make room on the disk that this node's server writes to"},
    {325, "SET GLOBAL event_scheduler=ON; `mysql-replcheck schema install` puts the event back"},
    {326, "bring the other server back; or accept the loss: `mysql-replcheck promote --accept-loss`"},
    {327, "see the network of this node: it hears neither the other node nor a reference"},
    {328, "bring the other server back; or accept the loss: `mysql-replcheck promote --accept-loss`"},
    {329, "once the other host is off for certain: `mysql-replcheck promote --peer-is-off NODE`"},
    {330, "bring the other server back; or accept the loss: `mysql-replcheck promote --accept-loss`"},
    {331, "bring the other server back; or accept the loss: `mysql-replcheck promote --accept-loss`"},
    {332, "bring the other server back; or accept the loss: `mysql-replcheck promote --accept-loss`"},
    {333, SLOW_WAY},
    {334, "repair what the applier stopped at, then START SLAVE SQL_THREAD; or accept the loss: "
          "`mysql-replcheck promote --accept-loss`"},
    {335, BY_HAND},
};

/* With the receiver stopped, too, as a promotion leaves it that was given up, no thread may be started. */
static const char *remedy_of_refusal(const struct report *r)
{
    if (r->row_id == 334 && r->nodes[r->self].io == IO_NO)
        return BY_HAND;
    for (size_t i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++)
        if (refusals[i].row == r->row_id)
            return refusals[i].remedy;
    return NULL;
}

static void no_writer_remedy(const struct report *r, char *out, size_t size)
{
    const struct report_node *other = &r->nodes[1 - r->self];
    const char *known = remedy_of_refusal(r);
    if (known)
        snprintf(out, size, "%s", known);
    else if (r->source ==
             REPORT_DIRECT) /* and a promotion asks for more than that somebody here hears nothing */
        snprintf(out, size, "ask a supervisor: `mysql-replcheck status` on a node");
    else if (strcmp(r->tie_breaker, "writer") == 0 && other->reachable == TRI_NO)
        snprintf(out, size,
                 "once the host of %.31s is off for certain: `mysql-replcheck promote --peer-is-off %.31s`",
                 other->name, other->name);
    else
        snprintf(out, size, "`mysql-replcheck explain` names what is missing");
}

static void judge_no_writer(struct report *r)
{
    char remedy[REPORT_SENTENCE_MAX];
    no_writer_remedy(r, remedy, sizeof(remedy));
    if (is_changing(&r->nodes[0]) || is_changing(&r->nodes[1]))
        verdict_add(r, SEVERITY_WARNING, "changing", "", "the writer is changing at this moment: %s",
                    r->headline);
    else if (r->source == REPORT_DIRECT)
        verdict_add(r, SEVERITY_CRITICAL, "no-writer", "start the supervisors",
                    "nobody is the writer: both servers are read-only");
    else
        verdict_add(r, SEVERITY_CRITICAL, "no-writer", remedy, "nobody is the writer; %s is %s: %s",
                    verdict_own_name(r), r->state, r->reason);
}

static bool is_silent(const struct report_node *n)
{
    return n->reachable == TRI_NO;
}

/* A standby that hears nothing of a writer and was refused the promotion is an outage; otherwise it may be
 * about to find out. */
static void judge_unknown_writer(struct report *r)
{
    char remedy[REPORT_SENTENCE_MAX];
    no_writer_remedy(r, remedy, sizeof(remedy));
    if (remedy_of_refusal(r))
        verdict_add(r, SEVERITY_CRITICAL, "no-writer", remedy,
                    "no writer is heard of, and %s does not take over: %s", verdict_own_name(r), r->reason);
    else
        verdict_add(r, SEVERITY_UNKNOWN, "writer-unknown", remedy, "who is the writer cannot be told%s",
                    is_silent(&r->nodes[0]) && is_silent(&r->nodes[1]) ? ": neither server tells" : "");
}

void verdict_writer(struct report *r)
{
    const char *a = r->nodes[0].name, *b = r->nodes[1].name;
    if (r->dual && r->writer == REPORT_WRITER_ONE)
        verdict_add(r, SEVERITY_WARNING, "one-writer", "", "only %s is writable, both are to be",
                    r->nodes[r->writer_node].name);
    else if (!r->dual && r->writer == REPORT_WRITER_BOTH)
        verdict_add(
            r, SEVERITY_CRITICAL, "two-writers",
            "set read_only=1 on the one that is not to write; the histories are compared by themselves",
            "two servers are writable: %s and %s", a, b);
    else if (r->writer == REPORT_WRITER_NONE)
        judge_no_writer(r);
    else if (r->writer == REPORT_WRITER_UNKNOWN)
        judge_unknown_writer(r);
}

/* With a supervisor its node is quarantined, which is told instead. */
static void judge_errant(struct report *r)
{
    const char *standby = r->nodes[1 - r->writer_node].name, *writer = r->nodes[r->writer_node].name;
    char remedy[REPORT_SENTENCE_MAX];
    snprintf(
        remedy, sizeof(remedy),
        "mariadb-binlog at %.31s shows them: repeat at %.31s what is worth it, before %.31s is made anew "
        "from it; and see who wrote there",
        standby, writer, standby);
    verdict_add(r, SEVERITY_CRITICAL, "errant", remedy,
                "%s has %" PRId64 " transaction%s that %s, the writer, lacks", standby, r->errant,
                r->errant == 1 ? "" : "s", writer);
}

/* It is asked for beside the position, which is read. */
static bool is_state_unread(const struct report_node *n)
{
    return n->reachable == TRI_YES && n->binlog_pos[0] && strcmp(n->binlog_pos, "unknown") != 0 &&
           strcmp(n->binlog_state, "unknown") == 0;
}

static void judge_unread_state(struct report *r, const char *name)
{
    char remedy[REPORT_SENTENCE_MAX];
    snprintf(remedy, sizeof(remedy),
             "it has an entry for each domain and server id that ever wrote, of which %d can be compared: "
             "FLUSH BINARY LOGS DELETE_DOMAIN_ID=(...) drops domains that are not used any more",
             GTID_SET_MAX);
    verdict_add(r, SEVERITY_WARNING, "history-unknown", remedy,
                "the history of %s is not compared with the other's: its gtid_binlog_state is too long",
                name);
}

/* Without a supervisor: what could be known from two servers that answer. */
static void judge_servers_histories(struct report *r)
{
    bool both = r->nodes[0].reachable == TRI_YES && r->nodes[1].reachable == TRI_YES;
    bool unread = is_state_unread(&r->nodes[0]) || is_state_unread(&r->nodes[1]);
    if (strcmp(r->history, gtid_relation_name(GTID_REL_UNKNOWN)) == 0 && both && !unread)
        verdict_add(r, SEVERITY_UNKNOWN, "history-unknown", "compare gtid_binlog_state of both servers",
                    "whether %s and %s have one history is not known", r->nodes[0].name, r->nodes[1].name);
    else if (r->errant > 0 && strcmp(r->history, gtid_relation_name(GTID_REL_DIVERGED)) != 0)
        judge_errant(r);
}

void verdict_history(struct report *r)
{
    const struct report_node *own = &r->nodes[r->self], *other = &r->nodes[1 - r->self];
    bool other_writes = r->writer == REPORT_WRITER_ONE && r->writer_node != r->self;
    for (int i = 0; i < OBS_NODES; i++)
        if (is_state_unread(&r->nodes[i]))
            judge_unread_state(r, r->nodes[i].name);
    if (r->source == REPORT_DIRECT)
        judge_servers_histories(r);
    if (strcmp(r->history, gtid_relation_name(GTID_REL_DIVERGED)) == 0)
        verdict_add(
            r, SEVERITY_CRITICAL, "diverged",
            "`mysql-replcheck divergence` lists them, on each node its own: decide which server's are "
            "kept, then load the other node anew (LOADING A NODE ANEW in mysql-replcheck(1))",
            "the histories have parted: %s has transactions from %s on that %s lacks, and lacks some of its",
            own->name, r->history_first, other->name);
    if (r->stale == TRI_YES && !verdict_own_writes(r) && own->reachable == TRI_YES)
        verdict_add(
            r, SEVERITY_CRITICAL, "stale",
            other_writes
                ? "it gets them by replication; where the histories have parted it is loaded anew first"
                : "bring the other server back; or accept the loss: `mysql-replcheck promote --accept-loss`",
            "%s lacks the data of a term that a voter remembers: it is not promoted by itself", own->name);
}

/* ---- the rest ---- */

/* Commits that wait for a standby which answers and does not acknowledge wait until somebody acts. */
static bool judge_waiting(struct report *r, const struct report_node *w, const struct report_node *standby)
{
    char replication[REPORT_SENTENCE_MAX];
    bool receives = standby->io == IO_YES && standby->acknowledges != TRI_NO;
    if (standby->reachable != TRI_YES || receives || standby->io == IO_UNKNOWN || w->acks_waiting <= 0)
        return false;
    report_text_replication(standby, replication, sizeof(replication));
    verdict_add(
        r, r->settling ? SEVERITY_WARNING : SEVERITY_CRITICAL, "commits-wait",
        "let it receive again (START SLAVE there), or stop its server: then it is marked as out of sync, and "
        "the writer goes on alone",
        "%" PRId64 " commit%s at %s wait%s for %s, which does not acknowledge: %.120s", w->acks_waiting,
        w->acks_waiting == 1 ? "" : "s", w->name, w->acks_waiting == 1 ? "s" : "", standby->name,
        replication[0] ? replication : "its receiver runs without semi-sync");
    return true;
}

static void judge_alone(struct report *r, const struct report_node *w, const struct report_node *standby)
{
    char remedy[REPORT_SENTENCE_MAX];
    snprintf(remedy, sizeof(remedy),
             "bring %.31s back: the mark goes by itself once it has caught up and acknowledges",
             standby->name);
    if (standby->out_of_sync == TRI_YES)
        verdict_add(r, SEVERITY_WARNING, "out-of-sync", remedy,
                    "%s is marked as out of sync: %s acknowledges commits "
                    "alone, and %s is not promoted without the operator",
                    standby->name, w->name, standby->name);
    else if (!verdict_is_young(r))
        verdict_add(r, SEVERITY_CRITICAL, "not-lossless",
                    "see who changed rpl_semi_sync_master_* at the writer",
                    "%s acknowledges commits that the other node may not have (durability is to be lossless)",
                    w->name);
}

/* With lossless the supervisor turns it off there by itself. */
static void judge_waiting_standby(struct report *r)
{
    const struct report_node *standby = &r->nodes[1 - r->writer_node];
    if (!r->dual && !r->settling && standby->reachable == TRI_YES && standby->semi_sync_master == TRI_YES)
        verdict_add(
            r, SEVERITY_WARNING, "standby-waits",
            "SET GLOBAL rpl_semi_sync_master_enabled=OFF there, and remove it from the option files",
            "%s is the standby and has rpl_semi_sync_master_enabled=ON: its applier, and its commits once "
            "it is the writer, wait for acknowledgements that nobody gives",
            standby->name);
}

void verdict_durability(struct report *r)
{
    if (r->writer != REPORT_WRITER_ONE)
        return;
    if (!r->lossless) {
        judge_waiting_standby(r);
        return;
    }
    const struct report_node *w = &r->nodes[r->writer_node], *standby = &r->nodes[1 - r->writer_node];
    if (!w->acks[0] && w->semi_sync_master != TRI_NO) {
        verdict_add(r, SEVERITY_UNKNOWN, "lossless-unknown", "",
                    "whether %s waits for the other node's acknowledgement is not known", w->name);
        return;
    }
    if (strcmp(w->acks, fact_value_name(FACT_ACKS, ACKS_REQUIRED)) != 0)
        judge_alone(r, w, standby);
    else if (!judge_waiting(r, w, standby) && standby->out_of_sync == TRI_YES && !r->settling)
        verdict_add(r, SEVERITY_WARNING, "out-of-sync", "wait until it has caught up",
                    "%s is still marked as out of sync, and is not promoted without the operator",
                    standby->name);
    if (w->acks_from > 1)
        verdict_add(r, SEVERITY_WARNING, "foreign-acks",
                    "on further replicas of it: rpl_semi_sync_slave_enabled=OFF, and restart their receivers",
                    "%" PRId64
                    " receivers acknowledge to %s: one of another replica would do, without the standby's",
                    w->acks_from, w->name);
}

void verdict_breaker(struct report *r)
{
    if (r->breaker_open)
        verdict_add(
            r, SEVERITY_CRITICAL, "breaker",
            "find out why the last failover happened, then `mysql-replcheck breaker reset` on both nodes",
            "the breaker is open after %" PRId64
            " unplanned promotion%s: neither node takes over by itself any more",
            r->failovers, r->failovers == 1 ? "" : "s");
}

void verdict_maintenance(struct report *r)
{
    for (int i = 0; i < OBS_NODES; i++) {
        const struct report_node *n = &r->nodes[i];
        char remedy[REPORT_SENTENCE_MAX];
        snprintf(remedy, sizeof(remedy), "`mysql-replcheck maintenance off` on %.31s when it is over",
                 n->name);
        if (n->maintenance == TRI_YES)
            verdict_add(r, SEVERITY_WARNING, "maintenance", remedy,
                        "maintenance is on at %s: nothing changes role", n->name);
    }
}

void verdict_config(struct report *r)
{
    if (r->config_equal == TRI_NO)
        verdict_add(r, SEVERITY_WARNING, "config",
                    "make cluster.yaml the same on both nodes, then reload both daemons",
                    "the two nodes' cluster.yaml differ (%s: %s, %s: %s)", r->nodes[0].name,
                    r->nodes[0].config_hash, r->nodes[1].name, r->nodes[1].config_hash);
}

void verdict_worker(struct report *r)
{
    if (r->worker_trouble[0])
        verdict_add(r, SEVERITY_WARNING, "journal", "see the disk of state_dir and the log daemon", "%s",
                    r->worker_trouble);
    else if (r->worker_dropped > 0)
        verdict_add(r, SEVERITY_OK, "journal-dropped", "",
                    "%" PRId64 " lines or events found no room since the daemon's start", r->worker_dropped);
}

void verdict_split_brain(struct report *r)
{
    if (strcmp(r->tie_breaker, "vip") == 0 && !r->dual)
        verdict_add(
            r, SEVERITY_OK, "split-brain-accepted", "a witness as tie-breaker excludes it",
            "two writers are not excluded: in a network split the VIP decides, as accepted in cluster.yaml");
}
