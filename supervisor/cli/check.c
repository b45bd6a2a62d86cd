#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "cli/command.h"
#include "cli/direct.h"
#include "cli/fetch.h"
#include "cli/json_print.h"
#include "wire/check_line.h"
#include "wire/report_json.h"

#define EXIT_CRITICAL 2
#define EXIT_UNKNOWN  3

struct request {
    bool json, direct;
    int verbose;
    struct check_request check;
    const char *warning, *critical; /* as given; NULL = not */
    struct direct_options servers;
};

static const struct option long_options[] = {
    {"json", no_argument, NULL, 'j'},
    {"verbose", no_argument, NULL, 'v'},
    {"direct", no_argument, NULL, 'd'},
    {"mode", required_argument, NULL, 'm'},
    {"warning", required_argument, NULL, 'w'},
    {"critical", required_argument, NULL, 'c'},
    {"timeout", required_argument, NULL, 't'},
    {"why", required_argument, NULL, 'y'},
    {0},
};

static bool take_mode(struct request *q, const char *name, struct err *e)
{
    int mode = check_mode_parse(name);
    if (mode < 0)
        return err_set(e,
                       "--mode \"%.32s\": all, writer, lag, threads, gtid, offsets, vip, quorum or readiness is "
                       "expected",
                       name);
    q->check.mode = (enum check_mode)mode;
    return true;
}

static bool take_timeout(struct request *q, const char *text, struct err *e)
{
    struct range r;
    if (strchr(text, ':') || !range_parse(&r, text, RANGE_SECONDS, e) || r.inside || r.high < 0.001 || r.high > 3600)
        return err_set(e, "--timeout \"%.32s\": a time like 10, 500ms or 1m is expected, up to an hour", text);
    q->servers.limit_ms = (int)(r.high * 1000);
    return true;
}

static bool take_range(struct range *out, enum check_mode mode, const char *option, const char *text, struct err *e)
{
    return !text || range_parse(out, text, check_unit(mode), e) || err_prefix(e, "%s", option);
}

static bool parse(struct request *q, int argc, char **argv, struct err *e)
{
    int c;
    optind = 0; /* begin anew: the caller has used it */
    while ((c = getopt_long(argc, argv, "+vm:w:c:t:", long_options, NULL)) != -1) {
        q->json = q->json || c == 'j';
        q->verbose += c == 'v';
        q->direct = q->direct || c == 'd';
        q->warning = c == 'w' ? optarg : q->warning;
        q->critical = c == 'c' ? optarg : q->critical;
        q->servers.why = c == 'y' ? optarg : q->servers.why;
        if (c == '?')
            return err_set(e, "see mysql-replcheck help check"); /* getopt_long has complained */
        if ((c == 'm' && !take_mode(q, optarg, e)) || (c == 't' && !take_timeout(q, optarg, e)))
            return false;
    }
    if (optind < argc)
        return err_set(e, "\"%.64s\" is one word too many", argv[optind]);
    return take_range(&q->check.warning, q->check.mode, "--warning", q->warning, e) &&
           take_range(&q->check.critical, q->check.mode, "--critical", q->critical, e);
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

int check_main(const struct cli *cli, int argc, char **argv)
{
    struct request q = {.servers = {.why = "", .limit_ms = DIRECT_LIMIT_MS}};
    struct err e;
    if (!parse(&q, argc, argv, &e)) {
        printf("REPLCHECK UNKNOWN - %s\n", e.text);
        return EXIT_UNKNOWN;
    }
    struct report *r = mem_zalloc(sizeof(*r));
    int code = EXIT_UNKNOWN;
    if (fetch_report(cli, q.direct, &q.servers, r, &e)) {
        show(&q, r);
        code = check_exit(r);
    } else {
        code = q.servers.why[0] ? EXIT_CRITICAL : EXIT_UNKNOWN; /* that no supervisor answers is known */
        printf("REPLCHECK %s - %s\n", q.servers.why[0] ? "CRITICAL" : "UNKNOWN", e.text);
    }
    free(r);
    return fflush(stdout) == 0 ? code : EXIT_UNKNOWN;
}
