/* The file that keepalived tracks: one integer, added to this node's VRRP priority.
 *
 * Never above 0 (VRRP clamps at 254) and never below -254 (FAULT). Written to a temporary name and renamed,
 * so that a reader sees the old or the new value (in place where the file system is full); on a tmpfs, so
 * nothing is flushed. Both the supervisor and the fencer write it, so what stands in the file decides whether
 * a value is new, not what this process wrote last. */
#ifndef REPLCHECK_IO_WEIGHT_H
#define REPLCHECK_IO_WEIGHT_H

#include "base/err.h"

#define WEIGHT_FILE "vrrp_weight"
#define WEIGHT_MIN  (-254)
#define WEIGHT_MAX  0

/* Writes DIR/vrrp_weight (mode 0664: supervisor and fencer share the folder's group). A value that stands
 * there already is not written again unless `force`: keepalived would read the file again for nothing. */
MUST_CHECK bool weight_write(const char *dir, int value, bool force, struct err *e);

/* The value in the file; false if there is no file or it holds something else. */
MUST_CHECK bool weight_read(const char *dir, int *value, struct err *e);

#endif
