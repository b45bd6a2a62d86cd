/* The VIP watch in a network namespace of its own: addresses come and go, on one interface or two, and in
 * bursts that overrun the socket. Needs the right to make a namespace and ip(8); else it is skipped. */
#define _GNU_SOURCE
#include <event2/event.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/clock.h"
#include "io/vip.h"

#define SKIPPED 77

struct seen {
    struct event_base *base;
    struct vip_watch *watch;
    int changes;
    struct vip_state last;
};

static void on_change(void *arg, const struct vip_state *state)
{
    struct seen *seen = arg;
    seen->changes++;
    seen->last = *state;
}

static void ip(const char *arguments)
{
    char command[256];
    snprintf(command, sizeof(command), "ip %s", arguments);
    if (system(command) != 0)
        fail_msg("%s", command);
}

/* Dummy devices are missing in some kernels; either end of a veth will do. */
#define MAKE(name)                                                                                           \
    "ip link add " name " type veth peer name p" name " && ip link set " name " up && ip link set p" name    \
    " up"

static void watch(struct seen *seen, int count, const char *first, const char *second)
{
    char addresses[2][SETTINGS_ADDRESS_MAX] = {"", ""};
    struct err e;
    *seen = (struct seen){.base = event_base_new()};
    snprintf(addresses[0], sizeof(addresses[0]), "%s", first);
    snprintf(addresses[1], sizeof(addresses[1]), "%s", second);
    seen->watch =
        vip_new(seen->base, (const char(*)[SETTINGS_ADDRESS_MAX])addresses, count, on_change, seen, &e);
    if (!seen->watch)
        fail_msg("%s", e.text);
}

static void unwatch(struct seen *seen)
{
    vip_free(&seen->watch);
    assert_null(seen->watch);
    event_base_free(seen->base);
}

/* One turn of the loop, of 2 ms at most. */
static void turn(struct seen *seen)
{
    static const struct timeval tick = {.tv_usec = 2000};
    event_base_loopexit(seen->base, &tick);
    event_base_loop(seen->base, EVLOOP_ONCE);
}

static void run_for(struct seen *seen, int64_t us)
{
    for (int64_t end_us = clock_now_us() + us; clock_now_us() < end_us;)
        turn(seen);
}

/* Lets the loop run until `here` is seen, and returns after how long. */
static int64_t await_here(struct seen *seen, enum tri here, bool partial, int64_t limit_us)
{
    int64_t start_us = clock_now_us();
    const struct vip_state *state = vip_state(seen->watch);
    while (state->here != here || state->partial != partial) {
        if (clock_now_us() - start_us > limit_us)
            fail_msg("here is %s, partial %d", tri_name(state->here), state->partial);
        turn(seen);
    }
    return clock_now_us() - start_us;
}

static void comes_and_goes(void **state)
{
    struct seen seen;
    (void)state;
    watch(&seen, 1, "192.0.2.100", "");
    assert_int_equal(vip_state(seen.watch)->here, TRI_UNKNOWN);
    await_here(&seen, TRI_NO, false, CLOCK_MS(500));
    assert_int_equal(seen.changes, 1);
    assert_true(vip_state(seen.watch)->read_us > 0);

    int64_t before_us = clock_now_us();
    ip("addr add 192.0.2.100/24 dev d0");
    int64_t added_us = clock_now_us();
    await_here(&seen, TRI_YES, false, CLOCK_MS(500));
    assert_int_equal(seen.changes, 2);
    assert_true(seen.last.since_us >= before_us);
    print_message("seen %lld us after ip(8) had ended\n", (long long)(seen.last.since_us - added_us));

    ip("addr add 192.0.2.101/24 dev d0"); /* not ours */
    ip("addr del 192.0.2.100/24 dev d0");
    await_here(&seen, TRI_NO, false, CLOCK_MS(500));
    assert_int_equal(seen.changes, 3);
    ip("addr flush dev d0");
    unwatch(&seen);
}

static void there_before_the_watch(void **state)
{
    struct seen seen;
    (void)state;
    ip("addr add 192.0.2.100/24 dev d0");
    watch(&seen, 1, "192.0.2.100", "");
    await_here(&seen, TRI_YES, false, CLOCK_MS(500));
    assert_int_equal(seen.changes, 1);
    ip("addr flush dev d0");
    unwatch(&seen);
}

