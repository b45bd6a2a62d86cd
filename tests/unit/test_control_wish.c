/* The operator's commands that act: what is refused at once, what is wished for, and how a wish ends. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "daemon/control_wish.h"
#include "daemon/node.h"
#include "report_fixture.h"

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

static struct scene *scene;
static struct node *node;
static struct report *report;
static struct wish wish;
static int wakes;

void node_wake(struct node *n)
{
    (void)n;
    wakes++;
}

void node_breaker_reset(struct node *n)
{
    n->o.failovers_in_window = 0;
}

enum base { STANDBY, WRITER, BOOT };

static void look_around(void)
{
    report_of_scene(scene, report);
    node->policy = scene->p;
    struct operator_view wanted = node->o.operator_;
    node->o = scene->o;
    node->o.operator_ = wanted;
    node->mind = scene->m;
    node->outcome = scene->out;
}

static void prepare(enum base base)
{
    memset(node, 0, sizeof(*node));
    snprintf(node->settings.cluster.nodes[0].name, SETTINGS_NAME_MAX, "mx1");
    snprintf(node->settings.cluster.nodes[1].name, SETTINGS_NAME_MAX, "mx2");
    if (base == STANDBY)
        scene_standby(scene, POLICY_TIE_WITNESS);
    else if (base == WRITER)
        scene_writer(scene, POLICY_TIE_WITNESS);
    else
        scene_boot(scene, 0, POLICY_TIE_WITNESS);
    look_around();
    wakes = 0;
}

static int set_up(void **state)
{
    (void)state;
    scene = calloc(1, sizeof(*scene));
    node = calloc(1, sizeof(*node));
    report = calloc(1, sizeof(*report));
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    free(scene);
    free(node);
    free(report);
    return 0;
}

/* ---- at once ---- */

static void maintain(void)
{
    scene->o.operator_.maintenance = node->o.operator_.maintenance = true;
    look_around();
}

static void make_dual(void)
{
    node->policy.dual = true;
}

static void hide_peer(void)
{
    scene_peer_gone(scene);
    scene_advance(scene, 1500);
    look_around();
}

static void break_way_back(void)
{
    scene->o.own.replication.sql = TRI_NO;
    scene->o.own.replication.sql_errno = 1062;
    look_around();
}

static void stop_way_back(void)
{
    scene->o.own.replication.sql = TRI_NO;
    scene->o.own.replication.io = IO_NO;
    look_around();
}

static void durable_third_vote(void)
{
    hide_peer();
    node->quorum.durable_tie = true;
    node->quorum.tie_mine = TRI_NO;
}

static void none(void)
{
}

static void at_once(void **state)
{
    static const struct {
        const char *name;
        enum base base;
        void (*change)(void);
        struct control_request request;
        enum wish_state expected;
        const char *message;
    } cases[] = {
        {"to itself",
         WRITER,
         none,
         {CONTROL_SWITCHOVER, .to = "mx1"},
         WISH_DONE,
         "mx1 is the writer already"},
        {"to the writer",
         STANDBY,
         none,
         {CONTROL_SWITCHOVER, .to = "mx2"},
         WISH_DONE,
         "mx2 is the writer already"},
        {"to nobody",
         WRITER,
         none,
         {CONTROL_SWITCHOVER, .to = "mx9"},
         WISH_REFUSED,
         "there is no node mx9: mx1 or mx2"},
        {"peer not ready",
         WRITER,
         hide_peer,
         {CONTROL_SWITCHOVER},
         WISH_REFUSED,
         "mx2 cannot take over: its server does not answer"},
        {"no way back",
         WRITER,
         break_way_back,
         {CONTROL_SWITCHOVER},
         WISH_REFUSED,
         "mx1 could not follow mx2 afterwards: the applier is stopped (error 1062)"},
        {"no writer", BOOT, none, {CONTROL_SWITCHOVER}, WISH_REFUSED, "nobody is known to be the writer"},
        {"maintenance", WRITER, maintain, {CONTROL_SWITCHOVER}, WISH_REFUSED, "maintenance is on at mx1"},
        {"dual", WRITER, make_dual, {CONTROL_SWITCHOVER}, WISH_REFUSED, "write_mode is dual"},
        {"promote the writer", WRITER, none, {CONTROL_PROMOTE}, WISH_DONE, "mx1 is the writer already"},
        {"promote in maintenance",
         STANDBY,
         maintain,
         {CONTROL_PROMOTE},
         WISH_REFUSED,
         "maintenance is on at mx1"},
        {"itself is off",
         STANDBY,
         none,
         {CONTROL_PROMOTE, .peer_is_off = "mx1"},
         WISH_REFUSED,
         "the other node is mx2"},
        {"it answers",
         STANDBY,
         none,
         {CONTROL_PROMOTE, .peer_is_off = "mx2"},
         WISH_REFUSED,
         "mx2's server answers: that host is not off"},
        {"third vote",
         STANDBY,
         durable_third_vote,
         {CONTROL_PROMOTE},
         WISH_REFUSED,
         "the third vote is mx2's, which does not answer"},
        {"maintenance on", WRITER, none, {CONTROL_MAINTENANCE_ON}, WISH_DONE, "maintenance is on at mx1"},
        {"maintenance again",
         WRITER,
         maintain,
         {CONTROL_MAINTENANCE_ON},
         WISH_DONE,
         "maintenance is on at mx1 already"},
        {"maintenance off",
         WRITER,
         maintain,
         {CONTROL_MAINTENANCE_OFF},
         WISH_DONE,
         "maintenance is off at mx1"},
        {"breaker",
         STANDBY,
         none,
         {CONTROL_BREAKER_RESET},
         WISH_DONE,
         "the breaker is closed at mx1: 0 unplanned promotions are forgotten"},
        {"a question", STANDBY, none, {CONTROL_STATUS}, WISH_REFUSED, "changes nothing"},
    };
    int failures = 0;
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        prepare(cases[i].base);
        cases[i].change();
        enum wish_state got = wish_begin(&wish, node, &cases[i].request, report, scene->now_us);
        if (got != cases[i].expected || !strstr(wish.message, cases[i].message) ||
            node->o.operator_.want != WANT_NOTHING) {
            print_error("%s: %d \"%s\"\n", cases[i].name, got, wish.message);
            failures++;
        }
    }
    assert_int_equal(failures, 0);
}

