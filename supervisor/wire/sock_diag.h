/* What is said with the kernel about TCP sockets over NETLINK_SOCK_DIAG: which there are at a local port, and
 * that one is to be destroyed, upon which its other end hears RST. Pure: bytes out, bytes in.
 *
 * Nothing is believed: a length that does not fit ends the reading with SOCK_DIAG_BROKEN, and any bytes at
 * any alignment are safe to pass. */
#ifndef REPLCHECK_WIRE_SOCK_DIAG_H
#define REPLCHECK_WIRE_SOCK_DIAG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "wire/netlink.h"

#define SOCK_DIAG_REQUEST_SIZE 72 /* of either request */

/* Bits of `states` in a request. */
#define SOCK_DIAG_LISTENING (1U << 10)
#define SOCK_DIAG_DIALLING  (1U << 2)                     /* SYN_SENT */
#define SOCK_DIAG_TALKING   (1U << 1 | 1U << 3 | 1U << 8) /* established, SYN_RECV, closed by the other end */

enum sock_diag_kind {
    SOCK_DIAG_END = 0, /* no message is left */
    SOCK_DIAG_BROKEN,  /* the rest cannot be read */
    SOCK_DIAG_SOCKET,  /* one of a dump */
    SOCK_DIAG_DONE,    /* the dump is whole, or the request was obeyed */
    SOCK_DIAG_FAILED,  /* error */
    SOCK_DIAG_OTHER,   /* of no interest */
};

/* `family` AF_INET6 with addresses ::ffff:a.b.c.d is IPv4 on a socket of both. */
struct sock_diag_socket {
    struct netlink_address local, remote;
    uint16_t local_port, remote_port;
    uint32_t interface;
    uint32_t cookie[2]; /* no other socket of this boot has the same */
    uint32_t uid;       /* its owner; 0 also while nobody has accepted it */
    uint32_t inode;     /* 0: it belongs to no descriptor (any more, or yet) */
};

struct sock_diag_message {
    enum sock_diag_kind kind;
    uint32_t sequence; /* of the request it answers */
    int error;
    struct sock_diag_socket socket;
};

/* All TCP sockets of a family with that local port. */
void sock_diag_list(unsigned char out[SOCK_DIAG_REQUEST_SIZE], int family, unsigned states, uint16_t port,
                    uint32_t sequence);
/* All with that remote port. */
void sock_diag_list_to(unsigned char out[SOCK_DIAG_REQUEST_SIZE], int family, unsigned states, uint16_t port,
                       uint32_t sequence);
/* Exactly this one, by its cookie: refused with ESTALE or
 * ENOENT when it is gone. It is answered either way. */
void sock_diag_destroy(unsigned char out[SOCK_DIAG_REQUEST_SIZE], const struct sock_diag_socket *s,
                       uint32_t sequence);

/* The message at *offset, which moves past it. */
struct sock_diag_message sock_diag_next(const void *bytes, size_t length, size_t *offset);

/* Is its local address this one? */
bool sock_diag_is_at(const struct sock_diag_socket *s, const struct netlink_address *address);
/* Does it, listening, take connections to this address? */
bool sock_diag_hears(const struct sock_diag_socket *s, const struct netlink_address *address);

#endif
