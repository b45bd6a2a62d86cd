#include "io/ring.h"

#include <stdlib.h>

#include "base/mem.h"

void ring_init(struct ring *r, unsigned capacity, size_t item_size)
{
    *r = (struct ring){
        .items = mem_zalloc(capacity * item_size), .item_size = item_size, .capacity = capacity};
}

void ring_free(struct ring *r)
{
    free(r->items);
    *r = (struct ring){0};
}

void *ring_push(struct ring *r)
{
    if (r->count == r->capacity)
        return NULL;
    unsigned at = (r->first + r->count) % r->capacity;
    r->count++;
    return r->items + at * r->item_size;
}

void *ring_peek(const struct ring *r, unsigned *side_by_side)
{
    unsigned to_end = r->capacity - r->first;
    *side_by_side = r->count < to_end ? r->count : to_end;
    return r->items + r->first * r->item_size;
}

void ring_pop(struct ring *r, unsigned n)
{
    r->count -= n;
    /* An empty one begins anew, so that memory which no burst has needed is never touched. */
    r->first = r->count ? (r->first + n) % r->capacity : 0;
}
