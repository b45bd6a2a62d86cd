/* One question over the daemon's control socket, within a deadline. Blocks in poll() alone. */
#ifndef REPLCHECK_PLUGIN_ASK_H
#define REPLCHECK_PLUGIN_ASK_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

/* `request` ends with a newline. The answer's line, without its newline, is put into `out`. False: nobody
 * answered in time; `e` says why. */
MUST_CHECK bool ask(const char *path, const char *request, int64_t deadline_us, char *out, size_t size,
                    size_t *length, struct err *e);

int64_t ask_now_us(void); /* CLOCK_BOOTTIME: a suspended host does not extend a deadline */

#endif
