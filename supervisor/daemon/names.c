#include "daemon/names.h"

struct observe_names names_of(const struct node *n, int i)
{
    const struct cluster_settings *c = &n->settings.cluster;
    const struct local_settings *l = &n->settings.node;
    struct observe_names names = {.cluster = c->cluster, .nodes = {c->nodes[0].name, c->nodes[1].name}};
    names.semi_sync = n->policy.lossless;
    names.account = i == OBS_TIE ? l->witness.user : i == n->policy.self ? l->local.user : l->peer.user;
    if (i < OBS_NODES) {
        /* Both nodes' files name them alike: one logs in at its own server, the other from its host. */
        names.other_account = i == n->policy.self ? l->peer.user : l->local.user;
        names.master_address = c->nodes[1 - i].address;
        names.master_port = c->nodes[1 - i].port;
        names.master_server_id = c->nodes[1 - i].server_id;
    }
    return names;
}
