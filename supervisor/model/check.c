#include "model/check.h"

#include <stdio.h>
#include <string.h>

#include "base/duration.h"
#include "model/check_values.h"
#include "model/verdict_checks.h"

#define M(mode) (1u << CHECK_##mode)

static const char *const names[CHECK_MODES] = {
    [CHECK_ALL] = "all",         [CHECK_WRITER] = "writer", [CHECK_LAG] = "lag",
    [CHECK_THREADS] = "threads", [CHECK_GTID] = "gtid",     [CHECK_OFFSETS] = "offsets",
    [CHECK_VIP] = "vip",         [CHECK_QUORUM] = "quorum", [CHECK_READINESS] = "readiness",
};

/* To which modes a problem of the verdict belongs; ALL has every one. `replaced`: where thresholds are given
 * for this mode they are judged instead. */
static const struct {
    const char *id;
    unsigned modes, replaced;
} belongings[] = {
    {"daemon", M(WRITER) | M(VIP) | M(QUORUM) | M(READINESS), 0},
    {"two-writers", M(WRITER), 0},
    {"no-writer", M(WRITER), 0},
    {"one-writer", M(WRITER), 0},
    {"writer-unknown", M(WRITER), 0},
    {"changing", M(WRITER) | M(READINESS), 0},
    {"disk-full", M(WRITER), 0},
    {"no-authority", M(WRITER) | M(QUORUM), 0},
    {"server-unreachable", M(LAG) | M(THREADS) | M(GTID) | M(OFFSETS) | M(READINESS), 0},
    {"server-unknown", M(LAG) | M(THREADS) | M(GTID) | M(OFFSETS) | M(READINESS), 0},
    {"replication-stopped", M(LAG) | M(THREADS) | M(READINESS), M(THREADS)},
    {"replication-unknown", M(LAG) | M(THREADS) | M(READINESS), 0},
    {"way-back", M(THREADS), M(THREADS)},
    {"foreign-connection", M(THREADS), 0},
    {"delayed", M(LAG) | M(THREADS) | M(READINESS), 0},
    {"lag", M(LAG), M(ALL) | M(LAG)},
    {"lag-unknown", M(LAG), 0},
    {"diverged", M(GTID) | M(READINESS), 0},
    {"errant", M(GTID) | M(READINESS), 0},
    {"history-unknown", M(GTID), 0},
    {"stale", M(GTID) | M(READINESS), 0},
    {"quarantined", M(GTID) | M(READINESS), 0},
    {"offsets", M(OFFSETS), M(OFFSETS)},
    {"two-vips", M(VIP), 0},
    {"no-vip", M(VIP), 0},
    {"vip-unknown", M(VIP), 0},
    {"vip-split", M(VIP), 0},
    {"vip-elsewhere", M(VIP), 0},
    {"voter-unreachable", M(QUORUM), M(QUORUM)},
    {"voter-forgot", M(QUORUM), 0},
    {"vote-missing", M(QUORUM), 0},
    {"foreign-lock", M(QUORUM), 0},
    {"fencer", M(QUORUM) | M(WRITER), 0},
    {"fencer-unknown", M(QUORUM), 0},
    {"fencer-unarmed", M(QUORUM) | M(WRITER), 0},
    {"fenced", M(READINESS), 0},
    {"supervisor-missing", M(READINESS), 0},
    {"event-scheduler", M(READINESS), 0},
    {"dead-man", M(READINESS), 0},
    {"boot-writable", M(READINESS), 0},
    {"breaker", M(READINESS), 0},
    {"maintenance", M(READINESS), 0},
    {"out-of-sync", M(READINESS), 0},
    {"not-ready", M(READINESS), M(READINESS)},
    {"ready-unknown", M(READINESS), 0},
};

const char *check_mode_name(enum check_mode m)
{
    return m >= 0 && m < CHECK_MODES ? names[m] : "invalid";
}

int check_mode_parse(const char *name)
{
    for (int m = 0; m < CHECK_MODES; m++)
        if (strcmp(names[m], name) == 0)
            return m;
    return -1;
}

