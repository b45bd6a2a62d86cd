/* What a server's option files and command line say of
 * read_only: the last spelling wins, as in the server. */
#ifndef REPLCHECK_WIRE_SERVER_OPTIONS_H
#define REPLCHECK_WIRE_SERVER_OPTIONS_H

#include <stddef.h>

#include "base/tri.h"

/* `text` holds arguments each ended by `separator` ('\n' for my_print_defaults, '\0' for /proc/PID/cmdline).
 * `before` is the result of what came earlier. Options: --read-only, --read_only=ON|1|TRUE, --skip-read-only,
 * --disable-read-only, --loose-…; a value that is not a boolean is unknown. */
enum tri server_options_read_only(const char *text, size_t size, char separator, enum tri before);

#endif
