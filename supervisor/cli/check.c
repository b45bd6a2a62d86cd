#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <unistd.h>

#include "base/mem.h"
#include "cli/command.h"
#include "cli/direct.h"
#include "cli/fetch.h"
#include "cli/json_print.h"
#include "cli/pairs.h"
#include "io/session.h"
#include "wire/check_line.h"
#include "wire/report_json.h"

#define EXIT_CRITICAL 2
#define EXIT_UNKNOWN  3
#define CLUSTERS_MAX  1024

enum { JSON = USAGE_LONG, DIRECT, WHY, USER, FILE_OPTION, TLS_CA, CLUSTER };

struct request {
    bool json, direct;
    int verbose;
    struct check_request check;
    const char *warning, *critical; /* as given; NULL = not */
    struct direct_options options;
    struct servers_login login;
    const char *hosts[OBS_NODES];
    int host_count;
    const char *clusters[CLUSTERS_MAX];
    int cluster_count;
};

#define MODES "all writer lag threads gtid offsets vip quorum readiness"

static const struct usage_option options[] = {
    {"mode", 'm', "MODE", MODES, "all", "one of: " MODES},
    {"warning", 'w', "RANGE",
     .help = "for the mode's number: 10, 10:, ~:10, 10:20, @10:20; lag also 500ms, 2m"},
    {"critical", 'c', "RANGE", .help = "likewise"},
    {"verbose", 'v', .help = "each problem with what to do about it; twice: servers and voters too"},
    {"json", JSON, .help = "the whole report, for programs"},
    {"timeout", 't', "TIME", .preset = DIRECT_LIMIT,
     .help = "when the servers are asked: an answer is given by then"},
    {"direct", DIRECT, .help = "ask both servers, not the supervisor (done by itself where none answers)"},
    {"why", WHY, "TEXT",
     .help = "with --direct: why the supervisor's answer does not count,\nwhich is judged too"},
    {"hostname", 'H', "HOST",
     .help =
         "[NAME=]ADDRESS[:PORT], once for each of the two servers: from any host,\nwithout a configuration"},
    {"cluster", CLUSTER, "PATH", USAGE_FILE,
     .help = "likewise: a cluster.yaml, or a folder of *.yaml, each a pair; may be repeated"},
    {"port", 'P', "PORT", .preset = "3306", .help = "where an address has none"},
    {"user", USER, "NAME", .preset = "replcheck", .help = "the account at the servers"},
    {"tls-ca", TLS_CA, "FILE", USAGE_FILE, .help = "verify the servers by this CA"},
    {"defaults-file", FILE_OPTION, "FILE", USAGE_FILE,
     .help = "an option file with user and password under [client]"},
    {0},
};
const struct usage check_usage = {
    "check",
    "[-v] [--json] [--mode MODE] [--warning RANGE] [--critical RANGE] [--timeout TIME]\n"
    "           [--direct [--why TEXT]] [--hostname HOST --hostname HOST | --cluster PATH...]",
    "Prints one line with performance data; exits 0 ok, 1 warning, 2 critical, 3 unknown.\n", NULL, options};

/* ---- arguments ---- */

static bool take_timeout(struct request *q, const char *text, struct err *e)
{
    double limit_s;
    if (!range_time_option(&limit_s, "--timeout", text, e))
        return false;
    q->options.limit_ms = (int)(limit_s * 1000);
    return true;
}

static bool take_listed(const char **list, int *count, int most, const char *option, const char *value,
                        struct err *e)
{
    if (*count == most)
        return err_set(e, "%s: %d at most, this is one more: %.64s", option, most, value);
    list[(*count)++] = value;
    return true;
}

static bool take(struct request *q, int c, const char *value, struct err *e)
{
    switch (c) {
    case 'm':
        return check_mode_option(&q->check.mode, value, e);
    case 't':
        return take_timeout(q, value, e);
    case 'H':
        return take_listed(q->hosts, &q->host_count, OBS_NODES, "--hostname", value, e);
    case FILE_OPTION:
        return take_listed(q->login.files, &q->login.file_count, SERVERS_FILES_MAX, "--defaults-file", value,
                           e);
    case CLUSTER:
        return take_listed(q->clusters, &q->cluster_count, CLUSTERS_MAX, "--cluster", value, e);
    default:
        break;
    }
    q->json = q->json || c == JSON;
    q->verbose += c == 'v';
    q->direct = q->direct || c == DIRECT;
    q->warning = c == 'w' ? value : q->warning;
    q->critical = c == 'c' ? value : q->critical;
    q->options.why = c == WHY ? value : q->options.why;
    q->login.port = c == 'P' ? value : q->login.port;
    q->login.user = c == USER ? value : q->login.user;
    q->login.tls_ca = c == TLS_CA ? value : q->login.tls_ca;
    return true;
}

