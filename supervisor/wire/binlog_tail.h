/* Where the last whole transaction of a binary log ends, read from the last bytes of a file that nobody
 * writes any more. Pure.
 *
 * A server that ends while the disk is full leaves an event of which the rest is missing. No replica is sent
 * anything of its transaction, nobody was told that it is done, and recovery rolls it back: it is not in the
 * log. */
#ifndef REPLCHECK_WIRE_BINLOG_TAIL_H
#define REPLCHECK_WIRE_BINLOG_TAIL_H

#include <stddef.h>
#include <stdint.h>

/* Of `size` bytes that begin at `offset` of the file and end with it. The file's end unless it is certain
 * that the last transaction is torn: where the bytes are not understood (encrypted, the transaction longer
 * than they are, events not one behind the other), too, for a bound may be too high, never too low. */
uint64_t binlog_tail_end(const uint8_t *tail, size_t size, uint64_t offset);

#endif
