/* sim: runs seeds of the simulated world; see usage(). */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "parts.h"

#define JOBS_MAX   64
#define FAILED_MAX 32

struct failure {
    uint64_t seed;
    enum policy_tie tie;
    bool liveness, lossless, tie_given;
    char what[160];
};

/* Of one worker; in memory that all share. */
struct result {
    uint64_t seeds;
    struct tally tally;
    uint64_t rows[ROWS];
    int failed;
    struct failure failures[FAILED_MAX];
};

struct run {
    struct options o;
    const char *list; /* a file of seeds */
    bool one;
    uint64_t seeds; /* how many; 0 = no limit */
    uint64_t events;
    double minutes;
    int jobs, most_failures;
    bool quiet;
    bool rows; /* how often each fired */
};

static struct world world;

static void usage(FILE *to)
{
    fputs("usage: sim [--seed N [--trace]] [--seeds COUNT] [--minutes M] [--events N] [--jobs J] [--base N]\n"
          "           [--mode safety|liveness|both] [--tie witness|writer|vip] [--durability "
          "async|lossless|any]\n"
          "           [--length SECONDS] [--list FILE] [--rows]\n",
          to);
}

static double seconds_now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void add_up(struct tally *to, const struct tally *from)
{
    to->events += from->events;
    to->delivered += from->delivered;
    to->ticks += from->ticks;
    to->writes += from->writes;
    to->failovers += from->failovers;
    to->handovers += from->handovers;
    to->enables += from->enables;
    to->faults += from->faults;
    to->lost += from->lost;
    to->refused += from->refused;
    to->alone += from->alone;
    to->marks += from->marks;
    to->clears += from->clears;
    to->rolled_back += from->rolled_back;
    to->cut_short += from->cut_short;
    for (int i = 0; i < EXCUSES; i++)
        to->excused_us[i] += from->excused_us[i];
}

static void run_one(const struct options *o, struct result *r)
{
    world_init(&world, o);
    while (world_step(&world))
        ;
    r->seeds++;
    add_up(&r->tally, &world.tally);
    if (!world.broken[0])
        return;
    if (r->failed < FAILED_MAX) {
        struct failure *f = &r->failures[r->failed];
        f->seed = o->seed;
        f->tie = world.c.tie;
        f->liveness = o->liveness;
        f->lossless = world.c.lossless;
        f->tie_given = o->tie_given;
        memcpy(f->what, world.broken, sizeof(f->what));
    }
    r->failed++;
}

static const char *tie_name(enum policy_tie tie)
{
    return tie == POLICY_TIE_WITNESS ? "witness" : tie == POLICY_TIE_WRITER ? "writer" : "vip";
}

static bool go_on(const struct run *run, const struct result *r, uint64_t count, double began)
{
    if (r->failed >= run->most_failures || (run->seeds && count >= run->seeds))
        return false;
    if (run->events && r->tally.delivered >= run->events / (uint64_t)run->jobs)
        return false;
    return !(run->minutes > 0 && seconds_now() - began >= run->minutes * 60);
}

static void work(const struct run *run, int job, struct result *r, double began)
{
    struct options o = run->o;
    memset(rows_fired, 0, sizeof(rows_fired));
    for (uint64_t count = (uint64_t)job; go_on(run, r, count, began); count += (uint64_t)run->jobs) {
        o.seed = run->o.seed + count;
        run_one(&o, r);
    }
    memcpy(r->rows, rows_fired, sizeof(r->rows));
}

static void print_rows(const struct result *all)
{
    int fired = 0;
    printf("rows that never fired:");
    for (size_t i = 0; i < rules_count; i++) {
        if (all->rows[rules_table[i].id])
            fired++;
        else
            printf(" %d", rules_table[i].id);
    }
    printf("\nrows that fired: %d of %zu\n", fired, rules_count);
}

