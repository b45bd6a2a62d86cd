/* The decision's table, straight from the model: for people, for Graphviz, for programs. */
#include <getopt.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli/command.h"
#include "cli/json_print.h"
#include "cli/terminal.h"
#include "model/explain.h"
#include "model/report_text.h"
#include "wire/explain_json.h"

enum form { FORM_TEXT, FORM_DOT, FORM_JSON };

#define TEXT_MAX 1024

/* ---- text ---- */

static void format_states(const struct rule *r, char *out, size_t size)
{
    out[0] = '\0';
    for (int s = 0; s < NODE_STATES; s++)
        if (r->states & (UINT32_C(1) << s))
            report_text_add(out, size, "%s%s", out[0] ? "; " : "", node_state_name((enum node_state)s));
}

static void format_conditions(const struct rule *r, const char *separator, char *out, size_t size)
{
    char wanted[REPORT_SENTENCE_MAX];
    out[0] = '\0';
    for (int i = 0; i < RULE_CONDITIONS_MAX && r->when[i].fact; i++)
        report_text_add(out, size, "%s%s: %s", out[0] ? separator : "", fact_name(r->when[i].fact),
                        explain_wanted(&r->when[i], wanted, sizeof(wanted)));
}

static void print_part(const struct terminal *t, const char *label, const char *text)
{
    if (!text[0])
        return;
    printf("     %s%-8s%s", terminal_begin(t, PAINT_DIM), label, terminal_end(t));
    terminal_wrap(t, stdout, 13, 13, text);
}

static void print_row(const struct rule *r, const struct terminal *t)
{
    char text[TEXT_MAX];
    printf("%s%3d%s  %s", terminal_begin(t, PAINT_STRONG), r->id, terminal_end(t),
           terminal_begin(t, PAINT_STRONG));
    terminal_wrap(t, stdout, 5, 5, r->reason);
    fputs(terminal_end(t), stdout);
    format_states(r, text, sizeof(text));
    print_part(t, "in", text);
    format_conditions(r, "; ", text, sizeof(text));
    print_part(t, "when", text[0] ? text : "always");
    print_part(t, "next", r->stay ? "stays" : node_state_name(r->next));
    print_part(t, "does", explain_actions(r->actions, text, sizeof(text)));
}

static const char *section_name(int hundred)
{
    static const char *const names[] = {
        "",         "what stops a writer",   "unknown", "standby", "promotion", "writer",
        "demotion", "fenced and quarantined"};
    return hundred >= 1 && hundred <= 7 ? names[hundred] : "further";
}

static void print_text(void)
{
    struct terminal t;
    terminal_look(&t, STDOUT_FILENO);
    printf("The first row that matches decides; what is not named does not matter.\n");
    for (size_t i = 0; i < rules_count; i++) {
        int hundred = rules_table[i].id / 100;
        if (i == 0 || hundred != rules_table[i - 1].id / 100)
            printf("\n%s%dxx  %s%s\n", terminal_begin(&t, PAINT_GOOD), hundred, section_name(hundred),
                   terminal_end(&t));
        print_row(&rules_table[i], &t);
    }
}

/* ---- Graphviz ---- */

static void add_edge_rows(enum node_state from, enum node_state to, char *out, size_t size)
{
    out[0] = '\0';
    for (size_t i = 0; i < rules_count; i++) {
        const struct rule *r = &rules_table[i];
        if (!r->stay && r->next == to && from != to && (r->states & (UINT32_C(1) << from)))
            report_text_add(out, size, "%s%d %s", out[0] ? "\\l" : "", r->id, r->reason);
    }
}

static void print_quoted(const char *text)
{
    putchar('"');
    for (; *text; text++) {
        if (*text == '"')
            putchar('\\');
        putchar(*text);
    }
    putchar('"');
}

static void print_dot(void)
{
    char rows[4 * TEXT_MAX];
    puts("digraph rules {\n    rankdir=LR;\n    node [shape=box, style=rounded];");
    for (int from = 0; from < NODE_STATES; from++)
        for (int to = 0; to < NODE_STATES; to++) {
            add_edge_rows((enum node_state)from, (enum node_state)to, rows, sizeof(rows));
            if (!rows[0])
                continue;
            report_text_add(rows, sizeof(rows), "\\l");
            printf("    \"%s\" -> \"%s\" [label=", node_state_name((enum node_state)from),
                   node_state_name((enum node_state)to));
            print_quoted(rows);
            puts("];");
        }
    puts("}");
}

/* ---- the command ---- */

enum { DOT = USAGE_LONG, JSON };

static const struct usage_option options[] = {
    {"dot", DOT, .help = "states and transitions for Graphviz"}, {"json", JSON, .help = "for programs"}, {0}};
const struct usage rules_usage = {"rules", "[--dot | --json]", "", NULL, options};

static bool parse(enum form *form, int argc, char **argv, struct err *e)
{
    int c, given = 0;
    usage_begin();
    while ((c = usage_next(&rules_usage, argc, argv)) != -1) {
        if (c == '?')
            return usage_complain(&rules_usage, argc, argv, e);
        *form = c == DOT ? FORM_DOT : FORM_JSON;
        given++;
    }
    if (given > 1)
        return err_set(e, "--dot or --json, one of them");
    return optind == argc || err_set(e, "\"%.64s\" is one word too many", argv[optind]);
}

int rules_main(const struct cli *cli, int argc, char **argv)
{
    enum form form = FORM_TEXT;
    struct err e;
    (void)cli;
    if (!parse(&form, argc, argv, &e)) {
        fprintf(stderr, "mysql-replcheck rules: %s\n", e.text);
        return EXIT_USAGE;
    }
    if (form == FORM_JSON)
        json_print(rules_to_json());
    else if (form == FORM_DOT)
        print_dot();
    else
        print_text();
    return terminal_flush("rules") ? EXIT_DONE : EXIT_FAILED;
}
