/* Whether the virtual addresses are here, by the word of a program: for addresses that a cloud moves and the
 * kernel knows nothing of.
 *
 * The program is run again and again, `period_ms` after the last run ended, and killed with its process group
 * at `deadline_ms`. Exit status 0 is here, 1 is not here; everything else is unknown, also when it cannot be
 * started. What is known is so until the next run has ended, and for no longer than a run and a pause may
 * take. The first line of what it prints is kept for people; more of it is read and thrown away. Never
 * blocks.
 *
 * Times are CLOCK_BOOTTIME microseconds. */
#ifndef REPLCHECK_IO_VIP_COMMAND_H
#define REPLCHECK_IO_VIP_COMMAND_H

#include "base/err.h"
#include "io/vip.h"

struct event_base;
struct vip_command;

#define VIP_SAID_MAX 128

struct vip_command_options {
    const char *const *argv;        /* ends with NULL; argv[0] is an absolute path; borrowed while it lives */
    const char *const *environment; /* "NAME=value", ends with NULL: all that it gets besides PATH */
    int period_ms;
    int deadline_ms;
};

/* `changed` is called from the loop when `here` changed, the first answer included; it must not free the
 * watch. The first run begins in the loop's next turn. */
struct vip_command *vip_command_new(struct event_base *base, const struct vip_command_options *options,
                                    void (*changed)(void *arg, const struct vip_state *state), void *arg);

/* Kills what runs. */
void vip_command_free(struct vip_command **watch);

/* Of all addresses together: `addresses` are not told apart, nothing is `partial`. Valid until the watch is
 * freed, and always current. */
const struct vip_state *vip_command_state(const struct vip_command *watch);

/* Why it is not known, one clause: "exit status 3: no token"; "" while it is. */
const char *vip_command_trouble(const struct vip_command *watch);

#endif
