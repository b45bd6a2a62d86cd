/* What the simulator's files offer each other. `n` is a node, `s` a server, `h` a host. */
#ifndef SIM_PARTS_H
#define SIM_PARTS_H

#include "world.h"

/* history.c: the binary log as stretches of writers. `to` cuts it there. */
uint32_t history_end(const struct history *h);
struct gid history_last(const struct history *h, uint32_t to);
void history_append(struct history *h, int server, int branch);
void history_term(struct history *h, int server, int branch, uint32_t gap, unsigned epoch, bool unplanned);
void history_cut(struct history *h, uint32_t to);
/* Takes over `from` up to `to`; false if there is no room. */
bool history_follow(struct history *h, const struct history *from, uint32_t to);
/* Adds what `from` has from the end of `h` on, up to `to`. */
void history_extend(struct history *h, const struct history *from, uint32_t to);
/* Is the transaction at `at` of `h` the same as that of `in`, which reaches to `to`? */
bool history_has(const struct history *in, uint32_t to, struct gid gid);
/* How far both are the same by their GTIDs; and in truth. */
uint32_t history_common(const struct history *a, uint32_t a_to, const struct history *b, uint32_t b_to);
uint32_t history_shared(const struct history *a, uint32_t a_to, const struct history *b, uint32_t b_to);
void history_state(const struct history *h, uint32_t to, uint32_t seq[NODES]);
/* The highest term whose row is within `to`; its node, -1 = none; how many were unplanned. */
unsigned history_term_of(const struct history *h, uint32_t to, int *node, int *unplanned);

/* link.c: sessions and the network */
int64_t link_arrival(struct world *w, int from, int to, int64_t *next);
bool link_open(const struct world *w, int from, int to);
void session_open(struct world *w, int n, int slot, int server, int backoff_max_ms);
void session_free(struct world *w, int n, int slot);
void session_close(struct world *w, int n, int slot);
void session_retry_now(struct world *w, int n, int slot);
void session_query(struct world *w, int n, int slot, const struct statement *st, int deadline_ms);
bool session_is_up(const struct world *w, int n, int slot);
void session_take(struct world *w, struct event *e);
/* The owner's process ended: the kernel closes its sockets (or, the host off, nobody does). */
void sessions_abandon(struct world *w, int n, int from, int to, bool host_off);
void session_reply(struct world *w, int s, int c);
void session_broken(struct world *w, int s, int c);
static inline struct session *session_of(struct world *w, int n, int slot)
{
    return &w->nodes[n].sessions[slot];
}
static inline int session_host(const struct session *s)
{
    return s->server;
}

/* server.c, locks.c, procedures.c, flow.c */
void server_init(struct world *w, int s);
void server_start(struct world *w, int s);
void server_kill(struct world *w, int s);
void server_stop(struct world *w, int s);
void server_resume(struct world *w, int s);
void server_take(struct world *w, struct event *e);
int server_connect(struct world *w, int s, int n, int slot);
void server_arrive(struct world *w, int s, int c, const struct statement *st);
void server_watch_idle(struct world *w, int s, int c);
void server_end_conn(struct world *w, int s, int c);
void server_kill_id(struct world *w, int s, uint32_t id);
void server_set_read_only(struct world *w, int s, bool on, unsigned epoch);
bool server_is_blocked(const struct server *v);
void server_unblock(struct world *w, int s, unsigned blockers);
void server_step(struct world *w, int s, int c);
void server_answer(struct world *w, int s, int c);
void server_step_later(struct world *w, int s, int c, int64_t us);
int64_t server_pace(struct world *w);
void server_snapshot(const struct world *w, int s, struct snapshot *out, bool events);
bool lock_try(struct world *w, int s, int lock, int c);
void lock_wait(struct world *w, int s, int lock, int c, int64_t us);
void lock_free(struct world *w, int s, int lock);
void locks_free(struct world *w, int s, int c);
bool lock_is_mine(const struct server *v, int lock, int c);
bool procedure_step(struct world *w, int s, int c);
void flow_take(struct world *w, int s);
void flow_soon(struct world *w, int s, int64_t us);
void flow_write(struct world *w, int s);
void flow_start(struct world *w, int s, bool io, bool sql);
void server_term(struct world *w, int s, unsigned epoch, bool unplanned);

