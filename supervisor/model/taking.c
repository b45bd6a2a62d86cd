#include "model/taking.h"

#define LOOK_AGAIN_US 20000
#define MARGIN_US     1000

/* Our own session of before, which the server has not missed yet. Only while its vote is valid, and while
 * that session says itself that it is this node's: a server that was restarted gives its numbers again. */
static bool is_predecessor(const struct quorum *q, int i, const struct taking *t,
                           const struct holder_view *seen, int64_t answered_us)
{
    return seen->connection == t->predecessor && seen->here[q->self] &&
           answered_us < q->votes[i].last_valid_us;
}

static struct taking_choice later(const struct quorum *q, const struct holder_view *seen, int64_t answered_us)
{
    int64_t left_us = q->lease_us - seen->idle_ms * 1000;
    bool expires = seen->idle && left_us > 0;
    return (struct taking_choice){TAKING_LATER,
                                  answered_us + (expires ? left_us + MARGIN_US : LOOK_AGAIN_US)};
}

struct taking_choice taking_choose(const struct quorum *q, int i, const struct taking *t,
                                   const struct holder_view *seen, int64_t answered_us)
{
    if (!seen->connection)
        return (struct taking_choice){.step = TAKING_FREE};
    if (is_predecessor(q, i, t, seen, answered_us) || t->urgency == VOTER_TAKE_CLOSED)
        return (struct taking_choice){.step = TAKING_END};
    if (seen->foreign && t->evict) /* no vote was there: ours counts after a lease */
        return (struct taking_choice){.step = TAKING_END};
    if (seen->idle && seen->idle_ms * 1000 >= q->lease_us && !seen->foreign)
        return (struct taking_choice){.step = TAKING_EXPIRED};
    if (t->urgency == VOTER_TAKE_WAIT)
        return (struct taking_choice){.step = TAKING_WAIT};
    return later(q, seen, answered_us);
}

bool taking_was_released(const struct voter_rows *rows, int self)
{
    int other = 1 - self;
    uint64_t newest = rows->promise[other].epoch > rows->promise[self].epoch ? rows->promise[other].epoch
                                                                             : rows->promise[self].epoch;
    const struct note *all[] = {&rows->release[other], &rows->certificate[other], &rows->release[self]};
    for (size_t k = 0; k < sizeof(all) / sizeof(all[0]); k++)
        if (all[k]->kind != NOTE_NONE && all[k]->epoch >= newest)
            return true;
    return false;
}

bool taking_may_release(const struct quorum *q, int i, bool uncounted_too)
{
    return q->votes[i].held && (q->votes[i].counted || uncounted_too);
}
