/* The fencer's judgement as scripts: each line is an event at a time, and what must then be done. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/clock.h"
#include "model/fencer_logic.h"

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))
#define START_MS     100000
#define LINES_MAX    16

enum event {
    END = 0,
    STARTED, /* the child runs */
    DIED,    /* the child ended */
    HELLO,
    PREPARE, /* a = epoch */
    ARM,     /* a = epoch, b = deadline in ms from now, flags */
    DISARM,
    FENCE,
    TICK,
    READ_RW, /* read_only=0 was read just now */
    READ_RO,
    SERVER_DIED,
    SERVER_UP, /* another process, nothing read yet */
    ASKED,
    ANSWERED,
    LOCK_HELD,  /* proven by an answer */
    LOCK_TAKEN, /* by somebody else */
    LOCK_GONE,  /* with its session */
    PROVEN,     /* the ladder's end */
    UNPROVEN,
    STOP,
};

enum { VIP = 1, OLD = 2 }; /* OLD: the renewal left 450 ms ago */

#define REFUSE        FENCER_DO_REFUSE
#define RELEASE       FENCER_DO_RELEASE_LOCK
#define TAKE          FENCER_DO_TAKE_LOCK
#define FENCED        (FENCER_DO_FENCE | FENCER_DO_RELEASE_LOCK | FENCER_DO_REPORT)
#define SIGKILL_FIRST FENCER_DO_KILL_SERVER
#define WEIGHT        FENCER_DO_WEIGHT
#define REPORT        FENCER_DO_REPORT
#define AGAIN         FENCER_DO_FENCE
#define CHILD         FENCER_DO_START_CHILD
#define REAP          FENCER_DO_KILL_CHILD
#define LEAVE         FENCER_DO_EXIT

struct line {
    int at_ms; /* from the start */
    enum event event;
    int a, b, flags;
    unsigned want;
    int weight;
};

struct script {
    const char *name;
    enum { SINGLE = 0, NO_KILL, DUAL } rules;
    struct line lines[LINES_MAX];
};

