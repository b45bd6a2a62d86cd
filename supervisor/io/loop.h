/* The event loop of our programs: libevent's, with timers that fire when they are due.
 *
 * libevent's own reckon with the kernel's coarse clock, which moves each 4 ms at 250 Hz, and with epoll's
 * whole milliseconds: one of 2 ms comes after 4 to 8. These rest on a timerfd, to the microsecond; it costs a
 * system call for each turn of the loop. */
#ifndef REPLCHECK_IO_LOOP_H
#define REPLCHECK_IO_LOOP_H

#include <event2/event.h>

/* Aborts where there is no memory or no descriptor for one. event_base_free() it. */
struct event_base *loop_new(void);

#endif
