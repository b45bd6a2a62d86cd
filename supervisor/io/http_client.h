/* HTTP POST on the event loop, by libcurl's multi interface: nothing here blocks. Connections are kept and
 * used again; several requests may be under way.
 *
 * Addresses in URLs are numeric (a name would need a resolver). No proxy, no redirect, no cookie, no netrc is
 * ever used, HTTP/1.1 only. An answer of more than HTTP_BODY_MAX bytes is a failure. CA, certificate and key
 * are read once, by http_client_new(): a hung disk stops no request.
 *
 * Each request is told of exactly once, from the loop, unless it is cancelled first; it is gone then, and the
 * callback may begin and cancel others, but not free the client. Times are the caller's affair. */
#ifndef REPLCHECK_IO_HTTP_CLIENT_H
#define REPLCHECK_IO_HTTP_CLIENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

#define HTTP_BODY_MAX 65536

struct event_base;
struct http_client;
struct http_request;

struct http_options {
    const char *bind_address; /* numeric source address, or NULL */
    const char *tls_ca;       /* file of the CAs for https; or NULL, and then the pinned key is all */
    /* libcurl's CURLOPT_PINNEDPUBLICKEY: the only key that is accepted; or NULL. */
    const char *tls_pinned_key;
    const char *tls_cert, *tls_key; /* files of our certificate and its key, or NULL */
    bool tls_verify;                /* with a CA: the certificate must also bear the address */
};

struct http_result {
    /* NULL: answered; else why not, one sentence: whether it was carried out is not known. */
    const char *failure;
    long status;
    const char *body; /* valid during the callback */
    size_t size;
};

/* NULL with `e` where a file cannot be read. */
struct http_client *http_client_new(struct event_base *base, const struct http_options *options,
                                    struct err *e);
/* Cancels what is under way. */
void http_client_free(struct http_client **c);

/* Until when the certificate that was shown last is valid, in seconds since 1970; 0 = none was seen yet. A
 * connection is used for an hour at most, so a new certificate is seen by then. */
int64_t http_client_certificate_until_s(const struct http_client *c);

/* `authorization` is the value of that header, or NULL. Texts are copied. */
struct http_request *http_client_post(struct http_client *c, const char *url, const char *authorization,
                                      const char *body, int timeout_ms,
                                      void (*done)(void *arg, const struct http_result *r), void *arg);
/* Not told of any more; NULL is fine. */
void http_client_cancel(struct http_request **r);

#endif
