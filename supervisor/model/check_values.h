/* The numbers of a check and the sentence for when nothing is wrong; by mode. Internal to model/check.h. */
#ifndef REPLCHECK_MODEL_CHECK_VALUES_H
#define REPLCHECK_MODEL_CHECK_VALUES_H

#include "model/check.h"

/* The mode's own number comes first and bears the thresholds. */
void check_values_fill(struct check_result *out, const struct report *r, const struct check_request *q);

#endif
