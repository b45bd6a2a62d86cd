#include "settings/policy_of.h"

#include <string.h>

#include "base/clock.h"

static enum policy_tie tie_of(enum tie_breaker t)
{
    switch (t) {
    case TIE_BREAKER_WITNESS:
        return POLICY_TIE_WITNESS;
    case TIE_BREAKER_VIP:
        return POLICY_TIE_VIP;
    case TIE_BREAKER_WRITER:
        break;
    }
    return POLICY_TIE_WRITER;
}

void policy_of(struct policy *out, const struct settings *s)
{
    const struct cluster_settings *c = &s->cluster;
    memset(out, 0, sizeof(*out));
    out->self = s->node.self;
    out->tie = tie_of(c->quorum.tie_breaker);
    out->has_vip = c->vip.address_count > 0 && c->vip.source != VIP_SOURCE_NONE;
    out->has_references = c->quorum.reference_count > 0;
    out->dual = c->policy.write_mode == WRITE_MODE_DUAL;
    out->lossless = c->policy.durability == DURABILITY_LOSSLESS;
    for (int n = 0; n < OBS_NODES; n++) {
        out->server_id[n] = c->nodes[n].server_id;
        out->offset[n] = c->nodes[n].auto_increment_offset;
    }
    out->increment = c->auto_increment_increment;
    out->lease_us = CLOCK_MS(c->timing.lease_ms);
    out->renew_us = CLOCK_MS(c->timing.renew_ms);
    out->silent_us = CLOCK_MS(c->timing.silent_ms);
    out->fence_us = CLOCK_MS(c->timing.fence_ms);
    out->epsilon_us = CLOCK_MS(c->timing.epsilon_ms);
    out->takeover_delay_us = CLOCK_MS(c->timing.takeover_delay_ms);
    out->drift_ppm = c->timing.drift_ppm;
    out->max_known_lost = c->policy.max_known_lost;
    out->max_unseen_us = CLOCK_MS(c->policy.max_unseen_ms);
    out->drain_timeout_us = CLOCK_MS(c->policy.drain_timeout_ms);
    out->switchover_timeout_us = CLOCK_MS(c->policy.switchover_timeout_ms);
    out->vip_settle_us = CLOCK_MS(c->policy.vip_settle_ms);
    out->vip_hold_down_us = CLOCK_MS(c->policy.vip_hold_down_ms);
    out->settling_us = CLOCK_MS(c->policy.settling_ms);
    out->lag_critical_us = CLOCK_MS(c->thresholds.lag_critical_ms);
    out->breaker_failovers = c->policy.breaker_failovers;
}
