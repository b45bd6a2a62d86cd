/* The VIP by the word of a program: what its answers mean, and programs that hang, crash, print without an
 * end or change their mind all the time. The loop is never held up by any of them. */
#include <event2/event.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clock.h"
#include "io/vip_command.h"

#define PATIENCE_US CLOCK_MS(10000)
#define HELD_UP_US  CLOCK_MS(400) /* of a busy machine; each program here that hangs does so for longer */

static struct event_base *base;
static struct event *ticker;
static int64_t ticked_us, longest_gap_us;
static struct vip_command *watch;
static int changes;
static struct vip_state last;
static char folder[64], script[256], marker[100];

static void on_tick(evutil_socket_t fd, short what, void *arg)
{
    int64_t now_us = clock_now_us();
    (void)fd, (void)what, (void)arg;
    if (ticked_us && now_us - ticked_us > longest_gap_us)
        longest_gap_us = now_us - ticked_us;
    ticked_us = now_us;
}

static void on_change(void *arg, const struct vip_state *state)
{
    (void)arg;
    changes++;
    last = *state;
}

/* `deadline_ms` 0: none that a busy machine could reach. */
static void start(const char *program, int deadline_ms)
{
    static const char *argv[] = {"/bin/sh", "-c", script, "sh", folder, NULL};
    static const char *const environment[] = {"REPLCHECK_NODE=mx1", NULL};
    snprintf(script, sizeof(script), "%s", program);
    struct vip_command_options o = {.argv = argv,
                                    .environment = environment,
                                    .period_ms = 100,
                                    .deadline_ms = deadline_ms ? deadline_ms : 9000};
    changes = 0;
    memset(&last, 0, sizeof(last));
    watch = vip_command_new(base, &o, on_change, NULL);
    assert_int_equal(vip_command_state(watch)->here, TRI_UNKNOWN);
}

static void turn(void)
{
    static const struct timeval tick = {.tv_usec = 2000};
    event_base_loopexit(base, &tick);
    event_base_loop(base, EVLOOP_ONCE);
}

#define AWAIT(condition)                                                                                     \
    do {                                                                                                     \
        int64_t end_us_ = clock_now_us() + PATIENCE_US;                                                      \
        while (!(condition)) {                                                                               \
            if (clock_now_us() > end_us_)                                                                    \
                fail_msg("never: %s (%s)", #condition, vip_command_trouble(watch));                          \
            turn();                                                                                          \
        }                                                                                                    \
    } while (0)

static int begin(void **state)
{
    static const struct timeval often = {.tv_usec = 2000};
    (void)state;
    snprintf(folder, sizeof(folder), "/tmp/test_vip_command.XXXXXX");
    assert_non_null(mkdtemp(folder));
    snprintf(marker, sizeof(marker), "%s/marker", folder);
    base = event_base_new();
    ticker = event_new(base, -1, EV_PERSIST, on_tick, NULL);
    event_add(ticker, &often);
    ticked_us = longest_gap_us = 0;
    return 0;
}

static int end(void **state)
{
    (void)state;
    vip_command_free(&watch);
    event_free(ticker);
    event_base_free(base);
    unlink(marker);
    rmdir(folder);
    if (longest_gap_us > HELD_UP_US)
        print_error("the loop was held up for %lld us\n", (long long)longest_gap_us);
    return longest_gap_us > HELD_UP_US ? -1 : 0;
}

static void answers(void **state)
{
    static const struct {
        const char *program;
        enum tri here;
        const char *trouble;
    } cases[] = {
        {"exit 0", TRI_YES, ""},
        {"echo 192.0.2.100 is ours; exit 0", TRI_YES, ""},
        {"exit 1", TRI_NO, ""},
        {"exit 2", TRI_UNKNOWN, "exit status 2"},
        {"echo no token >&2; echo more; exit 3", TRI_UNKNOWN, "exit status 3: no token"},
        {"printf 'a\\033[31mb'; exit 3", TRI_UNKNOWN, "exit status 3: a?[31mb"},
        {"kill -SEGV $$", TRI_UNKNOWN, "ended by signal 11"},
        {"exec /nonexistent 2>/dev/null", TRI_UNKNOWN, "exit status 127"},
        {"[ \"$REPLCHECK_NODE$HOME$USER\" = mx1 ]", TRI_YES, ""},
        {"exec 0<&0; cat; exit 1", TRI_NO, ""}, /* nothing to be read, for ever or at all */
    };
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        start(cases[i].program, 0);
        AWAIT(vip_command_state(watch)->read_us);
        if (vip_command_state(watch)->here != cases[i].here ||
            strcmp(vip_command_trouble(watch), cases[i].trouble) != 0)
            fail_msg("%s: %s, '%s'", cases[i].program, tri_name(vip_command_state(watch)->here),
                     vip_command_trouble(watch));
        assert_int_equal(changes, 1);
        assert_true(vip_command_state(watch)->since_us > 0);
        vip_command_free(&watch);
    }
}

