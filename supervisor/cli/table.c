#include "cli/table.h"

#include <libsmartcols/libsmartcols.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

#define COLUMNS_MAX 8

struct table {
    struct libscols_table *made;
    const struct terminal *terminal;
    int widths[COLUMNS_MAX];
    size_t columns;
};

struct table *table_new(const struct terminal *terminal, FILE *out, bool headings)
{
    struct table *t = mem_zalloc(sizeof(*t));
    t->terminal = terminal;
    t->made = scols_new_table();
    if (!t->made)
        abort(); /* memory is exhausted, see base/mem.h */
    scols_table_set_stream(t->made, out);
    scols_table_enable_colors(t->made, terminal->colours);
    scols_table_enable_noheadings(t->made, !headings);
    scols_table_set_column_separator(t->made, "  ");
    scols_table_set_termforce(t->made, terminal->width ? SCOLS_TERMFORCE_ALWAYS : SCOLS_TERMFORCE_NEVER);
    if (terminal->width)
        scols_table_set_termwidth(t->made, (size_t)terminal->width);
    return t;
}

void table_column(struct table *t, const char *heading, int width)
{
    struct libscols_column *c = scols_table_new_column(t->made, heading, 0, width ? SCOLS_FL_WRAP : 0);
    if (!c || t->columns == COLUMNS_MAX)
        abort();
    if (width) {
        scols_column_set_safechars(c, "\n");
        scols_column_set_wrapfunc(c, scols_wrapnl_chunksize, scols_wrapnl_nextchunk, NULL);
    }
    if (t->terminal->colours)
        scols_cell_set_color(scols_column_get_header(c), terminal_begin(t->terminal, PAINT_STRONG));
    t->widths[t->columns++] = width;
}

struct libscols_line *table_line(struct table *t)
{
    struct libscols_line *line = scols_table_new_line(t->made, NULL);
    if (!line)
        abort();
    return line;
}

void table_cell(const struct table *t, struct libscols_line *line, size_t column, const char *text,
                enum paint p)
{
    const char *sequence = terminal_begin(t->terminal, p), *shown = text[0] ? text : "-";
    char *owned =
        t->widths[column] ? terminal_fold(t->terminal, shown, t->widths[column]) : mem_strdup(shown);
    if (scols_line_refer_data(line, column, owned) != 0)
        abort();
    if (*sequence)
        scols_cell_set_color(scols_line_get_cell(line, column), sequence);
}

void table_print(struct table **t)
{
    scols_print_table((*t)->made);
    scols_unref_table((*t)->made);
    free(*t);
    *t = NULL;
}
