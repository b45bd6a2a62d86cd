/* What was acknowledged and is not where the next term begins. In async mode that is allowed as far as the
 * ledger says (DESIGN.md, "Loss gate"): only rows acknowledged after the writer was last sampled, none where
 * the bound claims to be exact, none after a handover. */
#include <inttypes.h>

#include "parts.h"

#define SLACK (2 * MS) /* of clocks that drift */

/* ---- lossless: every acknowledged row is due on whoever is enabled, and in the end on both ---- */

/* What the writer acknowledges alone counts too, unless somebody else opened it or turned semi-sync off. */
static void note_due(struct world *w, int s, uint32_t to)
{
    const struct server *v = &w->servers[s];
    if (!v->semi_sync && (v->alone_by_others || v->opened_by_others))
        return;
    w->tally.alone += !v->semi_sync;
    w->due = v->own;
    w->due_to = to;
}

static void tell_history(const struct world *w, const char *who, const struct history *h, uint32_t to)
{
    for (int i = 0; i < h->count; i++)
        TRACE(w, who, "... to %u by server %d, branch %d, epoch %d from %u", h->at[i].to, h->at[i].server + 1,
              h->at[i].branch, h->at[i].epoch, h->at[i].term_at);
    TRACE(w, who, "up to %u", to);
}

static void judge_due(struct world *w, int s)
{
    const struct server *v = &w->servers[s];
    uint32_t same = history_shared(&v->own, v->applied, &w->due, w->due_to);
    if (same >= w->due_to)
        return;
    w->tally.lost += w->due_to - same;
    TRACE(w, trace_server(s), "%u acknowledged rows are missing from %u on", w->due_to - same, same + 1);
    tell_history(w, "due", &w->due, w->due_to);
    for (int i = 0; i < NODES; i++)
        tell_history(w, trace_server(i), &w->servers[i].own, w->servers[i].applied);
    if (!w->nodes[s].sup.m.accept_loss)
        world_break(w, "A: %u acknowledged rows from %u on are lost (lossless)", w->due_to - same, same + 1);
    w->due_to = same;
}

/* Lossless: the row of a term stands whose operator accepted a loss. It is lost from here on, also where the
 * promotion is given up before anything is enabled: this node has the later term then. */
void loss_accepted(struct world *w, int s)
{
    const struct server *v = &w->servers[s];
    uint32_t same = history_shared(&v->own, v->applied, &w->due, w->due_to);
    if (!w->c.lossless || same >= w->due_to)
        return;
    w->tally.lost += w->due_to - same;
    w->due_to = same;
}

/* Liveness: the faults have ended. Who follows has all of it. */
void loss_at_end(struct world *w)
{
    for (int s = 0; w->c.lossless && s < NODES; s++) {
        const struct server *v = &w->servers[s];
        uint32_t same = history_shared(&v->own, v->applied, &w->due, w->due_to);
        uint32_t seems = history_common(&v->own, v->applied, &w->due, w->due_to);
        if (v->state == RUNS && host_runs(w, s) && seems >= w->due_to && same < w->due_to)
            world_break(w, "A: %s lacks acknowledged rows from %u to %u, and no GTID tells", trace_server(s),
                        same + 1, w->due_to);
    }
}

void loss_acked(struct world *w, int s, uint32_t to)
{
    const struct server *v = &w->servers[s];
    if (w->c.lossless)
        note_due(w, s, to);
    w->acked = history_last(&v->own, to);
    w->acked_by = (uint8_t)s;
    w->acked_at[w->acked.seq % ACKS_KEPT] = w->now;
}

/* The position of the row with which the newest acknowledged row's term began; 0 = it has none. */
static uint32_t term_row(const struct history *h, uint32_t seq)
{
    for (int i = 0; i < h->count; i++)
        if (h->at[i].to >= seq)
            return h->at[i].term_at <= seq ? h->at[i].term_at : 0;
    return 0;
}

static void judge(struct world *w, int s, uint32_t first, uint32_t lost)
{
    const struct supervisor *p = &w->nodes[s].sup;
    const struct loss_bound *b = &p->promoted_loss;
    int64_t at = lost < ACKS_KEPT ? w->acked_at[first % ACKS_KEPT] : 0;
    int64_t sampled = clock_to_world(w, s, p->promoted_seen);
    w->tally.lost += lost;
    TRACE(w, trace_server(s), "%u acknowledged rows are missing from %u on", lost, first);
    if (p->m.accept_loss || w->forgotten || w->forgot)
        return;
    uint32_t began = term_row(&w->servers[w->acked_by].own, w->acked.seq);
    if (began && first <= began && p->m.why != REASON_OPERATOR)
        world_break(w, "A: a term is passed over: all of its rows are missing, from %u on", first);
    else if (p->m.why == REASON_HANDOVER)
        world_break(w, "A: %u acknowledged rows from %u on are lost by a handover", lost, first);
    else if (b->exact && b->missing_bytes <= 0 && b->known_lost == 0)
        world_break(w, "A: %u acknowledged rows from %u on are lost, and the bound said exactly none", lost,
                    first);
    else if (at && p->promoted_seen && at + SLACK < sampled)
        world_break(w, "A: row %u is lost, acknowledged %.1f ms before the writer was last seen", first,
                    (double)(sampled - at) / MS);
}

void loss_enabled(struct world *w, int s)
{
    const struct server *v = &w->servers[s], *from = &w->servers[w->acked_by];
    if (w->c.lossless) {
        judge_due(w, s);
        return;
    }
    if (w->acked.seq && !history_has(&v->own, v->applied, w->acked)) {
        uint32_t same = history_common(&v->own, v->applied, &from->own, from->applied);
        if (w->acked.seq > same)
            judge(w, s, same + 1, w->acked.seq - same);
    }
    w->acked = history_last(&v->own, v->applied);
    w->acked_by = (uint8_t)s;
}
