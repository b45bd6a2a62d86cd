/* Named, small facts computed from an observation: all that the rows of the decision may ask.
 *
 * Arithmetic, ages and comparisons happen here, in ordinary C; a row only compares a fact with values. Most
 * facts are an `enum tri`; the others name their values below. */
#ifndef REPLCHECK_MODEL_FACTS_H
#define REPLCHECK_MODEL_FACTS_H

#include <stdint.h>

#include "model/mind.h"
#include "model/observation.h"
#include "model/policy.h"
#include "model/quorum.h"

enum fact {
    FACT_NONE = 0,
    /* the own server */
    FACT_OWN_UP,      /* it answered within `silent` */
    FACT_OWN_DEAD,    /* its death was seen and it has not come back */
    FACT_CERTIFIABLE, /* the death may be certified: read_only=ON is in its option files */
    FACT_CERTIFICATE, /* no: the other's server lacks the row of this
                         death, and it would still be of use there */
    FACT_OWN_READ_ONLY,
    FACT_BOOT_SAFE,
    FACT_SCHEMA, /* the schema replcheck here can begin a term; no: it is too old for durability lossless */
    FACT_DISK_FULL, /* writes hang, for there is no room where the own server writes */
    FACT_DEAD_MAN,  /* the dead-man's switch is enabled and advances */
    FACT_IO,        /* enum io_state */
    FACT_SQL,
    FACT_APPLIER_BROKEN,  /* it stopped with an error: what was received is not applied by waiting; no: or the
                           * operator accepted that loss */
    FACT_APPLIER_STOPPED, /* it stands still without an error, read since this step began */
    FACT_THREADS,         /* both own replication threads run (the receiver may be connecting) */
    FACT_RECEIVED,        /* all that the other is known to have written has arrived, or cannot any more */
    FACT_DRAINED,         /* all that was received is applied */
    FACT_LOSS,            /* enum loss_verdict: LOSS_OK ... */
    FACT_STALE,           /* a voter remembers an epoch that the own data lack */
    FACT_HISTORY,         /* enum gtid_relation: own against the peer's */
    FACT_OFFSETS,         /* auto_increment globals are as configured */
    /* durability `lossless`; with async all of these are unknown but BEGUN and SAFE, which are yes */
    FACT_BEGUN,     /* lossless: the term's row stands, which comes before writes are enabled; async: yes */
    FACT_SAFE,      /* what is acknowledged survives this node: the other has it, or is marked (MARK_BOTH) */
    FACT_ACKS,      /* enum acks_fact (durability.h): do the own server's commits wait for the other? */
    FACT_MARK,      /* enum mark_fact: is the other recorded as out of sync? */
    FACT_PEER_ACKS, /* the other receives, keeps up and acknowledges */
    FACT_PEER_GONE, /* nothing of it answered for `silent`, in this state of ours */
    FACT_STUCK,     /* for `silent` commits wait for what the other has received without acknowledging */
    FACT_IN_STEP,   /* it has all that was committed before acknowledgements were required */
    FACT_OWN_ACKS,  /* the own receiver acknowledges; no: it runs and does not */
    FACT_RESTARTED, /* the own server may be another one than the term was enabled on */
    /* the peer */
    FACT_PEER_UP,
    FACT_PEER_READ_ONLY,
    FACT_PEER_WRITER,  /* it is, or may be, writing, promoting or handing over */
    FACT_PEER_FOLLOWS, /* it is read-only and both its replication threads run */
    FACT_PEER_READY,   /* it could take over at once */
    FACT_PEER_CLOSED,  /* proof is in hand that it cannot write */
    /* votes and authority */
    FACT_VOTES,      /* enum votes_fact */
    FACT_VOTES_FREE, /* no vote of ours is held any more */
    FACT_THIRD_VOTE, /* tie-breaker `writer`: it is ours; unknown with any other */
    FACT_DELAY_OVER, /* the takeover delay has passed or is waived */
    FACT_AUTHORITY,  /* a counted majority with the fence's time in hand */
    FACT_EPOCH,      /* an epoch was chosen above all that the held voters remember */
    FACT_SUPERSEDED, /* the other promised an epoch above ours */
    FACT_PROMISED,   /* at every server whose vote is counted */
    FACT_BASIS_USED, /* the row on which the promotion rests was consumed (yes), had gone (no) */
    FACT_QUICK,      /* another voter answers quickly enough for its vote to keep a writer */
    /* the fencer */
    FACT_FENCER,
    FACT_WRITE_LOCK, /* it holds the lock without which the dead-man's switch closes the server */
    FACT_ARMED,      /* the last deadline was acknowledged, with the write lock */
    FACT_INHERITED,  /* our predecessor's authority is still armed */
    /* reasons and wishes */
    FACT_REASON, /* enum promote_reason */
    FACT_BACKOFF,
    FACT_BREAKER,     /* open */
    FACT_MAINTENANCE, /* on at either node */
    FACT_LATER_TERM,  /* the own data have a later term than the other server's */
    FACT_LAST_WRITER, /* the last term was this node's */
    FACT_STOPPING,    /* SIGTERM: hand over if it can be, close otherwise, end */
    FACT_WANT_AWAY,   /* operator, the peer on its operator's behalf, or the VIP asks to hand over */
    FACT_ISOLATED,    /* tie-breaker `writer`: neither the peer nor a reference heard for a lease */
    /* progress of a demotion and its undoing */
    FACT_FINAL,      /* position after the closing was read */
    FACT_UNANSWERED, /* an enabling was sent and not answered */
    FACT_RELEASED,
    FACT_RECLAIMED,
    FACT_TERM,       /* the term's row was written */
    FACT_TIMEOUT,    /* the present step has taken longer than it may */
    FACT_KEPT_LEASE, /* FENCED: for a lease nothing has spoken of a writer */
    /* write_mode `dual`; with single all of these are unknown but the first */
    FACT_DUAL,
    FACT_CAUGHT_UP,   /* a held node has what the other had when it began to
                         wait; or nothing of the other is heard */
    FACT_PEER_SINGLE, /* the other's supervisor is of write_mode single */
    FACT_DOMAINS,     /* the servers have different values of gtid_domain_id */
    FACT_SWITCH_OFF,  /* the dead-man's switch will not close this server */
    FACT_WANT_OPEN,   /* the operator wants a held node opened */
    FACTS
};

