#include "model_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define ROWS_END 1000

static bool rows_fired[ROWS_END];

struct gtid_set scene_gtid(const char *text)
{
    struct gtid_set set;
    struct err e;
    if (!gtid_set_parse(&set, text, &e))
        fail_msg("%s", e.text);
    return set;
}

struct policy scene_policy(enum policy_tie tie)
{
    return (struct policy){.self = 0,
                           .tie = tie,
                           .has_vip = true,
                           .has_references = true,
                           .server_id = {1, 2},
                           .increment = 2,
                           .offset = {1, 2},
                           .lease_us = MS(3000),
                           .renew_us = MS(250),
                           .silent_us = MS(1000),
                           .fence_us = MS(1000),
                           .epsilon_us = MS(50),
                           .takeover_delay_us = MS(500),
                           .drift_ppm = 1000,
                           .max_unseen_us = MS(1000),
                           .drain_timeout_us = MS(30000),
                           .switchover_timeout_us = MS(5000),
                           .vip_settle_us = MS(2000),
                           .vip_hold_down_us = MS(60000),
                           .settling_us = MS(60000),
                           .lag_critical_us = MS(60000),
                           .breaker_failovers = 1};
}

static void fill_rows(struct voter_rows *r, uint64_t first, uint64_t second)
{
    *r = (struct voter_rows){0};
    r->promise[0] = (struct note){.kind = first ? NOTE_PROMISE : NOTE_NONE, .node = 0, .epoch = first};
    r->promise[1] = (struct note){.kind = second ? NOTE_PROMISE : NOTE_NONE, .node = 1, .epoch = second};
}

static void fill_server(struct server_view *v, int node, enum tri read_only, const char *position)
{
    *v = (struct server_view){.probed_up_us = SCENE_START - MS(100000),
                              .read_only = read_only,
                              .server_id = (uint32_t)node + 1,
                              .auto_increment_increment = 2,
                              .auto_increment_offset = (unsigned)node + 1,
                              .event_scheduler = TRI_YES,
                              .semi_sync = {.enabled = TRI_NO},
                              .dead_man = TRI_YES,
                              .term_known = true,
                              .term_node = -1};
    v->binlog_pos = v->slave_pos = scene_gtid(position);
    v->replication = (struct replication_view){
        .known = true, .configured = TRI_YES, .io = IO_YES, .sql = TRI_YES, .master_pos = 1000};
    v->replication.io_pos = scene_gtid(position);
    snprintf(v->replication.master_file, sizeof(v->replication.master_file), "bin.000003");
}

static void fill_bulletins(struct server_view *v, enum node_state first, enum node_state second, int vip)
{
    enum node_state states[OBS_NODES] = {first, second};
    for (int i = 0; i < OBS_NODES; i++)
        v->bulletin[i] = (struct bulletin){
            .known = true, .seq = 10, .state = states[i], .vip = tri_from(vip == i), .present = true};
}

static void fill_rest(struct scene *s)
{
    s->o.vip = (struct vip_view){.here = TRI_NO, .since_us = SCENE_START - MS(100000)};
    s->o.fencer = (struct fencer_view){
        .alive = TRI_YES, .write_lock = TRI_NO, .server_alive = TRI_YES, .certifiable = TRI_YES};
    s->o.boot_safe = TRI_YES;
    s->o.gap_us = MS(250);
    for (int i = 0; i < OBS_VOTERS; i++)
        quorum_opened(&s->q, i, 100 + (unsigned long)i, SCENE_START - MS(100000));
}

static void fill_states(struct scene *s, const char *state)
{
    s->o.own.binlog_state = s->o.peer.binlog_state = scene_gtid(state);
}

static void begin(struct scene *s, int self, enum policy_tie tie)
{
    *s = (struct scene){.p = scene_policy(tie), .now_us = SCENE_START};
    s->p.self = self;
    quorum_init(&s->q, self, tie == POLICY_TIE_WRITER, 3000, s->p.drift_ppm);
    mind_init(&s->m, SCENE_START - MS(100000));
    fill_rest(s);
}

void scene_standby(struct scene *s, enum policy_tie tie)
{
    begin(s, 0, tie);
    fill_server(&s->o.own, 0, TRI_YES, "0-2-10");
    fill_server(&s->o.peer, 1, TRI_NO, "0-2-10");
    fill_states(s, "0-1-5,0-2-10");
    struct server_view *both[] = {&s->o.own, &s->o.peer};
    for (int i = 0; i < 2; i++) {
        fill_rows(&both[i]->voter, 3, PEER_EPOCH);
        fill_bulletins(both[i], NODE_STANDBY, NODE_WRITER, 1);
        both[i]->term_epoch = PEER_EPOCH;
        both[i]->term_node = 1;
    }
    s->o.own.holder = (struct holder_view){.connection = 77, .idle = true, .idle_ms = 100};
    s->m.state = NODE_STANDBY;
    s->m.epoch = 3;
    scene_refresh(s);
}

