/* What the slow look at the servers found. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "model/schema_version.h"
#include "model/verdict_checks.h"

#define SINGLY_MAX    4 /* of one kind: the others are counted */
#define FIRST_LOOK_MS 20000

static bool is(const char *a, const char *b)
{
    return strcmp(a, b) == 0;
}

/* ---- who bypasses read_only ---- */

/* 'app'@'%' as a statement names it. */
static void quote(const char *account, char *out, size_t size)
{
    const char *at = strrchr(account, '@');
    int user = at ? (int)(at - account) : (int)strlen(account);
    snprintf(out, size, "'%.*s'@'%.80s'", user > 80 ? 80 : user, account, at ? at + 1 : "%");
}

static void remedy_of(const struct report_account *a, char *out, size_t size)
{
    char account[AUDIT_ACCOUNT_MAX + 8];
    quote(a->account, account, sizeof(account));
    if (is(a->account, "PUBLIC@"))
        snprintf(out, size, "REVOKE READ_ONLY ADMIN ON *.* FROM PUBLIC");
    else if (strncmp(a->via, "role ", 5) == 0)
        snprintf(out, size,
                 "REVOKE READ_ONLY ADMIN ON *.* FROM the role, or REVOKE the role FROM "
                 "%s; or accept the account in policy.privileged_accounts",
                 account);
    else if (strncmp(a->via, "SUPER", 5) == 0)
        snprintf(out, size,
                 "REVOKE SUPER, READ_ONLY ADMIN ON *.* FROM %s; or accept it in policy.privileged_accounts",
                 account);
    else if (strncmp(a->via, "PROXY", 5) == 0)
        snprintf(out, size, "REVOKE PROXY FROM %s; or accept it in policy.privileged_accounts", account);
    else
        snprintf(out, size,
                 "REVOKE READ_ONLY ADMIN ON *.* FROM %s, and end its sessions; or accept it in "
                 "policy.privileged_accounts",
                 account);
}

static bool is_finding(const struct report_account *a, bool object)
{
    return is(a->standing, "finding") && !is(a->kind, "account") == object;
}

/* The same on both servers is told once: accounts replicate. */
static bool told_of_first(const struct report *r, int node, const struct report_account *a)
{
    for (int i = 0; node > 0 && i < r->nodes[0].account_count; i++) {
        const struct report_account *b = &r->nodes[0].accounts[i];
        if (is(a->kind, b->kind) && is(a->account, b->account) && is(a->via, b->via) &&
            is(a->object, b->object))
            return true;
    }
    return false;
}

static bool is_on_second(const struct report *r, int node, const struct report_account *a)
{
    for (int i = 0; node == 0 && i < r->nodes[1].account_count; i++) {
        const struct report_account *b = &r->nodes[1].accounts[i];
        if (is(a->kind, b->kind) && is(a->account, b->account) && is(a->via, b->via) &&
            is(a->object, b->object))
            return true;
    }
    return false;
}

static void judge_account(struct report *r, const char *where, const struct report_account *a)
{
    char remedy[REPORT_SENTENCE_MAX];
    remedy_of(a, remedy, sizeof(remedy));
    if (is(a->account, "PUBLIC@"))
        verdict_add(r, SEVERITY_CRITICAL, "bypass", remedy,
                    "every account writes on a read-only server: PUBLIC has READ_ONLY ADMIN on %s", where);
    else
        verdict_add(r, SEVERITY_CRITICAL, "bypass", remedy,
                    "account %s writes also where read_only=1 (READ_ONLY "
                    "ADMIN%s%s, on %s): for it two writers are not excluded",
                    a->account, a->via[0] ? " by " : "", a->via, where);
}

static void judge_object(struct report *r, const char *where, const struct report_account *a)
{
    char remedy[REPORT_SENTENCE_MAX];
    snprintf(remedy, sizeof(remedy),
             "give it another definer%s; or accept %.100s in policy.privileged_accounts",
             is(a->kind, "event") ? ", or DISABLE it where it is not to run" : " or SQL SECURITY INVOKER",
             a->account);
    verdict_add(r, SEVERITY_WARNING, "bypass-definer", remedy,
                "%s %s writes also where read_only=1: it runs as %s, which has READ_ONLY ADMIN (on %s)",
                a->kind, a->object, a->account, where);
}

static void judge_accounts(struct report *r, bool object)
{
    int told = 0, more = 0;
    for (int node = 0; node < OBS_NODES; node++) {
        const struct report_node *n = &r->nodes[node];
        for (int i = 0; i < n->account_count; i++) {
            const struct report_account *a = &n->accounts[i];
            char where[2 * REPORT_NAME_MAX + 8];
            if (!is_finding(a, object) || told_of_first(r, node, a))
                continue;
            if (told++ >= SINGLY_MAX) {
                more++;
                continue;
            }
            if (is_on_second(r, node, a))
                snprintf(where, sizeof(where), "%s and %s", r->nodes[0].name, r->nodes[1].name);
            else
                snprintf(where, sizeof(where), "%s", n->name);
            (object ? judge_object : judge_account)(r, where, a);
        }
    }
    if (more)
        verdict_add(r, object ? SEVERITY_WARNING : SEVERITY_CRITICAL, object ? "bypass-definer" : "bypass",
                    "`mysql-replcheck status --json` lists them", "%d more %s bypass read_only", more,
                    object ? "procedures or events" : "accounts");
}

