#include "settings/check.h"

#include <stdio.h>

#include "settings/value.h"

/* The inequality that makes a lease safe: a voter that falls silent just after a renewal is noticed, and
 * the fence is complete, before the vote can count for another. Reckoned in microseconds. */
static bool lease_covers(const struct timing_settings *t, const struct tree *root, struct err *e)
{
    char lease[24], renew[24], silent[24], fence[24], epsilon[24];
    int64_t drift_us = ((int64_t)t->lease_ms * t->drift_ppm + 999) / 1000;
    int64_t sum_us = ((int64_t)t->renew_ms + t->silent_ms + t->fence_ms + t->epsilon_ms) * 1000 + drift_us;
    if (sum_us < (int64_t)t->lease_ms * 1000)
        return true;
    value_format_ms(t->lease_ms, lease, sizeof(lease));
    value_format_ms(t->renew_ms, renew, sizeof(renew));
    value_format_ms(t->silent_ms, silent, sizeof(silent));
    value_format_ms(t->fence_ms, fence, sizeof(fence));
    value_format_ms(t->epsilon_ms, epsilon, sizeof(epsilon));
    return tree_fail(e, root, "timing.lease",
                     "found %s, expected more than renew %s + silent %s + fence %s + epsilon %s + drift of "
                     "the lease %.7gms = %.7gms",
                     lease, renew, silent, fence, epsilon, (double)drift_us / 1000, (double)sum_us / 1000);
}

bool check_timing(const struct timing_settings *t, const struct tree *root, struct err *e)
{
    char found[24], renew[24];
    value_format_ms(t->lease_ms, found, sizeof(found));
    if (t->lease_ms % 1000 != 0)
        return tree_fail(e, root, "timing.lease",
                         "found %s, expected whole seconds (wait_timeout has no fractions)", found);
    value_format_ms(t->takeover_delay_ms, found, sizeof(found));
    value_format_ms(t->renew_ms, renew, sizeof(renew));
    if (t->takeover_delay_ms < t->renew_ms)
        return tree_fail(e, root, "timing.takeover_delay",
                         "found %s, expected at least timing.renew, which is %s", found, renew);
    return lease_covers(t, root, e);
}
