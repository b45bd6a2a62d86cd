/* How far a replica is behind its primary, measured without writing: samples of the primary's position
 * with the time at which each was asked for (FIELD-NOTES "Lag without writing").
 *
 * The lag is the age of the oldest sample that the replica does not contain; it is 0 only if the replica
 * contains the newest sample and that one is fresh. It is unknown, never 0, before the first sample, while
 * the primary does not answer, and if the replica's position is unknown.
 *
 * Times are CLOCK_BOOTTIME microseconds. A sample is kept only when the position changed. When the store is
 * full the samples are thinned so that their spacing stays in proportion to their age; the oldest is never
 * thinned out. A thinned lag errs low by at most LAG_THINNED_PERCENT 3
 * at every tick of 250 ms has been watched for up to a day (tests/unit/test_lag.c); one younger than ten
 * seconds is never thinned at that rate. About 140 KB: pass it by pointer. */
#ifndef REPLCHECK_MODEL_LAG_H
#define REPLCHECK_MODEL_LAG_H

#include <stdbool.h>
#include <stdint.h>

#include "model/gtid.h"

#define LAG_SAMPLES         512
#define LAG_THINNED_PERCENT 3

struct lag_sample {
    int64_t at_us; /* when the position was first seen */
    struct gtid_set pos;
};

/* Zeroed: nothing is known yet. */
struct lag {
    int count;
    int64_t newest_us; /* when the last sample was confirmed, changed or not; 0 = never */
    struct lag_sample samples[LAG_SAMPLES]; /* oldest first, each containing the one before */
};

struct lag_value {
    bool known;
    bool at_least;        /* the replica lacks the oldest sample already: the true lag is longer */
    int64_t us;           /* -1 = unknown */
    int64_t transactions; /* beyond the replica, as last seen on the primary; -1 = unknown */
};

/* Takes in the primary's position; `at_us` is when it was asked for. An unknown position and one that is no
 * later than the last are ignored. Samples that the primary does not contain (another primary, RESET
 * MASTER) are dropped, as no replica of it will ever reach them. */
void lag_sample(struct lag *lag, const struct gtid_set *primary, int64_t at_us);

/* The lag of a replica's position: for "applied" its gtid_slave_pos merged with its gtid_binlog_pos, for
 * "received" its Gtid_IO_Pos merged with the applied one (it is empty after a restart). The newest sample
 * counts as fresh up to `fresh_limit_us` of age. */
struct lag_value lag_of(const struct lag *lag, const struct gtid_set *replica, int64_t now_us,
                        int64_t fresh_limit_us);

#endif
