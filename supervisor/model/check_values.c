#include "model/check_values.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/duration.h"
#include "model/report_text.h"

#define MICRO 1e-6

#define SAY(...) snprintf(out->sentence, sizeof(out->sentence), __VA_ARGS__)

static struct check_value *add(struct check_result *out, const char *label, enum range_unit unit, bool known,
                               double value)
{
    struct check_value *v = &out->values[out->value_count++];
    *v = (struct check_value){.unit = unit, .known = known, .value = known ? value : 0};
    snprintf(v->label, sizeof(v->label), "%s", label);
    return v;
}

static struct check_value *add_count(struct check_result *out, const char *label, int64_t count)
{
    return add(out, label, RANGE_COUNT, count >= 0, (double)count);
}

static void limit(struct check_value *v, const struct check_request *q)
{
    v->warning = q->warning;
    v->critical = q->critical;
}

static void bound(struct check_value *v, double most)
{
    v->bounded = true;
    v->most = most;
}

static struct range above(int64_t ms)
{
    return (struct range){.given = true, .has_low = true, .has_high = true, .high = (double)ms / 1000};
}

/* ---- lag and positions ---- */

/* The verdict judges by cluster.yaml's thresholds; they are shown where the caller gave none. */
static void add_lag(struct check_result *out, const struct report *r, const struct check_request *q, int i)
{
    const struct report_node *n = &r->nodes[i];
    char label[CHECK_LABEL_MAX];
    snprintf(label, sizeof(label), "%s_lag", n->name);
    struct check_value *v = add(out, label, RANGE_SECONDS, n->applied.us >= 0, (double)n->applied.us * MICRO);
    limit(v, q);
    if (!q->warning.given && !q->critical.given) {
        v->warning = above(r->lag_warning_ms);
        v->critical = above(r->lag_critical_ms);
    }
    snprintf(label, sizeof(label), "%s_missing", n->name);
    add_count(out, label, n->applied.transactions);
}

/* Whose lag it is: the standby's; -1 = nobody's. */
static int lagging_node(const struct report *r)
{
    int standby = report_standby(r);
    for (int i = 0; standby < 0 && i < OBS_NODES; i++)
        if (r->nodes[i].lagging == TRI_YES)
            return i;
    return standby;
}

static void fill_lag(struct check_result *out, const struct report *r, const struct check_request *q)
{
    int at = lagging_node(r);
    char text[DURATION_MAX], label[CHECK_LABEL_MAX];
    if (at < 0) {
        limit(add(out, "lag", RANGE_SECONDS, false, 0), q);
        SAY("there is not exactly one writer that it could be measured against");
        return;
    }
    const struct report_node *n = &r->nodes[at];
    add_lag(out, r, q, at);
    snprintf(label, sizeof(label), "%s_received_lag", n->name);
    add(out, label, RANGE_SECONDS, n->received.us >= 0, (double)n->received.us * MICRO);
    if (n->applied.us >= 0)
        SAY("%s is %s%s behind %s", n->name, n->applied.at_least ? "at least " : "",
            duration_format_us(n->applied.us, text), r->nodes[1 - at].name);
    else
        SAY("%s's position could not be compared with one of %s's", n->name, r->nodes[1 - at].name);
}

/* What the standby has and the writer lacks; of histories that parted without one, what one of them has. */
static int64_t extra_of(const struct report *r)
{
    if (strcmp(r->history, gtid_relation_name(GTID_REL_UNKNOWN)) == 0)
        return REPORT_UNKNOWN;
    if (strcmp(r->history, gtid_relation_name(GTID_REL_DIVERGED)) != 0)
        return r->dual ? 0 : r->errant;
    return r->errant > 0 ? r->errant : r->history_extra > 0 ? r->history_extra : 1;
}

