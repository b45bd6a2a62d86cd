/* Who asks over the control socket, of a daemon that lies, stalls or does not stop, in a process of its own:
 * the command line and the monitoring plugin give up in time, with a sentence. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "cli/ask.h"
#include "plugin/answer.h"
#include "plugin/ask.h"

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))
#define PATIENCE_MS  200 /* with one who does not answer */
#define ENOUGH_MS    10000
#define TEN(x)       x x x x x x x x x x
#define MANY(x)      TEN(TEN(TEN(x)))

struct lie {
    const char *name, *said, *flood; /* once, and then for ever; NULL = hangs up */
    int pause_ms;
    enum ask_result want;
    const char *why; /* part of the sentence; NULL = any */
};

static const struct lie lies[] = {
    {"hangs up", "", NULL, 0, ASK_SILENT, "ended before it answered"},
    {"hangs up on the way", "{\"v\":1,\"ok\":tr", NULL, 0, ASK_SILENT, "ended before it answered"},
    {"says nothing", "", "", 0, ASK_SILENT, "no answer in time"},
    {"byte by byte", "{", " ", 10, ASK_SILENT, "no answer in time"},
    {"a line without end", "{", MANY(" "), 0, ASK_SILENT, "too long"},
    {"an empty line", "\n", NULL, 0, ASK_REFUSED, "not JSON"},
    {"noise", "\xff\xfe\x01\n", NULL, 0, ASK_REFUSED, "not JSON"},
    {"two lines", "{\"v\":2}\n{\"v\":1,\"ok\":true}\n", NULL, 0, ASK_REFUSED, "another version"},
    {"a list", "[]\n", NULL, 0, ASK_REFUSED, NULL},
    {"nested deeply", "{\"v\":1,\"ok\":true,\"a\":" MANY("[") MANY("[") MANY("[") "\n", NULL, 0, ASK_REFUSED,
     NULL},
    {"a refusal without words", "{\"v\":1,\"ok\":false}\n", NULL, 0, ASK_REFUSED, "malformed"},
    {"a refusal", "{\"v\":1,\"ok\":false,\"error\":\"denied\",\"message\":\"no\"}\n", NULL, 0, ASK_REFUSED,
     "denied: no"},
    {"a version beyond all", "{\"v\":18446744073709551617,\"ok\":true}\n", NULL, 0, ASK_REFUSED, NULL},
    {"other types", "{\"v\":1,\"ok\":true,\"report\":7}\n", NULL, 0, ASK_REFUSED, NULL},
    {"a report without members", "{\"v\":1,\"ok\":true,\"report\":{}}\n", NULL, 0, ASK_REFUSED, NULL},
};

static char dir[64], path[96];

static int patience_ms(const struct lie *l)
{
    return l->flood && (!l->flood[0] || l->pause_ms) ? PATIENCE_MS : ENOUGH_MS;
}

static int make_folder(void **state)
{
    (void)state;
    snprintf(dir, sizeof(dir), "/tmp/test_ask.XXXXXX");
    if (!mkdtemp(dir))
        return -1;
    snprintf(path, sizeof(path), "%s/%s", dir, CONTROL_SOCKET);
    return 0;
}

static int remove_folder(void **state)
{
    (void)state;
    unlink(path);
    return rmdir(dir);
}

/* ---- the daemon, in the child ---- */

static void talk(int fd, const struct lie *l)
{
    char heard[4096];
    size_t one = l->flood ? strlen(l->flood) : 0;
    if (recv(fd, heard, sizeof(heard), 0) <= 0 || send(fd, l->said, strlen(l->said), MSG_NOSIGNAL) < 0)
        return;
    while (one && send(fd, l->flood, one, MSG_NOSIGNAL) == (ssize_t)one)
        poll(NULL, 0, l->pause_ms);
    while (l->flood && recv(fd, heard, sizeof(heard), 0) > 0)
        continue;
}

static void serve(int listener, const struct lie *l)
{
    for (;;) {
        int fd = accept(listener, NULL, NULL);
        talk(fd, l);
        close(fd);
    }
}

static pid_t start(const struct lie *l)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
    unlink(path);
    assert_true(fd >= 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
    assert_int_equal(listen(fd, 4), 0);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0)
        serve(fd, l);
    close(fd);
    return child;
}

static void stop(pid_t child)
{
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
}

/* ---- who asks ---- */

static void command_line(void **state)
{
    struct report *report = calloc(1, sizeof(*report));
    (void)state;
    for (size_t i = 0; i < COUNT(lies); i++) {
        const struct control_request request = {.command = CONTROL_STATUS};
        struct control_answer answer = {.json = NULL};
        struct err e = {""};
        struct ask *a = NULL;
        pid_t child = start(&lies[i]);
        int64_t began_us = clock_now_us();
        enum ask_result result = ask_once(dir, &request, patience_ms(&lies[i]), &answer, &e);
        if (result == ASK_DONE) { /* well said, but no report */
            control_answer_clear(&answer);
            result = ask_report(&a, dir, report, &e);
            ask_close(&a);
        }
        stop(child);
        if (result != lies[i].want || !e.text[0] || (lies[i].why && !strstr(e.text, lies[i].why)))
            fail_msg("%s: %d: %s", lies[i].name, result, e.text);
        assert_true(clock_now_us() - began_us < CLOCK_MS(ENOUGH_MS));
        print_message("%s: %s\n", lies[i].name, e.text);
    }
    free(report);
}

static void plugin(void **state)
{
    char *text = malloc(ANSWER_MAX);
    struct answer *answer = calloc(1, sizeof(*answer));
    (void)state;
    for (size_t i = 0; i < COUNT(lies); i++) {
        struct err e = {""};
        size_t length = 0;
        pid_t child = start(&lies[i]);
        int64_t began_us = ask_now_us();
        bool heard =
            ask(path, "{}\n", began_us + CLOCK_MS(patience_ms(&lies[i])), text, ANSWER_MAX, &length, &e);
        bool ok = heard && answer_parse(answer, text, length, &e) && answer->ok;
        stop(child);
        if (heard != (lies[i].want == ASK_REFUSED) || ok || (!heard && !e.text[0]))
            fail_msg("%s: %d: %s", lies[i].name, heard, e.text);
        assert_true(ask_now_us() - began_us < CLOCK_MS(ENOUGH_MS));
    }
    free(answer);
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(command_line), cmocka_unit_test(plugin)};
    signal(SIGPIPE, SIG_IGN);
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
