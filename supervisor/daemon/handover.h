/* How a process hands what it has to the program it becomes or starts: settings to a supervisor, the fencer's
 * whole state to its upgraded self. Both travel in a sealed memory file that begins with the writer's
 * version, so that another version's layout is never misread. */
#ifndef REPLCHECK_DAEMON_HANDOVER_H
#define REPLCHECK_DAEMON_HANDOVER_H

#include <stddef.h>

#include "base/err.h"

#define HANDOVER_OPTION      "supervisor" /* internal: started by the spawner with the two descriptors below */
#define HANDOVER_SOCKET_FD   3
#define HANDOVER_SETTINGS_FD 4
#define HANDOVER_RELOADED    "REPLCHECK_RELOADED" /* environment: a reload preceded this start */
#define HANDOVER_FENCER      "REPLCHECK_FENCER"   /* environment: descriptor of the fencer's state */
#define HANDOVER_TAKES       "takes-estate" /* internal, with --check-config: this format of a fencer's state */
#define HANDOVER_RESETTER    "REPLCHECK_RESETTER" /* environment: descriptor of the resetter's socket */

/* A sealed memory file with `size` bytes of `data`; -1 and `e`. `format` numbers the layout of `data`;
 * NULL-free `version` is this program's where only the same build may read it, or "" where the format number
 * alone decides. */
int handover_write(const char *version, unsigned format, const void *data, size_t size, struct err *e);

/* Reads back what was written with the version "": `out` holds `size` bytes, the last for an end that is
 * added. False when it is none of that, or too long. */
MUST_CHECK bool handover_read_text(int fd, unsigned *format, char *out, size_t size, struct err *e);

/* Reads it back; false when it is of another version, format or size. */
MUST_CHECK bool handover_read(int fd, const char *version, unsigned format, void *data, size_t size,
                              struct err *e);

#endif
