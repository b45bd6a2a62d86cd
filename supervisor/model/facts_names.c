#include "model/facts.h"

static const char *const fact_names[FACTS] = {
    [FACT_NONE] = "always",
    [FACT_OWN_UP] = "own server answers",
    [FACT_OWN_DEAD] = "own server is dead",
    [FACT_CERTIFIABLE] = "its death can be certified",
    [FACT_CERTIFICATE] = "its certificate is at the other's",
    [FACT_OWN_READ_ONLY] = "own server is read-only",
    [FACT_BOOT_SAFE] = "own server boots read-only",
    [FACT_SCHEMA] = "schema can begin a term",
    [FACT_DISK_FULL] = "no room on its disk",
    [FACT_DEAD_MAN] = "dead-man's switch works",
    [FACT_IO] = "receiver (IO thread)",
    [FACT_SQL] = "applier (SQL thread)",
    [FACT_APPLIER_BROKEN] = "applier stopped with an error",
    [FACT_APPLIER_STOPPED] = "applier stopped without an error",
    [FACT_THREADS] = "replication threads run",
    [FACT_RECEIVED] = "everything has arrived",
    [FACT_DRAINED] = "everything received is applied",
    [FACT_LOSS] = "loss gate",
    [FACT_STALE] = "data lack a promised term",
    [FACT_HISTORY] = "own history against the other's",
    [FACT_OFFSETS] = "auto_increment as configured",
    [FACT_SAFE] = "what is acknowledged survives this node",
    [FACT_ACKS] = "commits wait for the other",
    [FACT_MARK] = "other node is marked as out of sync",
    [FACT_PEER_ACKS] = "other node acknowledges and keeps up",
    [FACT_PEER_GONE] = "other server is gone",
    [FACT_STUCK] = "commits wait for what the other has",
    [FACT_IN_STEP] = "other node has caught up",
    [FACT_OWN_ACKS] = "own receiver acknowledges",
    [FACT_RESTARTED] = "own server may have been restarted",
    [FACT_PEER_UP] = "other server answers",
    [FACT_PEER_READ_ONLY] = "other server is read-only",
    [FACT_PEER_WRITER] = "other node is (or may be) writer",
    [FACT_PEER_FOLLOWS] = "other node follows",
    [FACT_PEER_READY] = "other node could take over",
    [FACT_PEER_CLOSED] = "other node is proven closed",
    [FACT_VOTES] = "votes",
    [FACT_VOTES_FREE] = "no vote is held",
    [FACT_THIRD_VOTE] = "the last writer's vote is ours",
    [FACT_DELAY_OVER] = "takeover delay is over",
    [FACT_AUTHORITY] = "authority, with time for a fence",
    [FACT_EPOCH] = "an epoch is chosen",
    [FACT_SUPERSEDED] = "other node promised a higher epoch",
    [FACT_PROMISED] = "epoch is promised at every counted voter",
    [FACT_BASIS_USED] = "other's row was consumed",
    [FACT_QUICK] = "another voter answers quickly enough",
    [FACT_FENCER] = "fencer answers",
    [FACT_WRITE_LOCK] = "fencer holds the write lock",
    [FACT_ARMED] = "fencer acknowledged the deadline",
    [FACT_INHERITED] = "predecessor's authority is armed",
    [FACT_REASON] = "reason to promote",
    [FACT_BACKOFF] = "waiting after a failed attempt",
    [FACT_BREAKER] = "breaker is open",
    [FACT_MAINTENANCE] = "maintenance, at either node",
    [FACT_LATER_TERM] = "own data have the later term",
    [FACT_LAST_WRITER] = "the last term was this node's",
    [FACT_STOPPING] = "asked to stop",
    [FACT_WANT_AWAY] = "a handover is asked for",
    [FACT_ISOLATED] = "isolated from peer and references",
    [FACT_FINAL] = "final position is read",
    [FACT_UNANSWERED] = "an enabling is unanswered",
    [FACT_RELEASED] = "votes are released",
    [FACT_RECLAIMED] = "handover was taken back",
    [FACT_TERM] = "term's row is written",
    [FACT_BEGUN] = "term's row stands before writes are enabled",
    [FACT_TIMEOUT] = "this step took too long",
    [FACT_KEPT_LEASE] = "quiet for a lease",
    [FACT_DUAL] = "both nodes are to be written",
    [FACT_CAUGHT_UP] = "has what the other had",
    [FACT_PEER_SINGLE] = "other supervisor allows one writer",
    [FACT_DOMAINS] = "servers have distinct GTID domains",
    [FACT_SWITCH_OFF] = "dead-man's switch is off",
    [FACT_WANT_OPEN] = "the operator wants it opened",
};

const char *fact_name(enum fact f)
{
    return f >= 0 && f < FACTS ? fact_names[f] : "invalid";
}

const char *fact_value_name(enum fact f, unsigned value)
{
    static const char *const io[] = {"unknown", "no", "connecting", "yes"};
    static const char *const votes[] = {"none", "held", "counted"};
    static const char *const acks[] = {"unknown", "no", "not for good", "yes"};
    static const char *const marks[] = {"unknown", "no", "in part", "yes"};
    switch (f) {
    case FACT_IO:
        return value < 4 ? io[value] : "invalid";
    case FACT_VOTES:
        return value < 3 ? votes[value] : "invalid";
    case FACT_ACKS:
        return value < 4 ? acks[value] : "invalid";
    case FACT_MARK:
        return value < 4 ? marks[value] : "invalid";
    case FACT_LOSS:
        return loss_verdict_name(value);
    case FACT_HISTORY:
        return gtid_relation_name(value);
    case FACT_REASON:
        return promote_reason_name(value);
    default:
        return value <= TRI_YES ? tri_name(value) : "invalid";
    }
}
