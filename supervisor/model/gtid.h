/* GTID positions, lists and states as a small algebra, with MariaDB's notation domain-server-sequence.
 *
 * A position (gtid_binlog_pos, gtid_slave_pos, Gtid_IO_Pos) has one GTID per domain; a state
 * (gtid_binlog_state) one per domain and server id. Both are a `struct gtid_set`: fixed size, copyable,
 * pointer-free. A set that was never read is `known == false`, which is different from an empty one;
 * every question about an unknown set answers "unknown", never "no" and never zero.
 *
 * Within one domain sequence numbers rise along the single history (gtid_strict_mode), so a position
 * "contains" a GTID of its domain when its sequence number is at least that one's. */
#ifndef REPLCHECK_MODEL_GTID_H
#define REPLCHECK_MODEL_GTID_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/tri.h"

#define GTID_SET_MAX  16
#define GTID_TEXT_MAX (GTID_SET_MAX * 44)

struct gtid {
    uint32_t domain;
    uint32_t server;
    uint64_t seq;
};

struct gtid_set {
    bool known;
    uint8_t count;
    struct gtid at[GTID_SET_MAX]; /* sorted by domain, then server */
};

/* How the history of one server stands to that of another. */
enum gtid_relation { GTID_REL_UNKNOWN = 0, GTID_REL_EQUAL, GTID_REL_AHEAD, GTID_REL_BEHIND, GTID_REL_DIVERGED };

/* Parses "0-1-5,1-2-7"; an empty string is the known empty set. Fails on anything else that is not a
 * list of GTIDs, on more than GTID_SET_MAX entries and on the same domain and server twice; the set is
 * then unknown. */
MUST_CHECK bool gtid_set_parse(struct gtid_set *out, const char *text, struct err *e);

/* Writes the text form ("unknown" for an unknown set); always terminated. Returns `out`. */
const char *gtid_set_format(const struct gtid_set *set, char *out, size_t size);

/* Adds or raises the entry of its domain (position semantics: one entry per domain). */
void gtid_pos_advance(struct gtid_set *pos, const struct gtid *gtid);

/* The higher of both per domain; an unknown operand leaves the other. */
void gtid_pos_merge(struct gtid_set *into, const struct gtid_set *from);

/* Has `have` all that `want` has (per domain, by sequence number)? Unknown if either is unknown. */
enum tri gtid_pos_contains(const struct gtid_set *have, const struct gtid_set *want);

/* Number of sequence numbers in `want` beyond `have`, summed over domains; an upper bound of the missing
 * transactions. -1 if either is unknown. */
int64_t gtid_pos_missing(const struct gtid_set *have, const struct gtid_set *want);

enum tri gtid_pos_equal(const struct gtid_set *a, const struct gtid_set *b);

/* Compares two gtid_binlog_state sets per domain and server id: entries of `a` beyond `b` for one server
 * and of `b` beyond `a` for another of the same domain are a divergence (FIELD-NOTES "GTID"). AHEAD: `a`
 * contains `b` and has more. If DIVERGED and `first` is not NULL it names the first GTID of `a` that `b`
 * lacks (lowest domain). */
enum gtid_relation gtid_state_compare(const struct gtid_set *a, const struct gtid_set *b, struct gtid *first);

const char *gtid_relation_name(enum gtid_relation r);

#endif
