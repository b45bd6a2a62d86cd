/* --check-config: reads the configuration and says on stdout what it means, with a warning for what has no
 * effect and for what this machine lacks. Complaints go to stderr. Needs no privilege; the secrets are read
 * by root. */
#ifndef REPLCHECK_DAEMON_CHECK_CONFIG_H
#define REPLCHECK_DAEMON_CHECK_CONFIG_H

/* Returns the exit status. `estate`: the format of a running fencer's state, which this version is asked
 * whether it takes; NULL: not asked. */
int check_config(const char *config_dir, const char *estate);

#endif
