/* Durability lossless: its facts, and when a standby is in step with the writer. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "lossless_scenes.h"
#include "model/durability.h"

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

/* ---- scenes ---- */

/* All that the writer acknowledged in its term is here. */
static void in_step(struct scene *s)
{
    scene_lossless_standby(s);
    s->m.step =
        (struct in_step){.life_us = s->o.own.probed_up_us, .acking_us = s->now_us, .epoch = PEER_EPOCH};
}

/* The writer is dead, with transactions in its log that nobody had received. */
static void certified(struct scene *s)
{
    in_step(s);
    struct note *row = scene_row(s, NOTE_CERTIFICATE, PEER_EPOCH, NULL);
    snprintf(row->file, sizeof(row->file), "bin.000003");
    row->size = 1001;
    s->m.basis = *row;
    s->m.state = NODE_PROMOTE_DRAIN;
    s->o.own.replication.io = IO_NO;
}

static void mark_peer(struct scene *s, uint64_t here, uint64_t there)
{
    if (here)
        scene_mark(&s->o.own.voter, 1, here);
    if (there)
        scene_mark(&s->o.witness.voter, 1, there);
}

static void mark_self(struct scene *s, uint64_t at_peer, uint64_t at_witness)
{
    if (at_peer)
        scene_mark(&s->o.peer.voter, 0, at_peer);
    if (at_witness)
        scene_mark(&s->o.witness.voter, 0, at_witness);
}

static void peer_silent(struct scene *s, int64_t ms)
{
    s->o.peer.seen_us = s->o.voter_answer_us[1] = s->now_us - MS(ms);
    s->m.since_us = s->now_us - MS(60000);
}

static void caught_up(struct scene *s, const char *wanted, const char *received)
{
    s->m.acks_pos = scene_gtid(wanted);
    s->o.peer.replication.io_pos = s->o.peer.binlog_pos = scene_gtid(received);
    s->m.history = GTID_REL_EQUAL;
    s->m.history_us = s->now_us;
    s->m.history_closed = true;
}

/* ---- facts ---- */

/* clang-format off */
#define PASTE2(a, b) a##b
#define PASTE(a, b)  PASTE2(a, b)

#define CASE(before, fact, value, name, ...) static void PASTE(change_, __LINE__)(struct scene *s) { (void)s; __VA_ARGS__; }
#include "lossless_cases.h"
#undef CASE

static const struct fact_case {
    const char *name;
    void (*scene)(struct scene *s);
    void (*change)(struct scene *s);
    enum fact fact;
    unsigned value;
} cases[] = {
#define CASE(before, fact, value, name, ...) {name, before, PASTE(change_, __LINE__), FACT_##fact, value},
#include "lossless_cases.h"
#undef CASE
};
/* clang-format on */

static void test_facts(void **state)
{
    int wrong = 0;
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        const struct fact_case *c = &cases[i];
        struct scene s;
        c->scene(&s);
        c->change(&s);
        struct facts f = scene_facts(&s);
        if (f.value[c->fact] == c->value)
            continue;
        wrong++;
        print_error("%s, %s: '%s', expected '%s'\n", fact_name(c->fact), c->name,
                    fact_value_name(c->fact, f.value[c->fact]), fact_value_name(c->fact, c->value));
    }
    assert_int_equal(wrong, 0);
}

/* ---- in step: seen by a standby, sample by sample ---- */

static void see(struct scene *s, const char *own, const char *theirs)
{
    s->now_us += MS(250);
    s->o.own.replication.io_pos = s->o.own.slave_pos = s->o.own.binlog_pos = scene_gtid(own);
    s->o.peer.binlog_pos = scene_gtid(theirs);
    scene_refresh(s);
    durability_remember(&s->p, &s->o, &s->m);
}

static bool is_in_step(const struct scene *s)
{
    return durability_covered(&s->p, &s->o, &s->m);
}

