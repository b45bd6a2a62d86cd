/* What is installed in one server, and how it comes and goes.
 *
 * A plan says for which server; it becomes a script (schema_install_script) that is printed or run. Running
 * it is idempotent: it makes what is missing, replaces procedures and the event, and never drops a table.
 * The server's state is looked at first and a surprise is refused: another cluster's or node's schema, a
 * newer version, a supervisor at work under an uninstall. The other node's schema on this node's server is no
 * surprise: the data were loaded from there, and the schema becomes this node's. */
#ifndef REPLCHECK_CLI_SCHEMA_INSTALL_H
#define REPLCHECK_CLI_SCHEMA_INSTALL_H

#include <stdint.h>
#include <stdio.h>

#include "base/err.h"
#include "cli/schema_admin.h"
#include "cli/schema_script.h"
#include "model/schema_version.h"

#define SCHEMA_ADDRESSES_MAX 8

enum schema_action { SCHEMA_INSTALL, SCHEMA_UPGRADE, SCHEMA_UNINSTALL, SCHEMA_PRINT };

struct schema_plan {
    bool witness;                                /* only what a voter needs */
    bool dual;                                   /* both nodes are written: nothing is fenced */
    struct schema_values values;                 /* all but `address` */
    const char *other_node;                      /* NULL on a witness */
    uint32_t server_id;                          /* of this node's server, by cluster.yaml */
    const char *addresses[SCHEMA_ADDRESSES_MAX]; /* from where supervisors log in with the password */
    size_t address_count;
};

/* The script of an action: of SCHEMA_PRINT what SCHEMA_INSTALL
 * runs. `dead_man` leaves the dead-man's switch enabled. */
MUST_CHECK bool schema_install_script(struct schema_script *script, const struct schema_plan *plan,
                                      enum schema_action action, bool dead_man, struct err *e);

/* Does it. What the operator should know goes to `notes`, a line each. */
MUST_CHECK bool schema_install_run(struct schema_admin *admin, const struct schema_plan *plan,
                                   enum schema_action action, FILE *notes, struct err *e);

#endif
