/* The lives of a node and the reasons for which it may change them. The names are shown to operators and
 * written into bulletins and the journal: they are stable. */
#ifndef REPLCHECK_MODEL_STATE_H
#define REPLCHECK_MODEL_STATE_H

#include <stdbool.h>

enum node_state {
    NODE_UNKNOWN = 0,
    NODE_STANDBY,
    NODE_PROMOTE_VOTES,
    NODE_PROMOTE_RECEIVE,
    NODE_PROMOTE_DRAIN,
    NODE_PROMOTE_PROMISE,
    NODE_PROMOTE_ENABLE,
    NODE_WRITER,
    NODE_DEMOTE_CLOSE,
    NODE_DEMOTE_HANDOVER,
    NODE_FENCED,
    NODE_QUARANTINED,
    NODE_DUAL_HELD, /* write_mode dual: not opened yet */
    NODE_DUAL,      /* write_mode dual: written, as the other is */
    NODE_STATES
};

/* Why a promotion is attempted. */
enum promote_reason {
    REASON_NONE = 0,
    REASON_HANDOVER,  /* the writer released in writing */
    REASON_CERTIFIED, /* its server's death was certified */
    REASON_OPERATOR,  /* `promote`, or the host was declared off */
    REASON_SILENCE,   /* nobody renewed the lease here, and no sign of a writer, for a whole lease */
    REASON_VACANT,    /* both servers are here, neither is written, and this one is preferred */
    REASON_UNDO,      /* our own handover was not taken and was taken back */
    REASONS
};

const char *node_state_name(enum node_state s);
/* -1 if it is not a state's name. */
int node_state_parse(const char *name);
const char *promote_reason_name(enum promote_reason r);

static inline bool node_state_is_promoting(enum node_state s)
{
    return s >= NODE_PROMOTE_VOTES && s <= NODE_PROMOTE_ENABLE;
}

/* May the node's server be writable, by its supervisor's will, in this state? */
static inline bool node_state_may_write(enum node_state s)
{
    return s == NODE_PROMOTE_ENABLE || s == NODE_WRITER || s == NODE_DEMOTE_CLOSE || s == NODE_DUAL;
}

/* The same, or it was until now, and what it gave away may come back. */
static inline bool node_state_holds_power(enum node_state s)
{
    return node_state_may_write(s) || s == NODE_DEMOTE_HANDOVER;
}

#endif
