#include "wire/sock_diag.h"

#include <arpa/inet.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

#include "wire/netlink_frame.h"

_Static_assert(sizeof(struct nlmsghdr) + sizeof(struct inet_diag_req_v2) == SOCK_DIAG_REQUEST_SIZE,
               "the size of a request");
_Static_assert(sizeof(((struct inet_diag_sockid *)0)->idiag_src) ==
                   sizeof(((struct netlink_address *)0)->bytes),
               "an address is kept as the kernel does");

static void put(unsigned char *out, int type, int flags, uint32_t sequence,
                const struct inet_diag_req_v2 *body)
{
    const struct nlmsghdr header = {.nlmsg_len = SOCK_DIAG_REQUEST_SIZE,
                                    .nlmsg_type = (uint16_t)type,
                                    .nlmsg_flags = (uint16_t)(NLM_F_REQUEST | flags),
                                    .nlmsg_seq = sequence};
    memcpy(out, &header, sizeof(header));
    memcpy(out + sizeof(header), body, sizeof(*body));
}

void sock_diag_list(unsigned char out[SOCK_DIAG_REQUEST_SIZE], int family, unsigned states, uint16_t port,
                    uint32_t sequence)
{
    const struct inet_diag_req_v2 body = {.sdiag_family = (uint8_t)family,
                                          .sdiag_protocol = IPPROTO_TCP,
                                          .idiag_states = states,
                                          .id = {.idiag_sport = htons(port)}};
    put(out, SOCK_DIAG_BY_FAMILY, NLM_F_DUMP, sequence, &body);
}

void sock_diag_list_to(unsigned char out[SOCK_DIAG_REQUEST_SIZE], int family, unsigned states, uint16_t port,
                       uint32_t sequence)
{
    const struct inet_diag_req_v2 body = {.sdiag_family = (uint8_t)family,
                                          .sdiag_protocol = IPPROTO_TCP,
                                          .idiag_states = states,
                                          .id = {.idiag_dport = htons(port)}};
    put(out, SOCK_DIAG_BY_FAMILY, NLM_F_DUMP, sequence, &body);
}

void sock_diag_destroy(unsigned char out[SOCK_DIAG_REQUEST_SIZE], const struct sock_diag_socket *s,
                       uint32_t sequence)
{
    struct inet_diag_req_v2 body = {.sdiag_family = (uint8_t)s->local.family,
                                    .sdiag_protocol = IPPROTO_TCP,
                                    .idiag_states = ~0U,
                                    .id = {.idiag_sport = htons(s->local_port),
                                           .idiag_dport = htons(s->remote_port),
                                           .idiag_if = s->interface,
                                           .idiag_cookie = {s->cookie[0], s->cookie[1]}}};
    memcpy(body.id.idiag_src, s->local.bytes, sizeof(s->local.bytes));
    memcpy(body.id.idiag_dst, s->remote.bytes, sizeof(s->remote.bytes));
    put(out, SOCK_DESTROY, NLM_F_ACK, sequence, &body);
}

/* Of an IPv4 address only the first 4 bytes are told; the rest is ours to clear. */
static struct netlink_address read_address(int family, const void *bytes)
{
    struct netlink_address a = {.family = family};
    memcpy(a.bytes, bytes, family == AF_INET ? 4 : 16);
    return a;
}

static bool read_socket(struct sock_diag_message *m, const struct netlink_frame *f)
{
    struct inet_diag_msg d;
    if (f->length < sizeof(d))
        return false;
    memcpy(&d, f->body, sizeof(d));
    if (d.idiag_family != AF_INET && d.idiag_family != AF_INET6) {
        m->kind = SOCK_DIAG_OTHER;
        return true;
    }
    m->kind = SOCK_DIAG_SOCKET;
    m->socket = (struct sock_diag_socket){.local = read_address(d.idiag_family, d.id.idiag_src),
                                          .remote = read_address(d.idiag_family, d.id.idiag_dst),
                                          .local_port = ntohs(d.id.idiag_sport),
                                          .remote_port = ntohs(d.id.idiag_dport),
                                          .interface = d.id.idiag_if,
                                          .cookie = {d.id.idiag_cookie[0], d.id.idiag_cookie[1]},
                                          .uid = d.idiag_uid,
                                          .inode = d.idiag_inode};
    return true;
}

static bool read_body(struct sock_diag_message *m, const struct netlink_frame *f)
{
    switch (f->type) {
    case SOCK_DIAG_BY_FAMILY:
        return read_socket(m, f);
    case NLMSG_DONE:
    case NLMSG_ERROR:
        if (!netlink_frame_error(f, &m->error))
            return false;
        m->kind = m->error ? SOCK_DIAG_FAILED : SOCK_DIAG_DONE;
        return true;
    default:
        m->kind = SOCK_DIAG_OTHER;
        return true;
    }
}

struct sock_diag_message sock_diag_next(const void *bytes, size_t length, size_t *offset)
{
    struct netlink_frame f = netlink_frame_next(bytes, length, offset);
    struct sock_diag_message m = {.kind = SOCK_DIAG_END, .sequence = f.sequence};
    if (f.kind == NETLINK_FRAME_END)
        return m;
    if (f.kind == NETLINK_FRAME_BROKEN || !read_body(&m, &f))
        return (struct sock_diag_message){.kind = SOCK_DIAG_BROKEN};
    return m;
}

static const unsigned char mapped[12] = {[10] = 0xff, [11] = 0xff};

bool sock_diag_is_at(const struct sock_diag_socket *s, const struct netlink_address *address)
{
    if (s->local.family == address->family)
        return memcmp(s->local.bytes, address->bytes, sizeof(address->bytes)) == 0;
    return s->local.family == AF_INET6 && memcmp(s->local.bytes, mapped, sizeof(mapped)) == 0 &&
           memcmp(s->local.bytes + sizeof(mapped), address->bytes, 4) == 0;
}

/* "::" hears IPv4 too, unless it is told not to, which is not seen here: then it only seems to. */
bool sock_diag_hears(const struct sock_diag_socket *s, const struct netlink_address *address)
{
    static const unsigned char any[16];
    bool wild = memcmp(s->local.bytes, any, sizeof(any)) == 0;
    return wild ? s->local.family == AF_INET6 || address->family == AF_INET : sock_diag_is_at(s, address);
}
