/* The service manager's file descriptor store (systemd's FileDescriptorStoreMax=): what a process that ends
 * leaves there by name, the next one of the same service finds. The manager drops it all when the service
 * stays stopped. */
#ifndef REPLCHECK_DAEMON_SERVICE_STORE_H
#define REPLCHECK_DAEMON_SERVICE_STORE_H

#include "base/err.h"

/* How many descriptors it takes; 0: there is no store. */
int service_store_room(void);

/* Leaves one; false when it was not sent within a moment. */
MUST_CHECK bool service_store_put(const char *name, int fd);

/* Has the manager read all of that? Waits for up to `ms`. */
MUST_CHECK bool service_store_settled(int ms);

void service_store_remove(const char *name);

/* What a predecessor left under that name, not inherited by what is executed; -1: nothing. */
int service_store_find(const char *name);

/* After the last find: the programs that are executed are told of no descriptors. */
void service_store_forget(void);

#endif
