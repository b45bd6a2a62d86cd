/* User locks of a server: GET_LOCK, IS_USED_LOCK, and the line of those who wait, served in its order. A lock
 * ends with its session: closed, killed, or idle for its wait_timeout (FIELD-NOTES "User locks as leases").
 */
#include "parts.h"

bool lock_is_mine(const struct server *v, int lock, int c)
{
    return v->locks[lock] == c + 1;
}

bool lock_try(struct world *w, int s, int lock, int c)
{
    struct server *v = &w->servers[s];
    if (v->locks[lock] && v->locks[lock] != c + 1)
        return false;
    v->locks[lock] = (uint8_t)(c + 1);
    return true;
}

void lock_wait(struct world *w, int s, int lock, int c, int64_t us)
{
    struct server *v = &w->servers[s];
    v->conns[c].waits_lock = (uint8_t)(lock + 1);
    v->conns[c].waits_since = ++v->waits;
    v->conns[c].wait_until = clock_of(w, s) + us;
    server_step_later(w, s, c, us);
}

void lock_free(struct world *w, int s, int lock)
{
    struct server *v = &w->servers[s];
    int first = -1;
    v->locks[lock] = 0;
    for (int c = 0; c < CONNS_MAX; c++)
        if (v->conns[c].used && v->conns[c].waits_lock == lock + 1 &&
            (first < 0 || v->conns[c].waits_since < v->conns[first].waits_since))
            first = c;
    if (first < 0)
        return;
    v->conns[first].waits_lock = 0;
    v->locks[lock] = (uint8_t)(first + 1);
    server_step_later(w, s, first, 20 + random_below(w, 50));
}

void locks_free(struct world *w, int s, int c)
{
    struct server *v = &w->servers[s];
    for (int lock = 0; lock < LOCKS; lock++)
        if (v->locks[lock] == c + 1)
            lock_free(w, s, lock);
}
