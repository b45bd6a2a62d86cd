#include "model/verdict.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "model/state.h"
#include "model/verdict_checks.h"

#define YOUNG_MS 5000

static void (*const checks[])(struct report *r) = {
    verdict_daemon,      verdict_writer,       verdict_states, verdict_history,     verdict_servers,
    verdict_supervisors, verdict_fencer,       verdict_votes,  verdict_durability,  verdict_replication,
    verdict_lag,         verdict_vip,          verdict_boot,   verdict_breaker,     verdict_dead_man,
    verdict_offsets,     verdict_maintenance,  verdict_config, verdict_worker,      verdict_split_brain,
    verdict_locks,       verdict_accounts,     verdict_drifts, verdict_schema,      verdict_versions,
    verdict_disk,        verdict_certificates, verdict_dual,   verdict_round_trips, verdict_readiness,
};

void verdict_add(struct report *r, enum severity severity, const char *id, const char *remedy,
                 const char *format, ...)
{
    va_list args;
    if (r->problem_count >= REPORT_PROBLEMS_MAX)
        return;
    struct problem *p = &r->problems[r->problem_count++];
    p->severity = severity;
    snprintf(p->id, sizeof(p->id), "%s", id);
    snprintf(p->remedy, sizeof(p->remedy), "%s", remedy);
    va_start(args, format);
    vsnprintf(p->sentence, sizeof(p->sentence), format, args);
    va_end(args);
}

enum severity verdict_redundancy(const struct report *r)
{
    return r->settling ? SEVERITY_WARNING : SEVERITY_CRITICAL;
}

bool verdict_is_young(const struct report *r)
{
    return r->source == REPORT_DIRECT || r->uptime_ms < YOUNG_MS;
}

const char *verdict_own_name(const struct report *r)
{
    return r->nodes[r->self].name;
}

bool verdict_own_writes(const struct report *r)
{
    return strcmp(r->state, node_state_name(NODE_WRITER)) == 0;
}

static int rank(enum severity s)
{
    static const int ranks[SEVERITIES] = {
        [SEVERITY_OK] = 0, [SEVERITY_UNKNOWN] = 1, [SEVERITY_WARNING] = 2, [SEVERITY_CRITICAL] = 3};
    return ranks[s];
}

/* Stable: within one severity the order of the table remains. */
void verdict_sort(struct report *r)
{
    for (int i = 1; i < r->problem_count; i++) {
        struct problem p = r->problems[i];
        int at = i;
        for (; at > 0 && rank(r->problems[at - 1].severity) < rank(p.severity); at--)
            r->problems[at] = r->problems[at - 1];
        r->problems[at] = p;
    }
    r->severity = r->problem_count ? r->problems[0].severity : SEVERITY_OK;
}

void verdict_judge(struct report *r)
{
    r->problem_count = 0;
    for (size_t i = 0; i < sizeof(checks) / sizeof(checks[0]); i++)
        checks[i](r);
    verdict_sort(r);
}
