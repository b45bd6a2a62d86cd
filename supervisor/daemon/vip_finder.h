/* Where the supervisor learns whether the VIP is here: the kernel or a program, as vip.source says.
 *
 * It logs once what a program's answer changed from known to unknown, and back. */
#ifndef REPLCHECK_DAEMON_VIP_FINDER_H
#define REPLCHECK_DAEMON_VIP_FINDER_H

#include <stddef.h>

#include "io/vip.h"

struct event_base;
struct vip_finder;

/* Never NULL: where the system refuses it is logged, and the VIP remains unknown. `changed` is called from
 * the loop when something changed. */
struct vip_finder *vip_finder_new(struct event_base *base, const struct settings *settings,
                                  void (*changed)(void *arg, const struct vip_state *state), void *arg);
void vip_finder_free(struct vip_finder **finder);

/* Always current. */
const struct vip_state *vip_finder_state(const struct vip_finder *finder);

/* Why it is not known whether it is here, or which addresses are and which are not; "" where it is known.
 * Returns `out`. */
const char *vip_finder_trouble(const struct vip_finder *finder, char *out, size_t size);

#endif
