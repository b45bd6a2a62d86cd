/* The procedures of sql/voting.sql and sql/enable.sql, in steps between which anything may happen. A KILL
 * ends them where they are: then nobody undoes what was set. Returns false while the statement goes on. */
#include "parts.h"

#define LOCK_WAIT (1000 * MS) /* lock_wait_timeout of a vote's session */

static struct row *row_of(struct rows *r, int kind, int node)
{
    return &r->at[kind - 1][node];
}

static bool refuse(struct answer *a)
{
    a->status = GOT_ERROR;
    return true;
}

static bool has_vote(const struct server *v, int c)
{
    return lock_is_mine(v, LOCK_VOTE, c);
}

static uint32_t highest(struct server *v, int *by)
{
    uint32_t most = 0;
    *by = -1;
    for (int n = 0; n < NODES; n++) {
        const struct row *r = row_of(&v->rows, NOTE_PROMISE, n);
        if (r->present && r->epoch > most) {
            most = r->epoch;
            *by = n;
        }
    }
    return most;
}

/* Local writes wait under FLUSH TABLES WITH READ LOCK, and for the row that another transaction has. */
static bool must_wait(struct world *w, int s, int c, struct answer *a, bool *over)
{
    struct server *v = &w->servers[s];
    struct conn *k = &v->conns[c];
    *over = false;
    if (!(v->blockers & BLOCK_FTWRL) && (!v->row_lock || v->row_lock == c + 1)) {
        k->wait_until = 0;
        return false;
    }
    if (!k->wait_until)
        k->wait_until = clock_of(w, s) + LOCK_WAIT;
    *over = clock_of(w, s) >= k->wait_until;
    if (*over)
        refuse(a);
    else
        server_step_later(w, s, c, 2 * MS);
    return true;
}

/* ---- promise ---- */

static void consume(struct server *v, uint32_t epoch, struct answer *a)
{
    static const int kinds[] = {NOTE_CERTIFICATE, NOTE_RELEASE, NOTE_OFF};
    const struct row *best = NULL;
    for (int i = 0; i < 3; i++)
        for (int n = 0; n < NODES; n++) {
            const struct row *r = row_of(&v->rows, kinds[i], n);
            if (!r->present || r->epoch >= epoch || (best && r->epoch <= best->epoch))
                continue;
            best = r;
            a->consumed_epoch = r->epoch;
            a->consumed_kind = (uint8_t)kinds[i];
            a->consumed_node = (uint8_t)n;
        }
    for (int i = 0; i < 3; i++)
        for (int n = 0; n < NODES; n++) {
            struct row *r = row_of(&v->rows, kinds[i], n);
            if (r->present && r->epoch < epoch)
                *r = (struct row){0};
        }
}

static bool promise(struct world *w, int s, int c, struct answer *a)
{
    struct server *v = &w->servers[s];
    struct conn *k = &v->conns[c];
    bool over;
    int by;
    if (must_wait(w, s, c, a, &over))
        return over;
    if (k->pc == 0) {
        uint32_t most = highest(v, &by);
        if (!has_vote(v, c) || most > k->now.epoch || (most == k->now.epoch && by != k->node))
            return refuse(a);
        if (most)
            v->row_lock = (uint8_t)(c + 1);
        k->pc = 1;
        server_step_later(w, s, c, server_pace(w));
        return false;
    }
    v->row_lock = 0;
    consume(v, k->now.epoch, a);
    *row_of(&v->rows, NOTE_PROMISE, k->node) =
        (struct row){.present = 1, .epoch = k->now.epoch, .seq = k->id};
    return true;
}

/* ---- release_vote, reclaim ---- */

static bool release(struct world *w, int s, int c, struct answer *a)
{
    struct server *v = &w->servers[s];
    struct conn *k = &v->conns[c];
    bool over;
    if (k->pc == 0) {
        if ((k->now.kind == NOTE_RELEASE || k->now.kind == NOTE_CERTIFICATE) && !has_vote(v, c))
            return refuse(a);
        if (must_wait(w, s, c, a, &over))
            return over;
        *row_of(&v->rows, k->now.kind, k->node) = (struct row){.present = 1,
                                                               .epoch = k->now.epoch,
                                                               .file = k->now.file,
                                                               .size = k->now.size,
                                                               .gtid = k->now.gtid,
                                                               .seq = k->id};
        if (k->now.kind == NOTE_RELEASE || k->now.kind == NOTE_CERTIFICATE)
            w->servers[k->node].was_epoch =
                0; /* its term is over: what is written there from now on is not of it */
        k->pc = 1;
        server_step_later(w, s, c, server_pace(w));
        return false;
    }
    locks_free(w, s, c); /* DO RELEASE_ALL_LOCKS() in the same round trip */
    return true;
}

