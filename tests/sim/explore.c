/* explore: walks the trees of explore.h to a depth, and prints how many states and transitions that were.
 *
 * Exit status: 0 all is well, 1 an invariant is broken or a class of states has no way back (with the path
 * that leads there), 2 usage. Everything is deterministic: the same options, the same walk. */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "explore.h"

#define DEPTH_MAX   64
#define SEEN_BITS   23
#define CHOICES_MAX 8
#define WINDOW_US   300 /* of events that come so close together, each may be the first */
#define AFTER_US    (6 * S)
#define BEGIN_MAX   4
#define BEGIN_US    (5 * S) /* after each of them: a lease, and whatever follows from its end */

struct walk {
    enum policy_tie tie;
    bool orders;
    int depth, faults;
    int begin[BEGIN_MAX], begin_count; /* moves before the walk */
    int64_t quantum, seconds;
    uint64_t *seen;
    uint64_t states, transitions, repeated, classes, by_operator, leaves, ends;
    bool cut_short, failed;
    struct timespec began;
    struct world *at; /* by depth */
    char path[DEPTH_MAX][48];
    int16_t moves[DEPTH_MAX]; /* what path says, as an index; -1 = time passes */
};

static const char *const tie_names[] = {"writer", "witness", "vip"};

/* ---- what was seen ---- */

static bool see(uint64_t *table, uint64_t h)
{
    const uint64_t mask = (UINT64_C(1) << SEEN_BITS) - 1;
    h |= 1;
    for (uint64_t i = h >> 20, tries = 0; tries < 32; i++, tries++) {
        uint64_t *slot = &table[i & mask];
        if (*slot == h)
            return false;
        if (!*slot) {
            *slot = h;
            return true;
        }
    }
    table[(h >> 20) & mask] = h; /* crowded: something is visited twice */
    return true;
}

static bool time_is_over(struct walk *k)
{
    struct timespec now;
    if (k->cut_short || !k->seconds)
        return k->cut_short;
    clock_gettime(CLOCK_MONOTONIC, &now);
    k->cut_short = now.tv_sec - k->began.tv_sec >= k->seconds;
    return k->cut_short;
}

/* ---- telling ---- */

static void tell_path(const struct walk *k, int depth, const char *what)
{
    printf("%s\n  tie-breaker %s", what, tie_names[k->tie]);
    for (int i = 0; i < k->begin_count; i++)
        printf("\n  before: %s", explore_moves[k->begin[i]].name);
    for (int i = 0; i < depth; i++)
        if (k->path[i][0])
            printf("\n  %3d  %s", i, k->path[i]);
    if (!k->orders) {
        printf("\n  again, with every step: explore --tie %s --quantum %d ", tie_names[k->tie],
               (int)(k->quantum / MS));
        for (int i = 0; i < k->begin_count; i++)
            printf("--begin '%s' ", explore_moves[k->begin[i]].name);
        printf("--replay ");
        for (int i = 0, told = 0; i < depth; i++)
            if (k->moves[i] >= 0)
                printf("%s%d:%d", told++ ? "," : "", i, k->moves[i]);
    }
    printf("\n");
}

static void name_step(struct walk *k, int depth, int move)
{
    k->moves[depth] = (int16_t)move;
    snprintf(k->path[depth], sizeof(k->path[depth]), "%s", move < 0 ? "" : explore_moves[move].name);
}

/* ---- one state ---- */

static void look_for_way_back(struct walk *k, int depth)
{
    static struct world copy;
    copy = k->at[depth];
    k->classes++;
    switch (explore_way_back(&copy)) {
    case BACK_BY_ITSELF:
        break;
    case BACK_BY_OPERATOR:
        k->by_operator++;
        break;
    case BACK_NEVER:
        tell_path(k, depth, copy.broken[0] ? copy.broken : "no way back to one writer");
        k->failed = true;
    }
}

