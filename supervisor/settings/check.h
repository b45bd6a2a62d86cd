/* What several options promise together: checked when every single one is valid. */
#ifndef REPLCHECK_SETTINGS_CHECK_H
#define REPLCHECK_SETTINGS_CHECK_H

#include "settings/settings.h"
#include "settings/tree.h"

/* The trees lend their lines to the messages. */
MUST_CHECK bool check_cluster(const struct cluster_settings *c, const struct tree *root, struct err *e);
MUST_CHECK bool check_timing(const struct timing_settings *t, const struct tree *root, struct err *e);
MUST_CHECK bool check_node(const struct settings *s, const struct tree *root, struct err *e);

/* The node.conf's name among the cluster's nodes, or -1. */
int check_find_self(const struct settings *s);

#endif
