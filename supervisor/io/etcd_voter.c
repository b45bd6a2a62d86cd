#include "io/etcd_voter.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "io/voter_ops.h"
#include "wire/etcd_table.h"

#define POLL_WAIT_US   3000 /* the holder is giving the vote up just now */
#define POLL_US        100000
#define WAIT_US        1000000
#define TRIES_MAX      3 /* of a transaction, each with what the last one told */
#define BACKOFF_MIN_US 50000

enum act { ACT_NONE = 0, ACT_TAKE, ACT_PROMISE, ACT_MARK, ACT_RELEASE };

struct etcd_voter {
    struct voter base;
    struct etcd_client *client;
    char *name;
    char prefix[ETCD_KEY_MAX], vote_key[ETCD_KEY_MAX];

    int64_t lease; /* 0 = none: not open */
    int64_t granted_s;
    int64_t grant_at_us, backoff_us;
    int64_t kept_alive_us; /* when that was sent last */
    struct etcd_call *granting, *keeping, *looking, *acting, *timing;

    enum act act;   /* what `acting` does, */
    int tries;      /* for the how many-th time, */
    uint64_t epoch; /* for which epoch */
    uint64_t
        consumes; /* what the promise that was sent uses up: a listing may show its end before its answer */
    struct note note; /* that is being written */

    bool wanted;
    enum voter_urgency urgency;
    int64_t wanted_us; /* since when, with this urgency */
    int64_t looked_us; /* when that was sent last */
    int64_t look_again_us;
    int64_t timed_us;         /* when the time left of the other's lease was asked for last */
    int64_t other_renewed_us; /* that was renewed then or later */

    struct etcd_table table;
    bool table_known;
    int64_t revision;                    /* the highest of etcd's store that was told */
    int64_t look_revision, act_revision; /* what it was when that was asked */
    const char *complaint;               /* a literal */
    bool stranger;                       /* what is no node of this pair has the vote */
};

static void begin_taking(struct etcd_voter *v);
static void taken(void *arg, const struct etcd_reply *r);
static void promise_answered(void *arg, const struct etcd_reply *r);

static struct etcd_voter *of(struct voter *v)
{
    return (struct etcd_voter *)v;
}

static const struct etcd_voter *const_of(const struct voter *v)
{
    return (const struct etcd_voter *)v;
}

static struct vote *vote_of(const struct etcd_voter *v)
{
    return voter_vote(&v->base);
}

static void changed(struct etcd_voter *v)
{
    v->base.e.changed(v->base.e.arg);
}

/* Once for each new kind of complaint: the reasons have times in them. */
static void complain(struct etcd_voter *v, const char *what, const char *why)
{
    if (v->complaint && strcmp(what, v->complaint) == 0)
        return;
    v->complaint = what;
    log_warning("%s: %s: %s", v->name, what, why);
}

static void content(struct etcd_voter *v)
{
    if (v->complaint)
        log_notice("%s: etcd answers as it should", v->name);
    v->complaint = NULL;
    v->backoff_us = 0;
}

/* ---- the lease: our session ---- */

static void end_act(struct etcd_voter *v)
{
    etcd_client_cancel(&v->acting);
    v->act = ACT_NONE;
}

static void revoked(void *arg, const struct etcd_reply *r)
{
    struct etcd_voter *v = arg;
    if (!r->answer)
        log_info("%s: whether the old lease is revoked is not known; it ends by itself: %s", v->name,
                 r->failure);
}

static void close_lease(struct etcd_voter *v, const char *reason)
{
    const struct vote *vote = vote_of(v);
    if (!v->lease)
        return;
    if (vote->held && vote->counted && v->wanted)
        log_notice("%s: the lease that held the vote is given up: %s", v->name, reason);
    else
        log_info("%s: the lease is given up: %s", v->name, reason);
    quorum_lost(v->base.o.quorum, v->base.o.index);
    end_act(v);
    etcd_client_cancel(&v->looking);
    etcd_client_cancel(&v->keeping);
    etcd_client_cancel(&v->timing);
    etcd_client_ask(v->client, ETCD_ASK_REVOKE, etcd_lease_json(v->lease), v->base.o.silent_ms, revoked, v);
    v->lease = 0;
    v->table_known = false;
    v->grant_at_us = clock_now_us() + v->backoff_us;
    v->backoff_us = v->backoff_us ? v->backoff_us * 2 : BACKOFF_MIN_US;
    if (v->backoff_us > CLOCK_MS(v->base.o.silent_ms) / 2)
        v->backoff_us = CLOCK_MS(v->base.o.silent_ms) / 2;
    changed(v);
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
    close_lease(v, "etcd has lost data");
    return true;
}

