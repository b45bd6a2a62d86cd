/* What a kind of voter implements: the functions of voter.h, of which each has the contract there. For those
 * who write a kind only. A kind's struct begins with its struct voter. */
#ifndef REPLCHECK_IO_VOTER_OPS_H
#define REPLCHECK_IO_VOTER_OPS_H

#include "io/voter.h"

struct voter_ops {
    void (*destroy)(struct voter *v);
    void (*want)(struct voter *v, enum voter_urgency urgency);
    void (*drop)(struct voter *v);
    void (*step)(struct voter *v, int64_t now_us);
    void (*promise)(struct voter *v, uint64_t epoch);
    void (*release)(struct voter *v, const struct voter_farewell *row, bool uncounted_too);
    /* asked for only while the vote is held and the rows do not say so already */
    void (*mark)(struct voter *v, int node, uint64_t epoch);
    void (*clear_mark)(struct voter *v, int node);
    bool (*is_up)(const struct voter *v);
    int64_t (*outstanding_since_us)(const struct voter *v);
    int64_t (*next_us)(const struct voter *v);
    /* NULL where a kind cannot */
    bool (*enable)(struct voter *v, uint64_t epoch);
    bool (*enable_unanswered)(const struct voter *v);
    bool (*ask)(struct voter *v, const char *sql, int deadline_ms,
                void (*done)(void *arg, const struct reply *r), void *arg);
    int64_t (*certificate_until_s)(const struct voter *v);
};

struct voter {
    const struct voter_ops *ops;
    struct voter_options o;
    struct voter_events e;
    bool releasing, release_done;
    uint64_t remembered; /* the highest promise that was ever read there */
};

struct vote *voter_vote(const struct voter *v);

/* Until when a question about a held vote is worth its answer: while the vote is valid, else q. */
int64_t voter_limit_ms(const struct voter *v, int64_t now_us);

/* Notes an answer's send time. */
void voter_answered(const struct voter *v, int64_t sent_us);

/* What a question that waits for nothing at the voter took, up to now. */
void voter_timed(const struct voter *v, int64_t sent_us);

/* An answered mark, or its end (epoch 0), stands in the rows from now on. */
void voter_marked(const struct voter *v, int node, uint64_t epoch, int64_t answered_us);

/* All rows, as just read there. */
void voter_rows_read(struct voter *v, const struct voter_rows *rows);

#endif
