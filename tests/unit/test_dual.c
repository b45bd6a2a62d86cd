/* write_mode dual: when a server is opened, what keeps it closed, and that nothing ever closes it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "model/dual.h"
#include "model/rules.h"
#include "model_fixture.h"

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))
#define ROW(s)       ((s).out.row->id)

/* This server has just started; the other is written and answers; both have all of each other. */
static void boot(struct scene *s)
{
    scene_boot(s, 0, POLICY_TIE_WRITER);
    s->p.dual = true;
    struct server_view *both[] = {&s->o.own, &s->o.peer};
    for (uint32_t i = 0; i < 2; i++) {
        both[i]->domain_id = i + 1;
        both[i]->domain_known = TRI_YES;
        both[i]->binlog_pos = scene_gtid(i ? "1-1-10,2-2-20" : "1-1-10,2-2-20");
        both[i]->slave_pos = scene_gtid(i ? "1-1-10" : "2-2-20");
        both[i]->dead_man = TRI_NO;
        both[i]->dead_man_trouble = DEAD_MAN_DISABLED;
        both[i]->bulletin[1].state = NODE_DUAL;
    }
    s->o.peer.read_only = TRI_NO;
}

static bool wants(const struct scene *s, enum action a)
{
    return s->out.actions & ACTION_BIT(a);
}

/* In no row of this mode, whatever was seen. */
static void assert_harmless(const struct scene *s)
{
    static const enum action closing[] = {ACTION_FENCE,   ACTION_CLOSE_OWN,  ACTION_CLOSE_PEER,
                                          ACTION_CERTIFY, ACTION_TAKE_VOTES, ACTION_ARM,
                                          ACTION_ENABLE,  ACTION_PROMISE};
    for (size_t i = 0; i < COUNT(closing); i++)
        if (wants(s, closing[i]))
            fail_msg("row %d: %s", ROW(*s), action_name(closing[i]));
    assert_true(s->m.state == NODE_UNKNOWN || s->m.state == NODE_DUAL_HELD || s->m.state == NODE_DUAL);
    if (wants(s, ACTION_OPEN))
        assert_int_equal(s->m.state, NODE_DUAL_HELD);
}

static void tick(struct scene *s)
{
    s->o.now_us = s->now_us;
    scene_decide(s);
    assert_harmless(s);
}

static void advance(struct scene *s, int64_t ms)
{
    scene_advance(s, ms);
    tick(s);
}

static void held(struct scene *s)
{
    boot(s);
    tick(s);
    assert_int_equal(s->m.state, NODE_DUAL_HELD);
    assert_false(wants(s, ACTION_OPEN)); /* nothing was read since it is held */
}

static void written(struct scene *s)
{
    held(s);
    advance(s, 250);
    assert_true(wants(s, ACTION_OPEN));
    s->o.own.read_only = TRI_NO;
    advance(s, 250);
    assert_int_equal(s->m.state, NODE_DUAL);
    assert_int_equal(ROW(*s), 899);
}

static void opens_when_it_has_what_the_other_had(void **state)
{
    struct scene s;
    (void)state;
    held(&s);
    s.o.peer.binlog_pos = scene_gtid("1-1-10,2-2-25");
    advance(&s, 250);
    assert_int_equal(ROW(s), 849);
    s.o.peer.binlog_pos = scene_gtid("1-1-10,2-2-90"); /* the other is written on: that is not waited for */
    s.o.own.slave_pos = scene_gtid("2-2-24");
    advance(&s, 250);
    assert_int_equal(ROW(s), 849);
    s.o.own.slave_pos = scene_gtid("2-2-25");
    advance(&s, 250);
    assert_int_equal(ROW(s), 830);
    assert_true(wants(&s, ACTION_OPEN));
    s.o.own.read_only = TRI_NO;
    advance(&s, 250);
    assert_int_equal(s.m.state, NODE_DUAL);
}

