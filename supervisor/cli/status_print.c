#include "cli/status_print.h"

#include <ctype.h>
#include <stdio.h>

#include "cli/table.h"

#define LABEL_WIDTH 11

/* ---- the sentence and what is wrong ---- */

static void print_headline(const struct report *r, const struct terminal *t, FILE *out)
{
    fprintf(out, "%s%s%s %s", terminal_begin(t, terminal_paint_of(r->severity)), terminal_dot(t),
            terminal_end(t), terminal_begin(t, PAINT_STRONG));
    terminal_wrap(t, out, 2, 2, r->headline);
    fputs(terminal_end(t), out);
    if (r->source != REPORT_DIRECT)
        return;
    fprintf(out, "  %s", terminal_begin(t, PAINT_DIM));
    terminal_wrap(t, out, 2, 2,
                  "Both servers were asked directly: votes, fencer and decision are not known.");
    fputs(terminal_end(t), out);
}

static void print_problem(const struct problem *p, const struct terminal *t, FILE *out)
{
    char word[16];
    snprintf(word, sizeof(word), "%s", p->severity == SEVERITY_OK ? "note" : severity_name(p->severity));
    for (char *at = word; *at; at++)
        *at = (char)toupper((unsigned char)*at);
    fprintf(out, "  %s%-8s%s  ",
            terminal_begin(t, p->severity == SEVERITY_OK ? PAINT_DIM : terminal_paint_of(p->severity)), word,
            terminal_end(t));
    terminal_wrap(t, out, 12, 12, p->sentence);
    if (!p->remedy[0])
        return;
    fprintf(out, "            %s%s ", terminal_begin(t, PAINT_DIM), terminal_arrow(t));
    terminal_wrap(t, out, 12 + (t->utf8 ? 2 : 3), 14, p->remedy);
    fputs(terminal_end(t), out);
}

void status_print_problems(const struct report *r, const struct terminal *t, FILE *out)
{
    print_headline(r, t, out);
    for (int i = 0; i < r->problem_count; i++) {
        if (i == 0)
            fputc('\n', out);
        print_problem(&r->problems[i], t, out);
    }
}

/* ---- tables ---- */

/* What is left for `columns` columns beside the labels, each; 0 where there is no limit. */
static int width_beside_labels(const struct terminal *t, int columns)
{
    int width = (t->width - LABEL_WIDTH - 2 * columns) / columns;
    return !t->width ? 0 : width > 20 ? width : 20;
}

static struct libscols_line *add_line(struct table *table, const char *label)
{
    char padded[LABEL_WIDTH + 1];
    struct libscols_line *line = table_line(table);
    snprintf(padded, sizeof(padded), "%-*s", LABEL_WIDTH, label);
    table_cell(table, line, 0, padded, PAINT_DIM);
    return line;
}

static void print_nodes(const struct report *r, const struct terminal *t, FILE *out)
{
    struct table *table = table_new(t, out, true);
    table_column(table, "", 0);
    for (int i = 0; i < OBS_NODES; i++) {
        char heading[REPORT_NAME_MAX + 16];
        snprintf(heading, sizeof(heading), "%s%s", r->nodes[i].name, i == r->self ? " (this node)" : "");
        table_column(table, heading, width_beside_labels(t, OBS_NODES));
    }
    for (size_t row = 0; row < status_node_row_count; row++) {
        struct libscols_line *line = add_line(table, status_node_rows[row].label);
        for (int i = 0; i < OBS_NODES; i++) {
            struct cell c = {.text = ""};
            status_node_rows[row].fill(r, i, &c);
            table_cell(table, line, (size_t)i + 1, c.text, c.paint);
        }
    }
    table_print(&table);
}

static void print_pair(const struct report *r, const struct terminal *t, FILE *out)
{
    struct table *table = table_new(t, out, false);
    table_column(table, "label", 0);
    table_column(table, "text", width_beside_labels(t, 1));
    for (size_t row = 0; row < status_pair_row_count; row++) {
        struct cell c = {.text = ""};
        status_pair_rows[row].fill(r, &c);
        if (c.text[0])
            table_cell(table, add_line(table, status_pair_rows[row].label), 1, c.text, c.paint);
    }
    table_print(&table);
}

void status_print(const struct report *r, const struct terminal *t, FILE *out)
{
    status_print_problems(r, t, out);
    fputc('\n', out);
    print_nodes(r, t, out);
    fputc('\n', out);
    print_pair(r, t, out);
}
