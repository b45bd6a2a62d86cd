/* One tick of the decision: previous state, observation and votes in; next state, row and actions out.
 *
 * Pure: no clock, no descriptor, no log. decide_tick() first brings the memory up to date (ages, histories,
 * the epoch to promise), judges the votes, then walks the table until a row keeps the state (a change is
 * followed at once, so that one event can lead through several steps). The actions are those of the last
 * change and of the row that keeps the state: what an earlier change asked for is overtaken. */
#ifndef REPLCHECK_MODEL_DECIDE_H
#define REPLCHECK_MODEL_DECIDE_H

#include "model/facts.h"
#include "model/mind.h"
#include "model/observation.h"
#include "model/policy.h"
#include "model/quorum.h"
#include "model/rules.h"

#define DECIDE_STEPS_MAX 12

struct decide_step {
    enum node_state from, to;
    const struct rule *row;
};

struct outcome {
    struct facts facts; /* those that the last row saw */
    const struct rule *row;
    uint64_t actions; /* bit per enum action */
    int step_count;   /* changes of state in this tick */
    struct decide_step steps[DECIDE_STEPS_MAX];
};

void decide_tick(const struct policy *p, const struct observation *o, struct quorum *q, struct mind *m,
                 struct outcome *out);

/* The row that asked for an action of this tick: the first on its way, else the last. */
const struct rule *decide_row_of(const struct outcome *o, enum action a);

/* The integer for keepalived's track_file, -254..0 (DESIGN.md "VIP"). `fault` asks for -254. */
int decide_weight(const struct policy *p, const struct observation *o, const struct mind *m,
                  const struct facts *f, bool fault);

/* Does a supervisor that has written no weight yet leave what the file has? One that was only started again,
 * after a crash or by an upgrade, does not move the VIP before it knows more than nothing: its predecessor
 * wrote that, or the fencer. */
bool decide_keeps_weight(const struct policy *p, const struct observation *o, const struct mind *m);

/* Can the peer take the VIP at this moment? */
bool decide_peer_can_take_vip(const struct observation *o, const struct facts *f);

/* When the decision should be looked at again though nothing happens; 0 = only the period. */
int64_t decide_next_us(const struct policy *p, const struct observation *o, const struct quorum *q,
                       const struct mind *m);

#endif