/* semisync.c: durability lossless */
bool semi_waits(const struct server *v);
bool semi_is_full(const struct server *v);
void semi_group(struct server *v, uint32_t from, bool of_client);
void semi_let_go(struct world *w, int s, bool told);
void semi_turn(struct world *w, int s, bool on, bool by_others);
void semi_acked(struct world *w, struct event *e);
void semi_recover(struct world *w, int s);
void semi_listen(struct world *w, int s);
void semi_stop(struct world *w, int s);
bool semi_stop_hangs(const struct world *w, int s);
void semi_mischief(struct world *w);

/* voter.c */
void voter_want(struct world *w, int n, int i, int urgency);
void voter_drop(struct world *w, int n, int i);
void voter_step(struct world *w, int n, int i);
void voter_promise(struct world *w, int n, int i, uint64_t epoch);
bool voter_enable(struct world *w, int n, uint64_t epoch);
void voter_release(struct world *w, int n, int i, bool uncounted_too, const struct statement *what);
void voter_came(struct world *w, int n, int i);
void voter_went(struct world *w, int n, int i);
void voter_replied(struct world *w, int n, int i, const struct statement *st, const struct answer *a);
void helper_came(struct world *w, int n, int i);
void helper_replied(struct world *w, int n, int i);
void voter_mark(struct world *w, int n, int i, int node, uint64_t epoch, int64_t since_us);
void voter_clear_mark(struct world *w, int n, int i, int node);
int64_t voter_next(const struct world *w, int n, int i);

/* observe.c: what a probe read, into the observation */
void observe_rows(struct voter_rows *out, const struct rows *rows, int64_t read_us);
void observe_server(struct server_view *view, const struct answer *a, int64_t sent, int64_t answered);
void observe_pos(struct gtid_set *out, struct gid gid);

/* fencer_link.c */
void supervisor_hear(struct world *w, int n, const struct told *m);
void supervisor_tell(struct world *w, int n, const struct told *m);

/* probes.c: `which` server is probed, 0 the own one */
#define PERIOD_US (250 * MS) /* timing.probe */
void probe_ask(struct world *w, int n, int which);
void probe_now(struct world *w, int n, int which);
void probe_tick(struct world *w, int n, int which);
void probe_replied(struct world *w, int n, int which, const struct answer *a);
void bell_listen(struct world *w, int n, bool listen);
void bell_wait(struct world *w, int n);
void bell_replied(struct world *w, int n, const struct answer *a);

/* supervisor.c, actions.c, own.c */
void supervisor_start(struct world *w, int n);
void supervisor_end(struct world *w, int n, bool host_off);
void supervisor_take(struct world *w, struct event *e);
void supervisor_came(struct world *w, int n, int slot);
void supervisor_went(struct world *w, int n, int slot);
void supervisor_replied(struct world *w, int n, int slot, const struct statement *st, const struct answer *a);
void node_wake(struct world *w, int n);
void actions_run(struct world *w, int n, struct outcome *out);
void actions_state_changed(struct world *w, int n, const struct facts *f, enum node_state from,
                           enum node_state to);
void actions_weight(struct world *w, int n, const struct facts *f);
void actions_bulletin(struct world *w, int n, const struct facts *f);
int64_t actions_next(const struct world *w, int n);
void own_replied(struct world *w, int n, const struct statement *st, const struct answer *a);
void own_close(struct world *w, int n);
void own_semi(struct world *w, int n, enum verb verb);
void own_semi_replied(struct world *w, int n, const struct answer *a);
void own_close_ended(struct world *w, int n, bool proven);
void own_statement(struct world *w, int n, enum verb verb, int deadline_ms);
void own_term(struct world *w, int n);
void closer_begin(struct world *w, int n, uint64_t epoch);
void closer_reset(struct world *w, int n);
void closer_came(struct world *w, int n);
void closer_went(struct world *w, int n);
void closer_replied(struct world *w, int n, const struct statement *st, const struct answer *a);
/* His command stands for `limit` µs at most; EV_OPERATOR looks whether it is done. */
void operator_wants(struct world *w, int n, enum operator_want want, int64_t limit);
void operator_look(struct world *w, int n);

