/* The simulated world: two nodes with the real decision and the real fencer logic, against models of
 * everything else. One copyable, pointer-free struct: to explore, copy it; the pending events are a part of
 * it.
 *
 * What is real: model/decide, facts, rules, quorum, ledger, gtid, fencer_logic, linked as they are (with a
 * smaller GTID_SET_MAX). What is modelled, and after which source, stands at the top of each file here.
 *
 * Use: world_init(), then world_step() until it returns false; or, to explore, pick any pending event of
 * `events` and world_take() it. After each, `broken` tells whether an invariant is violated. Faults are
 * ordinary functions (faults.h), to be called at any time between two events.
 *
 * Times: `now` is the world's own; a host sees clock_of(), which drifts and is ahead by up to an hour.
 * Indices: hosts 0 and 1 are the nodes, each with the server of the same index; host 2 has the witness; 3 is
 * a reference. */
#ifndef SIM_WORLD_H
#define SIM_WORLD_H

#include "model/decide.h"
#include "model/fencer_logic.h"
#include "model/taking.h"

#define NODES        2
#define SERVERS      3
#define HOSTS        4
#define HOST_REF     3
#define EVENTS_MAX   448
#define CONNS_MAX    30
#define QUEUE_MAX    6
#define SEGMENTS_MAX 48
#define TALK_MAX     32
#define WAITING_MAX  16
#define ACKS_KEPT    128
#define NOBODY       255

#define MS 1000
#define S  1000000

/* ---- events ---- */

enum event_kind {
    EV_NONE = 0,
    /* of a session: a = node, b = slot, gen = of the connection */
    EV_CONNECT, /* arrives at the server */
    EV_QUERY,   /* arrives at the server */
    EV_REPLY,   /* arrives at the client */
    EV_BROKEN,  /* the client learns that its connection is closed */
    EV_ALARM,   /* back-off is over, or a deadline */
    EV_SEND,    /* its process was stopped before it had sent */
    /* of a server: a = server, b = connection, gen = of that */
    EV_HANGUP, /* the server learns that its client is gone */
    EV_STEP,   /* a statement goes on */
    EV_IDLE,   /* wait_timeout */
    /* of a server: a = server */
    EV_SWITCH, /* the dead-man's event */
    EV_FLOW,   /* replication: something arrives or is applied */
    EV_WRITE,  /* a client writes */
    EV_START,  /* the server starts */
    EV_ACK,    /* a receiver's acknowledgement arrives: gen = of its connection, x = position */
    /* of a supervisor: a = node, gen = of the process */
    EV_TICK,
    EV_PERIOD,
    EV_WAKE,
    EV_SAVE,
    EV_BELL,
    EV_RUNG,    /* its ladder's step */
    EV_HEAR,    /* a message of the fencer */
    EV_OPTIONS, /* the option files were read */
    EV_GONE,    /* the dead server's sockets are closed */
    EV_VIP,     /* netlink */
    EV_ANSWER,  /* a reference */
    /* of a fencer: a = node, gen = of the process */
    EV_ORDER, /* a message of the child */
    EV_JUDGE,
    EV_FPERIOD,
    EV_FRUNG,
    EV_DEATH,
    EV_FSTART, /* the service is started */
    EV_BORN,   /* a child was started */
    EV_BURIED, /* a child's end is seen */
    /* the rest */
    EV_ADVERT,   /* keepalived's period: a = node */
    EV_FAULT,    /* the next of the seed's faults */
    EV_HEAL,     /* a = kind, b, c = of what */
    EV_OPERATOR, /* looks at what its command has come to: a = node */
    EV_KINDS
};

struct event {
    int64_t at;
    uint32_t order; /* among those of one moment */
    uint32_t gen;
    uint8_t kind, a, b, c;
    uint32_t x;
};

/* ---- data ---- */

/* A GTID of the one domain: server index + 1, sequence number; seq 0 = none. */
struct gid {
    uint32_t seq;
    uint8_t server;
    uint8_t branch; /* which of several transactions that bear this GTID: no server sees that (history.c) */
};

struct segment {
    uint32_t from;    /* its first: numbers may have been left out before it */
    uint32_t to;      /* last sequence number of this writer's stretch */
    uint32_t term_at; /* sequence number of the term's row in it; 0 = none */
    uint32_t epoch;   /* of that row */
    uint8_t server;
    uint8_t unplanned;
    uint8_t branch;
};

struct history {
    struct segment at[SEGMENTS_MAX];
    uint8_t count;
    uint8_t forgot; /* there were more stretches than fit: nothing can be judged any more */
};

struct row {
    uint32_t epoch;
    uint32_t size;
    uint32_t seq;
    struct gid gtid;
    uint16_t file;
    uint8_t present;
};

#define ROW_KINDS 5 /* enum note_kind - 1 */

struct rows {
    struct row at[ROW_KINDS][NODES];
};

struct notice { /* a row of `bulletin` */
    uint32_t seq;
    uint32_t epoch;
    uint8_t known, state, ask, hold, waits, vip;
};

