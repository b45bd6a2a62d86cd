/* The supervisor: the unprivileged child of the fencer. */
#ifndef REPLCHECK_DAEMON_SUPERVISOR_H
#define REPLCHECK_DAEMON_SUPERVISOR_H

#include <stdbool.h>

struct settings;

/* Runs until the fencer is gone, a SIGTERM has been obeyed or the fencer asks for a restart; returns the
 * process's exit status. `settings` are validated and outlive the call; `config_dir` is what a reload reads;
 * `foreground`: lines go to stderr instead of syslog; `fencer_fd` is the SOCK_SEQPACKET to the fencer
 * (fencer_link.h). Called as run_as, without capabilities, with the logger's name and sink set. */
int supervisor_main(const struct settings *settings, const char *config_dir, int fencer_fd, bool foreground);

#endif
