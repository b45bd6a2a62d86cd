/* What systemd is told, over NOTIFY_SOCKET; nothing happens without one. */
#ifndef REPLCHECK_DAEMON_SERVICE_NOTIFY_H
#define REPLCHECK_DAEMON_SERVICE_NOTIFY_H

#include <stdbool.h>

/* "READY=1", "STOPPING=1", "WATCHDOG=1", … Never blocks. */
void service_notify(const char *state);

/* The same with a descriptor, which stays open here; waits for room for 0.1 s, then false. */
bool service_notify_with(const char *state, int fd);

/* Half of WATCHDOG_USEC in milliseconds, when it is meant for this process; 0 = no watchdog. */
int service_notify_watchdog_ms(void);

#endif
