/* What the simulated servers keep, what is asked of them and answered, and a session as its owner has it. */
#ifndef SIM_DATA_H
#define SIM_DATA_H

#include <stdint.h>

#define NODES        2
#define SERVERS      3
#define HOSTS        4
#define HOST_REF     3
#define CONNS_MAX    30
#define QUEUE_MAX    6
#define SEGMENTS_MAX 48
#define TALK_MAX     32
#define WAITING_MAX  16
#define ACKS_KEPT    128
#define NOBODY       255

#define MS 1000
#define S  1000000

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

#endif
