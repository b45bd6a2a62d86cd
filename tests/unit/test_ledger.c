/* The loss ledger: what it keeps, the bound and the gate, as named cases. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/clock.h"
#include "model/ledger.h"

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))
#define SELF         0
#define PEER         1
#define SEEN         CLOCK_MS(1000000)

static struct gtid_set set_of(const char *text)
{
    struct gtid_set set = {0};
    struct err e;
    if (text != NULL && strcmp(text, "unknown") != 0 && !gtid_set_parse(&set, text, &e))
        fail_msg("%s", e.text);
    return set;
}

static void assert_set(const char *name, const struct gtid_set *set, const char *want)
{
    char text[GTID_TEXT_MAX];
    if (strcmp(gtid_set_format(set, text, sizeof text), want) != 0)
        fail_msg("%s: got '%s', want '%s'", name, text, want);
}

/* ---- what is kept ---- */

enum what { END = 0, SAW, FINAL, RECEIVED, FORGET };

struct event {
    enum what what;
    const char *pos;
    int node;
    uint64_t epoch;
    int64_t at_ms; /* after SEEN */
};

static void feed(struct ledger *l, const struct event *e)
{
    struct gtid_set pos = set_of(e->pos);
    switch (e->what) {
    case SAW:
        ledger_saw_writer(l, e->node, e->epoch, &pos, SEEN + CLOCK_MS(e->at_ms));
        break;
    case FINAL:
        ledger_saw_final(l, e->node, e->epoch, &pos, SEEN + CLOCK_MS(e->at_ms));
        break;
    case RECEIVED:
        ledger_saw_received(l, &pos);
        break;
    case FORGET:
        ledger_forget_received(l, &pos);
        break;
    case END:
        break;
    }
}

/* clang-format off */
static const struct keep_case {
    const char *name;
    struct event events[4];
    const char *pos;
    int node;
    uint64_t epoch;
    int64_t seen_ms;
    bool final;
    const char *received;
} keep_cases[] = {
    {"nothing", {{END}}, "unknown", 0, 0, -1, false, "unknown"},
    {"a sample", {{SAW, "0-2-5", PEER, 4, 10}}, "0-2-5", PEER, 4, 10, false, "unknown"},
    {"a later one", {{SAW, "0-2-5", PEER, 4, 10}, {SAW, "0-2-6", PEER, 4, 20}}, "0-2-6", PEER, 4, 20, false,
     "unknown"},
    {"an answer out of order", {{SAW, "0-2-6", PEER, 4, 20}, {SAW, "0-2-5", PEER, 4, 10}}, "0-2-6", PEER, 4,
     20, false, "unknown"},
    {"unknown is no sample", {{SAW, "0-2-6", PEER, 4, 20}, {SAW, "unknown", PEER, 4, 30}}, "0-2-6", PEER, 4,
     20, false, "unknown"},
    {"a new term replaces", {{SAW, "0-2-9", PEER, 4, 20}, {SAW, "0-1-8", SELF, 5, 30}}, "0-1-8", SELF, 5,
     30, false, "unknown"},
    {"a new term of the same node replaces", {{SAW, "0-2-9", PEER, 4, 20}, {SAW, "0-2-8", PEER, 6, 30}},
     "0-2-8", PEER, 6, 30, false, "unknown"},
    {"an old term does not", {{SAW, "0-1-8", SELF, 5, 30}, {SAW, "0-2-9", PEER, 4, 40}}, "0-1-8", SELF, 5,
     30, false, "unknown"},
    {"a final position", {{SAW, "0-2-5", PEER, 4, 10}, {FINAL, "0-2-6", PEER, 4, 20}}, "0-2-6", PEER, 4, 20,
     true, "unknown"},
    {"stays final when seen again", {{FINAL, "0-2-6", PEER, 4, 20}, {SAW, "0-2-6", PEER, 4, 30}}, "0-2-6",
     PEER, 4, 30, true, "unknown"},
    {"is not final if more came", {{FINAL, "0-2-6", PEER, 4, 20}, {SAW, "0-2-7", PEER, 4, 30}}, "0-2-7",
     PEER, 4, 30, false, "unknown"},
    {"is not final in a new term", {{FINAL, "0-2-6", PEER, 4, 20}, {SAW, "0-2-6", PEER, 6, 30}}, "0-2-6",
     PEER, 6, 30, false, "unknown"},
    {"another node's word on the same term replaces", {{SAW, "0-2-9", PEER, 0, 20}, {SAW, "0-1-8", SELF, 0,
     30}}, "0-1-8", SELF, 0, 30, false, "unknown"},
    {"is not final in a new term without a transaction", {{FINAL, "0-2-6", PEER, 4, 20}, {SAW, "", PEER, 6,
     30}}, "", PEER, 6, 30, false, "unknown"},
    {"a new term has its own time", {{SAW, "0-2-6", PEER, 4, 40}, {SAW, "0-2-7", PEER, 6, 30}}, "0-2-7",
     PEER, 6, 30, false, "unknown"},
    {"received rises", {{RECEIVED, "0-2-6"}, {RECEIVED, "0-2-8"}}, "unknown", 0, 0, -1, false, "0-2-8"},
    {"received survives a restart's empty position", {{RECEIVED, "0-2-6"}, {RECEIVED, ""}}, "unknown", 0, 0,
     -1, false, "0-2-6"},
    {"received survives an unknown one", {{RECEIVED, "0-2-6"}, {RECEIVED, "unknown"}}, "unknown", 0, 0, -1,
     false, "0-2-6"},
    {"received survives a new term", {{RECEIVED, "0-2-9"}, {SAW, "0-1-8", SELF, 5, 30}}, "0-1-8", SELF, 5,
     30, false, "0-2-9"},
    {"forgotten on purpose", {{RECEIVED, "0-2-9"}, {FORGET, "0-2-7"}}, "unknown", 0, 0, -1, false, "0-2-7"},
};
/* clang-format on */

