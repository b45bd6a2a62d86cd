/* check_mysql_replcheck: asks the supervisor of this node, tests that what it says is fresh, prints it as a
 * monitoring plugin does. Where no supervisor answers in time, both servers are asked by
 * replcheck-direct. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include "base/core.h"
#include "base/mem.h"
#include "config.h"
#include "plugin/answer.h"
#include "plugin/ask.h"
#include "plugin/direct.h"
#include "plugin/options.h"

#define EXIT_CRITICAL 2
#define EXIT_UNKNOWN  3
#define ASK_MOST_S    2.0 /* a daemon at work answers within milliseconds */
#define ASK_SHARE     3   /* of the timeout; the rest is for the servers */
#define BUSY_PAUSE_US 20000

static char buffer[ANSWER_MAX];
static struct answer answer;

/* What is said when the time is up. */
static char late[1024] = "REPLCHECK CRITICAL - timed out\n";
static int late_code = EXIT_CRITICAL;

static int unknown(const char *sentence)
{
    printf("REPLCHECK UNKNOWN - %s\n", sentence);
    return EXIT_UNKNOWN;
}

/* For what should not take so long: a full disk under stdout, a hanging file system under the ini file, the
 * program that asks the servers. */
static void on_alarm(int number)
{
    (void)number;
    direct_kill();
    _exit(write(STDOUT_FILENO, late, strlen(late)) > 0 ? late_code : EXIT_UNKNOWN);
}

static void limit(double seconds)
{
    struct itimerval t = {
        .it_value = {(time_t)seconds, (suseconds_t)((seconds - (double)(time_t)seconds) * 1e6)}};
    signal(SIGALRM, on_alarm);
    setitimer(ITIMER_REAL, &t, NULL);
}

static char *request_of(const struct options *o)
{
    const char *w = o->warning, *c = o->critical; /* ranges: nothing to be escaped */
    return mem_printf("{\"v\":1,\"command\":\"check\",\"mode\":\"%s\",\"verbose\":%d%s%s%s%s%s%s}\n",
                      check_mode_name(o->check.mode), o->verbose, w ? ",\"warning\":\"" : "", w ? w : "",
                      w ? "\"" : "", c ? ",\"critical\":\"" : "", c ? c : "", c ? "\"" : "");
}

/* Is it of now? A supervisor that answers from an old decision does not watch. */
static bool is_fresh(const struct options *o, struct err *e)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    double age_s = (double)now.tv_sec + (double)now.tv_nsec / 1e9 - (double)answer.time_us / 1e6;
    if (answer.decided_ms < 0)
        return err_set(e, "it has not decided anything yet");
    if ((double)answer.decided_ms / 1000 > o->stale_s)
        return err_set(e, "what it says is %.0f s old", (double)answer.decided_ms / 1000);
    if (age_s > o->stale_s || age_s < -o->stale_s)
        return err_set(e, "its clock and this one differ by %.0f s", age_s < 0 ? -age_s : age_s);
    return true;
}

static int print_answer(const struct options *o, int64_t began_us)
{
    puts(answer.line);
    fputs(answer.more, stdout);
    if (o->verbose >= 3)
        printf("asked %s: answered after %.3f ms, %lld ms after its last decision\n", o->socket,
               (double)(ask_now_us() - began_us) / 1000, (long long)answer.decided_ms);
    return fflush(stdout) == 0 ? (int)answer.exit : EXIT_UNKNOWN;
}

/* Is the refusal this caller's own matter, which asking the servers would not mend? */
static bool is_final(void)
{
    return strcmp(answer.error, "denied") == 0 || strcmp(answer.error, "malformed") == 0;
}

/* Too many who ask are a matter of moments. */
static bool waits(int64_t deadline_us)
{
    return ask_now_us() + BUSY_PAUSE_US < deadline_us && usleep(BUSY_PAUSE_US) == 0;
}

