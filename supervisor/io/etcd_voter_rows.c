#include "io/etcd_voter_internal.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/log.h"

/* ---- promises ---- */

static void promise_answered(void *arg, const struct etcd_reply *r);

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
    etcd_voter_list_too(v, &txn);
    v->consumes = consumed_epoch(v);
    etcd_voter_act(v, ETCD_ACT_PROMISE, &txn, voter_limit_ms(&v->base, clock_now_us()), promise_answered);
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
    v->act = ETCD_ACT_NONE;
    if (r->answer)
        log_debug("%s: promise answered after %.2f ms", v->name,
                  (double)(r->answered_us - r->sent_us) / 1000.0);
    if (!etcd_voter_take_table(v, r, v->act_revision, r->sent_us)) {
        promise_ended(v, 0, v->complaint ? v->complaint : "the lease is gone");
    } else if (!etcd_voter_is_ours(v)) {
        etcd_voter_close(v, "the vote's key is not ours any more");
        promise_ended(v, 0, "no_vote: the vote is not ours there");
    } else if (v->table.rows.promise[v->base.o.quorum->self].epoch == v->epoch) {
        quorum_proven(v->base.o.quorum, v->base.o.index, r->sent_us);
        etcd_voter_vote(v)->promised_epoch = v->epoch;
        promise_ended(v, v->consumes, NULL);
    } else if (++v->tries < ETCD_TRIES_MAX) {
        try_promise(v);
    } else {
        promise_ended(v, 0, "changed: the rows change all the time");
    }
    etcd_voter_changed(v);
}

void etcd_voter_promise(struct voter *base, uint64_t epoch)
{
    struct etcd_voter *v = etcd_voter_of(base);
    if (!v->lease || v->act != ETCD_ACT_NONE || !v->table_known)
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
    v->act = ETCD_ACT_NONE;
    bool told = etcd_voter_take_table(v, r, v->act_revision, r->answered_us);
    if (told && !etcd_voter_is_ours(v))
        etcd_voter_close(v, "the vote's key is not ours any more");
    else if (told)
        quorum_proven(v->base.o.quorum, v->base.o.index, r->sent_us);
    if (told && row(v, NOTE_OUT_OF_SYNC, node)->epoch == v->note.epoch)
        log_notice("%s: %s %s after %.2f ms", v->name, name,
                   v->note.epoch ? "is marked as out of sync" : "is no longer marked",
                   (double)(r->answered_us - r->sent_us) / 1000.0);
    else
        log_warning("%s: %s of %s was not written", v->name,
                    v->note.epoch ? "the mark" : "the end of the mark", name);
    etcd_voter_changed(v);
}

/* Epoch 0 is the mark's end. */
static void send_mark(struct etcd_voter *v, int node, uint64_t epoch)
{
    char key[ETCD_KEY_MAX], promises[OBS_NODES][ETCD_KEY_MAX];
    struct etcd_txn txn = {0};
    int self = v->base.o.quorum->self;
    if (!v->lease || v->act != ETCD_ACT_NONE || !v->table_known)
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
    etcd_voter_list_too(v, &txn);
    etcd_voter_act(v, ETCD_ACT_MARK, &txn, voter_limit_ms(&v->base, clock_now_us()), mark_answered);
    free(value);
}

void etcd_voter_mark(struct voter *base, int node, uint64_t epoch)
{
    send_mark(etcd_voter_of(base), node, epoch);
}

void etcd_voter_clear_mark(struct voter *base, int node)
{
    send_mark(etcd_voter_of(base), node, 0);
}

/* ---- releasing ---- */

static void release_ended(struct etcd_voter *v)
{
    v->base.releasing = false;
    v->base.release_done = true;
    quorum_released(v->base.o.quorum, v->base.o.index);
    etcd_voter_changed(v);
}

static void release_written(void *arg, const struct etcd_reply *r)
{
    struct etcd_voter *v = arg;
    const char *why = r->answer ? "the vote was not ours any more" : r->failure;
    v->acting = NULL;
    v->act = ETCD_ACT_NONE;
    bool told = etcd_voter_take_table(v, r, v->act_revision, r->sent_us);
    const struct note *mine = row(v, v->note.kind, v->base.o.quorum->self);
    if (r->answer)
        log_debug("%s: release answered after %.2f ms", v->name,
                  (double)(r->answered_us - r->sent_us) / 1000.0);
    if (told && mine->epoch == v->note.epoch && mine->seq == v->note.seq && !etcd_voter_is_ours(v)) {
        release_ended(v);
        return;
    }
    log_warning("%s: the release was not written: %s", v->name, why);
    release_ended(v);
    etcd_voter_close(v, "not released in writing");
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
    etcd_voter_list_too(v, &txn);
    etcd_voter_act(v, ETCD_ACT_RELEASE, &txn, voter_limit_ms(&v->base, clock_now_us()), release_written);
    free(value);
}

void etcd_voter_release(struct voter *base, const struct voter_farewell *row, bool uncounted_too)
{
    struct etcd_voter *v = etcd_voter_of(base);
    if (!taking_may_release(v->base.o.quorum, v->base.o.index, uncounted_too)) {
        v->base.release_done = true;
        base->ops->drop(base);
        return;
    }
    v->wanted = false;
    v->base.releasing = true;
    etcd_voter_end_act(v); /* a promise of the term that ends */
    etcd_client_cancel(&v->looking);
    v->note =
        (struct note){.kind = row->kind, .epoch = row->epoch, .size = row->size, .seq = (uint64_t)v->lease};
    snprintf(v->note.file, sizeof(v->note.file), "%s", row->file);
    send_release(v, row->gtid);
}