/* ladder.c: `fencer` says whose */
enum { RUNG_CUT = 1, RUNG_SET = 2, RUNG_SWEEP = 4, RUNG_KILL = 8 };
void ladder_start(struct world *w, int n, bool of_fencer, unsigned rungs);
void ladder_step(struct world *w, int n, bool of_fencer);
void ladder_replied(struct world *w, int n, bool of_fencer, const struct statement *st,
                    const struct answer *a);
void ladder_free(struct climb *l);

/* fencer.c */
void fencer_start(struct world *w, int n);
void fencer_end(struct world *w, int n, bool host_off);
void fencer_take(struct world *w, struct event *e);
void fencer_came(struct world *w, int n, int slot);
void fencer_went(struct world *w, int n, int slot);
void fencer_replied(struct world *w, int n, int slot, const struct statement *st, const struct answer *a);
void fencer_ladder_ended(struct world *w, int n, bool proven);
void fencer_wake(struct world *w, int n);
void fencer_child_ended(struct world *w, int n);
void fencer_server_died(struct world *w, int n);
void fencer_act(struct world *w, int n, const struct fencer_todo *todo);

/* fencer_talk.c */
bool fencer_hears(struct world *w, int n, const struct told *m);
/* False: nothing is there to be heard. */
bool fencer_hear_one(struct world *w, int n);
void fencer_say_state(struct world *w, int n, uint64_t seq);
void fencer_say_prepared(struct world *w, int n, bool refused);
void fencer_say_dead(struct world *w, int n);
void fencer_say_fenced(struct world *w, int n, bool proven);

/* vip.c */
void vip_init(struct world *w);
void vip_take(struct world *w, int n);
void vip_weight(struct world *w, int n, int weight);
void vip_lose(struct world *w, int n);
bool vip_reference_answers(struct world *w, int n, bool from_vip);

/* faults.c */
void faults_init(struct world *w);
void faults_take(struct world *w, struct event *e);
void faults_order_promotion(struct world *w);
void calm_init(struct world *w);
bool calm_take(struct world *w, int what);
void host_off(struct world *w, int h);
void host_on(struct world *w, int h);
void host_freeze(struct world *w, int h);
void host_thaw(struct world *w, int h);
void process_stop(struct world *w, int n, bool fencer);
void process_resume(struct world *w, int n, bool fencer);
void events_unpark(struct world *w);

/* invariants.c */
bool invariant_unattended(const struct world *w, int s);
void invariant_writable(struct world *w, int s);
void invariant_ack(struct world *w, int s, uint32_t to);
void invariant_tick(struct world *w, int n, enum node_state before, const struct outcome *out);
void invariant_enabled(struct world *w, int s, unsigned epoch);
void invariant_step(struct world *w);
void invariant_excused(struct world *w, int64_t until);

/* losses.c */
void loss_acked(struct world *w, int s, uint32_t to);
void loss_at_end(struct world *w);
void loss_accepted(struct world *w, int s);
void loss_enabled(struct world *w, int s);

/* trace.c */
void trace(const struct world *w, const char *who, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
const char *trace_node(int n);
const char *trace_server(int s);
const char *verb_name(int verb);
#define TRACE(w, ...)                                                                                        \
    do {                                                                                                     \
        if ((w)->c.trace)                                                                                    \
            trace(w, __VA_ARGS__);                                                                           \
    } while (0)

#define ROWS 1000 /* row ids are below */
extern uint64_t rows_fired[ROWS];

#endif
