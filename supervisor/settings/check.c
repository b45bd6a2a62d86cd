#include "config.h"

#include "settings/check.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

struct context {
    const struct cluster_settings *c;
    const struct tree *root;
    struct err *e;
};

/* Element i of a list, to which a message refers; the list's or the file's start where there is none. */
static const struct tree *element(const struct tree *root, const char *list, int i)
{
    const struct tree *t = tree_find(root, list);
    const struct tree *child = t ? t->first : NULL;
    while (child && child->index != i)
        child = child->next;
    return child ? child : t ? t : root;
}

static bool same_endpoint(const char *a, unsigned a_port, const char *b, unsigned b_port)
{
    return a_port == b_port && strcmp(a, b) == 0;
}

static bool nodes_differ(const struct context *x)
{
    const struct node_settings *a = &x->c->nodes[0], *b = &x->c->nodes[1];
    const struct tree *second = element(x->root, "nodes", 1);
    if (strcasecmp(a->name, b->name) == 0)
        return tree_fail(x->e, second, "name", "found \"%s\", the name of the other node too", b->name);
    if (same_endpoint(a->address, a->port, b->address, b->port))
        return tree_fail(x->e, second, "address", "found \"%s\" port %u, those of the other node too",
                         b->address, b->port);
    if (a->server_id == b->server_id)
        return tree_fail(x->e, second, "server_id", "found \"%u\", that of the other node too", b->server_id);
    if (a->auto_increment_offset == b->auto_increment_offset)
        return tree_fail(x->e, second, "auto_increment_offset", "found \"%u\", that of the other node too",
                         b->auto_increment_offset);
    return true;
}

static bool offsets_fit(const struct context *x)
{
    for (int i = 0; i < 2; i++)
        if (x->c->nodes[i].auto_increment_offset > x->c->auto_increment_increment)
            return tree_fail(x->e, element(x->root, "nodes", i), "auto_increment_offset",
                             "found \"%u\", expected at most auto_increment_increment, which is %u",
                             x->c->nodes[i].auto_increment_offset, x->c->auto_increment_increment);
    return true;
}

static bool extra_ports_differ(const struct context *x)
{
    for (int i = 0; i < 2; i++)
        if (x->c->nodes[i].extra_port == x->c->nodes[i].port)
            return tree_fail(x->e, element(x->root, "nodes", i), "extra_port",
                             "found \"%u\", the server's port, expected another", x->c->nodes[i].port);
    if (x->c->quorum.witness.extra_port == x->c->quorum.witness.mariadb.port)
        return tree_fail(x->e, x->root, "quorum.witness.extra_port",
                         "found \"%u\", the server's port, expected another",
                         x->c->quorum.witness.mariadb.port);
    return true;
}

static bool vip_addresses_differ(const struct context *x)
{
    for (int i = 0; i < x->c->vip.address_count; i++) {
        const char *address = x->c->vip.addresses[i];
        const struct tree *at = element(x->root, "vip.addresses", i);
        for (int j = 0; j < i; j++)
            if (strcmp(address, x->c->vip.addresses[j]) == 0)
                return tree_fail(x->e, at, NULL, "found \"%s\", already in the list", address);
        for (int j = 0; j < 2; j++)
            if (strcmp(address, x->c->nodes[j].address) == 0)
                return tree_fail(x->e, at, NULL,
                                 "found \"%s\", the own address of node %s, expected one that moves", address,
                                 x->c->nodes[j].name);
    }
    return true;
}

static bool vip_complete(const struct context *x)
{
    if (x->c->vip.source == VIP_SOURCE_NETLINK && x->c->vip.address_count == 0)
        return tree_fail(
            x->e, x->root, "vip.addresses",
            "missing, vip.source netlink needs at least one address (without a VIP: source: none)");
    if (x->c->vip.source == VIP_SOURCE_COMMAND && x->c->vip.command_count == 0)
        return tree_fail(
            x->e, x->root, "vip.command",
            "missing, vip.source command needs a program and its arguments: [/absolute/path, word]");
    if (x->c->vip.command_count > 0 && x->c->vip.command[0][0] != '/')
        return tree_fail(x->e, element(x->root, "vip.command", 0), NULL,
                         "found \"%s\", expected the absolute path of a program", x->c->vip.command[0]);
    return true;
}