/* It would number them again. */
static void stays_closed_while_its_own_are_missing(void **state)
{
    struct scene s;
    (void)state;
    held(&s);
    s.o.peer.binlog_pos = scene_gtid("1-1-12,2-2-20");
    for (int i = 0; i < 100; i++) {
        advance(&s, 250);
        assert_int_equal(ROW(s), 849);
    }
    s.o.own.slave_pos = scene_gtid("1-1-12,2-2-20");
    advance(&s, 250);
    assert_true(wants(&s, ACTION_OPEN));
}

#define CHANGE(name, ...)                                                                                    \
    static void name(struct scene *s)                                                                        \
    {                                                                                                        \
        __VA_ARGS__                                                                                          \
    }
CHANGE(maintenance, s->o.operator_.maintenance = true;)
CHANGE(other_is_single, s->o.own.bulletin[1].state = s->o.peer.bulletin[1].state = NODE_WRITER;)
CHANGE(same_domain, s->o.own.domain_id = 2;)
CHANGE(switch_unknown, s->o.own.dead_man_us = 0; s->o.own.dead_man = TRI_UNKNOWN;)
CHANGE(switch_on, s->o.own.dead_man = TRI_YES; s->o.own.dead_man_trouble = DEAD_MAN_NO_TROUBLE;)
CHANGE(switch_stands_still, s->o.own.dead_man_trouble = DEAD_MAN_STALE;)
CHANGE(disk_full, s->o.disk_full = TRI_YES;)
CHANGE(offsets_wrong, s->o.own.auto_increment_offset = 2;)
CHANGE(threads_stand, s->o.own.replication.sql = TRI_NO; s->o.own.replication.io = IO_NO;)
CHANGE(conflict, s->o.own.replication.sql = TRI_NO; s->o.own.replication.sql_errno = 1062;
       s->o.own.slave_pos = scene_gtid("2-2-15"); s->o.own.binlog_pos = scene_gtid("1-1-10,2-2-15");)
CHANGE(stopping, s->o.operator_.stopping = true;)
CHANGE(no_fencer, s->o.fencer.alive = TRI_NO;)
CHANGE(died, s->o.fencer.dead_us = s->now_us;)
CHANGE(silent, s->own_mute = true; s->o.own.seen_us -= MS(2000); s->o.voter_answer_us[0] -= MS(2000);)
CHANGE(closed, s->o.own.read_only = TRI_YES;)
CHANGE(opened, s->o.own.read_only = TRI_NO;)
CHANGE(nothing, (void)s;)

static bool fired(const struct scene *s, int row)
{
    for (int i = 0; i < s->out.step_count; i++)
        if (s->out.steps[i].row->id == row)
            return true;
    return ROW(*s) == row;
}

static void looking(struct scene *s)
{
    boot(s);
    s->o.fencer.alive = TRI_UNKNOWN;
    tick(s);
    assert_int_equal(s->m.state, NODE_UNKNOWN);
    s->o.fencer.alive = TRI_YES;
}

static void is_kept_closed(void **state)
{
    static const struct {
        const char *name;
        void (*change)(struct scene *s);
        int row;
        uint64_t actions;
    } cases[] = {
        {"maintenance", maintenance, 812, 0},
        {"the other allows one writer", other_is_single, 814, ACTION_BIT(ACTION_ALERT)},
        {"one domain", same_domain, 816, ACTION_BIT(ACTION_ALERT)},
        {"the switch was not looked at", switch_unknown, 818, 0},
        {"the switch is on", switch_on, 820, ACTION_BIT(ACTION_ALERT)},
        {"the switch is on and stands still", switch_stands_still, 820, ACTION_BIT(ACTION_ALERT)},
        {"no room", disk_full, 822, ACTION_BIT(ACTION_ALERT)},
        {"wrong offsets", offsets_wrong, 824, ACTION_BIT(ACTION_OFFSETS)},
        {"no replication", threads_stand, 828, ACTION_BIT(ACTION_START_THREADS)},
        {"what cannot be applied", conflict, 832, ACTION_BIT(ACTION_ALERT)},
        {"asked to stop", stopping, 804, ACTION_BIT(ACTION_EXIT)},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct scene s;
        held(&s);
        scene_advance(&s, 250);
        cases[i].change(&s);
        tick(&s);
        if (ROW(s) != cases[i].row || s.out.actions != cases[i].actions)
            fail_msg("%s: row %d, actions %llx", cases[i].name, ROW(s), (unsigned long long)s.out.actions);
    }
}