enum votes_fact { VOTES_NONE = 0, VOTES_HELD, VOTES_COUNTED };

struct facts {
    uint8_t value[FACTS];
};

/* Pure. `mind` is read only. */
void facts_compute(struct facts *out, const struct policy *p, const struct observation *o,
                   const struct quorum *q, const struct mind *m);

const char *fact_name(enum fact f);
/* The value's word: "yes", "connecting", "handover" ... */
const char *fact_value_name(enum fact f, unsigned value);

/* The next epoch of this node's parity above every epoch that the observation knows. */
uint64_t facts_next_epoch(const struct policy *p, const struct observation *o, const struct mind *m);

/* The peer's row at our own server that proves it closed, if it is of the peer's newest known epoch and not
 * left over (mind.h). */
bool facts_basis(const struct policy *p, const struct observation *o, const struct mind *m, struct note *out);

/* Highest epoch that node `n` is known to have promised anywhere we can read. */
uint64_t facts_promised_by(const struct observation *o, int n);

/* Has the other promised a later term than the one that is ours? */
bool facts_superseded(const struct policy *p, const struct observation *o, const struct mind *m);

/* What is known of the dead-man's switch, in us: it is asked for each second. */
#define FACTS_DEAD_MAN_AGE_US 5000000

/* What would be lost if this node were promoted now. */
struct loss_bound facts_loss(const struct policy *p, const struct observation *o, const struct mind *m);

/* Everything the own server has: applied from the other and written by itself. */
void facts_own_position(const struct observation *o, struct gtid_set *out);

#endif
