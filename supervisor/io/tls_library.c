#include "io/tls_library.h"

#include <string.h>

#define VERIFIES_BY_ONE_OPTION  30400
#define HAS_CALLBACK            30402
#define KNOWS_DIGESTS_BY_LENGTH 30400
#define SHA1_DIGITS             40

/* From then on one option says whether anything is verified; the callback came later. */
static bool verifies_by_one_option(void)
{
    return mysql_get_client_version() >= VERIFIES_BY_ONE_OPTION;
}

void tls_library_off(MYSQL *handle)
{
    static const my_bool off = 0;
    mysql_options(handle, MYSQL_OPT_SSL_ENFORCE, &off);
    mysql_options(handle, MYSQL_OPT_SSL_VERIFY_SERVER_CERT, &off);
}

#if MARIADB_PACKAGE_VERSION_ID >= HAS_CALLBACK
/* The library hands a callback no argument of ours; a handshake stays on its thread. */
static _Thread_local MYSQL *connecting;

/* OpenSSL has held the chain against the CA by now, and its verdict stands there. */
static int chain_is_bad(void *tls, unsigned flags)
{
    (void)tls;
    (void)flags;
    return !connecting || connecting->net.tls_verify_status != 0;
}

static bool tells_of_the_chain(MYSQL *handle)
{
    const char *library = "";
    return mysql_optionsv(handle, MARIADB_OPT_TLS_VERIFICATION_CALLBACK, NULL) == 0 &&
           mariadb_get_infov(NULL, MARIADB_TLS_LIBRARY, &library) == 0 &&
           strncmp(library, "OpenSSL", strlen("OpenSSL")) == 0;
}

static void verify_the_chain_alone(MYSQL *handle)
{
    mysql_optionsv(handle, MARIADB_OPT_TLS_VERIFICATION_CALLBACK, chain_is_bad);
}

static bool chain_was_good(MYSQL *handle)
{
    unsigned status = ~0U;
    return mariadb_get_infov(handle, MARIADB_TLS_VERIFY_STATUS, &status) == 0 && status == 0;
}

static void begin(MYSQL *handle)
{
    connecting = handle;
}
#else
static bool tells_of_the_chain(MYSQL *handle)
{
    (void)handle;
    return false;
}

static void verify_the_chain_alone(MYSQL *handle)
{
    (void)handle;
}

static bool chain_was_good(MYSQL *handle)
{
    (void)handle;
    return false;
}

static void begin(MYSQL *handle)
{
    (void)handle;
}
#endif

/* Where 3.4 by itself would accept any certificate of any CA. */
static bool leaves_out_the_ca(const struct tls_wanted *w)
{
    return verifies_by_one_option() && w->ca && (w->fingerprint || !w->address);
}

/* 3.3 takes what is not of SHA-1's length for a SHA-1 that differs. */
static bool compares(const char *fingerprint)
{
    return mysql_get_client_version() >= KNOWS_DIGESTS_BY_LENGTH || strlen(fingerprint) == SHA1_DIGITS;
}

const char *tls_library_on(MYSQL *handle, const struct tls_wanted *w)
{
    static const my_bool on = 1;
    /* 3.3 would hold the certificate against the system's CAs where none was named. */
    my_bool verify = verifies_by_one_option() ? w->ca || w->fingerprint : w->ca && w->address;
    mysql_options(handle, MYSQL_OPT_SSL_ENFORCE, &on);
    if (w->ca)
        mysql_options(handle, MYSQL_OPT_SSL_CA, w->ca);
    if (w->fingerprint)
        mysql_options(handle, MARIADB_OPT_TLS_PEER_FP, w->fingerprint);
    mysql_options(handle, MYSQL_OPT_SSL_VERIFY_SERVER_CERT, &verify);
    if (w->fingerprint && !compares(w->fingerprint))
        return "this libmariadb compares SHA-1 fingerprints alone: name the SHA-1 of the certificate, or let "
               "the program run with libmariadb 3.4 or later";
    if (!leaves_out_the_ca(w))
        return NULL;
    if (!tells_of_the_chain(handle))
        return w->fingerprint
                   ? "this libmariadb compares a fingerprint or asks a CA, not both: build the program with "
                     "libmariadb 3.4.2 or later and OpenSSL, or leave out one of them"
                   : "this libmariadb asks no CA without comparing the address: build the program with "
                     "libmariadb 3.4.2 or later and OpenSSL, or let tls.verify be true";
    if (!w->fingerprint)
        verify_the_chain_alone(handle);
    return NULL;
}

static bool has_ca_and_fingerprint(MYSQL *handle)
{
    const char *ca = NULL, *fingerprint = NULL;
    mysql_get_optionv(handle, MYSQL_OPT_SSL_CA, &ca);
    mysql_get_optionv(handle, MARIADB_OPT_TLS_PEER_FP, &fingerprint);
    return ca && fingerprint;
}

const char *tls_library_connect(MYSQL *handle, const char *address, unsigned port, const char *socket,
                                const char *user, const char *password, unsigned long flags)
{
    begin(handle);
    bool connected = mysql_real_connect(handle, address, user, password, NULL, port, socket, flags) != NULL;
    begin(NULL);
    if (!connected)
        return "";
    if (!mysql_get_ssl_cipher(handle))
        return "the server does not support TLS";
    if (verifies_by_one_option() && has_ca_and_fingerprint(handle) && !chain_was_good(handle))
        return "the certificate is the pinned one, and not of a CA that is trusted";
    return NULL;
}