/* clang-format off */
static const struct script scripts[] = {
    {"the child is started at once", SINGLE, {{0, TICK, .want = CHILD}, {0, STARTED}, {10, TICK}}},
    {"a fresh fencer under a writable server fences", SINGLE, {{0, STARTED}, {1, READ_RW, .want = REPORT},
        {1, TICK, .want = FENCED}, {2, PROVEN, .want = WEIGHT | REPORT, .weight = -100}, {3, TICK}}},
    {"a read-only server is left alone", SINGLE, {{0, STARTED}, {1, READ_RO, .want = REPORT}, {500, TICK}}},
    {"dual: a writable server is left alone", DUAL, {{0, STARTED}, {1, READ_RW, .want = REPORT}, {500, TICK}}},
    {"dual: but a fence that is asked for is done", DUAL, {{0, STARTED}, {1, FENCE, .want = FENCED}}},
    {"armed in time, writable is right", SINGLE, {{0, STARTED}, {1, ARM, 1, 2000, .want = TAKE},
        {2, READ_RW, .want = REPORT}, {500, TICK}, {1999, TICK}}},
    {"the deadline passes", SINGLE, {{0, STARTED}, {0, ARM, 1, 2000, .want = TAKE}, {2000, TICK, .want = FENCED},
        {2001, TICK}, {2003, PROVEN, .want = WEIGHT | REPORT, .weight = -100}, {2004, TICK}}},
    {"a renewal moves the deadline", SINGLE, {{0, STARTED}, {0, ARM, 1, 2000, .want = TAKE},
        {250, ARM, 1, 2000, .want = TAKE}, {2000, TICK}, {2250, TICK, .want = FENCED}}},
    {"an ARM without a renewal leaves the lock alone", SINGLE, {{0, STARTED}, {0, ARM, 1, 2000, OLD}}},
    {"a deadline beyond now + L is clamped", SINGLE, {{0, STARTED}, {0, ARM, 1, 60000, OLD}, {2999, TICK},
        {3000, TICK, .want = FENCED}}},
    {"an earlier deadline is obeyed", SINGLE, {{0, STARTED}, {0, ARM, 1, 2000, OLD}, {100, ARM, 1, 500, OLD},
        {600, TICK, .want = FENCED}}},
    {"an armed child may even arm the past", SINGLE, {{0, STARTED}, {0, ARM, 1, 2000, OLD}, {100, ARM, 1, -50, OLD},
        {100, TICK, .want = FENCED}}},
    {"a first ARM whose deadline has passed is refused", SINGLE, {{0, STARTED}, {0, ARM, 1, 0, .want = REFUSE}, {1, TICK}}},
    {"no ARM during a fence", SINGLE, {{0, STARTED}, {0, ARM, 1, 100, OLD}, {100, TICK, .want = FENCED},
        {101, ARM, 1, 2000, .want = REFUSE}, {102, PREPARE, 2, .want = REFUSE}}},
    {"a fenced epoch is over", SINGLE, {{0, STARTED}, {0, ARM, 3, 100, OLD}, {100, TICK, .want = FENCED},
        {101, PROVEN, .want = WEIGHT | REPORT, .weight = -100}, {102, ARM, 3, 2000, .want = REFUSE},
        {103, ARM, 1, 2000, .want = REFUSE}, {104, PREPARE, 3, .want = REFUSE},
        {105, PREPARE, 5, .want = TAKE}, {106, ARM, 5, 2000, OLD}}},
    {"an older epoch than the armed one is refused", SINGLE, {{0, STARTED}, {0, ARM, 5, 2000, OLD},
        {1, ARM, 3, 2000, .want = REFUSE}}},
    {"DISARM ends the term and frees the lock", SINGLE, {{0, STARTED}, {0, ARM, 1, 2000, .want = TAKE},
        {5, LOCK_HELD, .want = REPORT}, {100, READ_RO, .want = REPORT}, {100, DISARM, .want = RELEASE}, {3000, TICK}}},
    {"a reading from before DISARM does not count", SINGLE, {{0, STARTED}, {0, ARM, 1, 2000, OLD},
        {99, READ_RW, .want = REPORT}, {100, DISARM, .want = RELEASE}, {100, TICK}, {101, READ_RW},
        {101, TICK, .want = FENCED}}},
    {"somebody makes a standby writable", SINGLE, {{0, STARTED}, {1, READ_RO, .want = REPORT}, {250, READ_RW, .want = REPORT},
        {250, TICK, .want = FENCED}, {252, READ_RO, .want = REPORT},
        {252, PROVEN, .want = WEIGHT | REPORT, .weight = -100}}},
    {"PREPARE keeps the lock for L", SINGLE, {{0, STARTED}, {0, PREPARE, 2, .want = TAKE}, {1, LOCK_HELD, .want = REPORT},
        {2999, TICK}, {3000, TICK, .want = RELEASE}, {3001, TICK}}},
    {"PREPARE under a term leaves its lock alone", SINGLE, {{0, STARTED}, {0, ARM, 2, 2000, .want = TAKE},
        {1, LOCK_HELD, .want = REPORT}, {1000, LOCK_GONE, .want = REPORT}, {1001, PREPARE, 2, .want = REFUSE}}},
    {"PREPARE then ARM keeps it", SINGLE, {{0, STARTED}, {0, PREPARE, 2, .want = TAKE},
        {1, LOCK_HELD, .want = REPORT}, {2000, ARM, 2, 2000, .want = TAKE}, {3000, TICK}}},
    {"an unproven fence is tried again", SINGLE, {{0, STARTED}, {0, ARM, 1, 100, VIP | OLD, .want = 0},
        {100, TICK, .want = FENCED}, {1100, UNPROVEN, .want = WEIGHT, .weight = -100}, {1200, TICK},
        {1350, TICK, .want = AGAIN}, {1360, TICK},
        {1400, PROVEN, .want = WEIGHT | REPORT, .weight = -254}}},
    {"the peer can take the VIP: -254 for two seconds", SINGLE, {{0, STARTED}, {0, ARM, 1, 100, VIP | OLD},
        {100, TICK, .want = FENCED}, {101, PROVEN, .want = WEIGHT | REPORT, .weight = -254}, {2100, TICK},
        {2101, TICK, .want = WEIGHT, .weight = -100}, {9000, TICK}}},
    {"a child that speaks again owns the weight", SINGLE, {{0, STARTED}, {0, ARM, 1, 100, VIP | OLD}, {100, TICK, .want = FENCED},
        {101, PROVEN, .want = WEIGHT | REPORT, .weight = -254}, {102, HELLO, .want = REPORT}, {9000, TICK}}},
    {"a silent server under a writer is killed", SINGLE, {{0, STARTED}, {0, ARM, 1, 2500, OLD, .want = 0}, {250, ASKED},
        {500, TICK}, {750, TICK}, {1000, TICK}, {1249, TICK}, {1250, TICK, .want = FENCED | SIGKILL_FIRST}}},
    {"unless killing is not allowed", NO_KILL, {{0, STARTED}, {0, ARM, 1, 2500, OLD}, {250, ASKED},
        {400, TICK}, {850, TICK}, {1250, TICK, .want = FENCED}}},
    {"silence from before the term counts from its start", SINGLE, {{0, STARTED}, {0, ASKED}, {300, TICK}, {700, TICK},
        {900, ARM, 1, 2500, OLD}, {1100, TICK}, {1500, TICK}, {1899, TICK}, {1900, TICK, .want = FENCED | SIGKILL_FIRST}}},
    {"an unproven fence is tried less often, but at once when the server answers", SINGLE, {{0, STARTED}, {0, ARM, 1, 100, OLD},
        {100, TICK, .want = FENCED}, {200, UNPROVEN, .want = WEIGHT, .weight = -100}, {450, TICK, .want = AGAIN},
        {500, UNPROVEN, .want = WEIGHT, .weight = -100}, {999, TICK}, {1000, TICK, .want = AGAIN},
        {1100, UNPROVEN, .want = WEIGHT, .weight = -100}, {1300, READ_RW, .want = REPORT}, {1300, TICK, .want = AGAIN}}},
    {"a short hang is nothing", SINGLE, {{0, STARTED}, {0, ARM, 1, 2500, OLD}, {250, ASKED}, {750, TICK}, {1200, ANSWERED},
        {1250, TICK}, {1300, ASKED}, {1700, TICK}, {2200, TICK}}},
    {"silence of a standby is nothing", SINGLE, {{0, STARTED}, {250, ASKED}, {700, TICK}, {1200, TICK}, {1700, TICK}}},
    {"our own sleep is no silence", SINGLE, {{0, STARTED}, {0, ARM, 1, 2900, OLD}, {200, ASKED}, {250, TICK},
        {1800, TICK}, {2200, TICK}, {2700, TICK}, {2800, TICK, .want = FENCED | SIGKILL_FIRST}}},
    {"silence of a dead server is nothing", SINGLE, {{0, STARTED}, {0, SERVER_UP, .want = REPORT}, {0, ARM, 1, 2500, OLD},
        {200, SERVER_DIED, .want = REPORT}, {250, ASKED}, {700, TICK}, {1200, TICK}, {1700, TICK}}},
    {"an armed child that crashes is restarted at once", SINGLE, {{0, STARTED}, {0, ARM, 1, 2000, OLD}, {500, DIED},
        {500, TICK, .want = CHILD}, {501, STARTED}, {502, HELLO, .want = REPORT}, {510, ARM, 1, 2000, OLD}, {2400, TICK}}},
    {"and with a short back-off when it crashes again", SINGLE, {{0, STARTED}, {0, ARM, 1, 2900, OLD}, {500, DIED},
        {500, TICK, .want = CHILD}, {500, STARTED}, {510, DIED}, {550, TICK}, {610, TICK, .want = CHILD}, {610, STARTED},
        {620, DIED}, {819, TICK}, {820, TICK, .want = CHILD}, {820, STARTED}, {830, DIED}, {1079, TICK},
        {1080, TICK, .want = CHILD}}},
    {"its deadline goes on without it", SINGLE, {{0, STARTED}, {0, ARM, 1, 1000, VIP | OLD}, {500, DIED},
        {500, TICK, .want = CHILD}, {500, STARTED}, {1000, TICK, .want = FENCED},
        {1001, PROVEN, .want = WEIGHT | REPORT, .weight = -254}}},
    {"an unarmed child that crashes makes the node unfit", SINGLE, {{0, STARTED},
        {500, DIED, .want = WEIGHT, .weight = -100}, {599, TICK}, {600, TICK, .want = CHILD}}},
    {"a server's death with nobody to tell", SINGLE, {{0, STARTED}, {0, SERVER_UP, .want = REPORT}, {0, ARM, 1, 2000, VIP | OLD},
        {10, DIED}, {11, TICK, .want = CHILD}, {12, SERVER_DIED, .want = REPORT | WEIGHT, .weight = -254}}},
    {"a server's death is the child's to handle", SINGLE, {{0, STARTED}, {0, SERVER_UP, .want = REPORT},
        {0, ARM, 1, 2000, VIP | OLD}, {12, SERVER_DIED, .want = REPORT}, {13, TICK}}},
    {"a lock that is lost on a renewal's credit is taken again", SINGLE, {{0, STARTED},
        {0, ARM, 1, 2000, .want = TAKE}, {1, LOCK_HELD, .want = REPORT},
        {200, LOCK_GONE, .want = REPORT | TAKE}, {300, LOCK_HELD, .want = REPORT}, {450, LOCK_GONE, .want = REPORT}}},
    {"a hung server answers late: the lock goes", SINGLE, {{0, STARTED}, {0, ARM, 1, 2000, .want = TAKE},
        {700, LOCK_HELD, .want = REPORT}, {700, TICK}, {949, TICK}, {950, TICK, .want = RELEASE | REPORT}, {951, TICK}}},
    {"unless a newer renewal makes it young enough", SINGLE, {{0, STARTED}, {0, ARM, 1, 2000, .want = TAKE},
        {700, LOCK_HELD, .want = REPORT}, {710, ARM, 1, 2000, .want = TAKE}, {950, TICK}, {960, TICK}}},
    {"a PREPARE from long after the renewal does not serve its term", SINGLE, {{0, STARTED}, {0, PREPARE, 2, .want = TAKE},
        {1, LOCK_HELD, .want = REPORT}, {2, PREPARE, 2, .want = TAKE}, {3, LOCK_HELD}, {4, ARM, 2, 2000, OLD},
        {5, LOCK_HELD}, {200, TICK}, {255, TICK, .want = RELEASE | REPORT}}},
    {"a lock that another took is reported", SINGLE, {{0, STARTED}, {0, ARM, 1, 2000, .want = TAKE},
        {1, LOCK_HELD, .want = REPORT}, {250, LOCK_TAKEN, .want = REPORT}}},
    {"stopping unarmed", SINGLE, {{0, STARTED}, {0, STOP}, {1, TICK},
        {50, DIED, .want = WEIGHT, .weight = -100}, {50, TICK, .want = LEAVE}}},
    {"stopping armed: waits for DISARM", SINGLE, {{0, STARTED}, {0, ARM, 1, 2000, OLD}, {100, STOP}, {101, TICK},
        {300, DISARM, .want = RELEASE}, {301, TICK}, {310, DIED, .want = WEIGHT, .weight = -100}, {310, TICK, .want = LEAVE}}},
    {"stopping armed: or for the deadline", SINGLE, {{0, STARTED}, {0, ARM, 1, 2000, OLD}, {100, STOP}, {2000, TICK, .want = FENCED},
        {2001, PROVEN, .want = WEIGHT | REPORT, .weight = -100}, {2002, TICK}, {3100, TICK, .want = REAP}, {3101, TICK},
        {3102, DIED, .want = WEIGHT, .weight = -100}, {3102, TICK, .want = LEAVE}}},
    {"a stopping fencer starts no child", SINGLE, {{0, STARTED}, {0, ARM, 1, 1000, OLD}, {1, STOP}, {2, DIED}, {3, TICK},
        {1000, TICK, .want = FENCED}, {1001, PROVEN, .want = WEIGHT | REPORT, .weight = -100}, {1001, TICK, .want = LEAVE}}},
};
/* clang-format on */