static bool witness_complete(const struct context *x)
{
    bool etcd = x->c->quorum.witness.kind == WITNESS_ETCD;
    bool address = x->c->quorum.witness.mariadb.address[0], endpoints = x->c->quorum.witness.endpoint_count;
    const struct tree *section = tree_find(x->root, "quorum.witness");
    if (x->c->quorum.tie_breaker == TIE_BREAKER_WITNESS && !section)
        return tree_fail(x->e, x->root, "quorum.witness",
                         "missing, quorum.tie_breaker witness needs the witness described here");
    if (section && etcd && !endpoints)
        return tree_fail(x->e, x->root, "quorum.witness.endpoints",
                         "missing, kind etcd needs a list of {address, port}");
    if (section && !etcd && !address)
        return tree_fail(x->e, x->root, "quorum.witness.address",
                         "missing, kind mariadb needs the server's address");
    if (etcd && address)
        return tree_fail(x->e, x->root, "quorum.witness.address", "is for kind mariadb, expected endpoints");
    if (!etcd && endpoints)
        return tree_fail(x->e, x->root, "quorum.witness.endpoints",
                         "is for kind etcd, expected address and port");
    return true;
}

#ifdef HAVE_LIBCURL
static bool etcd_possible(const struct context *x)
{
    const struct etcd_tls_settings *tls = &x->c->quorum.witness.tls;
    if (!tls->cert[0] != !tls->key[0])
        return tree_fail(x->e, x->root, tls->cert[0] ? "quorum.witness.tls.key" : "quorum.witness.tls.cert",
                         "missing, certificate and key go together");
    if (tls->pinned_key[0] && strncmp(tls->pinned_key, "sha256//", 8) != 0)
        return tree_fail(x->e, x->root, "quorum.witness.tls.pinned_key",
                         "found \"%s\", expected sha256// and the base64 of a public key's SHA-256",
                         tls->pinned_key);
    if (tls->cert[0] && !tls->ca[0] && !tls->pinned_key[0])
        return tree_fail(x->e, x->root, "quorum.witness.tls.ca",
                         "missing, a certificate is only shown with TLS");
    return true;
}
#else
static bool etcd_possible(const struct context *x)
{
    if (x->c->quorum.witness.kind != WITNESS_ETCD)
        return true;
    return tree_fail(
        x->e, x->root, "quorum.witness.kind",
        "found \"etcd\", which needs libcurl, and this program was built without it: build it where "
        "libcurl4-openssl-dev is installed, or use kind mariadb");
}
#endif

/* A witness on a node's own server would be that node's second vote. */
static bool witness_apart(const struct context *x)
{
    const struct endpoint *w = &x->c->quorum.witness.mariadb;
    for (int i = 0; i < 2; i++)
        if (same_endpoint(w->address, w->port, x->c->nodes[i].address, x->c->nodes[i].port))
            return tree_fail(x->e, x->root, "quorum.witness.address",
                             "found \"%s\" port %u, the server of node %s, expected a third one", w->address,
                             w->port, x->c->nodes[i].name);
    return true;
}

static bool endpoints_differ(const struct context *x, const char *list, const struct endpoint *all, int count)
{
    for (int i = 0; i < count; i++)
        for (int j = 0; j < i; j++)
            if (same_endpoint(all[i].address, all[i].port, all[j].address, all[j].port))
                return tree_fail(x->e, element(x->root, list, i), "address",
                                 "found \"%s\" port %u, already in the list", all[i].address, all[i].port);
    return true;
}

static bool is_loopback(const char *address)
{
    return strncmp(address, "127.", 4) == 0 || strcmp(address, "::1") == 0;
}

