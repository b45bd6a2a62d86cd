/* write_mode dual: what it gives and what it does not, and what
 * goes wrong between two servers that are written. */
#include <inttypes.h>
#include <string.h>

#include "model/state.h"
#include "model/verdict_checks.h"

/* Errors of the applier that say: the row is not what the other server had. */
static bool is_conflict(int64_t error)
{
    static const int conflicts[] = {1032, 1062, 1169, 1451, 1452, 1586};
    for (size_t i = 0; i < sizeof(conflicts) / sizeof(conflicts[0]); i++)
        if (error == conflicts[i])
            return true;
    return false;
}

bool verdict_conflict(struct report *r, int i)
{
    const struct report_node *n = &r->nodes[i], *source = &r->nodes[1 - i];
    if (!r->dual || n->sql != TRI_NO || !is_conflict(n->sql_errno))
        return false;
    verdict_add(r, SEVERITY_CRITICAL, "conflict",
                "compare the row on both servers, make it here what the transaction expects (SET SESSION "
                "sql_log_bin=0, so "
                "that it stays here), then START SLAVE; skip nothing that was not compared",
                "%s cannot apply what %s wrote, for both wrote there: error %" PRId64
                ", %s; until then %s gets "
                "nothing of %s's",
                n->name, source->name, n->sql_errno, n->error, n->name, source->name);
    return true;
}

static void judge_held(struct report *r, const struct report_node *n, bool own)
{
    if (strcmp(n->state, node_state_name(NODE_DUAL_HELD)) == 0)
        verdict_add(
            r, r->writer == REPORT_WRITER_NONE ? SEVERITY_CRITICAL : SEVERITY_WARNING, "held",
            "where it cannot get what the other had, `mysql-replcheck promote` there opens it as it is",
            "%s is not opened: %s", n->name, own ? r->reason : "see `mysql-replcheck status` there");
}

void verdict_dual(struct report *r)
{
    const struct report_node *a = &r->nodes[0], *b = &r->nodes[1];
    if (!r->dual)
        return;
    judge_held(r, &r->nodes[r->self], true);
    judge_held(r, &r->nodes[1 - r->self], false);
    if (a->domain >= 0 && a->domain == b->domain)
        verdict_add(r, SEVERITY_CRITICAL, "domains",
                    "give each its own gtid_domain_id: see conf/mariadb-dual.cnf",
                    "%s and %s have the same gtid_domain_id %" PRId64 ": two that are written need one each",
                    a->name, b->name, a->domain);
    verdict_add(r, SEVERITY_OK, "dual-mode", "",
                "both nodes are written: keys of auto_increment differ by the offsets; another "
                "key that both insert, or a row that both change before it has crossed, "
                "conflicts or ends different without an error; nothing is fenced, and an "
                "acknowledged transaction is lost with a host that does not come back");
}
