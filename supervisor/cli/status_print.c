#include "cli/status_print.h"

#include <ctype.h>
#include <libsmartcols/libsmartcols.h>
#include <stdlib.h>
#include <string.h>

#include "cli/status_print.h"

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

static struct libscols_table *make_table(const struct terminal *t, FILE *out)
{
    struct libscols_table *table = scols_new_table();
    if (!table)
        abort(); /* memory is exhausted, see base/mem.h */
    scols_table_set_stream(table, out);
    scols_table_enable_colors(table, t->colours);
    scols_table_set_termforce(table, t->width ? SCOLS_TERMFORCE_ALWAYS : SCOLS_TERMFORCE_NEVER);
    if (t->width)
        scols_table_set_termwidth(table, (size_t)t->width);
    scols_table_set_column_separator(table, "  ");
    return table;
}

static void set_text(struct libscols_line *line, size_t column, const char *text, const struct terminal *t,
                     enum paint p)
{
    const char *sequence = terminal_begin(t, p);
    if (scols_line_set_data(line, column, text[0] ? text : "-") != 0)
        abort();
    if (*sequence)
        scols_cell_set_color(scols_line_get_cell(line, column), sequence);
}

static struct libscols_line *add_line(struct libscols_table *table, const char *label,
                                      const struct terminal *t)
{
    char padded[LABEL_WIDTH + 1];
    struct libscols_line *line = scols_table_new_line(table, NULL);
    if (!line)
        abort();
    snprintf(padded, sizeof(padded), "%-*s", LABEL_WIDTH, label);
    set_text(line, 0, padded, t, PAINT_DIM);
    return line;
}

static void print_nodes(const struct report *r, const struct terminal *t, FILE *out)
{
    struct libscols_table *table = make_table(t, out);
    char heading[OBS_NODES][REPORT_NAME_MAX + 16];
    scols_table_new_column(table, "", 0, 0);
    for (int i = 0; i < OBS_NODES; i++) {
        snprintf(heading[i], sizeof(heading[i]), "%s%s", r->nodes[i].name,
                 i == r->self ? " (this node)" : "");
        struct libscols_column *column = scols_table_new_column(table, heading[i], 0.4, SCOLS_FL_WRAP);
        scols_cell_set_color(scols_column_get_header(column), t->colours ? "\033[1m" : NULL);
    }
    for (size_t row = 0; row < status_node_row_count; row++) {
        struct libscols_line *line = add_line(table, status_node_rows[row].label, t);
        for (int i = 0; i < OBS_NODES; i++) {
            struct cell c = {.text = ""};
            status_node_rows[row].fill(r, i, &c);
            set_text(line, (size_t)i + 1, c.text, t, c.paint);
        }
    }
    scols_print_table(table);
    scols_unref_table(table);
}

static void print_pair(const struct report *r, const struct terminal *t, FILE *out)
{
    struct libscols_table *table = make_table(t, out);
    scols_table_enable_noheadings(table, 1);
    scols_table_new_column(table, "label", 0, 0);
    scols_table_new_column(table, "text", 0.8, SCOLS_FL_WRAP);
    for (size_t row = 0; row < status_pair_row_count; row++) {
        struct cell c = {.text = ""};
        status_pair_rows[row].fill(r, &c);
        if (!c.text[0])
            continue;
        set_text(add_line(table, status_pair_rows[row].label, t), 1, c.text, t, c.paint);
    }
    scols_print_table(table);
    scols_unref_table(table);
}

void status_print(const struct report *r, const struct terminal *t, FILE *out)
{
    status_print_problems(r, t, out);
    fputc('\n', out);
    print_nodes(r, t, out);
    fputc('\n', out);
    print_pair(r, t, out);
}
