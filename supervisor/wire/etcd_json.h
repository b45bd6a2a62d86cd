/* Bodies of etcd's HTTP/JSON gateway (v3, as etcd 3.4 and later have it): writers of the questions, one
 * reader of the answers. Pure.
 *
 * The gateway writes 64-bit numbers as strings, leaves out what is zero, and has keys and values in base64.
 * What an answer holds is checked: a member of another type, a number out of bounds or a body that is too
 * large make the whole answer unreadable, with a sentence that
 * says where. Members that are not known are ignored. */
#ifndef REPLCHECK_WIRE_ETCD_JSON_H
#define REPLCHECK_WIRE_ETCD_JSON_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

#define ETCD_BODY_MAX  65536
#define ETCD_KEYS_MAX  64
#define ETCD_TOKEN_MAX 512

/* ---- questions: each returns a malloc'ed body ---- */

enum etcd_target { ETCD_CREATE = 0, ETCD_MOD, ETCD_LEASE };

/* A condition: the key's revision of creation or of its last change, or its lease; 0 = there is no such key
 * (or it has no lease). */
struct etcd_compare {
    enum etcd_target target;
    const char *key;
    int64_t equals;
};

enum etcd_op_kind { ETCD_PUT = 0, ETCD_DELETE, ETCD_LIST };

struct etcd_op {
    enum etcd_op_kind kind;
    const char *key;   /* ETCD_LIST: every key that begins with it */
    const char *value; /* ETCD_PUT */
    int64_t lease;     /* ETCD_PUT: 0 = none */
};

#define ETCD_TXN_MAX 16

/* If all compares hold the first operations are done, else the others: in order, as one. */
struct etcd_txn {
    struct etcd_compare compares[ETCD_TXN_MAX];
    int compare_count;
    struct etcd_op then[ETCD_TXN_MAX];
    int then_count;
    struct etcd_op otherwise[ETCD_TXN_MAX];
    int otherwise_count;
};

void etcd_txn_compare(struct etcd_txn *t, enum etcd_target target, const char *key, int64_t equals);
void etcd_txn_then(struct etcd_txn *t, struct etcd_op op);
void etcd_txn_otherwise(struct etcd_txn *t, struct etcd_op op);

char *etcd_txn_json(const struct etcd_txn *t);
/* Every key that begins with `prefix`, as the majority has it: never a member's own, possibly old, state. */
char *etcd_list_json(const char *prefix);
char *etcd_grant_json(int64_t ttl_s);
/* Keep-alive, revocation and time to live. */
char *etcd_lease_json(int64_t lease);
char *etcd_authenticate_json(const char *user, const char *password);

/* ---- answers ---- */

enum etcd_question {
    ETCD_ASK_GRANT,
    ETCD_ASK_KEEP_ALIVE,
    ETCD_ASK_REVOKE,
    ETCD_ASK_TIME_TO_LIVE,
    ETCD_ASK_LIST,
    ETCD_ASK_TXN,
    ETCD_ASK_TOKEN
};

enum etcd_outcome {
    ETCD_OK,
    ETCD_REFUSED,         /* nothing was done, and asking again is of no use */
    ETCD_NO_LEASE,        /* nothing was done: the lease is not there (any more) */
    ETCD_UNAUTHENTICATED, /* nothing was done: a (new) token is needed */
    ETCD_UNCERTAIN, /* no majority in time, overload, a body that cannot be read: it may have been done */
};

struct etcd_key {
    char *key;   /* NUL-terminated; one with a NUL in it makes the answer unreadable */
    char *value; /* likewise */
    int64_t mod_revision;
    int64_t lease; /* 0 = none */
};

struct etcd_answer {
    enum etcd_outcome outcome;
    struct err why;       /* all but ETCD_OK */
    int64_t revision;     /* of the whole store, when it answered; 0 = not said */
    int64_t lease, ttl_s; /* ETCD_ASK_GRANT; ETCD_ASK_KEEP_ALIVE with 0 seconds: the lease is gone;
                             ETCD_ASK_TIME_TO_LIVE: what is left, in whole seconds, rounded down */
    int64_t granted_s;    /* ETCD_ASK_TIME_TO_LIVE: of all; 0: there is no such lease */
    bool succeeded;       /* ETCD_ASK_TXN */
    bool listed;          /* a list was asked for and is here */
    struct etcd_key keys[ETCD_KEYS_MAX];
    int key_count;
    char token[ETCD_TOKEN_MAX];
};

/* Fills all of `out`; etcd_answer_free() afterwards, whatever the outcome. */
void etcd_answer_read(struct etcd_answer *out, enum etcd_question question, long http_status,
                      const char *body, size_t size);
void etcd_answer_free(struct etcd_answer *a);

/* The path below the endpoint, "/v3/kv/txn". */
const char *etcd_path(enum etcd_question question);

#endif