static bool reclaim(struct world *w, int s, int c, struct answer *a)
{
    struct server *v = &w->servers[s];
    struct conn *k = &v->conns[c];
    bool over;
    int by;
    if (must_wait(w, s, c, a, &over))
        return over;
    if (highest(v, &by) > k->now.epoch)
        return refuse(a);
    for (int kind = NOTE_RELEASE; kind <= NOTE_CERTIFICATE; kind++) {
        struct row *r = row_of(&v->rows, kind, k->node);
        if (r->present && r->epoch == k->now.epoch)
            *r = (struct row){0};
    }
    a->got = 1;
    return true;
}

/* ---- out of sync ---- */

static bool mark(struct world *w, int s, int c, struct answer *a)
{
    struct server *v = &w->servers[s];
    struct conn *k = &v->conns[c];
    bool over;
    int by;
    if (must_wait(w, s, c, a, &over))
        return over;
    if (k->pc == 0) {
        uint32_t most = highest(v, &by);
        if (!has_vote(v, c) || (k->now.verb == DO_MARK && most > k->now.epoch))
            return refuse(a);
        v->row_lock = (uint8_t)(c + 1);
        k->pc = 1;
        server_step_later(w, s, c, server_pace(w));
        return false;
    }
    v->row_lock = 0;
    struct row *r = row_of(&v->rows, NOTE_OUT_OF_SYNC, (int)k->now.id);
    *r = (struct row){0};
    if (k->now.verb == DO_MARK)
        *r = (struct row){.present = 1, .epoch = k->now.epoch, .seq = k->id};
    TRACE(w, trace_server(s), "%s is %s", trace_node((int)k->now.id),
          k->now.verb == DO_MARK ? "marked as out of sync" : "no longer marked");
    return true;
}

/* ---- enable ---- */

static bool has_authority(struct server *v, int c)
{
    const struct conn *k = &v->conns[c];
    int by, writer = v->locks[LOCK_WRITE] - 1;
    uint32_t most = highest(v, &by);
    return has_vote(v, c) && most == k->now.epoch && by == k->node && writer >= 0 &&
           v->conns[writer].slot == SLOT_F_LOCK && v->conns[writer].local;
}

static bool stands_still(struct world *w, int s, int c)
{
    struct server *v = &w->servers[s];
    const struct supervisor *other = &w->nodes[1 - s].sup;
    bool before = v->late == LATE_COMES && v->conns[c].pc == 0 && w->servers[1 - s].read_only;
    bool between = v->late == LATE_BETWEEN && v->conns[c].pc == 1 &&
                   (!node_state_is_promoting(other->m.state) || other->m.state == NODE_PROMOTE_VOTES);
    if (before || between)
        server_step_later(w, s, c, 50);
    return before || between;
}

static bool enable(struct world *w, int s, int c, struct answer *a)
{
    struct server *v = &w->servers[s];
    struct conn *k = &v->conns[c];
    if (v->late && stands_still(w, s, c))
        return false;
    if (k->pc == 0) {
        if (!has_authority(v, c))
            return refuse(a);
        k->pc = 1;
    } else if (k->pc == 1) {
        server_set_read_only(w, s, false, k->now.epoch);
        k->pc = 2;
    } else {
        if (has_authority(v, c)) {
            a->got = 1;
            return true;
        }
        if (server_is_blocked(v) && k->pc < 5) { /* three tries of a second, then it stays as it is */
            k->pc++;
            server_step_later(w, s, c, S);
            return false;
        }
        if (!server_is_blocked(v))
            server_set_read_only(w, s, true, 0);
        return refuse(a);
    }
    server_step_later(w, s, c, server_pace(w));
    return false;
}

bool procedure_step(struct world *w, int s, int c)
{
    struct conn *k = &w->servers[s].conns[c];
    struct answer *a = &session_of(w, k->node, k->slot)->answer;
    struct answer nobody = {0};
    bool read = session_of(w, k->node, k->slot)->gen == k->link_gen;
    a = read ? a : &nobody;
    switch (k->now.verb) {
    case DO_PROMISE:
        return promise(w, s, c, a);
    case DO_RELEASE:
        return release(w, s, c, a);
    case DO_RECLAIM:
        return reclaim(w, s, c, a);
    case DO_ENABLE:
        return enable(w, s, c, a);
    case DO_MARK:
    case DO_CLEAR_MARK:
        return mark(w, s, c, a);
    default:
        return true;
    }
}