static void no_such_program(void **state)
{
    static const char *argv[] = {"/nonexistent/vip", NULL};
    struct vip_command_options o = {.argv = argv, .period_ms = 100, .deadline_ms = 1000};
    (void)state;
    watch = vip_command_new(base, &o, on_change, NULL);
    AWAIT(vip_command_state(watch)->read_us);
    assert_int_equal(vip_command_state(watch)->here, TRI_UNKNOWN);
    assert_string_equal(vip_command_trouble(watch), "/nonexistent/vip: No such file or directory");
}

/* It leaves a child of its own behind, which holds the pipe. */
static void one_that_hangs(void **state)
{
    char command[200];
    int64_t began_us = clock_now_us();
    (void)state;
    start("sleep 60 & echo $! >$1/marker; wait", 700);
    AWAIT(vip_command_state(watch)->read_us);
    assert_true(clock_now_us() - began_us >= CLOCK_MS(650)); /* the loop's own clock is a coarse one */
    assert_int_equal(vip_command_state(watch)->here, TRI_UNKNOWN);
    assert_string_equal(vip_command_trouble(watch), "killed at its deadline of 700 ms");
    vip_command_free(&watch);
    snprintf(command, sizeof(command), "grep -Eqs '^State:.[^Z]' /proc/$(cat %s)/status", marker);
    for (int64_t end_us = clock_now_us() + PATIENCE_US; system(command) == 0;
         usleep(1000)) /* killed with it */
        assert_true(clock_now_us() < end_us);
    ticked_us = 0;
}

static void one_that_was_known_and_hangs(void **state)
{
    (void)state;
    start("[ -e $1/marker ] && sleep 60; touch $1/marker; exit 0", 700);
    AWAIT(vip_command_state(watch)->here == TRI_YES);
    AWAIT(vip_command_state(watch)->here == TRI_UNKNOWN);
    assert_int_equal(changes, 2);
}

static void output_without_end(void **state)
{
    (void)state;
    start("yes abcdefgh | tr -d '\\n'", 700);
    AWAIT(vip_command_state(watch)->read_us);
    assert_int_equal(vip_command_state(watch)->here, TRI_UNKNOWN);
    assert_non_null(strstr(vip_command_trouble(watch), "killed at its deadline of 700 ms: abcdefghabcdefgh"));
    assert_true(strlen(vip_command_trouble(watch)) < VIP_SAID_MAX + 40);
}

/* Much is printed and it ends well: nothing of it is in the way. */
static void much_output(void **state)
{
    (void)state;
    start("head -c 3000000 /dev/zero; exit 1", 0);
    AWAIT(vip_command_state(watch)->read_us);
    assert_int_equal(vip_command_state(watch)->here, TRI_NO);
}

/* Here, away, here, away: each change begins its time anew, so that no handover is asked for. */
static void one_that_changes_its_mind(void **state)
{
    int seen = 0;
    int64_t since_us = 0;
    enum tri here = TRI_UNKNOWN;
    (void)state;
    start("if [ -e $1/marker ]; then rm $1/marker; exit 1; else touch $1/marker; exit 0; fi", 0);
    while (seen < 8) {
        int before = changes;
        AWAIT(changes > before);
        assert_int_equal(changes, before + 1);
        assert_int_not_equal(last.here, here);
        assert_true(last.since_us > since_us);
        here = last.here;
        since_us = last.since_us;
        seen++;
    }
}

/* Also none that ended and that nobody has reaped. */
static bool has_children(void)
{
    siginfo_t info;
    return waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) == 0;
}

static void freed_while_it_runs(void **state)
{
    (void)state;
    for (int i = 0; i < 20; i++) {
        start("sleep 60", 0);
        for (int k = 0; k < i; k++)
            turn();
        vip_command_free(&watch);
        assert_null(watch);
        for (int64_t end_us = clock_now_us() + PATIENCE_US; has_children() && clock_now_us() < end_us;)
            turn();
        assert_false(has_children());
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(answers),
        TEST(no_such_program),
        TEST(one_that_hangs),
        TEST(one_that_was_known_and_hangs),
        TEST(output_without_end),
        TEST(much_output),
        TEST(one_that_changes_its_mind),
        TEST(freed_while_it_runs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
