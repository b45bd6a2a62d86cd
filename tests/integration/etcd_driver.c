/* A node's third voter alone, on etcd, told what to do by lines on stdin; test_etcd_*.py speak them.
 *
 *   etcd_driver NODE LEASE-MS RENEW-MS [ca=F] [cert=F] [key=F] [user=U] [password=P] [evict=] ADDRESS PORT
 * ...
 *
 * want free|wait|closed, drop, promise EPOCH, release KIND EPOCH FILE SIZE GTID, reset, mark N EPOCH, unmark
 * N, closed (the other is proven closed), freeze MS (the loop stands still), show. Each is answered by one
 * line of JSON: what is known now; what events brought since stands in "events". */
#include <event2/event.h>
#include <fcntl.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "io/etcd_voter.h"

struct driver {
    struct event_base *base;
    struct event *period;
    struct quorum quorum;
    struct voter_rows rows;
    int64_t answered_us, round_trip_us;
    struct voter *voter;
    bool peer_closed;
    json_t *events;
    char line[512];
    size_t length;
};

static bool evict;
static const char *const nodes[] = {"mx1", "mx2"};

static void on_changed(void *arg)
{
    (void)arg;
}

static void on_enabled(void *arg, const struct reply *reply)
{
    (void)arg;
    (void)reply;
}

static void on_promised(void *arg, int index, uint64_t epoch, uint64_t consumed, const char *refusal)
{
    struct driver *d = arg;
    (void)index;
    json_array_append_new(d->events,
                          json_pack("{s:s, s:I, s:I, s:s?}", "what", "promised", "epoch", (json_int_t)epoch,
                                    "consumed", (json_int_t)consumed, "refusal", refusal));
}

static void on_trouble(void *arg, int index, const char *sentence)
{
    struct driver *d = arg;
    (void)index;
    json_array_append_new(d->events, json_pack("{s:s, s:s}", "what", "trouble", "text", sentence));
}

static void step(struct driver *d)
{
    int64_t now = clock_now_us();
    quorum_judge(&d->quorum, now, d->peer_closed);
    voter_step(d->voter, now);
}

static void on_period(evutil_socket_t fd, short what, void *arg)
{
    (void)fd;
    (void)what;
    step(arg);
}

static json_t *note_json(const struct note *n)
{
    char gtid[GTID_TEXT_MAX] = "";
    if (n->kind == NOTE_NONE)
        return json_null();
    if (n->gtid.known)
        gtid_set_format(&n->gtid, gtid, sizeof(gtid));
    return json_pack("{s:I, s:s, s:I, s:s}", "epoch", (json_int_t)n->epoch, "file", n->file, "size",
                     (json_int_t)n->size, "gtid", gtid);
}

static void show(struct driver *d)
{
    const struct vote *v = &d->quorum.votes[OBS_TIE];
    int64_t now = clock_now_us(), until = quorum_valid_until(&d->quorum, OBS_TIE);
    json_t *json = json_pack("{s:I, s:b, s:b, s:b, s:s, s:I, s:I, s:I, s:I, s:b, s:o}", "certificate",
                             (json_int_t)voter_certificate_until_s(d->voter), "up", voter_is_up(d->voter),
                             "held", v->held, "counted", quorum_counts(&d->quorum, OBS_TIE, now), "basis",
                             vote_basis_name(v->basis), "connection", (json_int_t)v->connection, "valid_ms",
                             (json_int_t)(until > now ? (until - now) / 1000 : 0), "promised",
                             (json_int_t)v->promised_epoch, "holder", (json_int_t)v->holder.connection,
                             "released", voter_release_done(d->voter), "events", d->events);
    json_t *rows = json_object();
    for (int i = 0; i < OBS_NODES; i++)
        for (enum note_kind k = NOTE_PROMISE; k <= NOTE_OUT_OF_SYNC; k++) {
            char name[64];
            snprintf(name, sizeof(name), "%s/%s", observe_kind_name(k), nodes[i]);
            json_object_set_new(rows, name, note_json(observe_note(&d->rows, k, i)));
        }
    json_object_set_new(json, "rows", rows);
    int64_t renewed_us = quorum_other_seen_us(&d->quorum, OBS_TIE);
    json_object_set_new(json, "other_renewed_ms",
                        json_integer(renewed_us ? (json_int_t)(now - renewed_us) / 1000 : -1));
    d->events = json_array();
    json_dumpf(json, stdout, JSON_COMPACT);
    puts("");
    fflush(stdout);
    json_decref(json);
}

static void release(struct driver *d, const char *words)
{
    char kind[32] = "", file[64] = "", gtid[64] = "";
    struct voter_farewell row = {.gtid = gtid};
    sscanf(words, "%31s %" SCNu64 " %63s %" SCNu64 " %63s", kind, &row.epoch, file, &row.size, gtid);
    row.kind = observe_kind_parse(kind);
    row.file = strcmp(file, "-") == 0 ? "" : file;
    voter_release(d->voter, &row, true);
}

