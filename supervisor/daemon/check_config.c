#include "daemon/check_config.h"

#include <errno.h>
#include <grp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "daemon/estate.h"
#include "daemon/exit_status.h"
#include "daemon/privileges.h"
#include "settings/settings.h"

static int fail(int status, const struct err *e)
{
    fprintf(stderr, "mysql-replcheckd: %s\n", e->text);
    return status;
}

static void warn(void *context, const char *sentence)
{
    (void)context;
    printf("warning: %s\n", sentence);
}

static void look_for_group(const char *option, const char *name)
{
    if (name[0] && !getgrnam(name))
        printf("warning: node.conf: %s: there is no group \"%s\" on this machine, so it lets nobody in\n",
               option, name);
}

/* Warnings alone: it may be another machine's configuration that is looked at here. */
static void look_at_machine(const struct local_settings *n)
{
    struct privileges p;
    struct err e;
    if (!privileges_find(&p, n->run_as, n->fencer.user, &e))
        printf("warning: the daemon would not start here: %s\n", e.text);
    look_for_group("control.read_group", n->control.read_group);
    look_for_group("control.admin_group", n->control.admin_group);
}

static void describe(const struct settings *s)
{
    const struct cluster_settings *c = &s->cluster;
    const struct node_settings *self = &c->nodes[s->node.self], *peer = &c->nodes[1 - s->node.self];
    printf("configuration ok: cluster %s, this node %s (%s), the other %s (%s); %s, %s, third vote: %s, "
           "lease %d ms\n",
           c->cluster, self->name, self->address, peer->name, peer->address,
           c->policy.write_mode == WRITE_MODE_SINGLE ? "one writer" : "two writers",
           c->policy.durability == DURABILITY_ASYNC ? "asynchronous" : "lossless",
           settings_third_vote(c->quorum.tie_breaker), c->timing.lease_ms);
}

int check_config(const char *config_dir, const char *estate)
{
    static struct settings settings;
    struct err e;
    bool root = geteuid() == 0;
    if (root ? !settings_load(&settings, config_dir, &e)
             : !settings_load_without_secrets(&settings, config_dir, &e))
        return fail(EXIT_CONFIGURATION, &e);
    settings_forget_secrets(&settings);
    if (estate && !estate_takes(strtoul(estate, NULL, 10))) {
        err_set(&e, "the running version keeps its state in format %s, of which this version knows %d to %d",
                estate, ESTATE_OLDEST, ESTATE_FORMAT);
        return fail(EXIT_REFUSED, &e);
    }
    describe(&settings);
    if (!root)
        puts("the files with the passwords were not looked at: root does that");
    settings_each_without_effect(&settings, warn, NULL);
    look_at_machine(&settings.node);
    if (fflush(stdout) == 0)
        return 0;
    err_set(&e, "writing the output: %s", strerror(errno));
    return fail(EXIT_REFUSED, &e);
}
