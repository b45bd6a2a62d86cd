/* What systemd is told, over NOTIFY_SOCKET; nothing happens without one. Never blocks. */
#ifndef REPLCHECK_DAEMON_SERVICE_NOTIFY_H
#define REPLCHECK_DAEMON_SERVICE_NOTIFY_H

/* "READY=1", "STOPPING=1", "WATCHDOG=1", … */
void service_notify(const char *state);

/* Half of WATCHDOG_USEC in milliseconds, when it is meant for this process; 0 = no watchdog. */
int service_notify_watchdog_ms(void);

#endif
