/* The supervisor's end of its conversation with the fencer (wire/fencer_proto.h).
 *
 * Nothing here blocks: a message that cannot be sent at once means the fencer is gone, as does an end of
 * file, a malformed packet or another protocol version. `gone` is called once, from the loop, never from
 * inside a send; afterwards every send returns 0. The supervisor then demotes by itself and exits.
 *
 * systemd's READY, WATCHDOG and STOPPING are the fencer's; the child may send STATUS.
 * Ownership: the link owns the descriptor. Callbacks may call anything here but fencer_link_free(). */
#ifndef REPLCHECK_DAEMON_FENCER_LINK_H
#define REPLCHECK_DAEMON_FENCER_LINK_H

#include <stdbool.h>
#include <stdint.h>

#include "wire/fencer_proto.h"

struct event_base;
struct fencer_link;

/* Each may be NULL. A message is valid during the call. */
struct fencer_link_events {
    void (*state)(void *arg, const struct fencer_message *state);
    void (*ack)(void *arg, const struct fencer_message *ack);
    void (*dead)(void *arg, const struct fencer_message *dead);
    void (*fenced)(void *arg, const struct fencer_message *fenced);
    void (*restart)(void *arg);                  /* exit now, without demoting: the next child inherits */
    void (*gone)(void *arg, const char *reason); /* one clause */
    void *arg;
};

struct fencer_arm {
    uint64_t epoch;
    int64_t deadline_us; /* when the fence is to start: authority's end − (F + ε) */
    uint8_t votes;       /* bit per counted voter: 1 node 1, 2 node 2, 4 tie-breaker */
    bool peer_can_take_vip;
    int64_t renewed_us; /* when the oldest renewal left that this authority rests on */
    bool stays;         /* maintenance */
};

/* Starts the conversation; sends HELLO, whose STATE tells what is inherited. */
struct fencer_link *fencer_link_new(struct event_base *base, int fd, const struct fencer_link_events *events);
void fencer_link_free(struct fencer_link **link);

/* Each returns the message's seq, or 0 when the fencer is gone. The answer is an ACK with that seq (HELLO: a
 * STATE). After FENCED the link sends HELLO by itself. */
uint64_t fencer_link_hello(struct fencer_link *link);
uint64_t fencer_link_prepare(struct fencer_link *link, uint64_t epoch);
uint64_t fencer_link_arm(struct fencer_link *link, const struct fencer_arm *arm);
uint64_t fencer_link_disarm(struct fencer_link *link);
/* `ends`: by ending the server at once, where that is allowed. */
uint64_t fencer_link_fence(struct fencer_link *link, const char *reason, bool ends);
uint64_t fencer_link_upgrade(struct fencer_link *link);
/* Is not answered. */
uint64_t fencer_link_status(struct fencer_link *link, const char *sentence, bool reloaded);

bool fencer_link_is_gone(const struct fencer_link *link);

/* The newest of STATE and ACK, or NULL before the first: epoch, deadline, votes, pid, read_only, write_lock,
 * alive, certifiable, fencing. */
const struct fencer_message *fencer_link_state(const struct fencer_link *link);

/* The deadline of the newest ACK of an ARM or of the first STATE: what the fencer will surely enforce; 0 =
 * none. Authority beyond it does not count. */
int64_t fencer_link_deadline_us(const struct fencer_link *link);

/* When the oldest ARM, DISARM, FENCE or HELLO still without an answer was sent; 0 = none. (A PREPARE's answer
 * waits for the server, so it is not counted.) */
int64_t fencer_link_unanswered_since_us(const struct fencer_link *link);

#endif
