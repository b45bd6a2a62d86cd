/* Watches over NETLINK_ROUTE whether the virtual addresses are on this host.
 *
 * News wakes the loop at once. All addresses are read again each 5 s, and at once after news was lost.
 * Unknown until the first reading is whole, and while nothing can be read; then it is tried again each
 * second. Needs no privilege. Times are CLOCK_BOOTTIME microseconds. */
#ifndef REPLCHECK_IO_VIP_H
#define REPLCHECK_IO_VIP_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/tri.h"
#include "settings/settings.h"

struct event_base;
struct vip_watch;

struct vip_state {
    enum tri here;     /* yes: all of them; no: none; unknown: also while they are split */
    bool partial;      /* some are and some are not */
    int64_t since_us;  /* since when `here` has this value */
    int64_t read_us;   /* last whole reading; 0 = none */
    int address_count; /* as configured */
    struct {
        enum tri here;
        int64_t since_us;
    } addresses[SETTINGS_VIPS_MAX];
};

/* `addresses` are numeric. `changed` is called from the loop when the state of an address changed, the first
 * reading included; it must not free the watch. NULL and `e` if an address or the system refuses. */
struct vip_watch *vip_new(struct event_base *base, const char addresses[][SETTINGS_ADDRESS_MAX], int count,
                          void (*changed)(void *arg, const struct vip_state *state), void *arg,
                          struct err *e);

void vip_free(struct vip_watch **watch);

/* Valid until the watch is freed, and always current. */
const struct vip_state *vip_state(const struct vip_watch *watch);

#endif
