/* `mysql-replcheck schema` over a configuration of its own, for the test of the schema alone:
 *
 *     schema_driver NODE|- CLUSTER SOCKET PASSWORD single|dual ARGUMENT...
 *
 * NODE is mx1 or mx2 at 127.0.0.11 and 127.0.0.12, or - for no configuration. */
#include <stdio.h>
#include <string.h>

#include "cli/schema.h"

static void fill(struct settings *s, char **argv)
{
    snprintf(s->cluster.cluster, sizeof(s->cluster.cluster), "%s", argv[2]);
    for (int i = 0; i < 2; i++) {
        struct node_settings *n = &s->cluster.nodes[i];
        snprintf(n->name, sizeof(n->name), "mx%d", i + 1);
        snprintf(n->address, sizeof(n->address), "127.0.0.1%d", i + 1);
        n->server_id = (uint32_t)i + 1;
    }
    s->cluster.policy.write_mode = strcmp(argv[5], "dual") ? WRITE_MODE_SINGLE : WRITE_MODE_DUAL;
    s->node.self = strcmp(argv[1], "mx2") == 0;
    snprintf(s->node.node, sizeof(s->node.node), "%s", argv[1]);
    snprintf(s->node.local.socket, sizeof(s->node.local.socket), "%s", argv[3]);
    snprintf(s->node.local.user, sizeof(s->node.local.user), "replcheck");
    snprintf(s->node.peer.user, sizeof(s->node.peer.user), "replcheck");
    snprintf(s->node.peer.password, sizeof(s->node.peer.password), "%s", argv[4]);
    s->node.witness = s->node.peer;
    snprintf(s->node.fencer.user, sizeof(s->node.fencer.user), "replcheck-fence");
}

int main(int argc, char **argv)
{
    static struct settings settings;
    if (argc < 7) {
        fprintf(stderr, "usage: schema_driver NODE|- CLUSTER SOCKET PASSWORD single|dual ARGUMENT...\n");
        return 2;
    }
    fill(&settings, argv);
    argv[5] = (char[]){"schema"};
    return schema_main(strcmp(argv[1], "-") ? &settings : NULL, argc - 5, argv + 5);
}
