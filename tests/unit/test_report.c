/* What operators read first: headlines, readiness and how what is unknown is told. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/duration.h"
#include "report_fixture.h"

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

enum base { STANDBY, WRITER, BOOT, SERVERS };

struct headline_case {
    const char *name;
    enum base base;
    void (*change)(struct scene *s);
    const char *headline; /* begins with */
    enum tri ready;
};

static void nothing(struct scene *s)
{
    (void)s;
}

static void old(struct scene *s)
{
    s->m.since_us = s->now_us - MS(INT64_C(266400000)); /* 3 d 2 h */
}

static void peer_silent(struct scene *s)
{
    scene_peer_gone(s);
    scene_advance(s, 1500);
}

static void peer_sql_stopped(struct scene *s)
{
    s->o.peer.replication.sql = TRI_NO;
    s->o.peer.replication.sql_errno = 1062;
    snprintf(s->o.peer.replication.error, sizeof(s->o.peer.replication.error),
             "Duplicate entry '7' for key 'PRIMARY'");
}

static void peer_io_stopped(struct scene *s)
{
    s->o.peer.replication.io = IO_NO;
}

static void peer_both_stopped(struct scene *s)
{
    s->o.peer.replication.io = IO_NO;
    s->o.peer.replication.sql = TRI_NO;
}

static void peer_no_replication(struct scene *s)
{
    s->o.peer.replication = (struct replication_view){.configured = TRI_NO};
}

static void peer_connecting(struct scene *s)
{
    s->o.peer.replication.io = IO_CONNECTING;
    s->o.peer.replication.io_errno = 2003;
}

static void peer_unsupervised(struct scene *s)
{
    s->o.own.bulletin[1].present = s->o.peer.bulletin[1].present = false;
}

static void peer_fenced(struct scene *s)
{
    s->o.own.bulletin[1].state = s->o.peer.bulletin[1].state = NODE_FENCED;
}

static void peer_state_unknown(struct scene *s)
{
    s->o.own.bulletin[1].state = s->o.peer.bulletin[1].state = NODE_UNKNOWN;
}

static void peer_dead_man(struct scene *s)
{
    s->o.peer.dead_man = TRI_NO;
}

static void peer_dead_man_unknown(struct scene *s)
{
    s->o.peer.dead_man = TRI_UNKNOWN;
}

static void peer_writable(struct scene *s)
{
    s->o.peer.read_only = TRI_NO;
}

static void own_boot_unsafe(struct scene *s)
{
    s->o.boot_safe = TRI_NO;
}

static void own_maintenance(struct scene *s)
{
    s->o.operator_.maintenance = true;
}

static void own_stopped(struct scene *s)
{
    s->o.own.replication.io = IO_NO;
    s->o.own.replication.sql = TRI_NO;
}

static void promoting(struct scene *s)
{
    scene_peer_gone(s);
    s->o.own.holder = (struct holder_view){.connection = 77, .idle = true, .idle_ms = 3100};
    scene_advance(s, 3100);
    s->o.own.holder.idle_ms = 3500;
}

static void handing_over(struct scene *s)
{
    s->o.operator_.want = WANT_AWAY;
    s->m.state = NODE_DEMOTE_CLOSE;
    s->m.since_us = s->now_us - MS(12);
}

static void dual(struct scene *s)
{
    s->p.dual = true;
    s->o.peer.read_only = TRI_NO;
}

static void own_silent(struct scene *s)
{
    s->own_mute = true;
    scene_advance(s, 1500);
}

static void peer_writable_before(struct scene *s)
{
    s->m.since_us = s->now_us;
    s->o.peer.read_only = TRI_NO; /* seen just before this node became the writer */
}

static void peer_connection_broken(struct scene *s)
{
    s->o.peer.read_only = TRI_NO;
    s->o.peer.probed_up_us = 0;
    s->o.voter_answer_us[1] = 0;
}