static const struct fencer_rules all_rules[] = {
    [SINGLE] = {3000, 250, 1000, 1000, true, true, 500, 50},
    [NO_KILL] = {3000, 250, 1000, 1000, true, false, 500, 50},
    [DUAL] = {3000, 250, 1000, 1000, false, true, 500, 50},
};

static void observe(struct fencer_logic *l, const struct line *line, int64_t now_us, struct fencer_todo *todo)
{
    struct fencer_server s = l->server;
    if (line->event == READ_RW || line->event == READ_RO) {
        s.read_only = tri_from(line->event == READ_RO);
        s.read_us = now_us;
    } else {
        s.alive = tri_from(line->event == SERVER_UP);
        s.pid = line->event == SERVER_UP ? s.pid + 1 : s.pid;
    }
    fencer_logic_observe(l, &s, todo);
}

static void tell(struct fencer_logic *l, const struct fencer_rules *r, const struct line *line,
                 int64_t now_us, struct fencer_todo *todo)
{
    /* clang-format off */
    struct fencer_arm_order arm = {(uint64_t)line->a, now_us + CLOCK_MS(line->b), 3, (line->flags & VIP) != 0,
                                   now_us - (line->flags & OLD ? CLOCK_MS(450) : 0)};
    switch (line->event) {
    case STARTED: fencer_logic_child_started(l, now_us); break;
    case DIED: fencer_logic_child_ended(l, now_us, todo); break;
    case HELLO: fencer_logic_hello(l, todo); break;
    case PREPARE: fencer_logic_prepare(l, r, now_us, (uint64_t)line->a, todo); break;
    case ARM: fencer_logic_arm(l, r, now_us, &arm, todo); break;
    case DISARM: fencer_logic_disarm(l, now_us, todo); break;
    case FENCE: fencer_logic_fence(l, "asked", todo); break;
    case TICK: fencer_logic_tick(l, r, now_us, todo); break;
    case ASKED: fencer_logic_asked(l, now_us); break;
    case ANSWERED: fencer_logic_answered(l); break;
    case LOCK_HELD: fencer_logic_lock(l, r, now_us, now_us, true, todo); break;
    case LOCK_TAKEN: fencer_logic_lock(l, r, now_us, now_us, false, todo); break;
    case LOCK_GONE: fencer_logic_lock_lost(l, r, now_us, todo); break;
    case PROVEN: fencer_logic_fenced(l, now_us, true, todo); break;
    case UNPROVEN: fencer_logic_fenced(l, now_us, false, todo); break;
    case STOP: fencer_logic_stop(l, r, now_us); break;
    default: observe(l, line, now_us, todo); break;
    }
    /* clang-format on */
}