/* What one probe reads. */
struct snapshot {
    struct rows rows;
    struct notice notices[NODES];
    struct gid pos, slave, io_pos;
    uint32_t state_seq[NODES];
    uint32_t term_epoch;
    uint32_t executed;
    uint32_t master_pos;
    uint16_t master_file;
    int8_t term_node;
    uint8_t read_only, offsets, semi_sync, io, sql, here[NODES];
    uint8_t events, enabled, unplanned, server;
    uint8_t lossless, strict, status, clients, waiting, acking;
    uint8_t refused; /* the applier stopped, with 1950 */
};

/* ---- statements ---- */

enum verb {
    DO_INIT = 0,
    /* votes */
    DO_IDLE,
    DO_RENEW,
    DO_LOOK,
    DO_TAKE,
    DO_TAKE_WAIT,
    DO_PROMISE,
    DO_ENABLE,
    DO_RELEASE,
    DO_RECLAIM,
    DO_KILL, /* id */
    /* looking and the control session */
    DO_PROBE,
    DO_PROBE_EVENTS,
    DO_STOP_IO,
    DO_START_IO,
    DO_START_BOTH,
    DO_DRAIN,
    DO_SEMI_SYNC_OFF,
    DO_ACKS_ON,
    DO_ACKNOWLEDGE,
    DO_MARK, /* id: the node */
    DO_CLEAR_MARK,
    DO_TERM,
    DO_BELL,
    DO_BULLETIN,
    DO_OFFSETS,
    DO_REPAIR,
    /* closing */
    DO_SET_RO,
    DO_LIST,    /* the supervisor's sessions from localhost */
    DO_HOLDERS, /* sessions that a SET read_only waits for */
    DO_ALL,     /* every client session */
    DO_KILL_LOCAL,
    DO_KILL_HOLDERS,
    DO_KILL_ALL,
    /* the fencer's */
    DO_PING,
    DO_IDENTIFY,
    DO_LOCK_TAKE,
    DO_LOCK_HOLDER,
    DO_LOCK_WAIT,
    DO_LOCK_KILL,
    DO_LOCK_PROOF,
    DO_LOCK_RELEASE,
    VERBS
};

struct statement {
    int64_t deadline; /* of its host's clock; 0 = none */
    uint32_t epoch;
    uint32_t id;
    uint32_t size;
    struct gid gtid;
    uint16_t file;
    uint8_t verb;
    uint8_t kind;                         /* of a note */
    uint8_t state, vip, ask, hold, waits; /* of a bulletin; hold of a term: its operator accepted a loss */
};

enum reply_state { GOT_OK = 0, GOT_ERROR, GOT_LOST };

struct answer {
    int64_t sent, answered;
    uint8_t status;
    uint8_t mine, got, read_only;
    uint8_t has_rows, has_server, has_holder;
    uint8_t holder_local, holder_supervisor, holder_idle, holder_fencer, count;
    uint8_t holder_here[NODES];
    uint32_t holder;
    uint32_t holder_idle_ms;
    uint32_t consumed_epoch;
    uint8_t consumed_kind, consumed_node;
    struct snapshot seen;
};

/* ---- sessions, as their owner has them ---- */

enum slot {
    SLOT_VOTER = 0,  /* three */
    SLOT_HELPER = 3, /* three */
    SLOT_PROBE = 6,  /* own, peer */
    SLOT_CONTROL = 8,
    SLOT_DESK = 9, /* two */
    SLOT_BELL = 11,
    SLOT_CLOSER = 12,
    SLOT_SEMI = 13,   /* lossless */
    SLOT_F_LOCK = 14, /* the fencer's: w, f, k */
    SLOT_F_SET = 15,
    SLOT_F_KILL = 16,
    SLOTS = 17
};

enum link_state { LINK_NONE = 0, LINK_DOWN, LINK_CONNECTING, LINK_UP };

struct session {
    int64_t opened, up_at, connect_by, sent;
    int64_t next_to, next_from; /* the stream's order in each direction */
    int64_t alarm_at;           /* the soonest alarm of this generation; 0 = none */
    uint32_t gen;
    uint32_t id; /* connection id at the server */
    uint8_t state, server, conn, queued;
    uint8_t outstanding;
    uint16_t backoff_ms;
    uint16_t backoff_max_ms;
    struct statement queue[QUEUE_MAX];
    struct answer answer;
};

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

/* ---- the seed's conditions ---- */

enum fault {
    FAULT_KILL_SERVER = 0,
    FAULT_STOP_SERVER,
    FAULT_WIPE_WITNESS,
    FAULT_KILL_SUPERVISOR,
    FAULT_STOP_SUPERVISOR,
    FAULT_STOP_WITHIN, /* between two statements of a tick */
    FAULT_KILL_FENCER,
    FAULT_STOP_FENCER,
    FAULT_STOP_BOTH,
    FAULT_KILL_BOTH,
    FAULT_SERVICE, /* SIGTERM, and started again */
    FAULT_POWER,
    FAULT_FREEZE, /* the whole host */
    FAULT_CUT,
    FAULT_VRRP,
    FAULT_SLOW,
    FAULT_KILL_SESSION,
    FAULT_WRITABLE, /* somebody sets read_only */
    FAULT_BLOCK,    /* LOCK TABLES, a long statement, FTWRL */
    FAULT_APPLIER,
    FAULT_SWITCH, /* the dead-man's event is disabled */
    FAULT_KEEPALIVED,
    FAULT_SWITCHOVER,
    FAULT_PROMOTE,
    FAULT_MAINTENANCE,
    FAULTS
};

