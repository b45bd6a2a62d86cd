#include "wire/check_line.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "model/report_text.h"

static const char *upper(enum severity s, char out[16])
{
    snprintf(out, 16, "%s", severity_name(s));
    for (char *at = out; *at; at++)
        *at = (char)toupper((unsigned char)*at);
    return out;
}

/* What ends the text for a plugin's reader. */
static void tame(char *text)
{
    for (char *at = text; *at; at++)
        if (*at == '|' || *at == '\n' || *at == '\r')
            *at = '/';
}

static void add_seconds(char *out, size_t size, const char *label, int64_t us, int64_t warning_ms,
                        int64_t critical_ms)
{
    if (us < 0)
        report_text_add(out, size, " '%s'=U", label);
    else
        report_text_add(out, size,
                        " '%s'=%" PRId64 ".%06" PRId64 "s;%" PRId64 ".%03" PRId64 ";%" PRId64 ".%03" PRId64
                        ";0",
                        label, us / 1000000, us % 1000000, warning_ms / 1000, warning_ms % 1000,
                        critical_ms / 1000, critical_ms % 1000);
}

static void add_count(char *out, size_t size, const char *label, int64_t value)
{
    if (value < 0)
        report_text_add(out, size, " '%s'=U", label);
    else
        report_text_add(out, size, " '%s'=%" PRId64, label, value);
}

static void add_perfdata(const struct report *r, char *out, size_t size)
{
    int counted = 0;
    report_text_add(out, size, " |");
    for (int i = 0; i < OBS_NODES; i++) {
        const struct report_node *n = &r->nodes[i];
        char label[64];
        if (n->lagging == TRI_NO)
            continue;
        snprintf(label, sizeof(label), "%s_lag", n->name);
        add_seconds(out, size, label, n->applied.us, r->lag_warning_ms, r->lag_critical_ms);
        snprintf(label, sizeof(label), "%s_missing", n->name);
        add_count(out, size, label, n->applied.transactions);
    }
    for (int i = 0; i < OBS_VOTERS; i++)
        counted += r->votes[i].counted;
    add_count(out, size, "votes", r->source == REPORT_DIRECT ? REPORT_UNKNOWN : counted);
    add_count(out, size, "epoch", r->epoch);
}

const char *check_line(const struct report *r, char *out, size_t size)
{
    char word[16];
    int serious = 0;
    while (serious < r->problem_count && r->problems[serious].severity != SEVERITY_OK)
        serious++;
    snprintf(out, size, "REPLCHECK %s - %s", upper(r->severity, word),
             serious ? r->problems[0].sentence : r->headline);
    if (serious > 1)
        report_text_add(out, size, " (and %d more)", serious - 1);
    tame(out);
    add_perfdata(r, out, size);
    return out;
}

const char *check_detail(const struct problem *p, char *out, size_t size)
{
    char word[16];
    snprintf(out, size, "%s: %s%s%s", p->severity == SEVERITY_OK ? "NOTE" : upper(p->severity, word),
             p->sentence, p->remedy[0] ? " -> " : "", p->remedy);
    tame(out);
    return out;
}

int check_exit(const struct report *r)
{
    return (int)r->severity;
}
