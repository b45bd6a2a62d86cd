/* References on the segment: TCP endpoints that answer, or refuse, which is an answer too. With tie-breaker
 * `writer` they tell isolation from a dead peer; with `vip` they are asked from the VIP's own address, and a
 * round that most of them answered renews the third vote. */
#ifndef REPLCHECK_IO_REFERENCES_H
#define REPLCHECK_IO_REFERENCES_H

#include <stdint.h>

#include "settings/settings.h"

struct event_base;
struct references;

/* `answered` is called once a round when most have answered, with the round's start. `source` is a numeric
 * address to bind to, or NULL. */
struct references *references_new(struct event_base *base, const struct endpoint *endpoints, int count,
                                  const char *source, int timeout_ms,
                                  void (*answered)(void *arg, int64_t began_us), void *arg);
void references_free(struct references **r);

/* Begins a round; what is left of the last one is given up. */
void references_ask(struct references *r);

#endif
