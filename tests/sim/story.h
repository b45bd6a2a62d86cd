/* Stories: moves in one order, each with the range of its time after the one before (story.c), told with
 * other times again and again; and the search for ones that nobody thought of (story_random.c). */
#ifndef SIM_STORY_H
#define SIM_STORY_H

#include "explore.h"

#define STEPS_MAX 16

struct step {
    const struct move *move;
    int64_t least, most; /* µs after the step before */
};

struct story {
    enum policy_tie tie;
    bool lossless;
    struct step steps[STEPS_MAX];
    int count;
    bool mended;  /* and a way back is looked for in the end */
    bool alive;   /* somebody must write in the end, though nothing is mended */
    bool careful; /* a move that is not possible then is left out */
};

struct story_search {
    uint64_t seed, tries; /* of each story */
    double seconds;
};

/* story_moves.c: the explorer's moves, and more. */
const struct move *story_move_named(const char *name);
const struct move *story_move_at(int i); /* NULL behind the last */

/* story.c */
bool story_parse(struct story *t, const char *text);
/* "MOVE @MS-MS; ..." as story_parse() reads it. */
void story_print(const struct story *t, char *text, size_t size);
const char *story_tie(const struct story *t);
/* One try. What was violated, "" = nothing. `look` is called after each event; may be NULL. */
const char *story_tell(const struct story *t, uint64_t number, bool trace,
                       void (*look)(const struct world *w));

/* Draws stories of some moves, which begin with those of `kind`, keeps those that lead to what was not seen
 * before, and changes them. A failure is told with the smallest story that still shows it. Returns how many
 * failed. */
int story_search(const struct story *kind, const struct story_search *search);

#endif
