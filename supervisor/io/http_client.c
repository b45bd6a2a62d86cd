#include "io/http_client.h"

#include <curl/curl.h>
#include <event2/event.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "settings/text_file.h"
#include "wire/cert_date.h"

#define CONNECTIONS_KEPT 8
#define CONNECTION_S     3600L

struct blob {
    char *text;
    size_t size;
};

struct http_client {
    struct event_base *base;
    CURLM *multi;
    struct event *timer;
    char *interface, *pinned_key;
    bool verify;
    int64_t certificate_until_s;
    struct blob ca, cert, key;
    struct http_request *first;
};

struct http_request {
    struct http_client *owner;
    struct http_request *next, **back;
    CURL *easy;
    struct curl_slist *headers;
    char *body, *answer;
    size_t size;
    bool too_large;
    char detail[CURL_ERROR_SIZE];
    void (*done)(void *arg, const struct http_result *r);
    void *arg;
};

/* ---- the end of a request ---- */

static void detach(struct http_request *r)
{
    *r->back = r->next;
    if (r->next)
        r->next->back = r->back;
    curl_multi_remove_handle(r->owner->multi, r->easy);
}

static void discard(struct http_request *r)
{
    curl_easy_cleanup(r->easy);
    curl_slist_free_all(r->headers);
    free(r->body);
    free(r->answer);
    free(r);
}

void http_client_cancel(struct http_request **r)
{
    if (!*r)
        return;
    detach(*r);
    discard(*r);
    *r = NULL;
}

/* Told by the request that opened the connection; the server's own certificate comes first. */
static void look_at_certificate(struct http_request *r)
{
    static const char label[] = "Expire date:";
    struct curl_certinfo *all = NULL;
    if (curl_easy_getinfo(r->easy, CURLINFO_CERTINFO, &all) != CURLE_OK || !all || all->num_of_certs < 1)
        return;
    for (const struct curl_slist *line = all->certinfo[0]; line; line = line->next)
        if (strncmp(line->data, label, sizeof(label) - 1) == 0)
            (void)!cert_date_parse(line->data + sizeof(label) - 1, &r->owner->certificate_until_s);
}

static void tell(struct http_request *r, CURLcode code)
{
    struct http_result result = {.body = r->answer ? r->answer : "", .size = r->size};
    curl_easy_getinfo(r->easy, CURLINFO_RESPONSE_CODE, &result.status);
    look_at_certificate(r);
    if (r->too_large)
        result.failure = "the answer is too large";
    else if (code != CURLE_OK)
        result.failure = r->detail[0] ? r->detail : curl_easy_strerror(code);
    r->done(r->arg, &result);
}

/* A callback may end other requests, whose messages go with them. */
static void tell_ended(struct http_client *c)
{
    CURLMsg *message;
    int left;
    while ((message = curl_multi_info_read(c->multi, &left))) {
        char *private = NULL;
        CURLcode code = message->data.result;
        if (message->msg != CURLMSG_DONE)
            continue;
        curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &private);
        struct http_request *r = (struct http_request *)(void *)private;
        detach(r);
        tell(r, code);
        discard(r);
    }
}

/* ---- libcurl on the loop ---- */

static void on_socket_event(evutil_socket_t fd, short what, void *arg)
{
    struct http_client *c = arg;
    int running, action = (what & EV_READ ? CURL_CSELECT_IN : 0) | (what & EV_WRITE ? CURL_CSELECT_OUT : 0);
    curl_multi_socket_action(c->multi, fd, action, &running);
    tell_ended(c);
}

static void on_timer(evutil_socket_t fd, short what, void *arg)
{
    struct http_client *c = arg;
    int running;
    (void)fd;
    (void)what;
    curl_multi_socket_action(c->multi, CURL_SOCKET_TIMEOUT, 0, &running);
    tell_ended(c);
}

static int watch_socket(CURL *easy, curl_socket_t fd, int what, void *arg, void *watched)
{
    struct http_client *c = arg;
    struct event *event = watched;
    (void)easy;
    if (event)
        event_free(event);
    event = NULL;
    if (what != CURL_POLL_REMOVE) {
        int events = EV_PERSIST | (what & CURL_POLL_IN ? EV_READ : 0) | (what & CURL_POLL_OUT ? EV_WRITE : 0);
        event = event_new(c->base, fd, (short)events, on_socket_event, c);
        event_add(event, NULL);
    }
    curl_multi_assign(c->multi, fd, event);
    return 0;
}

static int set_timer(CURLM *multi, long timeout_ms, void *arg)
{
    struct http_client *c = arg;
    struct timeval tv = {timeout_ms / 1000, timeout_ms % 1000 * 1000};
    (void)multi;
    if (timeout_ms < 0)
        event_del(c->timer);
    else if (timeout_ms == 0)
        event_active(c->timer, EV_TIMEOUT, 0);
    else
        event_add(c->timer, &tv);
    return 0;
}

static size_t take_answer(char *data, size_t one, size_t count, void *arg)
{
    struct http_request *r = arg;
    size_t size = one * count;
    if (size > HTTP_BODY_MAX - r->size) {
        r->too_large = true;
        return 0;
    }
    if (!r->answer)
        r->answer = mem_zalloc(HTTP_BODY_MAX + 1);
    memcpy(r->answer + r->size, data, size);
    r->size += size;
    return size;
}

/* ---- a request ---- */