static bool check_together(struct request *q, struct err *e)
{
    bool login = q->login.port || q->login.user || q->login.tls_ca || q->login.file_count;
    if (q->host_count == 1)
        return err_set(e, "--hostname: give it twice, once for each server of the pair");
    if (q->host_count && q->cluster_count)
        return err_set(e, "--hostname and --cluster do not go together");
    if (login && !q->host_count && !q->cluster_count)
        return err_set(e, "--port, --user, --defaults-file and --tls-ca go with --hostname or --cluster");
    if (q->json && q->cluster_count > 0)
        return err_set(e, "--json does not go with --cluster");
    return check_range_option(&q->check.warning, q->check.mode, "--warning", q->warning, e) &&
           check_range_option(&q->check.critical, q->check.mode, "--critical", q->critical, e);
}

static bool parse(struct request *q, int argc, char **argv, struct err *e)
{
    int c;
    usage_begin();
    while ((c = usage_next(&check_usage, argc, argv)) != -1) {
        if (c == '?')
            return usage_complain(&check_usage, argc, argv, e);
        if (!take(q, c, optarg, e))
            return false;
    }
    if (optind < argc)
        return err_set(e, "\"%.64s\" is one word too many", argv[optind]);
    return check_together(q, e);
}

/* ---- asking ---- */

/* Who asks the servers in a supervisor's place wants to know of
 * them at once; the slow look is for who asked for it. */
static void choose_depth(struct request *q)
{
    enum check_mode m = q->check.mode;
    bool remote = q->host_count || q->cluster_count;
    q->options.bare = q->host_count || m == CHECK_WRITER || m == CHECK_LAG || m == CHECK_THREADS ||
                      m == CHECK_GTID || m == CHECK_OFFSETS;
    q->options.audited = m == CHECK_ALL && !remote && !q->options.why[0];
}

static bool fetch(const struct cli *cli, const struct request *q, struct report *r, struct err *e)
{
    struct settings *settings = mem_zalloc(sizeof(*settings));
    struct servers servers;
    bool ok;
    if (q->host_count) {
        ok = servers_of_hosts(&servers, q->hosts, &q->login, e);
        if (ok)
            direct_report(&servers, &q->options, r);
        servers_clear(&servers);
    } else {
        struct cli with = {.config_dir = cli->config_dir, .settings = settings};
        ok = (q->direct || settings_load_without_secrets(settings, cli->config_dir, e)) &&
             fetch_report(&with, q->direct, &q->options, r, e);
    }
    free(settings);
    return ok;
}

static void show(const struct request *q, struct report *r)
{
    char text[CHECK_LINE_MAX];
    struct check_result result;
    check_judge(&result, r, &q->check);
    if (q->json) {
        json_print(report_to_json(r));
        return;
    }
    puts(check_line(r, &result, text, sizeof(text)));
    for (int i = 0; check_more(r, q->verbose, i, text, sizeof(text)); i++)
        puts(text);
}

static int check_one(const struct cli *cli, const struct request *q, struct err *e)
{
    struct report *r = mem_zalloc(sizeof(*r));
    int code = -1;
    if (fetch(cli, q, r, e)) {
        show(q, r);
        code = check_exit(r);
    }
    free(r);
    return code;
}

static int check_many(const struct request *q, struct err *e)
{
    struct pairs_request p = {.paths = q->clusters,
                              .path_count = q->cluster_count,
                              .login = q->login,
                              .options = q->options,
                              .check = q->check,
                              .verbose = q->verbose};
    int code;
    return pairs_check(&p, &code, e) ? code : -1;
}

/* Every question has its own deadline; this is for a file system that hangs. */
static void on_alarm(int number)
{
    static const char text[] = "REPLCHECK CRITICAL - timed out\n";
    (void)number;
    _exit(write(STDOUT_FILENO, text, sizeof(text) - 1) > 0 ? EXIT_CRITICAL : EXIT_UNKNOWN);
}

static void limit(int ms)
{
    struct itimerval t = {.it_value = {ms / 1000, ms % 1000 * 1000}};
    signal(SIGALRM, on_alarm);
    setitimer(ITIMER_REAL, &t, NULL);
}

int check_main(const struct cli *cli, int argc, char **argv)
{
    struct request *q = mem_zalloc(sizeof(*q));
    struct err e;
    int code = -1;
    bool unsupervised = false;
    q->options = (struct direct_options){.why = "", .limit_ms = 0};
    if (parse(q, argc, argv, &e)) {
        if (q->options.limit_ms)
            limit(q->options.limit_ms);
        else
            q->options.limit_ms = DIRECT_LIMIT_MS;
        choose_depth(q);
        unsupervised = q->options.why[0];
        code = q->cluster_count ? check_many(q, &e) : check_one(cli, q, &e);
    }
    if (code < 0) {
        code = unsupervised ? EXIT_CRITICAL : EXIT_UNKNOWN; /* that much is known then */
        printf("REPLCHECK %s - %s%s\n", unsupervised ? "CRITICAL" : "UNKNOWN",
               unsupervised ? "no supervisor answers: " : "", e.text);
    }
    free(q);
    if (fflush(stdout) != 0)
        code = EXIT_UNKNOWN;
    if (session_connects_left())
        _exit(code);
    return code;
}