static void own_dead(struct scene *s)
{
    s->o.fencer.dead_us = s->now_us - MS(10);
    s->o.own.read_only = TRI_NO; /* the last that it said, a moment ago */
    s->m.state = NODE_FENCED;
    s->m.since_us = s->now_us - MS(10);
}

static const struct headline_case headlines[] = {
    {"writer", WRITER, old, "mx1 is the writer (epoch 5, for 3 d 2 h); mx2 is ready to take over", TRI_YES},
    {"writer, peer silent", WRITER, peer_silent,
     "mx1 is the writer (epoch 5, for 1 min 41 s); mx2 cannot take over: its server does not answer", TRI_NO},
    {"writer, peer's applier", WRITER, peer_sql_stopped,
     "mx1 is the writer (epoch 5, for 1 min 40 s); mx2 cannot take over: the applier is stopped (error 1062: "
     "Duplicate entry",
     TRI_NO},
    {"writer, peer's receiver", WRITER, peer_io_stopped,
     "mx1 is the writer (epoch 5, for 1 min 40 s); mx2 cannot take over: the receiver is stopped", TRI_NO},
    {"writer, peer's both", WRITER, peer_both_stopped,
     "mx1 is the writer (epoch 5, for 1 min 40 s); mx2 cannot take over: replication is stopped", TRI_NO},
    {"writer, no replication", WRITER, peer_no_replication,
     "mx1 is the writer (epoch 5, for 1 min 40 s); mx2 cannot take over: replication is not configured",
     TRI_NO},
    {"writer, connecting", WRITER, peer_connecting,
     "mx1 is the writer (epoch 5, for 1 min 40 s); mx2 cannot take over: the receiver is connecting (error "
     "2003)",
     TRI_NO},
    {"writer, no supervisor there", WRITER, peer_unsupervised,
     "mx1 is the writer (epoch 5, for 1 min 40 s); mx2 cannot take over: no supervisor runs there", TRI_NO},
    {"writer, peer fenced", WRITER, peer_fenced,
     "mx1 is the writer (epoch 5, for 1 min 40 s); mx2 cannot take over: it is fenced", TRI_NO},
    {"writer, peer has not looked yet", WRITER, peer_state_unknown,
     "mx1 is the writer (epoch 5, for 1 min 40 s); whether mx2 can take over is unknown: its state is "
     "unknown",
     TRI_UNKNOWN},
    {"writer, dead man off", WRITER, peer_dead_man,
     "mx1 is the writer (epoch 5, for 1 min 40 s); mx2 cannot take over: its dead-man's switch does not work",
     TRI_NO},
    {"writer, dead man unknown", WRITER, peer_dead_man_unknown,
     "mx1 is the writer (epoch 5, for 1 min 40 s); whether mx2 can take over is unknown: its dead-man's "
     "switch is not verified yet",
     TRI_UNKNOWN},
    {"two writers", WRITER, peer_writable, "two servers are writable: mx1 and mx2", TRI_UNKNOWN},
    {"the last writer's last sample", WRITER, peer_writable_before,
     "mx1 is the writer (epoch 5, for 0 ms); mx2 is ready", TRI_YES},
    {"the last writer's connection broke", WRITER, peer_connection_broken,
     "mx1 is the writer (epoch 5, for 1 min 40 s); mx2 cannot take over: its server does not answer", TRI_NO},
    {"own server is dead", STANDBY, own_dead,
     "mx2 is the writer (epoch 4); mx1 cannot take over: its server does not answer", TRI_NO},
    {"dual", WRITER, dual, "mx1 and mx2 are both writable, as configured", TRI_UNKNOWN},
    {"handing over", WRITER, handing_over, "mx1 is handing over to mx2 (for 12 ms): ", TRI_YES},
    {"standby", STANDBY, nothing, "mx2 is the writer (epoch 4); mx1 is ready to take over", TRI_YES},
    {"standby, unsafe boot", STANDBY, own_boot_unsafe,
     "mx2 is the writer (epoch 4); mx1 cannot take over: its server would not boot read-only", TRI_NO},
    {"standby, maintenance", STANDBY, own_maintenance,
     "mx2 is the writer (epoch 4); mx1 cannot take over: maintenance is on", TRI_NO},
    {"standby, replication stopped", STANDBY, own_stopped,
     "mx2 is the writer (epoch 4); mx1 cannot take over: replication is stopped", TRI_NO},
    {"standby, own silent", STANDBY, own_silent,
     "mx2 is the writer (epoch 4); mx1 cannot take over: its server does not answer", TRI_NO},
    {"promoting", STANDBY, promoting, "mx1 is becoming the writer (step 1 of 5, for 0 ms): ", TRI_UNKNOWN},
    {"nobody", BOOT, nothing, "nobody is the writer: mx1 is standby (", TRI_UNKNOWN},
    {"servers alone, a writer", SERVERS, nothing, "mx1 is the writer (epoch 5); mx2 is ready to take over",
     TRI_YES},
    {"servers alone, stopped", SERVERS, peer_both_stopped,
     "mx1 is the writer (epoch 5); mx2 cannot take over: replication is stopped", TRI_NO},
};

