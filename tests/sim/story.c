/* story: one order of faults, told again and again with other times between them.
 *
 * A violation that needs three faults within milliseconds of each other is rare in random seeds and too deep
 * for a walk through all choices. Whoever suspects one writes it down as a story: moves in their order, each
 * with the range of its time after the one before. mx1 is the writer. Every try draws the times, the clocks'
 * rates and the phases anew from its number. With --random it makes up the stories itself. */
#include "story.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define PAIRS    16
#define AFTER_US (12 * S)

static const char *const tie_names[] = {"writer", "witness", "vip"};
static struct world at_rest[PAIRS], world;

/* ---- texts ---- */

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
    step->move = story_move_named(text);
    if (!step->move)
        fprintf(stderr, "story: no move '%s'; --moves names them\n", text);
    t->count++;
    return step->move != NULL;
}

bool story_parse(struct story *t, const char *text)
{
    char *copy = strdup(text), *rest = copy, *part;
    bool good = true;
    while (good && (part = strsep(&rest, ";")))
        if (part[strspn(part, " \n")])
            good = t->count < STEPS_MAX && add_step(t, part);
    free(copy);
    return good && t->count > 0;
}

void story_print(const struct story *t, char *text, size_t size)
{
    size_t at = 0;
    text[0] = 0;
    for (int i = 0; i < t->count && at < size; i++) {
        const struct step *s = &t->steps[i];
        at += (size_t)snprintf(text + at, size - at, "%s%s @%lld", i ? "; " : "", s->move->name,
                               (long long)(s->least / MS));
        if (s->most > s->least && at < size)
            at += (size_t)snprintf(text + at, size - at, "-%lld", (long long)(s->most / MS));
    }
}

const char *story_tie(const struct story *t)
{
    return t->lossless ? "lossless" : tie_names[t->tie];
}

/* ---- a try ---- */

