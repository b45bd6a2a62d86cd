/* Durability `lossless`: whether what a client was told is done survives the writer (DESIGN "Lossless mode").
 *
 * Two things can make it so: the writer's commits wait until the other node has them, or the other node is
 * recorded as out of sync, at the writer's own server and at the witness. Any majority with which the other
 * could be promoted includes one of these two voters, reads the mark when it takes the vote there, and none
 * is written after that: a mark needs the vote.
 *
 * Pure. */
#ifndef REPLCHECK_MODEL_DURABILITY_H
#define REPLCHECK_MODEL_DURABILITY_H

#include <stdbool.h>

#include "model/facts.h"

/* WEAK: semi-sync is on, and would give up, or wait at another point, or has given up. */
enum acks_fact { ACKS_UNKNOWN = 0, ACKS_OFF, ACKS_WEAK, ACKS_REQUIRED };

/* BOTH: by this term's epoch, at the own server and at the witness. SOME: at one, or of an older term, or a
 * mark of this node that its own term has made void. */
enum mark_fact { MARK_UNKNOWN = 0, MARK_NONE, MARK_SOME, MARK_BOTH };

/* Do the commits of that server wait for an acknowledgement? */
enum acks_fact durability_acks(const struct server_view *v);

/* Is the other node recorded as out of sync? */
enum mark_fact durability_mark(const struct policy *p, const struct observation *o, const struct mind *m);

/* Was this node recorded as out of sync, as far as the voters that it holds, or the one that was read last,
 * tell? Its own later term makes a mark void. */
bool durability_marked(const struct policy *p, const struct observation *o, const struct quorum *q);

/* Has this node all that was acknowledged in the newest term, unless it is marked? (struct in_step) */
bool durability_covered(const struct policy *p, const struct observation *o, const struct mind *m);

/* Fills the facts of `lossless`: unknown with async, but for FACT_SAFE and FACT_BEGUN. */
void durability_facts(struct facts *out, const struct policy *p, const struct observation *o,
                      const struct mind *m);

/* Without that: does the bound prove it, by a certificate or a final position? An age alone does not. */
bool durability_proven(const struct loss_bound *b);

/* Brings the memory up to date: since when the own commits wait, and whether this node is in step. */
void durability_remember(const struct policy *p, const struct observation *o, struct mind *m);

#endif
