/* Reads what the kernel says of addresses over NETLINK_ROUTE: RTM_NEWADDR, RTM_DELADDR, and the end or the
 * failure of a dump. Pure: bytes in, one message out.
 *
 * Nothing is believed: a length that does not fit ends the reading with NETLINK_BROKEN, and any bytes at any
 * alignment are safe to pass. Messages and attributes of other kinds are skipped. */
#ifndef REPLCHECK_WIRE_NETLINK_H
#define REPLCHECK_WIRE_NETLINK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum netlink_kind {
    NETLINK_END = 0, /* no message is left */
    NETLINK_BROKEN,  /* the rest cannot be read */
    NETLINK_ADDED,   /* also each address of a dump */
    NETLINK_REMOVED,
    NETLINK_DONE,   /* the dump is whole */
    NETLINK_FAILED, /* the request was refused: error */
    NETLINK_OTHER,  /* of no interest */
};

/* An address as the kernel keeps it: AF_INET (4 bytes, the rest zero) or AF_INET6. */
struct netlink_address {
    int family;
    unsigned char bytes[16];
};

struct netlink_message {
    enum netlink_kind kind;
    uint32_t sequence; /* of the request it answers; 0 for news */
    bool interrupted;  /* the dump missed changes and must be done again */
    int error;         /* FAILED: errno */
    /* ADDED, REMOVED: */
    struct netlink_address address; /* the host's own, not the other end of a point-to-point link */
    unsigned interface;
    bool usable; /* not tentative, and no duplicate was detected (IPv6) */
};

/* From its numeric text; false for anything else. */
bool netlink_address_parse(struct netlink_address *out, const char *text);

/* The message at *offset, which moves past it. */
struct netlink_message netlink_next(const void *bytes, size_t length, size_t *offset);

#endif
