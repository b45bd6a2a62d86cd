/* Which life of the host this is: CLOCK_BOOTTIME's numbers mean nothing in another. */
#ifndef REPLCHECK_DAEMON_BOOT_ID_H
#define REPLCHECK_DAEMON_BOOT_ID_H

/* Read once; "unknown" if the kernel does not tell. */
const char *boot_id(void);

#endif
