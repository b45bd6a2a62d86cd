/* Looks now and then at the certificate of a MariaDB server, by a session of its own: a session that remains
 * shows for ever the certificate that it began with. The server tells its end itself (Ssl_server_not_after).
 *
 * The first look begins in the loop's next turn, another each 10 minutes, or 5 s after one that failed. */
#ifndef REPLCHECK_IO_CERT_LOOK_H
#define REPLCHECK_IO_CERT_LOOK_H

#include "io/session.h"

#define CERT_TROUBLE_MAX 160

struct cert_look;

struct cert_seen {
    int64_t until_s; /* seconds since 1970; 0 = not known; what was known remains while a look fails */
    char trouble[CERT_TROUBLE_MAX]; /* why the last look failed; "" = it did not */
};

/* `session` has TLS. `looked` is called from the loop after each look. */
struct cert_look *cert_look_new(struct event_base *base, const struct session_options *session,
                                void (*looked)(void *arg, const struct cert_seen *seen), void *arg);
void cert_look_free(struct cert_look **look);

#endif