/* ---- what the keys say ---- */

static bool is_ours(const struct etcd_voter *v)
{
    return v->lease && v->table.vote.mod_revision && v->table.vote.lease == v->lease;
}

/* `renewed_us`: it renewed its lease then or later. */
static void note_renewal(struct etcd_voter *v, int64_t asked_us, int64_t renewed_us)
{
    struct holder_view *h = &vote_of(v)->holder;
    v->other_renewed_us = renewed_us > v->other_renewed_us ? renewed_us : v->other_renewed_us;
    h->asked_us = asked_us;
    h->idle = true;
    h->idle_ms = (asked_us - v->other_renewed_us + 999) / 1000;
}

static void timed(void *arg, const struct etcd_reply *r)
{
    struct etcd_voter *v = arg;
    const struct holder_view *h = &vote_of(v)->holder;
    v->timing = NULL;
    if (!r->answer || r->answer->outcome != ETCD_OK || !r->answer->granted_s || vote_of(v)->held ||
        h->connection != (unsigned long)r->answer->lease || r->sent_us < h->asked_us)
        return;
    int64_t past_s = r->answer->granted_s - r->answer->ttl_s;
    note_renewal(v, r->sent_us, r->sent_us - (past_s > 0 ? past_s : 0) * 1000000);
    changed(v);
}

/* The keys tell nothing of the holder's renewals, the time that its lease has left does. */
static void time_holder(struct etcd_voter *v, int64_t now_us)
{
    unsigned long lease = vote_of(v)->holder.connection;
    if (v->timing || !lease || now_us - v->timed_us < POLL_US)
        return;
    v->timed_us = now_us;
    v->timing = etcd_client_ask(v->client, ETCD_ASK_TIME_TO_LIVE, etcd_lease_json((int64_t)lease),
                                v->base.o.silent_ms, timed, v);
}

static void note_holder(struct etcd_voter *v, int64_t sent_us)
{
    struct holder_view *h = &vote_of(v)->holder;
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
static bool take_table(struct etcd_voter *v, const struct etcd_reply *r, int64_t asked_revision,
                       int64_t read_us)
{
    struct etcd_table table;
    struct err e;
    if (!r->answer) {
        complain(v, "etcd does not answer", r->failure);
        return false;
    }
    voter_answered(&v->base, r->sent_us);
    if (r->answer->outcome == ETCD_NO_LEASE) {
        close_lease(v, "etcd does not know the lease any more");
        return false;
    }
    if (r->answer->outcome != ETCD_OK) {
        v->table_known = false;
        complain(v, "etcd refuses", r->answer->why.text);
        return false;
    }
    if (went_back(v, r->answer, asked_revision))
        return false;
    if (!etcd_table_read(&table, &v->base.o.names, r->answer, read_us, &e)) {
        v->table_known = false;
        complain(v, "what etcd tells is of no use", e.text);
        return false;
    }
    content(v);
    v->table = table;
    v->table_known = true;
    voter_rows_read(&v->base, &table.rows);
    return true;
}

static void now_held(struct etcd_voter *v, const struct etcd_reply *r)
{
    quorum_taken(v->base.o.quorum, v->base.o.index, r->sent_us, r->answered_us,
                 voter_former_released(&v->base, &v->table.rows), false);
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
    if (!take_table(v, r, v->look_revision, r->sent_us)) {
        changed(v);
        return;
    }
    if (vote_of(v)->held) {
        if (is_ours(v))
            quorum_proven(v->base.o.quorum, v->base.o.index, r->sent_us);
        else
            close_lease(v, "the vote's key is not ours any more");
    } else if (is_ours(v)) { /* a taking that was not answered */
        if (v->wanted)
            now_held(v, r);
        else
            close_lease(v, "a vote that is not wanted any more came late");
    } else {
        note_holder(v, r->sent_us);
        if (v->wanted && may_take(v))
            begin_taking(v);
        else
            look_again_soon(v, r->answered_us);
    }
    changed(v);
}

static void look(struct etcd_voter *v, int64_t now_us)
{
    if (v->looking || v->act == ACT_TAKE)
        return;
    v->looked_us = now_us;
    v->look_revision = v->revision;
    v->looking = etcd_client_ask(v->client, ETCD_ASK_LIST, etcd_list_json(v->prefix),
                                 (int)voter_limit_ms(&v->base, now_us), looked, v);
}

/* ---- taking ---- */

static void act(struct etcd_voter *v, enum act what, const struct etcd_txn *txn, int64_t deadline_ms,
                void (*done)(void *arg, const struct etcd_reply *r))
{
    v->act = what;
    v->act_revision = v->revision;
    v->acting = etcd_client_ask(v->client, ETCD_ASK_TXN, etcd_txn_json(txn), (int)deadline_ms, done, v);
}

static void list_too(const struct etcd_voter *v, struct etcd_txn *txn)
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
    list_too(v, &txn);
    act(v, ACT_TAKE, &txn, v->base.o.silent_ms, taken);
    free(value);
}