/* Replication there resumes by itself. */
static void a_way_back_that_only_stands_still(void **state)
{
    (void)state;
    prepare(WRITER);
    stop_way_back();
    struct control_request r = {CONTROL_SWITCHOVER};
    assert_int_equal(wish_begin(&wish, node, &r, report, scene->now_us), WISH_PENDING);
}

static void maintenance_is_set(void **state)
{
    (void)state;
    prepare(WRITER);
    struct control_request r = {CONTROL_MAINTENANCE_ON};
    wish_begin(&wish, node, &r, report, scene->now_us);
    assert_true(node->o.operator_.maintenance && wakes == 1);
    r.command = CONTROL_MAINTENANCE_OFF;
    wish_begin(&wish, node, &r, report, scene->now_us);
    assert_false(node->o.operator_.maintenance);
}

/* ---- waiting ---- */

static void begin(enum control_command command, const char *peer_is_off)
{
    struct control_request r = {.command = command, .accept_loss = peer_is_off != NULL};
    snprintf(r.peer_is_off, sizeof(r.peer_is_off), "%s", peer_is_off ? peer_is_off : "");
    assert_int_equal(wish_begin(&wish, node, &r, report, scene->now_us), WISH_PENDING);
    assert_int_equal(wakes, 1);
}

static enum wish_state look_in(enum node_state state, int row_id, int64_t later_ms)
{
    static struct rule row;
    row = (struct rule){.id = row_id,
                        .reason = "the reason",
                        .stay = true,
                        .actions = row_id >= 320 && row_id < 336 ? ACTION_BIT(ACTION_ALERT) : 0};
    if (node->mind.state != state)
        node->mind.since_us = scene->now_us + MS(later_ms);
    node->mind.state = state;
    node->outcome.row = &row;
    node->outcome.step_count = 0;
    return wish_look(&wish, node, scene->now_us + MS(later_ms));
}

/* A loss after a certified death is for him to accept, and the host need not be off for it. */
static void certificate_brings_the_third_vote(void **state)
{
    struct control_request r = {.command = CONTROL_PROMOTE, .accept_loss = true};
    (void)state;
    prepare(STANDBY);
    durable_third_vote();
    wakes = 0;
    node->mind.basis.kind = NOTE_CERTIFICATE;
    assert_int_equal(wish_begin(&wish, node, &r, report, scene->now_us), WISH_PENDING);
    assert_true(node->o.operator_.accept_loss && node->o.operator_.off_at == 0);
}

static void says_when_the_host_was_off(void **state)
{
    struct control_request r = {.command = CONTROL_PROMOTE, .peer_is_off = "mx2"};
    (void)state;
    prepare(STANDBY);
    durable_third_vote();
    assert_int_equal(wish_begin(&wish, node, &r, report, scene->now_us), WISH_PENDING);
    assert_true(node->o.operator_.peer_is_off && node->o.operator_.off_at > 100000000);
}

static void hands_over(void **state)
{
    (void)state;
    prepare(WRITER);
    begin(CONTROL_SWITCHOVER, NULL);
    assert_int_equal(node->o.operator_.want, WANT_AWAY);
    assert_int_equal(look_in(NODE_WRITER, 599, 1), WISH_PENDING);
    assert_int_equal(look_in(NODE_DEMOTE_CLOSE, 609, 2), WISH_PENDING);
    node->o.peer.read_only = TRI_NO;
    node->o.peer.seen_us = scene->now_us + MS(3);
    assert_int_equal(look_in(NODE_DEMOTE_HANDOVER, 639, 3), WISH_PENDING);
    assert_int_equal(look_in(NODE_STANDBY, 399, 4), WISH_DONE);
    assert_string_equal(wish.message, "mx2 is the writer");
    wish_end(node);
    assert_int_equal(node->o.operator_.want, WANT_NOTHING);
}

