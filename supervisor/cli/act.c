/* The commands that change something: each is one request, whose answer is the sentence that matters. */
#include <getopt.h>
#include <inttypes.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/duration.h"
#include "cli/ask.h"
#include "cli/command.h"
#include "cli/json_print.h"
#include "cli/terminal.h"

#define MARGIN_MS 5000 /* beyond what the daemon itself waits */

enum { TO = USAGE_LONG, ACCEPT_LOSS, PEER_IS_OFF, JSON };

static const struct usage_option switchover_options[] = {
    {"to", TO, "NODE", USAGE_NODE,
     .help = "the node that is to be the writer; else the other one than the present"},
    {0},
};
const struct usage switchover_usage = {
    "switchover", "[--to NODE]",
    "Waits until that node is the writer, and says after what time, or why not.\n"
    "May be given on either node.\n",
    NULL, switchover_options};

static const struct usage_option promote_options[] = {
    {"accept-loss", ACCEPT_LOSS,
     .help = "although transactions of the last writer are, or may be, missing here"},
    {"peer-is-off", PEER_IS_OFF, "NODE", USAGE_NODE,
     .help = "you have seen that the other node's host is off, and stays off"},
    {0},
};
const struct usage promote_usage = {
    "promote", "[--accept-loss] [--peer-is-off NODE]",
    "Waits until this node is the writer, or says which row of the decision refused.\n", NULL,
    promote_options};

static const struct usage_option maintenance_options[] = {{"json", JSON, .help = "with status: for programs"},
                                                          {0}};
const struct usage maintenance_usage = {
    "maintenance", "on | off | status [--json]",
    "Nothing changes role while it is on at either node: a writer stays the writer and keeps its\n"
    "votes, a standby is not promoted. It outlives a restart of the supervisor, and is switched\n"
    "off where it was switched on.\n",
    "on off status", maintenance_options};

const struct usage breaker_usage = {"breaker", "reset", "Forgets the unplanned promotions that opened it.\n",
                                    "reset", NULL};

static bool take_name(char out[CONTROL_NAME_MAX], const char *option, const char *text, struct err *e)
{
    if (text[0] && snprintf(out, CONTROL_NAME_MAX, "%s", text) < CONTROL_NAME_MAX)
        return true;
    return err_set(e, "%s: the name of a node is expected", option);
}

static bool take_option(struct control_request *r, int c, struct err *e)
{
    switch (c) {
    case TO:
        return take_name(r->to, "--to", optarg, e);
    case ACCEPT_LOSS:
        return r->accept_loss = true;
    case PEER_IS_OFF:
        return take_name(r->peer_is_off, "--peer-is-off", optarg, e);
    default:
        return false;
    }
}

static bool parse(struct control_request *r, const struct usage *usage, bool *json, int argc, char **argv,
                  struct err *e)
{
    int c, words = usage->words ? 1 : 0;
    usage_begin();
    while ((c = usage_next(usage, argc, argv)) != -1) {
        if (c == '?')
            return usage_complain(usage, argc, argv, e);
        if (c == JSON)
            *json = true;
        else if (!take_option(r, c, e))
            return false;
    }
    if (argc - optind > words)
        return err_set(e, "\"%.64s\" is one word too many", argv[optind + words]);
    return argc - optind == words || err_set(e, "a word is missing, see mysql-replcheck help %s", argv[0]);
}