bool check_mode_option(enum check_mode *out, const char *name, struct err *e)
{
    int mode = check_mode_parse(name);
    if (mode < 0)
        return err_set(e,
                       "--mode \"%.32s\": all, writer, lag, threads, gtid, "
                       "offsets, vip, quorum or readiness is expected",
                       name);
    *out = (enum check_mode)mode;
    return true;
}

bool check_range_option(struct range *out, enum check_mode m, const char *option, const char *text,
                        struct err *e)
{
    return !text || range_parse(out, text, check_unit(m), e) || err_prefix(e, "%s", option);
}

enum range_unit check_unit(enum check_mode m)
{
    return m == CHECK_ALL || m == CHECK_LAG ? RANGE_SECONDS : RANGE_COUNT;
}

static bool is_limited(const struct check_request *q)
{
    return q->warning.given || q->critical.given;
}

static bool is_kept(const struct problem *p, const struct check_request *q)
{
    unsigned mode = 1u << q->mode;
    for (size_t i = 0; i < sizeof(belongings) / sizeof(belongings[0]); i++)
        if (strcmp(belongings[i].id, p->id) == 0)
            return (q->mode == CHECK_ALL || (belongings[i].modes & mode)) &&
                   !(is_limited(q) && (belongings[i].replaced & mode));
    return q->mode == CHECK_ALL;
}

static void narrow(struct report *r, const struct check_request *q)
{
    int kept = 0;
    for (int i = 0; i < r->problem_count; i++)
        if (is_kept(&r->problems[i], q))
            r->problems[kept++] = r->problems[i];
    r->problem_count = kept;
}

static bool is_serious(const struct report *r)
{
    for (int i = 0; i < r->problem_count; i++)
        if (r->problems[i].severity != SEVERITY_OK)
            return true;
    return false;
}

static void describe(const struct check_value *v, char *out, size_t size)
{
    char number[RANGE_MAX], took[DURATION_MAX];
    if (v->unit == RANGE_SECONDS)
        snprintf(out, size, "%s is %s", v->label, duration_format_us((int64_t)(v->value * 1e6), took));
    else
        snprintf(out, size, "%s is %s", v->label, range_number(v->value, number));
}

static void judge_value(struct report *r, const struct check_value *v)
{
    char what[128], limit[RANGE_WORDS_MAX];
    bool critical = range_alerts(&v->critical, v->value), warning = range_alerts(&v->warning, v->value);
    const struct range *range = critical ? &v->critical : &v->warning;
    if (!v->known || (!critical && !warning))
        return;
    describe(v, what, sizeof(what));
    verdict_add(r, critical ? SEVERITY_CRITICAL : SEVERITY_WARNING, "threshold", "", "%s (%s: %s)", what,
                critical ? "critical" : "warning", range_words(range, v->unit, limit));
}

/* The numbers that the mode is about have to be there, unless something graver was said. */
static void judge_unknown(struct report *r, const struct check_result *out)
{
    for (int i = 0; i < out->value_count; i++) {
        const struct check_value *v = &out->values[i];
        if (!v->known && (i == 0 || v->needed || v->warning.given || v->critical.given) && !is_serious(r))
            verdict_add(r, SEVERITY_UNKNOWN, "unknown", "", "%s is not known: %s", v->label, out->sentence);
    }
}

void check_judge(struct check_result *out, struct report *r, const struct check_request *q)
{
    *out = (struct check_result){.mode = q->mode};
    narrow(r, q);
    check_values_fill(out, r, q);
    for (int i = 0; is_limited(q) && i < out->value_count; i++)
        judge_value(r, &out->values[i]);
    if (q->mode == CHECK_READINESS && !is_limited(q) && !is_serious(r) && r->ready == TRI_NO)
        verdict_add(r, verdict_redundancy(r), "not-ready", "", "%s", out->sentence);
    if (q->mode != CHECK_ALL)
        judge_unknown(r, out);
    verdict_sort(r);
}