static void fill_gtid(struct check_result *out, const struct report *r, const struct check_request *q)
{
    int at = lagging_node(r);
    int64_t missing = at < 0 ? REPORT_UNKNOWN : r->nodes[at].applied.transactions;
    char label[CHECK_LABEL_MAX];
    snprintf(label, sizeof(label), "%s_missing", at < 0 ? "standby" : r->nodes[at].name);
    limit(add_count(out, label, missing), q);
    add_count(out, "extra", extra_of(r))->needed = true;
    if (missing < 0)
        SAY("the positions could not be compared");
    else if (extra_of(r) < 0)
        SAY("the histories could not be compared");
    else if (missing > 0)
        SAY("%s lacks %" PRId64 " of %s's transactions", r->nodes[at].name, missing, r->nodes[1 - at].name);
    else
        SAY("%s has all of %s's transactions (%.120s)", r->nodes[at].name, r->nodes[1 - at].name,
            r->nodes[1 - at].binlog_pos);
}

/* ---- who writes, threads, offsets ---- */

/* Beside a supervisor's writer there is no other: its votes see to that. A look at the servers alone cannot
 * tell so of one that is silent. */
static int64_t writable_of(const struct report *r)
{
    bool settled = r->source == REPORT_DAEMON && r->writer == REPORT_WRITER_ONE && !r->dual;
    bool excluded = settled || r->writer == REPORT_WRITER_NONE;
    int64_t count = 0;
    for (int i = 0; i < OBS_NODES; i++) {
        bool writer = r->writer == REPORT_WRITER_ONE && r->writer_node == i;
        if (r->nodes[i].read_only == TRI_NO || writer)
            count++;
        else if (r->nodes[i].read_only == TRI_UNKNOWN && !excluded)
            return REPORT_UNKNOWN;
    }
    return count;
}

static void fill_writer(struct check_result *out, const struct report *r, const struct check_request *q)
{
    struct check_value *v = add_count(out, "writable", writable_of(r));
    limit(v, q);
    bound(v, OBS_NODES);
    add_count(out, "epoch", r->epoch);
    if (r->writer == REPORT_WRITER_ONE && !v->known)
        SAY("%s is the writer, but whether %s is writable too cannot be told", r->nodes[r->writer_node].name,
            r->nodes[1 - r->writer_node].name);
    else if (r->writer == REPORT_WRITER_ONE && r->epoch > 0)
        SAY("%s is the writer (epoch %" PRId64 ")", r->nodes[r->writer_node].name, r->epoch);
    else if (r->writer == REPORT_WRITER_ONE)
        SAY("%s is the writer", r->nodes[r->writer_node].name);
    else
        SAY("%s", r->writer == REPORT_WRITER_BOTH ? "both servers are writable" : r->headline);
}

static void fill_threads(struct check_result *out, const struct report *r, const struct check_request *q)
{
    int64_t running = 0;
    bool known = true;
    for (int i = 0; i < OBS_NODES; i++) {
        const struct report_node *n = &r->nodes[i];
        known = known && (n->replica == TRI_NO || (n->io != IO_UNKNOWN && n->sql != TRI_UNKNOWN));
        running += (n->io == IO_YES) + (n->sql == TRI_YES);
    }
    struct check_value *v = add_count(out, "threads", known ? running : REPORT_UNKNOWN);
    limit(v, q);
    bound(v, 2 * OBS_NODES);
    if (known)
        SAY("%" PRId64 " of 4 replication threads run", running);
    else
        SAY("a server did not tell of its threads");
}

static void fill_offsets(struct check_result *out, const struct report *r, const struct check_request *q)
{
    int64_t wrong = 0;
    for (int i = 0; i < OBS_NODES; i++) {
        const struct report_node *n = &r->nodes[i];
        if (n->offsets_ok == TRI_UNKNOWN)
            wrong = REPORT_UNKNOWN;
        else if (wrong >= 0)
            wrong += n->offsets_ok == TRI_NO;
        report_text_add(out->sentence, sizeof(out->sentence), "%s%s hands out +%" PRId64 " from %" PRId64,
                        i ? ", " : "auto_increment: ", n->name, n->increment, n->offset);
    }
    struct check_value *v = add_count(out, "wrong_offsets", wrong);
    limit(v, q);
    bound(v, OBS_NODES);
}

/* ---- VIP, votes, readiness ---- */

