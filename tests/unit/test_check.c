/* Thresholds, modes and the plugin's line: what the usual plugins take for fine is not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "model/verdict.h"
#include "report_fixture.h"
#include "wire/check_line.h"

#define COUNT(table)      (sizeof(table) / sizeof((table)[0]))
#define TEXT(field, text) snprintf(field, sizeof(field), "%s", text)

/* ---- ranges ---- */

static void ranges_alert(void **state)
{
    static const struct {
        const char *text;
        enum range_unit unit;
        double quiet, alert; /* a value of each kind */
        const char *shown;
    } cases[] = {
        {"10", RANGE_COUNT, 10, 10.5, "10"},       {"10", RANGE_COUNT, 0, -1, "10"},
        {"10:", RANGE_COUNT, 10, 9, "10:"},        {"~:10", RANGE_COUNT, -1e9, 11, "~:10"},
        {"10:20", RANGE_COUNT, 20, 21, "10:20"},   {"@10:20", RANGE_COUNT, 21, 20, "@10:20"},
        {"@10:20", RANGE_COUNT, 9, 10, "@10:20"},  {"0", RANGE_COUNT, 0, 1, "0"},
        {"@0", RANGE_COUNT, 1, 0, "@0"},           {":5", RANGE_COUNT, 5, -1, "5"},
        {"-5:5", RANGE_COUNT, -5, -6, "-5:5"},     {"@~:5", RANGE_COUNT, 6, -99, "@~:5"},
        {"500ms", RANGE_SECONDS, 0.5, 0.6, "0.5"}, {"100us:2m", RANGE_SECONDS, 120, 121, "0.0001:120"},
        {"1h", RANGE_SECONDS, 3600, 3601, "3600"}, {"1.5d:", RANGE_SECONDS, 129600, 129599, "129600:"},
        {".5s", RANGE_SECONDS, 0.5, 0.6, "0.5"},   {"10", RANGE_SECONDS, 10, 11, "10"},
        {"~:", RANGE_COUNT, 0, 0, "~:"},           {"+3:4", RANGE_COUNT, 3, 5, "3:4"},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct range r;
        struct err e = {.text = ""};
        char text[RANGE_MAX];
        if (!range_parse(&r, cases[i].text, cases[i].unit, &e))
            fail_msg("%s: %s", cases[i].text, e.text);
        if (range_alerts(&r, cases[i].quiet) ||
            (cases[i].alert != cases[i].quiet && !range_alerts(&r, cases[i].alert)))
            fail_msg("%s is judged wrongly", cases[i].text);
        assert_string_equal(range_text(&r, text), cases[i].shown);
    }
    assert_false(range_alerts(&(struct range){.given = false}, 1e9));
}

static void ranges_in_words(void **state)
{
    static const struct {
        const char *text;
        enum range_unit unit;
        const char *words;
    } cases[] = {
        {"10", RANGE_COUNT, "above 10"},
        {"0", RANGE_COUNT, "other than 0"},
        {"10:", RANGE_COUNT, "below 10"},
        {"~:10", RANGE_COUNT, "above 10"},
        {"10:20", RANGE_COUNT, "below 10 or above 20"},
        {"1:1", RANGE_COUNT, "other than 1"},
        {"@10:20", RANGE_COUNT, "from 10 to 20"},
        {"@0", RANGE_COUNT, "exactly 0"},
        {"@10:", RANGE_COUNT, "10 or more"},
        {"@~:10", RANGE_COUNT, "10 or less"},
        {"@~:", RANGE_COUNT, "any"},
        {"500ms", RANGE_SECONDS, "above 0.5 s"},
        {"1m:1h", RANGE_SECONDS, "below 60 s or above 3600 s"},
        {"-1000000000000000:1000000000000000", RANGE_COUNT,
         "below -1000000000000000 or above 1000000000000000"},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct range r;
        struct err e = {.text = ""};
        char words[RANGE_WORDS_MAX];
        if (!range_parse(&r, cases[i].text, cases[i].unit, &e))
            fail_msg("%s: %s", cases[i].text, e.text);
        assert_string_equal(range_words(&r, cases[i].unit, words), cases[i].words);
    }
}

