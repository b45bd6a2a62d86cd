/* What the fencer decides, apart from all I/O, so that tests and a simulator can run it: messages of the
 * child, observations of the local server and the time go in, what is to be done comes out.
 *
 * The state is plain and copyable; it is what an upgraded fencer inherits. Each function adds to the `todo`
 * it is given (zeroed by the caller), who then does it in the order of enum fencer_do. Times are
 * CLOCK_BOOTTIME microseconds, 0 = never. */
#ifndef REPLCHECK_MODEL_FENCER_LOGIC_H
#define REPLCHECK_MODEL_FENCER_LOGIC_H

#include <stdbool.h>
#include <stdint.h>

#include "base/tri.h"

struct fencer_rules {
    int lease_ms;
    int renew_ms;
    int silent_ms;
    int fence_ms;
    bool fences;      /* write_mode single; otherwise only what the child asks for */
    bool kill_server; /* SIGKILL is allowed */
    int takeover_ms;
    int epsilon_ms;
};

struct fencer_term {
    uint64_t epoch;
    int64_t deadline_us; /* 0: not armed */
    uint8_t votes;
    bool peer_can_take_vip; /* as the last ARM said */
};

struct fencer_server {
    enum tri read_only;
    int64_t read_us; /* when that reading was sent */
    enum tri alive;
    enum tri certifiable;
    int32_t pid;
};

struct fencer_logic {
    struct fencer_term term;
    uint64_t ended_epoch;  /* terms up to this one ended by a fence */
    int64_t armed_us;      /* since when it is armed */
    int64_t unarmed_us;    /* since when nothing may be written here: readings sent before do not count */
    int64_t prepared_us;   /* until when the write lock is kept without a term */
    int64_t lock_until_us; /* the write lock is held for certain until then */
    bool lock_lost;        /* it was seen with another, or with nobody */
    int64_t touched_us;    /* the server counts its idleness from then at the latest: its last answer came */
    int64_t renewed_us;    /* when the renewal left that the last ARM rests on */
    struct fencer_server server;
    int64_t unanswered_us; /* since when it owes an answer; 0 = it does not */
    bool fencing;
    int64_t retry_us;  /* the next try of a fence that was not proven */
    int retry_ms;      /* and how long it waited */
    int64_t weight_us; /* when -254 has lasted long enough */
    bool child_runs;
    int64_t child_started_us;
    int64_t child_start_us; /* when it is to be started again */
    int backoff_ms;
    bool stopping;
    int64_t stop_us; /* when a child that does not end is killed */
    int64_t ticked_us;
};

enum fencer_do {
    FENCER_DO_REFUSE = 1 << 0,       /* `reason`: the ACK says why, its deadline is 0 */
    FENCER_DO_RELEASE_LOCK = 1 << 1, /* so that it is free at once */
    FENCER_DO_TAKE_LOCK = 1 << 2,    /* or renew it, until fencer_logic_lock_limit_us() */
    FENCER_DO_FENCE = 1 << 3,        /* `reason`; a fence already under way is not disturbed */
    FENCER_DO_KILL_SERVER = 1 << 4,  /* with FENCE: SIGKILL first, for the server does not answer */
    FENCER_DO_WEIGHT = 1 << 5,       /* `weight` */
    FENCER_DO_KILL_CHILD = 1 << 6,
    FENCER_DO_START_CHILD = 1 << 7,
    FENCER_DO_REPORT = 1 << 8, /* STATE to the child */
    FENCER_DO_EXIT = 1 << 9,
};

struct fencer_todo {
    unsigned what; /* or of enum fencer_do */
    const char *reason;
    int weight;
};

struct fencer_arm_order {
    uint64_t epoch;
    int64_t deadline_us;
    uint8_t votes;
    bool peer_can_take_vip;
    int64_t renewed_us; /* when the oldest renewal left that the deadline rests on */
};

/* A fencer that starts: nothing is armed, so a reading of read_only=0 fences at once. */
void fencer_logic_init(struct fencer_logic *l, int64_t now_us);

/* The child's messages. */
void fencer_logic_hello(struct fencer_logic *l, struct fencer_todo *todo);
void fencer_logic_prepare(struct fencer_logic *l, const struct fencer_rules *r, int64_t now_us,
                          uint64_t epoch, struct fencer_todo *todo);
void fencer_logic_arm(struct fencer_logic *l, const struct fencer_rules *r, int64_t now_us,
                      const struct fencer_arm_order *arm, struct fencer_todo *todo);
void fencer_logic_disarm(struct fencer_logic *l, int64_t now_us, struct fencer_todo *todo);
void fencer_logic_fence(struct fencer_logic *l, const char *reason, struct fencer_todo *todo);

/* What became of the child. */
void fencer_logic_child_started(struct fencer_logic *l, int64_t now_us);
void fencer_logic_child_ended(struct fencer_logic *l, int64_t now_us, struct fencer_todo *todo);

/* SIGTERM: the child was told; leave when it has disarmed and ended, or been fenced. */
void fencer_logic_stop(struct fencer_logic *l, const struct fencer_rules *r, int64_t now_us);

/* What is known of the server; REPORT when the child should know. */
void fencer_logic_observe(struct fencer_logic *l, const struct fencer_server *server,
                          struct fencer_todo *todo);
/* A question was sent, or cannot be sent for want of a connection; any answer. */
void fencer_logic_asked(struct fencer_logic *l, int64_t now_us);
void fencer_logic_answered(struct fencer_logic *l);
/* An answer to a statement sent at `sent_us` about who holds the write lock. */
void fencer_logic_lock(struct fencer_logic *l, const struct fencer_rules *r, int64_t now_us, int64_t sent_us,
                       bool held, struct fencer_todo *todo);
/* The session that held it is gone, and with it the lock: take it again at once? */
void fencer_logic_lock_lost(struct fencer_logic *l, const struct fencer_rules *r, int64_t now_us,
                            struct fencer_todo *todo);
/* The ladder's end. */
void fencer_logic_fenced(struct fencer_logic *l, int64_t now_us, bool proven, struct fencer_todo *todo);

/* Judges what is due. The caller has drained the child's messages and the server's answers before. */
void fencer_logic_tick(struct fencer_logic *l, const struct fencer_rules *r, int64_t now_us,
                       struct fencer_todo *todo);
/* When the next tick is due; 0 = nothing is. */
int64_t fencer_logic_next_us(const struct fencer_logic *l, const struct fencer_rules *r);

/* wait_timeout of the session that holds the write lock: L − 1 s, at least 1 s. */
int fencer_logic_lock_ms(const struct fencer_rules *r);
bool fencer_logic_is_armed(const struct fencer_logic *l);
/* Up to when a statement may be sent on the session that holds the write lock; 0 = none. The dead-man's
 * switch counts from such a statement, a candidate from the renewal that the term rests on: takeover_delay
 * less epsilon may lie between the two, and what waited on the way waited on that account. */
int64_t fencer_logic_lock_limit_us(const struct fencer_logic *l, const struct fencer_rules *r);
/* Yes: held, and gone early enough if nobody renews it. */
enum tri fencer_logic_write_lock(const struct fencer_logic *l, const struct fencer_rules *r, int64_t now_us);

#endif
