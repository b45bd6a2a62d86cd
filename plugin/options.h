/* What the plugin was asked: its command line with --extra-opts expanded, checked. */
#ifndef REPLCHECK_PLUGIN_OPTIONS_H
#define REPLCHECK_PLUGIN_OPTIONS_H

#include "model/check.h"

#define OPTIONS_PLUGIN    "check_mysql_replcheck"
#define OPTIONS_HOSTS_MAX 2

struct options {
    struct check_request check;
    const char *warning, *critical; /* as they were given; NULL = not */
    int verbose;
    double timeout_s, stale_s;
    const char *socket, *config_dir, *program;
    bool direct;
    /* to ask servers that this host's configuration does not name */
    const char *hosts[OPTIONS_HOSTS_MAX];
    int host_count;
    const char *port, *user, *password, *defaults_file, *tls_ca;
};

enum options_result { OPTIONS_OK, OPTIONS_HELP, OPTIONS_VERSION, OPTIONS_BAD };

/* Borrows from `argv`. OPTIONS_BAD: `e` names the option and what is expected. */
enum options_result options_parse(struct options *out, int argc, char **argv, struct err *e);

void options_print_help(void);

#endif
