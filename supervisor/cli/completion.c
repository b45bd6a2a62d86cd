#include "cli/completion.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#define WORD_CHARS "abcdefghijklmnopqrstuvwxyz-"

/* Is it the first of its kind? A help text names many an option twice. */
static bool is_new(const char *help, const char *word, size_t length)
{
    for (const char *at = help; at < word; at++)
        if (strncmp(at, word, length) == 0 && strspn(at, WORD_CHARS) == length)
            return false;
    return true;
}

static void print_options(const char *help)
{
    for (const char *at = strstr(help, "--"); at; at = strstr(at + 2, "--")) {
        size_t length = strspn(at, WORD_CHARS);
        if (length > 2 && (at == help || !strchr(WORD_CHARS, at[-1])) && is_new(help, at, length))
            printf(" %.*s", (int)length, at);
    }
}

/* "maintenance on | off | status [--json]": on, off, status. */
static void print_words(const char *command, const char *help)
{
    const char *end = help + strcspn(help, "[\n");
    const char *at = strstr(help, command);
    at = at && at < end ? at + strlen(command) : end;
    while (at < end) {
        size_t length = strspn(at, WORD_CHARS);
        if (length && at[0] != '-' && !isupper((unsigned char)at[length]))
            printf(" %.*s", (int)length, at);
        at += length ? length : 1;
    }
}

void completion_print(const char *command, const char *help)
{
    printf("%s", command);
    print_words(command, help);
    print_options(help);
    putchar('\n');
}
