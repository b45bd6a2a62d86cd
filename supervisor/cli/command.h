/* What every command is given, and the exit codes that they share (check has those of plugins). */
#ifndef REPLCHECK_CLI_COMMAND_H
#define REPLCHECK_CLI_COMMAND_H

#include "cli/usage.h"
#include "settings/settings.h"

#define COMMAND_CONFIG_DIR "/etc/mysql-replcheck" /* where no --config says otherwise */

enum { EXIT_DONE = 0, EXIT_FAILED = 1, EXIT_USAGE = 2 };

struct cli {
    const char *config_dir;
    const struct settings *settings; /* NULL where a command can do without and there is none */
};

extern const struct usage status_usage, divergence_usage, explain_usage, check_usage, switchover_usage,
    promote_usage, maintenance_usage, breaker_usage, rules_usage;

/* argv[0] is the command's name. Each returns the exit code, and writes to stdout and stderr. */
int status_main(const struct cli *cli, int argc, char **argv);
int divergence_main(const struct cli *cli, int argc, char **argv);
int explain_main(const struct cli *cli, int argc, char **argv);
int check_main(const struct cli *cli, int argc, char **argv);
int switchover_main(const struct cli *cli, int argc, char **argv);
int promote_main(const struct cli *cli, int argc, char **argv);
int maintenance_main(const struct cli *cli, int argc, char **argv);
int breaker_main(const struct cli *cli, int argc, char **argv);
int rules_main(const struct cli *cli, int argc, char **argv);

#endif
