/* Told to stop in maintenance, under a service manager that keeps descriptors: the fencer leaves its state
 * there, and the process that the manager starts next goes on with it. Nothing is demoted in between. Where
 * none is started the manager drops what it keeps: the supervisor then hears that its fencer has gone, and
 * closes the server. */
#include <event2/event.h>
#include <stddef.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "daemon/child.h"
#include "daemon/fencer_parts.h"
#include "daemon/run_dir.h"
#include "daemon/service_notify.h"
#include "daemon/service_store.h"

#define STATE      "state"
#define RESETTER   "resetter"
#define SETTLED_MS 250
#define LEAST_US   CLOCK_MS(500) /* of the deadline must be left */

static const struct {
    const char *name;
    size_t offset; /* in the estate */
    bool optional;
} kept[] = {
    {"lock", offsetof(struct estate, lock_fd), false},
    {"spawner", offsetof(struct estate, spawner_fd), false},
    {"settings", offsetof(struct estate, settings_fd), false},
    {"supervisor", offsetof(struct estate, child_fd), true},
    {"write-lock", offsetof(struct estate, write_lock_fd), true},
};

#define KEPT (sizeof(kept) / sizeof(kept[0]))

static int32_t *fd_of(struct estate *e, size_t i)
{
    return (int32_t *)(void *)((char *)e + kept[i].offset);
}

static void remove_all(void)
{
    for (size_t i = 0; i < KEPT; i++)
        service_store_remove(kept[i].name);
    service_store_remove(RESETTER);
    service_store_remove(STATE);
}

/* ---- leaving ---- */

static bool put_all(struct fencer *f, struct estate *e, int state_fd)
{
    for (size_t i = 0; i < KEPT; i++)
        if (*fd_of(e, i) >= 0 && !service_store_put(kept[i].name, *fd_of(e, i)))
            return false;
    if (f->start.resetter_fd >= 0 && !service_store_put(RESETTER, f->start.resetter_fd))
        return false;
    return service_store_put(STATE, state_fd) && service_store_settled(SETTLED_MS);
}

/* Only what is held for certain, and for long enough: everything else is ended in order. */
static bool may_leave(const struct fencer *f)
{
    return f->stays && !f->logic.stopping && !f->logic.fencing && !f->ladder && !f->checking &&
           f->old_lock_fd < 0 && fencer_logic_is_armed(&f->logic) &&
           f->logic.term.deadline_us - clock_now_us() > LEAST_US && service_store_room() >= (int)KEPT + 2;
}

bool fencer_leave(struct fencer *f)
{
    struct estate estate;
    struct err e;
    if (!may_leave(f))
        return false;
    child_drain(f->child); /* the newest deadline */
    estate = fencer_upgrade_estate(f);
    int fd = estate_write(&estate, &e);
    bool put = fd >= 0 && put_all(f, &estate, fd);
    if (fd >= 0)
        close(fd);
    if (!put) {
        log_warning("the service manager does not take the term's descriptors: ending in order");
        remove_all();
        return false;
    }
    log_notice("stopping; maintenance: epoch %llu is left to the process that is started next, and is armed "
               "for %.1f s",
               (unsigned long long)f->logic.term.epoch,
               (double)(f->logic.term.deadline_us - clock_now_us()) / 1e6);
    return true;
}

/* ---- what was left to us ---- */

static void close_all(struct estate *e, struct fencer_start *start)
{
    for (size_t i = 0; i < KEPT; i++)
        if (*fd_of(e, i) >= 0)
            close(*fd_of(e, i));
    if (start->resetter_fd >= 0)
        close(start->resetter_fd);
    start->resetter_fd = -1;
}

bool fencer_leave_find(struct estate *out, struct fencer_start *start, struct err *e)
{
    int state = service_store_find(STATE);
    bool ok = state >= 0 && estate_read(state, out, e);
    for (size_t i = 0; i < KEPT; i++) {
        *fd_of(out, i) = service_store_find(kept[i].name);
        if (ok && *fd_of(out, i) < 0 && !kept[i].optional)
            ok = err_set(e, "what was left lacks %s", kept[i].name);
    }
    start->resetter_fd = service_store_find(RESETTER);
    service_store_forget();
    if (state < 0)
        return err_set(e, "nothing was left");
    close(state);
    remove_all(); /* the lock on the run directory, and the session that holds the write lock, are ours alone
                     then */
    if (ok)
        return true;
    log_warning("the term that was left is not resumed: %s", e->text);
    close_all(out, start);
    bool settled = service_store_settled(SETTLED_MS);
    (void)settled; /* if not, the lock is refused, and this process is started again */
    return false;
}
