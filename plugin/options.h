/* What the plugin was asked: its command line with --extra-opts expanded, checked. */
#ifndef REPLCHECK_PLUGIN_OPTIONS_H
#define REPLCHECK_PLUGIN_OPTIONS_H

#include "model/check.h"
#include "plugin/extra_opts.h"

#define OPTIONS_PLUGIN    "check_mysql_replcheck"
#define OPTIONS_HOSTS_MAX 2

struct options {
    struct extra_opts words; /* what the texts below point into */
    struct check_request check;
    const char *warning, *critical; /* as they were given; NULL = not */
    int verbose;
    double timeout_s, stale_s;
    const char *socket, *config_dir, *program;
    bool direct;
    /* to ask servers that this host's configuration does not name */
    const char *hosts[OPTIONS_HOSTS_MAX];
    int host_count;
    bool hosts_replaced; /* by the command line's: those of the files do not count */
    const char *port, *user, *password, *defaults_file, *tls_ca;
};

enum options_result { OPTIONS_OK, OPTIONS_HELP, OPTIONS_VERSION, OPTIONS_BAD };

/* OPTIONS_BAD: `e` names the option and what is expected. options_free() it in any case. */
enum options_result options_parse(struct options *out, int argc, char **argv, struct err *e);
void options_free(struct options *o);

void options_print_help(void);

#endif
