/* The process that resets a dead server's connections, and a living one's calls to a host that does not
 * answer (io/tcp_reset.h).
 *
 * The fencer forks it while it is root. It keeps CAP_NET_ADMIN, which the fencer is better without, as the
 * fencer's user; the addresses and the port are fixed when it begins (neither can change in a running
 * daemon), so that all it can be told is to note the listeners of a server that lives, to end what is
 * left of it, and to end the calls to the other node's port. It ends with its parent: by PR_SET_PDEATHSIG,
 * and when its socket is closed. An upgraded fencer keeps it, by descriptor; nobody starts another, for
 * nobody is root any more. Without it the VIP waits for the dead server's sockets as it can
 * (daemon/actions.c). */
#ifndef REPLCHECK_DAEMON_RESETTER_H
#define REPLCHECK_DAEMON_RESETTER_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"

struct settings;

#define RESETTER_VERSION 1

enum resetter_order_kind { RESETTER_NOTE = 1, RESETTER_RESET, RESETTER_DIALS };

/* Fencer to resetter; each is answered. */
struct resetter_order {
    uint32_t version;
    uint32_t kind;
    int32_t pid;  /* of the server; RESET only of the one that was noted last */
    uint32_t uid; /* NOTE, DIALS: who owns its sockets */
};

struct resetter_answer {
    uint32_t version;
    uint32_t kind;
    int32_t pid;       /* those of the order */
    int32_t error;     /* errno; 0 = all of it was done */
    int32_t listeners; /* noted; or destroyed */
    int32_t connections;
    int32_t took_us;
};

/* Runs until its parent is gone; never returns. `fd` is its end of a SOCK_SEQPACKET pair, every other
 * descriptor above 2 is closed. Already without any privilege but its own. */
void resetter_main(int fd, const struct settings *settings) __attribute__((noreturn));

/* The fencer's side; false when the resetter is gone or does not read. */
MUST_CHECK bool resetter_order(int fd, enum resetter_order_kind kind, pid_t pid, uid_t uid);
/* False when nothing valid could be read: then the resetter is of no more use, unless `again`. */
MUST_CHECK bool resetter_read(int fd, struct resetter_answer *answer, bool *again);

#endif
