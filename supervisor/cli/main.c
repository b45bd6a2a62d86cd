/* mysql-replcheck: the operator's command line. Each command is a row of the table below. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/core.h"
#include "base/mem.h"
#include "cli/argument.h"
#include "cli/command.h"
#include "cli/history.h"
#include "cli/schema.h"
#include "cli/terminal.h"
#include "config.h"
#include "settings/nearest.h"

enum needs {
    NEEDS_NOTHING,
    NEEDS_SETTINGS,       /* without the secrets */
    NEEDS_SETTINGS_OR_NOT /* a machine without both files can be served too */
};

struct command {
    const char *name;
    int (*run)(const struct cli *cli, int argc, char **argv);
    enum needs needs;
    bool secrets;
    int bad_usage;    /* exit code where the configuration cannot be read */
    const char *help; /* one line */
    const struct usage *usage;
};

static int run_history(const struct cli *cli, int argc, char **argv)
{
    return history_main(cli->settings, argc, argv);
}

static int run_schema(const struct cli *cli, int argc, char **argv)
{
    return schema_main(cli->settings, argc, argv);
}

static const struct command commands[] = {
    {"status", status_main, NEEDS_SETTINGS, false, EXIT_USAGE,
     "who is the writer, is the other ready, what is wrong", &status_usage},
    {"check", check_main, NEEDS_NOTHING, false, 3, "one verdict over everything, as a monitoring plugin",
     &check_usage},
    {"explain", explain_main, NEEDS_SETTINGS, false, EXIT_USAGE,
     "why this node does what it does, row by row", &explain_usage},
    {"divergence", divergence_main, NEEDS_SETTINGS, false, EXIT_USAGE,
     "the transactions of this node that the other lacks", &divergence_usage},
    {"history", run_history, NEEDS_SETTINGS_OR_NOT, false, EXIT_USAGE, "what happened on this node",
     &history_usage},
    {"switchover", switchover_main, NEEDS_SETTINGS, false, EXIT_USAGE,
     "hand the writer's role to the other node", &switchover_usage},
    {"promote", promote_main, NEEDS_SETTINGS, false, EXIT_USAGE,
     "make this node the writer, where it does not become it by itself", &promote_usage},
    {"maintenance", maintenance_main, NEEDS_SETTINGS, false, EXIT_USAGE,
     "while it is on, nothing changes role", &maintenance_usage},
    {"breaker", breaker_main, NEEDS_SETTINGS, false, EXIT_USAGE,
     "allow failovers again after the breaker opened", &breaker_usage},
    {"rules", rules_main, NEEDS_NOTHING, false, EXIT_USAGE, "the table of the decision", &rules_usage},
    {"schema", run_schema, NEEDS_SETTINGS_OR_NOT, true, EXIT_USAGE,
     "install the supervisor's schema in a server", &schema_usage},
};

#define COMMAND_COUNT (sizeof(commands) / sizeof(commands[0]))

/* ---- help ---- */

static void print_help(FILE *out)
{
    fputs("usage: mysql-replcheck [--config DIR] COMMAND [OPTION...]\n"
          "Supervises a pair of MariaDB servers that replicate each other: one writer, the other ready.\n"
          "\n",
          out);
    for (size_t i = 0; i < COMMAND_COUNT; i++)
        fprintf(out, "  %-12s %s\n", commands[i].name, commands[i].help);
    fputs("\n"
          "  --config DIR   where cluster.yaml and node.conf are (" COMMAND_CONFIG_DIR ")\n"
          "  help COMMAND   what a command takes\n"
          "  --version\n",
          out);
}

static int help_for(const struct command *c)
{
    usage_help(c->usage);
    return terminal_flush("help") ? EXIT_DONE : EXIT_FAILED;
}

/* For the shell: what each command takes, with the nodes' names where the configuration can be read. */
static int print_completion(const char *dir)
{
    struct settings *s = mem_zalloc(sizeof(*s));
    struct err unknown;
    char nodes[2 * SETTINGS_NAME_MAX + 2] = "";
    if (settings_load_without_secrets(s, dir, &unknown))
        snprintf(nodes, sizeof(nodes), "%s %s", s->cluster.nodes[0].name, s->cluster.nodes[1].name);
    for (size_t i = 0; i < COMMAND_COUNT; i++)
        usage_completion(commands[i].usage, nodes);
    free(s);
    return terminal_flush("completion") ? EXIT_DONE : EXIT_FAILED;
}

