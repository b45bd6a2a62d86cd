/* The simulated processes: servers, supervisors, fencers; and the hosts they run on. */
#ifndef SIM_PROCESSES_H
#define SIM_PROCESSES_H

#include "data.h"
#include "model/decide.h"
#include "model/fencer_logic.h"
#include "model/taking.h"

/* ---- servers ---- */

enum lock_name { LOCK_VOTE = 0, LOCK_HERE_1, LOCK_HERE_2, LOCK_BELL, LOCK_WRITE, LOCKS };

struct conn {
    int64_t idle_since;   /* of the server's host */
    int64_t wait_until;   /* of the server's host: a lock's or read_only's */
    uint32_t id, gen;     /* gen: of this entry */
    uint32_t link_gen;    /* the session's generation that it belongs to */
    uint32_t limit_ms;    /* wait_timeout */
    uint32_t waits_since; /* order in the queue for a lock */
    struct statement now;
    uint8_t used, node, slot, local, busy, pc, eof, killed;
    uint8_t waits_lock; /* lock + 1 */
    uint8_t waits_set;  /* a SET read_only that is blocked */
    uint8_t broken;     /* its client closed: nobody reads the answer */
};

enum process_state { GONE = 0, RUNS, STOPPED };

struct server {
    /* on disk */
    struct history own;
    uint32_t applied; /* of `own`: the binary log; the rest is the relay log */
    struct rows rows;
    struct notice notices[NODES];
    uint8_t boot_safe;
    uint8_t switch_enabled;
    uint32_t begun; /* lossless: the last number that a term's row was given */
    /* of this life */
    uint8_t state; /* enum process_state */
    uint8_t read_only, io, sql, offsets, semi_sync, forked;
    struct gid io_pos;
    uint16_t life, master_life;
    uint32_t master_pos;
    uint32_t next_id;
    uint32_t waits;
    uint32_t switched;    /* executions of the dead-man's event */
    uint8_t blockers;     /* enum blocker */
    int64_t blocked_at;   /* when there was one last */
    uint8_t row_lock;     /* connection + 1 that has the promises' row */
    uint8_t late;         /* enum late; a story's */
    uint8_t locks[LOCKS]; /* connection + 1 */
    int64_t start_at;     /* the earliest start; 0 = by itself */
    int64_t stopped_at, resumed_at, started_at;
    int64_t switch_set_since; /* the event's own SET is blocked since */
    struct conn conns[CONNS_MAX];
    /* for the invariants */
    uint32_t was_epoch;     /* before it was made read-only */
    uint32_t enabled_epoch; /* of the enabling that made it writable; 0 = nobody's */
    int64_t enabled_at, writable_since;
    uint8_t unwatched;     /* its fencer did not run at some time while it was stopped */
    int64_t unattended_at; /* until when nobody attended to it */
    uint8_t mischief;      /* somebody else set read_only=0 */
    uint32_t acked;        /* last sequence number that a client was told */
    /* semi-sync (semisync.c) */
    uint8_t strict, status; /* of the master side, which is `semi_sync` */
    uint8_t waiting;        /* groups of commits that are in the binary log and wait */
    uint8_t of_clients[2];
    uint32_t waits_from, waits_to[2];
    uint8_t clients;     /* Rpl_semi_sync_master_clients */
    uint8_t acks_wanted; /* rpl_semi_sync_slave_enabled */
    uint8_t acking;      /* the receiver was started with that */
    uint8_t branch;
    uint8_t alone_by_others;  /* somebody else turned the master side off */
    uint8_t opened_by_others; /* ... set read_only=0 */
    uint16_t link, link_life; /* the receiver's connection, and the life of the primary at its other end */
    uint32_t heard_to;        /* what was received on it, or before */
};

/* A thread that is not scheduled for long: the next enabling stands still before its check until the other
 * node writes, or between check and SET until the other has the votes. */
enum late { LATE_NOT = 0, LATE_COMES, LATE_BETWEEN };

enum blocker { BLOCK_TABLES = 1, BLOCK_DML = 2, BLOCK_FTWRL = 4 };

