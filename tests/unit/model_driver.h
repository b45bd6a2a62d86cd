/* Runs the decision through time: each tick's actions are answered, as a healthy daemon, fencer and pair of
 * servers would, before the next tick. What is to fail is taken out of `answers`, or changed in the scene.
 * After every tick what may never be is looked for, and fails the test. */
#ifndef REPLCHECK_TESTS_MODEL_DRIVER_H
#define REPLCHECK_TESTS_MODEL_DRIVER_H

#include "model_fixture.h"

#define DRIVE_ROWS_MAX 64

struct drive {
    struct scene s;
    uint64_t answers;           /* actions that are carried out; all at first */
    bool lock_free[OBS_VOTERS]; /* somebody who asks for the vote there gets it */
    bool expired[OBS_VOTERS];   /* its holder was seen idle for a lease, and is killed for it */
    struct voter_rows witness;  /* the table there, which is read when the vote is taken */
    bool closer_works;          /* the peer can be closed */
    bool reclaim_comes_late;
    int rows[DRIVE_ROWS_MAX]; /* ids of the rows that fired, without repeats */
    int row_count;
    uint64_t actions; /* of all ticks since drive_forget() */
    uint64_t epoch;   /* the highest that was enabled */
};

/* What may never be: a sentence, or NULL. `before` is the state before the tick. */
const char *drive_impossible(const struct scene *s, enum node_state before);

/* Around a scene that was filled. The vote's locks are free unless this node holds them. */
void drive_begin(struct drive *d);
void drive_tick(struct drive *d);
/* Ticks each millisecond while something changes, else each 250 ms. */
void drive_run(struct drive *d, int64_t ms);
/* Runs until the state is entered; fails the test if it is not within the limit. Returns the milliseconds. */
int64_t drive_until(struct drive *d, enum node_state state, int64_t limit_ms);
/* Begins new records of rows and actions. */
void drive_forget(struct drive *d);
/* Have these rows fired, in this order and without others? The list ends with 0. */
void drive_expect_rows(const struct drive *d, const char *name, const int *rows);
bool drive_did(const struct drive *d, enum action a);
bool drive_fired(const struct drive *d, int row);

#endif
