/* Lives of a node that the tests of the decision begin with, what befalls its peer, and what is expected of a
 * tick. Time runs in model_driver.h. */
#ifndef REPLCHECK_TESTS_LIFE_H
#define REPLCHECK_TESTS_LIFE_H

#include "model_driver.h"

/* Three seconds old; what it did until then is forgotten. No vote is free for a standby. */
void life_standby(struct drive *d, enum policy_tie tie);
void life_writer(struct drive *d, enum policy_tie tie);

/* The peer's server dies; its supervisor writes what it proves and releases all votes. */
void life_certify_peer(struct drive *d);
/* The peer closes, hands over at its last position and waits. */
void life_release_peer(struct drive *d, const char *position);
/* The peer's host is off: its votes expire a lease after their last renewal. */
void life_cut_peer(struct drive *d);

/* Fail the test: of the last tick. */
void life_expect(const struct drive *d, enum node_state state, int row);
void life_expect_action(const struct drive *d, enum action a, bool wanted);

#endif
