/* --extra-opts=[SECTION][@FILE]: options from an ini file, as the Monitoring Plugins take them.
 *
 * Each "name=value" of the section stands for --name=value (-nvalue where the name is one letter), and comes
 * before what the command line says, so the command line wins. Without SECTION it is the plugin's name,
 * without FILE the first of the usual places. "#" and ";" begin a line of comment. What is written before the
 * first section, a section or a file that is not there: an error that names it.
 *
 * A password is taken out and given apart, for it must not become
 * an argument; the file must then be closed to others. */
#ifndef REPLCHECK_PLUGIN_EXTRA_OPTS_H
#define REPLCHECK_PLUGIN_EXTRA_OPTS_H

#include "base/err.h"

struct extra_opts {
    int argc;
    char **argv;    /* the program's name, the files' options, the other arguments; NULL ends it */
    int from_files; /* so many of them precede the other arguments, the program's name included */
    char *password; /* NULL = none was given */
};

/* extra_opts_free() it also where this fails. */
MUST_CHECK bool extra_opts_expand(struct extra_opts *out, int argc, char **argv, const char *plugin,
                                  struct err *e);
void extra_opts_free(struct extra_opts *x);

#endif
