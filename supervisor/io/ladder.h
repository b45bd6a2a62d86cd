/* The fence ladder: makes the server at the end of two sessions read-only, and proves it.
 *
 *   cut      kill the supervisor's own sessions there and wait until they are gone: needed where an enabling
 * may be under way (the fence is not by its author, or it is unanswered) set      SET GLOBAL read_only=1 on
 * one session, read back; the other kills what it waits for sweep    kill all sessions but the supervisors'
 * and replication's kill     SIGKILL through the pidfd, proven by the death of every task (local server only)
 *   command  the fence command with the node's name, exit status 0
 *
 * Each rung is ended by a deadline of our own: 10, 30, 30 and 30 % of the worst fence F; the command has 30
 * s. What is proven is proven: read_only=1 was read back after the last moment at which the supervisor could
 * have changed it, or no task of the server runs, or the command said so. Semi-sync is never touched.
 *
 * A KILL ends a commit that waits for room on a full disk in the middle of an event of the binary log. The
 * server goes on behind the hole, which no replica can read (MDEV-27803), and its position counts what is in
 * no file. Only the end of the server leaves a log that ends: with `keep_log` such a session has the rung
 * `kill` taken at once where it is asked for; where it is not, the ladder goes on without any KILL.
 *
 * Runs on the event loop and never blocks. The sessions stay the caller's; nothing else may use `set`
 * meanwhile, and statements that others queued on `kill` delay it. */
#ifndef REPLCHECK_IO_LADDER_H
#define REPLCHECK_IO_LADDER_H

#include <stdbool.h>
#include <stdint.h>

struct death;
struct event_base;
struct ladder;
struct session;

enum ladder_rung {
    LADDER_CUT = 1,
    LADDER_SET = 2,
    LADDER_SWEEP = 4,
    LADDER_KILL = 8,
    LADDER_COMMAND = 16,
};

struct ladder_options {
    struct event_base *base;
    struct session *set;
    struct session *kill;
    struct death *death;         /* the local server's, watched; NULL: no rung `kill` */
    const char *supervisor_user; /* cut's victims (from this server's own host), spared by sweep */
    const char *peer_user;       /* the other node's supervisor's at this server; spared, as the next */
    const char *fencer_user;
    const char *command; /* absolute path, or "": no rung `command` */
    const char *node;    /* its argument */
    int fence_ms;        /* F */
    bool keep_log;       /* nobody is killed while a session waits for room on the disk; see above */
    bool late;           /* F has passed: a server that comes up meanwhile has all of F before a kill */
};

struct ladder_result {
    bool proven;
    enum ladder_rung rung; /* that proved it, or the last one tried */
    int killed;            /* sessions */
    int64_t took_us;
    char how[128];
};

/* Starts with the lowest of `rungs` (an or of enum ladder_rung); texts are copied. `done` is called once,
 * from the loop; it may free the ladder and start another. */
struct ladder *ladder_start(const struct ladder_options *options, unsigned rungs,
                            void (*done)(void *arg, const struct ladder_result *result), void *arg);

/* The server's death has just been certified: ends the ladder now instead of at its next tick. */
void ladder_server_died(struct ladder *l);

/* Stops it wherever it is; a SET under way may still take effect. */
void ladder_free(struct ladder **l);

const char *ladder_rung_name(enum ladder_rung rung);

#endif