static void ranges_are_refused(void **state)
{
    static const struct {
        const char *text;
        enum range_unit unit;
        const char *complaint;
    } cases[] = {
        {"", RANGE_COUNT, "it is empty"},
        {"@", RANGE_COUNT, "it is empty"},
        {"20:10", RANGE_COUNT, "\"20:10\": its start is greater than its end"},
        {"ten", RANGE_COUNT, "\"ten\" is no number"},
        {"10:x", RANGE_COUNT, "\"x\" is no number"},
        {"10s", RANGE_COUNT, "a number without a unit"},
        {"10x", RANGE_SECONDS, "the units are us, ms, s, m, h and d"},
        {"10 s", RANGE_SECONDS, "the units are"},
        {"1:2:3", RANGE_COUNT, "is no range like"},
        {"~", RANGE_COUNT, "is no number"},
        {"10:~", RANGE_COUNT, "is no number"},
        {"inf", RANGE_COUNT, "is no number"},
        {"nan", RANGE_COUNT, "is no number"},
        {"0x10", RANGE_COUNT, "without a unit"},
        {"1e3", RANGE_COUNT, "without a unit"},
        {"10%", RANGE_COUNT, "without a unit"},
        {"10,20", RANGE_COUNT, "without a unit"},
        {".", RANGE_COUNT, "is no number"},
        {"-", RANGE_COUNT, "is no number"},
        {"99999999999999999999", RANGE_COUNT, "out of all bounds"},
        {"1111111111111111111111111111111111111111111111111111111111111111", RANGE_COUNT, "at most 63"},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct range r;
        struct err e = {.text = ""};
        if (range_parse(&r, cases[i].text, cases[i].unit, &e) || !strstr(e.text, cases[i].complaint))
            fail_msg("\"%s\": \"%s\"", cases[i].text, e.text);
    }
}

/* ---- modes ---- */

#define CHANGE(name, statements)                                                                             \
    static void name(struct report *r)                                                                       \
    {                                                                                                        \
        statements                                                                                           \
    }

CHANGE(healthy, (void)r;)
CHANGE(null_lag, r->nodes[1].applied.us = REPORT_UNKNOWN;)
CHANGE(long_lag, r->nodes[1].applied.us = 12000000;)
CHANGE(sql_stopped, r->nodes[1].sql = TRI_NO;)
CHANGE(sql_error, r->nodes[1].sql = TRI_NO; r->nodes[1].sql_errno = 1062;
       TEXT(r->nodes[1].error, "Duplicate entry");)
CHANGE(io_stopped_at_zero, r->nodes[1].io = IO_NO; r->nodes[1].applied.us = 0;)
CHANGE(io_connecting, r->nodes[1].io = IO_CONNECTING; r->nodes[1].applied.us = 0;)
CHANGE(threads_unknown, r->nodes[1].io = IO_UNKNOWN; r->nodes[1].sql = TRI_UNKNOWN;)
CHANGE(way_back, r->nodes[0].io = IO_NO;)
CHANGE(branch_stopped, TEXT(r->nodes[1].foreign, "the applier of 'branch' is stopped (error 1062)");)
CHANGE(delayed, r->nodes[1].delay_s = 3600;)
CHANGE(both_read_only, r->writer = REPORT_WRITER_NONE; r->writer_node = -1; r->nodes[0].read_only = TRI_YES;
       r->nodes[0].lagging = TRI_UNKNOWN; r->nodes[1].lagging = TRI_UNKNOWN; TEXT(r->reason, "no reason");)
CHANGE(two_writable, r->writer = REPORT_WRITER_BOTH; r->writer_node = -1; r->nodes[1].read_only = TRI_NO;)
CHANGE(nobody_knows, r->writer = REPORT_WRITER_UNKNOWN; r->writer_node = -1;
       r->nodes[0].read_only = TRI_UNKNOWN; r->nodes[1].read_only = TRI_UNKNOWN;)
CHANGE(diverged, TEXT(r->history, "diverged"); TEXT(r->history_first, "0-2-11"); r->history_extra = 3;)
CHANGE(history_unknown, TEXT(r->history, "unknown");)
CHANGE(histories_not_compared, r->source = REPORT_DIRECT; TEXT(r->history, "unknown");
       r->errant = REPORT_UNKNOWN;)
