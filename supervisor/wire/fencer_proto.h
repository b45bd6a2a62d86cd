/* What the fencer (privileged parent) and the supervisor (unprivileged child) say to each other:
 * fixed-size messages over a SOCK_SEQPACKET pair, one message per packet, host byte order (one machine, one
 * binary). A packet of another size or version ends the conversation.
 *
 * Child to fencer: HELLO, ARM, DISARM, FENCE, UPGRADE. Fencer to child: STATE, ACK, DEAD, FENCED. */
#ifndef REPLCHECK_WIRE_FENCER_PROTO_H
#define REPLCHECK_WIRE_FENCER_PROTO_H

#include <stdbool.h>
#include <stdint.h>

#define FENCER_PROTO_VERSION 1

enum fencer_message_kind {
    FENCER_HELLO = 1, /* child: asks for STATE */
    FENCER_ARM,       /* child: seq, epoch, deadline_us, votes, peer_can_take_vip, renewed */
    FENCER_DISARM,    /* child: seq; nothing is written here any more (read_only=1 was read back) */
    FENCER_FENCE,     /* child: seq, text = reason; fence now, whole ladder */
    FENCER_UPGRADE,   /* child: seq; re-execute, deadline and epoch kept */
    FENCER_STATE,     /* fencer: epoch, deadline_us, votes, pid, read_only, write_lock, alive; sent on HELLO and on
                         each change of pid, read_only, write_lock or alive, and each renewal period while armed */
    FENCER_ACK,       /* fencer: seq, deadline_us as clamped; the deadline is in force, and `write_lock` was
                         proven by an answer since the ARM if it says so */
    FENCER_DEAD,      /* fencer: pid, file, size: every task of mariadbd is exiting or a zombie */
    FENCER_FENCED,    /* fencer: text = how ("read_only=1 read back", "SIGKILL", "fence command"); ok */
};

struct fencer_message {
    uint32_t version; /* FENCER_PROTO_VERSION */
    uint32_t kind;
    uint64_t seq;         /* of an ARM, DISARM, FENCE; echoed by ACK and FENCED */
    uint64_t epoch;
    int64_t deadline_us;  /* CLOCK_BOOTTIME: fence when it passes; 0 = not armed */
    uint64_t size;        /* DEAD: bytes of the last binary log */
    int32_t pid;          /* mariadbd's, in our pid namespace; 0 = not known */
    uint8_t votes;        /* ARM, STATE: bit per counted voter: 1 node 1, 2 node 2, 4 tie-breaker */
    uint8_t peer_can_take_vip;
    uint8_t renewed;      /* ARM: rests on a renewal of this period, so the write lock may be renewed */
    uint8_t read_only;    /* enum tri as the fencer last read it */
    uint8_t write_lock;   /* enum tri: the fencer's session holds replcheck.write */
    uint8_t alive;        /* enum tri: the server's process; certified dead is TRI_NO */
    uint8_t certifiable;  /* enum tri: SO_PEERCRED, pid file and comm agree, so a death can be certified */
    uint8_t ok;           /* FENCED: the fence is proven */
    char file[64];        /* DEAD: base name of the last binary log; "" if not readable */
    char text[128];
};

#endif