static void taken(void *arg, const struct etcd_reply *r)
{
    struct etcd_voter *v = arg;
    v->acting = NULL;
    v->act = ACT_NONE;
    if (r->answer)
        log_debug("%s: asked for the vote, answered after %.2f ms", v->name,
                  (double)(r->answered_us - r->sent_us) / 1000.0);
    if (!take_table(v, r, v->act_revision, r->answered_us)) {
        look_again_soon(v, clock_now_us());
    } else if (is_ours(v)) {
        now_held(v, r);
    } else if (may_take(v) && ++v->tries < TRIES_MAX) {
        take(v);
    } else {
        note_holder(v, r->sent_us);
        look_again_soon(v, r->answered_us);
    }
    changed(v);
}

static void begin_taking(struct etcd_voter *v)
{
    int64_t now = clock_now_us();
    if (!v->lease || v->act != ACT_NONE || vote_of(v)->held)
        return;
    v->tries = 0;
    if (may_take(v)) {
        take(v);
    } else { /* only to look costs etcd nothing */
        look_again_soon(v, now);
        look(v, now);
    }
}

static void want(struct voter *base, enum voter_urgency urgency)
{
    struct etcd_voter *v = of(base);
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
    struct etcd_voter *v = of(base);
    v->wanted = false;
    v->look_again_us = 0;
    if (!vote_of(v)->held && v->act != ACT_TAKE)
        return;
    quorum_released(v->base.o.quorum, v->base.o.index);
    close_lease(v, "the vote is given back");
}

/* ---- opening and keeping ---- */

static void granted(void *arg, const struct etcd_reply *r)
{
    struct etcd_voter *v = arg;
    int64_t wanted_s = v->base.o.lease_ms / 1000 + 1;
    v->granting = NULL;
    v->grant_at_us = clock_now_us() + BACKOFF_MIN_US;
    if (!r->answer || r->answer->outcome != ETCD_OK) {
        complain(v, "etcd grants no lease", r->answer ? r->answer->why.text : r->failure);
        return;
    }
    if (r->answer->ttl_s < wanted_s) {
        complain(v, "etcd grants no lease", "it offers fewer seconds than were asked for");
        return;
    }
    if (r->answer->ttl_s > wanted_s && r->answer->ttl_s != v->granted_s)
        log_notice(
            "%s: etcd grants no lease of less than %lld s: after the loss of a whole host nobody writes for "
            "%lld s longer",
            v->name, (long long)r->answer->ttl_s, (long long)(r->answer->ttl_s - wanted_s));
    voter_answered(&v->base, r->sent_us);
    v->lease = r->answer->lease;
    v->granted_s = r->answer->ttl_s;
    v->kept_alive_us = r->sent_us;
    v->look_again_us = 0;
    quorum_opened(v->base.o.quorum, v->base.o.index, (unsigned long)v->lease, r->answered_us);
    look(v, r->answered_us); /* no key is put below rows that cannot be read */
    changed(v);
}

