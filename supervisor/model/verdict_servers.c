#include "model/verdict.h"
#include "model/verdict_checks.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/duration.h"
#include "model/report_text.h"
#include "model/state.h"

#define AT_LEAST_MATTERS_US 1000000

static bool in_state(const struct report_node *n, enum node_state s)
{
    return strcmp(n->state, node_state_name(s)) == 0;
}

/* What was said on the last attempt, where starting the server mends nothing. */
static const struct refusal {
    const char *part, *says, *remedy;
} refusals[] = {
    {"Access denied", "does not let us in", "it runs: see the account there, its host part and its password"},
    {"is not allowed to connect", "does not let us in", "it runs: see the account there and its host part"},
    {"is blocked because", "does not let us in", "it runs: FLUSH HOSTS there, and see what fails to connect"},
    {"Too many connections", "does not let us in",
     "it runs: see who takes all connections, and give max_connections 15 more"},
    {"TLS/SSL", "does not answer", "see the TLS settings of both sides: without a CA it is plain text"},
};

static const struct refusal *refusal_of(const char *trouble)
{
    for (size_t i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++)
        if (strstr(trouble, refusals[i].part))
            return &refusals[i];
    return NULL;
}

const char *verdict_silence(const char *trouble)
{
    const struct refusal *refused = refusal_of(trouble);
    return refused ? refused->says : "does not answer";
}

static void judge_silent(struct report *r, int i)
{
    const struct report_node *n = &r->nodes[i];
    char age[DURATION_MAX], seen[64] = "";
    bool own = i == r->self && r->source == REPORT_DAEMON; /* who asks directly may be anywhere */
    enum severity severity =
        i == r->self || r->writer != REPORT_WRITER_ONE ? SEVERITY_CRITICAL : verdict_redundancy(r);
    const struct refusal *refused = refusal_of(n->trouble);
    const char *remedy = refused ? refused->remedy
                         : own
                             ? "look at the server's error log; start it if it ended, end it if it hangs"
                             : "see whether that host is up, mariadbd runs there and the port can be reached";
    if (n->age_ms >= 0)
        snprintf(seen, sizeof(seen), ", last seen %s ago", duration_format_ms(n->age_ms, age));
    verdict_add(r, severity, "server-unreachable", remedy, "%s's server (%s) %s%s%s%s", n->name, n->address,
                verdict_silence(n->trouble), seen, n->trouble[0] ? ": " : "", n->trouble);
}

void verdict_servers(struct report *r)
{
    for (int i = 0; i < OBS_NODES; i++) {
        if (r->nodes[i].reachable == TRI_NO)
            judge_silent(r, i);
        else if (r->nodes[i].reachable == TRI_UNKNOWN)
            verdict_add(r, SEVERITY_UNKNOWN, "server-unknown", "", "%s's server has not answered yet",
                        r->nodes[i].name);
    }
}

void verdict_supervisors(struct report *r)
{
    for (int i = 0; i < OBS_NODES; i++) {
        const struct report_node *n = &r->nodes[i];
        char remedy[REPORT_SENTENCE_MAX];
        bool told = i != r->self ? n->reachable == TRI_NO : r->daemon_trouble[0] != '\0';
        snprintf(remedy, sizeof(remedy), "start mysql-replcheckd on %s; its log says why it ended", n->name);
        if (n->supervised == TRI_NO && !told)
            verdict_add(r, verdict_redundancy(r), "supervisor-missing", remedy,
                        "no supervisor runs on %s: nothing fails over to it by itself", n->name);
    }
}

void verdict_states(struct report *r)
{
    for (int i = 0; i < OBS_NODES; i++) {
        const struct report_node *n = &r->nodes[i];
        const char *reason = i == r->self ? r->reason : "see `mysql-replcheck status` there";
        if (in_state(n, NODE_FENCED))
            verdict_add(r, r->writer == REPORT_WRITER_ONE ? verdict_redundancy(r) : SEVERITY_CRITICAL,
                        "fenced", "`mysql-replcheck explain` on that node names what it waits for",
                        "%s is fenced: %s", n->name, reason);
        else if (in_state(n, NODE_QUARANTINED))
            verdict_add(
                r, SEVERITY_CRITICAL, "quarantined",
                "`mysql-replcheck divergence` there lists what only that server has: repeat at the writer "
                "what is worth it, then load that node anew (LOADING A NODE ANEW in mysql-replcheck(1))",
                "%s is quarantined: its history and the other's have parted", n->name);
    }
}

/* ---- replication ---- */

/* What stands still for that is no fault of its own, and starting it by hand would make it worse. */
#define PARTED "no START SLAVE: a quarantined node replicates again once it was loaded anew"

static bool is_parted(const struct report *r)
{
    return in_state(&r->nodes[0], NODE_QUARANTINED) || in_state(&r->nodes[1], NODE_QUARANTINED);
}

