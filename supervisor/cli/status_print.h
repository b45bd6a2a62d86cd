/* A report as people read it: the sentence that matters, what is wrong and what to do, both nodes side by
 * side, then what holds them together. */
#ifndef REPLCHECK_CLI_STATUS_PRINT_H
#define REPLCHECK_CLI_STATUS_PRINT_H

#include <stdio.h>

#include "cli/terminal.h"
#include "model/report.h"

void status_print(const struct report *r, const struct terminal *t, FILE *out);

/* The headline and the problems alone; also how `check -v` begins. */
void status_print_problems(const struct report *r, const struct terminal *t, FILE *out);

/* ---- cells, internal to the printing ---- */

#define CELL_MAX 512

struct cell {
    char text[CELL_MAX];
    enum paint paint;
};

struct node_row {
    const char *label;
    void (*fill)(const struct report *r, int node, struct cell *c);
};

struct pair_row {
    const char *label;
    void (*fill)(const struct report *r, struct cell *c); /* "" leaves the row out */
};

extern const struct node_row status_node_rows[];
extern const size_t status_node_row_count;
extern const struct pair_row status_pair_rows[];
extern const size_t status_pair_row_count;

void cell_set(struct cell *c, enum paint paint, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
void cell_add(struct cell *c, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* "yes", "no" or "unknown", painted. */
void cell_tri(struct cell *c, enum tri value, const char *yes, const char *no, enum paint no_paint);

#endif
