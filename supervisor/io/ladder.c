#include "io/ladder.h"

#include <event2/event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/mem.h"
#include "io/death.h"
#include "io/ladder_sql.h"
#include "io/run_command.h"
#include "io/session.h"

#define TICK_US             CLOCK_MS(1)
#define PATIENCE_US         CLOCK_MS(10) /* a short write ends by itself before anybody is killed */
#define LOOK_AGAIN_US       CLOCK_MS(20)
#define SET_AGAIN_US        CLOCK_MS(10)
#define REACH_AGAIN_US      CLOCK_MS(10)
#define EMPTY_LOOKS         2
#define COMMAND_DEADLINE_MS 30000
#define UNKNOWN_TABLE       1109

struct ladder {
    struct ladder_options o;
    char supervisor_user[64];
    char peer_user[64];
    char fencer_user[64];
    char command[256];
    char node[64];
    unsigned rungs;
    void (*done)(void *arg, const struct ladder_result *result);
    void *arg;

    struct event *tick;
    int references; /* replies still to come, and the owner's */
    bool over;
    int64_t started_us;
    enum ladder_rung rung;
    int64_t next_look_us;
    bool cut_pending; /* the supervisor's sessions may still be there */
    bool setting;     /* a SET is outstanding */
    bool provisional; /* read_only=1 was read back, but the supervisor's sessions were still there */
    int64_t next_set_us;
    int64_t next_reach_us[2];
    bool looking; /* a look or a KILL is outstanding */
    bool kill_sent;
    bool known;        /* the server is one that this ladder asks since its start */
    bool no_lock_info; /* the server has no METADATA_LOCK_INFO */
    bool no_room;      /* sessions wait for room on the disk: none is killed */
    int empty_looks;
    enum ladder_look look;
    struct run_command *running;
    char last_error[96];
    int killed[LADDER_LOOK_ALL + 1]; /* at least, per kind of look: a session may take more than one to go */
};

static const struct {
    enum ladder_rung rung;
    int ends_percent; /* of F, from the start */
    const char *name;
} steps[] = {
    {LADDER_CUT, 10, "cut"},    {LADDER_SET, 40, "set"},        {LADDER_SWEEP, 70, "sweep"},
    {LADDER_KILL, 100, "kill"}, {LADDER_COMMAND, 0, "command"},
};

static void step(struct ladder *l);

const char *ladder_rung_name(enum ladder_rung rung)
{
    for (size_t i = 0; i < sizeof(steps) / sizeof(*steps); i++)
        if (steps[i].rung == rung)
            return steps[i].name;
    return "none";
}

static int64_t rung_end_us(const struct ladder *l, enum ladder_rung rung)
{
    for (size_t i = 0; i < sizeof(steps) / sizeof(*steps); i++)
        if (steps[i].rung == rung && steps[i].ends_percent)
            return l->started_us + CLOCK_MS(l->o.fence_ms) * steps[i].ends_percent / 100;
    return INT64_MAX;
}

static void release(struct ladder *l)
{
    if (--l->references > 0)
        return;
    event_free(l->tick);
    run_command_free(&l->running);
    free(l);
}

static void finish(struct ladder *l, bool proven, const char *how)
{
    struct ladder_result r = {.proven = proven, .rung = l->rung};
    r.took_us = clock_now_us() - l->started_us;
    for (size_t i = 0; i < sizeof(l->killed) / sizeof(*l->killed); i++)
        r.killed += l->killed[i];
    if (r.killed)
        snprintf(r.how, sizeof(r.how), "%.90s, %d session%s killed", how, r.killed, r.killed == 1 ? "" : "s");
    else
        snprintf(r.how, sizeof(r.how), "%s", how);
    l->over = true;
    event_del(l->tick);
    l->done(l->arg, &r);
}

/* ---- set: session A ---- */

static void on_set(void *arg, const struct reply *reply)
{
    struct ladder *l = arg;
    l->setting = false;
    if (!l->over) {
        bool read_back = reply->status == REPLY_OK && reply->set_count > 0 &&
                         rows_tri(&reply->sets[reply->set_count - 1], 0, "read_only") == TRI_YES;
        if (read_back && !l->cut_pending)
            finish(l, true, "read_only=1 read back");
        l->provisional = read_back;
        if (!read_back) {
            l->next_set_us = clock_now_us() + SET_AGAIN_US;
            snprintf(l->last_error, sizeof(l->last_error), "%.90s", reply->error);
        }
    }
    release(l);
}

/* Is the session up? Otherwise it is asked to connect, though not all the time. */
static bool reach(struct ladder *l, struct session *s)
{
    int64_t *next_us = &l->next_reach_us[s == l->o.kill];
    if (session_is_up(s))
        return true;
    if (clock_now_us() >= *next_us) {
        *next_us = clock_now_us() + REACH_AGAIN_US;
        session_retry_now(s);
    }
    return false;
}

