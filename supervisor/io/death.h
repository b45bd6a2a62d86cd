/* Certified death of the local mariadbd.
 *
 * Dead is when every task of the process is exiting or a zombie: no user code of it can run any more, long
 * before its memory is torn down and its pidfd or its sockets say so. Where the kernel has thread pidfds
 * (6.9) a few long-lived threads are watched, whose end is told within a fraction of a millisecond; elsewhere
 * the leader is read every 50 ms, or every 5 ms while a death is urgent (about 1 % of a core). Once anything
 * fires, all tasks are read every millisecond until the death is certain or the process turns out to be well
 * (a thread may end by itself).
 *
 * A process is watched after death_attach() has proven which it is (server_identity.h). The watch keeps its
 * pidfd, so a pid that is used again is never mistaken for it, nor killed. */
#ifndef REPLCHECK_IO_DEATH_H
#define REPLCHECK_IO_DEATH_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"
#include "base/tri.h"

struct event_base;
struct rows;
struct death;

/* To be asked on the session whose descriptor goes to death_attach(). */
#define DEATH_QUERY                                                                                          \
    "SELECT @@pid_file AS pid_file, @@datadir AS datadir, IFNULL(@@log_bin_index, '') AS log_bin_index"

struct death_report {
    pid_t pid;
    char file[64];    /* base name of the last binary log; "" if there is none or it cannot be read */
    uint64_t size;    /* its bytes */
    int64_t first_us; /* when the first sign was seen; the certificate is of now */
};

/* `dead` is called once per process, from the loop. */
struct death *death_new(struct event_base *base, const char *socket_path,
                        void (*dead)(void *arg, const struct death_report *report), void *arg);
void death_free(struct death **d);

/* Watches the process behind `connected`, a session that just answered DEATH_QUERY with `answer`. False when
 * its death cannot be certified: then nothing is watched, there is no kill, and `e` says why. Attaching to
 * the process that is watched already changes nothing; to another, the first's death is reported if it was
 * not. */
MUST_CHECK bool death_attach(struct death *d, int connected, const struct rows *answer, struct err *e);

/* Could a report name the last binary log if the server died now? True without a binary log. */
MUST_CHECK bool death_can_read_binlog(const struct death *d, struct err *e);

/* Something points at a death (a session broke): look now. */
void death_look(struct death *d);

/* Is this server's death to be seen at once (it is the writer)? No at first. */
void death_set_urgent(struct death *d, bool urgent);

/* The process watched, or last watched; 0 if none was. */
pid_t death_pid(const struct death *d);
/* Yes while it is watched, no once its death is certain, unknown without a process. */
enum tri death_alive(const struct death *d);

/* Is nothing watched, or what is watched a zombie or gone? Later than dead: its memory and sockets are given
 * back. */
bool death_is_over(const struct death *d);

/* SIGKILL to the watched process, through its pidfd, and a look. Already dead is no failure. */
MUST_CHECK bool death_kill(struct death *d, struct err *e);

#endif
