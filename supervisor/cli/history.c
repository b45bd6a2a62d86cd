#include "cli/history.h"

#include <errno.h>
#include <getopt.h>
#include <locale.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "cli/argument.h"
#include "cli/history_print.h"
#include "io/journal.h"

#define DEFAULT_LIMIT 100

enum { EXIT_DONE = 0, EXIT_FAILED = 1, EXIT_USAGE = 2 };

struct request {
    int64_t since_ms; /* 0: from the beginning */
    int64_t limit;    /* 0: not given */
    enum journal_kind kind;
    bool json;
    char path[SETTINGS_PATH_MAX + 16];
};

static const char usage_text[] =
    "usage: mysql-replcheck history [OPTION...]\n"
    "Shows what happened on this node, oldest first.\n"
    "\n"
    "  --since DURATION   not older than this: 30m, 24h\n"
    "  --kind KIND        only one of: state, action, operator, alert, start, hook\n"
    "  --limit N          the newest N (without --since: 100)\n"
    "  --json             for programs\n"
    "  --journal FILE     another file, such as one that was set aside\n";

static const struct option long_options[] = {
    {"since", required_argument, NULL, 's'},
    {"kind", required_argument, NULL, 'k'},
    {"limit", required_argument, NULL, 'n'},
    {"json", no_argument, NULL, 'j'},
    {"journal", required_argument, NULL, 'f'},
    {"help", no_argument, NULL, 'h'},
    {0},
};

static bool parse_kind(const char *text, enum journal_kind *out, struct err *e)
{
    *out = journal_kind_parse(text);
    if (*out == JOURNAL_UNKNOWN)
        return err_set(e, "--kind %.32s: expected state, action, operator, alert, start or hook", text);
    return true;
}

static bool take_option(struct request *r, int c, struct err *e)
{
    switch (c) {
    case 's':
        return argument_duration("--since", optarg, 1, INT64_C(10) * 365 * 86400000, &r->since_ms, e);
    case 'k':
        return parse_kind(optarg, &r->kind, e);
    case 'n':
        return argument_number("--limit", optarg, 1, JOURNAL_KEEP, &r->limit, e);
    case 'j':
        return r->json = true;
    case 'f':
        if (snprintf(r->path, sizeof(r->path), "%s", optarg) < (int)sizeof(r->path))
            return true;
        return err_set(e, "--journal: the path is too long");
    default:
        return err_set(e, "see mysql-replcheck history --help"); /* getopt_long has complained */
    }
}

static bool parse_request(struct request *r, const struct settings *settings, int argc, char **argv,
                          bool *help, struct err *e)
{
    int c;
    *help = false;
    optind = 0; /* begin anew: the caller has used it */
    while ((c = getopt_long(argc, argv, "+", long_options, NULL)) != -1) {
        if (c == 'h')
            return *help = true;
        if (!take_option(r, c, e))
            return false;
    }
    if (optind < argc)
        return err_set(e, "\"%.64s\" is one word too many", argv[optind]);
    if (r->path[0])
        return true;
    if (!settings)
        return err_set(e, "there is no configuration that names state_dir; use --journal FILE");
    snprintf(r->path, sizeof(r->path), "%s/%s", settings->node.state_dir, JOURNAL_FILE);
    return true;
}

static struct journal_filter filter_of(const struct request *r)
{
    struct journal_filter filter = {.kind = r->kind, .limit = (unsigned)r->limit};
    if (r->since_ms)
        filter.since_us = clock_wall_us() - CLOCK_MS(r->since_ms);
    else if (!r->limit)
        filter.limit = DEFAULT_LIMIT;
    return filter;
}

/* What was read before a failure is shown all the same. */
static bool show(const struct request *r, struct err *e)
{
    struct journal_filter filter = filter_of(r);
    bool ok;
    if (r->json) {
        struct json_t *root = history_json_new();
        ok = journal_list(r->path, &filter, history_json_add, root, e);
        history_json_print(&root);
    } else {
        struct history_table *table = history_table_new(isatty(STDOUT_FILENO));
        ok = journal_list(r->path, &filter, history_table_add, table, e);
        history_table_print(&table);
    }
    if (ok && (fflush(stdout) != 0 || ferror(stdout)))
        ok = err_set(e, "writing the output: %s", strerror(errno));
    return ok;
}

int history_main(const struct settings *settings_or_null, int argc, char **argv)
{
    struct request r = {0};
    struct err e;
    bool help;
    setlocale(LC_CTYPE, ""); /* for the width of what is shown */
    if (!parse_request(&r, settings_or_null, argc, argv, &help, &e)) {
        fprintf(stderr, "mysql-replcheck history: %s\n", e.text);
        return EXIT_USAGE;
    }
    if (help) {
        fputs(usage_text, stdout);
        return EXIT_DONE;
    }
    if (show(&r, &e))
        return EXIT_DONE;
    fprintf(stderr, "mysql-replcheck history: %s\n", e.text);
    return EXIT_FAILED;
}