static void open_lease(struct etcd_voter *v, int64_t now_us)
{
    if (v->granting || now_us < v->grant_at_us)
        return;
    v->granting = etcd_client_ask(v->client, ETCD_ASK_GRANT, etcd_grant_json(v->base.o.lease_ms / 1000 + 1),
                                  v->base.o.silent_ms, granted, v);
}

static void kept_alive(void *arg, const struct etcd_reply *r)
{
    struct etcd_voter *v = arg;
    v->keeping = NULL;
    if (!r->answer || r->answer->outcome != ETCD_OK) {
        v->kept_alive_us = 0; /* again with the next renewal */
        return;
    }
    voter_answered(&v->base, r->sent_us);
    if (r->answer->ttl_s == 0)
        close_lease(v, "etcd does not know the lease any more");
}

static void keep_alive(struct etcd_voter *v, int64_t now_us)
{
    if (v->keeping || now_us - v->kept_alive_us < v->granted_s * 1000000 / 4)
        return;
    v->kept_alive_us = now_us;
    v->keeping = etcd_client_ask(v->client, ETCD_ASK_KEEP_ALIVE, etcd_lease_json(v->lease),
                                 v->base.o.silent_ms, kept_alive, v);
}

static void step(struct voter *base, int64_t now_us)
{
    struct etcd_voter *v = of(base);
    if (!v->lease) {
        open_lease(v, now_us);
        return;
    }
    if (quorum_must_close(v->base.o.quorum, v->base.o.index, now_us)) {
        close_lease(v, "the vote's validity ended before it was renewed");
        return;
    }
    keep_alive(v, now_us);
    if (v->wanted && !vote_of(v)->held && now_us >= v->look_again_us)
        begin_taking(v);
    if (now_us - v->looked_us >= CLOCK_MS(v->base.o.renew_ms) - 5000)
        look(v, now_us);
}

/* ---- promises ---- */

static const struct note *row(struct etcd_voter *v, enum note_kind kind, int node)
{
    return observe_note(&v->table.rows, kind, node);
}

/* What the other wrote to be used once is gone with the promise that used it; so is what is older. */
static bool is_consumed(struct etcd_voter *v, enum note_kind kind, int node)
{
    return kind != NOTE_PROMISE && row(v, kind, node)->kind != NOTE_NONE &&
           row(v, kind, node)->epoch < v->epoch;
}

static uint64_t consumed_epoch(struct etcd_voter *v)
{
    uint64_t most = 0;
    int other = 1 - v->base.o.quorum->self;
    for (enum note_kind kind = NOTE_RELEASE; kind <= NOTE_OFF; kind++)
        if (is_consumed(v, kind, other) && row(v, kind, other)->epoch > most)
            most = row(v, kind, other)->epoch;
    return most;
}

static void promise_ended(struct etcd_voter *v, uint64_t consumed, const char *refusal)
{
    uint64_t epoch = v->epoch;
    v->epoch = 0;
    v->base.e.promised(v->base.e.arg, v->base.o.index, epoch, consumed, refusal);
}

/* The table as it was last seen is what the promise rests on: every row of it is compared. */
static void send_promise(struct etcd_voter *v)
{
    char keys[NOTE_OFF + 1][OBS_NODES][ETCD_KEY_MAX];
    struct etcd_txn txn = {0};
    struct note note = {.kind = NOTE_PROMISE, .epoch = v->epoch, .seq = (uint64_t)v->lease};
    char *value = etcd_note_value(&note, NULL);
    etcd_txn_compare(&txn, ETCD_LEASE, v->vote_key, v->lease);
    for (enum note_kind kind = NOTE_PROMISE; kind <= NOTE_OFF; kind++)
        for (int node = 0; node < OBS_NODES; node++) {
            char *key = keys[kind][node];
            etcd_key_note(key, v->base.o.names.cluster, kind, v->base.o.names.nodes[node]);
            etcd_txn_compare(&txn, ETCD_MOD, key, v->table.changed[kind][node]);
            if (is_consumed(v, kind, node))
                etcd_txn_then(&txn, (struct etcd_op){.kind = ETCD_DELETE, .key = key});
        }
    etcd_txn_then(&txn, (struct etcd_op){.kind = ETCD_PUT,
                                         .key = keys[NOTE_PROMISE][v->base.o.quorum->self],
                                         .value = value});
    list_too(v, &txn);
    v->consumes = consumed_epoch(v);
    act(v, ACT_PROMISE, &txn, voter_limit_ms(&v->base, clock_now_us()), promise_answered);
    free(value);
}