static void keeps(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(keep_cases); i++) {
        const struct keep_case *c = &keep_cases[i];
        struct ledger l = {0};
        for (size_t k = 0; k < COUNT(c->events); k++)
            feed(&l, &c->events[k]);
        assert_set(c->name, &l.writer_pos, c->pos);
        assert_set(c->name, &l.received, c->received);
        int64_t seen_us = c->seen_ms < 0 ? 0 : SEEN + CLOCK_MS(c->seen_ms);
        if (l.writer_node != c->node || l.writer_epoch != c->epoch || l.writer_seen_us != seen_us ||
            l.writer_final != c->final)
            fail_msg("%s: node %d, epoch %lu, seen %ld, final %d", c->name, l.writer_node,
                     (unsigned long)l.writer_epoch, (long)(l.writer_seen_us - SEEN), l.writer_final);
    }
}

static void is_dirty_until_flushed(void **state)
{
    struct ledger l = {0};
    (void)state;
    assert_false(ledger_dirty(&l));
    feed(&l, &(struct event){SAW, "0-2-5", PEER, 4, 10});
    assert_true(ledger_dirty(&l));
    uint64_t written = l.revision;
    feed(&l, &(struct event){RECEIVED, "0-2-5"});
    ledger_flushed(&l, written); /* it changed while it was being written */
    assert_true(ledger_dirty(&l));
    ledger_flushed(&l, l.revision);
    ledger_flushed(&l, written); /* an older write that ends late */
    assert_false(ledger_dirty(&l));
    feed(&l, &(struct event){RECEIVED, "0-2-4"});
    assert_false(ledger_dirty(&l));
    feed(&l, &(struct event){RECEIVED, "unknown"});
    assert_false(ledger_dirty(&l));
    feed(&l, &(struct event){FORGET, "0-2-4"});
    assert_true(ledger_dirty(&l));
}

/* ---- the bound and the gate: one lost at most, one second unseen ---- */

#define CERT(epoch_, file_, size_)                                                                           \
    {                                                                                                        \
        true, PEER, epoch_, file_, size_                                                                     \
    }