static void all_or_partial(void **state)
{
    struct seen seen;
    (void)state;
    watch(&seen, 2, "192.0.2.100", "2001:db8::100");
    await_here(&seen, TRI_NO, false, CLOCK_MS(500));
    int64_t none_us = vip_state(seen.watch)->since_us;
    ip("addr add 2001:db8::100/64 dev d0 nodad");
    await_here(&seen, TRI_UNKNOWN, true, CLOCK_MS(500));
    assert_true(vip_state(seen.watch)->since_us > none_us);
    assert_int_equal(vip_state(seen.watch)->addresses[0].here, TRI_NO);
    assert_int_equal(vip_state(seen.watch)->addresses[1].here, TRI_YES);
    ip("addr add 192.0.2.100/32 dev d0");
    await_here(&seen, TRI_YES, false, CLOCK_MS(500));
    ip("link set d0 down"); /* takes the IPv6 address along */
    await_here(&seen, TRI_UNKNOWN, true, CLOCK_MS(500));
    ip("link set d0 up");
    ip("addr flush dev d0");
    await_here(&seen, TRI_NO, false, CLOCK_MS(500));
    unwatch(&seen);
}

/* A split VIP is still watched: news of it counts as it comes, and it is not taken for a watch that failed.
 */
static void news_while_split(void **state)
{
    struct seen seen;
    (void)state;
    watch(&seen, 2, "192.0.2.100", "192.0.2.101");
    ip("addr add 192.0.2.100/24 dev d0");
    await_here(&seen, TRI_UNKNOWN, true, CLOCK_MS(500));
    ip("addr add 192.0.2.101/24 dev d1"); /* another interface */
    await_here(&seen, TRI_YES, false, CLOCK_MS(500));
    ip("addr del 192.0.2.100/24 dev d0");
    await_here(&seen, TRI_UNKNOWN, true, CLOCK_MS(500));
    ip("addr del 192.0.2.101/24 dev d1");
    await_here(&seen, TRI_NO, false, CLOCK_MS(500));
    unwatch(&seen);
}

/* Behind another address of the network, with and without one of its own, labelled or on a bigger network. */
static void however_it_was_put(void **state)
{
    static const char *const ways[] = {"192.0.2.100/24 dev d0",
                                       "192.0.2.100/32 dev d0",
                                       "192.0.2.100/25 dev d1",
                                       "192.0.2.100/24 dev d0 label d0:vip",
                                       "192.0.2.100/24 dev d0 valid_lft 600 preferred_lft 0",
                                       "192.0.2.100 peer 198.51.100.1/32 dev d0"};
    struct seen seen;
    (void)state;
    ip("addr add 192.0.2.11/24 dev d0"); /* which makes it a secondary one */
    watch(&seen, 1, "192.0.2.100", "");
    for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
        char command[128];
        snprintf(command, sizeof(command), "addr add %s", ways[i]);
        await_here(&seen, TRI_NO, false, CLOCK_MS(500));
        ip(command);
        await_here(&seen, TRI_YES, false, CLOCK_MS(500));
        ip(i == 2 ? "addr flush dev d1"
                  : "addr del dev d0 $(ip -4 -o addr show to 192.0.2.100 | awk '{print $4}')"
                    " 2>/dev/null || ip addr del 192.0.2.100 peer 198.51.100.1/32 dev d0");
    }
    await_here(&seen, TRI_NO, false, CLOCK_MS(500));
    ip("addr flush dev d0");
    unwatch(&seen);
}

/* An address of which it is not known yet whether another host has it answers nobody. */
static void tentative_is_not_here(void **state)
{
    struct seen seen;
    (void)state;
    assert_int_equal(system("sysctl -qw net.ipv6.conf.d0.accept_dad=1 net.ipv6.conf.d0.dad_transmits=1"), 0);
    watch(&seen, 1, "2001:db8::100", "");
    await_here(&seen, TRI_NO, false, CLOCK_MS(500));
    ip("addr add 2001:db8::100/64 dev d0");
    int64_t took_us = await_here(&seen, TRI_YES, false, CLOCK_MS(6000));
    assert_true(took_us > CLOCK_MS(300)); /* it was looked for that long */
    assert_int_equal(seen.changes, 2);
    ip("addr flush dev d0");
    unwatch(&seen);
}

