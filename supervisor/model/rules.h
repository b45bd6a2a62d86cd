/* The decision as rows of one const table: first match wins.
 *
 * A row names the states it is for, the facts it needs ("don't care" is simply absent), the state that
 * follows, the actions to be under way, and its reason. Row ids are stable and gapped by section; they appear
 * in the journal, the log, `status` and `explain`. To add one: write it in rules.c in its section, run the
 * tests, and review the change of tests/unit/rules.expected. */
#ifndef REPLCHECK_MODEL_RULES_H
#define REPLCHECK_MODEL_RULES_H

#include <stddef.h>
#include <stdint.h>

#include "model/facts.h"
#include "model/state.h"

#define RULE_CONDITIONS_MAX 6

/* In the order in which an executor begins them. */
enum action {
    ACTION_FENCE = 0, /* the fencer: the whole ladder, now */
    ACTION_CLOSE_OWN, /* our own first rungs: read_only=1, read back */
    ACTION_DISARM,
    ACTION_WEIGHT_FAULT, /* the VIP goes to the peer at once, if it can take it */
    ACTION_CERTIFY,      /* rows of a certified death, then release */
    ACTION_CERTIFY_LATE, /* that row at the other's server, which was away then */
    ACTION_RELEASE,      /* rows of a release with the final position, then release */
    ACTION_DROP_VOTES,   /* release by closing, nothing in writing */
    ACTION_RECLAIM,      /* take back what a handover wrote */
    ACTION_TAKE_VOTES,
    ACTION_PREPARE, /* the fencer takes the write lock */
    ACTION_CLOSE_PEER,
    ACTION_SEMI_SYNC_OFF, /* the master side: it belongs on the writer alone */
    ACTION_ACKS_ON,       /* lossless: commits wait for the other */
    ACTION_MARK,          /* lossless: the other is recorded as out of sync, here and at the witness */
    ACTION_CLEAR_MARK,
    ACTION_ACKNOWLEDGE, /* lossless: the own receiver begins again with semi-sync */
    ACTION_PROBE,       /* read the own server now */
    ACTION_STOP_RECEIVER,
    ACTION_DRAIN, /* wait in the server for the relay log's end */
    ACTION_PROMISE,
    ACTION_OFFSETS,
    ACTION_ARM,
    ACTION_ENABLE,
    ACTION_TERM,
    ACTION_OPEN, /* write_mode dual: read_only=0 at the own server */
    ACTION_START_RECEIVER,
    ACTION_START_THREADS,
    ACTION_ALERT,
    ACTION_EXIT, /* this process ends, the fencer (or its absence) decides what follows */
    ACTIONS
};

#define ACTION_BIT(a) (UINT64_C(1) << (a))

struct rule_condition {
    enum fact fact;
    uint32_t any_of; /* bit per accepted value */
};

struct rule {
    int id;
    uint32_t states; /* bit per state */
    struct rule_condition when[RULE_CONDITIONS_MAX];
    enum node_state next;
    bool stay; /* keep the state; `next` is ignored */
    uint64_t actions;
    const char *reason;
};

extern const struct rule rules_table[];
extern const size_t rules_count;

const char *action_name(enum action a);

/* Index of the condition that does not hold, or -1 if the row matches (the state included: then -2). */
int rules_mismatch(const struct rule *r, enum node_state state, const struct facts *f);

/* Is the table well-formed? Ids rise, every row can name its states, the last row of each state has no
 * condition. NULL if so, else a sentence. */
const char *rules_self_check(void);

#endif
