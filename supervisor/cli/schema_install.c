#include "cli/schema_install.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

/* The server as it is before the script runs. */
struct found {
    bool installed; /* a version row */
    long version;
    char *cluster;
    char *node;
    uint32_t server_id;
    bool copied;     /* the other node's schema on this node's server: its data were loaded from there */
    bool foreign;    /* a database replcheck that is not ours */
    bool writable;   /* read_only=0 and nobody holds the write lock */
    bool supervised; /* somebody holds one of our locks */
    char *event_scheduler;
};

static const char *const voter_templates[] = {"tables_voter.sql", "definer_voter.sql", "voting.sql", NULL};
static const char *const node_templates[] = {"tables_node.sql",
                                             "definer_node.sql",
                                             "enable.sql",
                                             "term.sql",
                                             "bulletin.sql",
                                             "offsets.sql",
                                             "dead_man.sql",
                                             "audit.sql",
                                             "account_local.sql",
                                             "account_fence.sql",
                                             NULL};

static bool add_all(struct schema_script *script, const char *const *names,
                    const struct schema_values *values, struct err *e)
{
    for (; *names; names++)
        if (!schema_script_add(script, *names, values, e))
            return false;
    return true;
}

static bool add_accounts(struct schema_script *script, const struct schema_plan *plan, struct err *e)
{
    for (size_t i = 0; i < plan->address_count; i++) {
        struct schema_values values = plan->values;
        values.address = plan->addresses[i];
        if (!schema_script_add(script, plan->witness ? "account_voter.sql" : "account_remote.sql", &values,
                               e))
            return false;
    }
    return true;
}

bool schema_install_script(struct schema_script *script, const struct schema_plan *plan,
                           enum schema_action action, bool dead_man, struct err *e)
{
    const struct schema_values *values = &plan->values;
    if (!schema_script_add(script, "session.sql", values, e))
        return false;
    if (action == SCHEMA_UNINSTALL)
        return schema_script_add(script, "uninstall.sql", values, e);
    return add_all(script, voter_templates, values, e) &&
           (plan->witness || add_all(script, node_templates, values, e)) && add_accounts(script, plan, e) &&
           schema_script_add(script, "installed.sql", values, e) &&
           (plan->witness || !dead_man || schema_script_add(script, "enable_dead_man.sql", values, e));
}

static void found_clear(struct found *f)
{
    free(f->cluster);
    free(f->node);
    free(f->event_scheduler);
    *f = (struct found){0};
}

static bool read_installed(struct schema_admin *admin, struct found *f, struct err *e)
{
    bool any;
    char *ours = NULL;
    if (!schema_admin_row(admin,
                          "SELECT MAX(TABLE_NAME = 'installed') FROM information_schema.TABLES"
                          " WHERE TABLE_SCHEMA = 'replcheck'",
                          &ours, 1, &any, e))
        return false;
    f->foreign = ours && !strcmp(ours, "0");
    bool readable = ours && !strcmp(ours, "1");
    free(ours);
    if (!readable)
        return true;
    char *cells[4];
    if (!schema_admin_row(admin, "SELECT version, cluster, node, @@GLOBAL.server_id FROM replcheck.installed",
                          cells, 4, &f->installed, e))
        return false;
    f->version = cells[0] ? strtol(cells[0], NULL, 10) : 0;
    f->server_id = cells[3] ? (uint32_t)strtoul(cells[3], NULL, 10) : 0;
    f->cluster = cells[1], f->node = cells[2];
    free(cells[0]);
    free(cells[3]);
    return true;
}

/* Locks are named after the cluster that is installed, or is to be. Booleans are read bare: beside an
 * aggregate MariaDB 10.11.19 answers 0 for a read_only of 1. */
static bool read_state(struct schema_admin *admin, const struct schema_plan *plan, struct found *f,
                       struct err *e)
{
    const char *cluster = f->cluster ? f->cluster : plan->values.cluster;
    if (!cluster)
        return true;
    char *quoted = mem_zalloc(2 * strlen(cluster) + 1);
    for (char *to = quoted; *cluster; *to++ = *cluster++)
        if (*cluster == '\'' || *cluster == '\\')
            *to++ = '\\';
    char *sql = mem_printf("SELECT @@GLOBAL.read_only,"
                           " IS_USED_LOCK('replcheck.write.%s') IS NOT NULL,"
                           " IS_USED_LOCK('replcheck.vote.%s') IS NOT NULL, @@GLOBAL.event_scheduler",
                           quoted, quoted);
    char *cells[4];
    bool any, ok = schema_admin_row(admin, sql, cells, 4, &any, e);
    free(sql);
    free(quoted);
    if (!ok)
        return false;
    bool read_only = cells[0] && !strcmp(cells[0], "1");
    bool write_lock = cells[1] && !strcmp(cells[1], "1");
    bool vote = cells[2] && !strcmp(cells[2], "1");
    f->writable = !read_only && !write_lock;
    f->supervised = write_lock || vote;
    f->event_scheduler = cells[3];
    for (int i = 0; i < 3; i++)
        free(cells[i]);
    return true;
}

