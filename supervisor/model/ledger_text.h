/* The ledger as text, for the caller to persist as one value.
 *
 * Versioned and closed by a checksum: a text that was cut short or damaged at any byte is refused, so that
 * the caller can report it and begin with an empty ledger (which knows nothing and promotes nobody). */
#ifndef REPLCHECK_MODEL_LEDGER_TEXT_H
#define REPLCHECK_MODEL_LEDGER_TEXT_H

#include <stddef.h>

#include "base/err.h"
#include "model/gtid.h"
#include "model/ledger.h"

#define LEDGER_BOOT_MAX 64
#define LEDGER_TEXT_MAX (2 * GTID_TEXT_MAX + 320)

/* `boot_id` names this life of the host (/proc/sys/kernel/random/boot_id): printable, without spaces, shorter
 * than LEDGER_BOOT_MAX. Its time stamps mean nothing in another. Returns `out`, of LEDGER_TEXT_MAX bytes. */
const char *ledger_format(const struct ledger *l, const char *boot_id, char *out, size_t size);

/* Reads it back, as `restored` and not dirty. In another life of the host the positions stay and the age of
 * the sample is unknown. On failure the ledger is empty. */
MUST_CHECK bool ledger_parse(struct ledger *out, const char *text, const char *boot_id, struct err *e);

#endif
