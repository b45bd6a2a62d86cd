/* sim: runs seeds; see --help. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "parts.h"

int main(int argc, char **argv)
{
    struct options o = {.seed = 1, .length = 20 * S};
    static struct world w;
    for (int i = 1; i < argc; i++) {
        if (!strcmp(argv[i], "--trace"))
            o.trace = true;
        if (!strcmp(argv[i], "--seed"))
            o.seed = strtoull(argv[++i], NULL, 0);
    }
    printf("world: %zu bytes, supervisor %zu, session %zu, server %zu\n", sizeof(w), sizeof(w.nodes[0].sup), sizeof(struct session), sizeof(struct server));
    world_init(&w, &o);
    while (world_step(&w))
        ;
    printf("%s events %lu ticks %lu delivered %lu writes %lu enables %lu\n", w.broken, w.tally.events, w.tally.ticks, w.tally.delivered, w.tally.writes, w.tally.enables);
    return 0;
}
