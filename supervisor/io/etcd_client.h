/* Questions to an etcd cluster through its HTTP/JSON gateway, on the event loop; see wire/etcd_json.h for
 * what is asked and answered.
 *
 * A question goes to one endpoint, and to the next when that one cannot be reached, does not answer within
 * `try_ms` or has no majority behind it; at last to the same again after a back-off with jitter, until the
 * deadline. So a question may be carried out more than once, or after it was given up: it has to be such that
 * this does no harm (all of ours compare before they write). The send time told is that of the try that was
 * answered.
 *
 * With a user, a token is asked for first, and again when it is not accepted any more. */
#ifndef REPLCHECK_IO_ETCD_CLIENT_H
#define REPLCHECK_IO_ETCD_CLIENT_H

#include <stdint.h>

#include "io/http_client.h"
#include "settings/settings.h"
#include "wire/etcd_json.h"

struct event_base;
struct etcd_client;
struct etcd_call;

struct etcd_client_options {
    const char *name; /* for log lines: "witness/vote" */
    const struct endpoint *endpoints;
    int endpoint_count;
    struct http_options http;    /* with a CA, https is spoken */
    const char *user, *password; /* without a password nobody logs in */
    int try_ms;
};

struct etcd_reply {
    /* NULL: lost, it may have been carried out or not; valid in the callback. */
    const struct etcd_answer *answer;
    const char *failure;          /* lost: why the last try failed */
    int64_t sent_us, answered_us; /* CLOCK_BOOTTIME; before the first byte of that try was written */
};

/* Texts and endpoints are copied. NULL with `e` where a file of TLS cannot be read. */
struct etcd_client *etcd_client_new(struct event_base *base, const struct etcd_client_options *options,
                                    struct err *e);
void etcd_client_free(struct etcd_client **c);

/* `body` is freed here. Told exactly once, from the loop, unless cancelled; the call is gone then. An answer
 * is told whatever its outcome, except ETCD_UNCERTAIN, which is lost. */
struct etcd_call *etcd_client_ask(struct etcd_client *c, enum etcd_question question, char *body,
                                  int deadline_ms, void (*done)(void *arg, const struct etcd_reply *r),
                                  void *arg);
void etcd_client_cancel(struct etcd_call **call);

/* Did the last try that ended fail? */
bool etcd_client_failing(const struct etcd_client *c);
/* When the oldest call under way began; 0 = none is. */
int64_t etcd_client_outstanding_since_us(const struct etcd_client *c);
/* As http_client_certificate_until_s(). */
int64_t etcd_client_certificate_until_s(const struct etcd_client *c);

#endif