static void test_step_is_proven(void **state)
{
    struct scene s;
    (void)state;
    scene_lossless_standby(&s);
    see(&s, "0-2-10", "0-2-11"); /* acknowledging */
    assert_false(is_in_step(&s));
    see(&s, "0-2-11", "0-2-15"); /* the writer's position, read after that */
    assert_false(is_in_step(&s));
    see(&s, "0-2-14", "0-2-20");
    assert_false(is_in_step(&s));
    see(&s, "0-2-15", "0-2-90"); /* received: however far the writer has come meanwhile */
    assert_true(is_in_step(&s));
}

static void prove(struct scene *s)
{
    scene_lossless_standby(s);
    for (int i = 0; i < 4; i++)
        see(s, "0-2-10", "0-2-10");
    assert_true(is_in_step(s));
}

static void dies(struct scene *s)
{
    s->o.fencer.dead_us = s->now_us;
}

static void is_another(struct scene *s)
{
    s->o.own.probed_up_us = s->now_us;
}

static void loses_relay_log(struct scene *s)
{
    s->o.own.replication.io = IO_NO;
    s->o.own.replication.sql = TRI_NO;
}

static void new_term(struct scene *s)
{
    s->o.own.voter.promise[1].epoch = 6;
}

static void is_marked(struct scene *s)
{
    mark_self(s, 4, 0);
}

static void test_step_is_lost(void **state)
{
    static const struct {
        const char *name;
        void (*change)(struct scene *s);
    } changes[] = {{"the own server died", dies},
                   {"another server answers", is_another},
                   {"both threads were stopped", loses_relay_log},
                   {"a new term began", new_term},
                   {"this node was marked", is_marked}};
    (void)state;
    for (size_t i = 0; i < COUNT(changes); i++) {
        struct scene s;
        prove(&s);
        changes[i].change(&s);
        durability_remember(&s.p, &s.o, &s.m);
        if (is_in_step(&s))
            fail_msg("still in step although %s", changes[i].name);
    }
}

static void test_receiver_that_begins_again_further_back(void **state)
{
    struct scene s;
    (void)state;
    prove(&s);
    s.o.own.replication.io_pos = scene_gtid("0-2-9");
    durability_remember(&s.p, &s.o, &s.m);
    assert_false(is_in_step(&s));
}

/* The network between the servers is cut: what was acknowledged until then stays in the relay log. */
static void test_a_cut_changes_nothing(void **state)
{
    struct scene s;
    (void)state;
    prove(&s);
    s.o.own.replication.io = IO_CONNECTING;
    s.o.own.replication.semi_sync = TRI_NO;
    s.peer_mute = true;
    for (int i = 0; i < 20; i++)
        see(&s, "0-2-10", "0-2-10");
    assert_true(is_in_step(&s));
}

/* The position that the other must have is of a sample that was asked for after commits were seen to wait:
 * what was acknowledged alone before that is in it. */
static void test_position_is_read_after_commits_wait(void **state)
{
    struct scene s;
    (void)state;
    scene_lossless_writer(&s);
    durability_remember(&s.p, &s.o, &s.m);
    assert_false(s.m.acks_pos.known);
    durability_remember(&s.p, &s.o, &s.m);
    assert_false(s.m.acks_pos.known);
    see(&s, "0-1-12", "0-1-12");
    assert_true(s.m.acks_pos.known);
    assert_int_equal(s.m.acks_pos.at[0].seq, 12);
    see(&s, "0-1-20", "0-1-12");
    assert_int_equal(s.m.acks_pos.at[0].seq, 12);
    s.o.own.semi_sync.enabled = TRI_NO;
    durability_remember(&s.p, &s.o, &s.m);
    assert_false(s.m.acks_pos.known);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_facts),
        cmocka_unit_test(test_step_is_proven),
        cmocka_unit_test(test_step_is_lost),
        cmocka_unit_test(test_receiver_that_begins_again_further_back),
        cmocka_unit_test(test_a_cut_changes_nothing),
        cmocka_unit_test(test_position_is_read_after_commits_wait),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
