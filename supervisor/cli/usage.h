/* What a command takes, as one table: parsing, help and the shell's completion all come from it.
 *
 * A table is constant and its texts belong to it. Printing writes to stdout and does not fail; nothing is
 * written to stderr. */
#ifndef REPLCHECK_CLI_USAGE_H
#define REPLCHECK_CLI_USAGE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

/* Ids from here on have no letter; one below is the letter itself. */
#define USAGE_LONG 256

/* What a shell offers as a value; anything else in `offers` is words with a space between. */
#define USAGE_FILE ":file"
#define USAGE_DIR  ":dir"
#define USAGE_NODE ":node"

struct usage_option {
    const char *name;   /* without its hyphens; NULL ends the table */
    int id;             /* what usage_next() returns */
    const char *value;  /* how help names it; NULL: it takes none */
    const char *offers; /* NULL: nothing to offer */
    const char *preset; /* where it is not given; NULL: none, or none in one word */
    const char *help;   /* may have lines */
};

struct usage {
    const char *command;
    const char *synopsis; /* behind the command's name; may have lines */
    const char *about;    /* whole lines */
    const char *words;    /* what the one word may be that is no option; NULL: there is none */
    const struct usage_option *options;
};

/* Begins with the first word behind argv[0]; the caller's own use of getopt does not matter. */
void usage_begin(void);

/* The next option's id, its value in optarg; -1 at the end, with optind at the first other word; '?' where
 * there is no such option, or its value is missing. Options may stand behind other words. */
int usage_next(const struct usage *u, int argc, char **argv);

/* False, with what usage_next() stopped at with '?'. */
bool usage_complain(const struct usage *u, int argc, char **argv, struct err *e);

void usage_help(const struct usage *u);

/* For the shell, in lines of which each begins with the command: its words, then one for each option, as
 * "check --mode,-m words all lag" or "check --json none". `nodes`: the names to offer for a node, "" where
 * they are not known. */
void usage_completion(const struct usage *u, const char *nodes);

#endif