/* False: this branch ends here. */
static bool arrive(struct walk *k, int depth, int faults_left)
{
    const struct world *w = &k->at[depth];
    if (w->broken[0]) {
        tell_path(k, depth, w->broken);
        k->failed = true;
        return false;
    }
    int64_t step = k->orders ? 500 : 50 * MS;
    uint64_t h = explore_state(w, step) * 31 + (uint64_t)((k->depth - depth) * 8 + faults_left);
    if (!see(k->seen, h)) {
        k->repeated++;
        return false;
    }
    k->states++;
    if (!k->orders && see(k->seen, explore_class(w) ^ UINT64_C(0x5bd1e995)))
        look_for_way_back(k, depth);
    return !k->failed && depth < k->depth && !time_is_over(k);
}

/* ---- the tree of faults ---- */

static void visit_faults(struct walk *k, int depth, int faults_left)
{
    if (!arrive(k, depth, faults_left))
        return;
    struct world *next = &k->at[depth + 1];
    for (int i = -1; i < explore_move_count && !k->failed && !time_is_over(k); i++) {
        const struct move *m = i < 0 ? NULL : &explore_moves[i];
        if (m && (!(m->ends || faults_left) || !m->possible(&k->at[depth], m->node)))
            continue;
        *next = k->at[depth];
        name_step(k, depth, i);
        if (m)
            m->make(next, m->node);
        explore_run(next, k->quantum);
        k->transitions++;
        visit_faults(k, depth + 1, faults_left - (m && !m->ends));
    }
}

/* ---- the tree of orders ---- */

/* Who an event belongs to: those of one owner keep their order. */
static unsigned owner_of(const struct event *e)
{
    switch (e->kind) {
    case EV_CONNECT:
    case EV_QUERY:
    case EV_REPLY:
    case EV_BROKEN:
    case EV_ALARM:
        return 1000U + e->a * 32U + e->b;
    case EV_HANGUP:
    case EV_STEP:
    case EV_IDLE:
        return 2000U + e->a * 64U + e->b;
    case EV_HEAR:
    case EV_ORDER:
        return 3000U + e->kind * 2U + e->a;
    default:
        return (unsigned)e->kind * 8U + e->a;
    }
}

/* The first event of each owner within the window, soonest first. */
static int candidates(const struct world *w, int found[CHOICES_MAX])
{
    unsigned owners[CHOICES_MAX];
    int count = 0;
    for (int i = 0; i < w->event_count; i++) {
        const struct event *e = &w->events[i];
        if (e->at == INT64_MAX || e->at > w->events[0].at + WINDOW_US)
            continue;
        int k = 0;
        while (k < count && owners[k] != owner_of(e))
            k++;
        if (k == CHOICES_MAX)
            continue;
        const struct event *old = k < count ? &w->events[found[k]] : NULL;
        if (old && (old->at < e->at || (old->at == e->at && old->order < e->order)))
            continue;
        owners[k] = owner_of(e);
        found[k] = i;
        count += k == count;
    }
    return count;
}

static void run_on(struct walk *k, int depth)
{
    static struct world copy;
    copy = k->at[depth];
    k->leaves++;
    explore_run(&copy, AFTER_US);
    if (copy.broken[0]) {
        tell_path(k, depth, copy.broken);
        k->failed = true;
    }
}

static void visit_orders(struct walk *k, int depth, int faults_left)
{
    int found[CHOICES_MAX], count;
    if (!arrive(k, depth, faults_left)) {
        if (!k->failed && depth == k->depth)
            run_on(k, depth);
        return;
    }
    struct world *w = &k->at[depth], *next = &k->at[depth + 1];
    while ((count = candidates(w, found)) == 1 && !faults_left && world_step(w))
        ;
    for (int i = 0; i < count && !k->failed && !time_is_over(k); i++) {
        *next = *w;
        next->random = 12345;
        snprintf(k->path[depth], sizeof(k->path[depth]), "event of kind %d, of %d %d",
                 w->events[found[i]].kind, w->events[found[i]].a, w->events[found[i]].b);
        world_take(next, found[i]);
        k->transitions++;
        visit_orders(k, depth + 1, faults_left);
    }
    for (int i = 0; faults_left && i < explore_move_count && !k->failed && !time_is_over(k); i++) {
        const struct move *m = &explore_moves[i];
        if (m->ends || !m->possible(w, m->node))
            continue;
        *next = *w;
        name_step(k, depth, i);
        m->make(next, m->node);
        k->transitions++;
        visit_orders(k, depth + 1, faults_left - 1);
    }
}

