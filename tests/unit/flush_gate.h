/* A gate before every flush of the process that links this: fsync() and fdatasync() are these, for SQLite
 * too, and flush nothing. */
#ifndef REPLCHECK_TESTS_FLUSH_GATE_H
#define REPLCHECK_TESTS_FLUSH_GATE_H

#include <unistd.h>

/* So many pass before the gate shuts; -1: it stays open, as it is at first. */
void flush_gate_set(int count);

/* Until somebody stands before the shut gate. */
void flush_gate_await(void);

#endif