CHANGE(errant, r->source = REPORT_DIRECT; TEXT(r->history, "behind"); r->errant = 2;)
CHANGE(missing, r->nodes[1].applied.transactions = 7;)
CHANGE(offsets_equal, r->nodes[1].offset = 1; r->nodes[1].offsets_ok = TRI_NO;)
CHANGE(offsets_unknown, r->nodes[1].offsets_ok = TRI_UNKNOWN;)
CHANGE(two_vips, r->nodes[1].vip = TRI_YES;)
CHANGE(no_vip, r->vip_here = TRI_NO; r->nodes[1].vip = TRI_NO;)
CHANGE(vip_elsewhere, r->vip_here = TRI_NO; r->nodes[1].vip = TRI_YES;)
CHANGE(vip_unset, r->has_vip = TRI_NO;)
CHANGE(voter_gone, r->votes[2].up = TRI_NO; r->votes[2].counted = false;)
CHANGE(not_ready, r->ready = TRI_NO; TEXT(r->not_ready, "its relay log is gone");)
CHANGE(ready_unknown, r->ready = TRI_UNKNOWN; TEXT(r->not_ready, "its state is unknown");)
CHANGE(ready_unknown_soon, ready_unknown(r); r->settling = true;)
CHANGE(ready_unknown_young, ready_unknown(r); r->uptime_ms = 4000;)
CHANGE(peer_silent, r->nodes[1].reachable = TRI_NO; r->nodes[1].applied.us = REPORT_UNKNOWN;)
CHANGE(no_daemon, r->source = REPORT_DIRECT; TEXT(r->daemon_trouble, "no answer");
       r->nodes[0].supervised = TRI_NO;)
CHANGE(remote, r->source = REPORT_DIRECT; r->vip_here = TRI_UNKNOWN; r->nodes[1].vip = TRI_UNKNOWN;)
CHANGE(addresses_alone, remote(r); r->has_vip = TRI_UNKNOWN; r->writer = REPORT_WRITER_UNKNOWN;
       r->writer_node = -1; for (int i = 0; i < OBS_NODES; i++) r->nodes[i].reachable = TRI_NO;)
CHANGE(direct_null_lag, r->source = REPORT_DIRECT; null_lag(r);)
CHANGE(direct_peer_silent, r->source = REPORT_DIRECT; peer_silent(r); r->nodes[1].read_only = TRI_UNKNOWN;)
CHANGE(own_server_ended, both_read_only(r); r->nodes[0].read_only = TRI_UNKNOWN;
       r->fencer.server_alive = TRI_NO;)
CHANGE(fenced, TEXT(r->nodes[1].state, "fenced");)