/* clang-format off */
static const struct bound_case {
    const char *name;
    struct event events[3];
    const char *applied, *received;
    bool drained;
    int64_t now_ms, until_ms; /* after SEEN; 0 = until now */
    bool until_proven, restored;
    uint64_t term_epoch;
    struct loss_certificate certificate;
    const char *read_file;
    uint64_t read_pos;
    const char *sentence;
    enum loss_verdict verdict;
} bound_cases[] = {
    {.name = "nothing known", .applied = "0-2-5", .now_ms = 100,
     .sentence = "known lost: unknown; unseen for an unknown time", .verdict = LOSS_UNKNOWN},
    {.name = "own position unknown", .events = {{SAW, "0-2-5", PEER, 4, 0}}, .applied = "unknown",
     .received = "0-2-5", .now_ms = 100, .sentence = "known lost: unknown; unseen at most 100 ms",
     .verdict = LOSS_UNKNOWN},
    {.name = "all that was seen is here", .events = {{SAW, "0-2-5", PEER, 4, 0}}, .applied = "0-2-5",
     .drained = true, .now_ms = 180, .sentence = "known lost 0 transactions; unseen at most 180 ms",
     .verdict = LOSS_OK},
    {.name = "to the limit", .events = {{SAW, "0-2-5", PEER, 4, 0}}, .applied = "0-2-4", .drained = true,
     .now_ms = 1000, .sentence = "known lost 1 transaction; unseen at most 1000 ms", .verdict = LOSS_OK},
    {.name = "one beyond the limit of loss", .events = {{SAW, "0-2-5", PEER, 4, 0}}, .applied = "0-2-3",
     .drained = true, .now_ms = 100, .sentence = "known lost 2 transactions; unseen at most 100 ms",
     .verdict = LOSS_KNOWN},
    {.name = "beyond the limit of time", .events = {{SAW, "0-2-5", PEER, 4, 0}}, .applied = "0-2-5",
     .drained = true, .now_ms = 1001, .sentence = "known lost 0 transactions; unseen at most 1001 ms",
     .verdict = LOSS_UNSEEN},
    {.name = "minutes", .events = {{SAW, "0-2-5", PEER, 4, 0}}, .applied = "0-2-5", .drained = true,
     .now_ms = 90001, .sentence = "known lost 0 transactions; unseen at most 91 s", .verdict = LOSS_UNSEEN},
    {.name = "received counts before the drain", .events = {{SAW, "0-2-9", PEER, 4, 0}}, .applied = "0-2-3",
     .received = "0-2-9", .now_ms = 100, .sentence = "known lost 0 transactions; unseen at most 100 ms",
     .verdict = LOSS_OK},
    {.name = "and not after it", .events = {{SAW, "0-2-5", PEER, 4, 0}}, .applied = "0-2-3",
     .received = "0-2-9", .drained = true, .now_ms = 100,
     .sentence = "known lost 6 transactions; unseen at most 100 ms", .verdict = LOSS_KNOWN},
    {.name = "received once, then the relay log was lost",
     .events = {{SAW, "0-2-5", PEER, 4, 0}, {RECEIVED, "0-2-8"}}, .applied = "0-2-5", .received = "",
     .now_ms = 100, .sentence = "known lost 3 transactions; unseen at most 100 ms", .verdict = LOSS_KNOWN},
    {.name = "received once, the writer never seen", .events = {{RECEIVED, "0-2-8"}}, .applied = "0-2-5",
     .now_ms = 100, .sentence = "known lost at least 3 transactions; unseen for an unknown time",
     .verdict = LOSS_KNOWN},
    {.name = "the other side of a fork", .events = {{SAW, "0-2-5", PEER, 4, 0}, {SAW, "0-2-7", PEER, 4, 0}},
     .applied = "0-1-7", .drained = true, .now_ms = 0,
     .sentence = "known lost 1 transaction; unseen at most 0 ms", .verdict = LOSS_OK},
    {.name = "two domains", .events = {{SAW, "1-1-4,2-2-5", PEER, 4, 0}}, .applied = "1-1-3,2-2-3",
     .drained = true, .now_ms = 1, .sentence = "known lost 3 transactions; unseen at most 1 ms",
     .verdict = LOSS_KNOWN},
    {.name = "closed: the age stops there", .events = {{SAW, "0-2-5", PEER, 4, 0}}, .applied = "0-2-5",
     .drained = true, .now_ms = 30000, .until_ms = 200, .until_proven = true,
     .sentence = "known lost 0 transactions; unseen at most 200 ms", .verdict = LOSS_OK},
    {.name = "last heard of: an estimate", .events = {{SAW, "0-2-5", PEER, 4, 0}}, .applied = "0-2-5",
     .drained = true, .now_ms = 3000, .until_ms = 200,
     .sentence = "known lost 0 transactions; unseen an estimated 200 ms, and unheard of for 2800 ms since",
     .verdict = LOSS_OK},
    {.name = "seen after it was closed", .events = {{SAW, "0-2-5", PEER, 4, 500}}, .applied = "0-2-5",
     .drained = true, .now_ms = 3000, .until_ms = 200, .until_proven = true,
     .sentence = "known lost 0 transactions; unseen at most 0 ms", .verdict = LOSS_OK},
    {.name = "seen in the future: the clock is another", .events = {{SAW, "0-2-5", PEER, 4, 500}},
     .applied = "0-2-5", .drained = true, .now_ms = 499,
     .sentence = "known lost 0 transactions; unseen for an unknown time", .verdict = LOSS_UNSEEN},
    {.name = "final position", .events = {{FINAL, "0-2-5", PEER, 4, 0}}, .applied = "0-2-5", .drained = true,
     .now_ms = 90000, .sentence = "known lost 0 transactions; nothing unseen", .verdict = LOSS_OK},
    {.name = "final position, not reached", .events = {{FINAL, "0-2-5", PEER, 4, 0}}, .applied = "0-2-3",
     .drained = true, .now_ms = 10, .sentence = "known lost 2 transactions; nothing unseen",
     .verdict = LOSS_KNOWN},
    {.name = "we were the writer", .events = {{SAW, "0-1-5", SELF, 5, 0}}, .applied = "0-1-6",
     .drained = true, .now_ms = 90000, .sentence = "known lost 0 transactions; nothing unseen",
     .verdict = LOSS_OK},
    {.name = "we were, and lost the end in a crash", .events = {{SAW, "0-1-9", SELF, 5, 0}},
     .applied = "0-1-6", .drained = true, .now_ms = 90000,
     .sentence = "known lost 3 transactions; nothing unseen", .verdict = LOSS_KNOWN},
    {.name = "a term that was never seen", .events = {{SAW, "0-1-5", SELF, 5, 0}}, .applied = "0-1-5",
     .drained = true, .now_ms = 100, .term_epoch = 6,
     .sentence = "known lost at least 0 transactions; unseen for an unknown time", .verdict = LOSS_UNKNOWN},
    {.name = "final in a term before the last", .events = {{FINAL, "0-2-5", PEER, 4, 0}}, .applied = "0-2-5",
     .drained = true, .now_ms = 100, .term_epoch = 6,
     .sentence = "known lost at least 0 transactions; unseen for an unknown time", .verdict = LOSS_UNKNOWN},
    {.name = "the term that was seen", .events = {{SAW, "0-2-5", PEER, 4, 0}}, .applied = "0-2-5",
     .drained = true, .now_ms = 100, .term_epoch = 4,
     .sentence = "known lost 0 transactions; unseen at most 100 ms", .verdict = LOSS_OK},
    {.name = "after a restart: the flush's second", .events = {{SAW, "0-2-5", PEER, 4, 0}},
     .applied = "0-2-5", .drained = true, .now_ms = 100, .restored = true,
     .sentence = "known lost 0 transactions; unseen at most 1100 ms", .verdict = LOSS_UNSEEN},
    {.name = "after a restart, a final position", .events = {{FINAL, "0-2-5", PEER, 4, 0}},
     .applied = "0-2-5", .drained = true, .now_ms = 100, .restored = true,
     .sentence = "known lost 0 transactions; nothing unseen", .verdict = LOSS_OK},
    {.name = "certificate, all received", .events = {{SAW, "0-2-5", PEER, 4, 0}}, .applied = "0-2-7",
     .received = "0-2-7", .drained = true, .now_ms = 90000, .certificate = CERT(4, "bin.7", 1234),
     .read_file = "bin.7", .read_pos = 1234, .sentence = "known lost 0 transactions; nothing unseen",
     .verdict = LOSS_OK},
    {.name = "certificate, all received, and more was seen: it waited for the disk",
     .events = {{SAW, "0-2-9", PEER, 4, 0}}, .applied = "0-2-7", .received = "0-2-7", .drained = true,
     .now_ms = 90000, .certificate = CERT(4, "bin.7", 1234), .read_file = "bin.7", .read_pos = 1234,
     .sentence = "known lost 0 transactions; nothing unseen", .verdict = LOSS_OK},
    {.name = "the same, read beyond its end: another log", .events = {{SAW, "0-2-9", PEER, 4, 0}},
     .applied = "0-2-7", .received = "0-2-7", .drained = true, .now_ms = 90000,
     .certificate = CERT(4, "bin.7", 1234), .read_file = "bin.7", .read_pos = 1300,
     .sentence = "known lost 2 transactions; nothing unseen", .verdict = LOSS_KNOWN},
    {.name = "the same, of an older term", .events = {{SAW, "0-2-9", PEER, 6, 0}}, .applied = "0-2-7",
     .received = "0-2-7", .drained = true, .now_ms = 180, .certificate = CERT(4, "bin.7", 1234),
     .read_file = "bin.7", .read_pos = 1234, .sentence = "known lost 2 transactions; unseen at most 180 ms",
     .verdict = LOSS_KNOWN},
    {.name = "certificate, bytes missing", .events = {{SAW, "0-2-5", PEER, 4, 0}}, .applied = "0-2-7",
     .received = "0-2-7", .drained = true, .now_ms = 180, .certificate = CERT(4, "bin.7", 1234),
     .read_file = "bin.7", .read_pos = 1000,
     .sentence = "known lost 0 transactions; unseen at most 180 ms, 234 bytes of its binary log",
     .verdict = LOSS_OK},
    {.name = "certificate, bytes missing for too long", .events = {{SAW, "0-2-5", PEER, 4, 0}},
     .applied = "0-2-7", .received = "0-2-7", .drained = true, .now_ms = 1180,
     .certificate = CERT(4, "bin.7", 1234), .read_file = "bin.7", .read_pos = 1000,
     .sentence = "known lost 0 transactions; unseen at most 1180 ms, 234 bytes of its binary log",
     .verdict = LOSS_UNSEEN},
    {.name = "certificate, all received but not applied", .events = {{SAW, "0-2-5", PEER, 4, 0}},
     .applied = "0-2-4", .received = "0-2-7", .drained = true, .now_ms = 90000,
     .certificate = CERT(4, "bin.7", 1234), .read_file = "bin.7", .read_pos = 1234,
     .sentence = "known lost 3 transactions; nothing unseen", .verdict = LOSS_KNOWN},
    {.name = "certificate, another file", .events = {{SAW, "0-2-5", PEER, 4, 0}}, .applied = "0-2-7",
     .received = "0-2-7", .drained = true, .now_ms = 180, .certificate = CERT(4, "bin.8", 300),
     .read_file = "bin.7", .read_pos = 1234, .sentence = "known lost 0 transactions; unseen at most 180 ms",
     .verdict = LOSS_OK},
    {.name = "certificate, no file", .events = {{SAW, "0-2-5", PEER, 4, 0}}, .applied = "0-2-7",
     .received = "0-2-7", .drained = true, .now_ms = 180, .certificate = CERT(4, "", 0), .read_file = "",
     .sentence = "known lost 0 transactions; unseen at most 180 ms", .verdict = LOSS_OK},
    {.name = "certificate of an older term", .events = {{SAW, "0-2-5", PEER, 6, 0}}, .applied = "0-2-7",
     .received = "0-2-7", .drained = true, .now_ms = 180, .certificate = CERT(4, "bin.7", 1234),
     .read_file = "bin.7", .read_pos = 1234, .sentence = "known lost 0 transactions; unseen at most 180 ms",
     .verdict = LOSS_OK},
    {.name = "certificate older than a term known elsewhere", .events = {{SAW, "0-2-5", PEER, 4, 0}},
     .applied = "0-2-7", .received = "0-2-7", .drained = true, .now_ms = 180, .term_epoch = 6,
     .certificate = CERT(4, "bin.7", 1234), .read_file = "bin.7", .read_pos = 1234,
     .sentence = "known lost at least 0 transactions; unseen for an unknown time", .verdict = LOSS_UNKNOWN},
    {.name = "certificate of a term never seen, all received", .events = {{SAW, "0-1-5", SELF, 5, 0}},
     .applied = "0-2-7", .received = "0-2-7", .drained = true, .now_ms = 90000,
     .certificate = CERT(6, "bin.7", 1234), .read_file = "bin.7", .read_pos = 1234,
     .sentence = "known lost 0 transactions; nothing unseen", .verdict = LOSS_OK},
    {.name = "certificate of a term never seen, bytes missing", .events = {{SAW, "0-1-5", SELF, 5, 0}},
     .applied = "0-2-7", .received = "0-2-7", .drained = true, .now_ms = 100,
     .certificate = CERT(6, "bin.7", 1234), .read_file = "bin.7", .read_pos = 1230,
     .sentence = "known lost at least 0 transactions; unseen for an unknown time, 4 bytes of its binary log",
     .verdict = LOSS_UNKNOWN},
    {.name = "certificate of this node", .events = {{SAW, "0-2-5", PEER, 4, 0}}, .applied = "0-2-7",
     .received = "0-2-7", .drained = true, .now_ms = 180, .certificate = {true, SELF, 4, "bin.7", 1234},
     .read_file = "bin.7", .read_pos = 1234, .sentence = "known lost 0 transactions; unseen at most 180 ms",
     .verdict = LOSS_OK},
    {.name = "certificate of this node, of a term never seen", .events = {{SAW, "0-2-5", PEER, 4, 0}},
     .applied = "0-2-7", .received = "0-2-7", .drained = true, .now_ms = 180,
     .certificate = {true, SELF, 5, "bin.7", 1234}, .read_file = "bin.7", .read_pos = 1234,
     .sentence = "known lost at least 0 transactions; unseen for an unknown time", .verdict = LOSS_UNKNOWN},
    {.name = "certificate, read beyond its end", .events = {{SAW, "0-2-5", PEER, 4, 0}}, .applied = "0-2-7",
     .received = "0-2-7", .drained = true, .now_ms = 90000, .certificate = CERT(4, "bin.7", 1234),
     .read_file = "bin.7", .read_pos = 1300, .sentence = "known lost 0 transactions; nothing unseen",
     .verdict = LOSS_OK},
    {.name = "certificate of a node that did not write", .events = {{SAW, "0-1-5", SELF, 4, 0}},
     .applied = "0-1-5", .received = "0-1-5", .drained = true, .now_ms = 180,
     .certificate = CERT(4, "bin.7", 1234), .read_file = "bin.7", .read_pos = 1000,
     .sentence = "known lost 0 transactions; nothing unseen", .verdict = LOSS_OK},
    {.name = "certificate, but the replica was restarted", .events = {{SAW, "0-2-5", PEER, 4, 0}},
     .applied = "0-2-7", .received = "", .drained = true, .now_ms = 180,
     .certificate = CERT(4, "bin.7", 1234), .read_file = "bin.7", .read_pos = 1234,
     .sentence = "known lost 0 transactions; unseen at most 180 ms", .verdict = LOSS_OK},
    {.name = "certificate after a restart", .events = {{SAW, "0-2-5", PEER, 4, 0}}, .applied = "0-2-7",
     .received = "0-2-7", .drained = true, .now_ms = 90000, .restored = true,
     .certificate = CERT(4, "bin.7", 1234), .read_file = "bin.7", .read_pos = 1234,
     .sentence = "known lost 0 transactions; nothing unseen", .verdict = LOSS_OK},
};
/* clang-format on */

