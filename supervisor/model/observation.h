/* What one supervisor knows at one instant: values, each with its age, or unknown. The only input of the
 * decision besides the configuration and its own previous state. Fixed size, copyable, pointer-free.
 *
 * Times are CLOCK_BOOTTIME microseconds of this host ("sent" times: taken before the question left, so an
 * answer is never younger than it claims); 0 = never. A zeroed struct knows nothing. */
#ifndef REPLCHECK_MODEL_OBSERVATION_H
#define REPLCHECK_MODEL_OBSERVATION_H

#include <stdint.h>

#include "base/tri.h"
#include "model/gtid.h"

#define OBS_NAME_MAX 32
#define OBS_FILE_MAX 64
#define OBS_TEXT_MAX 160
#define OBS_NODES    2
#define OBS_VOTERS   3 /* node 1's server, node 2's server, the tie-breaker */
#define OBS_TIE      2

enum io_state { IO_UNKNOWN = 0, IO_NO, IO_CONNECTING, IO_YES };

enum note_kind { NOTE_NONE = 0, NOTE_PROMISE, NOTE_RELEASE, NOTE_CERTIFICATE, NOTE_OFF, NOTE_OUT_OF_SYNC };

/* One row of `replcheck.voter`. */
struct note {
    enum note_kind kind;
    int node; /* index of the author (of the node spoken of, for OFF and OUT_OF_SYNC) */
    uint64_t epoch;
    char file[OBS_FILE_MAX];
    uint64_t size;
    struct gtid_set gtid;
    uint64_t seq; /* connection id of the vote's session that wrote it */
};

/* The voter table of one server. */
struct voter_rows {
    int64_t read_us;                /* 0 = never read on this connection */
    struct note promise[OBS_NODES]; /* kind NOTE_NONE where absent; likewise below */
    struct note release[OBS_NODES];
    struct note certificate[OBS_NODES];
    struct note off[OBS_NODES];
    struct note out_of_sync[OBS_NODES];
};

/* What a supervisor last published of itself on a server. */
struct bulletin {
    bool known;
    uint64_t seq;
    int state; /* enum node_state */
    uint64_t epoch;
    enum tri vip;
    char config_hash[17];
    bool ask;     /* it asks to become the writer */
    bool hold;    /* maintenance is on there: it takes nothing */
    bool waits;   /* its last attempt to take over failed, and it does not try again yet */
    bool present; /* its presence lock is held on that server: it was alive within a lease */
};

#define OBS_CONNECTION_MAX 257 /* 64 characters */
#define OBS_FOREIGN_MAX    65

/* A replication connection that does not come from the other node. */
struct foreign_connection {
    char name[OBS_FOREIGN_MAX]; /* "" is the default connection */
    enum io_state io;
    enum tri sql;
    unsigned number; /* of its error; 0 = none */
};

struct replication_view {
    bool known;
    enum tri configured;                 /* no: the server has no replication connection at all */
    char connection[OBS_CONNECTION_MAX]; /* its name, as it is; "" is the default connection */
    enum io_state io;
    enum tri sql;
    unsigned io_errno;
    unsigned sql_errno;
    char error[OBS_TEXT_MAX];
    struct gtid_set io_pos; /* Gtid_IO_Pos: received; empty after a restart */
    char master_file[OBS_FILE_MAX];
    uint64_t master_pos; /* Read_Master_Log_Pos */
    int64_t delay_s;     /* MASTER_DELAY: it applies so much later on purpose */
    int64_t behind_s;    /* Seconds_Behind_Master, a lower bound at best; 0 also for NULL */
    enum tri semi_sync;  /* it acknowledges what it receives; unknown unless asked for (lossless) */
    int broken_count;    /* foreign connections that do not run ... */
    struct foreign_connection broken; /* ... and the first of them */
};

/* Whether a server's commits wait for another to acknowledge them. The status is asked for with durability
 * `lossless` only. */
struct semi_sync_view {
    enum tri enabled; /* rpl_semi_sync_master_enabled */
    enum tri strict;  /* AFTER_SYNC, without an end in practice, also while nobody listens */
    enum tri status;  /* no: it has given up waiting */
    int clients;      /* receivers that acknowledge; may be a dead one's for some seconds */
    int waiting;      /* commits that wait now */
};

/* Why a server's dead-man's switch does not work. */
enum dead_man_trouble {
    DEAD_MAN_NO_TROUBLE = 0,
    DEAD_MAN_MISSING,
    DEAD_MAN_DISABLED,
    DEAD_MAN_SLAVESIDE, /* it came by replication, or with a dump */
    DEAD_MAN_STALE,     /* enabled, and does not run */
    DEAD_MAN_OFF,       /* the event scheduler is off */
    DEAD_MAN_IMPOSSIBLE /* the server was started with event_scheduler=DISABLED */
};

