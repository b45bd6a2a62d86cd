/* What the decision remembers from one tick to the next. Only decide_tick() and what it calls change it.
 * Fixed size, copyable, pointer-free: a simulator copies it, a test fills it by hand. */
#ifndef REPLCHECK_MODEL_MIND_H
#define REPLCHECK_MODEL_MIND_H

#include "model/ledger.h"
#include "model/observation.h"
#include "model/policy.h"
#include "model/state.h"

/* A server's gtid_binlog_state and gtid_binlog_pos, and between which times they were read. */
struct kept_state {
    struct gtid_set set;
    struct gtid_set pos;
    bool closed; /* was it read-only then? */
    int64_t sent_us;
    int64_t at_us;
};

/* Lossless: is all that the other's clients were told is done here? The receiver is seen acknowledging, then
 * a position of the writer is read, whose commits wait, then that position is seen received. From then on
 * nothing is acknowledged that is not here, until the relay log may have been lost. */
struct in_step {
    int64_t life_us;        /* of the own server's probe: a new one may be a new server */
    int64_t acking_us;      /* when the own receiver was first seen acknowledging; 0 = it is not */
    struct gtid_set io;     /* the highest received in that life */
    struct gtid_set wanted; /* of the writer, read after acking_us */
    uint64_t wanted_epoch;
    uint64_t epoch; /* the term in which all of that held; 0 = none */
};

/* What a node of write_mode dual must have before it is opened. */
struct dual_mind {
    struct gtid_set wanted; /* the other's position, read once it was held ... */
    int64_t wanted_us;      /* ... then; 0 = not yet */
};

struct mind {
    enum node_state state;
    int64_t since_us;            /* when `state` began */
    int row_id;                  /* the row that fired last */
    uint64_t epoch;              /* the own term's, or of the promotion that is tried; 0 = none */
    uint64_t last_aborted_epoch; /* promised by us in this process's life and never enabled */
    enum promote_reason why;     /* of the promotion that is tried, or that made the present writer */
    struct note basis;           /* the other's row on which `why` rests; NOTE_NONE otherwise */
    int64_t basis_since_us;      /* when that row was first read */
    bool basis_consumed;         /* our promise's transaction found and consumed it */
    bool rows_read;              /* the own server's voter table, in this process's life */
    bool other_read; /* the other's: while this node was off, the other may have been the writer, also by its
                      * operator's word, and only there it stands */
    /* The other's row of this epoch, or before, was there before
     * this process, and other_read is not true; 0 = none. */
    uint64_t left_over_epoch;
    int64_t majority_since_us; /* since when a majority is counted without a break; 0 = it is not */
    int64_t backoff_until_us;  /* no votes are asked for before */
    bool wished;               /* the operator wanted the writer here at the last tick */
    int attempts;              /* promotions that failed in a row, for the back-off */
    uint64_t tried_epoch;      /* of the row on which the promotion that is tried was begun; 0 = none */
    int failed_row; /* the row that ended the last promotion that failed; 0 = none since the last success */
    int64_t failed_us;          /* when */
    uint64_t refused_epoch;     /* of the other's row whose promotion was refused after the drain; 0 = none */
    int64_t quiet_since_us;     /* since when nothing spoke of a writer elsewhere; 0 = something does */
    int64_t renewed_us;         /* the other renewed the third vote then, as was seen there; 0 = never seen */
    int64_t vip_here_us;        /* when the VIP was here last */
    int64_t peer_vip_since_us;  /* since when the peer alone has the VIP, as far as we hear; 0 = it has not */
    int64_t last_handover_us;   /* a handover that the VIP asked for */
    int64_t unfenced_since_us;  /* FENCED: since when nothing has spoken of a writer elsewhere; 0 = not */
    int64_t undone_us;          /* when a handover of ours was last taken back */
    bool undo;                  /* our handover was taken back: be the writer again */
    bool third_mine;            /* tie-breaker `writer`: learned in this life, see facts.c */
    uint64_t third_given_epoch; /* tie-breaker `writer`: given away in writing (sent or about to be) */
    uint64_t term_floor;        /* the promotion that is tried needs an epoch above this */
    struct kept_state own_now, own_before, peer_now, peer_before; /* the last two samples of each server */
    bool own_life_ended; /* the own server is certified dead, and what it said is still there */
    int64_t own_sampled_us, peer_sampled_us; /* the last samples that went into the ledger */
    enum gtid_relation history;              /* own history against the peer's, last time it could be told */
    struct gtid history_first;               /* DIVERGED: first GTID of ours that the peer lacks */
    int64_t history_us;                      /* send time of the older of the two samples */
    bool history_closed;                     /* the peer's was of a read-only server: no more can come */
    struct ledger ledger;
    bool accept_loss; /* the operator accepted it, for the promotion that is tried */
    int64_t
        cleared_us; /* lossless: the other's mark was last told to go then; what was read before is void */
    int64_t acks_since_us;     /* writer, lossless: when acknowledgements were
                                  first seen required; 0 = they are not */
    struct gtid_set acks_pos;  /* read after that: what the other must have to be in step */
    struct gtid_set stuck_pos; /* writer, lossless: commits wait, though the other has all up to here ... */
    int64_t stuck_since_us;    /* ... since then; 0 = not so */
    struct in_step step;       /* standby, lossless */
    int64_t term_life_us;      /* lossless: the own server's probe on which this term
                                  was last seen enabled, or was about to be */
    struct dual_mind dual;     /* held */
};

void mind_init(struct mind *m, int64_t now_us);

/* What a new observation tells beyond its moment: positions and histories, losses, the other's rows, the
 * operator's wish. Once per tick, before anything is judged. */
void mind_remember(const struct policy *p, const struct observation *o, struct mind *m);

#endif
