/* What a slow look at one server found: who can write although it is read-only, who holds our locks, and how
 * it is set. Shown, never decided upon: nothing on a path of authority waits for it or reads it.
 *
 * Fixed size, copyable, pointer-free, but apart from the observation, which is copied for every step of a
 * simulation. Times are CLOCK_BOOTTIME microseconds, sent times; 0 = not known. */
#ifndef REPLCHECK_MODEL_AUDIT_H
#define REPLCHECK_MODEL_AUDIT_H

#include <stdbool.h>
#include <stdint.h>

#include "model/drift.h"

#define AUDIT_ACCOUNT_MAX 128 /* "user@host" */
#define AUDIT_VIA_MAX     96
#define AUDIT_OBJECT_MAX  144 /* "schema.routine" */
#define AUDIT_TROUBLE_MAX 160
#define AUDIT_ENTRIES_MAX 24
#define AUDIT_HOLDERS_MAX 5
#define AUDIT_FRESH_US    INT64_C(60000000) /* what is older is not known any more */

enum audit_kind {
    AUDIT_ACCOUNT = 0, /* logs in and writes */
    AUDIT_PROCEDURE,   /* writes for whoever calls it */
    AUDIT_EVENT        /* writes by itself */
};

/* What an account that bypasses read_only is taken for. */
enum audit_standing {
    AUDIT_FINDING = 0,
    AUDIT_ADMINISTRATOR, /* root of this host, or the system user that the server runs as */
    AUDIT_ACCEPTED       /* named in the configuration */
};

struct audit_entry {
    enum audit_kind kind;
    char account[AUDIT_ACCOUNT_MAX]; /* of an object: its definer */
    char via[AUDIT_VIA_MAX];         /* "role admins"; "" = held by itself */
    char object[AUDIT_OBJECT_MAX];
    bool socket_only; /* no password is usable: only the system user of that name logs in */
};

enum audit_lock { AUDIT_VOTE = 0, AUDIT_BELL, AUDIT_WRITE, AUDIT_HERE_1, AUDIT_HERE_2, AUDIT_LOCKS };

/* A session that is not ours and holds locks of ours. */
struct audit_holder {
    unsigned locks; /* a bit for each enum audit_lock */
    uint64_t connection;
    char account[AUDIT_ACCOUNT_MAX]; /* "user@host:port" */
};

struct audit {
    int64_t accounts_us;
    int entry_count, entry_total; /* kept, found */
    struct audit_entry entries[AUDIT_ENTRIES_MAX];
    int64_t locks_us;
    int holder_count;
    struct audit_holder holders[AUDIT_HOLDERS_MAX];
    int fencer_sessions; /* of the fencer of that server's own host, when the locks were looked at */
    int64_t settings_us;
    struct drift_values settings;
    int schema_version;              /* 0 = not known */
    char trouble[AUDIT_TROUBLE_MAX]; /* why the last look failed; "" = it did not */
};

/* `accepted` holds names as "user@host", or "user" for that user at every host. */
enum audit_standing audit_standing(const struct audit_entry *entry, const char *const *accepted, int count);

/* Was this session not among those of before, or with other locks? */
bool audit_holder_is_new(const struct audit_holder *h, const struct audit_holder *before, int count);

const char *audit_kind_name(enum audit_kind kind);             /* "account" */
const char *audit_standing_name(enum audit_standing standing); /* "finding" */
const char *audit_lock_name(enum audit_lock lock);             /* "vote" */

#endif
