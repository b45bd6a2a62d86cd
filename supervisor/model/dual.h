/* write_mode `dual`: both servers are written, with a gtid_domain_id each and offsets that keep their
 * auto_increment keys apart. No vote is taken and nothing is fenced: a partition, a stopped supervisor or a
 * broken applier leave both writable. All that is decided is when a server that is read-only, as each is
 * after its start, is opened. */
#ifndef REPLCHECK_MODEL_DUAL_H
#define REPLCHECK_MODEL_DUAL_H

#include "model/facts.h"

/* What a held node remembers: the position of the other that it has to reach. */
void dual_remember(const struct policy *p, const struct observation *o, struct mind *m);

/* The facts of this mode; with `single` all of them are unknown but FACT_DUAL, which is no. */
void dual_facts(struct facts *out, const struct policy *p, const struct observation *o, const struct mind *m);

/* keepalived's weight of a node that is written. */
int dual_weight(const struct facts *f);

#endif
