/* Observations filled by hand for the tests of the model: a healthy pair of which this node is the standby or
 * the writer, to be changed by one thing at a time. No I/O, no clock: `now_us` is a field. */
#ifndef REPLCHECK_TESTS_MODEL_FIXTURE_H
#define REPLCHECK_TESTS_MODEL_FIXTURE_H

#include "model/decide.h"

#define MS(ms)      ((int64_t)(ms)*1000)
#define SCENE_START MS(1000000000)
#define PEER_EPOCH  4 /* of the peer's term in a standby's scene */
#define OWN_EPOCH   5 /* of the own term in a writer's scene */

struct scene {
    struct policy p;
    struct observation o;
    struct quorum q;
    struct mind m;
    struct outcome out;
    int64_t now_us;
    bool own_mute, peer_mute, witness_mute; /* does not answer: its values grow old */
};

/* A known set; fails the test on a text that is none. */
struct gtid_set scene_gtid(const char *text);

struct policy scene_policy(enum policy_tie tie);

/* Node 0 is standby, node 1 writes in epoch PEER_EPOCH; everything was read now. */
void scene_standby(struct scene *s, enum policy_tie tie);
/* Node 0 writes in epoch OWN_EPOCH with all votes counted, node 1 is standby. */
void scene_writer(struct scene *s, enum policy_tie tie);
/* Both servers answer, are read-only and equal, nobody holds a vote; the supervisors just started. */
void scene_boot(struct scene *s, int self, enum policy_tie tie);

/* Everything that is not mute was read now; held votes were proven now. */
void scene_refresh(struct scene *s);
void scene_advance(struct scene *s, int64_t ms);
/* The peer's whole host is gone. */
void scene_peer_gone(struct scene *s);

/* A row of the peer's in our own voter table. */
struct note *scene_row(struct scene *s, enum note_kind kind, uint64_t epoch, const char *gtid);

/* A vote that is held and counts. */
void scene_count_vote(struct scene *s, int i, enum vote_basis basis);

/* One tick of the decision, as the scene is. A test of the decision ticks by this alone: where the
 * environment names a file in REPLCHECK_ROWS_FIRED, the ids of the rows that fired are written there when the
 * program ends (tests/sim/check-rows). */
void scene_decide(struct scene *s);

/* The facts of the scene as it is. */
struct facts scene_facts(const struct scene *s);

#endif
