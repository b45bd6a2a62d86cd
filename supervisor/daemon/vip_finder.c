#include "daemon/vip_finder.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "io/vip_command.h"

#define VARIABLES 3

struct vip_finder {
    const struct settings *settings;
    void (*changed)(void *arg, const struct vip_state *state);
    void *arg;
    struct vip_watch *watch;
    struct vip_command *command;
    const char *argv[SETTINGS_WORDS_MAX + 1];
    char *environment[VARIABLES + 1];
    struct vip_state nothing; /* where there is no watch */
    bool troubled;
};

static char *all_addresses(const struct settings *s)
{
    char *all = mem_printf("REPLCHECK_VIPS=");
    for (int i = 0; i < s->cluster.vip.address_count; i++) {
        char *more = mem_printf("%s%s%s", all, i ? " " : "", s->cluster.vip.addresses[i]);
        free(all);
        all = more;
    }
    return all;
}

static void on_answer(void *arg, const struct vip_state *state)
{
    struct vip_finder *v = arg;
    bool troubled = state->here == TRI_UNKNOWN;
    if (troubled)
        log_warning("whether the VIP is here is not known: %s: %s", v->argv[0],
                    vip_command_trouble(v->command));
    else if (v->troubled)
        log_notice("the VIP is %s, says %s again", state->here == TRI_YES ? "here" : "not here", v->argv[0]);
    v->troubled = troubled;
    v->changed(v->arg, state);
}

static void run_program(struct vip_finder *v, struct event_base *base)
{
    const struct settings *s = v->settings;
    for (int i = 0; i < s->cluster.vip.command_count; i++)
        v->argv[i] = s->cluster.vip.command[i];
    v->environment[0] = mem_printf("REPLCHECK_CLUSTER=%s", s->cluster.cluster);
    v->environment[1] = mem_printf("REPLCHECK_NODE=%s", s->node.node);
    v->environment[2] = all_addresses(s);
    struct vip_command_options o = {.argv = v->argv,
                                    .environment = (const char *const *)(void *)v->environment,
                                    .period_ms = s->cluster.vip.period_ms,
                                    .deadline_ms = s->cluster.vip.deadline_ms};
    v->command = vip_command_new(base, &o, on_answer, v);
}

struct vip_finder *vip_finder_new(struct event_base *base, const struct settings *settings,
                                  void (*changed)(void *arg, const struct vip_state *state), void *arg)
{
    const struct cluster_settings *c = &settings->cluster;
    struct vip_finder *v = mem_zalloc(sizeof(*v));
    struct err e;
    v->settings = settings;
    v->changed = changed;
    v->arg = arg;
    v->nothing.here = TRI_UNKNOWN;
    if (c->vip.source == VIP_SOURCE_COMMAND) {
        run_program(v, base);
        return v;
    }
    v->watch = vip_new(base, c->vip.addresses, c->vip.address_count, changed, arg, &e);
    if (!v->watch)
        log_error("the VIP is not watched: %s", e.text);
    return v;
}

void vip_finder_free(struct vip_finder **finder)
{
    struct vip_finder *v = *finder;
    *finder = NULL;
    if (!v)
        return;
    vip_free(&v->watch);
    vip_command_free(&v->command);
    for (int i = 0; i < VARIABLES; i++)
        free(v->environment[i]);
    free(v);
}

const struct vip_state *vip_finder_state(const struct vip_finder *v)
{
    return v->command ? vip_command_state(v->command) : v->watch ? vip_state(v->watch) : &v->nothing;
}

/* "192.0.2.100 is here, 192.0.2.101 is not" */
static void name_parts(const struct vip_finder *v, const struct vip_state *s, char *out, size_t size)
{
    size_t at = 0;
    for (int i = 0; i < s->address_count && at < size; i++) {
        int n =
            snprintf(out + at, size - at, "%s%s is %s", i ? ", " : "", v->settings->cluster.vip.addresses[i],
                     s->addresses[i].here == TRI_YES ? "here" : "not");
        at += n > 0 ? (size_t)n : 0;
    }
}

const char *vip_finder_trouble(const struct vip_finder *v, char *out, size_t size)
{
    const struct vip_state *s = vip_finder_state(v);
    *out = '\0';
    if (s->here != TRI_UNKNOWN)
        return out;
    if (v->command)
        snprintf(out, size, "%s: %s", v->argv[0], vip_command_trouble(v->command));
    else if (s->partial)
        name_parts(v, s, out, size);
    return out;
}