static void try_promise(struct etcd_voter *v)
{
    int self = v->base.o.quorum->self;
    uint64_t theirs = v->table.rows.promise[1 - self].epoch, ours = v->table.rows.promise[self].epoch;
    if (theirs >= v->epoch || ours > v->epoch)
        promise_ended(v, 0, "promised: as high an epoch is promised there already");
    else
        send_promise(v);
}

static void promise_answered(void *arg, const struct etcd_reply *r)
{
    struct etcd_voter *v = arg;
    v->acting = NULL;
    v->act = ACT_NONE;
    if (r->answer)
        log_debug("%s: promise answered after %.2f ms", v->name,
                  (double)(r->answered_us - r->sent_us) / 1000.0);
    if (!take_table(v, r, v->act_revision, r->sent_us)) {
        promise_ended(v, 0, v->complaint ? v->complaint : "the lease is gone");
    } else if (!is_ours(v)) {
        close_lease(v, "the vote's key is not ours any more");
        promise_ended(v, 0, "no_vote: the vote is not ours there");
    } else if (v->table.rows.promise[v->base.o.quorum->self].epoch == v->epoch) {
        quorum_proven(v->base.o.quorum, v->base.o.index, r->sent_us);
        vote_of(v)->promised_epoch = v->epoch;
        promise_ended(v, v->consumes, NULL);
    } else if (++v->tries < TRIES_MAX) {
        try_promise(v);
    } else {
        promise_ended(v, 0, "changed: the rows change all the time");
    }
    changed(v);
}

static void promise(struct voter *base, uint64_t epoch)
{
    struct etcd_voter *v = of(base);
    if (!v->lease || v->act != ACT_NONE || !v->table_known)
        return;
    v->epoch = epoch;
    v->tries = 0;
    try_promise(v);
}

/* ---- marks ---- */

static void mark_answered(void *arg, const struct etcd_reply *r)
{
    struct etcd_voter *v = arg;
    int node = v->note.node;
    const char *name = v->base.o.names.nodes[node];
    v->acting = NULL;
    v->act = ACT_NONE;
    bool told = take_table(v, r, v->act_revision, r->answered_us);
    if (told && !is_ours(v))
        close_lease(v, "the vote's key is not ours any more");
    else if (told)
        quorum_proven(v->base.o.quorum, v->base.o.index, r->sent_us);
    if (told && row(v, NOTE_OUT_OF_SYNC, node)->epoch == v->note.epoch)
        log_notice("%s: %s %s after %.2f ms", v->name, name,
                   v->note.epoch ? "is marked as out of sync" : "is no longer marked",
                   (double)(r->answered_us - r->sent_us) / 1000.0);
    else
        log_warning("%s: %s of %s was not written", v->name,
                    v->note.epoch ? "the mark" : "the end of the mark", name);
    changed(v);
}

/* Epoch 0 is the mark's end. */
static void send_mark(struct etcd_voter *v, int node, uint64_t epoch)
{
    char key[ETCD_KEY_MAX], promises[OBS_NODES][ETCD_KEY_MAX];
    struct etcd_txn txn = {0};
    int self = v->base.o.quorum->self;
    if (!v->lease || v->act != ACT_NONE || !v->table_known)
        return;
    if (row(v, NOTE_PROMISE, 1 - self)->epoch > row(v, NOTE_PROMISE, self)->epoch)
        return; /* the term is over */
    v->note =
        (struct note){.kind = NOTE_OUT_OF_SYNC, .node = node, .epoch = epoch, .seq = (uint64_t)v->lease};
    char *value = etcd_note_value(&v->note, NULL);
    etcd_key_note(key, v->base.o.names.cluster, NOTE_OUT_OF_SYNC, v->base.o.names.nodes[node]);
    etcd_txn_compare(&txn, ETCD_LEASE, v->vote_key, v->lease);
    for (int i = 0; i < OBS_NODES; i++) {
        etcd_key_note(promises[i], v->base.o.names.cluster, NOTE_PROMISE, v->base.o.names.nodes[i]);
        etcd_txn_compare(&txn, ETCD_MOD, promises[i], v->table.changed[NOTE_PROMISE][i]);
    }
    etcd_txn_then(&txn, (struct etcd_op){.kind = epoch ? ETCD_PUT : ETCD_DELETE, .key = key, .value = value});
    list_too(v, &txn);
    act(v, ACT_MARK, &txn, voter_limit_ms(&v->base, clock_now_us()), mark_answered);
    free(value);
}