/* The rows of this mode that the other cases pass through, or by: each from where it begins. */
static void each_row_fires(void **state)
{
    static const struct {
        const char *name;
        void (*from)(struct scene *s);
        void (*change)(struct scene *s);
        int row;
        enum node_state then;
        uint64_t actions; /* at the least */
    } cases[] = {
        {"looking, no fencer", looking, no_fencer, 121, NODE_UNKNOWN, ACTION_BIT(ACTION_EXIT)},
        {"looking, asked to stop", looking, stopping, 122, NODE_UNKNOWN, ACTION_BIT(ACTION_EXIT)},
        {"looking, the server is dead", looking, died, 123, NODE_UNKNOWN, ACTION_BIT(ACTION_WEIGHT_FAULT)},
        {"looking, all answer", looking, nothing, 124, NODE_DUAL_HELD, 0},
        {"held, the server dies", held, died, 800, NODE_UNKNOWN, ACTION_BIT(ACTION_WEIGHT_FAULT)},
        {"written, the server dies", written, died, 800, NODE_UNKNOWN, ACTION_BIT(ACTION_WEIGHT_FAULT)},
        {"held, no fencer", held, no_fencer, 802, NODE_UNKNOWN, ACTION_BIT(ACTION_EXIT)},
        {"written, no fencer", written, no_fencer, 802, NODE_UNKNOWN, ACTION_BIT(ACTION_EXIT)},
        {"held, no answer", held, silent, 806, NODE_UNKNOWN, 0},
        {"written, no answer", written, silent, 806, NODE_UNKNOWN, 0},
        {"held, somebody opens it", held, opened, 810, NODE_DUAL, 0},
        {"written, somebody closes it", written, closed, 850, NODE_DUAL_HELD, 0},
        {"written, wrong offsets", written, offsets_wrong, 852, NODE_DUAL, ACTION_BIT(ACTION_OFFSETS)},
        {"written, one domain", written, same_domain, 854, NODE_DUAL, ACTION_BIT(ACTION_ALERT)},
        {"written, a conflict", written, conflict, 856, NODE_DUAL, ACTION_BIT(ACTION_ALERT)},
        {"written, no room", written, disk_full, 858, NODE_DUAL, ACTION_BIT(ACTION_ALERT)},
        {"written, no replication", written, threads_stand, 860, NODE_DUAL, ACTION_BIT(ACTION_START_THREADS)},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct scene s;
        cases[i].from(&s);
        scene_advance(&s, 250);
        cases[i].change(&s);
        tick(&s);
        if (!fired(&s, cases[i].row) || s.m.state != cases[i].then || (cases[i].actions & ~s.out.actions))
            fail_msg("%s: '%s' by row %d, actions %llx", cases[i].name, node_state_name(s.m.state), ROW(s),
                     (unsigned long long)s.out.actions);
    }
}

static void nothing_closes_it(void **state)
{
    static void (*const changes[])(struct scene * s) = {maintenance,   other_is_single, same_domain,
                                                        switch_on,     disk_full,       offsets_wrong,
                                                        threads_stand, conflict,        stopping};
    (void)state;
    for (size_t i = 0; i < COUNT(changes); i++) {
        struct scene s;
        written(&s);
        for (int ticks = 0; ticks < 40; ticks++) {
            scene_advance(&s, 250);
            changes[i](&s);
            tick(&s);
            assert_int_equal(s.m.state, NODE_DUAL);
        }
        scene_peer_gone(&s);
        for (int ticks = 0; ticks < 40; ticks++)
            advance(&s, 250);
        assert_int_equal(s.m.state, NODE_DUAL);
    }
}

