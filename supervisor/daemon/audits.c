#include "daemon/audits.h"

#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "io/auditor.h"
#include "io/worker.h"
#include "model/schema_version.h"
#include "model/server_version.h"

#define KILL_MS  2000
#define KNOWN_US INT64_C(10000000)

struct audited {
    struct node *node;
    int index; /* OBS_TIE: the witness */
    struct auditor *auditor;
    struct audit audit;
    uint64_t told_accounts; /* hash of the findings that were told last */
    int told_holder_count;  /* as the locks were told last */
    struct audit_holder told_holders[AUDIT_HOLDERS_MAX];
    uint64_t told_settings;
    uint64_t told_version;
    int told_schema; /* the version that was told last */
};

struct audits {
    struct audited at[OBS_VOTERS];
    const char *accepted[SETTINGS_PRIVILEGED_MAX];
};

static const char *place_of(const struct audited *a)
{
    return a->index == OBS_TIE ? "witness" : a->node->settings.cluster.nodes[a->index].name;
}

static void hash_add(uint64_t *hash, const char *text)
{
    for (const char *p = text; *p; p++)
        *hash = (*hash ^ (unsigned char)*p) * UINT64_C(0x100000001b3);
    *hash = (*hash ^ '\n') * UINT64_C(0x100000001b3);
}

static void alert(const struct audited *a, const char *what)
{
    struct journal_event e = {.kind = JOURNAL_ALERT};
    snprintf(e.node, sizeof(e.node), "%s", a->node->settings.node.node);
    snprintf(e.reason, sizeof(e.reason), "%.*s", (int)sizeof(e.reason) - 1, what);
    worker_event(&e);
    log_warning("ALERT: %s", what);
}

/* ---- accounts ---- */

static void refresh_accepted(const struct node *n)
{
    for (int i = 0; i < n->settings.cluster.policy.privileged_account_count; i++)
        n->audits->accepted[i] = n->settings.cluster.policy.privileged_accounts[i];
}

static bool is_finding(const struct audited *a, const struct audit_entry *e)
{
    const struct node *n = a->node;
    return audit_standing(e, n->audits->accepted, n->settings.cluster.policy.privileged_account_count) ==
           AUDIT_FINDING;
}

static void tell_accounts(struct audited *a)
{
    uint64_t hash = 0;
    int findings = 0;
    char names[200] = "", what[320];
    size_t used = 0;
    refresh_accepted(a->node);
    for (int i = 0; i < a->audit.entry_count; i++) {
        const struct audit_entry *e = &a->audit.entries[i];
        const char *name = e->kind == AUDIT_ACCOUNT ? e->account : e->object;
        if (!is_finding(a, e))
            continue;
        findings++;
        hash_add(&hash, name);
        if (used < sizeof(names))
            used += (size_t)snprintf(names + used, sizeof(names) - used, "%s%s %s", used ? ", " : "",
                                     audit_kind_name(e->kind), name);
    }
    if (hash == a->told_accounts)
        return;
    a->told_accounts = hash;
    if (findings) {
        snprintf(what, sizeof(what), "read_only does not hold back on %s: %s", place_of(a), names);
        alert(a, what);
    } else {
        log_notice("no foreign account bypasses read_only on %s any more", place_of(a));
    }
}

/* ---- locks ---- */

static void evict(struct audited *a, const struct audit_holder *h)
{
    char sql[64];
    snprintf(sql, sizeof(sql), "KILL CONNECTION %" PRIu64, h->connection);
    log_notice("ending session %" PRIu64 " of %s at %s, which holds a lock of ours", h->connection,
               h->account, place_of(a));
    session_query(auditor_session(a->auditor), sql, KILL_MS, NULL, NULL);
}

static void tell_holder(const struct audited *a, const struct audit_holder *h)
{
    char what[320];
    snprintf(what, sizeof(what), "%s (session %" PRIu64 ") holds a lock of ours at %s, %s first", h->account,
             h->connection, place_of(a), audit_lock_name((enum audit_lock)__builtin_ctz(h->locks)));
    alert(a, what);
}

static void tell_locks(struct audited *a)
{
    for (int i = 0; i < a->audit.holder_count; i++) {
        const struct audit_holder *h = &a->audit.holders[i];
        if (audit_holder_is_new(h, a->told_holders, a->told_holder_count))
            tell_holder(a, h);
        if (a->node->settings.cluster.policy.evict_foreign_locks)
            evict(a, h);
    }
    if (!a->audit.holder_count && a->told_holder_count)
        log_notice("no foreign session holds a lock of ours at %s any more", place_of(a));
    a->told_holder_count = a->audit.holder_count;
    memcpy(a->told_holders, a->audit.holders, sizeof(a->told_holders));
}

/* ---- settings ---- */

