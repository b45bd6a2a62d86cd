/* `mysql-replcheck schema install|upgrade|uninstall|print`: the database side of the supervisor, as an
 * administrator of one server.
 *
 * `settings` may be NULL where no configuration can be read: then only a witness can be served, and
 * --cluster, --allow and --password-file take its place. argv[0] is "schema". Returns the exit code: 0 done,
 * 1 refused or failed, 2 usage or configuration. Writes to stdout and stderr; blocks. */
#ifndef REPLCHECK_CLI_SCHEMA_H
#define REPLCHECK_CLI_SCHEMA_H

#include "cli/usage.h"
#include "settings/settings.h"

extern const struct usage schema_usage;

int schema_main(const struct settings *settings_or_null, int argc, char **argv);

#endif