static void send_set(struct ladder *l)
{
    int64_t left_us = rung_end_us(l, LADDER_SWEEP) - clock_now_us();
    if (l->setting || left_us <= 0 || (l->provisional && l->cut_pending) || clock_now_us() < l->next_set_us)
        return;
    if (!reach(l, l->o.set))
        return;
    l->setting = true;
    l->references++;
    session_query(l->o.set, LADDER_SQL_SET, (int)(left_us / 1000) + 1, on_set, l);
}

/* ---- look and kill: session B ---- */

static void on_killed(void *arg, const struct reply *reply)
{
    struct ladder *l = arg;
    (void)reply; /* the next look tells who is still there */
    l->looking = false;
    release(l);
}

struct victims {
    int64_t ids[LADDER_SQL_IDS_MAX];
    size_t count;
};

static void send_kill(struct ladder *l, const struct victims *victims)
{
    char *sql = ladder_sql_kill(victims->ids, victims->count);
    l->looking = true;
    l->references++;
    session_query(l->o.kill, sql, l->o.fence_ms, on_killed, l);
    free(sql);
}

static void judge_look(struct ladder *l, const struct victims *victims)
{
    if (l->no_room)
        return;
    if (l->look == LADDER_LOOK_SUPERVISOR && victims->count == 0) {
        l->cut_pending = false;
        l->next_look_us = clock_now_us() + PATIENCE_US;
        if (l->rung != LADDER_CUT)
            return;
    }
    l->empty_looks = victims->count ? 0 : l->empty_looks + 1;
    if (victims->count == 0)
        return;
    if (l->killed[l->look] < (int)victims->count)
        l->killed[l->look] = (int)victims->count;
    send_kill(l, victims);
}

static bool is_holder(const struct rows *holders, int64_t id)
{
    int64_t holder;
    for (size_t i = 0; i < holders->row_count; i++)
        if (rows_i64(holders, i, "id", &holder) && holder == id)
            return true;
    return false;
}

/* Set 0: who is there. Set 1, if any: who holds what SET waits for (the join is ours: see ladder_sql.h). */
static struct victims choose_victims(const struct reply *reply)
{
    struct victims v = {0};
    const struct rows *there = &reply->sets[0];
    for (size_t i = 0; i < there->row_count && v.count < LADDER_SQL_IDS_MAX; i++) {
        int64_t id;
        if (rows_i64(there, i, "id", &id) && (reply->set_count < 2 || is_holder(&reply->sets[1], id)))
            v.ids[v.count++] = id;
    }
    return v;
}

static bool is_waiting_for_room(const struct rows *there)
{
    int64_t waits;
    for (size_t i = 0; i < there->row_count; i++)
        if (rows_i64(there, i, "waits", &waits) && waits)
            return true;
    return false;
}

static void on_look(void *arg, const struct reply *reply)
{
    struct ladder *l = arg;
    l->looking = false;
    if (!l->over) {
        if (reply->status == REPLY_OK && reply->set_count > 0) {
            struct victims victims = choose_victims(reply);
            l->no_room = l->o.keep_log && is_waiting_for_room(&reply->sets[0]);
            judge_look(l, &victims);
        }
        if (reply->status == REPLY_ERROR && reply->error_no == UNKNOWN_TABLE) {
            l->no_lock_info = true;
            l->next_look_us = 0;
        }
        if (!l->over)
            step(l);
    }
    release(l);
}

static enum ladder_look choose_look(const struct ladder *l)
{
    if (l->cut_pending)
        return LADDER_LOOK_SUPERVISOR;
    if (l->rung == LADDER_SWEEP)
        return LADDER_LOOK_ALL;
    return l->no_lock_info ? LADDER_LOOK_RUNNING : LADDER_LOOK_HOLDERS;
}

static void send_look(struct ladder *l)
{
    struct ladder_accounts accounts = {l->supervisor_user, l->peer_user, l->fencer_user, {0}};
    char sql[LADDER_SQL_LOOK_MAX];
    if (l->looking || clock_now_us() < l->next_look_us)
        return;
    if (!reach(l, l->o.kill))
        return;
    accounts.own[0] = session_connection_id(l->o.set);
    accounts.own[1] = session_connection_id(l->o.kill);
    l->look = choose_look(l);
    ladder_sql_look(l->look, &accounts, sql);
    l->next_look_us = clock_now_us() + (l->cut_pending ? TICK_US : LOOK_AGAIN_US);
    l->looking = true;
    l->references++;
    session_query(l->o.kill, sql, l->o.fence_ms, on_look, l);
}

/* ---- kill and command ---- */

static bool send_signal(struct ladder *l)
{
    struct err e;
    if (!l->o.death || !death_kill(l->o.death, &e))
        return false;
    l->kill_sent = true;
    return true;
}

static void on_command(void *arg, int exit_status, const char *how)
{
    struct ladder *l = arg;
    char said[128];
    snprintf(said, sizeof(said), "fence command: %s", how);
    if (!l->over)
        finish(l, exit_status == 0, said);
}

