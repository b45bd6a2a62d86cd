/* Hooks: the executables of one folder, called after a change of role and at an alert. They are told of by
 * the events of the journal, and run on a thread of their own, one after the other by their names, so that
 * neither the folder's disk nor a hook that hangs delays a decision, a log line or the journal. Offering an
 * event copies it and never waits; what finds no room is dropped and counted.
 *
 * A hook is called with the event's name, and with REPLCHECK_* in an environment of its own. It inherits no
 * descriptor but the standard ones, of which it may use standard error. At its deadline its process group
 * gets SIGKILL. How it ended is an event of the journal, and of anything but exit status 0 there is a warning
 * in the log.
 *
 * One per process; start and stop belong to the loop's thread. */
#ifndef REPLCHECK_IO_HOOKS_H
#define REPLCHECK_IO_HOOKS_H

#include "base/err.h"
#include "io/journal.h"

#define HOOKS_ROOM 16 /* events that wait */

/* `tell` is told on the hooks' thread how each one ended; that is no hook's event. */
MUST_CHECK bool hooks_start(const char *dir, int timeout_ms, void (*tell)(const struct journal_event *event),
                            struct err *e);

/* After a reload; a hook that runs keeps its deadline. */
void hooks_set(const char *dir, int timeout_ms);

/* From any thread; nothing happens outside of start and stop, nor for an event that is no hook's. */
void hooks_offer(const struct journal_event *event);

/* What waits is run until `deadline_ms` have passed; a hook that runs then is left to itself. False: that is
 * so. */
bool hooks_stop(int deadline_ms);

/* Those that the event is told by, in their order: "post_promote", "post_demote", "alert"; how many. */
int hooks_names(const struct journal_event *event, const char *names[2]);

#endif
