/* story: one order of faults, told again and again with other times between them.
 *
 * A violation that needs three faults within milliseconds of each other is rare in random seeds and too deep
 * for a walk through all choices. Whoever suspects one writes it down as a story: moves in their order, each
 * with the range of its time after the one before. mx1 is the writer. Every try draws the times, the clocks'
 * rates and the phases anew from its number. */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "explore.h"

#define STEPS_MAX 16
#define PAIRS     16
#define AFTER_US  (12 * S)

struct step {
    const struct move *move;
    int64_t least, most; /* µs after the step before */
};

struct story {
    enum policy_tie tie;
    bool lossless;
    struct step steps[STEPS_MAX];
    int count;
    bool mended; /* and a way back is looked for in the end */
    bool alive;  /* somebody must write in the end, though nothing is mended */
};

static const char *const tie_names[] = {"writer", "witness", "vip"};
static struct world at_rest[PAIRS], world;

/* ---- moves that are no choice of the explorer ---- */

static void stop_both(struct world *w, int n)
{
    process_stop(w, n, false);
    process_stop(w, n, true);
}

static void resume_both(struct world *w, int n)
{
    process_resume(w, n, false);
    process_resume(w, n, true);
}

static void stop_enabling(struct world *w, int n)
{
    w->nodes[n].sup.stop_before = DO_ENABLE;
}

static void stop_enabled(struct world *w, int n)
{
    w->nodes[n].sup.stop_after = DO_ENABLE;
}

static void enable_late(struct world *w, int n)
{
    w->servers[n].late = LATE_COMES;
}

static void enable_between(struct world *w, int n)
{
    w->servers[n].late = LATE_BETWEEN;
}

static void stop_promising(struct world *w, int n)
{
    w->nodes[n].sup.stop_before = DO_PROMISE;
}

static void stop_releasing(struct world *w, int n)
{
    w->nodes[n].sup.stop_before = DO_RELEASE;
}

static void stop_witness(struct world *w, int n)
{
    (void)n;
    server_stop(w, 2);
}

static void resume_witness(struct world *w, int n)
{
    (void)n;
    server_resume(w, 2);
}

static void kill_write_session(struct world *w, int n)
{
    struct server *v = &w->servers[n];
    if (v->locks[LOCK_WRITE])
        server_kill_id(w, n, v->conns[v->locks[LOCK_WRITE] - 1].id);
}

static void kill_here(struct world *w, int n)
{
    struct server *v = &w->servers[n];
    if (v->locks[LOCK_VOTE])
        server_kill_id(w, n, v->conns[v->locks[LOCK_VOTE] - 1].id);
}

static void make_writable(struct world *w, int n)
{
    if (w->servers[n].state == RUNS)
        server_set_read_only(w, n, false, 0);
}

static void kill_at_witness(struct world *w, int n)
{
    (void)n;
    kill_here(w, 2);
}

static void block(struct world *w, int n)
{
    w->servers[n].blockers |= BLOCK_DML;
}

static void unblock(struct world *w, int n)
{
    server_unblock(w, n, BLOCK_DML);
}

static void lock_tables(struct world *w, int n)
{
    w->servers[n].blockers |= BLOCK_TABLES;
}

static void unlock_tables(struct world *w, int n)
{
    server_unblock(w, n, BLOCK_TABLES);
    flow_soon(w, n, MS);
}

static void no_switch(struct world *w, int n)
{
    w->servers[n].switch_enabled = 0;
}

static void stop_applier(struct world *w, int n)
{
    w->servers[n].sql = 0;
}

static void start_applier(struct world *w, int n)
{
    if (w->servers[n].state == RUNS && w->servers[n].io != IO_NO && !w->servers[n].forked)
        w->servers[n].sql = 1;
    flow_soon(w, n, MS);
}

static void stop_receiver(struct world *w, int n)
{
    w->servers[n].io = IO_NO;
}

static void start_receiver(struct world *w, int n)
{
    if (w->servers[n].state == RUNS)
        flow_start(w, n, true, w->servers[n].sql);
}

/* An operator who has read the refusal, and accepts the loss. */
static void order_promotion(struct world *w, int n)
{
    struct supervisor *p = &w->nodes[n].sup;
    p->o.operator_.accept_loss = true;
    p->o.operator_.want = WANT_HERE;
    p->wish = WANT_HERE;
    p->wish_left = 0;
    p->wish_began = clock_of(w, n);
    p->wish_until = 45 * S;
    node_wake(w, n);
    event_add(w, w->now + 20 * MS, EV_OPERATOR, n, 0, 0);
}

static void restart_server(struct world *w, int n)
{
    server_kill(w, n);
    event_drop(w, EV_START, n, 0);
    event_add(w, w->now + 20 * MS, EV_START, n, 0, 0);
}

static void restart_witness(struct world *w, int n)
{
    (void)n;
    restart_server(w, 2);
}

