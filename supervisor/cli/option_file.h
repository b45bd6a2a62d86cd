/* The account out of an option file of MariaDB's clients: user, password and ssl-ca under [client]. Other
 * sections and other keys, which mean something to other
 * programs, are passed over; !include is not followed. */
#ifndef REPLCHECK_CLI_OPTION_FILE_H
#define REPLCHECK_CLI_OPTION_FILE_H

#include "base/err.h"
#include "settings/settings.h"

/* Changes what the file names alone. A file with a password that others can open is refused. */
MUST_CHECK bool option_file_read(struct account_settings *out, const char *path, struct err *e);

#endif
