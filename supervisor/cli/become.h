/* For a command that logs in to the own server: its account is unix_socket's, so its name is the user's. */
#ifndef REPLCHECK_CLI_BECOME_H
#define REPLCHECK_CLI_BECOME_H

#include "base/err.h"

/* As root: becomes that user, for good. Otherwise nothing. */
MUST_CHECK bool become_user(const char *user, struct err *e);

#endif
