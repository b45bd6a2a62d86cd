#include "io/etcd_voter_internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"

#define POLL_WAIT_US 3000 /* the holder is giving the vote up just now */
#define POLL_US      100000
#define WAIT_US      1000000

static void begin_taking(struct etcd_voter *v);
static void taken(void *arg, const struct etcd_reply *r);

struct etcd_voter *etcd_voter_of(struct voter *v)
{
    return (struct etcd_voter *)v;
}

static const struct etcd_voter *const_of(const struct voter *v)
{
    return (const struct etcd_voter *)v;
}

struct vote *etcd_voter_vote(const struct etcd_voter *v)
{
    return voter_vote(&v->base);
}

void etcd_voter_changed(struct etcd_voter *v)
{
    v->base.e.changed(v->base.e.arg);
}

/* What was told is older than what had been told before: a backup was put back, or all data are gone. */
static bool went_back(struct etcd_voter *v, const struct etcd_answer *a, int64_t asked_revision)
{
    char text[200];
    if (!a->revision || a->revision >= asked_revision) {
        v->revision = a->revision > v->revision ? a->revision : v->revision;
        return false;
    }
    snprintf(text, sizeof(text), "etcd has lost data: it was at revision %lld and is at %lld now",
             (long long)asked_revision, (long long)a->revision);
    v->revision = a->revision;
    v->base.e.trouble(v->base.e.arg, v->base.o.index, text);
    etcd_voter_close(v, "etcd has lost data");
    return true;
}

/* ---- what the keys say ---- */

bool etcd_voter_is_ours(const struct etcd_voter *v)
{
    return v->lease && v->table.vote.mod_revision && v->table.vote.lease == v->lease;
}

/* `renewed_us`: it renewed its lease then or later. */
static void note_renewal(struct etcd_voter *v, int64_t asked_us, int64_t renewed_us)
{
    struct holder_view *h = &etcd_voter_vote(v)->holder;
    v->other_renewed_us = renewed_us > v->other_renewed_us ? renewed_us : v->other_renewed_us;
    h->asked_us = asked_us;
    h->idle = true;
    h->idle_ms = (asked_us - v->other_renewed_us + 999) / 1000;
}

static void timed(void *arg, const struct etcd_reply *r)
{
    struct etcd_voter *v = arg;
    const struct holder_view *h = &etcd_voter_vote(v)->holder;
    v->timing = NULL;
    if (!r->answer || r->answer->outcome != ETCD_OK || !r->answer->granted_s || etcd_voter_vote(v)->held ||
        h->connection != (unsigned long)r->answer->lease || r->sent_us < h->asked_us)
        return;
    int64_t past_s = r->answer->granted_s - r->answer->ttl_s;
    note_renewal(v, r->sent_us, r->sent_us - (past_s > 0 ? past_s : 0) * 1000000);
    etcd_voter_changed(v);
}

/* The keys tell nothing of the holder's renewals, the time that its lease has left does. */
static void time_holder(struct etcd_voter *v, int64_t now_us)
{
    unsigned long lease = etcd_voter_vote(v)->holder.connection;
    if (v->timing || !lease || now_us - v->timed_us < POLL_US)
        return;
    v->timed_us = now_us;
    v->timing = etcd_client_ask(v->client, ETCD_ASK_TIME_TO_LIVE, etcd_lease_json((int64_t)lease),
                                v->base.o.silent_ms, timed, v);
}

static void note_holder(struct etcd_voter *v, int64_t sent_us)
{
    struct holder_view *h = &etcd_voter_vote(v)->holder;
    unsigned long former = h->connection;
    memset(h, 0, sizeof(*h));
    h->connection = v->table.vote.mod_revision ? (unsigned long)v->table.vote.lease : 0;
    if (h->connection != former)
        v->other_renewed_us = 0;
    note_renewal(v, sent_us, sent_us - (v->granted_s + 1) * 1000000); /* at the least: it is not over yet */
    time_holder(v, clock_now_us());
    bool stranger = v->table.vote.mod_revision && v->table.vote.node < 0;
    if (stranger && !v->stranger)
        log_error(
            "%s: the vote is held by \"%s\", which is no node of this pair: does another pair have this "
            "cluster's name?",
            v->name, v->table.vote.name);
    v->stranger = stranger;
}