static void handover_is_undone(void **state)
{
    (void)state;
    prepare(WRITER);
    begin(CONTROL_SWITCHOVER, NULL);
    look_in(NODE_DEMOTE_HANDOVER, 639, 1);
    look_in(NODE_STANDBY, 399, 5000);
    assert_int_equal(look_in(NODE_WRITER, 599, 5100), WISH_FAILED);
    assert_string_equal(wish.message, "mx2 did not take over and mx1 is the writer again: the reason");
}

static void handover_takes_too_long(void **state)
{
    (void)state;
    prepare(WRITER);
    begin(CONTROL_SWITCHOVER, NULL);
    assert_int_equal(look_in(NODE_WRITER, 599, 7999), WISH_PENDING);
    assert_int_equal(look_in(NODE_WRITER, 599, 8000), WISH_FAILED);
    assert_string_equal(wish.message, "not within 8 s: mx1 is writer (row 599: the reason)");
}

static void ends_fenced(void **state)
{
    (void)state;
    prepare(WRITER);
    begin(CONTROL_SWITCHOVER, NULL);
    assert_int_equal(look_in(NODE_FENCED, 605, 10), WISH_FAILED);
    assert_string_equal(wish.message, "mx1 is fenced: the reason");
}

static void asks_the_writer(void **state)
{
    (void)state;
    prepare(STANDBY);
    begin(CONTROL_SWITCHOVER, NULL);
    assert_int_equal(node->o.operator_.want, WANT_HERE);
    assert_int_equal(look_in(NODE_STANDBY, 399, 10), WISH_PENDING);
    assert_int_equal(look_in(NODE_PROMOTE_VOTES, 419, 20), WISH_PENDING);
    node->mind.epoch = 7;
    assert_int_equal(look_in(NODE_WRITER, 599, 30), WISH_DONE);
    assert_string_equal(wish.message, "mx1 is the writer (epoch 7)");
}

static void promotes(void **state)
{
    (void)state;
    prepare(STANDBY);
    hide_peer();
    begin(CONTROL_PROMOTE, "mx2");
    assert_true(node->o.operator_.peer_is_off && node->o.operator_.accept_loss);
    assert_int_equal(look_in(NODE_STANDBY, 336, 10), WISH_PENDING); /* an old attempt's wait */
    assert_int_equal(look_in(NODE_PROMOTE_DRAIN, 439, 40000), WISH_PENDING);
    assert_int_equal(look_in(NODE_WRITER, 599, 40001), WISH_DONE);
    wish_end(node);
    assert_false(node->o.operator_.peer_is_off || node->o.operator_.accept_loss);
}

static void promotion_is_refused(void **state)
{
    (void)state;
    prepare(STANDBY);
    hide_peer();
    begin(CONTROL_PROMOTE, NULL);
    node->outcome.facts.value[FACT_LOSS] = LOSS_UNSEEN;
    assert_int_equal(look_in(NODE_STANDBY, 330, 10), WISH_REFUSED);
    assert_non_null(strstr(wish.message, "the reason (row 330): "));
    assert_non_null(strstr(wish.message, "--accept-loss"));
}

static void promotion_is_given_up(void **state)
{
    (void)state;
    prepare(STANDBY);
    begin(CONTROL_PROMOTE, NULL);
    look_in(NODE_PROMOTE_VOTES, 419, 10);
    assert_int_equal(look_in(NODE_STANDBY, 399, 20), WISH_FAILED);
    assert_string_equal(wish.message, "mx1 is standby: the reason");
}

/* An attempt of its own, begun before, is not this wish's. */
static void waits_for_the_attempt_under_way(void **state)
{
    (void)state;
    prepare(STANDBY);
    hide_peer();
    look_in(NODE_PROMOTE_VOTES, 419, -1000);
    begin(CONTROL_PROMOTE, "mx2");
    assert_int_equal(look_in(NODE_PROMOTE_VOTES, 419, 10), WISH_PENDING);
    assert_int_equal(look_in(NODE_STANDBY, 336, 20), WISH_PENDING);
    assert_int_equal(look_in(NODE_PROMOTE_VOTES, 419, 30), WISH_PENDING);
    assert_int_equal(look_in(NODE_STANDBY, 336, 40), WISH_FAILED);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(at_once),
        TEST(a_way_back_that_only_stands_still),
        TEST(maintenance_is_set),
        TEST(certificate_brings_the_third_vote),
        TEST(says_when_the_host_was_off),
        TEST(hands_over),
        TEST(handover_is_undone),
        TEST(handover_takes_too_long),
        TEST(ends_fenced),
        TEST(asks_the_writer),
        TEST(promotes),
        TEST(promotion_is_refused),
        TEST(promotion_is_given_up),
        TEST(waits_for_the_attempt_under_way),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
