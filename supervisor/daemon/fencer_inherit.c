/* A fencer that begins: it goes on with what its predecessor handed over by exec, or left with the service
 * manager; or it was executed by one whose state it cannot read, and is an orphan. */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "daemon/child.h"
#include "daemon/fencer_parts.h"
#include "daemon/handover.h"

#define MAKE_ROOM_MS 1000

static struct estate inherited;
static bool have_inherited;
static struct err refused; /* why nothing was inherited */

static int inherit_resetter(void)
{
    const char *number = getenv(HANDOVER_RESETTER);
    int fd = number ? atoi(number) : -1;
    unsetenv(HANDOVER_RESETTER);
    if (fd >= 0)
        fcntl(fd, F_SETFD, FD_CLOEXEC);
    return fd;
}

/* Nothing is known of what was promised, so nothing may be written here. The term's supervisor hears no more
 * of its fencer and gives the role up; who starts this process starts the service anew. */
static void be_orphan(struct fencer_start *start)
{
    start->orphaned = true;
    start->lock_fd = start->spawner_fd = start->settings_fd = start->resetter_fd = start->ready_fd = -1;
}

static void take_descriptors(struct fencer_start *start)
{
    start->lock_fd = inherited.lock_fd;
    start->spawner_fd = inherited.spawner_fd;
    start->settings_fd = inherited.settings_fd;
    start->ready_fd = -1;
}

/* The predecessor has ended, and the files may have been changed since. */
static bool was_left(struct fencer_start *start)
{
    struct err ignored;
    have_inherited = fencer_leave_find(&inherited, start, &ignored);
    if (!have_inherited)
        return false;
    take_descriptors(start);
    start->left = inherited.reloaded = true;
    return true;
}

bool fencer_was_upgraded(struct fencer_start *start)
{
    const char *number = getenv(HANDOVER_FENCER);
    if (!number)
        return was_left(start);
    int fd = atoi(number);
    unsetenv(HANDOVER_FENCER);
    have_inherited = estate_read(fd, &inherited, &refused);
    close(fd);
    if (!have_inherited) {
        be_orphan(start);
        return true;
    }
    estate_keep_open(&inherited, -1, false);
    take_descriptors(start);
    start->resetter_fd = inherit_resetter();
    return true;
}

void fencer_inherit_orphan(struct fencer *f)
{
    f->logic.child_start_us = 0;
    f->orphan_us = clock_now_us() + CLOCK_MS(f->rules.lease_ms) + CLOCK_MS(f->rules.fence_ms);
    f->exit_status = 1;
    log_error("upgraded, and nothing was inherited: %s; fencing, and then this process ends", refused.text);
}

void fencer_inherit_orphan_step(struct fencer *f)
{
    const struct fencer_server *s = &f->logic.server;
    bool closed = !f->logic.fencing && (s->read_only == TRI_YES || s->alive == TRI_NO);
    if (!f->orphan_us || f->logic.stopping || !(closed || clock_now_us() >= f->orphan_us))
        return;
    fencer_logic_stop(&f->logic, &f->rules, clock_now_us());
}

/* What was seen of the server is seen anew; what was promised to the supervisor stays. */
bool fencer_inherit(struct fencer *f)
{
    struct fencer_message m = fencer_message_make(FENCER_RESTART);
    if (!have_inherited)
        return false;
    f->logic = inherited.logic;
    memset(&f->logic.server, 0, sizeof(f->logic.server));
    f->logic.unanswered_us = 0;
    f->logic.ticked_us = clock_now_us();
    f->reloaded = inherited.reloaded;
    f->greeted = inherited.greeted;
    f->old_lock_fd = inherited.write_lock_fd;
    f->unannounced = f->start.left;
    log_notice("%s; %s", f->start.left ? "started again" : "upgraded",
               fencer_logic_is_armed(&f->logic) ? "the term goes on" : "nothing is armed");
    if (inherited.child_fd >= 0) {
        child_adopt(f->child, inherited.child_fd);
        f->heard_us = clock_now_us();
        child_send(f->child, &m);
        f->replace_us = clock_now_us() + CLOCK_MS(MAKE_ROOM_MS);
    }
    return true;
}