static struct loss_bound bound_of(const struct bound_case *c)
{
    struct ledger l = {0};
    for (size_t k = 0; k < COUNT(c->events); k++)
        feed(&l, &c->events[k]);
    l.restored = c->restored;
    struct loss_question q = {.self = SELF,
                              .now_us = SEEN + CLOCK_MS(c->now_ms),
                              .until_us = c->until_ms ? SEEN + CLOCK_MS(c->until_ms) : 0,
                              .until_proven = c->until_proven,
                              .term_epoch = c->term_epoch,
                              .applied = set_of(c->applied),
                              .received = set_of(c->received),
                              .drained = c->drained,
                              .certificate = c->certificate,
                              .read_pos = c->read_pos};
    snprintf(q.read_file, sizeof q.read_file, "%s", c->read_file ? c->read_file : "");
    return ledger_bound(&l, &q);
}

static void bounds_and_judges(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(bound_cases); i++) {
        const struct bound_case *c = &bound_cases[i];
        struct loss_bound b = bound_of(c);
        char text[LEDGER_SENTENCE_MAX], why[LEDGER_SENTENCE_MAX];
        if (strcmp(loss_bound_format(&b, text, sizeof text), c->sentence) != 0)
            fail_msg("%s: '%s'", c->name, text);
        enum loss_verdict v = ledger_gate(&b, 1, CLOCK_MS(1000), false, why, sizeof why);
        if (v != c->verdict)
            fail_msg("%s: %s", c->name, loss_verdict_name(v));
        assert_int_equal(ledger_gate(&b, 1, CLOCK_MS(1000), true, why, sizeof why), LOSS_OK);
        if ((strstr(why, "accepted by the operator") != NULL) != (c->verdict != LOSS_OK))
            fail_msg("%s: '%s'", c->name, why);
    }
}