static void fill_vip(struct check_result *out, const struct report *r, const struct check_request *q)
{
    enum tri own = r->vip_here, other = r->nodes[1 - r->self].vip;
    bool none = r->has_vip == TRI_NO, known = own != TRI_UNKNOWN && (other != TRI_UNKNOWN || own == TRI_YES);
    int64_t holders = none ? 0 : known ? (own == TRI_YES) + (other == TRI_YES) : REPORT_UNKNOWN;
    const char *holder = r->nodes[own == TRI_YES ? r->self : 1 - r->self].name;
    struct check_value *v = add_count(out, "vip_holders", holders);
    limit(v, q);
    bound(v, OBS_NODES);
    if (none)
        SAY("no VIP is configured");
    else if (!known)
        SAY("only a supervisor knows who holds it: ask on a node");
    else if (r->writer == REPORT_WRITER_ONE)
        SAY("%s holds the VIP, %s is the writer", holder, r->nodes[r->writer_node].name);
    else
        SAY("%s holds the VIP", holder);
}

static void fill_quorum(struct check_result *out, const struct report *r, const struct check_request *q)
{
    int64_t up = 0, counted = 0, voters = 0;
    bool known = r->source == REPORT_DAEMON;
    for (int i = 0; i < OBS_VOTERS; i++) {
        voters += r->votes[i].up != TRI_UNKNOWN;
        up += r->votes[i].up == TRI_YES;
        counted += r->votes[i].counted;
    }
    struct check_value *v = add_count(out, "voters", known ? up : REPORT_UNKNOWN);
    limit(v, q);
    bound(v, (double)voters);
    add_count(out, "votes", known ? counted : REPORT_UNKNOWN);
    add(out, "authority", RANGE_SECONDS, known && r->authority_ms >= 0, (double)r->authority_ms / 1000);
    if (!known)
        SAY("only a supervisor knows its votes: ask on a node");
    else
        SAY("%" PRId64 " of %" PRId64 " voters answer %s, %" PRId64 " vote%s count%s for it (tie-breaker %s)",
            up, voters, r->nodes[r->self].name, counted, counted == 1 ? "" : "s", counted == 1 ? "s" : "",
            r->tie_breaker);
}

static void fill_readiness(struct check_result *out, const struct report *r, const struct check_request *q)
{
    int standby = report_standby(r);
    struct check_value *v = add_count(
        out, "ready", standby < 0 || r->ready == TRI_UNKNOWN ? REPORT_UNKNOWN : r->ready == TRI_YES);
    limit(v, q);
    bound(v, 1);
    if (r->loss.node[0])
        add_count(out, "known_lost", r->loss.known_lost);
    if (standby < 0)
        SAY("there is not exactly one writer, so nobody is the standby");
    else if (r->ready == TRI_YES)
        SAY("%s is ready to take over", r->nodes[standby].name);
    else
        SAY("%s %s: %.300s", r->nodes[standby].name,
            r->ready == TRI_NO ? "cannot take over" : "may not be able to take over", r->not_ready);
}

static void fill_all(struct check_result *out, const struct report *r, const struct check_request *q)
{
    int64_t counted = 0;
    for (int i = 0; i < OBS_NODES; i++)
        if (r->nodes[i].lagging != TRI_NO)
            add_lag(out, r, q, i);
    for (int i = 0; i < OBS_VOTERS; i++)
        counted += r->votes[i].counted;
    add_count(out, "votes", r->source == REPORT_DIRECT ? REPORT_UNKNOWN : counted);
    add_count(out, "epoch", r->epoch);
    SAY("%s", r->headline);
}

void check_values_fill(struct check_result *out, const struct report *r, const struct check_request *q)
{
    static void (*const fills[CHECK_MODES])(struct check_result *, const struct report *,
                                            const struct check_request *) = {
        [CHECK_ALL] = fill_all,         [CHECK_WRITER] = fill_writer, [CHECK_LAG] = fill_lag,
        [CHECK_THREADS] = fill_threads, [CHECK_GTID] = fill_gtid,     [CHECK_OFFSETS] = fill_offsets,
        [CHECK_VIP] = fill_vip,         [CHECK_QUORUM] = fill_quorum, [CHECK_READINESS] = fill_readiness,
    };
    fills[q->mode](out, r, q);
}