static void slow(struct world *w, int n)
{
    (void)n;
    w->c.delay_spread += 300 * MS;
}

static void quick(struct world *w, int n)
{
    (void)n;
    w->c.delay_spread -= 300 * MS;
}

static void pass(struct world *w, int n)
{
    (void)w;
    (void)n;
}

#define BOTH(name, make)                                                                                     \
    {name " mx1", 0, 0, NULL, make},                                                                         \
    {                                                                                                        \
        name " mx2", 0, 1, NULL, make                                                                        \
    }

static const struct move own_moves[] = {
    BOTH("stop both of", stop_both),
    BOTH("resume both of", resume_both),
    BOTH("at its next enabling stop", stop_enabling),
    BOTH("once its next enabling is sent stop both of", stop_enabled),
    BOTH("its next enabling comes late at", enable_late),
    BOTH("its next enabling stands still after its check at", enable_between),
    BOTH("at its next promise stop", stop_promising),
    BOTH("at its next release stop", stop_releasing),
    {"stop the witness", 0, 0, NULL, stop_witness},
    {"resume the witness", 0, 0, NULL, resume_witness},
    {"bounce the witness", 0, 0, NULL, restart_witness},
    {"take the vote's session at the witness", 0, 0, NULL, kill_at_witness},
    BOTH("take the vote's session at", kill_here),
    BOTH("kill the session of the write lock at", kill_write_session),
    BOTH("a long statement at", block),
    BOTH("end the statement at", unblock),
    BOTH("lock the tables at", lock_tables),
    BOTH("unlock the tables at", unlock_tables),
    BOTH("disable the switch of", no_switch),
    BOTH("make writable", make_writable),
    BOTH("stop the applier of", stop_applier),
    BOTH("start the applier of", start_applier),
    BOTH("stop the receiver of", stop_receiver),
    BOTH("start the receiver of", start_receiver),
    BOTH("order a promotion at", order_promotion),
    BOTH("bounce the server of", restart_server),
    {"slow the network", 0, 0, NULL, slow},
    {"quicken the network", 0, 0, NULL, quick},
    {"wait", 0, 0, NULL, pass},
};

static const struct move *move_named(const char *name)
{
    for (size_t i = 0; i < sizeof(own_moves) / sizeof(own_moves[0]); i++)
        if (!strcmp(own_moves[i].name, name))
            return &own_moves[i];
    for (int i = 0; i < explore_move_count; i++)
        if (!strcmp(explore_moves[i].name, name))
            return &explore_moves[i];
    return NULL;
}

/* "MOVE", "MOVE @MS" or "MOVE @MS-MS"; without a time: up to three seconds. */
static bool add_step(struct story *t, char *text)
{
    struct step *step = &t->steps[t->count];
    char *at = strchr(text, '@'), *end = text + strlen(text);
    step->most = 3 * S;
    if (at) {
        char *rest;
        end = at;
        step->least = step->most = strtol(at + 1, &rest, 10) * MS;
        if (*rest == '-')
            step->most = strtol(rest + 1, &rest, 10) * MS;
        if ((*rest && *rest != ' ') || step->most < step->least)
            return false;
    }
    text += strspn(text, " \n");
    while (end > text && (end[-1] == ' ' || end[-1] == '\n'))
        end--;
    *end = 0;
    step->move = move_named(text);
    if (!step->move)
        fprintf(stderr, "story: no move '%s'; --moves names them\n", text);
    t->count++;
    return step->move != NULL;
}

static bool parse_story(struct story *t, const char *text)
{
    char *copy = strdup(text), *rest = copy, *part;
    while ((part = strsep(&rest, ";")))
        if (part[strspn(part, " \n")] && (t->count == STEPS_MAX || !add_step(t, part)))
            return false;
    free(copy);
    return t->count > 0;
}

/* ---- a try ---- */

static void run(struct world *w, int64_t us)
{
    int64_t until = w->now + us;
    while (w->event_count && w->events[0].at < until && world_step(w))
        ;
    w->now = until > w->now ? until : w->now;
}

/* Without a jump of any clock. */
static void set_rates(struct world *w)
{
    for (int h = 0; h < HOSTS; h++) {
        struct host *host = &w->hosts[h];
        int64_t shows = clock_of(w, h);
        host->origin = w->now;
        host->offset = shows;
        host->ppm = (int32_t)random_below(w, 1001) - 500;
    }
}

/* Pairs of which mx1 is the writer: with timings, phases and clocks of their own. */
static void settle_all(enum policy_tie tie, bool lossless)
{
    int count = 0;
    for (uint64_t seed = 1; count < PAIRS; seed++) {
        explore_settle(&at_rest[count], tie, seed, lossless);
        count += at_rest[count].nodes[0].sup.m.state == NODE_WRITER && !at_rest[count].servers[0].read_only;
    }
}

