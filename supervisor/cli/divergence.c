#include "cli/divergence.h"

#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "cli/argument.h"
#include "cli/become.h"
#include "cli/command.h"
#include "cli/fetch.h"
#include "cli/json_print.h"

#define DEFAULT_LIMIT "50"

struct request {
    bool json, values, keep, kept;
    int64_t limit;
    const char *own, *other; /* states that were given; NULL = ask for them */
};

enum { JSON = USAGE_LONG, KEEP, KEPT, LIMIT, OWN, OTHER };

static const struct usage_option options[] = {
    {"verbose", 'v',
     .help = "the rows' values too: the first 20 of each transaction,\n"
             "columns numbered in the table's order"},
    {"json", JSON, .help = "for programs"},
    {"limit", LIMIT, "N", .preset = DEFAULT_LIMIT,
     .help = "list the first N transactions, 0 is all; all are counted"},
    {"keep", KEEP,
     .help = "also copy list and events to divergence/ in state_dir;\na quarantined node has done so"},
    {"kept", KEPT, .help = "show what was kept last"},
    {"own", OWN, "STATE", .help = "this server's gtid_binlog_state, instead of asking for it;"},
    {"other", OTHER, "STATE", .help = "and the other's"},
    {0},
};
const struct usage divergence_usage = {
    "divergence", "[-v] [--json] [--limit N] [--keep | --kept] [--own STATE --other STATE]",
    "Lists them from the binary logs of this node's server: GTID, time, tables, and how many\n"
    "rows of which kind.\n",
    NULL, options};

static bool take_option(struct request *q, int c, struct err *e)
{
    switch (c) {
    case JSON:
        return q->json = true;
    case 'v':
        return q->values = true;
    case KEEP:
        return q->keep = true;
    case KEPT:
        return q->kept = true;
    case LIMIT:
        return argument_number("--limit", optarg, 0, 1000000000, &q->limit, e);
    case OWN:
        q->own = optarg;
        return true;
    case OTHER:
        q->other = optarg;
        return true;
    default:
        return false;
    }
}

static bool parse(struct request *q, int argc, char **argv, struct err *e)
{
    int c;
    usage_begin();
    while ((c = usage_next(&divergence_usage, argc, argv)) != -1)
        if (c == '?' ? !usage_complain(&divergence_usage, argc, argv, e) : !take_option(q, c, e))
            return false;
    if (optind < argc)
        return err_set(e, "\"%.64s\" is one word too many", argv[optind]);
    if (!q->own != !q->other)
        return err_set(e, "--own and --other go together");
    if (q->kept && (q->keep || q->own))
        return err_set(e, "--kept goes with neither --keep nor --own and --other");
    return true;
}

/* ---- the states ---- */

static bool take_states(const struct request *q, struct divergence *d, struct err *e)
{
    if (!gtid_set_parse(&d->own_state, q->own, e))
        return err_prefix(e, "--own");
    return gtid_set_parse(&d->other_state, q->other, e) || err_prefix(e, "--other");
}

static void take_state(struct gtid_set *out, const char *text)
{
    struct err ignored;
    if (!text[0] || !gtid_set_parse(out, text, &ignored))
        out->known = false;
}

/* As the supervisor saw them last; without one both servers are asked. What cannot be told stays unknown. */
static bool ask_states(const struct cli *cli, struct divergence *d, struct err *e)
{
    struct report *r = mem_zalloc(sizeof(*r));
    bool ok = fetch_report(cli, false, NULL, r, e);
    if (ok) {
        take_state(&d->own_state, r->nodes[r->self].binlog_state);
        take_state(&d->other_state, r->nodes[1 - r->self].binlog_state);
    }
    free(r);
    return ok;
}

/* ---- the command ---- */

static bool is_gone(const json_t *list)
{
    const char *gone = json_string_value(json_object_get(list, "gone"));
    return gone && gone[0];
}

/* Where the binary logs do not tell any more, what was kept while they did. */
static json_t *read_or_kept(const struct request *q, const struct divergence *d, struct err *e)
{
    struct err ignored;
    json_t *list = divergence_read(d, (unsigned)q->limit, q->values, e);
    if (list && !is_gone(list))
        return list;
    json_t *kept = divergence_kept(d, &ignored);
    if (kept && list)
        json_decref(list);
    return kept ? kept : list;
}

static json_t *obtain(const struct cli *cli, const struct request *q, struct divergence *d, struct err *e)
{
    if (q->kept)
        return divergence_kept(d, e);
    if (!(q->own ? take_states(q, d, e) : ask_states(cli, d, e)) ||
        !become_user(cli->settings->node.run_as, e))
        return NULL;
    if (!d->own_state.known)
        err_set(e, "the own server's gtid_binlog_state is not known: it does not answer");
    else if (!d->other_state.known)
        err_set(
            e,
            "what %s has is not known: it was not heard; give its gtid_binlog_state with --own and --other",
            d->other);
    else
        return q->keep ? divergence_keep(d, e) : read_or_kept(q, d, e);
    struct err ignored;
    return divergence_kept(d, &ignored);
}

static struct divergence divergence_of(const struct settings *s)
{
    bool first = strcmp(s->cluster.nodes[0].name, s->node.node) == 0;
    return (struct divergence){.node = s->node.node,
                               .other = s->cluster.nodes[first ? 1 : 0].name,
                               .source = {.socket = s->node.local.socket, .user = s->node.local.user},
                               .state_dir = s->node.state_dir};
}

int divergence_main(const struct cli *cli, int argc, char **argv)
{
    struct request q = {.limit = atoi(DEFAULT_LIMIT)};
    struct divergence d = divergence_of(cli->settings);
    struct terminal t;
    struct err e;
    if (!parse(&q, argc, argv, &e)) {
        fprintf(stderr, "mysql-replcheck divergence: %s\n", e.text);
        return EXIT_USAGE;
    }
    json_t *list = obtain(cli, &q, &d, &e);
    if (!list) {
        fprintf(stderr, "mysql-replcheck divergence: %s\n", e.text);
        return EXIT_FAILED;
    }
    terminal_look(&t, STDOUT_FILENO);
    if (q.json) {
        json_print(list);
    } else {
        divergence_print(list, q.values, &t);
        json_decref(list);
    }
    return terminal_flush("divergence") ? EXIT_DONE : EXIT_FAILED;
}
