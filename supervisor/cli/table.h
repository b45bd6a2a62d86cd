/* A table of libsmartcols whose cells are folded between words (the library itself breaks within them). */
#ifndef REPLCHECK_CLI_TABLE_H
#define REPLCHECK_CLI_TABLE_H

#include <stdio.h>

#include "cli/terminal.h"

struct table;
struct libscols_line;

/* `heading` may be false for all columns at once. */
struct table *table_new(const struct terminal *t, FILE *out, bool headings);

/* `width` in columns of the terminal, at which its cells are folded; 0 = never. Copies the heading. */
void table_column(struct table *t, const char *heading, int width);

struct libscols_line *table_line(struct table *t);

/* An empty text shows as "-". */
void table_cell(const struct table *t, struct libscols_line *line, size_t column, const char *text,
                enum paint p);

/* Prints and frees. */
void table_print(struct table **t);

#endif
