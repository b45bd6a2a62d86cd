#include "model/state.h"

#include <string.h>

static const char *const state_names[NODE_STATES] = {
    [NODE_UNKNOWN] = "unknown",
    [NODE_STANDBY] = "standby",
    [NODE_PROMOTE_VOTES] = "promoting: votes",
    [NODE_PROMOTE_RECEIVE] = "promoting: receive",
    [NODE_PROMOTE_DRAIN] = "promoting: drain",
    [NODE_PROMOTE_PROMISE] = "promoting: promise",
    [NODE_PROMOTE_ENABLE] = "promoting: enable",
    [NODE_WRITER] = "writer",
    [NODE_DEMOTE_CLOSE] = "demoting: close",
    [NODE_DEMOTE_HANDOVER] = "demoting: handover",
    [NODE_FENCED] = "fenced",
    [NODE_QUARANTINED] = "quarantined",
    [NODE_DUAL_HELD] = "dual: held",
    [NODE_DUAL] = "dual: writer",
};

static const char *const reason_names[REASONS] = {
    [REASON_NONE] = "none",
    [REASON_HANDOVER] = "handover",
    [REASON_CERTIFIED] = "certified death",
    [REASON_OPERATOR] = "operator",
    [REASON_SILENCE] = "silence",
    [REASON_VACANT] = "no writer",
    [REASON_UNDO] = "handover undone",
};

const char *node_state_name(enum node_state s)
{
    return s >= 0 && s < NODE_STATES ? state_names[s] : "invalid";
}

int node_state_parse(const char *name)
{
    for (int s = 0; s < NODE_STATES; s++)
        if (strcmp(state_names[s], name) == 0)
            return s;
    return -1;
}

const char *promote_reason_name(enum promote_reason r)
{
    return r >= 0 && r < REASONS ? reason_names[r] : "invalid";
}
