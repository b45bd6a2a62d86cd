#include <getopt.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/mem.h"
#include "cli/command.h"
#include "cli/fetch.h"
#include "cli/json_print.h"
#include "wire/check_line.h"
#include "wire/report_json.h"

#define EXIT_UNKNOWN 3

struct request {
    bool json, verbose, direct;
};

static const struct option long_options[] = {
    {"json", no_argument, NULL, 'j'},
    {"verbose", no_argument, NULL, 'v'},
    {"direct", no_argument, NULL, 'd'},
    {0},
};

static bool parse(struct request *q, int argc, char **argv, struct err *e)
{
    int c;
    optind = 0; /* begin anew: the caller has used it */
    while ((c = getopt_long(argc, argv, "+v", long_options, NULL)) != -1) {
        q->json = q->json || c == 'j';
        q->verbose = q->verbose || c == 'v';
        q->direct = q->direct || c == 'd';
        if (c == '?')
            return err_set(e, "see mysql-replcheck help check"); /* getopt_long has complained */
    }
    if (optind < argc)
        return err_set(e, "\"%.64s\" is one word too many", argv[optind]);
    return true;
}

static void show(const struct request *q, const struct report *r)
{
    char text[CHECK_LINE_MAX];
    if (q->json) {
        json_print(report_to_json(r));
        return;
    }
    puts(check_line(r, text, sizeof(text)));
    for (int i = 0; q->verbose && i < r->problem_count; i++)
        puts(check_detail(&r->problems[i], text, sizeof(text)));
}

int check_main(const struct cli *cli, int argc, char **argv)
{
    struct request q = {0};
    struct err e;
    if (!parse(&q, argc, argv, &e)) {
        printf("REPLCHECK UNKNOWN - %s\n", e.text);
        return EXIT_UNKNOWN;
    }
    struct report *r = mem_zalloc(sizeof(*r));
    int code = EXIT_UNKNOWN;
    if (fetch_report(cli, q.direct, r, &e)) {
        show(&q, r);
        code = check_exit(r);
    } else {
        printf("REPLCHECK UNKNOWN - %s\n", e.text);
    }
    free(r);
    return fflush(stdout) == 0 ? code : EXIT_UNKNOWN;
}
