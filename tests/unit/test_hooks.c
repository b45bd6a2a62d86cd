/* Hooks: by which name an event is told, how one is called, and that one which hangs holds up nobody. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "io/hooks.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define PATIENCE_MS  20000

static char dir[] = "/tmp/replcheck-hooks-XXXXXX", said[16384];
static struct journal_event
    told; /* the last one of the journal; written by the hooks' thread, read after its end */

static struct journal_event state_event(const char *from, const char *to, int row)
{
    struct journal_event e = {.kind = JOURNAL_STATE, .node = "mx1", .row_id = row, .epoch = 7};
    snprintf(e.state_from, sizeof(e.state_from), "%s", from);
    snprintf(e.state_to, sizeof(e.state_to), "%s", to);
    return e;
}

static void names(void **state)
{
    static const struct {
        enum journal_kind kind;
        const char *from, *to;
        int row;
        const char *names;
    } cases[] = {
        {JOURNAL_STATE, "promoting: enable", "writer", 450, "post_promote "},
        {JOURNAL_STATE, "unknown", "writer", 205, ""},
        {JOURNAL_STATE, "writer", "demoting: close", 530, ""},
        {JOURNAL_STATE, "demoting: close", "demoting: handover", 600, ""},
        {JOURNAL_STATE, "demoting: handover", "standby", 0, "post_demote "},
        {JOURNAL_STATE, "demoting: handover", "promoting: votes", 630, ""},
        {JOURNAL_STATE, "writer", "fenced", 100, "post_demote alert "},
        {JOURNAL_STATE, "standby", "quarantined", 305, "alert "},
        {JOURNAL_STATE, "standby", "promoting: votes", 340, ""},
        {JOURNAL_STATE, "dual: held", "dual: writer", 0, "post_promote "},
        {JOURNAL_ALERT, "", "", 0, "alert "},
        {JOURNAL_HOOK, "", "", 0, ""},
        {JOURNAL_START, "", "", 0, ""},
        {JOURNAL_OPERATOR, "", "", 0, ""},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct journal_event e = state_event(cases[i].from, cases[i].to, cases[i].row);
        char got[64] = "";
        const char *found[2];
        e.kind = cases[i].kind;
        int count = hooks_names(&e, found);
        for (int n = 0; n < count; n++)
            snprintf(got + strlen(got), sizeof(got) - strlen(got), "%s ", found[n]);
        if (strcmp(got, cases[i].names) != 0)
            fail_msg("%s -> %s: \"%s\", expected \"%s\"", cases[i].from, cases[i].to, got, cases[i].names);
    }
}

/* ---- with real ones ---- */

static void note(enum log_level level, const char *line)
{
    (void)level;
    static size_t used;
    if (!line)
        used = 0;
    else
        used += (size_t)snprintf(said + used, sizeof(said) - used, "%s\n", line);
}

static void write_hook(const char *name, const char *text, mode_t mode)
{
    char path[256];
    snprintf(path, sizeof(path), "%s/%s", dir, name);
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    fprintf(f, "#!/bin/sh\n%s\n", text);
    fclose(f);
    assert_int_equal(chmod(path, mode), 0);
}

static const char *content(const char *name)
{
    static char text[8192];
    char path[256];
    snprintf(path, sizeof(path), "%s/out/%s", dir, name);
    FILE *f = fopen(path, "r");
    size_t got = f ? fread(text, 1, sizeof(text) - 1, f) : 0;
    text[got] = '\0';
    if (f)
        fclose(f);
    return text;
}

/* Until the file has that text. */
static void await(const char *name, const char *text)
{
    for (int i = 0; i < PATIENCE_MS / 10 && !strstr(content(name), text); i++)
        usleep(10000);
    if (!strstr(content(name), text))
        fail_msg("%s: no \"%s\" in \"%s\"", name, text, content(name));
}

static void tell(const struct journal_event *event)
{
    told = *event;
}

static int begin(void **state)
{
    char command[256];
    struct err e;
    (void)state;
    strcpy(dir, "/tmp/replcheck-hooks-XXXXXX");
    assert_non_null(mkdtemp(dir));
    snprintf(command, sizeof(command), "mkdir %s/out", dir);
    assert_int_equal(system(command), 0);
    note(LOG_LEVEL_INFO, NULL);
    said[0] = '\0';
    log_set_level(LOG_LEVEL_INFO);
    log_set_sink(note);
    assert_true(hooks_start(dir, 500, tell, &e));
    return 0;
}

static int end(void **state)
{
    char command[256];
    (void)state;
    bool stopped = hooks_stop(PATIENCE_MS);
    log_set_sink(NULL);
    snprintf(command, sizeof(command), "rm -rf %s", dir);
    return !stopped || system(command) != 0;
}