static void alone(void **state)
{
    struct scene s;
    (void)state;
    boot(&s);
    scene_peer_gone(&s);
    scene_advance(&s, 5000);
    tick(&s);
    assert_int_equal(s.m.state, NODE_DUAL_HELD);
    advance(&s, 2500);
    assert_int_equal(ROW(s), 849);
    assert_true(decide_next_us(&s.p, &s.o, &s.q, &s.m) <= s.m.since_us + s.p.lease_us);
    advance(&s, 600);
    assert_int_equal(ROW(s), 830); /* for a lease nothing was heard */
}

/* It is known to lack something, and who has it is gone: that is for the operator. */
static void behind_and_alone(void **state)
{
    struct scene s;
    (void)state;
    held(&s);
    s.o.peer.binlog_pos = scene_gtid("1-1-10,2-2-25");
    advance(&s, 250);
    scene_peer_gone(&s);
    for (int i = 0; i < 60; i++) {
        advance(&s, 500);
        assert_int_equal(ROW(s), 849);
    }
    s.o.operator_.want = WANT_HERE;
    advance(&s, 250);
    assert_int_equal(ROW(s), 826);
    assert_true(wants(&s, ACTION_OPEN));
}

static void a_restarted_supervisor_changes_nothing(void **state)
{
    struct scene s;
    (void)state;
    boot(&s);
    s.o.own.read_only = TRI_NO;
    s.o.fencer.alive = TRI_UNKNOWN;
    tick(&s);
    assert_int_equal(ROW(s), 125);
    s.o.fencer.alive = TRI_YES;
    tick(&s);
    assert_int_equal(s.m.state, NODE_DUAL);
}

static void a_restarted_server_is_held_again(void **state)
{
    struct scene s;
    (void)state;
    written(&s);
    s.o.own.read_only = TRI_YES;
    s.o.peer.binlog_pos = scene_gtid("1-1-10,2-2-25");
    advance(&s, 250);
    assert_int_equal(s.m.state, NODE_DUAL_HELD);
    advance(&s, 250);
    assert_int_equal(ROW(s), 849);
}

static void a_dead_server_gives_the_vip_away(void **state)
{
    struct scene s;
    (void)state;
    written(&s);
    s.o.fencer.dead_us = s.now_us;
    tick(&s);
    assert_int_equal(s.m.state, NODE_UNKNOWN);
    assert_true(wants(&s, ACTION_WEIGHT_FAULT));
    assert_true(decide_peer_can_take_vip(&s.o, &s.out.facts));
    advance(&s, 250);
    assert_true(wants(&s, ACTION_WEIGHT_FAULT));
}

static void weights(void **state)
{
    static const struct {
        const char *name;
        void (*change)(struct scene *s);
        int weight;
    } cases[] = {
        {"nothing", maintenance, -1},
        {"its applier stands", conflict, -20},
        {"its disk is full", disk_full, -20},
        {"the other is gone", scene_peer_gone, 0},
    };
    struct scene s;
    (void)state;
    held(&s);
    assert_int_equal(decide_weight(&s.p, &s.o, &s.m, &s.out.facts, false), -100);
    for (size_t i = 0; i < COUNT(cases); i++) {
        written(&s);
        cases[i].change(&s);
        advance(&s, 1500);
        int weight = decide_weight(&s.p, &s.o, &s.m, &s.out.facts, false);
        if (weight != cases[i].weight)
            fail_msg("%s: %d", cases[i].name, weight);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(opens_when_it_has_what_the_other_had),
        cmocka_unit_test(stays_closed_while_its_own_are_missing),
        cmocka_unit_test(is_kept_closed),
        cmocka_unit_test(each_row_fires),
        cmocka_unit_test(nothing_closes_it),
        cmocka_unit_test(alone),
        cmocka_unit_test(behind_and_alone),
        cmocka_unit_test(a_restarted_supervisor_changes_nothing),
        cmocka_unit_test(a_restarted_server_is_held_again),
        cmocka_unit_test(a_dead_server_gives_the_vip_away),
        cmocka_unit_test(weights),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
