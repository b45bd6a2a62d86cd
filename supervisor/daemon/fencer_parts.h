/* The fencer's inside, shared by the fencer_*.c files only. */
#ifndef REPLCHECK_DAEMON_FENCER_PARTS_H
#define REPLCHECK_DAEMON_FENCER_PARTS_H

#include "daemon/estate.h"
#include "daemon/fencer.h"
#include "model/fencer_logic.h"
#include "wire/fencer_proto.h"

struct fencer {
    struct fencer_start start;
    struct fencer_rules rules;
    struct fencer_logic logic;

    struct event_base *base;
    struct fencer_sessions *sessions;
    struct child *child;
    struct ladder *ladder;
    struct event *judge;  /* of lower priority: runs when all that has arrived is handled */
    struct event *alarm;  /* timerfd on CLOCK_BOOTTIME, for what is due next */
    int64_t alarm_us;     /* what it is set to; 0 = nothing, -1 = it has rung */
    struct event *period; /* r */
    struct event *watchdog;
    struct event *signals[4];
    struct {
        struct event *readable; /* NULL: there is no resetter */
        int32_t asked_pid;      /* the server whose listeners were to be noted last */
        int32_t noted_pid;      /* and were, while it lived; 0 = none */
        enum tri done;          /* of the last death: unknown while it is under way */
        struct event *patience; /* how long it may be */
        int held_weight;        /* to be written when it is over; 0 = none */
        struct event *still;    /* does the promotion that has begun stand still? */
        bool asked_still;       /* and the server was asked */
    } reset;
    int alarm_fd;

    uint64_t prepare_seq;       /* a PREPARE that waits for the lock; 0 = none */
    const char *refusal;        /* why the last ARM was refused; NULL: it was not */
    uint64_t fence_seq;         /* the FENCE that FENCED will answer */
    bool fence_failed;          /* and was logged */
    struct fencer_message dead; /* the last server's death; pid 0 = none */
    bool greeted;               /* a supervisor has said HELLO */
    bool reloaded;
    bool reloading;   /* the service manager waits until the supervisor has read its files */
    int64_t heard_us; /* when the supervisor began, or last told its STATUS */
    char status[128]; /* as told to the service manager */
    bool spawner_gone;
    bool stays;       /* maintenance, as the last ARM said */
    bool left;        /* to the process that the service manager starts next */
    bool unannounced; /* what was left to us goes on, and the manager was not told that we are ready */
    int exit_status;

    char program[4096];           /* the installed file, for the next upgrade */
    int program_fd;               /* this very program, for supervisors of our version */
    struct run_command *checking; /* the installed file is being tried before an upgrade */
    int old_lock_fd;              /* our predecessor's session that holds the write lock; -1 = none */
    int64_t orphan_us;            /* nothing was inherited: how long the fence may take; 0 = not so */
    int64_t replace_us;           /* when a supervisor that was asked to make room is killed */
};

/* fencer.c */
void fencer_wake(struct fencer *f);

/* fencer_do.c */
void fencer_do(struct fencer *f, const struct fencer_todo *todo);
void fencer_write_weight(struct fencer *f, int weight);
void fencer_signal_child(struct fencer *f, int number);
/* The session that our predecessor left us ends, and with it its hold on the lock. */
void fencer_close_old_lock(struct fencer *f);

/* fencer_talk.c: the conversation with the supervisor */
void fencer_talk_message(void *arg, const struct fencer_message *m);
void fencer_talk_state(struct fencer *f, uint64_t seq);
void fencer_talk_prepared(struct fencer *f,
                          const char *refusal); /* answers a PREPARE that waits, if there is one */
void fencer_talk_dead(struct fencer *f);        /* f->dead */
void fencer_talk_reloaded(struct fencer *f);    /* or there is nobody who could */
void fencer_talk_fenced(struct fencer *f, bool proven, const char *how);

/* fencer_reset.c: the dead server's connections */
void fencer_reset_open(struct fencer *f);
void fencer_reset_note(struct fencer *f); /* the server may be another */
void fencer_reset_dead(struct fencer *f); /* f->dead */
/* A promotion has begun, and its receiver will be stopped. If it stands still, that may wait for a host that
 * does not answer, and the server's calls to it are ended. */
void fencer_reset_dials(struct fencer *f);
/* A weight that makes the VIP leave waits until the reset is over; true: it will be written then. */
bool fencer_reset_holds(struct fencer *f, int weight);

/* fencer_leave.c */
/* Told to stop: true when all is left to the next process, and this one has only to end. */
bool fencer_leave(struct fencer *f);
/* What a predecessor left, with its descriptors; false and `e`: nothing, or nothing that can be used. */
MUST_CHECK bool fencer_leave_find(struct estate *out, struct fencer_start *start, struct err *e);

/* fencer_upgrade.c */
void fencer_upgrade_begin(struct fencer *f);
struct estate fencer_upgrade_estate(struct fencer *f);

/* fencer_inherit.c */
/* After fencer_was_upgraded(): the logic's state and the child; false: it was not. */
bool fencer_inherit(struct fencer *f);
/* Where nothing could be inherited: to be called when anything was seen of the server, and each period. */
void fencer_inherit_orphan(struct fencer *f);
void fencer_inherit_orphan_step(struct fencer *f);

#endif