static bool start_command(struct ladder *l)
{
    const char *argv[] = {l->command, l->node, NULL};
    struct err e;
    if (!l->command[0])
        return false;
    struct run_command_options o = {.argv = argv, .deadline_ms = COMMAND_DEADLINE_MS};
    l->running = run_command_start(l->o.base, &o, on_command, l, &e);
    if (!l->running)
        snprintf(l->last_error, sizeof(l->last_error), "%.90s", e.text);
    return l->running != NULL;
}

/* ---- the order ---- */

/* The next rung that is asked for; 0 when there is none left. */
static enum ladder_rung rung_after(const struct ladder *l, unsigned rung)
{
    for (unsigned next = rung ? rung << 1 : 1; next <= LADDER_COMMAND; next <<= 1)
        if (l->rungs & next)
            return (enum ladder_rung)next;
    return (enum ladder_rung)0;
}

static void climb(struct ladder *l)
{
    for (;;) {
        enum ladder_rung next = rung_after(l, l->rung);
        if (!next) {
            char how[128];
            snprintf(how, sizeof(how), "nothing proved it (%s)",
                     l->last_error[0] ? l->last_error : "no answer");
            finish(l, false, how);
            return;
        }
        l->rung = next;
        l->next_look_us = next == LADDER_SET ? clock_now_us() + PATIENCE_US : 0;
        l->empty_looks = 0;
        if ((next == LADDER_KILL && !send_signal(l)) || (next == LADDER_COMMAND && !start_command(l)))
            continue;
        return;
    }
}

static bool rung_is_over(const struct ladder *l)
{
    if (clock_now_us() >= rung_end_us(l, l->rung))
        return true;
    if (l->no_room && l->rung <= LADDER_SWEEP && (l->rungs & LADDER_KILL))
        return true;
    if (l->rung == LADDER_CUT)
        return !l->cut_pending;
    /* Without METADATA_LOCK_INFO an idle LOCK TABLES is not found: waiting longer finds it no better. */
    return l->rung == LADDER_SET && l->no_lock_info && !l->cut_pending && l->empty_looks >= EMPTY_LOOKS;
}

static void begin(struct ladder *l)
{
    l->started_us = clock_now_us();
    l->rung = (enum ladder_rung)0;
    l->cut_pending = (l->rungs & LADDER_CUT) != 0;
    l->provisional = l->no_room = false;
}

/* Somebody started the server while we climbed: it has not been asked yet, and a SIGKILL in its first moments
 * helps nobody. */
static void welcome_newcomer(struct ladder *l)
{
    if (l->known || l->rung > LADDER_SWEEP || death_alive(l->o.death) != TRI_YES)
        return;
    l->known = true;
    begin(l);
}

static void step(struct ladder *l)
{
    if (l->o.death && death_alive(l->o.death) == TRI_NO) {
        const char *how = !l->kill_sent ? "no task of the server runs"
                          : l->no_room
                              ? "SIGKILL, for commits wait for room on the disk; no task of the server runs"
                              : "SIGKILL, no task of the server runs";
        finish(l, true, how);
        return;
    }
    welcome_newcomer(l);
    while (!l->over && (!l->rung || rung_is_over(l)))
        climb(l);
    if (l->over)
        return;
    if (l->rung == LADDER_SET || l->rung == LADDER_SWEEP)
        send_set(l);
    if (l->rung <= LADDER_SWEEP)
        send_look(l);
}

static void on_tick(evutil_socket_t fd, short what, void *arg)
{
    struct ladder *l = arg;
    (void)fd, (void)what;
    l->references++;
    step(l);
    release(l);
}

struct ladder *ladder_start(const struct ladder_options *options, unsigned rungs,
                            void (*done)(void *arg, const struct ladder_result *result), void *arg)
{
    const struct timeval period = {0, TICK_US};
    struct ladder *l = mem_zalloc(sizeof(*l));
    l->o = *options;
    snprintf(l->supervisor_user, sizeof(l->supervisor_user), "%s", options->supervisor_user);
    snprintf(l->peer_user, sizeof(l->peer_user), "%s", options->peer_user);
    snprintf(l->fencer_user, sizeof(l->fencer_user), "%s", options->fencer_user);
    snprintf(l->command, sizeof(l->command), "%s", options->command);
    snprintf(l->node, sizeof(l->node), "%s", options->node);
    l->rungs = rungs;
    l->done = done;
    l->arg = arg;
    l->references = 1;
    begin(l);
    l->known = !l->o.late || !l->o.death || death_alive(l->o.death) == TRI_YES;
    l->tick = event_new(options->base, -1, EV_PERSIST, on_tick, l);
    event_add(l->tick, &period);
    event_active(l->tick, EV_TIMEOUT, 0);
    return l;
}

void ladder_server_died(struct ladder *l)
{
    event_active(l->tick, EV_TIMEOUT, 0);
}

void ladder_free(struct ladder **ladder)
{
    struct ladder *l = *ladder;
    if (!l)
        return;
    l->over = true;
    event_del(l->tick);
    *ladder = NULL;
    release(l);
}
