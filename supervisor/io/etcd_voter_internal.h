/* The inside of a voter in etcd, shared by its files: etcd_voter.c has the looking and the taking,
 * etcd_voter_lease.c the lease, which is the session, etcd_voter_rows.c what is written below the vote:
 * promises, marks and releases. */
#ifndef REPLCHECK_IO_ETCD_VOTER_INTERNAL_H
#define REPLCHECK_IO_ETCD_VOTER_INTERNAL_H

#include "io/etcd_voter.h"
#include "io/voter_ops.h"
#include "wire/etcd_table.h"

#define ETCD_TRIES_MAX 3 /* of a transaction, each with what the last one told */

/* What a transaction that is under way is for: one at a time. */
enum etcd_act { ETCD_ACT_NONE = 0, ETCD_ACT_TAKE, ETCD_ACT_PROMISE, ETCD_ACT_MARK, ETCD_ACT_RELEASE };

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

    enum etcd_act act; /* what `acting` does, */
    int tries;         /* for the how many-th time, */
    uint64_t epoch;    /* for which epoch */
    uint64_t consumes; /* by the promise that was sent: a listing may show its end before its answer */
    struct note note;  /* that is being written */

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

struct etcd_voter *etcd_voter_of(struct voter *v);
struct vote *etcd_voter_vote(const struct etcd_voter *v);
/* Tells the supervisor that something is new. */
void etcd_voter_changed(struct etcd_voter *v);

/* Is the vote's key under our lease, as it was last told? */
bool etcd_voter_is_ours(const struct etcd_voter *v);

/* Asks for a lease where none is asked for yet and the back-off is over. */
void etcd_voter_open(struct etcd_voter *v, int64_t now_us);
/* Renews it at etcd, when that is due: the vote's validity rests on the looks, not on this. */
void etcd_voter_keep_alive(struct etcd_voter *v, int64_t now_us);
/* Gives the lease up, and with it the vote; a new one is asked for after a back-off. */
void etcd_voter_close(struct etcd_voter *v, const char *reason);
/* Logged once for each new kind (`what`, a literal): the reasons have times in them. */
void etcd_voter_complain(struct etcd_voter *v, const char *what, const char *why);
/* It did as it should. */
void etcd_voter_content(struct etcd_voter *v);

/* Reads all keys, which renews a vote that is held; nothing where that is under way. */
void etcd_voter_look(struct etcd_voter *v, int64_t now_us);

/* Sends `txn` as the act `what`. Only where none is under way. */
void etcd_voter_act(struct etcd_voter *v, enum etcd_act what, const struct etcd_txn *txn, int64_t deadline_ms,
                    void (*done)(void *arg, const struct etcd_reply *r));
/* What was sent may still be carried out; its answer is not waited for. */
void etcd_voter_end_act(struct etcd_voter *v);
/* All of the pair's keys with the answer, whether it was done or not. */
void etcd_voter_list_too(const struct etcd_voter *v, struct etcd_txn *txn);
/* Reads an answer with such a list, asked when the store was at `asked_revision`. False where it tells
 * nothing that could be gone on with; `read_us` is the age that the rows then have. */
bool etcd_voter_take_table(struct etcd_voter *v, const struct etcd_reply *r, int64_t asked_revision,
                           int64_t read_us);

/* Of struct voter_ops. */
void etcd_voter_promise(struct voter *base, uint64_t epoch);
void etcd_voter_mark(struct voter *base, int node, uint64_t epoch);
void etcd_voter_clear_mark(struct voter *base, int node);
void etcd_voter_release(struct voter *base, const struct voter_farewell *row, bool uncounted_too);

#endif
