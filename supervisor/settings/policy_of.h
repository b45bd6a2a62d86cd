/* The decision's plain values out of the configuration. */
#ifndef REPLCHECK_SETTINGS_POLICY_OF_H
#define REPLCHECK_SETTINGS_POLICY_OF_H

#include "model/policy.h"
#include "settings/settings.h"

void policy_of(struct policy *out, const struct settings *s);

#endif
