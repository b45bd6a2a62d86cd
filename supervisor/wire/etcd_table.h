/* What a pair keeps in etcd, below /replcheck/CLUSTER/: the same that a MariaDB voter has in its lock and its
 * table.
 *
 *   vote            who has it: {"node"}, bound to the holder's lease
 *   KIND/NODE       a row of that kind (promise, release, certificate, off, out_of_sync): {"epoch", "file",
 * "size", "gtid", "seq"}, bound to no lease
 *
 * Pure. Keys of other names are ignored; a value that cannot be read makes the whole table unreadable, for a
 * promise that is passed over could be promised again. */
#ifndef REPLCHECK_WIRE_ETCD_TABLE_H
#define REPLCHECK_WIRE_ETCD_TABLE_H

#include "model/observation.h"
#include "wire/etcd_json.h"
#include "wire/observe.h"

#define ETCD_KEY_MAX 128

struct etcd_vote {
    int64_t mod_revision; /* 0 = nobody has it */
    int64_t lease;
    int node; /* -1 = none of the pair's */
    char name[OBS_NAME_MAX];
};

struct etcd_table {
    struct etcd_vote vote;
    struct voter_rows rows;
    int64_t changed[NOTE_OUT_OF_SYNC + 1][OBS_NODES]; /* mod_revision of each row; 0 = there is none */
};

/* The names' longest fit: cluster and node have at most 31 characters. */
void etcd_key_prefix(char out[ETCD_KEY_MAX], const char *cluster);
void etcd_key_vote(char out[ETCD_KEY_MAX], const char *cluster);
void etcd_key_note(char out[ETCD_KEY_MAX], const char *cluster, enum note_kind kind, const char *node);

/* Values, malloc'ed. */
char *etcd_vote_value(const char *node);
char *etcd_note_value(const struct note *note, const char *gtid);

/* From the list of all keys below the prefix. `sent_us` is when it was asked for. */
MUST_CHECK bool etcd_table_read(struct etcd_table *out, const struct observe_names *names,
                                const struct etcd_answer *answer, int64_t sent_us, struct err *e);

/* The highest epoch that was promised to either node; 0 = none. */
uint64_t etcd_table_promised(const struct etcd_table *t);

#endif
