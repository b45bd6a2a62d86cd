/* GTIDs: what holds for positions and states as an algebra, whatever they are. Three sets, a line each. And
 * the ledger, which is saved as text. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "fuzz.h"
#include "model/gtid.h"
#include "model/ledger_text.h"

#define SETS 3

static bool same(const struct gtid_set *a, const struct gtid_set *b)
{
    return gtid_pos_equal(a, b) == TRI_YES;
}

static struct gtid_set merged(struct gtid_set a, const struct gtid_set *b)
{
    gtid_pos_merge(&a, b);
    return a;
}

static struct gtid_set position_of(const struct gtid_set *state)
{
    struct gtid_set pos = {.known = state->known};
    return merged(pos, state);
}

static uint64_t highest(const struct gtid_set *set, uint32_t domain)
{
    uint64_t seq = 0;
    for (size_t i = 0; i < set->count; i++)
        if (set->at[i].domain == domain && set->at[i].seq > seq)
            seq = set->at[i].seq;
    return seq;
}

/* ---- text ---- */

static void check_text(const struct gtid_set *set)
{
    char text[GTID_TEXT_MAX], cut[GTID_TEXT_MAX];
    struct gtid_set back;
    struct err e;
    gtid_set_format(set, text, sizeof(text));
    FUZZ_CHECK(gtid_set_parse(&back, text, &e) && same(set, &back));
    for (size_t size = 4; size <= strlen(text); size += 7) {
        gtid_set_format(set, cut, size);
        size_t length = strlen(cut);
        FUZZ_CHECK(length < size && length >= 3 && strcmp(cut + length - 3, "...") == 0);
        FUZZ_CHECK(strncmp(cut, text, length - 3) == 0);
    }
}

static void check_order(const struct gtid_set *set)
{
    for (size_t i = 0; i < set->count; i++) {
        FUZZ_CHECK(set->at[i].seq > 0 && gtid_state_has(set, &set->at[i]));
        FUZZ_CHECK(i == 0 || set->at[i - 1].domain < set->at[i].domain ||
                   (set->at[i - 1].domain == set->at[i].domain && set->at[i - 1].server < set->at[i].server));
    }
}

/* ---- positions ---- */

static void check_unknown(const struct gtid_set *a)
{
    const struct gtid_set unknown = {.known = false};
    FUZZ_CHECK(gtid_pos_contains(a, &unknown) == TRI_UNKNOWN &&
               gtid_pos_contains(&unknown, a) == TRI_UNKNOWN);
    FUZZ_CHECK(gtid_pos_missing(a, &unknown) == -1 && gtid_state_extra(&unknown, a) == -1);
    FUZZ_CHECK(gtid_pos_equal(&unknown, &unknown) == TRI_UNKNOWN);
    FUZZ_CHECK(gtid_state_compare(a, &unknown, NULL) == GTID_REL_UNKNOWN);
    FUZZ_CHECK(!gtid_state_common(a, &unknown).known && !gtid_state_extra_after(&unknown, a).known);
}

static void check_positions(const struct gtid_set *p, const struct gtid_set *q, const struct gtid_set *r)
{
    if (!p->known || !q->known || !r->known)
        return;
    struct gtid_set pq = merged(*p, q), qp = merged(*q, p), pp = merged(*p, p), qr = merged(*q, r);
    enum tri has = gtid_pos_contains(p, q);
    int64_t missing = gtid_pos_missing(p, q);
    FUZZ_CHECK(has != TRI_UNKNOWN && missing >= 0 && (missing == 0) == (has == TRI_YES));
    FUZZ_CHECK(gtid_pos_contains(p, p) == TRI_YES && same(&pp, p));
    FUZZ_CHECK(same(p, q) == (has == TRI_YES && gtid_pos_contains(q, p) == TRI_YES));
    if (has == TRI_YES && gtid_pos_contains(q, r) == TRI_YES)
        FUZZ_CHECK(gtid_pos_contains(p, r) == TRI_YES);
    if (!pq.known || !qp.known)
        return; /* more domains than fit */
    FUZZ_CHECK(same(&pq, &qp));
    FUZZ_CHECK(gtid_pos_contains(&pq, p) == TRI_YES && gtid_pos_contains(&pq, q) == TRI_YES);
    if (gtid_pos_contains(r, p) == TRI_YES && gtid_pos_contains(r, q) == TRI_YES)
        FUZZ_CHECK(gtid_pos_contains(r, &pq) == TRI_YES);
    struct gtid_set left = merged(pq, r), right = merged(*p, &qr);
    if (left.known && qr.known && right.known)
        FUZZ_CHECK(same(&left, &right));
}

/* ---- states ---- */

static enum gtid_relation mirrored(enum gtid_relation r)
{
    return r == GTID_REL_AHEAD ? GTID_REL_BEHIND : r == GTID_REL_BEHIND ? GTID_REL_AHEAD : r;
}