/* Told by the look at the second server, when both are known. */
static void tell_settings(struct audited *a)
{
    const struct audit *x = &a->node->audits->at[0].audit, *y = &a->node->audits->at[1].audit;
    char names[240] = "";
    size_t used = 0;
    uint64_t hash = 0;
    if (!x->settings_us || !y->settings_us)
        return;
    for (size_t i = 0; i < drift_count; i++) {
        enum drift_kind kind = drift_judge(&x->settings, &y->settings, (int)i);
        bool meant = a->node->policy.dual && (int)i == drift_find("gtid_domain_id");
        if ((kind != DRIFT_DIFFERS && kind != DRIFT_UNWANTED) || meant || (int)i == drift_find(DRIFT_VERSION))
            continue;
        hash_add(&hash, drift_settings[i].name);
        if (used < sizeof(names))
            used += (size_t)snprintf(names + used, sizeof(names) - used, "%s%s", used ? ", " : "",
                                     drift_settings[i].name);
    }
    if (hash == a->told_settings)
        return;
    a->told_settings = hash;
    if (hash)
        log_warning("settings of the two servers are not as they are to be: %s", names);
    else
        log_notice("the settings of the two servers are as they are to be");
}

/* ---- the version ---- */

static void tell_version(struct audited *a)
{
    const char *text = a->audit.settings.value[drift_find(DRIFT_VERSION)];
    struct server_version v;
    char name[SERVER_VERSION_MAX];
    uint64_t hash = 0;
    if (!a->audit.settings_us || !server_version_parse(text, &v))
        return;
    hash_add(&hash, text);
    if (hash == a->told_version)
        return;
    a->told_version = hash;
    const struct server_series *s = server_series_of(&v);
    if (s->standing == SERVER_TRIED)
        log_info("%s's server is %s", place_of(a), server_version_name(&v, name));
    else
        log_warning("%s's server is %s: %s", place_of(a), server_version_name(&v, name), s->what);
}

static void tell_schema(struct audited *a)
{
    int version = a->audit.schema_version;
    bool unfit = a->node->policy.lossless && version < SCHEMA_LOSSLESS;
    char what[320];
    if (!version || version == a->told_schema)
        return;
    a->told_schema = version;
    snprintf(what, sizeof(what),
             "the schema replcheck on %s is of version %d, this program's is %d%s: run `mysql-replcheck "
             "schema upgrade` there",
             place_of(a), version, SCHEMA_VERSION,
             unfit ? "; no promotion enables writes there with durability lossless" : "");
    if (unfit)
        alert(a, what);
    else if (version < SCHEMA_VERSION)
        log_warning("%s", what);
}

static void looked(void *arg)
{
    struct audited *a = arg;
    tell_locks(a);
    if (a->index != OBS_TIE) {
        tell_accounts(a);
        tell_version(a);
        tell_schema(a);
    }
    if (a->index == 1)
        tell_settings(a);
}

/* ---- life ---- */

static struct audit_names names_at(const struct node *n, int i)
{
    const struct cluster_settings *c = &n->settings.cluster;
    const struct local_settings *l = &n->settings.node;
    struct audit_names names = {.cluster = c->cluster, .nodes = {c->nodes[0].name, c->nodes[1].name}};
    names.fencer = l->fencer.user;
    names.users[0] = i == OBS_TIE ? l->witness.user : l->local.user;
    names.users[1] = i == OBS_TIE ? NULL : l->peer.user;
    return names;
}

void audits_start_at(struct node *n, int i, const struct session_options *session)
{
    struct audited *a;
    if (!n->audits)
        n->audits = mem_zalloc(sizeof(*n->audits));
    a = &n->audits->at[i];
    a->node = n;
    a->index = i;
    struct auditor_options o = {
        .names = names_at(n, i), .session = *session, .locks_only = i == OBS_TIE, .audit = &a->audit};
    a->auditor = auditor_new(n->base, &o, looked, a);
}

void audits_stop(struct node *n)
{
    for (int i = 0; n->audits && i < OBS_VOTERS; i++)
        auditor_free(&n->audits->at[i].auditor);
    free(n->audits);
    n->audits = NULL;
}

void audits_step(struct node *n)
{
    for (int i = 0; i < OBS_VOTERS; i++) {
        const struct holder_view *h = i == n->policy.self ? &n->o.own.holder : &n->quorum.votes[i].holder;
        struct audited *a = &n->audits->at[i];
        if (a->auditor && h->foreign && h->asked_us > a->audit.locks_us && !a->audit.holder_count)
            auditor_locks(a->auditor);
    }
}

void audits_now(struct node *n)
{
    for (int i = 0; i < OBS_VOTERS; i++)
        if (n->audits->at[i].auditor)
            auditor_now(n->audits->at[i].auditor);
}

int audits_fencer_sessions(const struct node *n)
{
    const struct audit *a = &n->audits->at[n->policy.self].audit;
    return a->locks_us && n->o.now_us - a->locks_us < KNOWN_US ? a->fencer_sessions : INT_MAX;
}

struct session *audits_session(const struct node *n, int i)
{
    return n->audits->at[i].auditor ? auditor_session(n->audits->at[i].auditor) : NULL;
}

const char *const *audits_accepted(const struct node *n, int *count)
{
    refresh_accepted(n);
    *count = n->settings.cluster.policy.privileged_account_count;
    return n->audits->accepted;
}

void audits_report(const struct node *n, struct report_input *in)
{
    in->accepted = audits_accepted(n, &in->accepted_count);
    in->evict = n->settings.cluster.policy.evict_foreign_locks;
    in->repair_trouble = n->repair_trouble;
    for (int i = 0; i < OBS_VOTERS; i++)
        in->audits[i] = n->audits->at[i].auditor ? &n->audits->at[i].audit : NULL;
}
