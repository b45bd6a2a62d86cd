/* Lag from position samples: named scripts, then a day of samples against the true lag. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/clock.h"
#include "model/lag.h"

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))
#define START        CLOCK_MS(1000000)
#define FRESH        CLOCK_MS(1000)
#define TICK         CLOCK_MS(250)

static struct lag the_lag; /* too big for a stack frame per case */

static struct gtid_set set_of(const char *text)
{
    struct gtid_set set = {0};
    struct err e;
    if (strcmp(text, "unknown") != 0 && !gtid_set_parse(&set, text, &e))
        fail_msg("%s", e.text);
    return set;
}

struct step {
    int64_t at_ms; /* after START */
    const char *pos;
};

static const struct lag_case {
    const char *name;
    struct step samples[6];
    const char *replica;
    int64_t now_ms;
    bool known, at_least;
    int64_t ms, transactions;
} lag_cases[] = {
    {"nothing sampled yet", {{0}}, "0-1-5", 1000, false, false, -1, -1},
    {"only an unknown position", {{1, "unknown"}}, "0-1-5", 100, false, false, -1, -1},
    {"replica unknown", {{1, "0-1-5"}}, "unknown", 100, false, false, -1, -1},
    {"has the newest", {{1, "0-1-5"}}, "0-1-5", 100, true, false, 0, 0},
    {"has more than the newest", {{1, "0-1-5"}}, "0-1-9", 100, true, false, 0, 0},
    {"an empty primary, an empty replica", {{1, ""}}, "", 100, true, false, 0, 0},
    {"has the newest, but that is stale", {{1, "0-1-5"}}, "0-1-5", 1002, false, false, -1, -1},
    {"fresh to the last microsecond", {{1, "0-1-5"}}, "0-1-5", 1001, true, false, 0, 0},
    {"behind, but the primary is silent",
     {{1, "0-1-5"}, {250, "0-1-6"}},
     "0-1-5",
     1300,
     false,
     false,
     -1,
     -1},
    {"the primary answered unknown since",
     {{1, "0-1-5"}, {900, "unknown"}},
     "0-1-5",
     1100,
     false,
     false,
     -1,
     -1},
    {"one behind", {{1, "0-1-5"}, {250, "0-1-6"}}, "0-1-5", 300, true, false, 50, 1},
    {"age of the oldest missing",
     {{1, "0-1-5"}, {250, "0-1-8"}, {500, "0-1-9"}},
     "0-1-5",
     600,
     true,
     false,
     350,
     4},
    {"part of a sample is not the sample",
     {{1, "0-1-5"}, {250, "0-1-8"}, {500, "0-1-9"}},
     "0-1-7",
     600,
     true,
     false,
     350,
     2},
    {"caught up in part", {{1, "0-1-5"}, {250, "0-1-8"}, {500, "0-1-9"}}, "0-1-8", 600, true, false, 100, 1},
    {"unchanged samples keep the first time",
     {{1, "0-1-5"}, {250, "0-1-6"}, {500, "0-1-6"}, {1750, "0-1-6"}},
     "0-1-5",
     1800,
     true,
     false,
     1550,
     1},
    {"an idle hour is no lag", {{1, "0-1-5"}, {3600000, "0-1-5"}}, "0-1-5", 3600100, true, false, 0, 0},
    {"a write after an idle hour is young",
     {{1, "0-1-5"}, {3600000, "0-1-5"}, {3600250, "0-1-6"}},
     "0-1-5",
     3600300,
     true,
     false,
     50,
     1},
    {"behind from before the first sample",
     {{1, "0-1-50"}, {250, "0-1-51"}},
     "0-1-5",
     300,
     true,
     true,
     299,
     46},
    {"another domain is behind",
     {{1, "0-1-5,1-1-1"}, {250, "0-1-5,1-1-2"}},
     "0-1-9,1-1-1",
     300,
     true,
     false,
     50,
     1},
    {"the other server's number at the same place",
     {{1, "0-1-5"}, {250, "0-1-6"}},
     "0-2-6",
     300,
     true,
     false,
     50,
     1},
    {"an older answer does not count", {{250, "0-1-6"}, {100, "0-1-9"}}, "0-1-6", 300, true, false, 0, 0},
    {"history was reset", {{1, "0-1-5"}, {250, "0-1-6"}, {500, "0-1-1"}}, "0-1-1", 600, true, false, 0, 0},
    {"another primary lacks what the last had",
     {{1, "0-1-5"}, {250, "0-1-8"}, {500, "0-2-7"}},
     "0-2-7",
     600,
     true,
     false,
     0,
     0},
    {"and keeps what both have",
     {{1, "0-1-5"}, {250, "0-1-8"}, {500, "0-2-7"}},
     "0-1-5",
     600,
     true,
     false,
     100,
     2},
};

static void measures(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(lag_cases); i++) {
        const struct lag_case *c = &lag_cases[i];
        memset(&the_lag, 0, sizeof the_lag);
        for (size_t s = 0; s < COUNT(c->samples) && c->samples[s].pos != NULL; s++) {
            struct gtid_set pos = set_of(c->samples[s].pos);
            lag_sample(&the_lag, &pos, START + CLOCK_MS(c->samples[s].at_ms));
        }
        struct gtid_set replica = set_of(c->replica);
        struct lag_value v = lag_of(&the_lag, &replica, START + CLOCK_MS(c->now_ms), FRESH);
        int64_t us = c->ms < 0 ? -1 : CLOCK_MS(c->ms);
        if (v.known != c->known || v.at_least != c->at_least || v.us != us ||
            v.transactions != c->transactions)
            fail_msg("%s: known %d, at least %d, %ld us, %ld transactions", c->name, v.known, v.at_least,
                     (long)v.us, (long)v.transactions);
    }
}

