/* The search for stories that nobody thought of.
 *
 * A story is drawn, or made of an earlier one by a few changes, and told some times. Two kinds are kept, and
 * changed again: those that led the world into a class of states (explore_class()) that no story had shown,
 * and those that came closest to two writers: between the last moment at which the former writer could
 * acknowledge and the enabling of one that had no proof of its end, but waited, lies a margin, and the less
 * there is of it the better the story. Of equally good ones the later replaces the earlier: they drift.
 *
 * What ends something (resume, heal, power on ...) is drawn only behind what began it. Times are tight:
 * together, within milliseconds, or about as long as one of the limits that others wait for. A failure is
 * made as small as it can be. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "story.h"

#define LEAST     3
#define MOST      7
#define KEPT_MAX  2048
#define SEEN_BITS 22
#define SHRINK    80 /* tries of a smaller story */
#define TEXT_MAX  1024
#define BEST_MAX  48
#define SAMPLE_US (20 * MS)
#define NO_MARGIN INT64_MAX

/* What ends what: the names up to the node's. */
static const struct {
    const char *begin, *end;
} ends[] = {
    {"stop both of", "resume both of"},
    {"stop the supervisor of", "resume the supervisor of"},
    {"stop the fencer of", "resume the fencer of"},
    {"stop the server of", "resume the server of"},
    {"at its next enabling stop", "resume the supervisor of"},
    {"at its next promise stop", "resume the supervisor of"},
    {"at its next release stop", "resume the supervisor of"},
    {"at its next taking back stop", "resume the supervisor of"},
    {"at its next mark stop", "resume the supervisor of"},
    {"at its next clearing of marks stop", "resume the supervisor of"},
    {"at its next renewal stop", "resume the supervisor of"},
    {"at its next look at a holder stop", "resume the supervisor of"},
    {"at its next term stop", "resume the supervisor of"},
    {"some statements later stop", "resume the supervisor of"},
    {"once its next enabling is sent stop both of", "resume both of"},
    {"once its next promise is sent stop both of", "resume both of"},
    {"once its next release is sent stop both of", "resume both of"},
    {"stop the witness", "resume the witness"},
    {"a long statement at", "end the statement at"},
    {"lock the tables at", "unlock the tables at"},
    {"flush the tables at", "end the flush at"},
    {"stop the applier of", "start the applier of"},
    {"stop the receiver of", "start the receiver of"},
    {"maintain", "end the maintenance of"},
    {"cut vrrp", "heal vrrp"},
    {"slow the network", "quicken the network"},
    {"power off", "power on"},
    {"freeze", "thaw"},
    {"cut the pair", "heal the pair"},
    {"cut off", "heal all of"},
    {"cut what is heard by", "heal all of"},
    {"cut what is said by", "heal all of"},
    {"cut from the witness", "heal to the witness"},
    {"kill keepalived of", "start keepalived of"},
};

#define ENDS (sizeof(ends) / sizeof(ends[0]))

/* What befalls a writer most is drawn most. */
static const struct {
    const char *name;
    uint32_t weight;
} often[] = {
    {"stop the supervisor of", 8},
    {"stop the fencer of", 8},
    {"stop both of", 8},
    {"kill the supervisor of", 4},
    {"kill the fencer of", 3},
    {"stop the server of", 6},
    {"bounce the server of", 4},
    {"kill the server of", 3},
    {"cut the pair", 12},
    {"cut off", 8},
    {"cut what is heard by", 5},
    {"cut what is said by", 5},
    {"cut from the witness", 6},
    {"order a switchover at", 8},
    {"power off", 4},
    {"bounce the witness", 4},
    {"lock the tables at", 4},
    {"take the vote's session at", 3},
    {"wait", 0},
    {"disable the switch of", 0},
    {"make writable", 0},
    {"freeze", 0},
};

struct kept {
    struct step steps[MOST + 1];
    int count;
    int64_t margin;
};

static struct kept kept[KEPT_MAX], best[BEST_MAX];
static int kept_count, best_count;
static struct {
    int64_t sampled, could[NODES]; /* acknowledge, when last */
    uint32_t epoch[NODES];
    int64_t margin;
} told;
static uint64_t *seen;
static uint64_t chance;
static int new_classes;
static uint64_t class_count, story_count, try_count;

/* ---- chance ---- */