/* ---- a walk ---- */

static void begin_with(struct walk *k, int move)
{
    explore_settle(&k->at[0], k->tie, 7, false);
    for (int i = 0; i < k->begin_count; i++) {
        explore_moves[k->begin[i]].make(&k->at[0], explore_moves[k->begin[i]].node);
        explore_run(&k->at[0], BEGIN_US);
    }
    name_step(k, 0, move);
    if (move >= 0)
        explore_moves[move].make(&k->at[0], explore_moves[move].node);
}

/* `path` as tell_path() printed it; then what has to be found from there. */
static bool replay(struct walk *k, const char *path)
{
    struct world *w = &k->at[0];
    begin_with(k, -1);
    w->c.trace = 1;
    for (int step = 0; *path; step++) {
        char *end;
        long at = strtol(path, &end, 10), move = *end == ':' ? strtol(end + 1, &end, 10) : -1;
        if (at < step || move < 0 || move >= explore_move_count || (*end && *end != ','))
            return false;
        for (; step < at; step++)
            explore_run(w, k->quantum);
        printf("--- %s\n", explore_moves[move].name);
        explore_moves[move].make(w, explore_moves[move].node);
        explore_run(w, k->quantum);
        path = *end ? end + 1 : end;
    }
    printf("--- all is mended\n");
    printf("--- %s\n", explore_way_back(w) == BACK_NEVER ? "no way back" : "one writer");
    return true;
}

static void walk(struct walk *k)
{
    clock_gettime(CLOCK_MONOTONIC, &k->began);
    memset(k->seen, 0, sizeof(uint64_t) << SEEN_BITS);
    if (!k->orders) {
        begin_with(k, -1);
        visit_faults(k, 0, k->faults);
        return;
    }
    for (int i = 0; i < explore_move_count && !k->failed; i++) {
        begin_with(k, -1);
        if (explore_moves[i].ends || !explore_moves[i].possible(&k->at[0], explore_moves[i].node))
            continue;
        begin_with(k, i);
        k->at[1] = k->at[0]; /* the first of the path is the move */
        visit_orders(k, 1, k->faults - 1);
    }
}

static void tell_result(const struct walk *k)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    double seconds = (double)(now.tv_sec - k->began.tv_sec) + (double)(now.tv_nsec - k->began.tv_nsec) / 1e9;
    printf("%-7s %-6s depth %d, up to %d faults: %llu states, %llu transitions (%llu to known states)",
           tie_names[k->tie], k->orders ? "orders" : "faults", k->depth, k->faults,
           (unsigned long long)k->states, (unsigned long long)k->transitions,
           (unsigned long long)k->repeated);
    if (k->orders)
        printf(", %llu ends followed for %d s", (unsigned long long)k->leaves, AFTER_US / S);
    else
        printf(", %llu classes with a way back (%llu by the operator's word)", (unsigned long long)k->classes,
               (unsigned long long)k->by_operator);
    printf(", %.1f s%s%s\n", seconds, k->cut_short ? "; NOT COMPLETE" : "", k->failed ? "; FAILED" : "");
    fflush(stdout);
}

static void tell_rows(void)
{
    int fired = 0;
    for (size_t i = 0; i < rules_count; i++)
        fired += rows_fired[rules_table[i].id] != 0;
    printf("rows of the table that fired: %d of %zu", fired, rules_count);
    for (size_t i = 0, told = 0; i < rules_count; i++)
        if (!rows_fired[rules_table[i].id])
            printf("%s%d", told++ ? ", " : "; never: ", rules_table[i].id);
    printf("\n");
}