static void check_extra(const struct gtid_set *a, const struct gtid_set *b, const struct gtid *first)
{
    struct gtid_set after = gtid_state_extra_after(a, b), pos = position_of(a);
    char name[GTID_EXTRA_NAME_MAX];
    int64_t extra = gtid_state_extra(a, b);
    FUZZ_CHECK((extra == 0) == (first->seq == 0) && extra >= 0);
    FUZZ_CHECK(gtid_state_extra_name(a, b, name, sizeof(name)) == (first->seq != 0));
    FUZZ_CHECK(strlen(name) < sizeof(name) - 1 && !strpbrk(name, "/."));
    if (!first->seq)
        return;
    FUZZ_CHECK(gtid_state_has(a, first) && !gtid_state_has(b, first));
    for (size_t i = 0; i < a->count; i++)
        if (!gtid_state_has(b, &a->at[i]))
            FUZZ_CHECK(highest(&after, a->at[i].domain) < a->at[i].seq);
    FUZZ_CHECK(highest(&after, first->domain) < first->seq);
    FUZZ_CHECK(!pos.known || gtid_pos_contains(&pos, &after) == TRI_YES);
}

static void check_states(const struct gtid_set *a, const struct gtid_set *b)
{
    struct gtid first, other;
    enum gtid_relation r = gtid_state_compare(a, b, &first);
    struct gtid_set common = gtid_state_common(a, b), pa = position_of(a), pb = position_of(b);
    FUZZ_CHECK(gtid_state_compare(b, a, &other) == mirrored(r));
    FUZZ_CHECK((r == GTID_REL_EQUAL) == same(a, b));
    FUZZ_CHECK((first.seq != 0) == (r == GTID_REL_AHEAD || r == GTID_REL_DIVERGED));
    FUZZ_CHECK(gtid_relation_name(r)[0] && gtid_state_compare(a, a, NULL) == GTID_REL_EQUAL);
    FUZZ_CHECK(gtid_state_disjoint(a, b) == gtid_state_disjoint(b, a));
    FUZZ_CHECK(gtid_state_disjoint(a, b) == TRI_NO || r == GTID_REL_DIVERGED);
    check_extra(a, b, &first);
    FUZZ_CHECK(common.known);
    if (pa.known && pb.known) {
        FUZZ_CHECK(gtid_pos_contains(&pa, &common) == TRI_YES && gtid_pos_contains(&pb, &common) == TRI_YES);
        FUZZ_CHECK(!gtid_state_lacks(a, &pb, &pa) &&
                   !gtid_state_lacks(a, &(struct gtid_set){.known = true}, &pa));
        FUZZ_CHECK(r != GTID_REL_AHEAD || !gtid_state_lacks(a, &pa, &pb));
    }
}

void fuzz_gtid(const uint8_t *data, size_t size)
{
    char *text = fuzz_text(data, size), *rest = text;
    struct gtid_set sets[SETS], positions[SETS];
    bool all = true;
    for (int i = 0; i < SETS; i++) {
        struct err e = {""};
        const char *line = fuzz_line(&rest);
        bool ok = gtid_set_parse(&sets[i], line, &e);
        FUZZ_CHECK(ok == sets[i].known && ok == !e.text[0]);
        positions[i] = position_of(&sets[i]);
        check_unknown(&sets[i]);
        all &= ok;
        if (ok) {
            check_text(&sets[i]);
            check_order(&sets[i]);
            check_order(&positions[i]);
        }
    }
    for (int i = 0; i < SETS && all; i++) {
        const struct gtid_set *q = &positions[(i + 1) % SETS];
        check_positions(&positions[i], q, &positions[(i + 2) % SETS]);
        check_positions(&positions[i], &positions[(i + 2) % SETS], q);
        check_states(&sets[i], &sets[(i + 1) % SETS]);
        check_states(&sets[(i + 1) % SETS], &sets[i]);
    }
    free(text);
}

/* ---- the ledger ---- */

static uint64_t fnv1a(const char *text)
{
    uint64_t sum = UINT64_C(0xcbf29ce484222325);
    for (; *text; text++)
        sum = (sum ^ (unsigned char)*text) * UINT64_C(0x100000001b3);
    return sum;
}

/* The input is what stands above the checksum. */
void fuzz_ledger(const uint8_t *data, size_t size)
{
    static const char boot[] = "b0071d00-0000-4000-8000-000000000001";
    char again[LEDGER_TEXT_MAX], *text = fuzz_text(data, size);
    char *whole = mem_printf("%ssum %016llx\n", text, (unsigned long long)fnv1a(text));
    struct ledger l, back;
    struct err e = {""};
    FUZZ_CHECK(!ledger_parse(&l, text, boot, &e) && e.text[0] && !l.writer_pos.known);
    if (ledger_parse(&l, whole, boot, &e)) {
        FUZZ_CHECK(l.restored && !ledger_dirty(&l));
        ledger_format(&l, boot, again, sizeof(again));
        FUZZ_CHECK(ledger_parse(&back, again, boot, &e));
        FUZZ_CHECK(back.writer_node == l.writer_node && back.writer_epoch == l.writer_epoch &&
                   back.writer_final == l.writer_final && back.writer_seen_us == l.writer_seen_us);
        FUZZ_CHECK(back.received.known == l.received.known && back.writer_pos.count == l.writer_pos.count);
    } else {
        FUZZ_CHECK(e.text[0] && !l.writer_pos.known && !l.received.known);
    }
    free(whole);
    free(text);
}
