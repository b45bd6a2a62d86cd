#include <langinfo.h>
#include <libsmartcols/libsmartcols.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/mem.h"
#include "cli/history_print.h"

enum column { TIME, NODE, WHAT, ROW, REASON, EPOCH, POSITION, COLUMNS };

struct history_table {
    struct libscols_table *table;
    const char *arrow;
    bool colours;
};

struct history_table *history_table_new(bool terminal)
{
    static const struct {
        const char *name;
        double width;
        int flags;
    } columns[COLUMNS] = {
        [TIME] = {"TIME", 0, 0},
        [NODE] = {"NODE", 0, 0},
        [WHAT] = {"WHAT", 0.2, SCOLS_FL_WRAP},
        [ROW] = {"ROW", 0, SCOLS_FL_RIGHT},
        [REASON] = {"REASON", 0.3, SCOLS_FL_WRAP},
        [EPOCH] = {"EPOCH", 0, SCOLS_FL_RIGHT},
        [POSITION] = {"POSITION", 0.1, SCOLS_FL_WRAP},
    };
    struct history_table *t = mem_zalloc(sizeof(*t));
    t->table = scols_new_table();
    if (!t->table)
        abort(); /* memory is exhausted, see base/mem.h */
    t->arrow = strcmp(nl_langinfo(CODESET), "UTF-8") == 0 ? "→" : "->";
    t->colours = terminal && !getenv("NO_COLOR");
    scols_table_enable_colors(t->table, t->colours);
    if (!terminal)
        scols_table_set_termforce(t->table, SCOLS_TERMFORCE_NEVER);
    for (int c = 0; c < COLUMNS; c++)
        scols_table_new_column(t->table, columns[c].name, columns[c].width, columns[c].flags);
    return t;
}

static void set(struct libscols_line *line, enum column c, char *owned)
{
    if (owned && owned[0])
        scols_line_refer_data(line, c, owned);
    else
        free(owned);
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
        return mem_printf("%s %s %s", e->state_from, t->arrow, e->state_to);
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
    struct libscols_line *line = scols_table_new_line(t->table, NULL);
    if (!line)
        abort();
    set(line, TIME, format_time(e->at_us));
    set(line, NODE, mem_strdup(e->node));
    set(line, WHAT, format_what(t, e));
    set(line, ROW, e->row_id ? mem_printf("%d", e->row_id) : NULL);
    set(line, REASON, format_reason(e));
    set(line, EPOCH, e->epoch ? mem_printf("%llu", (unsigned long long)e->epoch) : NULL);
    set(line, POSITION, mem_strdup(e->gtid));
    if (t->colours && colour(e))
        scols_line_set_color(line, colour(e));
}

void history_table_print(struct history_table **t)
{
    if (scols_table_get_nlines((*t)->table))
        scols_print_table((*t)->table);
    scols_unref_table((*t)->table);
    free(*t);
    *t = NULL;
}