static void run(const struct script *s)
{
    struct fencer_logic l;
    fencer_logic_init(&l, CLOCK_MS(START_MS));
    for (const struct line *line = s->lines; line < s->lines + LINES_MAX && line->event; line++) {
        struct fencer_todo todo = {0};
        int64_t now_us = CLOCK_MS(START_MS + line->at_ms);
        int64_t next_us = fencer_logic_next_us(&l, &all_rules[s->rules]);
        tell(&l, &all_rules[s->rules], line, now_us, &todo);
        if (todo.what != line->want || todo.weight != line->weight)
            fail_msg("%s: at %d ms got 0x%x weight %d, want 0x%x weight %d (%s)", s->name, line->at_ms,
                     todo.what, todo.weight, line->want, line->weight, todo.reason ? todo.reason : "");
        if (line->event == TICK && todo.what && line->at_ms && (next_us == 0 || next_us > now_us) &&
            !(todo.what & (FENCER_DO_EXIT | FENCER_DO_FENCE)))
            fail_msg("%s: at %d ms something was due that no timer waited for", s->name, line->at_ms);
    }
}

static void scripted(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(scripts); i++)
        run(&scripts[i]);
}

/* Whatever the child says: once armed, nothing but DISARM or a fence's proof ends the watch, and the deadline
 * is never later than now + L. */
