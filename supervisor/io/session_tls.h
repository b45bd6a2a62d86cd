/* The connect of a session with TLS, in a thread of its own for as long as it takes.
 *
 * libmariadb's non-blocking connect does the TLS handshake on a blocking socket: a server that stops
 * between its greeting and the handshake would stop the loop. So the whole connect of such a session runs
 * with the blocking calls elsewhere; the loop keeps its own deadline and abandons a thread that is late,
 * which then frees what it made. Statements run on the loop as on any session. */
#ifndef REPLCHECK_IO_SESSION_TLS_H
#define REPLCHECK_IO_SESSION_TLS_H

#include "io/session_internal.h"

/* Verified as the session's options say; plaintext is refused. The fingerprint is compared before anything of
 * the account is sent. Returns NULL, or why this libmariadb cannot (io/tls_library.h). */
const char *tls_options(MYSQL *handle, const struct session *s);

/* Goes on with session_connected() or session_lose(). */
void tls_connect_start(struct session *s);

/* Gives the thread up with the handle. */
void tls_connect_abandon(struct session *s);

#endif
