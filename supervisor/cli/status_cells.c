#include <stdarg.h>

#include "cli/status_print.h"
#include "model/report_text.h"
#include "wire/printable.h"

/* Names and texts of servers are among what cells show, and may be cut within a letter. */

void cell_set(struct cell *c, enum paint paint, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vsnprintf(c->text, sizeof(c->text), format, args);
    va_end(args);
    printable_make(c->text);
    c->paint = paint;
}

void cell_add(struct cell *c, const char *format, ...)
{
    char more[CELL_MAX];
    va_list args;
    va_start(args, format);
    vsnprintf(more, sizeof(more), format, args);
    va_end(args);
    report_text_add(c->text, sizeof(c->text), "%s", more);
    printable_make(c->text);
}

void cell_tri(struct cell *c, enum tri value, const char *yes, const char *no, enum paint no_paint)
{
    if (value == TRI_UNKNOWN)
        cell_set(c, PAINT_UNKNOWN, "unknown");
    else
        cell_set(c, value == TRI_YES ? PAINT_PLAIN : no_paint, "%s", value == TRI_YES ? yes : no);
}