/* False: nobody answered in time, or nothing that makes sense. */
static bool ask_patiently(const struct options *o, int64_t deadline_us, struct err *why)
{
    size_t length = 0;
    char *request = request_of(o);
    bool busy = false, answered = true;
    do {
        if (!ask(o->socket, request, deadline_us, buffer, sizeof(buffer), &length, why)) {
            answered = busy; /* then that is still the answer */
            break;
        }
        answered = answer_parse(&answer, buffer, length, why);
        busy = answered && !answer.ok && strcmp(answer.error, "busy") == 0;
    } while (busy && waits(deadline_us));
    free(request);
    return answered;
}

/* True: *code is the exit code. False: `why` tells why the supervisor's answer does not count. */
static bool ask_daemon(const struct options *o, int64_t began_us, int *code, struct err *why)
{
    double share = o->timeout_s / ASK_SHARE;
    int64_t deadline_us = began_us + (int64_t)((share < ASK_MOST_S ? share : ASK_MOST_S) * 1e6);
    if (!ask_patiently(o, deadline_us, why))
        return false;
    if (answer.ok && !is_fresh(o, why))
        return err_prefix(why, "%s answers, but", o->socket);
    if (!answer.ok && !is_final())
        return err_set(why, "%s: %s", answer.error, answer.message);
    *code = answer.ok ? print_answer(o, began_us) : unknown(answer.message);
    return true;
}

/* That nobody supervises is known, whatever becomes of the servers. */
static int verdict_on_failure(char *out, size_t size, const char *why, const char *failure)
{
    if (why[0])
        snprintf(out, size,
                 "REPLCHECK CRITICAL - no supervisor answers: %.400s; "
                 "and the servers could not be asked: %.400s\n",
                 why, failure);
    else
        snprintf(out, size, "REPLCHECK UNKNOWN - the servers could not be asked: %.400s\n", failure);
    return why[0] ? EXIT_CRITICAL : EXIT_UNKNOWN;
}

static int ask_servers(const struct options *o, const char *why, int64_t began_us)
{
    struct err e;
    char text[sizeof(late)];
    double left_s = o->timeout_s - (double)(ask_now_us() - began_us) / 1e6;
    int code;
    snprintf(text, sizeof(text), "%.300s did not end within %g s", o->program, o->timeout_s);
    late_code = verdict_on_failure(late, sizeof(late), why, text);
    if (direct_run(o, why, left_s > 0.1 ? left_s : 0.1, &code, &e))
        return code;
    code = verdict_on_failure(text, sizeof(text), why, e.text);
    fputs(text, stdout);
    return code;
}

static int check(const struct options *o, int64_t began_us)
{
    struct err why = {.text = ""};
    int code = EXIT_UNKNOWN;
    bool asks_daemon = !o->direct && !o->host_count;
    limit(o->timeout_s);
    if (asks_daemon && ask_daemon(o, began_us, &code, &why))
        return code;
    return ask_servers(o, asks_daemon ? why.text : "", began_us);
}

static int run(enum options_result result, const struct options *o, const char *complaint, int64_t began_us)
{
    switch (result) {
    case OPTIONS_HELP:
        options_print_help();
        return EXIT_UNKNOWN; /* as the guidelines have it */
    case OPTIONS_VERSION:
        printf(OPTIONS_PLUGIN " v" PACKAGE_VERSION " (mysql-replcheck " PACKAGE_VERSION ")\n");
        return EXIT_UNKNOWN;
    case OPTIONS_BAD:
        return unknown(complaint);
    case OPTIONS_OK:
        break;
    }
    return check(o, began_us);
}

int main(int argc, char **argv)
{
    struct options o;
    struct err e = {.text = ""};
    int64_t began_us = ask_now_us();
    core_forbid();
    enum options_result result = options_parse(&o, argc, argv, &e);
    int code = run(result, &o, e.text, began_us);
    options_free(&o);
    return code;
}