static void gone_with_the_last_interface(void **state)
{
    struct seen seen;
    (void)state;
    watch(&seen, 1, "192.0.2.100", "");
    ip("addr add 192.0.2.100/32 dev d0");
    ip("addr add 192.0.2.100/32 dev d1");
    await_here(&seen, TRI_YES, false, CLOCK_MS(500));
    ip("addr del 192.0.2.100/32 dev d0");
    run_for(&seen, CLOCK_MS(50));
    assert_int_equal(vip_state(seen.watch)->here, TRI_YES);
    ip("link del d1");
    await_here(&seen, TRI_NO, false, CLOCK_MS(500));
    assert_int_equal(system(MAKE("d1")), 0);
    unwatch(&seen);
}

/* More news than the socket holds, the address's own in the middle of it. */
static void survives_an_overrun(void **state)
{
    struct seen seen;
    (void)state;
    FILE *f = fopen("/proc/sys/net/core/rmem_default", "r");
    long room = 0;
    if (!f || fscanf(f, "%ld", &room) != 1)
        room = 212992;
    if (f)
        fclose(f);
    watch(&seen, 1, "192.0.2.100", "");
    await_here(&seen, TRI_NO, false, CLOCK_MS(500));
    FILE *batch = popen("ip -batch -", "w");
    assert_non_null(batch);
    for (long i = 0; i < room / 200; i++)
        fprintf(batch, "addr add 10.%ld.%ld.1/32 dev d0\n", i / 250, i % 250);
    fprintf(batch, "addr add 192.0.2.100/32 dev d0\n");
    assert_int_equal(pclose(batch), 0);
    int64_t took_us = await_here(&seen, TRI_YES, false, CLOCK_MS(2000));
    print_message("%ld addresses: seen after %lld us\n", room / 200, (long long)took_us);
    ip("link del d0");
    await_here(&seen, TRI_NO, false, CLOCK_MS(2000));
    assert_int_equal(system(MAKE("d0")), 0);
    unwatch(&seen);
}

static void reads_again_by_itself(void **state)
{
    struct seen seen;
    (void)state;
    watch(&seen, 1, "192.0.2.100", "");
    await_here(&seen, TRI_NO, false, CLOCK_MS(500));
    int64_t first_us = vip_state(seen.watch)->read_us;
    run_for(&seen, CLOCK_MS(5300));
    int64_t later_us = vip_state(seen.watch)->read_us - first_us;
    assert_in_range(later_us, 4900000, 5300000);
    assert_int_equal(seen.changes, 1);
    unwatch(&seen);
}

static void refuses_nonsense(void **state)
{
    struct event_base *base = event_base_new();
    char addresses[1][SETTINGS_ADDRESS_MAX] = {"mail.example.org"};
    struct err e;
    (void)state;
    assert_null(vip_new(base, (const char(*)[SETTINGS_ADDRESS_MAX])addresses, 1, NULL, NULL, &e));
    assert_non_null(strstr(e.text, "mail.example.org is not a numeric address"));
    assert_null(vip_new(base, (const char(*)[SETTINGS_ADDRESS_MAX])addresses, 0, NULL, NULL, &e));
    event_base_free(base);
}

static int own_network(void)
{
    if (unshare(CLONE_NEWNET) < 0 && unshare(CLONE_NEWUSER | CLONE_NEWNET) < 0)
        return -1;
    return system("ip link set lo up && " MAKE("d0") " && " MAKE("d1"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(comes_and_goes),        cmocka_unit_test(there_before_the_watch),
        cmocka_unit_test(all_or_partial),        cmocka_unit_test(gone_with_the_last_interface),
        cmocka_unit_test(news_while_split),      cmocka_unit_test(however_it_was_put),
        cmocka_unit_test(tentative_is_not_here), cmocka_unit_test(survives_an_overrun),
        cmocka_unit_test(reads_again_by_itself), cmocka_unit_test(refuses_nonsense),
    };
    if (own_network() != 0) {
        print_message("skipped: no network namespace of our own, or no ip(8)\n");
        return SKIPPED;
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
