/* Where a command writes to: how wide it is, whether it shows colours and more than ASCII. */
#ifndef REPLCHECK_CLI_TERMINAL_H
#define REPLCHECK_CLI_TERMINAL_H

#include <stdbool.h>
#include <stdio.h>

#include "model/report.h"

enum paint { PAINT_PLAIN = 0, PAINT_STRONG, PAINT_DIM, PAINT_GOOD, PAINT_WARN, PAINT_BAD, PAINT_UNKNOWN };

struct terminal {
    bool tty;
    bool colours; /* a terminal, and NO_COLOR is not set */
    bool utf8;    /* the locale has it */
    int width;    /* columns; 0 = no limit */
    int height;   /* rows; 0 = no limit */
};

/* Sets the locale for characters. */
void terminal_look(struct terminal *t, int fd);

/* The escape sequence that begins a paint, "" where there are no colours; terminal_end() ends it. */
const char *terminal_begin(const struct terminal *t, enum paint p);
const char *terminal_end(const struct terminal *t);

/* How many columns it takes: a letter of UTF-8 counts as one. */
int terminal_columns(const char *text);

/* Prints a text wrapped at the terminal's width, its further lines indented. */
void terminal_wrap(const struct terminal *t, FILE *out, int column, int indent, const char *text);

/* The same as text that the caller frees, `width` wide, without indent and last newline. */
char *terminal_fold(const struct terminal *t, const char *text, int width);

enum paint terminal_paint_of(enum severity s);

/* "→" or "->", "●" or "*". */
const char *terminal_arrow(const struct terminal *t);
const char *terminal_dot(const struct terminal *t);

/* Did all of the output get out? Otherwise a sentence on stderr. */
bool terminal_flush(const char *command);

#endif
