/* A process that holds passwords keeps its memory to itself. */
#ifndef REPLCHECK_BASE_CORE_H
#define REPLCHECK_BASE_CORE_H

/* Before the first secret is read: no core is written, and this process's own user may neither trace it nor
 * read its memory; /proc/PID is root's from then on. What it executes begins anew, but for the limit of
 * cores. Never fails: what the system refuses is done without. */
void core_forbid(void);

#endif