static void print_summary(const struct result *all, double seconds)
{
    const struct tally *t = &all->tally;
    printf("seeds %" PRIu64 ", events delivered to the supervisors %" PRIu64 ", ticks %" PRIu64
           ", steps %" PRIu64 ", %.1f s, %.2f million steps/s\n",
           all->seeds, t->delivered, t->ticks, t->events, seconds, (double)t->events / seconds / 1e6);
    printf("faults %" PRIu64 ", terms %" PRIu64 ", handovers begun %" PRIu64 ", writes acknowledged %" PRIu64
           ", lost within the bound %" PRIu64 ", operator needed %" PRIu64 ", seeds cut short %" PRIu64 "\n",
           t->faults, t->enables, t->handovers, t->writes, t->lost, t->refused, t->cut_short);
    printf("excused, ms of two writers: host paused %.1f, unwatched %.1f, all three backstops gone %.1f, set "
           "by somebody %.1f, tie-breaker vip %.1f\n",
           (double)t->excused_us[EXCUSE_PAUSE] / 1e3, (double)t->excused_us[EXCUSE_UNWATCHED] / 1e3,
           (double)t->excused_us[EXCUSE_SWITCH] / 1e3, (double)t->excused_us[EXCUSE_MISCHIEF] / 1e3,
           (double)t->excused_us[EXCUSE_VIP] / 1e3);
    if (t->marks || t->rolled_back)
        printf("lossless: acknowledged without the other, which was marked, %" PRIu64
               "; marks written %" PRIu64 ", cleared %" PRIu64
               "; commits rolled back by crash recovery %" PRIu64 "\n",
               t->alone, t->marks, t->clears, t->rolled_back);
    print_rows(all);
}

static void print_counts(const struct result *all)
{
    printf("row times");
    for (size_t i = 0; i < rules_count; i++)
        printf("\n%d %" PRIu64, rules_table[i].id, all->rows[rules_table[i].id]);
    printf("\n");
}

static void print_failures(const struct result *r)
{
    for (int i = 0; i < r->failed && i < FAILED_MAX; i++) {
        const struct failure *f = &r->failures[i];
        printf("FAILED: --seed %" PRIu64 " --mode %s%s%s%s   # %s: %s\n", f->seed,
               f->liveness ? "liveness" : "safety", f->lossless ? " --durability lossless" : "",
               f->tie_given ? " --tie " : "", f->tie_given ? tie_name(f->tie) : "", tie_name(f->tie),
               f->what);
    }
}