static void a_zeroed_bound_promotes_nobody(void **state)
{
    struct loss_bound b = {0};
    char why[LEDGER_SENTENCE_MAX];
    (void)state;
    assert_int_equal(ledger_gate(&b, 0, CLOCK_MS(1000), false, why, sizeof why), LOSS_UNKNOWN);
}

static void the_gate_names_the_positions(void **state)
{
    static const struct {
        const char *name, *want;
    } cases[] = {
        {"one beyond the limit of loss",
         "known lost 2 transactions; unseen at most 100 ms (here '0-2-3', seen "
         "'0-2-5'); allowed are 1 lost"},
        {"beyond the limit of time", "known lost 0 transactions; unseen at most 1001 ms (here '0-2-5', seen "
                                     "'0-2-5'); allowed are 1000 ms unseen"},
        {"nothing known",
         "known lost: unknown; unseen for an unknown time (here '0-2-5', seen 'unknown'); the last "
         "writer's position is not known well enough"},
        {"final position", "known lost 0 transactions; nothing unseen (here '0-2-5', seen '0-2-5')"},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        size_t k = 0;
        while (strcmp(bound_cases[k].name, cases[i].name) != 0)
            assert_true(++k < COUNT(bound_cases));
        struct loss_bound b = bound_of(&bound_cases[k]);
        char why[LEDGER_SENTENCE_MAX];
        (void)!ledger_gate(&b, 1, CLOCK_MS(1000), false, why, sizeof why);
        assert_string_equal(why, cases[i].want);
    }
}