static const char *nearest(const char *word)
{
    const char *best = NULL;
    size_t least = strlen(word) / 3 + 2;
    for (size_t i = 0; i < COMMAND_COUNT; i++) {
        size_t d = nearest_distance(word, commands[i].name);
        bool begins = strlen(word) >= 2 && strncmp(commands[i].name, word, strlen(word)) == 0;
        if (!begins && d >= least)
            continue;
        least = begins ? 0 : d;
        best = commands[i].name;
    }
    return best;
}

static const struct command *find(const char *word)
{
    for (size_t i = 0; i < COMMAND_COUNT; i++)
        if (strcmp(commands[i].name, word) == 0)
            return &commands[i];
    const char *near = nearest(word);
    fprintf(stderr, "mysql-replcheck: there is no command \"%.64s\"%s%s%s; see mysql-replcheck --help\n",
            word, near ? ", did you mean " : "", near ? near : "", near ? "?" : "");
    return NULL;
}

static int help_main(const char *word)
{
    const struct command *c = word ? find(word) : NULL;
    if (word && !c)
        return EXIT_USAGE;
    if (c)
        return help_for(c);
    print_help(stdout);
    return terminal_flush("help") ? EXIT_DONE : EXIT_FAILED;
}

/* ---- running one ---- */

static bool is_missing(const char *dir, const char *name)
{
    char *path = mem_printf("%s/%s", dir, name);
    bool missing = access(path, F_OK) != 0 && errno == ENOENT;
    free(path);
    return missing;
}

static bool load(const struct command *c, const char *dir, struct settings *s, bool *loaded, struct err *e)
{
    *loaded = false;
    if (c->needs == NEEDS_NOTHING)
        return true;
    if (c->needs == NEEDS_SETTINGS_OR_NOT &&
        (is_missing(dir, "cluster.yaml") || is_missing(dir, "node.conf")))
        return true;
    *loaded = c->secrets ? settings_load(s, dir, e) : settings_load_without_secrets(s, dir, e);
    return *loaded;
}

static int run(const struct command *c, const char *dir, int argc, char **argv)
{
    struct settings *s = mem_zalloc(sizeof(*s));
    struct cli cli = {.config_dir = dir};
    struct err e;
    bool loaded;
    int code = c->bad_usage;
    if (load(c, dir, s, &loaded, &e)) {
        cli.settings = loaded ? s : NULL;
        code = c->run(&cli, argc, argv);
    } else if (c->bad_usage == EXIT_USAGE) {
        fprintf(stderr, "mysql-replcheck %s: %s\n", c->name, e.text);
    } else {
        printf("REPLCHECK UNKNOWN - %s\n", e.text);
    }
    explicit_bzero(s, sizeof(*s));
    free(s);
    return code;
}

static bool asks_for_help(int argc, char **argv)
{
    for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++)
        if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0)
            return true;
    return false;
}

int main(int argc, char **argv)
{
    const char *dir = COMMAND_CONFIG_DIR;
    struct err e;
    core_forbid();
    if (!argument_config_dir(&argc, argv, &dir, &e)) {
        fprintf(stderr, "mysql-replcheck: %s\n", e.text);
        return EXIT_USAGE;
    }
    if (argc < 2) {
        print_help(stderr);
        return EXIT_USAGE;
    }
    if (strcmp(argv[1], "--version") == 0) {
        puts(PACKAGE_STRING);
        return terminal_flush("--version") ? EXIT_DONE : EXIT_FAILED;
    }
    if (strcmp(argv[1], "--completion") == 0)
        return print_completion(dir);
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0 || strcmp(argv[1], "help") == 0)
        return help_main(argv[1][0] == '-' ? NULL : argv[2]);
    if (argv[1][0] == '-') {
        fprintf(stderr, "mysql-replcheck: %.64s: no such option; see mysql-replcheck --help\n", argv[1]);
        return EXIT_USAGE;
    }
    const struct command *c = find(argv[1]);
    if (!c)
        return EXIT_USAGE;
    return asks_for_help(argc - 1, argv + 1) ? help_for(c) : run(c, dir, argc - 1, argv + 1);
}