static const char *replication_remedy(const struct report *r, const struct report_node *n)
{
    static const struct {
        int64_t number;
        const char *remedy;
    } known[] = {
        {1062, "the row exists already: compare it on both servers before anything is skipped"},
        {1032, "the row is not there: compare it on both servers before anything is skipped"},
        {1045, "the replication account is refused: check its password and host"},
        {1236, "the other's binary log does not have this position: it was purged, or the histories parted"},
        {1595,
         "START SLAVE IO_THREAD once, while the applier runs; if it ends so again, the other's binary log is "
         "damaged (\"A disk is full\" in mysql-replcheck(1))"},
        {1950,
         "the histories parted (gtid_strict_mode): keep this server's own transactions, then load it anew"},
        {2003, "the other server cannot be reached: check network, port and firewall"},
        {2013, "the connection broke: check the network and the other server"},
    };
    if (is_parted(r))
        return PARTED;
    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
        if (known[i].number == n->sql_errno || (!n->sql_errno && known[i].number == n->io_errno))
            return known[i].remedy;
    if (n->replica == TRI_NO)
        return "CHANGE MASTER TO the other node with MASTER_USE_GTID=slave_pos, then START SLAVE";
    return "SHOW ALL SLAVES STATUS shows more; START SLAVE if nothing speaks against it";
}

static void judge_replication(struct report *r, int i)
{
    const struct report_node *n = &r->nodes[i], *source = &r->nodes[1 - i];
    char what[REPORT_SENTENCE_MAX];
    bool way_back = r->writer == REPORT_WRITER_ONE && r->writer_node == i && !r->dual;
    if (n->reachable != TRI_YES || source->reachable == TRI_NO)
        return;
    if (verdict_conflict(r, i))
        return;
    report_text_replication(n, what, sizeof(what));
    if (what[0] && way_back)
        verdict_add(r, SEVERITY_WARNING, "way-back", replication_remedy(r, n),
                    "%s is the writer and does not listen to %s: %s", n->name, source->name, what);
    else if (what[0])
        verdict_add(r, n->io == IO_CONNECTING ? SEVERITY_WARNING : verdict_redundancy(r),
                    "replication-stopped", replication_remedy(r, n), "%s does not replicate from %s: %s",
                    n->name, source->name, what);
    else if (n->io == IO_UNKNOWN || n->sql == TRI_UNKNOWN)
        verdict_add(
            r, SEVERITY_UNKNOWN, "replication-unknown",
            "see whether the account may read it (SLAVE MONITOR), the daemon's log, and, where the server "
            "has several replication connections or one from elsewhere, let MASTER_HOST of the pair's be the "
            "other node's address",
            "%s's replication could not be read", n->name);
}

/* A delay that was asked for: Seconds_Behind_Master does not tell it while nothing is written. */
static void judge_delay(struct report *r, const struct report_node *n)
{
    char delay[DURATION_MAX];
    if (n->reachable == TRI_YES && n->delay_s > 0)
        verdict_add(
            r, SEVERITY_WARNING, "delayed",
            "once it has applied all that it received: STOP SLAVE, "
            "CHANGE MASTER TO MASTER_DELAY=0, START SLAVE",
            "%s applies everything %s late on purpose (MASTER_DELAY): it could take over only after that",
            n->name, duration_format_ms(n->delay_s * 1000, delay));
}

/* From elsewhere: the pair does not need it, and nobody else may see that it stopped. */
static void judge_foreign(struct report *r, const struct report_node *n)
{
    if (n->reachable == TRI_YES && n->foreign[0])
        verdict_add(
            r, SEVERITY_WARNING, "foreign-connection",
            "SHOW ALL SLAVES STATUS shows more; RESET SLAVE 'NAME' ALL where it is not wanted any more",
            "%s also replicates from elsewhere, or is to: %s", n->name, n->foreign);
}

void verdict_replication(struct report *r)
{
    for (int i = 0; i < OBS_NODES; i++) {
        judge_replication(r, i);
        judge_foreign(r, &r->nodes[i]);
        judge_delay(r, &r->nodes[i]);
    }
}

static void judge_lag(struct report *r, const struct report_node *n)
{
    char lag[DURATION_MAX], limit[DURATION_MAX];
    int64_t ms = n->applied.us / 1000;
    bool critical = ms >= r->lag_critical_ms, warning = ms >= r->lag_warning_ms;
    bool vague = n->applied.at_least && n->applied.us >= AT_LEAST_MATTERS_US;
    duration_format_us(n->applied.us, lag);
    duration_format_ms(critical ? r->lag_critical_ms : r->lag_warning_ms, limit);
    if (critical || warning)
        verdict_add(
            r, critical ? SEVERITY_CRITICAL : SEVERITY_WARNING, "lag",
            is_parted(r) ? PARTED : "see what its applier does (SHOW PROCESSLIST) and how busy its disk is",
            "%s is %s%s behind (limit %s)", n->name, n->applied.at_least ? "at least " : "", lag, limit);
    else if (vague)
        verdict_add(r, SEVERITY_WARNING, "lag", "ask again: the time is measured from the first look",
                    "%s is at least %s behind; by how much more is not known", n->name, lag);
}

