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

#include "processes.h"

#define EVENTS_MAX 448

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
