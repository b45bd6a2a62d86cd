/* Histories of one domain in strict mode: stretches, each of one writer. Two servers never write the same
 * sequence number under the same server id. One may, if crash recovery has cut its log (init_rpl_role=SLAVE):
 * from then on it writes another branch, which nothing that compares GTIDs can tell from the first. */
#include <string.h>

#include "parts.h"

uint32_t history_end(const struct history *h)
{
    return h->count ? h->at[h->count - 1].to : 0;
}

static int segment_of(const struct history *h, uint32_t seq)
{
    for (int i = 0; i < h->count; i++)
        if (seq <= h->at[i].to)
            return i;
    return -1;
}

struct gid history_last(const struct history *h, uint32_t to)
{
    int i = to ? segment_of(h, to) : -1;
    return i < 0
               ? (struct gid){0}
               : (struct gid){.seq = to, .server = (uint8_t)(h->at[i].server + 1), .branch = h->at[i].branch};
}

/* Room is made by forgetting where the oldest stretches of one writer met, and with them their terms: who
 * asks about those is told wrong from then on. */
static void make_room(struct history *h)
{
    if (h->count < SEGMENTS_MAX)
        return;
    memmove(&h->at[0], &h->at[2], sizeof(h->at[0]) * (SEGMENTS_MAX - 2));
    h->count -= 2;
    h->at[0].from = 1;
    h->forgot = 1;
}

static struct segment *last_of(struct history *h, int server, int branch, bool fresh)
{
    struct segment *last = h->count ? &h->at[h->count - 1] : NULL;
    if (last && last->server == server && last->branch == branch && !fresh)
        return last;
    uint32_t end = history_end(h);
    make_room(h);
    last = &h->at[h->count++];
    *last =
        (struct segment){.server = (uint8_t)server, .branch = (uint8_t)branch, .from = end + 1, .to = end};
    return last;
}

void history_append(struct history *h, int server, int branch)
{
    last_of(h, server, branch, false)->to++;
}

void history_term(struct history *h, int server, int branch, uint32_t gap, unsigned epoch, bool unplanned)
{
    struct segment *last = h->count ? &h->at[h->count - 1] : NULL;
    last = last_of(h, server, branch, gap || (last && last->server == server && last->term_at));
    last->from += gap;
    last->to += gap;
    last->to++;
    last->term_at = last->to;
    last->epoch = epoch;
    last->unplanned = unplanned;
}

void history_cut(struct history *h, uint32_t to)
{
    while (h->count && (h->count > 1 ? h->at[h->count - 2].to : 0) >= to)
        h->count--;
    if (!h->count)
        return;
    struct segment *last = &h->at[h->count - 1];
    if (last->to > to)
        last->to = to;
    if (last->term_at > to) {
        last->term_at = 0;
        last->epoch = 0;
    }
}

bool history_follow(struct history *h, const struct history *from, uint32_t to)
{
    *h = *from;
    history_cut(h, to);
    return true;
}

void history_extend(struct history *h, const struct history *from, uint32_t to)
{
    for (int i = 0; i < from->count && history_end(h) < to; i++) {
        const struct segment *g = &from->at[i];
        struct segment *last = h->count ? &h->at[h->count - 1] : NULL;
        uint32_t end = history_end(h);
        if (g->to <= end)
            continue;
        bool begins = (g->term_at > end && g->term_at <= to) || g->from > end + 1;
        if (!last || last->server != g->server || last->branch != g->branch || begins) {
            make_room(h);
            last = &h->at[h->count++];
            *last = *g;
            if (g->term_at <= end)
                last->term_at = last->epoch = last->unplanned = 0;
        }
        last->to = g->to < to ? g->to : to;
    }
}

bool history_has(const struct history *in, uint32_t to, struct gid gid)
{
    if (!gid.seq)
        return true;
    if (gid.seq > to)
        return false;
    int i = segment_of(in, gid.seq);
    return i >= 0 && in->at[i].server + 1 == gid.server && in->at[i].branch == gid.branch;
}

static uint32_t first_after(const struct segment *g, uint32_t seq)
{
    return g->from > seq + 1 ? g->from : seq + 1;
}

static uint32_t common(const struct history *a, uint32_t a_to, const struct history *b, uint32_t b_to,
                       bool truly)
{
    uint32_t to = a_to < b_to ? a_to : b_to, same = 0;
    int i = 0, k = 0;
    while (same < to && i < a->count && k < b->count) {
        if (first_after(&a->at[i], same) != first_after(&b->at[k], same) ||
            a->at[i].server != b->at[k].server || (truly && a->at[i].branch != b->at[k].branch))
            break;
        uint32_t end = a->at[i].to < b->at[k].to ? a->at[i].to : b->at[k].to;
        same = end < to ? end : to;
        i += a->at[i].to == end;
        k += b->at[k].to == end;
    }
    return same;
}

uint32_t history_common(const struct history *a, uint32_t a_to, const struct history *b, uint32_t b_to)
{
    return common(a, a_to, b, b_to, false);
}

uint32_t history_shared(const struct history *a, uint32_t a_to, const struct history *b, uint32_t b_to)
{
    return common(a, a_to, b, b_to, true);
}

void history_state(const struct history *h, uint32_t to, uint32_t seq[NODES])
{
    uint32_t from = 0;
    seq[0] = seq[1] = 0;
    for (int i = 0; i < h->count && from < to; i++) {
        seq[h->at[i].server] = h->at[i].to < to ? h->at[i].to : to;
        from = h->at[i].to;
    }
}

unsigned history_term_of(const struct history *h, uint32_t to, int *node, int *unplanned)
{
    unsigned epoch = 0;
    *node = -1;
    *unplanned = 0;
    for (int i = 0; i < h->count; i++) {
        const struct segment *g = &h->at[i];
        if (!g->term_at || g->term_at > to)
            continue;
        *unplanned += g->unplanned;
        if (g->epoch > epoch) {
            epoch = g->epoch;
            *node = g->server;
        }
    }
    return epoch;
}
