#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/mem.h"
#include "cli/command.h"
#include "cli/fetch.h"
#include "cli/json_print.h"
#include "cli/status_print.h"
#include "cli/watch.h"
#include "wire/report_json.h"

struct request {
    bool json, watch, direct;
};

enum { JSON = USAGE_LONG, WATCH, DIRECT };

static const struct usage_option options[] = {
    {"json", JSON, .help = "for programs"},
    {"watch", WATCH, .help = "live, until q"},
    {"direct", DIRECT, .help = "ask both servers, not the supervisor (done by itself where none answers)"},
    {0},
};
const struct usage status_usage = {"status", "[--watch | [--json] [--direct]]", "", NULL, options};

static bool parse(struct request *r, int argc, char **argv, struct err *e)
{
    int c;
    usage_begin();
    while ((c = usage_next(&status_usage, argc, argv)) != -1) {
        r->json = r->json || c == JSON;
        r->watch = r->watch || c == WATCH;
        r->direct = r->direct || c == DIRECT;
        if (c == '?')
            return usage_complain(&status_usage, argc, argv, e);
    }
    if (optind < argc)
        return err_set(e, "\"%.64s\" is one word too many", argv[optind]);
    if (r->watch && (r->json || r->direct))
        return err_set(e, "--watch goes with no other option");
    return true;
}

static void show(const struct report *r, bool json)
{
    struct terminal t;
    terminal_look(&t, STDOUT_FILENO);
    if (json)
        json_print(report_to_json(r));
    else
        status_print(r, &t, stdout);
}

int status_main(const struct cli *cli, int argc, char **argv)
{
    struct request q = {0};
    struct err e;
    if (!parse(&q, argc, argv, &e)) {
        fprintf(stderr, "mysql-replcheck status: %s\n", e.text);
        return EXIT_USAGE;
    }
    if (q.watch)
        return watch_run(cli);
    struct report *r = mem_zalloc(sizeof(*r));
    bool ok = fetch_report(cli, q.direct, NULL, r, &e);
    if (ok)
        show(r, q.json);
    else
        fprintf(stderr, "mysql-replcheck status: %s\n", e.text);
    free(r);
    return ok && terminal_flush("status") ? EXIT_DONE : EXIT_FAILED;
}
