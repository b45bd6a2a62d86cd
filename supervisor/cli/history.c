#include "cli/history.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "cli/argument.h"
#include "cli/history_print.h"
#include "cli/terminal.h"
#include "io/journal.h"

#define DEFAULT_LIMIT "100"

enum { EXIT_DONE = 0, EXIT_FAILED = 1, EXIT_USAGE = 2 };

struct request {
    int64_t since_ms; /* 0: from the beginning */
    int64_t limit;    /* 0: not given */
    enum journal_kind kind;
    bool json;
    char path[SETTINGS_PATH_MAX + 16];
};

enum { SINCE = USAGE_LONG, KIND, LIMIT, JSON, JOURNAL };

static const struct usage_option options[] = {
    {"since", SINCE, "DURATION", .help = "not older than this: 30m, 24h"},
    {"kind", KIND, "KIND", "state action operator alert start hook",
     .help = "only one of: state, action, operator, alert, start, hook"},
    {"limit", LIMIT, "N", .preset = DEFAULT_LIMIT, .help = "the newest N; with --since all of them"},
    {"json", JSON, .help = "for programs"},
    {"journal", JOURNAL, "FILE", USAGE_FILE, .help = "another file, such as one that was set aside"},
    {0},
};
const struct usage history_usage = {"history", "[OPTION...]",
                                    "Shows what happened on this node, oldest first.\n", NULL, options};

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
    case SINCE:
        return argument_duration("--since", optarg, 1, INT64_C(10) * 365 * 86400000, &r->since_ms, e);
    case KIND:
        return parse_kind(optarg, &r->kind, e);
    case LIMIT:
        return argument_number("--limit", optarg, 1, JOURNAL_KEEP, &r->limit, e);
    case JSON:
        return r->json = true;
    case JOURNAL:
        if (snprintf(r->path, sizeof(r->path), "%s", optarg) < (int)sizeof(r->path))
            return true;
        return err_set(e, "--journal: the path is too long");
    default:
        return false;
    }
}

static bool parse_request(struct request *r, const struct settings *settings, int argc, char **argv,
                          struct err *e)
{
    int c;
    usage_begin();
    while ((c = usage_next(&history_usage, argc, argv)) != -1)
        if (c == '?' ? !usage_complain(&history_usage, argc, argv, e) : !take_option(r, c, e))
            return false;
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
        filter.limit = (unsigned)atoi(DEFAULT_LIMIT);
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
        struct terminal terminal;
        terminal_look(&terminal, STDOUT_FILENO);
        struct history_table *table = history_table_new(&terminal);
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
    if (!parse_request(&r, settings_or_null, argc, argv, &e)) {
        fprintf(stderr, "mysql-replcheck history: %s\n", e.text);
        return EXIT_USAGE;
    }
    if (show(&r, &e))
        return EXIT_DONE;
    fprintf(stderr, "mysql-replcheck history: %s\n", e.text);
    return EXIT_FAILED;
}