static void put_blob(CURL *easy, CURLoption option, const struct blob *b)
{
    struct curl_blob blob = {.data = b->text, .len = b->size, .flags = CURL_BLOB_NOCOPY};
    if (b->text)
        curl_easy_setopt(easy, option, &blob);
}

static void secure(const struct http_client *c, CURL *easy)
{
    put_blob(easy, CURLOPT_CAINFO_BLOB, &c->ca);
    curl_easy_setopt(easy, CURLOPT_CAPATH, NULL); /* the system's CAs vouch for nobody here */
    put_blob(easy, CURLOPT_SSLCERT_BLOB, &c->cert);
    put_blob(easy, CURLOPT_SSLKEY_BLOB, &c->key);
    curl_easy_setopt(easy, CURLOPT_PINNEDPUBLICKEY, c->pinned_key);
    curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, c->ca.text || !c->pinned_key ? 1L : 0L);
    curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, c->ca.text && c->verify ? 2L : 0L);
    curl_easy_setopt(easy, CURLOPT_CERTINFO, c->ca.text || c->pinned_key ? 1L : 0L);
    curl_easy_setopt(easy, CURLOPT_MAXLIFETIME_CONN, CONNECTION_S);
}

static void set_limits(CURL *easy, int timeout_ms)
{
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, (long)timeout_ms);
    curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, (long)timeout_ms);
    curl_easy_setopt(easy, CURLOPT_PROXY, "");
    curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
}

static struct curl_slist *headers(const char *authorization)
{
    struct curl_slist *list = curl_slist_append(NULL, "Content-Type: application/json");
    if (authorization) {
        char *line = mem_printf("Authorization: %s", authorization);
        list = curl_slist_append(list, line);
        free(line);
    }
    return curl_slist_append(list, "Expect:");
}

struct http_request *http_client_post(struct http_client *c, const char *url, const char *authorization,
                                      const char *body, int timeout_ms,
                                      void (*done)(void *arg, const struct http_result *r), void *arg)
{
    struct http_request *r = mem_zalloc(sizeof(*r));
    r->owner = c;
    r->done = done;
    r->arg = arg;
    r->body = mem_strdup(body);
    r->headers = headers(authorization);
    r->easy = curl_easy_init();
    if (!r->easy)
        abort(); /* no memory */
    set_limits(r->easy, timeout_ms > 0 ? timeout_ms : 1);
    secure(c, r->easy);
    curl_easy_setopt(r->easy, CURLOPT_URL, url);
    if (c->interface)
        curl_easy_setopt(r->easy, CURLOPT_INTERFACE, c->interface);
    curl_easy_setopt(r->easy, CURLOPT_POSTFIELDS, r->body);
    curl_easy_setopt(r->easy, CURLOPT_HTTPHEADER, r->headers);
    curl_easy_setopt(r->easy, CURLOPT_WRITEFUNCTION, take_answer);
    curl_easy_setopt(r->easy, CURLOPT_WRITEDATA, r);
    curl_easy_setopt(r->easy, CURLOPT_ERRORBUFFER, r->detail);
    curl_easy_setopt(r->easy, CURLOPT_PRIVATE, r);
    r->next = c->first;
    r->back = &c->first;
    if (r->next)
        r->next->back = &r->next;
    c->first = r;
    curl_multi_add_handle(c->multi, r->easy);
    return r;
}

/* ---- the client ---- */

static bool read_file(const char *path, struct blob *out, struct err *e)
{
    return !path || text_file_read(path, &out->text, &out->size, e);
}

struct http_client *http_client_new(struct event_base *base, const struct http_options *o, struct err *e)
{
    struct http_client *c = mem_zalloc(sizeof(*c));
    curl_global_init(CURL_GLOBAL_DEFAULT);
    c->base = base;
    c->verify = o->tls_verify;
    c->interface = o->bind_address ? mem_printf("host!%s", o->bind_address) : NULL;
    c->pinned_key = o->tls_pinned_key ? mem_strdup(o->tls_pinned_key) : NULL;
    c->multi = curl_multi_init();
    if (!c->multi)
        abort(); /* no memory */
    c->timer = event_new(base, -1, 0, on_timer, c);
    curl_multi_setopt(c->multi, CURLMOPT_SOCKETFUNCTION, watch_socket);
    curl_multi_setopt(c->multi, CURLMOPT_SOCKETDATA, c);
    curl_multi_setopt(c->multi, CURLMOPT_TIMERFUNCTION, set_timer);
    curl_multi_setopt(c->multi, CURLMOPT_TIMERDATA, c);
    curl_multi_setopt(c->multi, CURLMOPT_MAXCONNECTS, (long)CONNECTIONS_KEPT);
    if (!read_file(o->tls_ca, &c->ca, e) || !read_file(o->tls_cert, &c->cert, e) ||
        !read_file(o->tls_key, &c->key, e))
        http_client_free(&c);
    return c;
}

int64_t http_client_certificate_until_s(const struct http_client *c)
{
    return c->certificate_until_s;
}

void http_client_free(struct http_client **p)
{
    struct http_client *c = *p;
    if (!c)
        return;
    *p = NULL;
    while (c->first) {
        struct http_request *r = c->first;
        http_client_cancel(&r);
    }
    curl_multi_cleanup(c->multi);
    event_free(c->timer);
    if (c->key.text)
        explicit_bzero(c->key.text, c->key.size);
    free(c->ca.text);
    free(c->cert.text);
    free(c->key.text);
    free(c->interface);
    free(c->pinned_key);
    free(c);
}
