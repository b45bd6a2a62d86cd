/* Tells the fencer, and through it the service manager, the sentence with which `status` begins: when it
 * changed, and every few seconds, so that silence means that the loop stands still. */
#ifndef REPLCHECK_DAEMON_HEADLINE_H
#define REPLCHECK_DAEMON_HEADLINE_H

#include <stdbool.h>

struct headline;
struct node;

struct headline *headline_new(struct node *n);
void headline_free(struct headline **h);

/* At once: a reload is over. */
void headline_reloaded(struct headline *h);

#endif
