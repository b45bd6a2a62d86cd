/* What the slow look at the servers found, as the report shows it. */
#include <stdio.h>
#include <string.h>

#include "model/report_parts.h"
#include "model/report_text.h"
#include "model/server_version.h"

static bool is_fresh(const struct report_input *in, int64_t sent_us)
{
    return sent_us && in->observation->now_us - sent_us <= AUDIT_FRESH_US;
}

static void fill_account(struct report_account *out, const struct audit_entry *e,
                         enum audit_standing standing)
{
    COPY(out->kind, audit_kind_name(e->kind));
    COPY(out->account, e->account);
    COPY(out->via, e->via);
    COPY(out->object, e->object);
    COPY(out->standing, audit_standing_name(standing));
}

/* Findings first: what does not fit is accepted. */
static void fill_accounts(struct report_node *n, const struct report_input *in, const struct audit *a)
{
    n->accounts_total = a->entry_total;
    for (int standing = AUDIT_FINDING; standing <= AUDIT_ACCEPTED; standing++)
        for (int i = 0; i < a->entry_count && n->account_count < REPORT_ACCOUNTS_MAX; i++)
            if ((int)audit_standing(&a->entries[i], in->accepted, in->accepted_count) == standing)
                fill_account(&n->accounts[n->account_count++], &a->entries[i], (enum audit_standing)standing);
}

static void fill_version(struct report_node *n, const struct audit *a)
{
    struct server_version v;
    int index = drift_find(DRIFT_VERSION);
    if (!a->settings.known[index])
        return;
    COPY(n->server_version, a->settings.value[index]);
    if (server_version_parse(n->server_version, &v))
        COPY(n->server_standing, server_standing_name(server_series_of(&v)->standing));
}

static void fill_node(struct report_node *n, const struct report_input *in, const struct audit *a)
{
    n->audit_age_ms = n->accounts_total = n->schema_version = REPORT_UNKNOWN;
    if (!a)
        return;
    n->audit_age_ms = report_ms(a->accounts_us, in->observation->now_us);
    COPY(n->audit_trouble, a->trouble);
    if (is_fresh(in, a->settings_us) && a->schema_version)
        n->schema_version = a->schema_version; /* an old one is why the rest cannot be asked */
    if (is_fresh(in, a->settings_us))
        fill_version(n, a);
    if (!is_fresh(in, a->accounts_us)) {
        n->audited = a->accounts_us || a->trouble[0] ? TRI_NO : TRI_UNKNOWN;
        return;
    }
    n->audited = TRI_YES;
    fill_accounts(n, in, a);
}

static void fill_locks(struct report *r, const struct audit *a, const char *place)
{
    for (int i = 0; i < a->holder_count; i++)
        for (int lock = 0; lock < AUDIT_LOCKS && r->lock_count < REPORT_LOCKS_MAX; lock++) {
            struct report_lock *out = &r->locks[r->lock_count];
            if (!(a->holders[i].locks & (1U << lock)))
                continue;
            COPY(out->lock, audit_lock_name((enum audit_lock)lock));
            COPY(out->place, place);
            COPY(out->account, a->holders[i].account);
            out->connection = (int64_t)a->holders[i].connection;
            r->lock_count++;
        }
}

static void fill_drifts(struct report *r, const struct audit *a, const struct audit *b)
{
    static const char *const kinds[] = {"none", "differs", "minor", "unwanted"};
    const struct audit *both[OBS_NODES] = {a, b};
    for (size_t i = 0; i < drift_count && r->drift_count < REPORT_DRIFTS_MAX; i++) {
        enum drift_kind kind = drift_judge(&a->settings, &b->settings, (int)i);
        bool meant = r->dual && kind == DRIFT_DIFFERS && (int)i == drift_find("gtid_domain_id");
        if (kind == DRIFT_NONE || meant)
            continue;
        struct report_drift *d = &r->drifts[r->drift_count++];
        COPY(d->name, drift_settings[i].name);
        COPY(d->kind, kinds[kind]);
        for (int node = 0; node < OBS_NODES; node++) {
            COPY(d->values[node], both[node]->settings.value[i]);
            d->known[node] = tri_from(both[node]->settings.known[i]);
        }
    }
}

void report_fill_audits(struct report *r, const struct report_input *in)
{
    static const struct audit nothing;
    const struct audit *known[OBS_NODES];
    r->evict = in->evict;
    for (int i = 0; i < OBS_NODES; i++) {
        const struct audit *a = in->audits[i];
        fill_node(&r->nodes[i], in, a);
        known[i] = a && is_fresh(in, a->settings_us) ? a : &nothing;
    }
    fill_drifts(r, known[0], known[1]);
    for (int i = 0; i < OBS_VOTERS; i++)
        if (in->audits[i] && is_fresh(in, in->audits[i]->locks_us))
            fill_locks(r, in->audits[i], i < OBS_NODES ? in->names[i] : "witness");
    if (in->repair_trouble && in->repair_trouble[0] && r->nodes[r->self].dead_man == TRI_NO)
        report_text_add(r->nodes[r->self].dead_man_trouble, sizeof(r->nodes[r->self].dead_man_trouble),
                        "%s%s", r->nodes[r->self].dead_man_trouble[0] ? ", and cannot be repaired: " : "",
                        in->repair_trouble);
}