static int run_all(const struct run *run)
{
    struct result *results = mmap(NULL, sizeof(*results) * (size_t)run->jobs, PROT_READ | PROT_WRITE,
                                  MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    static struct result all;
    double began = seconds_now();
    if (results == MAP_FAILED)
        return 2;
    fflush(stdout);
    for (int j = 0; j < run->jobs; j++)
        if (fork() == 0) {
            work(run, j, &results[j], began);
            fflush(stdout);
            _exit(0);
        }
    for (int j = 0, status; j < run->jobs; j++)
        if (wait(&status) < 0 || !WIFEXITED(status)) {
            printf("FAILED: a worker crashed\n");
            all.failed++;
        }
    for (int j = 0; j < run->jobs; j++) {
        all.seeds += results[j].seeds;
        all.failed += results[j].failed;
        add_up(&all.tally, &results[j].tally);
        for (int i = 0; i < ROWS; i++)
            all.rows[i] += results[j].rows[i];
        print_failures(&results[j]);
    }
    print_summary(&all, seconds_now() - began);
    if (run->rows)
        print_counts(&all);
    printf("%d failed\n", all.failed);
    return all.failed ? 1 : 0;
}

/* "seed mode tie # what it showed" per line, as print_failures() names them. */
static int run_list(const struct run *run)
{
    static struct result all;
    char line[512], mode[16], tie[16];
    FILE *file = fopen(run->list, "r");
    if (!file) {
        perror(run->list);
        return 2;
    }
    while (fgets(line, sizeof(line), file)) {
        struct options o = run->o;
        if (line[0] == '#' || sscanf(line, "%" SCNu64 " %15s %15s", &o.seed, mode, tie) != 3)
            continue;
        o.liveness = strcmp(mode, "liveness") == 0;
        o.durability = strcmp(tie, "lossless") == 0 ? DURABLE_LOSSLESS : DURABLE_ASYNC;
        o.tie_given = strcmp(tie, "any") != 0 && o.durability != DURABLE_LOSSLESS;
        o.tie = strcmp(tie, "writer") == 0 ? POLICY_TIE_WRITER
                : strcmp(tie, "vip") == 0  ? POLICY_TIE_VIP
                                           : POLICY_TIE_WITNESS;
        run_one(&o, &all);
    }
    fclose(file);
    print_failures(&all);
    printf("%" PRIu64 " seeds of the list, %d failed\n", all.seeds, all.failed);
    return all.failed ? 1 : 0;
}

static bool parse_tie(struct options *o, const char *name)
{
    o->tie_given = true;
    for (int t = POLICY_TIE_WRITER; t <= POLICY_TIE_VIP; t++)
        if (strcmp(tie_name((enum policy_tie)t), name) == 0) {
            o->tie = (enum policy_tie)t;
            return true;
        }
    return false;
}

static bool parse(struct run *run, int argc, char **argv)
{
    for (int i = 1; i < argc; i++) {
        const char *name = argv[i], *value = i + 1 < argc ? argv[i + 1] : NULL;
        if (strcmp(name, "--trace") == 0) {
            run->o.trace = true;
            continue;
        }
        if (strcmp(name, "--rows") == 0) {
            run->rows = true;
            continue;
        }
        if (!value)
            return false;
        i++;
        if (strcmp(name, "--seed") == 0) {
            run->one = true;
            run->o.seed = strtoull(value, NULL, 0);
        } else if (strcmp(name, "--base") == 0) {
            run->o.seed = strtoull(value, NULL, 0);
        } else if (strcmp(name, "--seeds") == 0) {
            run->seeds = strtoull(value, NULL, 0);
        } else if (strcmp(name, "--events") == 0) {
            run->events = strtoull(value, NULL, 0);
        } else if (strcmp(name, "--minutes") == 0) {
            run->minutes = strtod(value, NULL);
        } else if (strcmp(name, "--length") == 0) {
            run->o.length = strtoll(value, NULL, 0) * S;
        } else if (strcmp(name, "--jobs") == 0) {
            run->jobs = atoi(value);
        } else if (strcmp(name, "--failures") == 0) {
            run->most_failures = atoi(value);
        } else if (strcmp(name, "--mode") == 0) {
            run->o.liveness = strcmp(value, "liveness") == 0;
        } else if (strcmp(name, "--durability") == 0) {
            run->o.durability = strcmp(value, "lossless") == 0 ? DURABLE_LOSSLESS
                                : strcmp(value, "any") == 0    ? DURABLE_ANY
                                                               : DURABLE_ASYNC;
        } else if (strcmp(name, "--list") == 0) {
            run->list = value;
        } else if (strcmp(name, "--tie") != 0 || !parse_tie(&run->o, value)) {
            return false;
        }
    }
    return run->jobs >= 1 && run->jobs <= JOBS_MAX;
}

int main(int argc, char **argv)
{
    struct run run = {.o.seed = 1, .jobs = 1, .most_failures = 10};
    const char *bad = rules_self_check();
    if (bad || !parse(&run, argc, argv)) {
        if (bad)
            fprintf(stderr, "sim: %s\n", bad);
        usage(stderr);
        return 2;
    }
    if (run.list)
        return run_list(&run);
    if (run.one)
        run.seeds = 1;
    if (!run.seeds && !run.events && !(run.minutes > 0))
        run.seeds = 1000;
    printf("seed base %" PRIu64 ", mode %s\n", run.o.seed, run.o.liveness ? "liveness" : "safety");
    return run_all(&run);
}