/* ---- the command ---- */

static int usage(void)
{
    fputs(
        "usage: explore [--tie witness|writer|vip|all] [--tree faults|orders|all] [--depth N] [--faults N]\n"
        "               [--quantum MS] [--seconds N] [--begin MOVE]... [--replay STEP:MOVE,...] [--moves]\n",
        stderr);
    return 2;
}

static int move_named(const char *name)
{
    for (int i = 0; i < explore_move_count; i++)
        if (!strcmp(name, explore_moves[i].name))
            return i;
    return -1;
}

static int list_moves(void)
{
    for (int i = 0; i < explore_move_count; i++)
        printf("%2d  %s%s\n", i, explore_moves[i].name, explore_moves[i].ends ? " (no fault)" : "");
    return 0;
}

static int index_of(const char *word, const char *const names[], int count)
{
    for (int i = 0; i < count; i++)
        if (!strcmp(word, names[i]))
            return i;
    return !strcmp(word, "all") ? count : -1;
}

int main(int argc, char **argv)
{
    static const struct option options[] = {{"tie", 1, NULL, 't'},     {"tree", 1, NULL, 'r'},
                                            {"depth", 1, NULL, 'd'},   {"faults", 1, NULL, 'f'},
                                            {"quantum", 1, NULL, 'q'}, {"seconds", 1, NULL, 's'},
                                            {"replay", 1, NULL, 'p'},  {"begin", 1, NULL, 'b'},
                                            {"moves", 0, NULL, 'm'},   {NULL, 0, NULL, 0}};
    static const char *const trees[] = {"faults", "orders"};
    static struct walk k;
    const char *path = NULL;
    int c, tie = 3, tree = 2, depth = 8, faults = 1, quantum = 250;
    while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
        if (c == 't')
            tie = index_of(optarg, tie_names, 3);
        else if (c == 'r')
            tree = index_of(optarg, trees, 2);
        else if (c == 'd')
            depth = atoi(optarg);
        else if (c == 'f')
            faults = atoi(optarg);
        else if (c == 'q')
            quantum = atoi(optarg);
        else if (c == 's')
            k.seconds = atoi(optarg);
        else if (c == 'p')
            path = optarg;
        else if (c == 'm')
            return list_moves();
        else if (c == 'b' && k.begin_count < BEGIN_MAX && (k.begin[k.begin_count] = move_named(optarg)) >= 0)
            k.begin_count++;
        else
            return usage();
    }
    if (tie < 0 || tree < 0 || depth < 1 || depth >= DEPTH_MAX - 1 || faults < 0 || quantum < 1 ||
        optind < argc)
        return usage();
    k.seen = calloc((size_t)1 << SEEN_BITS, sizeof(uint64_t));
    k.at = calloc(DEPTH_MAX, sizeof(*k.at));
    if (path) {
        k.tie = (enum policy_tie)(tie % 3);
        k.quantum = (int64_t)quantum * MS;
        return replay(&k, path) ? 0 : usage();
    }
    bool failed = false;
    for (int t = 0; t < 3; t++)
        for (int r = 0; r < 2; r++) {
            if ((tie != 3 && tie != t) || (tree != 2 && tree != r))
                continue;
            struct walk fresh = {.tie = (enum policy_tie)t,
                                 .orders = r == 1,
                                 .depth = depth,
                                 .faults = faults,
                                 .quantum = (int64_t)quantum * MS,
                                 .seconds = k.seconds,
                                 .begin_count = k.begin_count,
                                 .seen = k.seen,
                                 .at = k.at};
            memcpy(fresh.begin, k.begin, sizeof(fresh.begin));
            walk(&fresh);
            tell_result(&fresh);
            failed = failed || fresh.failed;
        }
    tell_rows();
    free(k.seen);
    free(k.at);
    return failed;
}
