/* labwriter: appends unique values to a table and records what became of each.
 *
 * One line per operation, times in microseconds of CLOCK_BOOTTIME:
 *     invoke_us ok|fail|unknown done_us server_id error client seq
 * ok: acknowledged by the server named; fail: certainly not done; unknown: it may have been done. A value is
 * tried once. After a failure the next one follows on a new connection after a pause of 1 ms, so that the gap
 * between two acknowledgements is the time in which nothing could be written. */
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "labdb.h"

struct options {
    struct labdb_target target;
    const char *table;
    const char *out;
    unsigned client;
    double rate;    /* operations a second; 0 = one after the other */
    double seconds; /* 0 = until SIGTERM */
    int connect_timeout_ms;
    int timeout_ms;
    int pause_us; /* after a failure */
    bool keep;    /* one connection for all, until a failure */
    bool hold;    /* and through refusals too: as a pool does that was not told of the change of role */
};

static volatile sig_atomic_t ended;

static void end(int number)
{
    (void)number;
    ended = 1;
}

static void sleep_until(int64_t until_us)
{
    struct timespec t = {.tv_sec = until_us / 1000000, .tv_nsec = until_us % 1000000 * 1000};

    clock_nanosleep(CLOCK_BOOTTIME, TIMER_ABSTIME, &t, NULL);
}

/* One operation and its line. */
static enum labdb_result append(struct labdb *db, const struct options *o, uint64_t seq, FILE *out)
{
    static const char *const words[] = {"ok", "fail", "unknown"};
    char sql[256], server[16] = "";
    enum labdb_result result = LABDB_REFUSED;
    int64_t invoked_us = labdb_now_us();

    db->error = 0;
    snprintf(sql, sizeof sql,
             "INSERT INTO %s (client, seq, server) VALUES (%u, %llu, @@server_id) RETURNING server", o->table,
             o->client, (unsigned long long)seq);
    if (db->open || labdb_open(db, &o->target, o->connect_timeout_ms))
        result = labdb_query(db, sql, o->timeout_ms, server, sizeof server);
    fprintf(out, "%lld %s %lld %s %u %u %llu\n", (long long)invoked_us, words[result],
            (long long)labdb_now_us(), *server ? server : "0", db->error, o->client, (unsigned long long)seq);
    if (!(o->keep && result == LABDB_OK) && !(o->hold && result != LABDB_UNCERTAIN))
        labdb_close(db);
    return result;
}

static void write_all(const struct options *o, FILE *out)
{
    int64_t begun_us = labdb_now_us(), next_us = begun_us;
    int64_t step_us = o->rate > 0 ? (int64_t)(1e6 / o->rate) : 0;
    struct labdb db = {.open = false};

    for (uint64_t seq = 1; !ended; seq++) {
        enum labdb_result result = append(&db, o, seq, out);
        int64_t now_us = labdb_now_us();
        if (o->seconds > 0 && now_us - begun_us >= (int64_t)(o->seconds * 1e6))
            break;
        if (result != LABDB_OK) {
            next_us = now_us;
            sleep_until(now_us + o->pause_us);
        } else if (step_us) {
            /* Time that was lost is not made up for by a burst. */
            next_us = next_us + step_us > now_us ? next_us + step_us : now_us;
            sleep_until(next_us);
        }
    }
    labdb_close(&db);
}

static int usage(void)
{
    fputs("usage: labwriter (--address A [--port N] | --socket PATH) --out FILE [--client N] [--table T]\n"
          "  [--user U] [--password P] [--rate PER_SECOND] [--seconds S] [--keep | --hold]\n"
          "  [--connect-timeout MS] [--timeout MS] [--pause US]\n",
          stderr);
    return 2;
}

static bool parse(struct options *o, int argc, char **argv)
{
    static const struct option names[] = {{"address", 1, NULL, 'a'}, {"port", 1, NULL, 'p'},
                                          {"socket", 1, NULL, 'S'},  {"out", 1, NULL, 'o'},
                                          {"client", 1, NULL, 'c'},  {"table", 1, NULL, 't'},
                                          {"user", 1, NULL, 'u'},    {"password", 1, NULL, 'w'},
                                          {"rate", 1, NULL, 'r'},    {"seconds", 1, NULL, 's'},
                                          {"keep", 0, NULL, 'k'},    {"connect-timeout", 1, NULL, 'C'},
                                          {"timeout", 1, NULL, 'T'}, {"pause", 1, NULL, 'P'},
                                          {"hold", 0, NULL, 'h'},    {0}};
    int c;

    while ((c = getopt_long(argc, argv, "", names, NULL)) != -1) {
        switch (c) {
        case 'a':
            o->target.address = optarg;
            break;
        case 'p':
            o->target.port = (unsigned)atoi(optarg);
            break;
        case 'S':
            o->target.socket = optarg;
            break;
        case 'o':
            o->out = optarg;
            break;
        case 'c':
            o->client = (unsigned)atoi(optarg);
            break;
        case 't':
            o->table = optarg;
            break;
        case 'u':
            o->target.user = optarg;
            break;
        case 'w':
            o->target.password = optarg;
            break;
        case 'r':
            o->rate = atof(optarg);
            break;
        case 's':
            o->seconds = atof(optarg);
            break;
        case 'k':
            o->keep = true;
            break;
        case 'h':
            o->hold = true;
            break;
        case 'C':
            o->connect_timeout_ms = atoi(optarg);
            break;
        case 'T':
            o->timeout_ms = atoi(optarg);
            break;
        case 'P':
            o->pause_us = atoi(optarg);
            break;
        default:
            return false;
        }
    }
    return optind == argc && o->out && !o->target.address != !o->target.socket;
}

int main(int argc, char **argv)
{
    struct options o = {.target = {.user = "mail", .password = "", .port = 3306},
                        .table = "lab.appends",
                        .client = 1,
                        .rate = 200,
                        .connect_timeout_ms = 250,
                        .timeout_ms = 1000,
                        .pause_us = 1000};
    struct sigaction action = {.sa_handler = end};
    FILE *out;

    if (!parse(&o, argc, argv))
        return usage();
    out = fopen(o.out, "w");
    if (!out || setvbuf(out, NULL, _IOFBF, 1 << 20) != 0 || mysql_library_init(0, NULL, NULL) != 0) {
        perror(o.out);
        return 1;
    }
    sigaction(SIGTERM, &action, NULL);
    sigaction(SIGINT, &action, NULL);
    signal(SIGPIPE, SIG_IGN);
    write_all(&o, out);
    if (fclose(out) != 0) {
        perror(o.out);
        return 1;
    }
    return 0;
}