static void make(const struct headline_case *c, struct report *r)
{
    struct scene *s = calloc(1, sizeof(*s));
    if (c->base == STANDBY)
        scene_standby(s, POLICY_TIE_WITNESS);
    else if (c->base == BOOT)
        scene_boot(s, 0, POLICY_TIE_WITNESS);
    else
        scene_writer(s, POLICY_TIE_WITNESS);
    c->change(s);
    if (c->base == SERVERS)
        report_of_servers(s, r);
    else
        report_of_scene(s, r);
    free(s);
}

static void headlines_say(void **state)
{
    struct report *r = calloc(1, sizeof(*r));
    int failures = 0;
    (void)state;
    for (size_t i = 0; i < COUNT(headlines); i++) {
        const struct headline_case *c = &headlines[i];
        make(c, r);
        if (strncmp(r->headline, c->headline, strlen(c->headline)) != 0 || r->ready != c->ready) {
            print_error("%s: \"%s\", ready %s\n", c->name, r->headline, tri_name(r->ready));
            failures++;
        }
    }
    free(r);
    assert_int_equal(failures, 0);
}

static void unknown_is_never_zero(void **state)
{
    struct scene *s = calloc(1, sizeof(*s));
    struct report *r = calloc(1, sizeof(*r));
    (void)state;
    scene_writer(s, POLICY_TIE_WITNESS);
    scene_peer_gone(s);
    scene_advance(s, 1500);
    report_of_scene(s, r);
    const struct report_node *n = &r->nodes[1];
    assert_int_equal(n->reachable, TRI_NO);
    assert_int_equal(n->read_only, TRI_UNKNOWN);
    assert_int_equal(n->supervised, TRI_UNKNOWN);
    assert_int_equal(n->io, IO_UNKNOWN);
    assert_int_equal(n->sql, TRI_UNKNOWN);
    assert_int_equal(n->dead_man, TRI_UNKNOWN);
    assert_int_equal(n->offsets_ok, TRI_UNKNOWN);
    assert_true(n->applied.us == REPORT_UNKNOWN && n->applied.transactions == REPORT_UNKNOWN);
    assert_true(n->increment == REPORT_UNKNOWN && n->server_id == REPORT_UNKNOWN);
    assert_string_equal(n->binlog_pos, "0-1-10"); /* as last seen, with its age */
    assert_true(n->age_ms >= 1500);
    assert_false(r->votes[1].counted);
    assert_true(r->votes[1].valid_ms == REPORT_UNKNOWN);
    free(r);
    free(s);
}