static uint32_t below(uint32_t n)
{
    chance += UINT64_C(0x9E3779B97F4A7C15);
    uint64_t z = chance;
    z = (z ^ (z >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94D049BB133111EB);
    return (uint32_t)((z ^ (z >> 31)) >> 33) % n;
}

/* ---- moves ---- */

static bool names(const char *name, const char *prefix)
{
    size_t n = strlen(prefix);
    return !strncmp(name, prefix, n) && (!name[n] || !strncmp(name + n, " mx", 3));
}

static bool is_end(const struct move *m)
{
    for (size_t i = 0; i < ENDS; i++)
        if (names(m->name, ends[i].end))
            return true;
    return false;
}

static const struct move *end_of(const struct move *m)
{
    char name[96];
    for (size_t i = 0; i < ENDS; i++) {
        if (!names(m->name, ends[i].begin))
            continue;
        snprintf(name, sizeof(name), "%s%s", ends[i].end, m->name + strlen(ends[i].begin));
        return story_move_named(name);
    }
    return NULL;
}

/* Of mx1, which is the writer, three times as often. */
static uint32_t weight_of(const struct story *t, const struct move *m)
{
    bool lossless = strstr(m->name, "mark") != NULL, witness = strstr(m->name, "witness") != NULL;
    uint32_t weight = 1;
    if (is_end(m) || (lossless && !t->lossless) || (witness && t->tie != POLICY_TIE_WITNESS))
        return 0;
    for (size_t i = 0; i < sizeof(often) / sizeof(often[0]); i++)
        if (names(m->name, often[i].name))
            weight = often[i].weight;
    return m->node ? weight : 3 * weight;
}

static const struct move *any_beginning(const struct story *t)
{
    uint32_t all = 0, at;
    for (int i = 0; story_move_at(i); i++)
        all += weight_of(t, story_move_at(i));
    at = below(all);
    for (int i = 0;; i++) {
        uint32_t weight = weight_of(t, story_move_at(i));
        if (at < weight)
            return story_move_at(i);
        at -= weight;
    }
}

/* Something that is begun and not ended before step `at`; NULL = nothing is. */
static const struct move *open_end(const struct story *t, int at)
{
    const struct move *open[STEPS_MAX];
    uint32_t count = 0;
    for (int i = 0; i < at; i++) {
        const struct move *end = end_of(t->steps[i].move);
        bool ended = !end;
        for (int k = i + 1; k < at && !ended; k++)
            ended = t->steps[k].move == end;
        if (!ended)
            open[count++] = end;
    }
    return count ? open[below(count)] : NULL;
}

static const struct move *any_move(const struct story *t, int at)
{
    const struct move *end = below(100) < 40 ? open_end(t, at) : NULL;
    return end ? end : any_beginning(t);
}

/* An end without a beginning does nothing. */
static bool makes_sense(const struct story *t)
{
    for (int i = 0; i < t->count; i++) {
        bool begun = !is_end(t->steps[i].move);
        for (int k = 0; k < i && !begun; k++)
            begun = end_of(t->steps[k].move) == t->steps[i].move;
        if (!begun)
            return false;
    }
    return true;
}

/* ---- times ---- */

static void span(struct step *s, int64_t least_ms, int64_t most_ms)
{
    s->least = (least_ms > 0 ? least_ms : 0) * MS;
    s->most = (most_ms > 0 ? most_ms : 0) * MS;
}

static void draw_time(struct step *s)
{
    /* silence, fence, delay, the switch's and the fencer's waits, a lease with and without these, a
     * handover's limit, an attempt's */
    static const int limits_ms[] = {50, 250, 500, 1000, 1950, 2000, 2950, 3000, 3500, 4000, 5000, 6000, 9000};
    static const int tight_ms[] = {2, 10, 30, 80};
    uint32_t kind = below(20);
    int limit = limits_ms[below(sizeof(limits_ms) / sizeof(limits_ms[0]))];
    if (kind < 5)
        span(s, 0, 0);
    else if (kind < 9)
        span(s, 0, tight_ms[below(4)]);
    else if (kind < 12)
        span(s, 0, 400);
    else if (kind < 17)
        span(s, limit - 150, limit + 150);
    else if (kind < 19)
        span(s, 0, 2000);
    else
        span(s, 3000, 9000);
}

/* ---- stories ---- */

static void insert(struct story *t, int at)
{
    if (t->count >= MOST)
        return;
    memmove(&t->steps[at + 1], &t->steps[at], sizeof(t->steps[0]) * (size_t)(t->count - at));
    t->count++;
    t->steps[at].move = any_move(t, at);
    draw_time(&t->steps[at]);
}

/* Something, and its end somewhere behind it. */
static void insert_pair(struct story *t, int at)
{
    const struct move *end;
    if (t->count + 2 > MOST)
        return;
    insert(t, at);
    end = end_of(t->steps[at].move);
    if (!end)
        return;
    int behind = at + 1 + (int)below((uint32_t)(t->count - at));
    insert(t, behind);
    t->steps[behind].move = end;
}

static void take_out(struct story *t, int at)
{
    int64_t least = t->steps[at].least, most = t->steps[at].most;
    t->count--;
    memmove(&t->steps[at], &t->steps[at + 1], sizeof(t->steps[0]) * (size_t)(t->count - at));
    if (at < t->count) { /* what follows comes when it came */
        t->steps[at].least += least;
        t->steps[at].most += most;
    }
}

static void draw(struct story *t, int begun)
{
    int count = begun + LEAST + (int)below(MOST - LEAST + 1 - 2) + (begun ? 0 : 1);
    t->count = begun;
    while (t->count < count && t->count < MOST)
        insert(t, t->count);
}

static void change(struct story *t, int begun)
{
    int at = begun + (int)below((uint32_t)(t->count - begun + 1)), last = t->count - 1;
    int one = at > last ? last : at;
    if (t->count == begun) {
        insert(t, at);
        return;
    }
    switch (below(9)) {
    case 0:
        t->steps[one].move = any_move(t, one);
        break;
    case 1:
    case 2:
    case 5:
        draw_time(&t->steps[one]);
        break;
    case 6:
    case 7:
        insert_pair(t, at);
        break;
    case 3:
        if (t->count > begun + 1)
            take_out(t, one);
        break;
    case 4: {
        int other = begun + (int)below((uint32_t)(t->count - begun));
        const struct move *m = t->steps[one].move;
        t->steps[one].move = t->steps[other].move;
        t->steps[other].move = m;
        break;
    }
    default:
        insert(t, at);
    }
}

static void next_story(struct story *t, const struct story *kind)
{
    do {
        *t = *kind;
        bool better = best_count && below(100) < 65;
        if (!kept_count || below(100) < 30) {
            draw(t, kind->count);
            continue;
        }
        const struct kept *from =
            better ? &best[below((uint32_t)best_count)] : &kept[below((uint32_t)kept_count)];
        memcpy(t->steps, from->steps, sizeof(from->steps));
        t->count = from->count;
        for (uint32_t changes = 1 + below(3); changes; changes--)
            change(t, kind->count);
    } while (!makes_sense(t));
}

/* ---- what was seen ---- */

static bool acknowledges(const struct world *w, int s)
{
    return !w->servers[s].read_only && w->servers[s].state == RUNS && host_runs(w, s);
}

/* Who has a proof that the other is closed waits for nothing: how soon he comes then says nothing. Nor does
 * it where all three that would close the other are gone (invariants.c). */
static bool had_to_wait(const struct world *w, int s)
{
    const struct supervisor *p = &w->nodes[s].sup;
    return p->m.basis.kind == NOTE_NONE && !p->m.basis_consumed && !p->o.closing.closed &&
           !p->o.operator_.peer_is_off && !w->servers[1 - s].mischief && !acknowledges(w, 1 - s) &&
           !invariant_unattended(w, 1 - s);
}

static void measure(const struct world *w)
{
    for (int s = 0; s < NODES; s++) {
        uint32_t epoch = w->servers[s].enabled_epoch;
        if (!acknowledges(w, s))
            continue;
        if (epoch && epoch != told.epoch[s] && told.epoch[1 - s] && told.could[1 - s] && had_to_wait(w, s)) {
            int64_t margin = w->now - told.could[1 - s];
            told.margin = margin < told.margin ? margin : told.margin;
        }
        told.epoch[s] = epoch ? epoch : told.epoch[s];
        told.could[s] = w->now;
    }
}

static void look(const struct world *w)
{
    measure(w);
    if (w->now - told.sampled < SAMPLE_US)
        return;
    told.sampled = w->now;
    uint64_t class = explore_class(w) >> (64 - SEEN_BITS), bit = UINT64_C(1) << (class & 63);
    uint64_t *word = &seen[class >> 6];
    if (*word & bit)
        return;
    *word |= bit;
    class_count++;
    new_classes++;
}

static void keep_at(struct kept *k, const struct story *t, int64_t margin)
{
    memcpy(k->steps, t->steps, sizeof(k->steps));
    k->count = t->count;
    k->margin = margin;
}

static void keep(const struct story *t)
{
    keep_at(&kept[kept_count < KEPT_MAX ? kept_count++ : (int)below(KEPT_MAX)], t, NO_MARGIN);
}

/* In the place of one that is not better; one in many goes in any case. */
static void keep_if_good(const struct story *t, int64_t margin)
{
    if (margin == NO_MARGIN)
        return;
    if (best_count < BEST_MAX) {
        keep_at(&best[best_count++], t, margin);
        return;
    }
    struct kept *one = &best[below(BEST_MAX)], *other = &best[below(BEST_MAX)];
    one = other->margin > one->margin ? other : one;
    if (margin <= one->margin + one->margin / 10 || below(500) == 0)
        keep_at(one, t, margin);
}

/* The simulator's own limits, not the program's faults. */
static bool is_own_limit(const char *broken)
{
    return strstr(broken, "no room for more") || strstr(broken, "does not come on");
}

/* The number of the first try that fails, -1 = none; `what` is told. */
static int64_t first_failure(const struct story *t, uint64_t from, uint64_t tries, char *what, size_t size)
{
    int64_t least = NO_MARGIN;
    for (uint64_t i = from; i < from + tries; i++) {
        memset(&told, 0, sizeof(told));
        told.margin = least;
        const char *broken = story_tell(t, i, false, look);
        try_count++;
        least = told.margin;
        if (!broken[0] || is_own_limit(broken))
            continue;
        snprintf(what, size, "%s", broken);
        return (int64_t)i;
    }
    return -1;
}

/* ---- a failure ---- */

static void shrink(struct story *t, int64_t *number, char *what, size_t size)
{
    bool smaller = true;
    while (smaller) {
        smaller = false;
        for (int i = 0; i < t->count && t->count > 1; i++) {
            struct story less = *t;
            take_out(&less, i);
            int64_t failed = makes_sense(&less) ? first_failure(&less, 0, SHRINK, what, size) : -1;
            if (failed < 0)
                continue;
            *t = less;
            *number = failed;
            smaller = true;
            break;
        }
    }
}

static void tell_failure(const struct story *found, int64_t number, char *what, size_t size)
{
    char text[TEXT_MAX];
    struct story t = *found;
    story_print(&t, text, sizeof(text));
    printf("FAILED: story --tie %s --careful yes%s --story '%s' --try %lld   # %s\n", story_tie(&t),
           t.mended ? " --mended yes" : "", text, (long long)number, what);
    fflush(stdout);
    shrink(&t, &number, what, size);
    story_print(&t, text, sizeof(text));
    printf("  smallest: story --tie %s --careful yes%s --story '%s' --try %lld   # %s\n", story_tie(&t),
           t.mended ? " --mended yes" : "", text, (long long)number, what);
    fflush(stdout);
}

static double seconds_now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static int64_t least_margin(void)
{
    int64_t least = NO_MARGIN;
    for (int i = 0; i < best_count; i++)
        least = best[i].margin < least ? best[i].margin : least;
    return least == NO_MARGIN ? 0 : least;
}

int story_search(const struct story *kind, const struct story_search *search)
{
    double began = seconds_now();
    char what[200];
    int failed = 0;
    seen = calloc(UINT64_C(1) << (SEEN_BITS - 6), sizeof(*seen));
    if (!seen)
        return 1;
    chance = search->seed;
    for (; !failed && seconds_now() - began < search->seconds; story_count++) {
        struct story t;
        next_story(&t, kind);
        t.careful = true;
        new_classes = 0;
        int64_t number = first_failure(&t, (uint64_t)below(1000000), search->tries, what, sizeof(what));
        if (new_classes)
            keep(&t);
        keep_if_good(&t, told.margin);
        if (number < 0)
            continue;
        failed++;
        tell_failure(&t, number, what, sizeof(what));
    }
    printf("random stories, tie-breaker %s, seed %llu: %llu stories, %llu tries, %llu classes of states, "
           "least margin %.1f ms, %.0f s%s\n",
           story_tie(kind), (unsigned long long)search->seed, (unsigned long long)story_count,
           (unsigned long long)try_count, (unsigned long long)class_count, (double)least_margin() / MS,
           seconds_now() - began, failed ? "; FAILED" : "");
    free(seen);
    return failed;
}