/* The server's own option files tell whose it is; a backup of the other node brings all but those. */
static bool is_copied(const struct schema_plan *plan, const struct found *f)
{
    return plan->other_node && strcmp(f->node, plan->other_node) == 0 && f->server_id == plan->server_id;
}

static bool check_owner(const struct schema_admin *admin, const struct schema_plan *plan, struct found *f,
                        struct err *e)
{
    const char *where = schema_admin_where(admin);
    if (f->foreign)
        return err_set(e, "%s has a database replcheck that mysql-replcheck did not make: rename or drop it",
                       where);
    if (!f->installed)
        return true;
    if (plan->values.cluster && strcmp(f->cluster, plan->values.cluster) != 0)
        return err_set(e, "%s belongs to the cluster %s, not to %s: uninstall it there first", where,
                       f->cluster, plan->values.cluster);
    f->copied = is_copied(plan, f);
    if (strcmp(f->node, plan->values.node) != 0 && !f->copied)
        return err_set(e, "%s is installed as %s%s, not as %s%s: uninstall it as that first", where,
                       *f->node ? "node " : "a witness", f->node, *plan->values.node ? "node " : "a witness",
                       plan->values.node);
    return true;
}

static bool check_action(const struct schema_admin *admin, enum schema_action action, const struct found *f,
                         struct err *e)
{
    const char *where = schema_admin_where(admin);
    if (action == SCHEMA_UNINSTALL)
        return !f->supervised ||
               err_set(e, "a supervisor is at work on %s: stop mysql-replcheckd on every node first", where);
    if (action == SCHEMA_UPGRADE && !f->installed)
        return err_set(e, "nothing is installed on %s: run `mysql-replcheck schema install`", where);
    if (f->installed && f->version > SCHEMA_VERSION)
        return err_set(e, "%s has schema version %ld, this program knows %d: use a newer mysql-replcheck",
                       where, f->version, SCHEMA_VERSION);
    if (action == SCHEMA_INSTALL && f->installed && f->version < SCHEMA_VERSION)
        return err_set(e, "%s has schema version %ld: run `mysql-replcheck schema upgrade`", where,
                       f->version);
    return true;
}

static void note_result(FILE *notes, const struct schema_admin *admin, const struct schema_plan *plan,
                        enum schema_action action, const struct found *f, bool dead_man)
{
    const char *where = schema_admin_where(admin);
    if (action == SCHEMA_UNINSTALL) {
        fprintf(notes, "%s: %s\n", where,
                f->installed ? "schema and accounts removed" : "nothing is installed");
        return;
    }
    fprintf(notes, "%s: schema version %d %s for %s%s of cluster %s\n", where, SCHEMA_VERSION,
            !f->installed                  ? "installed"
            : f->version == SCHEMA_VERSION ? "installed again"
                                           : "upgraded",
            plan->witness ? "a witness" : "node ", plan->values.node, plan->values.cluster);
    if (plan->witness)
        return;
    if (f->copied)
        fprintf(notes,
                "note: its data are a copy of node %s's; of its rows as a voter the promises are kept\n",
                plan->other_node);
    if (plan->dual)
        fprintf(notes, "note: write_mode is dual, the dead-man's switch is left disabled\n");
    else if (!dead_man)
        fprintf(notes,
                "note: this server is writable and no supervisor holds it, so the dead-man's switch is "
                "left disabled; once mysql-replcheckd runs: CALL replcheck.repair_dead_man()\n");
    if (f->event_scheduler && strcmp(f->event_scheduler, "ON") != 0)
        fprintf(notes, "note: event_scheduler is %s; set event_scheduler=ON in the server's option files\n",
                f->event_scheduler);
}

static bool look_and_run(struct schema_admin *admin, const struct schema_plan *plan,
                         enum schema_action action, struct found *f, FILE *notes, struct err *e)
{
    struct schema_script script = {0};
    if (!read_installed(admin, f, e) || !check_owner(admin, plan, f, e) || !read_state(admin, plan, f, e) ||
        !check_action(admin, action, f, e))
        return false;
    bool dead_man = !plan->dual && !f->writable;
    bool disown = f->copied && action != SCHEMA_UNINSTALL;
    bool ok = schema_install_script(&script, plan, action, dead_man, e) &&
              (!disown || schema_script_add(&script, "copied.sql", &plan->values, e)) &&
              schema_admin_run(admin, &script, e);
    schema_script_clear(&script);
    if (ok)
        note_result(notes, admin, plan, action, f, dead_man);
    return ok;
}

bool schema_install_run(struct schema_admin *admin, const struct schema_plan *plan, enum schema_action action,
                        FILE *notes, struct err *e)
{
    struct found f = {0};
    bool ok = look_and_run(admin, plan, action, &f, notes, e);
    found_clear(&f);
    return ok;
}
