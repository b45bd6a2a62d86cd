/* What the fencer (privileged parent) and the supervisor (unprivileged child) say to each other:
 * fixed-size messages over a SOCK_SEQPACKET pair, one message per packet, host byte order (one machine, one
 * binary). A packet of another size or version ends the conversation.
 *
 * Child to fencer: HELLO, PREPARE, ARM, DISARM, FENCE, UPGRADE; each but HELLO is answered by one ACK with
 * its seq, HELLO by a STATE; STATUS is not answered. Fencer to child, unasked: STATE, DEAD, FENCED, RESTART.
 *
 * The order of a promotion: PREPARE (beside the votes) → ACK with write_lock yes → ARM → ACK with a deadline
 * → enable in the server. The order of a demotion: read_only=1 read back → DISARM. A term that ended by a
 * fence is over: a later ARM needs a higher epoch. */
#ifndef REPLCHECK_WIRE_FENCER_PROTO_H
#define REPLCHECK_WIRE_FENCER_PROTO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define FENCER_PROTO_VERSION 2

enum fencer_message_kind {
    FENCER_HELLO =
        1,      /* child: asks for STATE; sent at start and after FENCED (the weight is then its own again) */
    FENCER_ARM, /* child: epoch, deadline_us, votes, peer_can_take_vip, renewed_us, stays */
    FENCER_DISARM,  /* child: nothing is written here any more (read_only=1 was read back) */
    FENCER_FENCE,   /* child: text = reason, ends; fence now, whole ladder. The ACK comes first, FENCED at the
                       end */
    FENCER_UPGRADE, /* child: re-execute from the installed file; deadline, epoch and write lock are kept */
    FENCER_STATE,   /* fencer: epoch, deadline_us, votes, pid, read_only, write_lock, alive, certifiable,
                       fencing,   reset; on HELLO, on each change of one of the last six, each renewal period
                       while armed */
    FENCER_ACK,  /* fencer: see above; all fields of STATE as of now. Of an ARM: sent at once, the deadline is
                    in force as clamped to now + L; 0 means refused, text says why. Of a PREPARE: sent when the
                    lock was taken (write_lock yes) or refused (no; text says why) */
    FENCER_DEAD, /* fencer: pid, file, size: every task of mariadbd is exiting or a zombie */
    FENCER_FENCED,  /* fencer: text = how ("read_only=1 read back", "SIGKILL", ...), ok = proven, seq of the
                       FENCE or 0. With ok = 0 the fencer tries again until it is proven */
    FENCER_PREPARE, /* child: epoch; take the write lock and keep it for up to L unless repeated or armed */
    FENCER_RESTART, /* fencer: it was upgraded; the child exits at once, with nothing demoted or released: the
                       next child inherits epoch, deadline and votes by STATE */
    FENCER_STATUS,  /* child: text = the sentence of its state, for the service manager; on each change and
                       every few  seconds. ok = 1: a reload that was asked for is over. Not answered */
};

struct fencer_message {
    uint32_t version; /* FENCER_PROTO_VERSION */
    uint32_t kind;
    uint64_t seq; /* chosen by the child, rising; echoed by ACK and FENCED */
    uint64_t epoch;
    int64_t deadline_us; /* CLOCK_BOOTTIME: the fence starts when it passes; 0 = not armed */
    int64_t renewed_us;  /* ARM: when the oldest renewal left that the deadline rests on */
    uint64_t size;       /* DEAD: bytes of the last binary log */
    int32_t pid;         /* mariadbd's, in our pid namespace; 0 = not known */
    uint8_t votes;       /* ARM, STATE: bit per counted voter: 1 node 1, 2 node 2, 4 tie-breaker */
    uint8_t peer_can_take_vip;
    uint8_t read_only; /* enum tri as the fencer last read it */
    uint8_t write_lock; /* enum tri: yes = proven by an answer so fresh that the session's wait_timeout (L − 1
                           s) cannot have ended since */
    uint8_t alive;      /* enum tri: the server's process; certified dead is TRI_NO */
    uint8_t certifiable; /* enum tri: SO_PEERCRED, pid file and comm agree, so a death can be certified */
    uint8_t fencing;     /* 1: a fence is under way, ARM is refused */
    uint8_t ok;          /* FENCED: the fence is proven; STATUS: reloaded */
    uint8_t reset; /* STATE, DEAD: enum tri: the last dead server's connections at the VIP were reset; unknown
                      while that is under way */
    /* ARM: maintenance: a stop leaves the term to the process that is started next, if it can. */
    uint8_t stays;
    /* FENCE: its binary log may end in half an event, which only the end of the server leaves behind. */
    uint8_t ends;
    uint8_t reserved[5]; /* zero */
    char file[64];       /* DEAD: base name of the last binary log; "" if not readable */
    char text[128];
};

/* A message of this kind, all else zero. */
struct fencer_message fencer_message_make(enum fencer_message_kind kind);

/* Is this packet a message that the child may send (or else: the fencer)? Right size, version, direction, and
 * the texts terminated. */
bool fencer_message_valid(const void *packet, size_t size, bool from_child);

/* "ARM", "STATE", …; "?" for anything else. */
const char *fencer_message_name(uint32_t kind);

#endif
