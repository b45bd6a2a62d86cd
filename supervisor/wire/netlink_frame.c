#include "wire/netlink_frame.h"

#include <limits.h>
#include <linux/netlink.h>
#include <string.h>

struct netlink_frame netlink_frame_next(const void *bytes, size_t length, size_t *offset)
{
    struct netlink_frame f = {.kind = NETLINK_FRAME_END};
    struct nlmsghdr header;
    if (*offset >= length)
        return f;
    const unsigned char *at = (const unsigned char *)bytes + *offset;
    size_t left = length - *offset;
    if (left >= sizeof(header))
        memcpy(&header, at, sizeof(header));
    if (left < sizeof(header) || header.nlmsg_len < sizeof(header) || header.nlmsg_len > left) {
        *offset = length;
        f.kind = NETLINK_FRAME_BROKEN;
        return f;
    }
    size_t aligned = ((size_t)header.nlmsg_len + NLMSG_ALIGNTO - 1) & ~(size_t)(NLMSG_ALIGNTO - 1);
    *offset = aligned < left ? *offset + aligned : length;
    return (struct netlink_frame){.kind = NETLINK_FRAME_WHOLE,
                                  .type = header.nlmsg_type,
                                  .flags = header.nlmsg_flags,
                                  .sequence = header.nlmsg_seq,
                                  .body = at + sizeof(header),
                                  .length = header.nlmsg_len - sizeof(header)};
}

bool netlink_frame_error(const struct netlink_frame *f, int *error)
{
    int carried = 0;
    if (f->length >= sizeof(carried))
        memcpy(&carried, f->body, sizeof(carried));
    else if (f->type == NLMSG_ERROR)
        return false;
    if (carried == INT_MIN) /* no errno */
        return false;
    *error = carried < 0 ? -carried : 0;
    return true;
}
