#include "cli/terminal.h"

#include <errno.h>
#include <langinfo.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

static int from_environment(const char *name)
{
    const char *text = getenv(name);
    int value = text ? atoi(text) : 0;
    return value > 0 && value < 10000 ? value : 0;
}

void terminal_look(struct terminal *t, int fd)
{
    struct winsize size = {0};
    const char *no_colour = getenv("NO_COLOR"), *kind = getenv("TERM");
    setlocale(LC_CTYPE, "");
    *t = (struct terminal){.tty = isatty(fd)};
    t->utf8 = strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
    t->colours = t->tty && !(no_colour && *no_colour) && !(kind && strcmp(kind, "dumb") == 0);
    t->width = from_environment("COLUMNS");
    if (!t->tty)
        return;
    if (ioctl(fd, TIOCGWINSZ, &size) == 0) {
        t->width = size.ws_col ? size.ws_col : t->width;
        t->height = size.ws_row;
    }
    if (!t->width)
        t->width = 80;
}

const char *terminal_begin(const struct terminal *t, enum paint p)
{
    static const char *const sequences[] = {
        [PAINT_PLAIN] = "",          [PAINT_STRONG] = "\033[1m", [PAINT_DIM] = "\033[2m",
        [PAINT_GOOD] = "\033[32m",   [PAINT_WARN] = "\033[33m",  [PAINT_BAD] = "\033[1;31m",
        [PAINT_UNKNOWN] = "\033[35m"};
    return t->colours ? sequences[p] : "";
}

const char *terminal_end(const struct terminal *t)
{
    return t->colours ? "\033[0m" : "";
}

/* The texts are ours and the servers' messages: a byte counts as a column, but the second and further of a
 * character in UTF-8. */
static int columns(const char *text, size_t bytes)
{
    int n = 0;
    for (size_t i = 0; i < bytes; i++)
        n += ((unsigned char)text[i] & 0xc0) != 0x80;
    return n;
}

int terminal_columns(const char *text)
{
    return columns(text, strlen(text));
}

void terminal_wrap(const struct terminal *t, FILE *out, int column, int indent, const char *text)
{
    bool first = true;
    while (*text) {
        size_t word = strcspn(text, " ");
        int width = columns(text, word);
        if (!first && t->width && column + 1 + width > t->width) {
            fprintf(out, "\n%*s", indent, "");
            column = indent;
        } else if (!first) {
            fputc(' ', out);
            column++;
        }
        fwrite(text, 1, word, out);
        column += width;
        first = false;
        text += word + strspn(text + word, " ");
    }
    fputc('\n', out);
}

char *terminal_fold(const struct terminal *t, const char *text, int width)
{
    char *folded = NULL;
    size_t size = 0;
    struct terminal narrow = *t;
    FILE *out = open_memstream(&folded, &size);
    if (!out)
        abort(); /* memory is exhausted, see base/mem.h */
    narrow.width = width;
    terminal_wrap(&narrow, out, 0, 0, text);
    fclose(out);
    folded[size - 1] = '\0'; /* the last newline */
    return folded;
}

enum paint terminal_paint_of(enum severity s)
{
    return s == SEVERITY_CRITICAL  ? PAINT_BAD
           : s == SEVERITY_WARNING ? PAINT_WARN
           : s == SEVERITY_UNKNOWN ? PAINT_UNKNOWN
                                   : PAINT_GOOD;
}

const char *terminal_arrow(const struct terminal *t)
{
    return t->utf8 ? "→" : "->";
}

const char *terminal_dot(const struct terminal *t)
{
    return t->utf8 ? "●" : "*";
}

bool terminal_flush(const char *command)
{
    if (fflush(stdout) == 0 && !ferror(stdout))
        return true;
    fprintf(stderr, "mysql-replcheck %s: writing the output: %s\n", command, strerror(errno));
    return false;
}