static struct gtid_set at_seq(uint64_t seq)
{
    struct gtid_set pos = {.known = true};
    gtid_pos_advance(&pos, &(struct gtid){.domain = 0, .server = 1, .seq = seq});
    return pos;
}

/* Every spacing of the store within what the header promises. */
static void check_spacing(int64_t now_us)
{
    for (int i = 0; i + 1 < the_lag.count; i++) {
        int64_t gap = the_lag.samples[i + 1].at_us - the_lag.samples[i].at_us;
        int64_t age = now_us - the_lag.samples[i].at_us;
        int64_t allowed = age < CLOCK_MS(10000) ? CLOCK_MS(250) : age * LAG_THINNED_PERCENT / 100;
        if (gap > allowed)
            fail_msg("at %ld s: gap %ld us at age %ld us", (long)(now_us / 1000000), (long)gap, (long)age);
    }
}

static void check_lag(int64_t ticks, int64_t behind_s)
{
    int64_t behind = behind_s * 4, truth_us = behind > 0 ? (behind - 1) * TICK : 0;
    int64_t allowed = behind_s < 10 ? 0 : truth_us * LAG_THINNED_PERCENT / 100;
    struct gtid_set replica = at_seq((uint64_t)(ticks - behind));
    struct lag_value v = lag_of(&the_lag, &replica, START + ticks * TICK, FRESH);
    assert_true(v.known && !v.at_least);
    assert_int_equal(v.transactions, behind);
    if (v.us > truth_us || v.us < truth_us - allowed)
        fail_msg("lag %ld s: %ld us instead of %ld", (long)behind_s, (long)v.us, (long)truth_us);
}

/* A primary that changes at each tick for a day: the sample of tick n is position n, so every true lag is
 * known. */
static void thinning_loses_little(void **state)
{
    static const int64_t lags_s[] = {0, 1, 5, 10, 60, 300, 600, 3600, 20000, 86000};
    const int64_t day = 24 * 3600 * 4;
    (void)state;
    memset(&the_lag, 0, sizeof the_lag);
    for (int64_t n = 1; n <= day; n++) {
        struct gtid_set pos = at_seq((uint64_t)n);
        lag_sample(&the_lag, &pos, START + n * TICK);
        if (n % 4999 == 0 || n == day)
            check_spacing(START + n * TICK);
    }
    assert_int_equal(the_lag.count, LAG_SAMPLES);
    assert_int_equal(the_lag.samples[0].at_us, START + TICK);
    for (size_t i = 0; i < COUNT(lags_s); i++)
        check_lag(day, lags_s[i]);
}

/* A random history and a replica at a random point, against the definition spelled out. */
static void agrees_with_the_definition(void **state)
{
    (void)state;
    srandom(5);
    for (int round = 0; round < 2000; round++) {
        int64_t times[40], now_us = START;
        uint64_t seqs[40], seq = 1;
        int n = 1 + (int)(random() % 40);
        memset(&the_lag, 0, sizeof the_lag);
        for (int i = 0; i < n; i++) {
            now_us += 1 + random() % CLOCK_MS(400);
            seq += (uint64_t)(random() % 3);
            times[i] = now_us;
            seqs[i] = seq;
            struct gtid_set pos = at_seq(seq);
            lag_sample(&the_lag, &pos, now_us);
        }
        uint64_t has = (uint64_t)random() % (seq + 2) + 1;
        int first = 0;
        while (first < n && seqs[first] <= has)
            first++;
        struct gtid_set replica = at_seq(has);
        now_us += random() % FRESH;
        struct lag_value v = lag_of(&the_lag, &replica, now_us, FRESH);
        assert_true(v.known);
        assert_int_equal(v.us, first < n ? now_us - times[first] : 0);
        assert_int_equal(v.at_least, first == 0);
        assert_int_equal(v.transactions, has < seq ? seq - has : 0);
    }
}

static void unknown_right_after_boot(void **state)
{
    struct gtid_set replica = set_of("0-1-5");
    (void)state;
    memset(&the_lag, 0, sizeof the_lag);
    assert_false(lag_of(&the_lag, &replica, CLOCK_MS(1), FRESH).known);
}

static void an_idle_primary_takes_no_room(void **state)
{
    struct gtid_set pos = set_of("0-1-5");
    (void)state;
    memset(&the_lag, 0, sizeof the_lag);
    for (int i = 0; i < 3 * LAG_SAMPLES; i++)
        lag_sample(&the_lag, &pos, START + i * TICK);
    assert_int_equal(the_lag.count, 1);
    assert_int_equal(the_lag.newest_us, START + (3 * LAG_SAMPLES - 1) * TICK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(measures),
        cmocka_unit_test(unknown_right_after_boot),
        cmocka_unit_test(an_idle_primary_takes_no_room),
        cmocka_unit_test(thinning_loses_little),
        cmocka_unit_test(agrees_with_the_definition),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
