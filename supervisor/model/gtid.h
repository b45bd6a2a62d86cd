/* GTID positions, lists and states as a small algebra, with MariaDB's notation domain-server-sequence.
 *
 * A position (gtid_binlog_pos, gtid_slave_pos, Gtid_IO_Pos) has one GTID per domain; a state
 * (gtid_binlog_state) one per domain and server id. Both are a `struct gtid_set`: fixed size, copyable,
 * pointer-free. A set that was never read is `known == false`, which is different from an empty one;
 * every question about an unknown set answers "unknown", never "no" and never zero.
 *
 * Within one domain sequence numbers rise along the single history (gtid_strict_mode), whichever server
 * wrote them. A position therefore contains a GTID of its domain when its sequence number is higher, or is
 * the same and of the same server: one number used by two servers is a fork, and neither side contains the
 * other's. A fork further back than the last number shows in no position; only states tell
 * (gtid_state_compare). Sequence number 0 says nothing and is not kept. */
#ifndef REPLCHECK_MODEL_GTID_H
#define REPLCHECK_MODEL_GTID_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/tri.h"

#ifndef GTID_SET_MAX
#define GTID_SET_MAX 32
#endif
#define GTID_ONE_MAX        44 /* one GTID as text, with its comma or terminator */
#define GTID_TEXT_MAX       (GTID_SET_MAX * GTID_ONE_MAX)
#define GTID_EXTRA_NAME_MAX (2 * GTID_ONE_MAX)

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
enum gtid_relation {
    GTID_REL_UNKNOWN = 0,
    GTID_REL_EQUAL,
    GTID_REL_AHEAD,
    GTID_REL_BEHIND,
    GTID_REL_DIVERGED
};

/* Parses "0-1-5,1-2-7"; an empty string is the known empty set. Fails on NULL, on anything else that is
 * not a list of GTIDs, on more than GTID_SET_MAX entries and on the same domain and server twice; the set
 * is then unknown. */
MUST_CHECK bool gtid_set_parse(struct gtid_set *out, const char *text, struct err *e);

/* Writes the text form ("unknown" for an unknown set); always terminated. A set that does not fit (never
 * with GTID_TEXT_MAX) ends in "..." after whole GTIDs. Both return `out`. */
const char *gtid_set_format(const struct gtid_set *set, char *out, size_t size);
const char *gtid_format(const struct gtid *gtid, char *out, size_t size);

/* Adds a GTID, which replaces the lower ones of its domain. There is one entry per domain, but for a fork
 * at its last number, which keeps one per server until a higher one comes. An unknown position stays
 * unknown; one that would not fit becomes it. */
void gtid_pos_advance(struct gtid_set *pos, const struct gtid *gtid);

/* The least position that contains both; an unknown operand leaves the other. Merging a state into the
 * known empty set gives its position. */
void gtid_pos_merge(struct gtid_set *into, const struct gtid_set *from);

/* Has `have` all that `want` has? Unknown if either is unknown. */
enum tri gtid_pos_contains(const struct gtid_set *have, const struct gtid_set *want);

/* Is the position on the other side of a fork: does the gtid_binlog_state know its server only up to an
 * earlier number, or not at all though numbers of others reach beyond it? `seeded` is the gtid_slave_pos: a
 * server that was seeded at the position has it without any such entry. Where no number reaches it, the
 * positions tell. */
bool gtid_state_lacks(const struct gtid_set *state, const struct gtid_set *seeded,
                      const struct gtid_set *pos);

/* Number of sequence numbers in `want` beyond `have`, summed over domains: with one history an upper bound
 * of the missing transactions; 0 exactly if gtid_pos_contains says yes. -1 if either is unknown. */
int64_t gtid_pos_missing(const struct gtid_set *have, const struct gtid_set *want);

enum tri gtid_pos_equal(const struct gtid_set *a, const struct gtid_set *b);

/* Compares two gtid_binlog_state sets per domain and server id (FIELD-NOTES "GTID"). AHEAD: `a` contains
 * `b` and has more. DIVERGED: each has entries beyond the other's, be it in one domain or in distinct
 * ones; gtid_state_disjoint tells the two cases apart. The states may be of different moments only if at
 * most one of the two servers writes.
 *
 * `first`, if not NULL, is zeroed or, when `a` has more, names the first GTID of `a` that `b` lacks, in the
 * lowest such domain (an estimate where several servers wrote the part that `b` lacks).
 *
 * A node that was seeded without its donor's state lacks old
 * server ids and seems behind in them: the safe error. */
enum gtid_relation gtid_state_compare(const struct gtid_set *a, const struct gtid_set *b, struct gtid *first);

/* From where to read the log of `a` so as to miss nothing that `b` lacks: the common position, without the
 * domains in which something of that kind lies below it. Unknown if either is. */
struct gtid_set gtid_state_extra_after(const struct gtid_set *a, const struct gtid_set *b);

/* Number of sequence numbers of `a` beyond `b`, per domain and server id: of one history an upper bound of
 * the transactions. -1 if either is unknown. */
int64_t gtid_state_extra(const struct gtid_set *a, const struct gtid_set *b);

/* Number of sequence numbers of a standby's state that the writer has neither in its own nor below
 * `applied`, its gtid_slave_pos: a server that was seeded names no transaction from before in its state, and
 * has it all the same. -1 if one is unknown. */
int64_t gtid_state_errant(const struct gtid_set *standby, const struct gtid_set *writer,
                          const struct gtid_set *applied);

/* "0-1-7_0-1-11": the first transaction of `a` that `b` lacks, and the last of that one's server; a name for
 * a file. False, and "", if there is none or a state is unknown. */
bool gtid_state_extra_name(const struct gtid_set *a, const struct gtid_set *b, char *out, size_t size);

/* Of two diverged states: did each go on in domains of its own? Then replication would merge both without
 * an error. No for a divergence inside a domain, which strict mode stops; no where nothing diverged. */
enum tri gtid_state_disjoint(const struct gtid_set *a, const struct gtid_set *b);

/* Is a transaction in a state? By its own server's entry: no if that server is not named. */
bool gtid_state_has(const struct gtid_set *state, const struct gtid *gtid);

/* Corrects the gtid_slave_pos of server `self`: a transaction of its own that the other returned counts as
 * applied there before it is committed here, and stays so when crash recovery takes it back (lossless:
 * init_rpl_role=SLAVE). Received from such a position it would be missing for good. It gives way to what the
 * binary log has of its domain. True if there was one. A domain without an entry in the log was seeded, and
 * one that is further behind than commits can wait at once, too. */
bool gtid_slave_pos_correct(struct gtid_set *slave_pos, const struct gtid_set *binlog_pos,
                            const struct gtid_set *binlog_state, uint32_t self);

/* The position up to which two states share their history: per domain the highest GTID that is in both.
 * Unknown if either is. */
struct gtid_set gtid_state_common(const struct gtid_set *a, const struct gtid_set *b);

const char *gtid_relation_name(enum gtid_relation r);

#endif
