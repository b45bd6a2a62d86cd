/* A bounded first-in first-out ring of fixed-size items. All its memory is taken by ring_init(); nothing
 * else allocates. It knows no lock: the owner holds one. An item that was pushed stays where it is until it
 * is popped, so that a single consumer may read what ring_peek() gave it without holding the lock. */
#ifndef REPLCHECK_IO_RING_H
#define REPLCHECK_IO_RING_H

#include <stddef.h>

struct ring {
    char *items;
    size_t item_size;
    unsigned capacity;
    unsigned first;
    unsigned count;
};

void ring_init(struct ring *r, unsigned capacity, size_t item_size);
void ring_free(struct ring *r);

/* The new last item, for the caller to fill; NULL when the ring is full. */
void *ring_push(struct ring *r);

/* The oldest items that lie side by side, and how many (fewer than `count` where the ring wraps). */
void *ring_peek(const struct ring *r, unsigned *side_by_side);

/* Forgets the `n` oldest. */
void ring_pop(struct ring *r, unsigned n);

#endif
