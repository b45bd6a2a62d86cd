/* The one clock of the project: CLOCK_BOOTTIME in microseconds, so that a suspended host's leases have
 * aged. A variable that holds such a time ends in `_us`; 0 means "never". Wall-clock time is only shown. */
#ifndef REPLCHECK_BASE_CLOCK_H
#define REPLCHECK_BASE_CLOCK_H

#include <stdint.h>

#define CLOCK_MS(ms) ((int64_t)(ms)*1000)

int64_t clock_now_us(void);

/* Wall-clock seconds since the epoch, with microseconds: for showing, for the journal, and for which of two
 * words of an operator came later. */
int64_t clock_wall_us(void);

#endif
