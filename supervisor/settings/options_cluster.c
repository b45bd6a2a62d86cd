#include "settings/options.h"

#define MINUTE_MS 60000
#define HOUR_MS   (60 * MINUTE_MS)
#define DAY_MS    INT64_C(86400000)

#define SIZE(type, field) sizeof(((struct type *)0)->field)
#define FIELD(field)      offsetof(struct cluster_settings, field), SIZE(cluster_settings, field)
#define NODE(field)       offsetof(struct node_settings, field), SIZE(node_settings, field)
#define ENDPOINT(field)   offsetof(struct endpoint, field), SIZE(endpoint, field)
#define LIST(field, count)                                                                                   \
    offsetof(struct cluster_settings, field), SIZE(cluster_settings, field[0]), NULL, count
#define COUNT(field) offsetof(struct cluster_settings, field)

static const struct option_word sources[] = {
    {"netlink", VIP_SOURCE_NETLINK}, {"command", VIP_SOURCE_COMMAND}, {"none", VIP_SOURCE_NONE}, {NULL, 0}};
static const struct option_word tie_breakers[] = {
    {"witness", TIE_BREAKER_WITNESS}, {"writer", TIE_BREAKER_WRITER}, {"vip", TIE_BREAKER_VIP}, {NULL, 0}};
static const struct option_word witness_kinds[] = {
    {"mariadb", WITNESS_MARIADB}, {"etcd", WITNESS_ETCD}, {NULL, 0}};
static const struct option_word write_modes[] = {
    {"single", WRITE_MODE_SINGLE}, {"dual", WRITE_MODE_DUAL}, {NULL, 0}};
static const struct option_word durabilities[] = {
    {"async", DURABILITY_ASYNC}, {"lossless", DURABILITY_LOSSLESS}, {NULL, 0}};
static const struct option_word rejoin_policies[] = {{"hold", REJOIN_HOLD},
                                                     {"merge_disjoint", REJOIN_MERGE_DISJOINT},
                                                     {"flashback", REJOIN_FLASHBACK},
                                                     {NULL, 0}};