static void nothing_seen_yet(void **state)
{
    struct scene *s = calloc(1, sizeof(*s));
    struct report *r = calloc(1, sizeof(*r));
    (void)state;
    s->p = scene_policy(POLICY_TIE_WITNESS);
    s->o.now_us = SCENE_START - MS(100000) + MS(10);
    quorum_init(&s->q, 0, false, 3000, 1000);
    mind_init(&s->m, s->o.now_us);
    report_of_scene(s, r);
    assert_int_equal(r->writer, REPORT_WRITER_UNKNOWN);
    assert_int_equal(r->writer_node, -1);
    assert_int_equal(r->nodes[0].reachable, TRI_UNKNOWN);
    assert_int_equal(r->nodes[1].reachable, TRI_UNKNOWN);
    assert_int_equal(r->nodes[1].supervised, TRI_UNKNOWN);
    assert_int_equal(r->severity, SEVERITY_UNKNOWN);
    assert_true(r->loss.known_lost == REPORT_UNKNOWN && r->loss.unseen_us == REPORT_UNKNOWN);
    assert_true(r->epoch == REPORT_UNKNOWN && r->nodes[0].age_ms == REPORT_UNKNOWN);
    assert_string_equal(r->history, "unknown");
    assert_string_equal(r->nodes[0].binlog_pos, "unknown");
    free(r);
    free(s);
}

static void votes_and_fencer(void **state)
{
    struct scene *s = calloc(1, sizeof(*s));
    struct report *r = calloc(1, sizeof(*r));
    (void)state;
    scene_writer(s, POLICY_TIE_WITNESS);
    report_of_scene(s, r);
    assert_string_equal(r->tie_breaker, "witness");
    assert_string_equal(r->votes[0].voter, "mx1");
    assert_string_equal(r->votes[OBS_TIE].voter, "witness");
    assert_string_equal(r->votes[0].basis, "waited a lease");
    for (int i = 0; i < OBS_VOTERS; i++)
        assert_true(r->votes[i].counted && r->votes[i].valid_ms > 2900);
    assert_true(r->authority_ms > 2900);
    assert_int_equal(r->fencer.armed, TRI_YES);
    assert_true(r->fencer.deadline_ms > 1800 && r->fencer.deadline_ms < r->authority_ms);
    assert_string_equal(r->nodes[1].address, "[2001:db8::12]:3307");
    assert_string_equal(r->loss.node, "mx2");
    assert_string_equal(r->loss.gate, "ok");
    assert_true(r->loss.known_lost == 0);

    /* What would be refused names the positions. */
    struct err e;
    assert_true(gtid_set_parse(&s->o.own.binlog_pos, "0-1-99999", &e));
    report_of_scene(s, r);
    assert_string_equal(r->loss.gate, "known loss");
    assert_non_null(strstr(r->loss.sentence, "seen '0-1-99999'"));

    scene_writer(s, POLICY_TIE_WRITER);
    report_of_scene(s, r);
    assert_string_equal(r->votes[OBS_TIE].voter, "last writer");
    assert_true(r->votes[OBS_TIE].durable && r->votes[OBS_TIE].counted);
    assert_true(r->votes[OBS_TIE].valid_ms == REPORT_UNKNOWN);
    free(r);
    free(s);
}

static void spans(void **state)
{
    static const struct {
        int64_t ms;
        const char *text;
    } cases[] = {{-1, "unknown"},        {0, "0 ms"},      {999, "999 ms"},        {1000, "1 s"},
                 {1050, "1 s"},          {4250, "4.2 s"},  {59999, "59 s"},        {60000, "1 min"},
                 {200000, "3 min 20 s"}, {3600000, "1 h"}, {7500000, "2 h 5 min"}, {86400000, "1 d"},
                 {266400000, "3 d 2 h"}};
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        char text[DURATION_MAX];
        assert_string_equal(duration_format_ms(cases[i].ms, text), cases[i].text);
        assert_string_equal(duration_format_us(cases[i].ms < 0 ? -1 : cases[i].ms * 1000, text),
                            cases[i].text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(headlines_say),
        cmocka_unit_test(unknown_is_never_zero),
        cmocka_unit_test(nothing_seen_yet),
        cmocka_unit_test(votes_and_fencer),
        cmocka_unit_test(spans),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
