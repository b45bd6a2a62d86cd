/* `mysql-replcheck history [--since 1h] [--kind KIND] [--limit N] [--json] [--journal FILE]`: what happened
 * on this node, oldest first, read from its journal.db whether the daemon runs or not.
 *
 * `settings` may be NULL where no configuration can be read: --journal is then needed. argv[0] is "history".
 * Returns the exit code: 0 done, 1 the journal cannot be read (what could be read is shown), 2 usage. */
#ifndef REPLCHECK_CLI_HISTORY_H
#define REPLCHECK_CLI_HISTORY_H

#include "cli/usage.h"
#include "settings/settings.h"

extern const struct usage history_usage;

int history_main(const struct settings *settings_or_null, int argc, char **argv);

#endif
