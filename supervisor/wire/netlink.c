#include "wire/netlink.h"

#include <arpa/inet.h>
#include <linux/if_addr.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <string.h>
#include <sys/socket.h>

#include "wire/netlink_frame.h"

static size_t aligned(size_t length)
{
    return (length + NLMSG_ALIGNTO - 1) & ~(size_t)(NLMSG_ALIGNTO - 1);
}

static size_t address_length(int family)
{
    return family == AF_INET ? 4 : family == AF_INET6 ? 16 : 0;
}

static bool read_attribute(struct netlink_message *m, bool *local, uint32_t *flags, unsigned type,
                           const unsigned char *value, size_t length)
{
    switch (type) {
    case IFA_LOCAL:
    case IFA_ADDRESS:
        if (length != address_length(m->address.family))
            return false;
        if (type == IFA_LOCAL || !*local)
            memcpy(m->address.bytes, value, length);
        *local |= type == IFA_LOCAL;
        return true;
    case IFA_FLAGS:
        if (length != sizeof(*flags))
            return false;
        memcpy(flags, value, sizeof(*flags));
        return true;
    default:
        return true;
    }
}

static bool is_usable(uint32_t flags)
{
    if (flags & IFA_F_DADFAILED)
        return false;
    return !(flags & IFA_F_TENTATIVE) || (flags & IFA_F_OPTIMISTIC);
}

static bool read_address(struct netlink_message *m, const unsigned char *body, size_t length)
{
    struct ifaddrmsg header;
    bool local = false, any = false;
    if (length < sizeof(header))
        return false;
    memcpy(&header, body, sizeof(header));
    m->address.family = header.ifa_family;
    m->interface = header.ifa_index;
    if (!address_length(header.ifa_family)) {
        m->kind = NETLINK_OTHER;
        return true;
    }
    uint32_t flags = header.ifa_flags; /* its low 8 bits; IFA_FLAGS has them all */
    for (size_t at = aligned(sizeof(header)); at + sizeof(struct rtattr) <= length;) {
        struct rtattr attribute;
        memcpy(&attribute, body + at, sizeof(attribute));
        if (attribute.rta_len < sizeof(attribute) || attribute.rta_len > length - at)
            return false;
        unsigned type = attribute.rta_type & NLA_TYPE_MASK;
        if (!read_attribute(m, &local, &flags, type, body + at + sizeof(attribute),
                            attribute.rta_len - sizeof(attribute)))
            return false;
        any |= type == IFA_LOCAL || type == IFA_ADDRESS;
        at += aligned(attribute.rta_len);
    }
    m->usable = is_usable(flags);
    return any;
}

/* Also a dump's end carries an error when it failed on the way. */
static bool read_error(struct netlink_message *m, const struct netlink_frame *f)
{
    if (!netlink_frame_error(f, &m->error))
        return false;
    m->kind = m->error ? NETLINK_FAILED : f->type == NLMSG_DONE ? NETLINK_DONE : NETLINK_OTHER;
    return true;
}

static bool read_body(struct netlink_message *m, const struct netlink_frame *f)
{
    switch (f->type) {
    case RTM_NEWADDR:
    case RTM_DELADDR:
        m->kind = f->type == RTM_NEWADDR ? NETLINK_ADDED : NETLINK_REMOVED;
        return read_address(m, f->body, f->length);
    case NLMSG_DONE:
    case NLMSG_ERROR:
        return read_error(m, f);
    default:
        m->kind = NETLINK_OTHER;
        return true;
    }
}

struct netlink_message netlink_next(const void *bytes, size_t length, size_t *offset)
{
    struct netlink_frame f = netlink_frame_next(bytes, length, offset);
    struct netlink_message m = {.kind = NETLINK_END};
    if (f.kind == NETLINK_FRAME_END)
        return m;
    m.sequence = f.sequence;
    m.interrupted = f.flags & NLM_F_DUMP_INTR;
    if (f.kind == NETLINK_FRAME_BROKEN || !read_body(&m, &f))
        return (struct netlink_message){.kind = NETLINK_BROKEN};
    return m;
}

bool netlink_address_parse(struct netlink_address *out, const char *text)
{
    *out = (struct netlink_address){.family = strchr(text, ':') ? AF_INET6 : AF_INET};
    return inet_pton(out->family, text, out->bytes) == 1;
}