/* A reference on one of the two hosts answers that host whatever has become of the network. */
static bool references_apart(const struct context *x)
{
    for (int i = 0; i < x->c->quorum.reference_count; i++) {
        const char *address = x->c->quorum.references[i].address;
        bool own = false;
        for (int j = 0; j < 2; j++)
            own = own || strcmp(address, x->c->nodes[j].address) == 0;
        for (int j = 0; j < x->c->vip.address_count; j++)
            own = own || strcmp(address, x->c->vip.addresses[j]) == 0;
        if (own && !is_loopback(address))
            return tree_fail(x->e, element(x->root, "quorum.references", i), "address",
                             "found \"%s\", an address of the pair, expected another host's", address);
    }
    return true;
}

static bool lists_differ(const struct context *x)
{
    return endpoints_differ(x, "quorum.witness.endpoints", x->c->quorum.witness.endpoints,
                            x->c->quorum.witness.endpoint_count) &&
           endpoints_differ(x, "quorum.references", x->c->quorum.references, x->c->quorum.reference_count);
}

static bool vip_tie_breaker_allowed(const struct context *x)
{
    if (x->c->quorum.tie_breaker != TIE_BREAKER_VIP)
        return true;
    if (!x->c->quorum.accept_split_brain)
        return tree_fail(x->e, x->root, "quorum.tie_breaker",
                         "vip cannot exclude two writers: use witness or writer, or accept it with "
                         "accept_split_brain: true");
    if (x->c->vip.source == VIP_SOURCE_NONE || x->c->vip.address_count == 0)
        return tree_fail(x->e, x->root, "vip.addresses", "missing, quorum.tie_breaker vip needs a VIP");
    if (x->c->quorum.reference_count == 0)
        return tree_fail(x->e, x->root, "quorum.references",
                         "missing, quorum.tie_breaker vip needs references on the VIP's segment");
    return true;
}

static bool durability_possible(const struct context *x)
{
    if (x->c->policy.durability != DURABILITY_LOSSLESS)
        return true;
    if (x->c->quorum.tie_breaker != TIE_BREAKER_WITNESS)
        return tree_fail(x->e, x->root, "policy.durability",
                         "lossless needs quorum.tie_breaker: witness, expected async without one");
    if (x->c->policy.write_mode == WRITE_MODE_DUAL)
        return tree_fail(x->e, x->root, "policy.durability",
                         "lossless needs one writer, expected async with write_mode: dual");
    return true;
}

static bool thresholds_ordered(const struct context *x)
{
    if (x->c->thresholds.lag_warning_ms > x->c->thresholds.lag_critical_ms)
        return tree_fail(x->e, x->root, "thresholds.lag_critical", "expected at least lag_warning");
    return true;
}

bool check_cluster(const struct cluster_settings *c, const struct tree *root, struct err *e)
{
    static bool (*const checks[])(const struct context *x) = {
        nodes_differ,       offsets_fit,         vip_addresses_differ, vip_complete, witness_complete,
        etcd_possible,      witness_apart,       references_apart,     lists_differ, vip_tie_breaker_allowed,
        extra_ports_differ, durability_possible, thresholds_ordered,
    };
    const struct context x = {c, root, e};
    for (size_t i = 0; i < sizeof(checks) / sizeof(checks[0]); i++)
        if (!checks[i](&x))
            return false;
    return check_timing(&c->timing, root, e);
}

int check_find_self(const struct settings *s)
{
    for (int i = 0; i < 2; i++)
        if (strcmp(s->node.node, s->cluster.nodes[i].name) == 0)
            return i;
    return -1;
}

bool check_node(const struct settings *s, const struct tree *root, struct err *e)
{
    const struct cluster_settings *c = &s->cluster;
    if (check_find_self(s) < 0)
        return tree_fail(e, root, "node", "found \"%s\", expected %s or %s, the nodes of cluster.yaml",
                         s->node.node, c->nodes[0].name, c->nodes[1].name);
    if (s->node.http.listen.port && same_endpoint(s->node.http.listen.address, s->node.http.listen.port,
                                                  s->node.agent.listen.address, s->node.agent.listen.port))
        return tree_fail(e, root, "agent.listen",
                         "found the address and port of http.listen, expected others");
    return true;
}
