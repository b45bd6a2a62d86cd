/* This node's supervisor: everything that one tick reads and acts on. One per process.
 *
 * supervisor.c builds and ends it, sessions.c what it asks, fencer_events.c hears the fencer, cycle.c runs
 * the tick, actions.c begins what a plan asks for, control.c answers the operator. Only cycle.c calls the
 * decision; only the callbacks of sessions, fencer and VIP write the observation. */
#ifndef REPLCHECK_DAEMON_NODE_H
#define REPLCHECK_DAEMON_NODE_H

#include "model/decide.h"
#include "model/lag.h"
#include "settings/settings.h"

struct audits;
struct event_base;
struct event;

struct node {
    struct settings settings;
    const char *config_dir;
    struct policy policy;
    struct event_base *base;

    struct observation o;
    struct quorum quorum;
    struct mind mind;
    struct outcome outcome; /* of the last tick */
    struct lag lag;         /* of the other node's server as primary, or of the own one: see lag_of_self */
    struct lag lag_there;   /* write_mode dual: of the own server as the other's primary, besides */
    bool lag_of_self;       /* the samples are the own server's: this node is the writer */

    struct voter *voters[OBS_VOTERS]; /* NULL where the third one has no session */
    struct probe *probe_own, *probe_peer;
    struct bell *bell;
    struct closer *closer;
    struct session *control;   /* own server: threads, read_only, term; never calls a procedure */
    struct session *semi_sync; /* own server, lossless: see daemon/lossless.h; NULL with async */
    struct audits *audits;
    struct certificates *certificates; /* NULL = no TLS is spoken */
    struct session *desk[OBS_NODES];   /* bulletins and offsets, at each data node's server */
    struct fencer_link *fencer;
    struct vip_finder *vip; /* NULL = there is no VIP */
    struct option_check *option_check;
    struct disk_room *disk_room;
    struct references *references;
    struct control_server *control_server;
    struct keeper *keeper;
    struct headline *headline;

    struct event *tick_event, *period_event, *wake_event, *save_event;
    struct event *signal_events[4];

    /* what actions.c has under way */
    bool control_busy;
    int64_t control_began_us;
    bool semi_sync_busy;
    int64_t semi_sync_began_us, semi_sync_failed_us;
    int64_t mark_asked_us, clear_asked_us; /* of the other node's mark, last */
    bool enabling_uncertain;               /* sent and lost: it may still come into force */
    bool closing_own;
    bool closing_cuts;      /* that closing kills our other sessions first */
    int64_t closing_own_us; /* when read_only=1 was sent last */
    bool reclaiming;
    bool was_writer; /* since the last promotion began: what is released is a term */
    bool term_asked;
    uint64_t term_asked_epoch;
    int64_t term_failed_us;             /* it was refused then; 0 = it was not */
    char attempt_refusal[OBS_TEXT_MAX]; /* what a server said to the promotion that was tried last; "" =
                                           nothing */
    int64_t fence_asked_us;             /* 0 = not in this state */
    int64_t prepared_us;
    int64_t promised_us;
    bool promise_refused;      /* then, at a voter */
    int64_t enable_refused_us; /* 0 = not in this promotion */
    int64_t armed_deadline_us; /* of the last ARM */
    bool armed_stays;
    int64_t offsets_asked_us;
    bool offsets_origin_read;           /* of this life of the server */
    unsigned long offsets_corrected_at; /* sessions up to this id have the old values; 0 = none */
    int64_t started_threads_us;
    int64_t opened_us;                 /* write_mode dual: when read_only=0 was sent last */
    int64_t repaired_us;               /* the dead-man's switch, last */
    char repair_trouble[OBS_TEXT_MAX]; /* why that failed; "" = it did not */
    int64_t disarmed_us;
    int64_t clients_due_us; /* when this node ceased to be the writer; 0 = its clients were seen to */
    struct ladder *ladder;  /* closing the own server */
    int promoted_row;       /* the row that made this node the writer */
    struct loss_bound promoted_loss; /* as the promotion found it */
    int64_t fault_until_us;          /* the weight is -254 until then */
    bool fault_given;                /* in this state */
    bool handing_over;               /* the other could take over when the demotion began */
    int64_t vip_arrived_us;
    int weight; /* as written last */
    bool exiting;

    uint64_t bulletin_seq;
    char bulletin_said[96]; /* what both bulletins say: state, epoch, VIP */

    uint64_t tick_count;
    int64_t last_tick_us;
    int64_t started_us;
    int last_row_id;
    int64_t vip_event_us;    /* when netlink last told of a change, for the figure below */
    int64_t vip_decided_us;  /* how long after it the decision had run */
    char operator_who[64];   /* who asked last, for the journal */
    int64_t breaker_reset_s; /* wall clock */
    int32_t dead_pid;        /* of the server whose death was certified last */
    enum tri server_reset;   /* its connections at the VIP were; unknown while that is under way */
    int64_t server_resident; /* bytes of memory that the server had, within a second before now */
    bool server_gone;        /* that process is gone, its sockets are closed */
    int gone_fd;             /* pidfd that tells of it; -1 = none */
    struct event *gone_event;
    bool resumed;            /* a predecessor's authority was offered once */
    int32_t checked_pid;     /* of the server whose options were read last */
    int32_t disks_asked_pid; /* of the one that was asked where it writes */
};

/* Something changed: a tick follows as soon as the callback has returned. */
void node_wake(struct node *n);

/* The operator closes the breaker: what happened before now does not count any more. Kept over a restart. */
void node_breaker_reset(struct node *n);

#endif
