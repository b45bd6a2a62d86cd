/* The facts' inside, shared by the facts*.c files only: what one computation looks at, and the facts that ask
 * for each other. */
#ifndef REPLCHECK_MODEL_FACTS_PARTS_H
#define REPLCHECK_MODEL_FACTS_PARTS_H

#include "model/facts.h"

struct sight {
    const struct policy *p;
    const struct observation *o;
    const struct quorum *q;
    const struct mind *m;
    int self, other;
    struct note basis;
    bool has_basis;
};

static inline bool facts_is_fresh(const struct sight *s, int64_t seen_us)
{
    return policy_is_fresh(s->p, s->o->now_us, seen_us);
}

/* The operator accepts what would be lost: by the promotion under way, or by one that he asks for. */
static inline bool facts_loss_is_accepted(const struct sight *s)
{
    return s->m->accept_loss || s->o->operator_.accept_loss;
}

static inline int64_t facts_later(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

/* facts_data.c */
enum io_state facts_data_receiver(const struct sight *s);
enum tri facts_data_received(const struct sight *s);
enum tri facts_data_drained(const struct sight *s);
enum tri facts_data_later_term(const struct sight *s);
unsigned facts_data_loss(const struct sight *s);
bool facts_data_is_compared(const struct sight *s);
enum tri facts_data_stale(const struct sight *s);

/* facts_peer.c */
const struct bulletin *facts_peer_bulletin(const struct sight *s);
bool facts_peer_is_present(const struct sight *s);
enum tri facts_peer_writer(const struct sight *s);
enum tri facts_peer_ready(const struct sight *s);
enum tri facts_peer_closed(const struct sight *s);
enum tri facts_peer_follows(const struct sight *s);
unsigned facts_peer_reason(const struct sight *s);

#endif
