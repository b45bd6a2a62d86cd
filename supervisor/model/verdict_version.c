/* How far the servers' versions were tried, and whether the one replicates from the other. */
#include <string.h>

#include "model/server_version.h"
#include "model/verdict_checks.h"

struct versions {
    bool known[OBS_NODES];
    struct server_version v[OBS_NODES];
    char names[OBS_NODES][SERVER_VERSION_MAX];
};

static void read_versions(struct versions *out, const struct report *r)
{
    memset(out, 0, sizeof(*out));
    for (int i = 0; i < OBS_NODES; i++) {
        out->known[i] = server_version_parse(r->nodes[i].server_version, &out->v[i]);
        server_version_name(&out->v[i], out->names[i]);
    }
}

static bool is_same_release(const struct versions *s)
{
    return s->known[0] && s->known[1] && s->v[0].mariadb == s->v[1].mariadb &&
           s->v[0].release == s->v[1].release;
}

/* Two of one release are told together, with the patch level of each where it differs. */
static void judge_standing(struct report *r, const struct versions *s, int i)
{
    const struct server_series *series = server_series_of(&s->v[i]);
    bool both = i == 0 && is_same_release(s), differ = both && s->v[0].patch != s->v[1].patch;
    const char *first = r->nodes[i].name, *second = r->nodes[1].name;
    if (series->standing == SERVER_REFUSED)
        verdict_add(r, SEVERITY_CRITICAL, "server-version", "install MariaDB 10.11 or later there",
                    "this program cannot work with the server of %s%s%s, %s: %s", first, both ? " and " : "",
                    both ? second : "", s->names[i], series->what);
    else if (series->standing == SERVER_UNTRIED)
        verdict_add(
            r, SEVERITY_WARNING, "server-version",
            "try a switchover and a failover with it before you rely on it; mysql-replcheckd(8) names the "
            "versions that were tried",
            "%s%s%s run%s %s%s%s: %s", first, both ? " and " : "", both ? second : "", both ? "" : "s",
            s->names[i], differ ? " and " : "", differ ? s->names[1] : "", series->what);
}

static void judge_pair(struct report *r, const struct versions *s)
{
    int w = r->writer == REPORT_WRITER_ONE ? r->writer_node : 0;
    const char *writer = r->nodes[w].name, *other = r->nodes[1 - w].name;
    enum server_pair pair = server_version_pair(&s->v[w], &s->v[1 - w]);
    if (pair == SERVER_PAIR_SAME)
        return;
    if (pair == SERVER_PAIR_PATCH)
        verdict_add(r, SEVERITY_OK, "server-versions", "bring both servers to the same version",
                    "the servers differ in version: %s has %s, %s has %s", writer, s->names[w], other,
                    s->names[1 - w]);
    else if (r->writer != REPORT_WRITER_ONE)
        verdict_add(r, SEVERITY_WARNING, "server-versions", "upgrade the older one",
                    "%s has %s, %s has %s: the older one may stop at what the newer one writes", writer,
                    s->names[w], other, s->names[1 - w]);
    else if (pair == SERVER_PAIR_NEWER_REPLICA)
        verdict_add(
            r, SEVERITY_OK, "server-versions",
            "go on: `mysql-replcheck switchover` when the standby is ready, then upgrade what was the writer",
            "an upgrade is in progress: %s, the writer, has %s, and %s has %s, which replicates from it",
            writer, s->names[w], other, s->names[1 - w]);
    else
        verdict_add(r, SEVERITY_WARNING, "server-versions",
                    "upgrade the standby now, and its data with mariadb-upgrade",
                    "%s (%s) replicates from the newer %s (%s), which MariaDB does not "
                    "support: it may stop at what it does not know, and is then no standby",
                    other, s->names[1 - w], writer, s->names[w]);
}

void verdict_versions(struct report *r)
{
    struct versions s;
    read_versions(&s, r);
    for (int i = 0; i < OBS_NODES; i++)
        if (s.known[i] && !(i == 1 && is_same_release(&s)))
            judge_standing(r, &s, i);
    if (s.known[0] && s.known[1] && s.v[0].mariadb && s.v[1].mariadb)
        judge_pair(r, &s);
}