static const struct {
    void (*change)(struct report *r);
    const char *mode, *warning, *critical;
    enum severity severity;
    const char *line; /* it contains this */
} cases[] = {
    {healthy, "all", "", "", SEVERITY_OK, "REPLCHECK OK - mx1 is the writer"},
    {healthy, "writer", "", "", SEVERITY_OK,
     "REPLCHECK WRITER OK - mx1 is the writer (epoch 5) | 'writable'=1;;;0;2 'epoch'=5"},
    {healthy, "lag", "", "", SEVERITY_OK,
     "REPLCHECK LAG OK - mx2 is 0 ms behind mx1 | 'mx2_lag'=0s;10;60;0 'mx2_missing'=0 "
     "'mx2_received_lag'=0s"},
    {healthy, "threads", "", "", SEVERITY_OK,
     "THREADS OK - 4 of 4 replication threads run | 'threads'=4;;;0;4"},
    {healthy, "gtid", "", "", SEVERITY_OK, "GTID OK - mx2 has all of mx1's transactions"},
    {healthy, "offsets", "", "", SEVERITY_OK,
     "OFFSETS OK - auto_increment: mx1 hands out +2 from 1, mx2 hands out +2 from 2 | "
     "'wrong_offsets'=0;;;0;2"},
    {healthy, "vip", "", "", SEVERITY_OK,
     "VIP OK - mx1 holds the VIP, mx1 is the writer | 'vip_holders'=1;;;0;2"},
    {healthy, "quorum", "", "", SEVERITY_OK,
     "QUORUM OK - 3 of 3 voters answer mx1, 3 votes count for it (tie-breaker witness) | 'voters'=3;;;0;3 "
     "'votes'=3"},
    {healthy, "readiness", "", "", SEVERITY_OK, "READINESS OK - mx2 is ready to take over | 'ready'=1;;;0;1"},
    /* lag */
    {null_lag, "lag", "", "", SEVERITY_UNKNOWN, "how far mx2 is behind is not known | 'mx2_lag'=U"},
    {null_lag, "all", "", "", SEVERITY_UNKNOWN, "how far mx2 is behind is not known"},
    {direct_null_lag, "all", "", "", SEVERITY_UNKNOWN, "how far mx2 is behind is not known"},
    {direct_null_lag, "all", "1", "2", SEVERITY_UNKNOWN, "how far mx2 is behind is not known"},
    {null_lag, "lag", "1", "2", SEVERITY_UNKNOWN, "is not known"},
    {long_lag, "lag", "", "", SEVERITY_WARNING, "mx2 is 12 s behind (limit 10 s) | 'mx2_lag'=12s;10;60;0"},
    {long_lag, "lag", "20", "30", SEVERITY_OK, "mx2 is 12 s behind mx1 | 'mx2_lag'=12s;20;30;0"},
    {long_lag, "lag", "5", "11500ms", SEVERITY_CRITICAL,
     "mx2_lag is 12 s (critical: above 11.5 s) | 'mx2_lag'=12s;5;11.5;0"},
    {long_lag, "lag", "@10:20", "", SEVERITY_WARNING, "(warning: from 10 s to 20 s)"},
    {long_lag, "all", "20", "", SEVERITY_OK, "'mx2_lag'=12s;20;;0"},
    {long_lag, "all", "", "5", SEVERITY_CRITICAL, "mx2_lag is 12 s"},
    {long_lag, "writer", "", "", SEVERITY_OK, "WRITER OK"},
    {sql_stopped, "lag", "", "", SEVERITY_CRITICAL,
     "mx2 does not replicate from mx1: the applier is stopped"},
    {sql_stopped, "lag", "100", "200", SEVERITY_CRITICAL, "the applier is stopped"},
    {io_stopped_at_zero, "lag", "", "", SEVERITY_CRITICAL, "the receiver is stopped | 'mx2_lag'=0s"},
    {io_connecting, "lag", "", "", SEVERITY_WARNING, "the receiver is connecting"},
    {delayed, "lag", "", "", SEVERITY_WARNING, "mx2 applies everything 1 h late on purpose"},
    {both_read_only, "lag", "", "", SEVERITY_UNKNOWN, "there is not exactly one writer"},
    {peer_silent, "lag", "", "", SEVERITY_CRITICAL, "mx2's server ([2001:db8::12]:3307) does not answer"},
    /* threads */
    {sql_error, "threads", "", "", SEVERITY_CRITICAL,
     "the applier is stopped (error 1062: Duplicate entry) | 'threads'=3"},
    {io_stopped_at_zero, "threads", "", "", SEVERITY_CRITICAL, "the receiver is stopped"},
    {io_connecting, "threads", "", "", SEVERITY_WARNING, "the receiver is connecting | 'threads'=3"},
    {threads_unknown, "threads", "", "", SEVERITY_UNKNOWN,
     "mx2's replication could not be read | 'threads'=U"},
    {way_back, "threads", "", "", SEVERITY_WARNING, "mx1 is the writer and does not listen to mx2"},
    {way_back, "threads", "", "2:", SEVERITY_OK, "3 of 4 replication threads run | 'threads'=3;;2:;0;4"},
    {sql_error, "threads", "4:", "2:", SEVERITY_WARNING, "threads is 3 (warning: below 4)"},
    {branch_stopped, "threads", "", "", SEVERITY_WARNING,
     "mx2 also replicates from elsewhere, or is to: the applier of 'branch' is stopped (error 1062) | "
     "'threads'=4"},
    {branch_stopped, "threads", "4:", "2:", SEVERITY_WARNING, "the applier of 'branch'"},
    {branch_stopped, "lag", "", "", SEVERITY_OK, "LAG OK"},
    {peer_silent, "threads", "", "", SEVERITY_CRITICAL, "does not answer"},
    /* who writes */
    {both_read_only, "writer", "", "", SEVERITY_CRITICAL, "nobody is the writer"},
    {both_read_only, "all", "", "", SEVERITY_CRITICAL, "nobody is the writer"},
    {two_writable, "writer", "", "", SEVERITY_CRITICAL,
     "two servers are writable: mx1 and mx2 | 'writable'=2;;;0;2"},
    {two_writable, "writer", "0:2", "0:2", SEVERITY_CRITICAL, "two servers are writable"},
    {two_writable, "all", "", "", SEVERITY_CRITICAL, "two servers are writable"},
    {nobody_knows, "writer", "", "", SEVERITY_UNKNOWN, "who is the writer cannot be told | 'writable'=U"},
    {direct_peer_silent, "writer", "", "", SEVERITY_UNKNOWN,
     "mx1 is the writer, but whether mx2 is writable too cannot be told | 'writable'=U"},
    {direct_peer_silent, "writer", "1:1", "1:1", SEVERITY_UNKNOWN, "'writable'=U"},
    {own_server_ended, "writer", "", "", SEVERITY_CRITICAL, "'writable'=0"},
    {no_daemon, "writer", "", "", SEVERITY_CRITICAL, "no supervisor answers on mx1"},
    /* positions */
    {diverged, "gtid", "", "", SEVERITY_CRITICAL, "mx1 has transactions from 0-2-11 on that mx2 lacks"},
    {diverged, "gtid", "", "", SEVERITY_CRITICAL, "'extra'=3"},
    {diverged, "lag", "", "", SEVERITY_OK, "LAG OK"},
    {missing, "gtid", "", "", SEVERITY_OK, "mx2 lacks 7 of mx1's transactions | 'mx2_missing'=7"},
    {missing, "gtid", "5", "100", SEVERITY_WARNING,
     "mx2_missing is 7 (warning: above 5) | 'mx2_missing'=7;5;100"},
    {history_unknown, "gtid", "", "", SEVERITY_UNKNOWN,
     "extra is not known: the histories could not be compared | 'mx2_missing'=0 'extra'=U"},
    {history_unknown, "gtid", "5", "100", SEVERITY_UNKNOWN, "'extra'=U"},
    {histories_not_compared, "gtid", "", "", SEVERITY_UNKNOWN, "whether mx1 and mx2 have one history is not"},
    {histories_not_compared, "all", "", "", SEVERITY_UNKNOWN, "whether mx1 and mx2 have one history is not"},
    {errant, "gtid", "", "", SEVERITY_CRITICAL,
     "mx2 has 2 transactions that mx1, the writer, lacks | 'mx2_missing'=0 'extra'=2"},
    {errant, "all", "", "", SEVERITY_CRITICAL, "mx2 has 2 transactions that mx1, the writer, lacks"},
    {peer_silent, "gtid", "", "", SEVERITY_CRITICAL, "does not answer"},
    /* offsets */
    {offsets_equal, "offsets", "", "", SEVERITY_WARNING,
     "mx2 hands out auto_increment +2 from 1 instead of from 2 as configured | 'wrong_offsets'=1"},
    {offsets_equal, "offsets", "", "0", SEVERITY_CRITICAL, "wrong_offsets is 1 (critical: other than 0)"},
    {offsets_unknown, "offsets", "", "", SEVERITY_UNKNOWN, "'wrong_offsets'=U"},
    /* VIP */
    {two_vips, "vip", "", "", SEVERITY_CRITICAL, "both nodes hold the VIP | 'vip_holders'=2"},
    {no_vip, "vip", "", "", SEVERITY_CRITICAL, "nobody holds the VIP"},
    {vip_elsewhere, "vip", "", "", SEVERITY_WARNING, "mx1 is the writer, but mx2 holds the VIP"},
    {vip_unset, "vip", "", "", SEVERITY_OK, "VIP OK - no VIP is configured | 'vip_holders'=0"},
    {vip_unset, "vip", "", "1:1", SEVERITY_CRITICAL, "vip_holders is 0 (critical: other than 1)"},
    {addresses_alone, "vip", "", "", SEVERITY_UNKNOWN, "only a supervisor knows who holds it"},
    {addresses_alone, "vip", "", "1:1", SEVERITY_UNKNOWN,
     "only a supervisor knows who holds it: ask on a node | 'vip_holders'=U"},
    {remote, "vip", "", "", SEVERITY_UNKNOWN, "only a supervisor knows who holds it"},
    /* votes */
    {voter_gone, "quorum", "", "", SEVERITY_WARNING, "the voter witness does not answer"},
    {voter_gone, "quorum", "", "3:", SEVERITY_CRITICAL, "voters is 2 (critical: below 3)"},
    {voter_gone, "quorum", "2:", "", SEVERITY_OK, "2 of 3 voters answer mx1"},
    {remote, "quorum", "", "", SEVERITY_UNKNOWN, "only a supervisor knows its votes"},
    /* readiness */
    {not_ready, "readiness", "", "", SEVERITY_CRITICAL,
     "mx2 cannot take over: its relay log is gone | 'ready'=0"},
    {not_ready, "readiness", "1:", "", SEVERITY_WARNING, "ready is 0 (warning: below 1)"},
    {ready_unknown, "readiness", "", "", SEVERITY_UNKNOWN,
     "whether mx2 can take over is unknown: its state is unknown | 'ready'=U"},
    {not_ready, "all", "", "", SEVERITY_CRITICAL, "mx2 cannot take over: its relay log is gone"},
    {ready_unknown, "all", "", "", SEVERITY_UNKNOWN,
     "whether mx2 can take over is unknown: its state is unknown"},
    {ready_unknown_soon, "all", "", "", SEVERITY_OK, ""},
    {ready_unknown_young, "all", "", "", SEVERITY_OK, ""},
    {fenced, "readiness", "", "", SEVERITY_CRITICAL, "mx2 is fenced"},
    {sql_error, "readiness", "", "", SEVERITY_CRITICAL, "the applier is stopped"},
    {both_read_only, "readiness", "", "", SEVERITY_UNKNOWN, "nobody is the standby"},
    {no_daemon, "readiness", "", "", SEVERITY_CRITICAL, "no supervisor answers on mx1"},
};

