/* What libmariadb verifies of a server, the same with each of its releases.
 *
 * Up to 3.3 it speaks TLS when asked to, holds a certificate against a CA that was named, with "verify" the
 * address too, and always compares a fingerprint. From 3.4 (Debian 13) on it speaks TLS unasked, refuses a
 * server that has none, and "verify" stands for all: without it a CA is read and held against nothing, and
 * beside a fingerprint no CA counts. Which of them runs is asked when it runs: a program that Debian 12 built
 * goes on under Debian 13.
 *
 * A fingerprint is SHA-1, from 3.4 on SHA-256 as well. With a CA and a fingerprint 3.4 does not compare the
 * address, and the CA only after the login, to which the fingerprint had admitted. What a release cannot
 * verify is refused, never passed over. */
#ifndef REPLCHECK_IO_TLS_LIBRARY_H
#define REPLCHECK_IO_TLS_LIBRARY_H

#include <mysql.h>
#include <stdbool.h>

/* Neither CA nor fingerprint: any certificate. */
struct tls_wanted {
    const char *ca;
    const char *fingerprint;
    bool address; /* with a CA: the certificate must also bear the address connected to */
};

/* No TLS on this handle, whatever the server offers. */
void tls_library_off(MYSQL *handle);

/* TLS on this handle. Returns NULL, or why this libmariadb cannot: a sentence for the log, the handle not to
 * be connected then. */
const char *tls_library_on(MYSQL *handle, const struct tls_wanted *wanted);

/* mysql_real_connect() of such a handle, blocking, and what is left to be verified after it. Returns NULL
 * when the connection may be used; otherwise it may not, and the text says why, or is empty where
 * mysql_error() does. */
const char *tls_library_connect(MYSQL *handle, const char *address, unsigned port, const char *socket,
                                const char *user, const char *password, unsigned long flags);

#endif
