/* The validated, immutable configuration: cluster.yaml (the pair) and node.conf (this node).
 *
 * Filled by settings_load(); fixed size, no pointers, so that a reload swaps it whole. Durations carry
 * their unit in the name. Every option is one row of a table in options_cluster.c or options_node.c: name,
 * type, unit, bounds, default, reloadable, help; struct and tables are checked against each other. */
#ifndef REPLCHECK_SETTINGS_SETTINGS_H
#define REPLCHECK_SETTINGS_SETTINGS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

#define SETTINGS_NAME_MAX       32
#define SETTINGS_ADDRESS_MAX    64
#define SETTINGS_PATH_MAX       256
#define SETTINGS_SECRET_MAX     128
#define SETTINGS_VIPS_MAX       8
#define SETTINGS_REFERENCES_MAX 8
#define SETTINGS_ENDPOINTS_MAX  5
#define SETTINGS_WORDS_MAX      16
#define SETTINGS_PRIVILEGED_MAX 16
#define SETTINGS_ACCOUNT_MAX    128
#define SETTINGS_DIGEST_MAX     68
#define SETTINGS_PIN_MAX        128

enum tie_breaker { TIE_BREAKER_WRITER = 0, TIE_BREAKER_WITNESS, TIE_BREAKER_VIP };
enum witness_kind { WITNESS_MARIADB = 0, WITNESS_ETCD };
enum vip_source { VIP_SOURCE_NETLINK = 0, VIP_SOURCE_COMMAND, VIP_SOURCE_NONE };
enum write_mode { WRITE_MODE_SINGLE = 0, WRITE_MODE_DUAL };
enum durability { DURABILITY_ASYNC = 0, DURABILITY_LOSSLESS };
enum rejoin_policy { REJOIN_HOLD = 0, REJOIN_MERGE_DISJOINT, REJOIN_FLASHBACK };

struct endpoint {
    char address[SETTINGS_ADDRESS_MAX]; /* numeric */
    unsigned port;
};

struct node_settings {
    char name[SETTINGS_NAME_MAX];
    char address[SETTINGS_ADDRESS_MAX];
    unsigned port;
    unsigned extra_port; /* 0 = none */
    uint32_t server_id;
    unsigned auto_increment_offset;
};

/* Without CA and fingerprint there is no TLS. */
struct tls_settings {
    char ca[SETTINGS_PATH_MAX];            /* "" = none */
    bool verify;                           /* the certificate must bear the address, too */
    char fingerprint[SETTINGS_DIGEST_MAX]; /* of the certificate, 40 or 64 hex digits;
                                              "" = any that the CA signed */
};

struct etcd_tls_settings {
    char ca[SETTINGS_PATH_MAX];                           /* "" = none */
    char cert[SETTINGS_PATH_MAX], key[SETTINGS_PATH_MAX]; /* ours; "" = none */
    bool verify;                                          /* the certificate must bear the address, too */
    char pinned_key[SETTINGS_PIN_MAX];                    /* "sha256//BASE64"; "" = any that the CA signed */
};

struct account_settings {
    char user[SETTINGS_NAME_MAX];
    char password[SETTINGS_SECRET_MAX]; /* read from password_file; "" with unix_socket */
    char password_file[SETTINGS_PATH_MAX];
    struct tls_settings tls;
};

struct timing_settings {
    int lease_ms;   /* L, whole seconds */
    int renew_ms;   /* r */
    int silent_ms;  /* q */
    int fence_ms;   /* F */
    int epsilon_ms; /* ε */
    int drift_ppm;  /* ρ in parts per million: 0.1 % = 1000 */
    int probe_ms;
    int takeover_delay_ms;
};