/* A pair in order, as the writer's supervisor reports it. */
static void report_in_order(struct report *r)
{
    struct scene *s = calloc(1, sizeof(*s));
    scene_writer(s, POLICY_TIE_WITNESS);
    report_of_scene(s, r);
    free(s);
}

static struct range range_of(const char *text, enum check_mode mode)
{
    struct range r = {.given = false};
    struct err e;
    if (text[0] && !range_parse(&r, text, check_unit(mode), &e))
        fail_msg("%s", e.text);
    return r;
}

static void modes_judge(void **state)
{
    struct report *r = calloc(1, sizeof(*r));
    int wrong = 0;
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct check_request q = {.mode = (enum check_mode)check_mode_parse(cases[i].mode)};
        struct check_result result;
        char line[CHECK_LINE_MAX];
        q.warning = range_of(cases[i].warning, q.mode);
        q.critical = range_of(cases[i].critical, q.mode);
        report_in_order(r);
        cases[i].change(r);
        verdict_judge(r);
        check_judge(&result, r, &q);
        check_line(r, &result, line, sizeof(line));
        if (r->severity != cases[i].severity || !strstr(line, cases[i].line) ||
            check_exit(r) != (int)r->severity)
            wrong++,
                print_error("case %zu, %s:\n%s\nis to contain:\n%s\n", i, cases[i].mode, line, cases[i].line);
    }
    assert_int_equal(wrong, 0);
    free(r);
}

