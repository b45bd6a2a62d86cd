/* The frame that every netlink message has. Pure: bytes in, one message out, unread.
 *
 * Nothing is believed: a length that does not fit ends the reading with NETLINK_FRAME_BROKEN, and any bytes
 * at any alignment are safe to pass. */
#ifndef REPLCHECK_WIRE_NETLINK_FRAME_H
#define REPLCHECK_WIRE_NETLINK_FRAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum netlink_frame_kind {
    NETLINK_FRAME_END = 0, /* no message is left */
    NETLINK_FRAME_BROKEN,  /* the rest cannot be read */
    NETLINK_FRAME_WHOLE,
};

struct netlink_frame {
    enum netlink_frame_kind kind;
    unsigned type, flags;
    uint32_t sequence;
    const unsigned char *body; /* inside the bytes */
    size_t length;
};

/* The message at *offset, which moves past it. */
struct netlink_frame netlink_frame_next(const void *bytes, size_t length, size_t *offset);

/* Of NLMSG_ERROR and NLMSG_DONE: the errno that it carries, 0 for an acknowledgement or a dump that is whole.
 * False for an NLMSG_ERROR without one. */
bool netlink_frame_error(const struct netlink_frame *f, int *error);

#endif
