/* labsampler: asks servers every millisecond whether they may be written, each through its own socket.
 *
 * Writes one line per interval in which the answer stayed the same, times in microseconds of CLOCK_BOOTTIME:
 *     server writable|read-only|silent from_us to_us samples
 * An interval runs from the first such answer to the sending of the last such question: what is known for
 * sure. Ends on SIGTERM and prints how long two servers were writable at once: both_writable_us N A server
 * that does not answer in time is "silent", never read-only; it is asked again on a new connection. */
#include <errno.h>
#include <getopt.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "labdb.h"

#define SERVERS_MAX 4

enum state { SILENT = 0, READ_ONLY, WRITABLE };
static const char *const state_words[] = {"silent", "read-only", "writable"};

struct interval {
    enum state state;
    int64_t from_us; /* the first answer, or for silence the first question */
    int64_t to_us;   /* the last question, or for silence the end of the wait */
    unsigned long samples;
};

struct sampled {
    char name[32];
    struct labdb_target target;
    struct interval *intervals;
    size_t count, room;
    pthread_t thread;
};

static int period_us = 1000, timeout_ms = 100;
static volatile sig_atomic_t ended;

static void end(int number)
{
    (void)number;
    ended = 1;
}

static void note(struct sampled *s, enum state state, int64_t asked_us, int64_t answered_us)
{
    struct interval *last = s->count ? &s->intervals[s->count - 1] : NULL;

    if (!last || last->state != state) {
        if (s->count == s->room) {
            s->room = s->room ? s->room * 2 : 64;
            s->intervals = realloc(s->intervals, s->room * sizeof *s->intervals);
            if (!s->intervals)
                abort();
        }
        last = &s->intervals[s->count++];
        *last = (struct interval){.state = state, .from_us = state == SILENT ? asked_us : answered_us};
    }
    last->to_us = state == SILENT ? answered_us : asked_us;
    if (last->to_us < last->from_us)
        last->to_us = last->from_us;
    last->samples++;
}

static enum state ask(struct labdb *db, const struct labdb_target *target)
{
    char value[8];

    if (!db->open && !labdb_open(db, target, timeout_ms))
        return SILENT;
    if (labdb_query(db, "SELECT @@global.read_only", timeout_ms, value, sizeof value) != LABDB_OK) {
        labdb_close(db);
        return SILENT;
    }
    return strcmp(value, "0") == 0 ? WRITABLE : READ_ONLY;
}

static void *sample(void *argument)
{
    struct sampled *s = argument;
    struct labdb db = {.open = false};
    int64_t next_us = labdb_now_us();

    mysql_thread_init();
    while (!ended) {
        int64_t asked_us = labdb_now_us();
        enum state state = ask(&db, &s->target);
        struct timespec t;
        note(s, state, asked_us, labdb_now_us());
        next_us = next_us + period_us > labdb_now_us() ? next_us + period_us : labdb_now_us();
        t = (struct timespec){.tv_sec = next_us / 1000000, .tv_nsec = next_us % 1000000 * 1000};
        clock_nanosleep(CLOCK_BOOTTIME, TIMER_ABSTIME, &t, NULL);
    }
    labdb_close(&db);
    mysql_thread_end();
    return NULL;
}

static int64_t overlap_us(const struct sampled *a, const struct sampled *b)
{
    int64_t total = 0;

    for (size_t i = 0; i < a->count; i++) {
        for (size_t j = 0; j < b->count; j++) {
            const struct interval *x = &a->intervals[i], *y = &b->intervals[j];
            int64_t from = x->from_us > y->from_us ? x->from_us : y->from_us;
            int64_t to = x->to_us < y->to_us ? x->to_us : y->to_us;
            if (x->state == WRITABLE && y->state == WRITABLE && to > from)
                total += to - from;
        }
    }
    return total;
}

static void report(const struct sampled *servers, int count, FILE *out)
{
    int64_t both = 0;

    for (int i = 0; i < count; i++) {
        for (size_t j = 0; j < servers[i].count; j++) {
            const struct interval *v = &servers[i].intervals[j];
            fprintf(out, "%s %s %lld %lld %lu\n", servers[i].name, state_words[v->state],
                    (long long)v->from_us, (long long)v->to_us, v->samples);
        }
        for (int j = i + 1; j < count; j++)
            both += overlap_us(&servers[i], &servers[j]);
    }
    printf("both_writable_us %lld\n", (long long)both);
}

static bool add_server(struct sampled *server, char *argument, const char *user)
{
    char *equals = strchr(argument, '=');

    if (!equals || (size_t)(equals - argument) >= sizeof server->name)
        return false;
    snprintf(server->name, sizeof server->name, "%.*s", (int)(equals - argument), argument);
    server->target = (struct labdb_target){.socket = equals + 1, .user = user, .password = ""};
    return true;
}

static int usage(void)
{
    fputs("usage: labsampler --out FILE [--period-us N] [--timeout MS] [--user U] NAME=SOCKET...\n", stderr);
    return 2;
}

int main(int argc, char **argv)
{
    static const struct option names[] = {{"out", 1, NULL, 'o'},
                                          {"period-us", 1, NULL, 'p'},
                                          {"timeout", 1, NULL, 't'},
                                          {"user", 1, NULL, 'u'},
                                          {0}};
    struct sampled servers[SERVERS_MAX] = {0};
    struct sigaction action = {.sa_handler = end};
    const char *path = NULL, *user = "root";
    int count = 0, c;
    FILE *out;

    while ((c = getopt_long(argc, argv, "", names, NULL)) != -1) {
        switch (c) {
        case 'o':
            path = optarg;
            break;
        case 'p':
            period_us = atoi(optarg);
            break;
        case 't':
            timeout_ms = atoi(optarg);
            break;
        case 'u':
            user = optarg;
            break;
        default:
            return usage();
        }
    }
    for (; optind < argc; optind++, count++) {
        if (count == SERVERS_MAX || !add_server(&servers[count], argv[optind], user))
            return usage();
    }
    if (!path || !count || period_us <= 0)
        return usage();
    out = fopen(path, "w");
    if (!out || mysql_library_init(0, NULL, NULL) != 0) {
        perror(path);
        return 1;
    }
    sigaction(SIGTERM, &action, NULL);
    sigaction(SIGINT, &action, NULL);
    signal(SIGPIPE, SIG_IGN);
    for (int i = 0; i < count; i++) {
        if (pthread_create(&servers[i].thread, NULL, sample, &servers[i]) != 0)
            abort();
    }
    for (int i = 0; i < count; i++)
        pthread_join(servers[i].thread, NULL);
    report(servers, count, out);
    for (int i = 0; i < count; i++)
        free(servers[i].intervals);
    return fclose(out) == 0 ? 0 : 1;
}