void verdict_lag(struct report *r)
{
    for (int i = 0; i < OBS_NODES; i++) {
        const struct report_node *n = &r->nodes[i];
        if (n->lagging != TRI_YES || n->reachable != TRI_YES || r->nodes[1 - i].reachable != TRI_YES)
            continue;
        if (n->applied.us >= 0)
            judge_lag(r, n);
        else if (r->source == REPORT_DIRECT || !verdict_is_young(r))
            verdict_add(r, SEVERITY_UNKNOWN, "lag-unknown", "", "how far %s is behind is not known", n->name);
    }
}

/* ---- settings of the servers ---- */

void verdict_offsets(struct report *r)
{
    for (int i = 0; i < OBS_NODES; i++) {
        const struct report_node *n = &r->nodes[i];
        if (n->offsets_ok == TRI_NO)
            verdict_add(r, r->dual ? SEVERITY_CRITICAL : SEVERITY_WARNING, "offsets",
                        "the supervisor puts the globals right; put them into the "
                        "option files too, and end sessions that are older",
                        "%s hands out auto_increment +%" PRId64 " from %" PRId64 " instead of from %" PRId64
                        " as configured",
                        n->name, n->increment, n->offset, n->offset_expected);
    }
}

void verdict_dead_man(struct report *r)
{
    for (int i = 0; i < OBS_NODES && !r->dual; i++) {
        const struct report_node *n = &r->nodes[i];
        if (n->reachable != TRI_YES)
            continue;
        if (n->event_scheduler == TRI_NO)
            verdict_add(
                r, verdict_redundancy(r), "event-scheduler",
                "event_scheduler=ON in the option files; its supervisor turns it on where it "
                "is only OFF, and a server started with DISABLED needs a restart",
                "%s's event scheduler is off: its dead-man's switch cannot act and it is not promoted%s%s",
                n->name, n->dead_man_trouble[0] ? "; " : "", n->dead_man_trouble);
        else if (n->dead_man == TRI_NO)
            verdict_add(r, verdict_redundancy(r), "dead-man",
                        "its supervisor makes it anew within seconds; where it cannot: is there a "
                        "lock on all tables (FLUSH TABLES WITH READ LOCK, a backup; SHOW "
                        "PROCESSLIST), else `mysql-replcheck schema upgrade` on that node",
                        "%s's dead-man's switch does not run, and it is not promoted%s%s", n->name,
                        n->dead_man_trouble[0] ? ": " : "", n->dead_man_trouble);
        else if (n->dead_man == TRI_UNKNOWN && !verdict_is_young(r))
            verdict_add(r, SEVERITY_UNKNOWN, "dead-man-unknown", "",
                        "whether %s's dead-man's switch runs is not known", n->name);
    }
}

void verdict_disk(struct report *r)
{
    if (r->disk_full == TRI_YES)
        verdict_add(r, SEVERITY_CRITICAL, "disk-full",
                    "make room there, and kill no session that waits for it: the server goes on within a "
                    "minute, or is to be "
                    "started where it was ended",
                    "there is no room on the disk that %s's server writes to: its writes hang",
                    r->nodes[r->self].name);
}

void verdict_boot(struct report *r)
{
    const char *name = r->nodes[r->self].name;
    if (r->source == REPORT_DIRECT || r->dual)
        return;
    if (r->boot_safe == TRI_NO)
        verdict_add(
            r, verdict_redundancy(r), "boot-writable", "read_only=ON under [mariadbd] in the option files",
            "%s's option files do not set read_only=ON: it would start writable, and is not promoted", name);
    else if (r->boot_safe == TRI_UNKNOWN && !verdict_is_young(r))
        verdict_add(r, SEVERITY_UNKNOWN, "boot-unknown",
                    "see the daemon's log: it reads them with my_print_defaults",
                    "whether %s's option files set read_only=ON is not known", name);
}

static bool is_anything_serious(const struct report *r)
{
    for (int i = 0; i < r->problem_count; i++)
        if (r->problems[i].severity != SEVERITY_OK)
            return true;
    return false;
}

/* The net below all others: a standby that could not take over is never passed over because none of them
 * knows the reason. Moments of it are normal after a change of roles and while a supervisor starts. */
void verdict_readiness(struct report *r)
{
    int standby = report_standby(r);
    if (standby < 0 || r->dual || is_anything_serious(r))
        return;
    if (r->ready == TRI_NO)
        verdict_add(r, verdict_redundancy(r), "not-ready", "`mysql-replcheck status` there shows more",
                    "%s cannot take over: %s", r->nodes[standby].name, r->not_ready);
    else if (r->ready == TRI_UNKNOWN && !r->settling && !verdict_is_young(r))
        verdict_add(r, SEVERITY_UNKNOWN, "ready-unknown", "`mysql-replcheck status` there shows more",
                    "whether %s can take over is unknown: %s", r->nodes[standby].name, r->not_ready);
}
