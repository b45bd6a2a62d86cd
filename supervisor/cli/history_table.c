#include <libsmartcols/libsmartcols.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/mem.h"
#include "cli/history_print.h"

/* The least for what and why: on a narrow terminal their lines are many, and wider than it where it is too
 * narrow. */
#define WHAT_LEAST    13
#define REASON_LEAST  16
#define POSITION_MOST 20

enum column { TIME, NODE, WHAT, ROW, REASON, EPOCH, POSITION, COLUMNS };

static const struct {
    const char *name;
    int flags;
} columns[COLUMNS] = {
    [TIME] = {"TIME", 0},
    [NODE] = {"NODE", 0},
    [WHAT] = {"WHAT", SCOLS_FL_WRAP},
    [ROW] = {"ROW", SCOLS_FL_RIGHT},
    [REASON] = {"REASON", SCOLS_FL_WRAP},
    [EPOCH] = {"EPOCH", SCOLS_FL_RIGHT},
    [POSITION] = {"POSITION", SCOLS_FL_WRAP},
};

struct row {
    char *cells[COLUMNS];
    const char *colour;
};

struct history_table {
    struct terminal terminal;
    struct row *rows;
    size_t count;
    int widths[COLUMNS]; /* of the widest cell, or of the heading */
};

struct history_table *history_table_new(const struct terminal *terminal)
{
    struct history_table *t = mem_zalloc(sizeof(*t));
    t->terminal = *terminal;
    for (int c = 0; c < COLUMNS; c++)
        t->widths[c] = (int)strlen(columns[c].name);
    return t;
}

static void set(struct history_table *t, struct row *row, enum column c, char *owned)
{
    int width = owned ? terminal_columns(owned) : 0;
    row->cells[c] = owned;
    if (width > t->widths[c])
        t->widths[c] = width;
}

static char *format_time(int64_t at_us)
{
    int64_t part_us = (at_us % 1000000 + 1000000) % 1000000; /* a damaged row may be of before 1970 */
    time_t seconds = (time_t)(at_us / 1000000 - (at_us % 1000000 < 0));
    struct tm tm;
    char when[32] = "?";
    if (localtime_r(&seconds, &tm))
        strftime(when, sizeof(when), "%Y-%m-%d %H:%M:%S", &tm);
    return mem_printf("%s.%03d", when, (int)(part_us / 1000));
}

static char *format_what(const struct history_table *t, const struct journal_event *e)
{
    if (e->kind == JOURNAL_STATE)
        return mem_printf("%s %s %s", e->state_from, terminal_arrow(&t->terminal), e->state_to);
    return mem_printf("%s%s%s", journal_kind_name(e->kind), e->detail[0] ? ": " : "", e->detail);
}

static char *format_reason(const struct journal_event *e)
{
    bool more = e->kind == JOURNAL_STATE && e->detail[0];
    return more ? mem_printf("%s (%s)", e->reason, e->detail) : mem_strdup(e->reason);
}

static const char *colour(const struct journal_event *e)
{
    switch (e->kind) {
    case JOURNAL_ALERT:
        return "red";
    case JOURNAL_OPERATOR:
        return "cyan";
    case JOURNAL_STATE:
        return strcmp(e->state_to, "writer") == 0                                              ? "green"
               : strcmp(e->state_to, "fenced") == 0 || strcmp(e->state_to, "quarantined") == 0 ? "red"
                                                                                               : "yellow";
    default:
        return NULL;
    }
}

void history_table_add(const struct journal_event *e, void *table)
{
    struct history_table *t = table;
    t->rows = mem_resize(t->rows, (t->count + 1) * sizeof(*t->rows));
    struct row *row = &t->rows[t->count++];
    *row = (struct row){.colour = colour(e)};
    set(t, row, TIME, format_time(e->at_us));
    set(t, row, NODE, mem_strdup(e->node));
    set(t, row, WHAT, format_what(t, e));
    set(t, row, ROW, e->row_id ? mem_printf("%d", e->row_id) : NULL);
    set(t, row, REASON, format_reason(e));
    set(t, row, EPOCH, e->epoch ? mem_printf("%llu", (unsigned long long)e->epoch) : NULL);
    set(t, row, POSITION, mem_strdup(e->gtid));
}

/* What and why share what the others leave; whoever needs less than its share leaves the rest to the other.
 */
static void fit(struct history_table *t)
{
    int left = t->terminal.width - COLUMNS; /* a blank between two, and one that ends no line */
    if (t->widths[POSITION] > POSITION_MOST)
        t->widths[POSITION] = POSITION_MOST;
    for (int c = 0; c < COLUMNS; c++)
        left -= c == WHAT || c == REASON ? 0 : t->widths[c];
    if (!t->terminal.width || t->widths[WHAT] + t->widths[REASON] <= left)
        return;
    int what = left * 2 / 5 > WHAT_LEAST ? left * 2 / 5 : WHAT_LEAST;
    if (left - t->widths[REASON] > what)
        what = left - t->widths[REASON];
    if (t->widths[WHAT] > what)
        t->widths[WHAT] = what;
    t->widths[REASON] = left - t->widths[WHAT] > REASON_LEAST ? left - t->widths[WHAT] : REASON_LEAST;
}

static struct libscols_table *make(const struct terminal *t)
{
    struct libscols_table *made = scols_new_table();
    if (!made)
        abort(); /* memory is exhausted, see base/mem.h */
    scols_table_enable_colors(made, t->colours);
    scols_table_set_termforce(made, t->width ? SCOLS_TERMFORCE_ALWAYS : SCOLS_TERMFORCE_NEVER);
    if (t->width)
        scols_table_set_termwidth(made, (size_t)t->width);
    for (int c = 0; c < COLUMNS; c++) {
        struct libscols_column *column = scols_table_new_column(made, columns[c].name, 0, columns[c].flags);
        if (!column)
            abort();
        if (c != WHAT && c != REASON)
            continue;
        scols_column_set_safechars(column, "\n");
        scols_column_set_wrapfunc(column, scols_wrapnl_chunksize, scols_wrapnl_nextchunk, NULL);
    }
    return made;
}

/* Takes the row's cells. */
static void put(struct libscols_table *made, const struct history_table *t, struct row *row)
{
    struct libscols_line *line = scols_table_new_line(made, NULL);
    if (!line)
        abort();
    for (int c = 0; c < COLUMNS; c++) {
        bool folds = t->terminal.width && (c == WHAT || c == REASON);
        char *text = row->cells[c];
        if (text && text[0])
            scols_line_refer_data(line, (size_t)c,
                                  folds ? terminal_fold(&t->terminal, text, t->widths[c]) : mem_strdup(text));
        free(text);
    }
    if (t->terminal.colours && row->colour)
        scols_line_set_color(line, row->colour);
}

void history_table_print(struct history_table **table)
{
    struct history_table *t = *table;
    struct libscols_table *made = make(&t->terminal);
    fit(t);
    for (size_t i = 0; i < t->count; i++)
        put(made, t, &t->rows[i]);
    if (t->count)
        scols_print_table(made);
    scols_unref_table(made);
    free(t->rows);
    free(t);
    *table = NULL;
}