static void exactness_is_said(void **state)
{
    static const struct {
        const char *name;
        bool exact, estimate;
        int64_t bytes;
    } cases[] = {
        {"nothing known", false, false, -1},
        {"all that was seen is here", false, false, -1},
        {"last heard of: an estimate", false, true, -1},
        {"final position", true, false, -1},
        {"we were the writer", true, false, -1},
        {"certificate, all received", true, false, 0},
        {"certificate, bytes missing", true, false, 234},
        {"certificate, another file", false, false, -1},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        size_t k = 0;
        while (strcmp(bound_cases[k].name, cases[i].name) != 0)
            assert_true(++k < COUNT(bound_cases));
        struct loss_bound b = bound_of(&bound_cases[k]);
        if (b.exact != cases[i].exact || b.estimate != cases[i].estimate || b.missing_bytes != cases[i].bytes)
            fail_msg("%s: exact %d, estimate %d, bytes %ld", cases[i].name, b.exact, b.estimate,
                     (long)b.missing_bytes);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keeps),
        cmocka_unit_test(is_dirty_until_flushed),
        cmocka_unit_test(bounds_and_judges),
        cmocka_unit_test(a_zeroed_bound_promotes_nobody),
        cmocka_unit_test(the_gate_names_the_positions),
        cmocka_unit_test(exactness_is_said),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