static void never_forgets(void **state)
{
    const struct fencer_rules *r = &all_rules[SINGLE];
    unsigned seed = 1;
    (void)state;
    for (int round = 0; round < 2000; round++) {
        struct fencer_logic l;
        int64_t now_us = CLOCK_MS(START_MS);
        fencer_logic_init(&l, now_us);
        for (int i = 0; i < 60; i++) {
            static const enum event events[] = {ARM,      ARM,     ARM,   HELLO,    PREPARE,   DIED,
                                                STARTED,  TICK,    TICK,  FENCE,    DISARM,    PROVEN,
                                                UNPROVEN, READ_RO, ASKED, ANSWERED, LOCK_GONE, STOP};
            seed = seed * 1103515245u + 12345u;
            struct line line = {0, events[(seed >> 16) % COUNT(events)], (int)((seed >> 8) % 4),
                                (int)((seed >> 4) % 4000) - 200};
            bool armed = fencer_logic_is_armed(&l);
            bool fencing = l.fencing;
            struct fencer_todo todo = {0};
            if (line.event == PROVEN && !fencing)
                continue;
            tell(&l, r, &line, now_us, &todo);
            assert_true(l.term.deadline_us <= now_us + CLOCK_MS(r->lease_ms));
            if (armed && line.event != DISARM && line.event != PROVEN)
                assert_true(fencer_logic_is_armed(&l));
            if (fencing && line.event != PROVEN)
                assert_true(l.fencing);
            if (line.event == TICK && fencer_logic_is_armed(&l) && now_us >= l.term.deadline_us)
                assert_true(l.fencing);
            if (todo.what & FENCER_DO_EXIT)
                assert_false(fencer_logic_is_armed(&l) || l.fencing);
            now_us += CLOCK_MS((seed >> 12) % 300);
        }
    }
}

