/* Ends the TCP conversations of a server that is dead, so that its clients hear of it at once; and the calls
 * that a living one makes to a host that does not answer.
 *
 * A process that dies lets go of its memory first and of its sockets last: with a big buffer pool that is a
 * second, in which a client that waits for an answer, or in the listener's backlog, hears nothing; and
 * nothing ever, when the address has left by then. SOCK_DESTROY (CONFIG_INET_DIAG_DESTROY, CAP_NET_ADMIN)
 * makes the kernel send each of them its RST.
 *
 * Of a living server it ends nothing but such calls:
 * - the listeners are noted, by cookie, while the server lives; a cookie names one socket of this boot, so
 * what a later server opens is never taken for it;
 * - as long as a noted listener is there no other process can have its port. So what talks at the port and
 * was listed before that listener was destroyed is the dead server's; where a listener is found gone, the
 * server is closing all by itself, or another has begun, and nothing more is touched;
 * - only the given addresses and port count. Connections to the server's other addresses, replication above
 * all, keep what they have still to send.
 *
 * Everything here is one system call after another, with an end for each wait; nothing is retried. */
#ifndef REPLCHECK_IO_TCP_RESET_H
#define REPLCHECK_IO_TCP_RESET_H

#include <sys/types.h>

#include "base/err.h"
#include "settings/settings.h"

struct tcp_reset;

struct tcp_reset_result {
    int error;       /* errno; 0 = all of it was done */
    int listeners;   /* noted; or destroyed */
    int connections; /* destroyed */
};

/* `addresses` are numeric; there may be none. NULL and `e` if an address or the system refuses. */
struct tcp_reset *tcp_reset_new(const char addresses[][SETTINGS_ADDRESS_MAX], int count, unsigned port,
                                struct err *e);
void tcp_reset_free(struct tcp_reset **reset);

/* Notes which listeners of that owner take connections to the addresses; those of an earlier call are
 * forgotten. The caller knows that the server lives. ENOENT: none does. EOPNOTSUPP: the kernel cannot destroy
 * sockets. */
struct tcp_reset_result tcp_reset_note(struct tcp_reset *t, uid_t owner);

/* Destroys what was noted and what talks there; then nothing is noted any more. The caller knows that no code
 * of that server runs any more. ENOENT: nothing was noted; ESTALE: a noted listener was gone already. */
struct tcp_reset_result tcp_reset_run(struct tcp_reset *t);

/* Ends the connections that processes of that owner are trying to make to that port, wherever: who tries
 * fails at once instead of waiting. In MariaDB 11.8 STOP SLAVE IO_THREAD does not interrupt a receiver that
 * connects, and waits for slave_net_timeout; so does SET GLOBAL read_only=1 meanwhile. Who is to be reached
 * tries again by himself. */
struct tcp_reset_result tcp_reset_dials(struct tcp_reset *t, uid_t owner, unsigned port);

#endif