void scene_writer(struct scene *s, enum policy_tie tie)
{
    begin(s, 0, tie);
    fill_server(&s->o.own, 0, TRI_NO, "0-1-10");
    fill_server(&s->o.peer, 1, TRI_YES, "0-1-10");
    fill_states(s, "0-1-10,0-2-5");
    struct server_view *both[] = {&s->o.own, &s->o.peer};
    for (int i = 0; i < 2; i++) {
        fill_rows(&both[i]->voter, OWN_EPOCH, PEER_EPOCH);
        fill_bulletins(both[i], NODE_WRITER, NODE_STANDBY, 0);
        both[i]->term_epoch = OWN_EPOCH;
        both[i]->term_node = 0;
    }
    s->o.own.holder = (struct holder_view){.connection = 100, .mine = true};
    s->m.own_before.pos = s->o.own.binlog_pos;
    s->o.vip.here = TRI_YES;
    s->o.term_written = true;
    s->m.state = NODE_WRITER;
    s->m.epoch = OWN_EPOCH;
    s->m.third_mine = tie == POLICY_TIE_WRITER;
    s->q.tie_mine = tri_from(s->m.third_mine);
    for (int i = 0; i < (tie == POLICY_TIE_WITNESS ? OBS_VOTERS : OBS_NODES); i++)
        scene_count_vote(s, i, BASIS_WAITED);
    s->o.fencer.write_lock = TRI_YES;
    s->o.fencer.epoch = OWN_EPOCH;
    s->o.fencer.sent_seq = s->o.fencer.acked_seq = 1;
    s->o.fencer.acked_deadline_us =
        quorum_authority_until(&s->q, s->now_us) - s->p.fence_us - s->p.epsilon_us;
    scene_refresh(s);
}

void scene_boot(struct scene *s, int self, enum policy_tie tie)
{
    begin(s, self, tie);
    fill_server(&s->o.own, self, TRI_YES, "0-2-10");
    fill_server(&s->o.peer, 1 - self, TRI_YES, "0-2-10");
    fill_states(s, "0-1-5,0-2-10");
    struct server_view *both[] = {&s->o.own, &s->o.peer};
    for (int i = 0; i < 2; i++) {
        fill_rows(&both[i]->voter, 3, PEER_EPOCH);
        fill_bulletins(both[i], NODE_STANDBY, NODE_STANDBY, 0);
        both[i]->term_epoch = PEER_EPOCH;
        both[i]->term_node = 1;
    }
    s->o.vip.here = tri_from(self == 0);
    mind_init(&s->m, s->now_us);
    for (int i = 0; i < OBS_VOTERS; i++)
        quorum_opened(&s->q, i, 100 + (unsigned long)i, s->now_us);
    scene_refresh(s);
}

static void refresh_server(struct server_view *v, int64_t now_us)
{
    v->seen_us = now_us - MS(1);
    v->answered_us = now_us;
    v->voter.read_us = now_us;
    v->dead_man_us = now_us;
    v->dead_man_advanced_us = now_us;
}

void scene_refresh(struct scene *s)
{
    bool mute[OBS_VOTERS] = {0};
    mute[s->p.self] = s->own_mute;
    mute[1 - s->p.self] = s->peer_mute;
    mute[OBS_TIE] = s->witness_mute;
    s->o.now_us = s->now_us;
    if (!s->own_mute) {
        refresh_server(&s->o.own, s->now_us);
        s->o.own.holder.asked_us = s->now_us - MS(1);
    }
    if (!s->peer_mute) {
        refresh_server(&s->o.peer, s->now_us);
        s->o.reference_us = s->now_us;
    }
    for (int i = 0; i < OBS_VOTERS; i++) {
        if (mute[i])
            continue;
        s->o.voter_answer_us[i] = s->now_us;
        quorum_proven(&s->q, i, s->now_us);
    }
}

void scene_advance(struct scene *s, int64_t ms)
{
    s->now_us += MS(ms);
    scene_refresh(s);
}

void scene_peer_gone(struct scene *s)
{
    int other = 1 - s->p.self;
    s->peer_mute = true;
    s->o.own.bulletin[other].present = false;
    if (!s->o.own.holder.mine)
        s->o.own.holder = (struct holder_view){.asked_us = s->o.own.holder.asked_us};
    quorum_lost(&s->q, other);
}

struct note *scene_row(struct scene *s, enum note_kind kind, uint64_t epoch, const char *gtid)
{
    int other = 1 - s->p.self;
    struct voter_rows *r = &s->o.own.voter;
    struct note *slot = kind == NOTE_RELEASE       ? &r->release[other]
                        : kind == NOTE_CERTIFICATE ? &r->certificate[other]
                        : kind == NOTE_OFF         ? &r->off[other]
                                                   : &r->promise[other];
    *slot = (struct note){.kind = kind, .node = other, .epoch = epoch};
    if (gtid)
        slot->gtid = scene_gtid(gtid);
    return slot;
}

void scene_count_vote(struct scene *s, int i, enum vote_basis basis)
{
    struct vote *v = &s->q.votes[i];
    v->held = v->counted = true;
    v->basis = basis;
    v->taken_us = s->now_us - MS(50000);
    v->proven_us = s->now_us;
    v->promised_epoch = s->m.epoch;
}

struct facts scene_facts(const struct scene *s)
{
    struct facts f;
    facts_compute(&f, &s->p, &s->o, &s->q, &s->m);
    return f;
}

/* ---- the rows that fired ---- */

static void write_rows_fired(void)
{
    FILE *file = fopen(getenv("REPLCHECK_ROWS_FIRED"), "w");
    if (!file) {
        perror("REPLCHECK_ROWS_FIRED");
        _Exit(2);
    }
    for (int id = 0; id < ROWS_END; id++)
        if (rows_fired[id])
            fprintf(file, "%d\n", id);
    fclose(file);
}

static void note_row(const struct rule *row)
{
    static bool begun;
    if (!begun && getenv("REPLCHECK_ROWS_FIRED"))
        atexit(write_rows_fired);
    begun = true;
    rows_fired[row->id] = true;
}

void scene_decide(struct scene *s)
{
    decide_tick(&s->p, &s->o, &s->q, &s->m, &s->out);
    for (int i = 0; i < s->out.step_count; i++)
        note_row(s->out.steps[i].row);
    note_row(s->out.row);
}