/* False where the answer tells nothing that could be gone on with. */
bool etcd_voter_take_table(struct etcd_voter *v, const struct etcd_reply *r, int64_t asked_revision,
                           int64_t read_us)
{
    struct etcd_table table;
    struct err e;
    if (!r->answer) {
        etcd_voter_complain(v, "etcd does not answer", r->failure);
        return false;
    }
    voter_answered(&v->base, r->sent_us);
    voter_timed(&v->base, r->sent_us);
    if (r->answer->outcome == ETCD_NO_LEASE) {
        etcd_voter_close(v, "etcd does not know the lease any more");
        return false;
    }
    if (r->answer->outcome != ETCD_OK) {
        v->table_known = false;
        etcd_voter_complain(v, "etcd refuses", r->answer->why.text);
        return false;
    }
    if (went_back(v, r->answer, asked_revision))
        return false;
    if (!etcd_table_read(&table, &v->base.o.names, r->answer, read_us, &e)) {
        v->table_known = false;
        etcd_voter_complain(v, "what etcd tells is of no use", e.text);
        return false;
    }
    etcd_voter_content(v);
    if (r->answer->revision < v->revision) /* a later answer overtook this one: what that told stands */
        return v->table_known;
    v->table = table;
    v->table_known = true;
    voter_rows_read(&v->base, &table.rows);
    return true;
}

static void now_held(struct etcd_voter *v, const struct etcd_reply *r)
{
    quorum_taken(v->base.o.quorum, v->base.o.index, r->sent_us, r->answered_us,
                 taking_was_released(&v->table.rows, v->base.o.quorum->self), false);
    v->looked_us = r->sent_us;
}

/* May the key be ours, as it was last seen? An earlier process of our own node is gone, or has no say any
 * more. */
static bool may_take(const struct etcd_voter *v)
{
    const struct etcd_vote *key = &v->table.vote;
    int self = v->base.o.quorum->self;
    bool others = (v->urgency == VOTER_TAKE_CLOSED && key->node == 1 - self) ||
                  (key->node < 0 && *v->base.o.evict); /* it may be no node's of this pair */
    return v->table_known && (!key->mod_revision || key->node == self || others);
}

/* ---- looking: the renewal, and what a candidate waits by ---- */

static void look_again_soon(struct etcd_voter *v, int64_t now_us)
{
    bool soon = v->urgency != VOTER_TAKE_IF_FREE && now_us - v->wanted_us < WAIT_US;
    v->look_again_us = now_us + (soon ? POLL_WAIT_US : POLL_US);
}

static void looked(void *arg, const struct etcd_reply *r)
{
    struct etcd_voter *v = arg;
    v->looking = NULL;
    if (!etcd_voter_take_table(v, r, v->look_revision, r->sent_us)) {
        etcd_voter_changed(v);
        return;
    }
    if (etcd_voter_vote(v)->held) {
        if (etcd_voter_is_ours(v))
            quorum_proven(v->base.o.quorum, v->base.o.index, r->sent_us);
        else
            etcd_voter_close(v, "the vote's key is not ours any more");
    } else if (etcd_voter_is_ours(v)) { /* a taking that was not answered */
        if (v->wanted)
            now_held(v, r);
        else
            etcd_voter_close(v, "a vote that is not wanted any more came late");
    } else {
        note_holder(v, r->sent_us);
        if (v->wanted && may_take(v))
            begin_taking(v);
        else
            look_again_soon(v, r->answered_us);
    }
    etcd_voter_changed(v);
}

void etcd_voter_look(struct etcd_voter *v, int64_t now_us)
{
    if (v->looking || v->act == ETCD_ACT_TAKE)
        return;
    v->looked_us = now_us;
    v->look_revision = v->revision;
    v->looking = etcd_client_ask(v->client, ETCD_ASK_LIST, etcd_list_json(v->prefix),
                                 (int)voter_limit_ms(&v->base, now_us), looked, v);
}

/* ---- taking ---- */

void etcd_voter_act(struct etcd_voter *v, enum etcd_act what, const struct etcd_txn *txn, int64_t deadline_ms,
                    void (*done)(void *arg, const struct etcd_reply *r))
{
    v->act = what;
    v->act_revision = v->revision;
    v->acting = etcd_client_ask(v->client, ETCD_ASK_TXN, etcd_txn_json(txn), (int)deadline_ms, done, v);
}

void etcd_voter_list_too(const struct etcd_voter *v, struct etcd_txn *txn)
{
    const struct etcd_op list = {.kind = ETCD_LIST, .key = v->prefix};
    etcd_txn_then(txn, list);
    etcd_txn_otherwise(txn, list);
}

static void take(struct etcd_voter *v)
{
    struct etcd_txn txn = {0};
    char *value = etcd_vote_value(v->base.o.node);
    etcd_client_cancel(&v->looking); /* it may be answered from before the taking */
    etcd_txn_compare(&txn, ETCD_MOD, v->vote_key, v->table.vote.mod_revision);
    etcd_txn_then(&txn,
                  (struct etcd_op){.kind = ETCD_PUT, .key = v->vote_key, .value = value, .lease = v->lease});
    etcd_voter_list_too(v, &txn);
    etcd_voter_act(v, ETCD_ACT_TAKE, &txn, v->base.o.silent_ms, taken);
    free(value);
}