/* clang-format off */
static const struct option rows[] = {
    {"cluster", OPTION_NAME, "", 1, 0, NULL, false,
     "name of the pair; part of the names of its locks", FIELD(cluster)},

    {"nodes", OPTION_LIST, "nodes", 2, 2, NULL, false, "the two nodes", LIST(nodes, OPTION_FIXED_COUNT)},
    {"nodes[].name", OPTION_NAME, "", 1, 0, NULL, false,
     "name of the node, as node.conf gives it", NODE(name)},
    {"nodes[].address", OPTION_ADDRESS, "", 1, 0, NULL, false,
     "where the other node reaches its MariaDB server", NODE(address)},
    {"nodes[].port", OPTION_PORT, "", 1, 65535, "3306", false, "the server's TCP port", NODE(port)},
    {"nodes[].extra_port", OPTION_UINT, "", 0, 65535, "0", false,
     "the server's extra_port, for when all its connections are taken; 0: it has none", NODE(extra_port)},
    {"nodes[].server_id", OPTION_UINT, "", 1, UINT32_MAX, NULL, false,
     "the server's server_id", NODE(server_id)},
    {"nodes[].auto_increment_offset", OPTION_UINT, "", 1, 65535, NULL, false,
     "the server's auto_increment_offset", NODE(auto_increment_offset)},
    {"auto_increment_increment", OPTION_UINT, "", 1, 65535, "2", false,
     "auto_increment_increment of both servers", FIELD(auto_increment_increment)},

    {"vip.addresses", OPTION_LIST, "addresses", 0, SETTINGS_VIPS_MAX, "", false,
     "virtual addresses that keepalived moves", LIST(vip.addresses, COUNT(vip.address_count))},
    {"vip.addresses[]", OPTION_ADDRESS, "", 1, 0, NULL, false,
     "a virtual address, without prefix length", 0, SETTINGS_ADDRESS_MAX},
    {"vip.source", OPTION_ENUM, "", 0, 0, "netlink", false,
     "how to learn whether the VIP is here", FIELD(vip.source), sources},
    {"vip.command", OPTION_LIST, "words", 0, SETTINGS_WORDS_MAX, "", false,
     "source command: a program and its arguments", LIST(vip.command, COUNT(vip.command_count))},
    {"vip.command[]", OPTION_ARGUMENT, "", 1, 0, NULL, false,
     "the program's absolute path first; it exits 0 while the VIP is here, 1 while it is not", 0, SETTINGS_PATH_MAX},
    {"vip.period", OPTION_DURATION, "ms", 100, MINUTE_MS, "1s", false,
     "source command: the time from one run's end to the next", FIELD(vip.period_ms)},
    {"vip.deadline", OPTION_DURATION, "ms", 100, MINUTE_MS, "2s", false,
     "source command: a run that takes longer is killed", FIELD(vip.deadline_ms)},

    {"quorum.tie_breaker", OPTION_ENUM, "", 0, 0, "writer", false,
     "the third vote; default witness where quorum.witness is given, else writer",
     FIELD(quorum.tie_breaker), tie_breakers},
    {"quorum.witness.kind", OPTION_ENUM, "", 0, 0, "mariadb", false,
     "what the witness is", FIELD(quorum.witness.kind), witness_kinds},
    {"quorum.witness.address", OPTION_ADDRESS, "", 0, 0, "", false,
     "kind mariadb: the witness server", FIELD(quorum.witness.mariadb.address)},
    {"quorum.witness.port", OPTION_PORT, "", 1, 65535, "3306", false,
     "kind mariadb: its TCP port", FIELD(quorum.witness.mariadb.port)},
    {"quorum.witness.extra_port", OPTION_UINT, "", 0, 65535, "0", false,
     "kind mariadb: its extra_port; 0: it has none", FIELD(quorum.witness.extra_port)},
    {"quorum.witness.endpoints", OPTION_LIST, "endpoints", 0, SETTINGS_ENDPOINTS_MAX, "", false,
     "kind etcd: the members of the etcd cluster",
     LIST(quorum.witness.endpoints, COUNT(quorum.witness.endpoint_count))},
    {"quorum.witness.endpoints[].address", OPTION_ADDRESS, "", 1, 0, NULL, false,
     "an etcd member", ENDPOINT(address)},
    {"quorum.witness.endpoints[].port", OPTION_PORT, "", 1, 65535, "2379", false,
     "its client port", ENDPOINT(port)},
    {"quorum.witness.tls.ca", OPTION_PATH, "", 0, 0, "", false,
     "kind etcd: CA certificates; without them and the pinned key: no TLS", FIELD(quorum.witness.tls.ca)},
    {"quorum.witness.tls.cert", OPTION_PATH, "", 0, 0, "", false,
     "kind etcd: file of this node's certificate; empty: none is shown", FIELD(quorum.witness.tls.cert)},
    {"quorum.witness.tls.key", OPTION_PATH, "", 0, 0, "", false,
     "kind etcd: file of its key, mode 0600", FIELD(quorum.witness.tls.key)},
    {"quorum.witness.tls.verify", OPTION_BOOL, "", 0, 0, "true", false,
     "kind etcd: the certificate must bear the address, too", FIELD(quorum.witness.tls.verify)},
    {"quorum.witness.tls.pinned_key", OPTION_ARGUMENT, "", 0, 0, "", false,
     "kind etcd: sha256//BASE64 of the certificate's public key, which alone is accepted then; several with ;",
     FIELD(quorum.witness.tls.pinned_key)},
    {"quorum.references", OPTION_LIST, "references", 0, SETTINGS_REFERENCES_MAX, "", false,
     "hosts on the segment whose answer proves a working network",
     LIST(quorum.references, COUNT(quorum.reference_count))},
    {"quorum.references[].address", OPTION_ADDRESS, "", 1, 0, NULL, false,
     "a reference, such as the gateway", ENDPOINT(address)},
    {"quorum.references[].port", OPTION_PORT, "", 1, 65535, "443", false,
     "TCP port to try; a refused connection is an answer", ENDPOINT(port)},
    {"quorum.accept_split_brain", OPTION_BOOL, "", 0, 0, "false", false,
     "tie_breaker vip cannot exclude two writers; true accepts that", FIELD(quorum.accept_split_brain)},

    {"policy.write_mode", OPTION_ENUM, "", 0, 0, "single", false,
     "one writer, or both", FIELD(policy.write_mode), write_modes},
    {"policy.durability", OPTION_ENUM, "", 0, 0, "async", false,
     "lossless: a commit waits for the other node (semi-sync); needs a witness",
     FIELD(policy.durability), durabilities},
    {"policy.max_known_lost", OPTION_UINT, "transactions", 0, INT32_MAX, "0", true,
     "transactions known to be missing with which a node may still be promoted",
     FIELD(policy.max_known_lost)},
    {"policy.max_unseen", OPTION_DURATION, "ms", 0, HOUR_MS, "2s", true,
     "greatest age of the last look at the old writer for a promotion", FIELD(policy.max_unseen_ms)},
    {"policy.drain_timeout", OPTION_DURATION, "ms", 100, HOUR_MS, "30s", true,
     "how long a promotion waits until what was received is applied", FIELD(policy.drain_timeout_ms)},
    {"policy.switchover_timeout", OPTION_DURATION, "ms", 100, HOUR_MS, "5s", true,
     "when a handover that does not complete is undone", FIELD(policy.switchover_timeout_ms)},
    {"policy.vip_settle", OPTION_DURATION, "ms", 0, HOUR_MS, "2s", true,
     "how long the VIP stays on the standby before it asks for a handover", FIELD(policy.vip_settle_ms)},
    {"policy.vip_hold_down", OPTION_DURATION, "ms", 0, HOUR_MS, "60s", true,
     "least time between two such handovers", FIELD(policy.vip_hold_down_ms)},
    {"policy.rejoin", OPTION_ENUM, "", 0, 0, "hold", true,
     "what is done with a returning node that has transactions of its own",
     FIELD(policy.rejoin), rejoin_policies, .unbuilt = true},
    {"policy.breaker.failovers", OPTION_UINT, "promotions", 0, 1000, "1", true,
     "unplanned promotions within the window; one more opens the breaker", FIELD(policy.breaker_failovers)},
    {"policy.breaker.window", OPTION_DURATION, "ms", MINUTE_MS, 366 * DAY_MS, "1h", true,
     "the time in which they are counted", FIELD(policy.breaker_window_ms)},
    {"policy.settling", OPTION_DURATION, "ms", 0, HOUR_MS, "60s", true,
     "time after a promotion in which checks tolerate what is not yet right", FIELD(policy.settling_ms)},
    {"policy.evict_foreign_locks", OPTION_BOOL, "", 0, 0, "false", true,
     "kill the session of another account that holds one of our locks", FIELD(policy.evict_foreign_locks)},
    {"policy.kill_clients", OPTION_BOOL, "", 0, 0, "false", true,
     "after a demotion, disconnect the clients so that they find the writer", FIELD(policy.kill_clients)},
    {"policy.make_room", OPTION_BOOL, "", 0, 0, "true", true,
     "where a full server refuses a session of ours, end as many idle clients", FIELD(policy.make_room)},
    {"policy.privileged_accounts", OPTION_LIST, "accounts", 0, SETTINGS_PRIVILEGED_MAX, "", true,
     "accounts that may bypass read_only without a complaint",
     LIST(policy.privileged_accounts, COUNT(policy.privileged_account_count))},
    {"policy.privileged_accounts[]", OPTION_ACCOUNT, "", 1, 0, NULL, true,
     "USER@HOST as in the server's grants, or USER for every host", 0, SETTINGS_ACCOUNT_MAX},

    {"timing.lease", OPTION_DURATION, "ms", 2000, MINUTE_MS, "3s", false,
     "L: how long a vote lasts without renewal; whole seconds", FIELD(timing.lease_ms)},
    {"timing.renew", OPTION_DURATION, "ms", 10, 10000, "250ms", false,
     "r: how often it is renewed", FIELD(timing.renew_ms)},
    {"timing.silent", OPTION_DURATION, "ms", 50, 30000, "1s", false,
     "q: when a voter that does not answer is called silent", FIELD(timing.silent_ms)},
    {"timing.fence", OPTION_DURATION, "ms", 800, 30000, "1s", false,
     "F: the longest that fencing takes", FIELD(timing.fence_ms)},
    {"timing.epsilon", OPTION_DURATION, "ms", 1, 10000, "50ms", false,
     "allowance for scheduling", FIELD(timing.epsilon_ms)},
    {"timing.drift", OPTION_PERCENT, "ppm", 0, 50000, "0.1%", false,
     "how far the rates of two hosts' clocks may differ", FIELD(timing.drift_ppm)},
    {"timing.probe", OPTION_DURATION, "ms", 10, 10000, "250ms", false,
     "how often servers, witness and references are looked at", FIELD(timing.probe_ms)},
    {"timing.takeover_delay", OPTION_DURATION, "ms", 10, MINUTE_MS, "500ms", false,
     "added before a vote that was not released counts; at least renew", FIELD(timing.takeover_delay_ms)},

    {"thresholds.lag_warning", OPTION_DURATION, "ms", 0, 24 * HOUR_MS, "10s", true,
     "replication lag from which check warns", FIELD(thresholds.lag_warning_ms)},
    {"thresholds.lag_critical", OPTION_DURATION, "ms", 0, 24 * HOUR_MS, "60s", true,
     "replication lag from which check is critical", FIELD(thresholds.lag_critical_ms)},
    {"thresholds.certificate_days", OPTION_UINT, "days", 0, 3650, "30", true,
     "days before a certificate ends from which check warns; it is critical once that is over",
     FIELD(thresholds.certificate_days)},
};
/* clang-format on */

const struct option_table options_cluster = {"cluster.yaml", rows, sizeof(rows) / sizeof(rows[0])};
