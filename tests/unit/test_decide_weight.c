/* The weight for keepalived, and whether the VIP may leave. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "life.h"

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

static void test_weight(void **state)
{
    static const struct {
        const char *name;
        enum node_state state;
        enum tri own_up, peer_up, threads;
        bool fault;
        int weight;
    } cases[] = {
#define TRI_UNREADY ((enum tri)3) /* it answers, and could not take over */
        {"sole writer", NODE_WRITER, TRI_YES, TRI_NO, TRI_YES, false, 0},
        {"writer whose peer is unknown", NODE_WRITER, TRI_YES, TRI_UNKNOWN, TRI_YES, false, 0},
        {"writer of a pair", NODE_WRITER, TRI_YES, TRI_YES, TRI_YES, false, -1},
        {"writer whose peer answers but is not ready", NODE_WRITER, TRI_YES, TRI_UNREADY, TRI_YES, false, 0},
        {"giving the VIP away", NODE_DEMOTE_HANDOVER, TRI_YES, TRI_YES, TRI_YES, true, -254},
        {"ready standby", NODE_STANDBY, TRI_YES, TRI_YES, TRI_YES, false, -2},
        {"standby whose threads are stopped", NODE_STANDBY, TRI_YES, TRI_YES, TRI_NO, false, -20},
        {"standby whose threads are unknown", NODE_STANDBY, TRI_YES, TRI_YES, TRI_UNKNOWN, false, -20},
        {"standby without a peer", NODE_STANDBY, TRI_YES, TRI_NO, TRI_NO, false, -2},
        {"promoting, with its receiver stopped", NODE_PROMOTE_DRAIN, TRI_YES, TRI_YES, TRI_NO, false, -2},
        {"standby whose server is down", NODE_STANDBY, TRI_NO, TRI_YES, TRI_YES, false, -100},
        {"starting", NODE_UNKNOWN, TRI_YES, TRI_YES, TRI_YES, false, -100},
        {"fenced", NODE_FENCED, TRI_YES, TRI_YES, TRI_YES, false, -100},
        {"quarantined", NODE_QUARANTINED, TRI_YES, TRI_YES, TRI_YES, false, -100},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct scene s;
        struct facts f = {0};
        scene_standby(&s, POLICY_TIE_WITNESS);
        s.m.state = cases[i].state;
        f.value[FACT_OWN_UP] = cases[i].own_up;
        f.value[FACT_PEER_UP] = cases[i].peer_up == TRI_UNREADY ? TRI_YES : cases[i].peer_up;
        f.value[FACT_PEER_READY] = cases[i].peer_up == TRI_UNREADY ? TRI_NO : cases[i].peer_up;
        f.value[FACT_THREADS] = cases[i].threads;
        int weight = decide_weight(&s.p, &s.o, &s.m, &f, cases[i].fault);
        if (weight != cases[i].weight)
            fail_msg("%s: %d, expected %d", cases[i].name, weight, cases[i].weight);
    }
}

/* A supervisor that was started again leaves the weight until it knows something, or for `silent`. */
static void test_weight_is_kept_while_looking(void **state)
{
    struct scene s;
    (void)state;
    scene_writer(&s, POLICY_TIE_WITNESS);
    mind_init(&s.m, s.now_us);
    scene_advance(&s, 1000);
    assert_true(decide_keeps_weight(&s.p, &s.o, &s.m));
    scene_advance(&s, 1);
    assert_false(decide_keeps_weight(&s.p, &s.o, &s.m));
    s.o.fencer.inherited = true;
    assert_true(decide_keeps_weight(&s.p, &s.o, &s.m));
    s.m.state = NODE_STANDBY;
    assert_false(decide_keeps_weight(&s.p, &s.o, &s.m));
}

static void test_peer_can_take_vip(void **state)
{
    struct scene s;
    (void)state;
    scene_writer(&s, POLICY_TIE_WITNESS);
    struct facts f = scene_facts(&s);
    assert_true(decide_peer_can_take_vip(&s.o, &f));
    s.o.peer.replication.sql = TRI_NO;
    f = scene_facts(&s);
    assert_false(decide_peer_can_take_vip(&s.o, &f));
    s.o.peer.seen_us -= MS(2000);
    f = scene_facts(&s);
    assert_false(decide_peer_can_take_vip(&s.o, &f));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_weight),
        cmocka_unit_test(test_weight_is_kept_while_looking),
        cmocka_unit_test(test_peer_can_take_vip),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