static void judge_unseen(struct report *r, const struct report_node *n)
{
    bool early = r->source == REPORT_DIRECT || r->uptime_ms < FIRST_LOOK_MS; /* or not asked for */
    if (n->reachable != TRI_YES || n->audited == TRI_YES || (n->audited == TRI_UNKNOWN && early))
        return;
    verdict_add(r, SEVERITY_UNKNOWN, "bypass-unknown",
                n->audit_trouble[0] ? "run `mysql-replcheck schema upgrade` there" : "see the daemon's log",
                "who bypasses read_only on %s is not known%s%s", n->name, n->audit_trouble[0] ? ": " : "",
                n->audit_trouble);
}

void verdict_accounts(struct report *r)
{
    if (r->dual)
        return;
    judge_accounts(r, false);
    judge_accounts(r, true);
    for (int i = 0; i < OBS_NODES; i++)
        judge_unseen(r, &r->nodes[i]);
}

/* ---- who holds our locks ---- */

static const char *consequence(const char *lock)
{
    return is(lock, "vote")    ? "that vote cannot be had"
           : is(lock, "write") ? "writes cannot be enabled there"
           : is(lock, "bell")  ? "a standby is not told at once of a handover or a death"
                               : "a supervisor that is gone seems to be there";
}

void verdict_locks(struct report *r)
{
    char remedy[REPORT_SENTENCE_MAX];
    for (int i = 0; i < r->lock_count; i++) {
        const struct report_lock *l = &r->locks[i];
        snprintf(remedy, sizeof(remedy),
                 r->evict ? "it is ended by itself (policy.evict_foreign_locks); find out who takes this lock"
                          : "KILL %" PRId64 " on %.31s and find out who takes this lock; with "
                            "policy.evict_foreign_locks that is done by itself",
                 l->connection, l->place);
        verdict_add(r, is(l->lock, "vote") || is(l->lock, "write") ? SEVERITY_CRITICAL : SEVERITY_WARNING,
                    "foreign-lock", remedy,
                    "the lock %s at %s is held by %s (session %" PRId64 "), no account of ours: %s", l->lock,
                    l->place, l->account, l->connection, consequence(l->lock));
    }
}

/* ---- the settings ---- */

static void judge_drift(struct report *r, const struct report_drift *d)
{
    char shown[OBS_NODES][160];
    const struct drift_setting *s = &drift_settings[drift_find(d->name)];
    for (int i = 0; i < OBS_NODES; i++)
        if (d->known[i] == TRI_YES)
            drift_show(d->values[i], d->known[1 - i] == TRI_YES ? d->values[1 - i] : "", shown[i],
                       sizeof(shown[i]));
        else
            snprintf(shown[i], sizeof(shown[i]), "unknown");
    if (is(d->kind, "unwanted"))
        verdict_add(r, SEVERITY_WARNING, "settings", s->remedy, "%s is to be %s: %s has %s, %s has %s",
                    d->name, s->wanted, r->nodes[0].name, shown[0], r->nodes[1].name, shown[1]);
    else
        verdict_add(r, is(d->kind, "minor") ? SEVERITY_OK : SEVERITY_WARNING, "settings", s->remedy,
                    "the servers differ in %s: %s has %s, %s has %s", d->name, r->nodes[0].name, shown[0],
                    r->nodes[1].name, shown[1]);
}

void verdict_drifts(struct report *r)
{
    int told = 0;
    for (int i = 0; i < r->drift_count; i++)
        if (drift_find(r->drifts[i].name) >= 0 && !is(r->drifts[i].name, DRIFT_VERSION) &&
            ++told <= 2 * SINGLY_MAX)
            judge_drift(r, &r->drifts[i]);
    if (told > 2 * SINGLY_MAX)
        verdict_add(r, SEVERITY_WARNING, "settings", "`mysql-replcheck status --json` lists them",
                    "%d more settings of the servers are not as they are to be", told - 2 * SINGLY_MAX);
}

void verdict_schema(struct report *r)
{
    char remedy[REPORT_SENTENCE_MAX];
    for (int i = 0; i < OBS_NODES; i++) {
        const struct report_node *n = &r->nodes[i];
        if (n->schema_version < 0 || n->schema_version == SCHEMA_VERSION)
            continue;
        snprintf(remedy, sizeof(remedy),
                 n->schema_version < SCHEMA_VERSION ? "`mysql-replcheck schema upgrade` on %.31s"
                                                    : "install a newer mysql-replcheck here (%.31s has one)",
                 n->name);
        bool unfit = r->lossless && n->schema_version < SCHEMA_LOSSLESS;
        verdict_add(r, unfit ? SEVERITY_CRITICAL : SEVERITY_WARNING, "schema-version", remedy,
                    "the schema replcheck on %s is of version %" PRId64 ", this program's is %d%s", n->name,
                    n->schema_version, SCHEMA_VERSION,
                    unfit ? ": no promotion enables writes there with durability lossless" : "");
    }
}