/* Every mode can be named, and every problem that a mode keeps is one that the whole verdict shows. */
static void modes_have_names(void **state)
{
    (void)state;
    for (int m = 0; m < CHECK_MODES; m++)
        assert_int_equal(check_mode_parse(check_mode_name((enum check_mode)m)), m);
    assert_int_equal(check_mode_parse("slave"), -1);
    assert_int_equal(check_mode_parse(""), -1);
}

static void more_lines_by_verbosity(void **state)
{
    static const int expected[] = {0, 1, 6, 6}; /* one problem; two servers, three voters */
    struct report *r = calloc(1, sizeof(*r));
    struct check_result result;
    char line[CHECK_DETAIL_MAX];
    (void)state;
    report_in_order(r);
    sql_error(r);
    verdict_judge(r);
    check_judge(&result, r, &(struct check_request){.mode = CHECK_LAG});
    for (int v = 0; v < 4; v++) {
        int count = 0;
        while (check_more(r, v, count, line, sizeof(line)))
            assert_null(strpbrk(line, "|\n")), count++;
        assert_int_equal(count, expected[v]);
    }
    assert_true(check_more(r, 1, 0, line, sizeof(line)));
    assert_non_null(strstr(line, "CRITICAL: mx2 does not replicate from mx1"));
    assert_non_null(strstr(line, " -> the row exists already"));
    assert_true(check_more(r, 2, 2, line, sizeof(line)));
    assert_non_null(strstr(line, "mx2 ([2001:db8::12]:3307): answers, read_only on, supervisor standby, "
                                 "receiver runs, applier stopped"));
    free(r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ranges_alert),       cmocka_unit_test(ranges_in_words),
        cmocka_unit_test(ranges_are_refused), cmocka_unit_test(modes_judge),
        cmocka_unit_test(modes_have_names),   cmocka_unit_test(more_lines_by_verbosity),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