struct cluster_settings {
    char cluster[SETTINGS_NAME_MAX];
    struct node_settings nodes[2];
    unsigned auto_increment_increment;
    struct {
        char addresses[SETTINGS_VIPS_MAX][SETTINGS_ADDRESS_MAX];
        int address_count;
        enum vip_source source;
        char command[SETTINGS_WORDS_MAX]
                    [SETTINGS_PATH_MAX]; /* source command: the program and its arguments */
        int command_count;
        int period_ms;
        int deadline_ms;
    } vip;
    struct {
        enum tie_breaker tie_breaker;
        struct {
            enum witness_kind kind;
            struct endpoint mariadb;
            unsigned extra_port;
            struct endpoint endpoints[SETTINGS_ENDPOINTS_MAX];
            int endpoint_count;
            struct etcd_tls_settings tls;
        } witness;
        struct endpoint references[SETTINGS_REFERENCES_MAX];
        int reference_count;
        bool accept_split_brain;
    } quorum;
    struct {
        enum write_mode write_mode;
        enum durability durability;
        int max_known_lost; /* transactions */
        int max_unseen_ms;
        int drain_timeout_ms;
        int switchover_timeout_ms;
        int vip_settle_ms;
        int vip_hold_down_ms;
        enum rejoin_policy rejoin;
        int breaker_failovers;
        int64_t breaker_window_ms;
        int settling_ms;
        bool evict_foreign_locks;
        bool kill_clients;
        bool make_room;
        char privileged_accounts[SETTINGS_PRIVILEGED_MAX][SETTINGS_ACCOUNT_MAX];
        int privileged_account_count;
    } policy;
    struct timing_settings timing;
    struct {
        int lag_warning_ms;
        int lag_critical_ms;
        int certificate_days;
    } thresholds;
};

struct local_settings {
    int self; /* index into nodes of this node */
    char node[SETTINGS_NAME_MAX];
    struct {
        char socket[SETTINGS_PATH_MAX];
        char user[SETTINGS_NAME_MAX];
    } local;
    struct account_settings peer;
    struct account_settings witness;
    struct {
        char user[SETTINGS_NAME_MAX]; /* database account and system user */
        bool kill_server;
        char command[SETTINGS_PATH_MAX];
    } fencer;
    char run_as[SETTINGS_NAME_MAX];
    char run_dir[SETTINGS_PATH_MAX];
    char state_dir[SETTINGS_PATH_MAX];
    struct {
        char read_group[SETTINGS_NAME_MAX];
        char admin_group[SETTINGS_NAME_MAX];
    } control;
    struct {
        struct endpoint listen; /* port 0 = off */
        char token_file[SETTINGS_PATH_MAX];
    } http;
    struct {
        struct endpoint listen;
    } agent;
    struct {
        char facility[16];
        int level; /* enum log_level */
    } syslog;
    struct {
        char dir[SETTINGS_PATH_MAX];
        int timeout_ms;
    } hooks;
};

struct settings {
    struct cluster_settings cluster;
    struct local_settings node;
    char cluster_hash[17]; /* 16 hex digits over the canonical form of cluster.yaml's values: equal on both
                              nodes exactly when the values are equal */
};

/* Reads DIR/cluster.yaml and DIR/node.conf and validates them together. On failure `e` names file, line,
 * key, what was found and what was expected, and *out is unspecified. Tests nothing on the network. */
MUST_CHECK bool settings_load(struct settings *out, const char *dir, struct err *e);

/* The same for programs that only ask the daemon and may not read the secrets: passwords stay empty. */
MUST_CHECK bool settings_load_without_secrets(struct settings *out, const char *dir, struct err *e);

/* Wipes the passwords. */
void settings_forget_secrets(struct settings *s);

/* Reads the passwords of settings that were loaded without them; nothing where they are there. */
MUST_CHECK bool settings_complete_secrets(struct settings *s, struct err *e);

/* The pair alone, for a host that is neither node: everything of `node` stays zero, self is 0. With a text,
 * that is read, and `path` names it in messages. */
MUST_CHECK bool settings_load_cluster(struct settings *out, const char *path, const char *text,
                                      struct err *e);

/* May a running daemon go from `now` to `next` (SIGHUP)? Names the first option that needs a restart. */
MUST_CHECK bool settings_reloadable(const struct settings *now, const struct settings *next, struct err *e);

/* Calls tell with a sentence for each option that is set and has no effect in this version. */
void settings_each_without_effect(const struct settings *s, void (*tell)(void *context, const char *sentence),
                                  void *context);

/* Who has the third vote, in words: "the witness". */
const char *settings_third_vote(enum tie_breaker tie);

#endif