/* The dead-man's events keep no step with anything. */
static void set_phases(struct world *w)
{
    for (int s = 0; s < NODES; s++) {
        event_drop(w, EV_SWITCH, s, 0);
        event_add(w, w->now + random_below(w, S), EV_SWITCH, s, 0, w->servers[s].life);
    }
}

static void tell(const struct story *t, uint64_t number, bool trace)
{
    world = at_rest[number % PAIRS];
    struct world *w = &world;
    w->random = (number + 1) * UINT64_C(0x9E3779B97F4A7C15);
    for (int i = 0; i < 8; i++)
        world_random(w);
    set_rates(w);
    set_phases(w);
    w->c.delay = 50 + (int32_t)random_below(w, 300);
    w->c.delay_spread = 20 + (int32_t)random_below(w, 500);
    run(w, random_below(w, 2 * S));
    w->c.trace = trace;
    for (int i = 0; i < t->count && !w->broken[0]; i++) {
        const struct step *step = &t->steps[i];
        run(w, step->least + random_below(w, (uint32_t)(step->most - step->least) + 1));
        if (trace)
            printf("--- %s\n", step->move->name);
        step->move->make(w, step->move->node);
    }
    run(w, AFTER_US);
    if (t->alive && !w->broken[0] && !explore_writes(w))
        world_break(w, "nobody writes");
    if (t->mended && !w->broken[0] && explore_way_back(w) == BACK_NEVER)
        world_break(w, "no way back to one writer");
}

static int tell_all(const struct story *t, double seconds, uint64_t most, const char *text)
{
    struct timespec began, now;
    uint64_t tries = 0;
    double passed = 0;
    clock_gettime(CLOCK_MONOTONIC, &began);
    for (; tries < most && passed < seconds && !world.broken[0]; tries++) {
        tell(t, tries, false);
        clock_gettime(CLOCK_MONOTONIC, &now);
        passed = (double)(now.tv_sec - began.tv_sec) + (double)(now.tv_nsec - began.tv_nsec) / 1e9;
    }
    if (world.broken[0])
        printf("%s\n  tie-breaker %s, again: story --tie %s --story '%s' --try %llu\n", world.broken,
               tie_names[t->tie], t->lossless ? "lossless" : tie_names[t->tie], text,
               (unsigned long long)tries - 1);
    printf("%llu tries, %.1f s%s\n", (unsigned long long)tries, passed, world.broken[0] ? "; FAILED" : "");
    return world.broken[0] != 0;
}

/* ---- the command ---- */

static int usage(void)
{
    fputs("usage: story --story 'MOVE @MS-MS; MOVE @MS; ...' [--tie witness|lossless|writer|vip] [--alive "
          "yes] [--mended yes] [--seconds N]\n"
          "             [--tries N] [--try N] [--moves yes]\n",
          stderr);
    return 2;
}

static int list_moves(void)
{
    for (size_t i = 0; i < sizeof(own_moves) / sizeof(own_moves[0]); i++)
        printf("%s\n", own_moves[i].name);
    for (int i = 0; i < explore_move_count; i++)
        printf("%s\n", explore_moves[i].name);
    return 0;
}

int main(int argc, char **argv)
{
    static const struct option options[] = {
        {"tie", 1, NULL, 't'},   {"story", 1, NULL, 's'},   {"try", 1, NULL, 'n'},
        {"tries", 1, NULL, 'm'}, {"seconds", 1, NULL, 'e'}, {"mended", 1, NULL, 'w'},
        {"alive", 1, NULL, 'a'}, {"moves", 1, NULL, 'l'},   {NULL, 0, NULL, 0}};
    struct story t = {.tie = POLICY_TIE_WITNESS};
    const char *text = NULL;
    double seconds = 1e9;
    uint64_t most = UINT64_MAX;
    int64_t one = -1;
    int c;
    while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
        if (c == 't')
            t.lossless = !strcmp(optarg, "lossless");
        if (c == 't')
            t.tie = !strcmp(optarg, "writer") ? POLICY_TIE_WRITER
                    : !strcmp(optarg, "vip")  ? POLICY_TIE_VIP
                                              : POLICY_TIE_WITNESS;
        else if (c == 's')
            text = optarg;
        else if (c == 'n')
            one = strtoll(optarg, NULL, 10);
        else if (c == 'm')
            most = strtoull(optarg, NULL, 10);
        else if (c == 'e')
            seconds = strtod(optarg, NULL);
        else if (c == 'a')
            t.alive = true;
        else if (c == 'w')
            t.mended = true;
        else if (c == 'l')
            return list_moves();
        else
            return usage();
    }
    if (!text || !parse_story(&t, text))
        return usage();
    settle_all(t.tie, t.lossless);
    if (one < 0)
        return tell_all(&t, seconds, most, text);
    tell(&t, (uint64_t)one, true);
    printf("--- %s\n", world.broken[0] ? world.broken : "nothing is violated");
    return world.broken[0] != 0;
}