static void offer(const char *from, const char *to, int row)
{
    struct journal_event e = state_event(from, to, row);
    snprintf(e.reason, sizeof(e.reason), "a 'reason'; $(with) `signs`");
    hooks_offer(&e);
}

/* A number which no shell opens for itself. */
#define LEAK      173
#define LEAK_TEXT "173\n"
#define HERE      "cd ${0%/*}/out; "

static void is_called(void **state)
{
    (void)state;
    setenv("KNOWN_SECRET", "of the daemon", 1);
    int leak = fcntl(STDERR_FILENO, F_DUPFD, LEAK); /* not close-on-exec */
    assert_int_equal(leak, LEAK);
    write_hook("10-first",
               HERE "env >env; echo \"$*\" >args; ls /proc/$$/fd >fds; readlink /proc/$$/fd/0 "
                    ">in; ps -o pgid= -p $$ >group; echo $$ >pid; echo 1 >>order; exit 3",
               0755);
    write_hook("20-second", HERE "echo 2 >>order", 0755);
    write_hook("30-plain", HERE "echo 3 >>order", 0644);
    write_hook("40-anybodys", HERE "echo 4 >>order", 0777);
    write_hook(".50-hidden", HERE "echo 5 >>order", 0755);
    offer("promoting: enable", "writer", 450);
    await("order", "1\n2\n");
    assert_true(hooks_stop(PATIENCE_MS));
    close(leak);
    assert_string_equal(content("order"), "1\n2\n");
    assert_string_equal(content("args"), "post_promote\n");
    assert_string_equal(content("in"), "/dev/null\n");
    assert_true(atoi(content("pid")) > 1 && atoi(content("group")) == atoi(content("pid")));
    await("env", "REPLCHECK_EVENT=post_promote\n");
    await("env", "REPLCHECK_NODE=mx1\n");
    await("env", "REPLCHECK_STATE_TO=writer\n");
    await("env", "REPLCHECK_EPOCH=7\n");
    await("env", "REPLCHECK_REASON=a 'reason'; $(with) `signs`\n");
    assert_null(strstr(content("env"), "KNOWN_SECRET"));
    assert_null(strstr(content("fds"), LEAK_TEXT));
    assert_non_null(strstr(said, "hook 10-first post_promote: exit status 3"));
    assert_non_null(strstr(said, "hook 20-second post_promote: exit status 0"));
    assert_int_equal(told.kind, JOURNAL_HOOK);
    assert_int_equal(told.epoch, 7);
    assert_non_null(strstr(told.detail, "20-second post_promote: exit status 0"));
    assert_non_null(strstr(said, "40-anybodys is not run: everybody may write it"));
}

static void hangs(void **state)
{
    (void)state;
    write_hook("10-hangs", HERE "echo began >>hung; trap '' TERM; sleep 1000 & wait; sleep 1000", 0755);
    write_hook("20-next", HERE "echo $1 >>next", 0755);
    int64_t began_us = clock_now_us(), longest_us = 0;
    for (int i = 0; i < 3 * HOOKS_ROOM; i++) {
        int64_t before_us = clock_now_us();
        offer("writer", "fenced", 0);
        int64_t took_us = clock_now_us() - before_us;
        longest_us = took_us > longest_us ? took_us : longest_us;
    }
    bool waited = longest_us > CLOCK_MS(400) && clock_now_us() - began_us > CLOCK_MS(400);
    await("next", "post_demote\n");
    assert_false(waited);
    assert_non_null(strstr(said, "hook 10-hangs post_demote: killed at its deadline"));
    hooks_set("/nonexistent", 500); /* what waits is done at once */
    assert_true(hooks_stop(PATIENCE_MS));
    assert_non_null(strstr(said, "events, for a hook took too long"));
}

static void is_left_at_the_end(void **state)
{
    (void)state;
    hooks_set(dir, 1000000);
    write_hook("10-long", HERE "echo $$ >pid; sleep 1000", 0755);
    offer("writer", "fenced", 0);
    offer("writer", "fenced", 0);
    await("pid", "\n");
    assert_false(hooks_stop(50));
    pid_t pid = (pid_t)atoi(content("pid"));
    assert_int_equal(kill(pid, 0), 0);
    write_hook("20-next", HERE "echo $1 >>next", 0755);
    assert_int_equal(kill(-pid, SIGKILL), 0);
    assert_true(hooks_stop(PATIENCE_MS));
    assert_string_equal(content("next"), "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names),
        cmocka_unit_test_setup_teardown(is_called, begin, end),
        cmocka_unit_test_setup_teardown(hangs, begin, end),
        cmocka_unit_test_setup_teardown(is_left_at_the_end, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
