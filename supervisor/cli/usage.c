#include "cli/usage.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

#define OPTIONS_MAX 32
#define COLUMN_MAX  30 /* what is wider has its text on the next line */

void usage_begin(void)
{
    optind = 0;
}

int usage_next(const struct usage *u, int argc, char **argv)
{
    struct option options[OPTIONS_MAX + 1] = {{0}};
    char letters[2 * OPTIONS_MAX + 1];
    size_t n = 0, length = 0;
    for (const struct usage_option *o = u->options; o && o->name && n < OPTIONS_MAX; o++) {
        options[n++] = (struct option){o->name, o->value ? required_argument : no_argument, NULL, o->id};
        if (o->id < USAGE_LONG)
            letters[length++] = (char)o->id;
        if (o->id < USAGE_LONG && o->value)
            letters[length++] = ':';
    }
    letters[length] = '\0';
    opterr = 0;
    return getopt_long(argc, argv, letters, options, NULL);
}

static bool takes_value(const struct usage *u, int id)
{
    for (const struct usage_option *o = u->options; o && o->name; o++)
        if (o->id == id)
            return o->value;
    return false;
}

/* The word where getopt stopped is before optind, or, of letters in one word, may be at it. */
bool usage_complain(const struct usage *u, int argc, char **argv, struct err *e)
{
    const char *word = optind > 0 && optind <= argc && argv[optind - 1] ? argv[optind - 1] : "";
    char letter[] = {'-', (char)optopt, '\0'};
    bool is_letter = optopt && optopt < USAGE_LONG && strncmp(word, "--", 2) != 0;
    return err_set(e, "%.64s: %s; see mysql-replcheck help %s", is_letter ? letter : word,
                   takes_value(u, optopt) ? "a value is missing"
                                          : "there is no such option, or not with a value",
                   u->command);
}

/* ---- help ---- */

static bool has_letters(const struct usage *u)
{
    for (const struct usage_option *o = u->options; o && o->name; o++)
        if (o->id < USAGE_LONG)
            return true;
    return false;
}

/* "  -m, --mode MODE"; where any option has a letter, the others stand under it. */
static char *left_side(const struct usage_option *o, bool letters)
{
    char letter[] = {'-', (char)o->id, ',', ' ', '\0'};
    const char *before = o->id < USAGE_LONG ? letter : letters ? "    " : "";
    return mem_printf("  %s--%s%s%s", before, o->name, o->value ? " " : "", o->value ? o->value : "");
}

static int column_of(const struct usage *u, bool letters)
{
    size_t widest = 0;
    for (const struct usage_option *o = u->options; o && o->name; o++) {
        char *left = left_side(o, letters);
        if (strlen(left) > widest && strlen(left) <= COLUMN_MAX)
            widest = strlen(left);
        free(left);
    }
    return (int)widest + 2;
}

static void print_option(const struct usage_option *o, bool letters, int column)
{
    char *left = left_side(o, letters);
    const char *text = o->help;
    if ((int)strlen(left) + 2 <= column)
        printf("%-*s", column, left);
    else
        printf("%s\n%*s", left, column, "");
    free(left);
    for (; *text; text++) {
        putchar(*text);
        if (*text == '\n')
            printf("%*s", column, "");
    }
    if (o->preset)
        printf(" (default %s)", o->preset);
    putchar('\n');
}

void usage_help(const struct usage *u)
{
    bool letters = has_letters(u);
    int column = column_of(u, letters);
    printf("usage: mysql-replcheck %s%s%s\n%s", u->command, u->synopsis[0] ? " " : "", u->synopsis, u->about);
    for (const struct usage_option *o = u->options; o && o->name; o++)
        print_option(o, letters, column);
}

/* ---- completion ---- */

static void print_offers(const struct usage_option *o, const char *nodes)
{
    if (!o->value)
        puts(" none");
    else if (!o->offers)
        puts(" value");
    else if (strcmp(o->offers, USAGE_NODE) == 0)
        printf(" words %s\n", nodes);
    else if (o->offers[0] == ':')
        printf(" %s\n", o->offers + 1);
    else
        printf(" words %s\n", o->offers);
}

void usage_completion(const struct usage *u, const char *nodes)
{
    printf("%s : words %s\n", u->command, u->words ? u->words : "");
    for (const struct usage_option *o = u->options; o && o->name; o++) {
        printf("%s --%s", u->command, o->name);
        if (o->id < USAGE_LONG)
            printf(",-%c", o->id);
        print_offers(o, nodes);
    }
}