static struct fencer_arm_order order_of(int64_t deadline_us, int64_t renewed_us)
{
    return (struct fencer_arm_order){.epoch = 1, .deadline_us = deadline_us, .renewed_us = renewed_us};
}

/* The dead-man's switch counts from the last statement on the lock's session, who takes over from the renewal
 * and waits takeover_delay more. What lay in the socket, or in a server that hung, counts from when it left.
 */
static void lock_rests_on_the_renewal(void **state)
{
    const struct fencer_rules *r = &all_rules[SINGLE];
    const int64_t start_us = CLOCK_MS(START_MS), limit_us = start_us + CLOCK_MS(450);
    const struct fencer_arm_order order = order_of(start_us + CLOCK_MS(1900), start_us);
    (void)state;
    for (int late_us = 0; late_us <= 1; late_us++) {
        struct fencer_logic l;
        struct fencer_todo todo = {0};
        fencer_logic_init(&l, start_us);
        fencer_logic_arm(&l, r, limit_us - 1 + late_us, &order, &todo);
        assert_int_equal(todo.what & FENCER_DO_TAKE_LOCK ? 1 : 0, !late_us);
        assert_int_equal(fencer_logic_lock_limit_us(&l, r), limit_us);
        fencer_logic_lock(&l, r, limit_us + late_us, limit_us - 1, true, &todo);
        assert_int_equal(fencer_logic_write_lock(&l, r, limit_us + late_us), late_us ? TRI_UNKNOWN : TRI_YES);
    }
}

static void renewal_is_never_of_the_future(void **state)
{
    const struct fencer_rules *r = &all_rules[SINGLE];
    const struct fencer_arm_order order = order_of(CLOCK_MS(START_MS + 1900), INT64_MAX);
    struct fencer_logic l;
    struct fencer_todo todo = {0};
    (void)state;
    fencer_logic_init(&l, CLOCK_MS(START_MS));
    fencer_logic_arm(&l, r, CLOCK_MS(START_MS), &order, &todo);
    assert_int_equal(fencer_logic_lock_limit_us(&l, r), CLOCK_MS(START_MS + 450));
}

/* A time that has passed, and that nothing is done about, would wake the fencer without end. */
static void stopping_and_fencing_sleeps(void **state)
{
    const struct fencer_rules *r = &all_rules[SINGLE];
    struct fencer_logic l;
    struct fencer_todo todo = {0};
    int64_t now_us = CLOCK_MS(100000);
    (void)state;
    fencer_logic_init(&l, now_us);
    fencer_logic_child_started(&l, now_us);
    fencer_logic_stop(&l, r, now_us);
    fencer_logic_fence(&l, "asked for", &todo);
    now_us += CLOCK_MS(2 * r->lease_ms);
    fencer_logic_tick(&l, r, now_us, &todo);
    assert_int_equal(fencer_logic_next_us(&l, r), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(scripted), cmocka_unit_test(never_forgets),
                                       cmocka_unit_test(lock_rests_on_the_renewal),
                                       cmocka_unit_test(renewal_is_never_of_the_future),
                                       cmocka_unit_test(stopping_and_fencing_sleeps)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