/* Who holds `replcheck.vote` on a server, seen by one statement. */
struct holder_view {
    int64_t asked_us;         /* 0 = not asked */
    unsigned long connection; /* 0 = the lock is free */
    bool mine;
    bool foreign; /* not a session of our account */
    bool here[2]; /* it says that it is this node's: it has that node's lock `here` too */
    bool idle;
    int64_t idle_ms;
};

struct server_view {
    int64_t seen_us; /* sent time of the last answered probe */
    int64_t answered_us;
    int64_t probed_up_us; /* when the present connection was opened; 0 = down */
    unsigned incarnation; /* counts restarts of the server as we noticed them */
    enum tri read_only;
    uint32_t server_id;
    uint32_t domain_id; /* gtid_domain_id */
    enum tri domain_known;
    struct gtid_set binlog_pos;
    struct gtid_set slave_pos; /* without transactions of its own that recovery took back */
    bool slave_pos_corrected;  /* the server's own gtid_slave_pos has some */
    struct gtid_set binlog_state;
    struct replication_view replication;
    unsigned auto_increment_increment;
    unsigned auto_increment_offset;
    enum tri event_scheduler;
    struct semi_sync_view semi_sync; /* the master side */
    enum tri dead_man;               /* enabled here, and it advances */
    enum dead_man_trouble dead_man_trouble;
    int schema_version;           /* of the schema replcheck; 0 = not known */
    int64_t dead_man_us;          /* when that was last asked */
    int64_t dead_man_advanced_us; /* or first seen enabled */
    double dead_man_executed;     /* LAST_EXECUTED as the server's own number, only compared for a change */
    struct voter_rows voter;
    uint64_t term_epoch; /* highest epoch in `term`; 0 = none or unknown */
    int term_node;       /* index of its node; -1 = unknown */
    bool term_known;
    int unplanned; /* promotions of the breaker's window that nobody asked for */
    struct bulletin bulletin[OBS_NODES];
    struct holder_view holder; /* of the vote there; asked for at the own server only */
};

struct witness_view {
    int64_t seen_us;
    struct voter_rows voter;
};

struct vip_view {
    enum tri here; /* of several all; unknown also where some are here and some are not */
    bool split;
    int64_t since_us; /* since when `here` has its value */
};

struct fencer_view {
    enum tri alive;      /* answered within q */
    uint64_t epoch;      /* of what it has armed */
    int64_t deadline_us; /* 0 = not armed */
    uint8_t votes;       /* as last armed */
    uint64_t sent_seq;
    uint64_t acked_seq;
    int64_t acked_deadline_us;
    enum tri write_lock;
    enum tri server_alive;
    enum tri certifiable;
    int64_t dead_us; /* when DEAD came for the server's present life; 0 = it lives */
    char dead_file[OBS_FILE_MAX];
    uint64_t dead_size;
    int64_t fenced_us; /* when it last reported a proven fence */
    bool inherited;    /* it was armed when this process began, and that deadline has not passed */
};

enum operator_want { WANT_NOTHING = 0, WANT_HERE, WANT_AWAY };

struct operator_view {
    enum operator_want want;
    bool accept_loss;
    bool peer_is_off; /* declared by `promote --peer-is-off` ... */
    uint64_t off_at;  /* ... then: a number that rises with the time of day; 0 = unknown */
    bool maintenance;
    bool stopping; /* SIGTERM: hand over, then end */
};

/* How far the closing of the peer has come, for the epoch it was begun with. */
struct closing_view {
    uint64_t epoch;
    bool closed; /* promised there, supervisor's sessions gone, read_only=1 read back */
};

struct observation {
    int64_t now_us;
    struct server_view own;
    struct server_view peer;
    struct witness_view witness;
    struct vip_view vip;
    struct fencer_view fencer;
    struct operator_view operator_;
    struct closing_view closing;
    int64_t voter_forgot_us[OBS_VOTERS]; /* when a voter was last seen to know less than it had known */
    int64_t voter_answer_us[OBS_VOTERS]; /* send time of the last answered statement of each vote's session */
    int64_t voter_round_trip_us[OBS_VOTERS]; /* from question to answer, smoothed; 0 = none yet */
    int64_t gap_us;           /* since the previous tick: beyond r + q every value is unknown */
    enum tri boot_safe;       /* the option files of our server set read_only=ON */
    enum tri disk_full;       /* where our server writes there has been no room for seconds */
    int64_t reference_us;     /* when a reference last answered */
    bool enabling_unanswered; /* an enable() was sent and its answer has not come */
    /* Of the other's row that our last promise at the own server consumed; 0 = none. */
    uint64_t consumed_epoch;
    bool term_written;       /* this term's row was acknowledged */
    bool final_known;        /* demotion: the position after read_only=1 was read back */
    bool released;           /* demotion: rows were written (or failed for good) and the votes closed */
    bool reclaimed;          /* undo: our row was taken back in time */
    bool reclaim_failed;     /* undo: it was used already */
    int failovers_in_window; /* unplanned promotions within the breaker's window */
};

#endif