struct conditions {
    uint8_t tie; /* enum policy_tie */
    uint8_t liveness;
    uint8_t lossless;
    uint8_t trace;
    uint8_t references;
    uint8_t breaker;
    uint8_t arp_favours; /* vip: the reference answers one holder only */
    uint32_t faults;     /* bit per enum fault */
    int64_t mean_fault;  /* between two of them */
    int64_t until;       /* end of the run */
    int64_t calm_from;   /* liveness: no fault begins after */
    int32_t delay;       /* of a packet, µs */
    int32_t delay_spread;
    uint16_t loss;       /* per thousand */
    uint8_t stays;       /* liveness: what stays broken; 0 = nothing */
    uint16_t slow_steps; /* per thousand: a process is scheduled late */
};

struct tally {
    uint64_t events, delivered, ticks;
    uint64_t writes, failovers, handovers, enables, faults;
    uint64_t excused_us[5]; /* enum excuse */
    uint64_t refused;       /* liveness: an operator was needed */
    uint64_t cut_short;     /* two servers that wrote in turn, longer than a history holds */
    uint64_t lost;          /* acknowledged rows that a promotion left behind (async, within the bound) */
    uint64_t alone, marks, clears, rolled_back; /* lossless */
};

enum excuse { EXCUSE_PAUSE = 0, EXCUSE_UNWATCHED, EXCUSE_SWITCH, EXCUSE_MISCHIEF, EXCUSE_VIP, EXCUSES };

struct world {
    int64_t now;
    uint64_t random;
    uint32_t order;
    uint16_t event_count;
    uint16_t parked;                 /* events of stopped processes, kept at the end of time */
    struct event events[EVENTS_MAX]; /* a heap by (at, order) */
    struct conditions c;
    struct policy policy[NODES];
    struct fencer_rules fencer_rules;
    struct host hosts[HOSTS];
    struct server servers[SERVERS];
    struct node nodes[NODES];
    uint8_t cut[HOSTS][HOSTS]; /* packets from, to */
    uint8_t cut_vrrp;
    uint8_t arp_owner;
    uint8_t peer_off_declared;
    struct gid arp;
    struct tally tally;
    /* for the invariants */
    struct gid acked; /* the last acknowledged row of the newest term */
    uint8_t acked_by;
    uint8_t branches;
    uint32_t due_to; /* lossless: the rows of `due` up to here were acknowledged */
    struct history due;
    int64_t acked_at[ACKS_KEPT];
    uint32_t highest_ack; /* epoch of the latest term that acknowledged anything */
    uint8_t wiped;        /* the witness has lost its tables since the last term began */
    uint8_t forgotten;    /* and nobody else who is asked knows that term */
    uint8_t forgot;       /* the last term began so: the one that was forgotten may pass it over in turn */
    uint8_t enabled_by;   /* the last term's node */
    uint32_t highest_enabled;
    int64_t both_since;
    int64_t writer_seen; /* when anybody was last writable and running */
    int64_t healed_at;   /* liveness: since when nothing is wrong */
    char broken[160];    /* "" = all is well */
};

/* ---- world.c ---- */

struct options {
    uint64_t seed;
    enum policy_tie tie;
    bool tie_given, liveness, trace;
    enum { DURABLE_ASYNC = 0, DURABLE_LOSSLESS, DURABLE_ANY } durability; /* any: as the seed says */
    int64_t length; /* µs of the run; 0 = as the seed says */
};

void world_init(struct world *w, const struct options *o);
/* Takes the next event. False: the run is over or an invariant is broken. */
bool world_step(struct world *w);
/* Takes the event at this index of `events`; the world's time never goes back. */
void world_take(struct world *w, int index);

void world_break(struct world *w, const char *format, ...) __attribute__((format(printf, 2, 3)));

struct event *event_add(struct world *w, int64_t at, enum event_kind kind, int a, int b, uint32_t gen);
void event_drop(struct world *w, enum event_kind kind, int a, int b);
bool event_pending(const struct world *w, enum event_kind kind, int a, int b);

uint64_t world_random(struct world *w);
/* 0 .. below - 1 */
uint32_t random_below(struct world *w, uint32_t below);
bool random_chance(struct world *w, uint32_t per_thousand);

/* A host's clock, and when it will show a time. */
int64_t clock_of(const struct world *w, int host);
int64_t clock_to_world(const struct world *w, int host, int64_t local);

bool host_runs(const struct world *w, int host);

#endif