/* Who orders it, for the journal: by his own word; the daemon adds the uid that the kernel knows. */
static void tell_user(struct control_request *r)
{
    const char *sudo = getenv("SUDO_USER");
    const struct passwd *p = sudo ? NULL : getpwuid(getuid());
    const char *name = sudo ? sudo : p ? p->pw_name : "";
    bool good =
        name[strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.")] == '\0';
    if (good && strlen(name) < sizeof(r->user))
        snprintf(r->user, sizeof(r->user), "%s", name);
}

static void show(const struct control_answer *a, bool json)
{
    const json_t *elapsed = json_object_get(a->json, "elapsed_ms");
    char span[DURATION_MAX];
    if (json) {
        json_print(json_pack("{s:i, s:O}", "version", CONTROL_VERSION, "maintenance",
                             json_object_get(a->json, "maintenance")));
        return;
    }
    if (json_is_integer(elapsed) && json_integer_value(elapsed) > 0)
        printf("%s, after %s\n", a->message, duration_format_ms(json_integer_value(elapsed), span));
    else
        puts(a->message);
}

/* As long as the daemon itself may take. */
static int patience_with(const struct cluster_settings *c, const struct control_request *r)
{
    if (r->command != CONTROL_SWITCHOVER && r->command != CONTROL_PROMOTE)
        return ASK_PATIENCE_MS;
    return c->policy.drain_timeout_ms + c->policy.switchover_timeout_ms + 3 * c->timing.lease_ms + MARGIN_MS;
}

static void say_uncertain(struct err *e)
{
    struct err silent = *e;
    err_set(e, "%.400s; whether it was carried out is not known: see `mysql-replcheck history`", silent.text);
}

/* A daemon that does not answer may have taken the request all the same. */
static bool ask(const struct cli *cli, const struct control_request *r, struct control_answer *out,
                struct err *e)
{
    struct ask *a = ask_open(cli->settings->node.run_dir, e);
    if (!a)
        return false;
    enum ask_result result = ask_request(a, r, patience_with(&cli->settings->cluster, r), out, e);
    ask_close(&a);
    if (result == ASK_SILENT)
        say_uncertain(e);
    return result == ASK_DONE;
}

static int give(const struct cli *cli, const char *command, struct control_request *r, bool json)
{
    struct control_answer answer;
    struct err e;
    tell_user(r);
    if (!ask(cli, r, &answer, &e)) {
        fprintf(stderr, "mysql-replcheck %s: %s\n", command, e.text);
        return EXIT_FAILED;
    }
    show(&answer, json);
    control_answer_clear(&answer);
    return terminal_flush(command) ? EXIT_DONE : EXIT_FAILED;
}

static int complain(const char *command, const struct err *e)
{
    fprintf(stderr, "mysql-replcheck %s: %s\n", command, e->text);
    return EXIT_USAGE;
}

int switchover_main(const struct cli *cli, int argc, char **argv)
{
    struct control_request r = {.command = CONTROL_SWITCHOVER};
    struct err e;
    if (!parse(&r, &switchover_usage, NULL, argc, argv, &e))
        return complain("switchover", &e);
    return give(cli, "switchover", &r, false);
}

int promote_main(const struct cli *cli, int argc, char **argv)
{
    struct control_request r = {.command = CONTROL_PROMOTE};
    struct err e;
    if (!parse(&r, &promote_usage, NULL, argc, argv, &e))
        return complain("promote", &e);
    return give(cli, "promote", &r, false);
}

int maintenance_main(const struct cli *cli, int argc, char **argv)
{
    static const struct {
        const char *word;
        enum control_command command;
    } words[] = {{"on", CONTROL_MAINTENANCE_ON},
                 {"off", CONTROL_MAINTENANCE_OFF},
                 {"status", CONTROL_MAINTENANCE_STATUS}};
    struct control_request r = {.command = CONTROL_COMMANDS};
    bool json = false;
    struct err e;
    if (!parse(&r, &maintenance_usage, &json, argc, argv, &e))
        return complain("maintenance", &e);
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
        if (strcmp(words[i].word, argv[optind]) == 0)
            r.command = words[i].command;
    if (r.command == CONTROL_COMMANDS)
        err_set(&e, "%.64s: on, off or status is expected", argv[optind]);
    else if (json && r.command != CONTROL_MAINTENANCE_STATUS)
        err_set(&e, "--json goes with status alone");
    else
        return give(cli, "maintenance", &r, json);
    return complain("maintenance", &e);
}

int breaker_main(const struct cli *cli, int argc, char **argv)
{
    struct control_request r = {.command = CONTROL_BREAKER_RESET};
    struct err e;
    if (!parse(&r, &breaker_usage, NULL, argc, argv, &e))
        return complain("breaker", &e);
    if (strcmp(argv[optind], "reset") == 0)
        return give(cli, "breaker", &r, false);
    err_set(&e, "%.64s: reset is expected", argv[optind]);
    return complain("breaker", &e);
}