static void run(struct world *w, int64_t us, void (*look)(const struct world *w))
{
    int64_t until = w->now + us;
    while (w->event_count && w->events[0].at < until && world_step(w))
        if (look)
            look(w);
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

static void begin(struct world *w, uint64_t number)
{
    *w = at_rest[number % PAIRS];
    w->random = (number + 1) * UINT64_C(0x9E3779B97F4A7C15);
    for (int i = 0; i < 8; i++)
        world_random(w);
    set_rates(w);
    set_phases(w);
    w->c.delay = 50 + (int32_t)random_below(w, 300);
    w->c.delay_spread = 20 + (int32_t)random_below(w, 500);
}

const char *story_tell(const struct story *t, uint64_t number, bool trace,
                       void (*look)(const struct world *w))
{
    struct world *w = &world;
    begin(w, number);
    run(w, random_below(w, 2 * S), look);
    w->c.trace = trace;
    for (int i = 0; i < t->count && !w->broken[0]; i++) {
        const struct step *step = &t->steps[i];
        run(w, step->least + random_below(w, (uint32_t)(step->most - step->least) + 1), look);
        bool left_out = t->careful && step->move->possible && !step->move->possible(w, step->move->node);
        if (trace)
            printf("--- %s%s\n", step->move->name, left_out ? ": not possible now" : "");
        if (!left_out && !w->broken[0])
            step->move->make(w, step->move->node);
    }
    run(w, AFTER_US, look);
    if (t->alive && !w->broken[0] && !explore_writes(w))
        world_break(w, "nobody writes");
    if (t->mended && !w->broken[0] && explore_way_back(w) == BACK_NEVER)
        world_break(w, "no way back to one writer");
    return w->broken;
}

static int tell_all(const struct story *t, double seconds, uint64_t most, const char *text)
{
    struct timespec began, now;
    uint64_t tries = 0;
    double passed = 0;
    const char *broken = "";
    clock_gettime(CLOCK_MONOTONIC, &began);
    for (; tries < most && passed < seconds && !broken[0]; tries++) {
        broken = story_tell(t, tries, false, NULL);
        clock_gettime(CLOCK_MONOTONIC, &now);
        passed = (double)(now.tv_sec - began.tv_sec) + (double)(now.tv_nsec - began.tv_nsec) / 1e9;
    }
    if (broken[0])
        printf("%s\n  tie-breaker %s, again: story --tie %s%s --story '%s' --try %llu\n", broken,
               tie_names[t->tie], story_tie(t), t->careful ? " --careful yes" : "", text,
               (unsigned long long)tries - 1);
    printf("%llu tries, %.1f s%s\n", (unsigned long long)tries, passed, broken[0] ? "; FAILED" : "");
    return broken[0] != 0;
}

/* ---- the command ---- */

static int usage(void)
{
    fputs("usage: story --story 'MOVE @MS-MS; MOVE @MS; ...' [--tie witness|lossless|writer|vip] [--alive "
          "yes]\n"
          "             [--mended yes] [--careful yes] [--seconds N] [--tries N] [--try N]\n"
          "       story --random yes [--seed N] [--tie ...] [--mended yes] [--seconds N] [--tries N]\n"
          "             [--story 'what all begin with']\n"
          "       story --moves yes\n",
          stderr);
    return 2;
}

static int list_moves(void)
{
    for (int i = 0; story_move_at(i); i++)
        printf("%s\n", story_move_at(i)->name);
    return 0;
}

static void set_tie(struct story *t, const char *name)
{
    t->lossless = !strcmp(name, "lossless");
    t->tie = !strcmp(name, "writer") ? POLICY_TIE_WRITER
             : !strcmp(name, "vip")  ? POLICY_TIE_VIP
                                     : POLICY_TIE_WITNESS;
}

struct command {
    struct story t;
    const char *text;
    double seconds;
    uint64_t tries, seed;
    int64_t one;
    bool random, list;
};

static bool parse(struct command *c, int argc, char **argv)
{
    static const struct option options[] = {
        {"tie", 1, NULL, 't'},     {"story", 1, NULL, 's'},   {"try", 1, NULL, 'n'},
        {"tries", 1, NULL, 'm'},   {"seconds", 1, NULL, 'e'}, {"mended", 1, NULL, 'w'},
        {"alive", 1, NULL, 'a'},   {"moves", 1, NULL, 'l'},   {"random", 1, NULL, 'r'},
        {"careful", 1, NULL, 'c'}, {"seed", 1, NULL, 'd'},    {NULL, 0, NULL, 0}};
    int o;
    while ((o = getopt_long(argc, argv, "", options, NULL)) != -1) {
        if (o == 't')
            set_tie(&c->t, optarg);
        else if (o == 's')
            c->text = optarg;
        else if (o == 'n')
            c->one = strtoll(optarg, NULL, 10);
        else if (o == 'm')
            c->tries = strtoull(optarg, NULL, 10);
        else if (o == 'e')
            c->seconds = strtod(optarg, NULL);
        else if (o == 'd')
            c->seed = strtoull(optarg, NULL, 10);
        else if (strchr("awlrc", o))
            *(o == 'a'   ? &c->t.alive
              : o == 'w' ? &c->t.mended
              : o == 'c' ? &c->t.careful
              : o == 'r' ? &c->random
                         : &c->list) = true;
        else
            return false;
    }
    return c->list || c->random || c->text;
}

int main(int argc, char **argv)
{
    struct command c = {.t.tie = POLICY_TIE_WITNESS, .seconds = 1e9, .one = -1, .seed = 1};
    if (!parse(&c, argc, argv))
        return usage();
    if (c.list)
        return list_moves();
    if (c.text && !story_parse(&c.t, c.text))
        return usage();
    settle_all(c.t.tie, c.t.lossless);
    if (c.random) {
        struct story_search search = {.seed = c.seed, .tries = c.tries ? c.tries : 12, .seconds = c.seconds};
        return story_search(&c.t, &search) != 0;
    }
    if (c.one < 0)
        return tell_all(&c.t, c.seconds, c.tries ? c.tries : UINT64_MAX, c.text);
    const char *broken = story_tell(&c.t, (uint64_t)c.one, true, NULL);
    printf("--- %s\n", broken[0] ? broken : "nothing is violated");
    return broken[0] != 0;
}