static void mark(struct voter *base, int node, uint64_t epoch)
{
    send_mark(of(base), node, epoch);
}

static void clear_mark(struct voter *base, int node)
{
    send_mark(of(base), node, 0);
}

/* ---- releasing ---- */

static void release_ended(struct etcd_voter *v)
{
    v->base.releasing = false;
    v->base.release_done = true;
    quorum_released(v->base.o.quorum, v->base.o.index);
    changed(v);
}

static void release_written(void *arg, const struct etcd_reply *r)
{
    struct etcd_voter *v = arg;
    const char *why = r->answer ? "the vote was not ours any more" : r->failure;
    v->acting = NULL;
    v->act = ACT_NONE;
    bool told = take_table(v, r, v->act_revision, r->sent_us);
    const struct note *mine = row(v, v->note.kind, v->base.o.quorum->self);
    if (r->answer)
        log_debug("%s: release answered after %.2f ms", v->name,
                  (double)(r->answered_us - r->sent_us) / 1000.0);
    if (told && mine->epoch == v->note.epoch && mine->seq == v->note.seq && !is_ours(v)) {
        release_ended(v);
        return;
    }
    log_warning("%s: the release was not written: %s", v->name, why);
    release_ended(v);
    close_lease(v, "not released in writing");
}

static void send_release(struct etcd_voter *v, const char *gtid)
{
    char key[ETCD_KEY_MAX];
    struct etcd_txn txn = {0};
    char *value = etcd_note_value(&v->note, gtid);
    etcd_key_note(key, v->base.o.names.cluster, v->note.kind, v->base.o.node);
    etcd_txn_compare(&txn, ETCD_LEASE, v->vote_key, v->lease);
    etcd_txn_then(&txn, (struct etcd_op){.kind = ETCD_PUT, .key = key, .value = value});
    etcd_txn_then(&txn, (struct etcd_op){.kind = ETCD_DELETE, .key = v->vote_key});
    list_too(v, &txn);
    act(v, ACT_RELEASE, &txn, voter_limit_ms(&v->base, clock_now_us()), release_written);
    free(value);
}

static void release(struct voter *base, bool uncounted_too, const char *kind, uint64_t epoch,
                    const char *file, uint64_t size, const char *gtid)
{
    struct etcd_voter *v = of(base);
    if (!vote_of(v)->held || !(vote_of(v)->counted || uncounted_too)) {
        v->base.release_done = true;
        drop(base);
        return;
    }
    v->wanted = false;
    v->base.releasing = true;
    end_act(v); /* a promise of the term that ends */
    etcd_client_cancel(&v->looking);
    v->note = (struct note){
        .kind = observe_kind_parse(kind), .epoch = epoch, .size = size, .seq = (uint64_t)v->lease};
    snprintf(v->note.file, sizeof(v->note.file), "%s", file);
    send_release(v, gtid);
}

/* ---- life ---- */

static void destroy(struct voter *base)
{
    struct etcd_voter *v = of(base);
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
    return v->wanted && !vote_of(v)->held && v->act == ACT_NONE ? v->look_again_us : 0;
}

static const struct voter_ops ops = {
    .destroy = destroy,
    .want = want,
    .drop = drop,
    .step = step,
    .promise = promise,
    .release = release,
    .mark = mark,
    .clear_mark = clear_mark,
    .is_up = is_up,
    .outstanding_since_us = outstanding_since_us,
    .next_us = next_us,
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
    open_lease(v, clock_now_us());
    return &v->base;
}