static void taken(void *arg, const struct etcd_reply *r)
{
    struct etcd_voter *v = arg;
    v->acting = NULL;
    v->act = ETCD_ACT_NONE;
    if (r->answer)
        log_debug("%s: asked for the vote, answered after %.2f ms", v->name,
                  (double)(r->answered_us - r->sent_us) / 1000.0);
    if (!etcd_voter_take_table(v, r, v->act_revision, r->answered_us)) {
        look_again_soon(v, clock_now_us());
    } else if (etcd_voter_is_ours(v)) {
        now_held(v, r);
    } else if (may_take(v) && ++v->tries < ETCD_TRIES_MAX) {
        take(v);
    } else {
        note_holder(v, r->sent_us);
        look_again_soon(v, r->answered_us);
    }
    etcd_voter_changed(v);
}

static void begin_taking(struct etcd_voter *v)
{
    int64_t now = clock_now_us();
    if (!v->lease || v->act != ETCD_ACT_NONE || etcd_voter_vote(v)->held)
        return;
    v->tries = 0;
    if (may_take(v)) {
        take(v);
    } else { /* only to look costs etcd nothing */
        look_again_soon(v, now);
        etcd_voter_look(v, now);
    }
}

static void want(struct voter *base, enum voter_urgency urgency)
{
    struct etcd_voter *v = etcd_voter_of(base);
    bool begins = !v->wanted || urgency > v->urgency;
    v->wanted = true;
    v->urgency = urgency;
    if (!begins)
        return;
    v->wanted_us = clock_now_us();
    begin_taking(v);
}

static void drop(struct voter *base)
{
    struct etcd_voter *v = etcd_voter_of(base);
    v->wanted = false;
    v->look_again_us = 0;
    if (!etcd_voter_vote(v)->held && v->act != ETCD_ACT_TAKE)
        return;
    quorum_released(v->base.o.quorum, v->base.o.index);
    etcd_voter_close(v, "the vote is given back");
}

static void step(struct voter *base, int64_t now_us)
{
    struct etcd_voter *v = etcd_voter_of(base);
    if (!v->lease) {
        etcd_voter_open(v, now_us);
        return;
    }
    if (quorum_must_close(v->base.o.quorum, v->base.o.index, now_us)) {
        etcd_voter_close(v, "the vote's validity ended before it was renewed");
        return;
    }
    etcd_voter_keep_alive(v, now_us);
    if (v->wanted && !etcd_voter_vote(v)->held && now_us >= v->look_again_us)
        begin_taking(v);
    if (now_us - v->looked_us >= CLOCK_MS(v->base.o.renew_ms) - 5000)
        etcd_voter_look(v, now_us);
}

/* ---- life ---- */

static void destroy(struct voter *base)
{
    struct etcd_voter *v = etcd_voter_of(base);
    etcd_client_free(&v->client);
    free(v->name);
    free(v);
}

static bool is_up(const struct voter *base)
{
    const struct etcd_voter *v = const_of(base);
    return v->lease && v->table_known && !etcd_client_failing(v->client);
}

static int64_t outstanding_since_us(const struct voter *base)
{
    return etcd_client_outstanding_since_us(const_of(base)->client);
}

static int64_t next_us(const struct voter *base)
{
    const struct etcd_voter *v = const_of(base);
    if (!v->lease)
        return v->granting ? 0 : v->grant_at_us;
    return v->wanted && !etcd_voter_vote(v)->held && v->act == ETCD_ACT_NONE ? v->look_again_us : 0;
}

static int64_t certificate_until_s(const struct voter *base)
{
    return etcd_client_certificate_until_s(((const struct etcd_voter *)(const void *)base)->client);
}

static const struct voter_ops ops = {
    .destroy = destroy,
    .want = want,
    .drop = drop,
    .step = step,
    .promise = etcd_voter_promise,
    .release = etcd_voter_release,
    .mark = etcd_voter_mark,
    .clear_mark = etcd_voter_clear_mark,
    .is_up = is_up,
    .outstanding_since_us = outstanding_since_us,
    .next_us = next_us,
    .certificate_until_s = certificate_until_s,
};

struct voter *etcd_voter_new(struct event_base *base, const struct etcd_voter_options *options,
                             const struct voter_events *events, struct err *e)
{
    struct etcd_client *client = etcd_client_new(base, &options->client, e);
    if (!client)
        return NULL;
    struct etcd_voter *v = mem_zalloc(sizeof(*v));
    v->base = (struct voter){.ops = &ops, .o = options->common, .e = *events};
    v->client = client;
    v->name = mem_strdup(options->client.name);
    etcd_key_prefix(v->prefix, options->common.names.cluster);
    etcd_key_vote(v->vote_key, options->common.names.cluster);
    etcd_voter_open(v, clock_now_us());
    return &v->base;
}