static void obey(struct driver *d, char *line)
{
    char *rest = strchr(line, ' ');
    if (rest)
        *rest++ = '\0';
    else
        rest = line + strlen(line);
    if (strcmp(line, "want") == 0)
        voter_want(d->voter, strcmp(rest, "closed") == 0 ? VOTER_TAKE_CLOSED
                             : strcmp(rest, "wait") == 0 ? VOTER_TAKE_WAIT
                                                         : VOTER_TAKE_IF_FREE);
    else if (strcmp(line, "drop") == 0)
        voter_drop(d->voter);
    else if (strcmp(line, "promise") == 0)
        voter_promise(d->voter, strtoull(rest, NULL, 10));
    else if (strcmp(line, "release") == 0)
        release(d, rest);
    else if (strcmp(line, "mark") == 0)
        voter_mark(d->voter, rest[0] == '2', strtoull(rest + 1, NULL, 10),
                   strchr(rest, '!') ? clock_now_us() : 0);
    else if (strcmp(line, "unmark") == 0)
        voter_clear_mark(d->voter, rest[0] == '2');
    else if (strcmp(line, "reset") == 0)
        voter_release_reset(d->voter);
    else if (strcmp(line, "closed") == 0)
        d->peer_closed = true;
    else if (strcmp(line, "freeze") == 0)
        usleep((useconds_t)strtoul(rest, NULL, 10) * 1000);
    show(d);
}

static void on_input(evutil_socket_t fd, short what, void *arg)
{
    struct driver *d = arg;
    char *end;
    (void)what;
    ssize_t n = read(fd, d->line + d->length, sizeof(d->line) - 1 - d->length);
    if (n <= 0) {
        event_base_loopexit(d->base, NULL);
        return;
    }
    d->length += (size_t)n;
    d->line[d->length] = '\0';
    while ((end = strchr(d->line, '\n'))) {
        *end = '\0';
        obey(d, d->line);
        d->length -= (size_t)(end + 1 - d->line);
        memmove(d->line, end + 1, d->length + 1);
    }
}

static int read_options(char **argv, struct etcd_client_options *o, struct endpoint *endpoints)
{
    for (; *argv && strchr(*argv, '='); argv++) {
        const char *value = strchr(*argv, '=') + 1;
        if (strncmp(*argv, "ca=", 3) == 0)
            o->http.tls_ca = value;
        else if (strncmp(*argv, "pin=", 4) == 0)
            o->http.tls_pinned_key = value;
        else if (strncmp(*argv, "verify=", 7) == 0)
            o->http.tls_verify = strcmp(value, "no") != 0;
        else if (strncmp(*argv, "cert=", 5) == 0)
            o->http.tls_cert = value;
        else if (strncmp(*argv, "key=", 4) == 0)
            o->http.tls_key = value;
        else if (strncmp(*argv, "user=", 5) == 0)
            o->user = value;
        else if (strncmp(*argv, "password=", 9) == 0)
            o->password = value;
        else if (strncmp(*argv, "evict=", 6) == 0)
            evict = true;
    }
    for (; argv[0] && argv[1] && o->endpoint_count < SETTINGS_ENDPOINTS_MAX; argv += 2) {
        struct endpoint *e = &endpoints[o->endpoint_count++];
        snprintf(e->address, sizeof(e->address), "%s", argv[0]);
        e->port = (unsigned)strtoul(argv[1], NULL, 10);
    }
    return o->endpoint_count;
}

int main(int argc, char **argv)
{
    struct driver d = {.events = json_array()};
    struct endpoint endpoints[SETTINGS_ENDPOINTS_MAX];
    struct timeval period = {0, 20000};
    struct err e;
    if (argc < 6)
        return 2;
    int self = strcmp(argv[1], nodes[1]) == 0, lease_ms = atoi(argv[2]), renew_ms = atoi(argv[3]);
    struct etcd_voter_options o = {
        .client = {.name = argv[1], .endpoints = endpoints, .http.tls_verify = true}};
    struct voter_events events = {on_changed, on_enabled, on_promised, on_trouble, &d};
    if (!read_options(argv + 4, &o.client, endpoints))
        return 2;
    o.client.try_ms = 500;
    o.common = (struct voter_options){.index = OBS_TIE,
                                      .node = argv[1],
                                      .names = {.cluster = "test", .nodes = {nodes[0], nodes[1]}},
                                      .lease_ms = lease_ms,
                                      .renew_ms = renew_ms,
                                      .silent_ms = 1000,
                                      .quorum = &d.quorum,
                                      .rows = &d.rows,
                                      .answered_us = &d.answered_us,
                                      .round_trip_us = &d.round_trip_us,
                                      .evict = &evict};
    quorum_init(&d.quorum, self, false, lease_ms, 1000);
    d.base = event_base_new();
    d.voter = etcd_voter_new(d.base, &o, &events, &e);
    if (!d.voter) {
        fprintf(stderr, "%s\n", e.text);
        return 1;
    }
    d.period = event_new(d.base, -1, EV_PERSIST, on_period, &d);
    event_add(d.period, &period);
    fcntl(STDIN_FILENO, F_SETFL, O_NONBLOCK);
    struct event *input = event_new(d.base, STDIN_FILENO, EV_READ | EV_PERSIST, on_input, &d);
    event_add(input, NULL);
    event_base_dispatch(d.base);
    voter_free(&d.voter);
    event_free(input);
    event_free(d.period);
    event_base_free(d.base);
    json_decref(d.events);
    return 0;
}