/* ---- processes of a node ---- */

struct told { /* a message between fencer and supervisor */
    uint64_t seq, epoch;
    int64_t deadline, renewed;
    uint32_t size;
    uint16_t file;
    uint16_t pid;
    uint8_t kind, votes, can_take, read_only, write_lock, alive, certifiable, fencing, ok, refused;
};

struct talk {
    struct told at[TALK_MAX];
    uint8_t first, count;
};

struct climb { /* a ladder */
    int64_t started, next_look, next_set, reach[2];
    uint32_t set_gen, kill_gen;
    uint8_t active, over, rungs, rung, cut_pending, setting, looking, kill_sent, provisional, look, empty;
};

struct voter_side {
    int64_t last_asked, look_again;
    uint32_t predecessor, condemned;
    uint32_t promising;
    uint8_t wanted, urgency, taking, asking, enabling, releasing, release_done, warm, expired;
    uint8_t marking[NODES];
};

struct supervisor {
    uint8_t state; /* enum process_state */
    uint32_t gen;
    struct observation o;
    struct quorum q;
    struct mind m;
    uint64_t actions;
    struct facts facts;
    int row;
    struct voter_side voters[OBS_VOTERS];
    struct climb ladder;
    int64_t probe_events[NODES];
    uint8_t probe_asking[NODES], probe_again[NODES];
    uint8_t bell_listening, bell_waiting, bell_pending;
    uint64_t closer_epoch;
    int64_t closer_failed;
    uint16_t closer_rounds;
    /* node.h */
    uint8_t control_busy, enabling_uncertain, closing_own, closing_cuts, reclaiming, was_writer, term_asked;
    uint8_t fault_given, handing_over, exiting, resumed, server_gone, link_gone, state_known, ticking;
    uint8_t wants_peer_off; /* the operator's command that is waited for */
    int64_t control_began, closing_own_at, fence_asked, prepared, armed_deadline, offsets_asked,
        threads_started;
    int64_t repaired, disarmed, fault_until, last_tick, wake_at;
    uint8_t semi_busy;
    int64_t semi_began, semi_failed, mark_asked, clear_asked;
    uint64_t seq;
    struct {
        uint64_t seq;
        int64_t at;
    } waiting[WAITING_MAX]; /* questions to the fencer without an answer, oldest first */
    uint8_t waiting_count;
    struct loss_bound promoted_loss;
    int64_t promoted_seen; /* the ledger's sample on which that rests */
    int weight, last_row;
    uint16_t dead_pid, dead_life, checked_pid;
    uint32_t bulletin_seq;
    uint32_t said;
    int64_t wish_until, wish_began;
    uint8_t wish, wish_left;
    uint8_t stop_in;     /* statements until it is stopped within a tick; 0 = it is not */
    uint8_t stop_before; /* the verb at whose sending it is stopped; 0 = none */
    uint8_t stop_after;  /* ... once it was sent, and the fencer with it */
};

struct fencer {
    uint8_t state;
    uint32_t gen;
    struct fencer_logic logic;
    struct fencer_server view;
    struct climb ladder;
    uint64_t prepare_seq, fence_seq;
    int64_t lock_limit;
    struct told dead;
    uint8_t dead_known, lock_held, lock_wanted, lock_busy, lock_again, judging;
    int64_t alarm_at;
    uint16_t attached; /* the server's life that is watched; 0 = none */
};

struct node {
    struct supervisor sup;
    struct fencer fencer;
    struct talk to_fencer, to_child;
    struct session sessions[SLOTS];
    /* on disk */
    struct ledger saved;
    int64_t saved_at;
    uint16_t saved_boot;
    /* keepalived */
    int weight_file;
    uint8_t vip, keepalived;     /* enum process_state */
    int64_t vip_since, heard_at; /* of the world */
    int heard_priority;
};

struct host {
    uint8_t on, frozen;
    uint16_t boot;
    int64_t offset, origin; /* its clock was `offset` at `origin` of the world */
    int32_t ppm;
    int64_t frozen_at, thawed_at;
};

#endif
