/* The part of the configuration that the decision reads, as plain values (microseconds, counts). Filled once
 * from the settings; the model knows nothing of files. */
#ifndef REPLCHECK_MODEL_POLICY_H
#define REPLCHECK_MODEL_POLICY_H

#include <stdbool.h>
#include <stdint.h>

#include "model/observation.h"

enum policy_tie { POLICY_TIE_WRITER = 0, POLICY_TIE_WITNESS, POLICY_TIE_VIP };

struct policy {
    int self; /* 0 or 1: index of this node; epochs of node 0 are odd, of node 1 even */
    enum policy_tie tie;
    bool has_vip;
    bool has_references;
    bool dual;
    bool lossless;
    uint32_t server_id[OBS_NODES];
    unsigned increment;
    unsigned offset[OBS_NODES];
    int64_t lease_us, renew_us, silent_us, fence_us, epsilon_us, takeover_delay_us;
    int drift_ppm;
    int64_t max_known_lost;
    int64_t max_unseen_us;
    int64_t drain_timeout_us, switchover_timeout_us;
    int64_t vip_settle_us, vip_hold_down_us;
    int64_t settling_us;
    int64_t lag_critical_us;
    int breaker_failovers;
};

/* Does what was seen then speak of the present? */
static inline bool policy_is_fresh(const struct policy *p, int64_t now_us, int64_t seen_us)
{
    return seen_us && now_us - seen_us <= p->silent_us;
}

#endif
