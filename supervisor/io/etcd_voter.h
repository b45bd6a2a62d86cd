/* A voter that is etcd: the vote is a key, bound to a lease of ours (wire/etcd_table.h has the names).
 *
 * The lease stands for the session of a MariaDB voter: it is granted as soon as etcd is reached, kept alive
 * whether the vote is held or not, and revoking it is closing: the key goes with it, and a transaction of
 * ours that is still on its way finds no lease and does nothing. A lease that etcd does not know any more (it
 * expired, or etcd lost its data) is a lost session: another one is granted, and is as young as a session
 * that was just opened.
 *
 * What proves that the vote is ours is a linearizable list of the keys, sent each period, that shows the key
 * bound to our lease; it counts from its send time. A keep-alive proves nothing about the key: the other node
 * deletes the key of a node that is proven closed, whose lease lives on. Nor does the list keep the lease
 * alive: both are sent.
 *
 * Taking is one transaction: if the key is as it was last seen (nobody's; or an earlier process's of our own
 * node; or, when the other is proven closed, the other's), it is bound to our lease. A promise is one that
 * compares the key's lease and every row that it rests on; a release writes the row and deletes the key in
 * one. So each may be sent twice or arrive late and does no harm.
 *
 * Which waits depend on the TTL: none that safety rests on. The lease is asked for with L + 1 s, so the key
 * outlives the holder's validity; etcd may grant more (its least is one and a half election timeouts), never
 * less: less than L + 1 s is refused. Nothing is seen to expire here: whoever takes a key that has gone
 * counts L from then (or at once, when it was released in writing or the other is closed), and every proof of
 * the former holder was sent before the key was gone. A longer TTL, a leader's change or a restart of etcd,
 * which all make leases last longer, only let a candidate wait longer for the key of a host that is gone: TTL
 * + L + takeover_delay in all. */
#ifndef REPLCHECK_IO_ETCD_VOTER_H
#define REPLCHECK_IO_ETCD_VOTER_H

#include "io/etcd_client.h"
#include "io/voter.h"

struct etcd_voter_options {
    struct voter_options common;
    struct etcd_client_options client;
};

/* NULL with `e` where a file of TLS cannot be read. */
struct voter *etcd_voter_new(struct event_base *base, const struct etcd_voter_options *options,
                             const struct voter_events *events, struct err *e);

#endif
