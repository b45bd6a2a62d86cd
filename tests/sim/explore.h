/* The explorer: every choice instead of a random one, over the simulator's world.
 *
 * Two trees. `faults`: time in quanta; before each quantum nothing, one of the faults, or the end of one that
 * lasts may come. `orders`: right after a fault or a command, whichever of the pending events of different
 * processes comes next may come next, and a second fault between any two.
 *
 * A state is visited once. It is abstracted for that: times relative to now and in steps, epochs and
 * positions relative to each other, pending events as a set (explore_state()). From every class of states
 * (explore_class(), coarser) a world in which all that is broken is mended must come back to one writer. */
#ifndef SIM_EXPLORE_H
#define SIM_EXPLORE_H

#include "parts.h"

struct move {
    const char *name;
    uint8_t ends; /* this move ends what an earlier one began: it costs no fault */
    uint8_t node; /* of the pair, where it matters */
    bool (*possible)(const struct world *w, int n);
    void (*make)(struct world *w, int n);
};

extern const struct move explore_moves[];
extern const int explore_move_count;

/* A pair at rest, in fair weather and without chance. */
void explore_settle(struct world *w, enum policy_tie tie, uint64_t seed, bool lossless);
/* Lets time pass; what is drawn by chance is the same each time. */
void explore_run(struct world *w, int64_t us);

/* The state as the search sees it; `step_us` is the coarseness of times. */
uint64_t explore_state(const struct world *w, int64_t step_us);
uint64_t explore_class(const struct world *w);

enum way_back { BACK_BY_ITSELF = 0, BACK_BY_OPERATOR, BACK_NEVER };

/* One writer within a while, though nothing is mended? Time passes. */
bool explore_writes(struct world *w);

/* Mends everything in `w` (a copy that is used up) and waits for one writer. */
enum way_back explore_way_back(struct world *w);

#endif
