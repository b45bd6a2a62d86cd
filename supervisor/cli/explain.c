#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/duration.h"
#include "base/mem.h"
#include "cli/ask.h"
#include "cli/command.h"
#include "cli/json_print.h"
#include "cli/terminal.h"
#include "wire/explain_json.h"

static void print_headline(const struct explanation *x, const struct terminal *t)
{
    char since[DURATION_MAX], text[2 * REPORT_SENTENCE_MAX];
    snprintf(text, sizeof(text), "%s is %s (for %s) by row %d: %s", x->node, x->state,
             duration_format_ms(x->since_ms, since), x->row_id, x->reason);
    fputs(terminal_begin(t, PAINT_STRONG), stdout);
    terminal_wrap(t, stdout, 0, 0, text);
    fputs(terminal_end(t), stdout);
    if (x->last_failure[0]) {
        snprintf(text, sizeof(text), "Its last attempt to become the writer failed: %s", x->last_failure);
        terminal_wrap(t, stdout, 0, 0, text);
    }
}

static void print_match(const struct explanation *x, const struct terminal *t)
{
    char text[2 * REPORT_SENTENCE_MAX];
    printf("\n%sRow %d matched%s\n", terminal_begin(t, PAINT_STRONG), x->row_id, terminal_end(t));
    if (x->condition_count == 0)
        puts("  it asks for nothing: no row before it matched");
    for (int i = 0; i < x->condition_count; i++)
        printf("  %s: %s%s%s\n", x->conditions[i].name, terminal_begin(t, PAINT_GOOD), x->conditions[i].value,
               terminal_end(t));
    snprintf(text, sizeof(text), "%s", x->actions[0] ? x->actions : "nothing is to be done");
    fputs("  actions: ", stdout);
    terminal_wrap(t, stdout, 11, 11, text);
}

static void print_tried(const struct explanation *x, const struct terminal *t)
{
    if (x->tried_count)
        printf("\n%sTried before it%s, each with the first of its conditions that does not hold\n",
               terminal_begin(t, PAINT_STRONG), terminal_end(t));
    for (int i = 0; i < x->tried_count; i++) {
        const struct explain_row *row = &x->tried[i];
        printf("  %3d  ", row->id);
        terminal_wrap(t, stdout, 7, 7, row->reason);
        printf("       %s%s: %s%s%s%s%s (needs %s)%s\n", terminal_begin(t, PAINT_DIM), row->fact,
               terminal_end(t), terminal_begin(t, PAINT_WARN), row->value, terminal_end(t),
               terminal_begin(t, PAINT_DIM), row->wanted, terminal_end(t));
    }
}

static enum paint paint_of_value(const char *value)
{
    return strcmp(value, "unknown") == 0 ? PAINT_UNKNOWN : strcmp(value, "no") == 0 ? PAINT_DIM : PAINT_PLAIN;
}

static void print_facts(const struct explanation *x, const struct terminal *t)
{
    printf("\n%sFacts%s\n", terminal_begin(t, PAINT_STRONG), terminal_end(t));
    for (int i = 0; i < x->fact_count; i++)
        printf("  %-44s %s%s%s\n", x->facts[i].name, terminal_begin(t, paint_of_value(x->facts[i].value)),
               x->facts[i].value, terminal_end(t));
}

static void show(const struct explanation *x, bool json)
{
    struct terminal t;
    if (json) {
        json_print(explain_to_json(x));
        return;
    }
    terminal_look(&t, STDOUT_FILENO);
    print_headline(x, &t);
    print_match(x, &t);
    print_tried(x, &t);
    print_facts(x, &t);
}

/* ---- the command ---- */

static bool fetch(const struct cli *cli, struct explanation *x, struct err *e)
{
    struct control_request request = {.command = CONTROL_EXPLAIN};
    struct control_answer answer;
    if (ask_once(cli->settings->node.run_dir, &request, ASK_PATIENCE_MS, &answer, e) != ASK_DONE)
        return false;
    bool ok = explain_from_json(x, json_object_get(answer.json, "explanation"), e);
    control_answer_clear(&answer);
    return ok;
}

static const struct usage_option options[] = {{"json", USAGE_LONG, .help = "for programs"}, {0}};
const struct usage explain_usage = {
    "explain", "[--json]",
    "Shows the row of the decision that matched, the rows that were tried before it and why\n"
    "they did not, and the facts.\n",
    NULL, options};

static bool parse(bool *json, int argc, char **argv, struct err *e)
{
    int c;
    usage_begin();
    while ((c = usage_next(&explain_usage, argc, argv)) != -1) {
        *json = true;
        if (c == '?')
            return usage_complain(&explain_usage, argc, argv, e);
    }
    return optind == argc || err_set(e, "\"%.64s\" is one word too many", argv[optind]);
}

int explain_main(const struct cli *cli, int argc, char **argv)
{
    struct err e;
    bool json = false;
    if (!parse(&json, argc, argv, &e)) {
        fprintf(stderr, "mysql-replcheck explain: %s\n", e.text);
        return EXIT_USAGE;
    }
    struct explanation *x = mem_zalloc(sizeof(*x));
    bool ok = fetch(cli, x, &e);
    if (ok)
        show(x, json);
    else
        fprintf(stderr, "mysql-replcheck explain: %s\n", e.text);
    free(x);
    return ok && terminal_flush("explain") ? EXIT_DONE : EXIT_FAILED;
}
