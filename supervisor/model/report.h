/* All that operators see of the pair, at one instant, in one struct: `status`, `check`, HTTP and the status
 * page show this and nothing else.
 *
 * Filled purely from what one tick knows (report_fill) or, without a daemon, from what both servers answered;
 * it crosses the control socket as JSON (wire/report_json.h), so it holds no pointer, no descriptor and no
 * time that only one process understands: ages are counted back from `wall_us`.
 *
 * Unknown is a value: TRI_UNKNOWN, "" for a text, REPORT_UNKNOWN for a number (never 0). The problems are
 * judged afterwards, from this struct alone (model/verdict.h). */
#ifndef REPLCHECK_MODEL_REPORT_H
#define REPLCHECK_MODEL_REPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/tri.h"
#include "model/audit.h"
#include "model/gtid.h"
#include "model/observation.h"
#include "model/policy.h"
#include "model/server_version.h"

struct quorum;
struct mind;
struct outcome;
struct lag;

#define REPORT_UNKNOWN          INT64_C(-1)
#define REPORT_NAME_MAX         32
#define REPORT_WORD_MAX         32
#define REPORT_ADDRESS_MAX      72 /* "192.0.2.11:3306", "[2001:db8::1]:3306" */
#define REPORT_SENTENCE_MAX     384
#define REPORT_PROBLEMS_MAX     48
#define REPORT_ACCOUNTS_MAX     16
#define REPORT_LOCKS_MAX        12
#define REPORT_CERTIFICATES_MAX (OBS_VOTERS + 3)
#define REPORT_DRIFTS_MAX       16

enum report_source {
    REPORT_DAEMON = 0, /* the supervisor's own view */
    REPORT_DIRECT /* both servers were asked, no supervisor answered: nothing is known of votes and fencer */
};

/* Which node is the writer. */
enum report_writer { REPORT_WRITER_UNKNOWN = 0, REPORT_WRITER_NONE, REPORT_WRITER_ONE, REPORT_WRITER_BOTH };

/* In the order of monitoring plugins' exit codes. */
enum severity { SEVERITY_OK = 0, SEVERITY_WARNING, SEVERITY_CRITICAL, SEVERITY_UNKNOWN, SEVERITIES };

struct problem {
    enum severity severity;   /* OK: a note, nothing is wrong */
    char id[REPORT_WORD_MAX]; /* stable: "replication-stopped" */
    char sentence[REPORT_SENTENCE_MAX];
    char remedy[REPORT_SENTENCE_MAX]; /* what to do; "" where nothing is to be done */
};

struct report_lag {
    int64_t us;           /* REPORT_UNKNOWN */
    bool at_least;        /* the true lag is longer */
    int64_t transactions; /* REPORT_UNKNOWN */
};

/* An account that writes on a read-only server, or what runs as one. */
struct report_account {
    char kind[REPORT_WORD_MAX];      /* "account", "procedure", "event" */
    char account[AUDIT_ACCOUNT_MAX]; /* "app@%"; of an object: its definer */
    char via[AUDIT_VIA_MAX];         /* "role admins"; "" = held by itself */
    char object[AUDIT_OBJECT_MAX];
    char standing[REPORT_WORD_MAX]; /* "finding", "administrator", "accepted" */
};

/* A lock of ours that a session of another account holds. */
struct report_lock {
    char lock[REPORT_WORD_MAX];  /* "vote", "bell", "write", "here" */
    char place[REPORT_NAME_MAX]; /* at whose server: "mx1", "witness" */
    char account[AUDIT_ACCOUNT_MAX];
    int64_t connection;
};

/* Whose a certificate is, which says what its end does and how it is replaced. */
enum certificate_kind {
    CERTIFICATE_SERVER = 0, /* a MariaDB server's that is spoken to with TLS */
    CERTIFICATE_ETCD,       /* the same of etcd */
    CERTIFICATE_CLIENT,     /* ours, which etcd asks for */
    CERTIFICATE_CA,         /* the authority's with which sessions verify servers */
    CERTIFICATE_ETCD_CA,    /* the same for etcd */
    CERTIFICATE_KINDS
};

/* A certificate that TLS here rests on. */
struct report_certificate {
    char place[REPORT_NAME_MAX];       /* whose server: "mx1", "witness"; or which file, by its option */
    char kind[REPORT_WORD_MAX];        /* certificate_kind_name() */
    int64_t days;                      /* that it lasts yet, whole ones; REPORT_UNKNOWN */
    bool ended;                        /* it is not valid any more */
    char trouble[REPORT_SENTENCE_MAX]; /* why it is not known; "" */
};

/* A setting of the servers that is not as it is to be. */
struct report_drift {
    char name[REPORT_WORD_MAX];
    char kind[REPORT_WORD_MAX]; /* "differs", "minor", "unwanted" */
    char values[OBS_NODES][DRIFT_VALUE_MAX];
    enum tri known[OBS_NODES];
};

/* One data node: its server as this node's probe sees it, its supervisor as it says of itself. */
struct report_node {
    char name[REPORT_NAME_MAX];
    char address[REPORT_ADDRESS_MAX];
    enum tri reachable;         /* the server answered within `silent` */
    char trouble[OBS_TEXT_MAX]; /* why the last connection to it failed; "" = it did not */
    int64_t age_ms;             /* of what follows */
    enum tri read_only;
    int64_t server_id;
    int64_t domain; /* gtid_domain_id; REPORT_UNKNOWN */
    /* its supervisor */
    enum tri supervised; /* one was at work within a lease */
    char state[REPORT_WORD_MAX];
    int64_t epoch;
    enum tri vip;         /* it holds the VIP, by its own word */
    enum tri maintenance; /* asked for there */
    enum tri waits;       /* its last attempt to take over failed, and the next one waits */
    char config_hash[17];
    /* replication, as the replica */
    enum tri replica; /* a replication connection to the other node is configured */
    char connection[OBS_CONNECTION_MAX];
    enum io_state io;
    enum tri sql;
    int64_t io_errno, sql_errno; /* 0 = none */
    int64_t delay_s;             /* MASTER_DELAY; REPORT_UNKNOWN */
    char error[OBS_TEXT_MAX];
    char foreign[OBS_TEXT_MAX]; /* what does not run of its connections to others than the pair; "" */
    enum tri lagging; /* does a lag apply? no: this node is the primary that the lag is measured against */
    struct report_lag received, applied;
    char binlog_pos[GTID_TEXT_MAX];
    char slave_pos[GTID_TEXT_MAX];
    char received_pos[GTID_TEXT_MAX];
    char binlog_state[GTID_TEXT_MAX];
    /* settings of the server */
    int64_t increment, offset, offset_expected;
    enum tri offsets_ok;
    enum tri event_scheduler;
    enum tri dead_man;
    char dead_man_trouble[OBS_TEXT_MAX]; /* what is wrong with it: "missing"; "" */
    enum tri semi_sync_master;
    /* lossless alone */
    char acks[REPORT_WORD_MAX]; /* its commits wait for another: "no", "not for good", "yes"; "" = unknown */
    int64_t acks_from;          /* receivers that acknowledge; REPORT_UNKNOWN; likewise below */
    int64_t acks_waiting;       /* commits that wait now */
    enum tri acknowledges;      /* as the replica */
    enum tri out_of_sync;       /* it is so marked: not promoted by itself */
    /* the slow look */
    enum tri audited; /* was it looked at short ago? unknown: not yet */
    int64_t audit_age_ms;
    char audit_trouble[AUDIT_TROUBLE_MAX];   /* why not */
    char server_version[SERVER_VERSION_MAX]; /* as the server says it; "" = unknown */
    char server_standing[REPORT_WORD_MAX];   /* "tried", "untried", "refused"; "" */
    int64_t schema_version;
    int account_count;
    int64_t accounts_total; /* also those that found no room */
    struct report_account accounts[REPORT_ACCOUNTS_MAX];
};

struct report_vote {
    char voter[REPORT_NAME_MAX]; /* "mx1", "witness", "last writer", "VIP" */
    char basis[REPORT_WORD_MAX]; /* why it counts: "released in writing"; "" while it does not */
    enum tri up;                 /* our session at that voter; unknown where there is none to have */
    enum tri held;
    bool counted;
    bool durable;              /* no lease: it is kept until it is given away */
    int64_t valid_ms;          /* REPORT_UNKNOWN while it is not counted, or durable */
    int64_t round_trip_us;     /* from question to answer, smoothed; REPORT_UNKNOWN */
    int64_t answer_ms;         /* age of the voter's last answer to this supervisor */
    int64_t forgot_ms;         /* since it was seen to have forgotten what was promised there */
    int64_t holder_connection; /* the session that has it where it is not ours; 0 = nobody's */
    bool foreign;              /* that session is of another account */
};

struct report_fencer {
    enum tri alive;
    enum tri armed;
    int64_t deadline_ms; /* until it fences by itself */
    enum tri write_lock;
    enum tri server_alive;
    enum tri certifiable;
    int64_t fenced_ms; /* since its last proven fence; REPORT_UNKNOWN = none in this life */
};

/* What would be lost if the standby were promoted at this moment. */
struct report_loss {
    char node[REPORT_NAME_MAX]; /* that would be promoted; "" = nobody could be */
    char gate[REPORT_WORD_MAX]; /* "ok", "known loss", "unseen for too long", "unknown loss" */
    int64_t known_lost;
    int64_t unseen_us;
    bool estimate;
    char sentence[REPORT_SENTENCE_MAX];
};

struct report {
    enum report_source source;
    char daemon_trouble[REPORT_SENTENCE_MAX]; /* DIRECT: why no daemon answered; "" = it was not asked */
    int64_t wall_us;
    char headline[REPORT_SENTENCE_MAX];
    char cluster[REPORT_NAME_MAX];
    int self; /* index of the node that reports */
    /* this node's supervisor */
    char state[REPORT_WORD_MAX];
    int64_t since_ms;
    int64_t row_id; /* REPORT_UNKNOWN */
    char reason[REPORT_SENTENCE_MAX];
    char promote_reason[REPORT_WORD_MAX];   /* why it is, or tries to become, the writer; "" */
    char last_failure[REPORT_SENTENCE_MAX]; /* why the last attempt to become it failed;
                                               "" = none since it was the writer */
    int64_t last_failure_ms;                /* since then; REPORT_UNKNOWN */
    int64_t uptime_ms;
    int64_t epoch;
    int weight; /* for keepalived's track_file */
    enum report_writer writer;
    int writer_node;                     /* index; -1 unless `writer` is ONE */
    enum tri ready;                      /* the standby could take over now */
    char not_ready[REPORT_SENTENCE_MAX]; /* why not */
    bool settling;                       /* a promotion was short ago: what is not yet right is tolerated */
    struct report_node nodes[OBS_NODES];
    char tie_breaker[REPORT_WORD_MAX]; /* "witness", "writer", "vip" */
    struct report_vote votes[OBS_VOTERS];
    int64_t round_trip_limit_us; /* to the quickest of the others; beyond it a writer cannot stay one */
    int64_t authority_ms;        /* until it ends; 0 = there is none */
    struct report_fencer fencer;
    enum tri has_vip; /* unknown: the servers are known, their cluster is not */
    enum tri vip_here;
    bool vip_split;                        /* some of its addresses are here, and some are not */
    char vip_trouble[REPORT_SENTENCE_MAX]; /* why it is not known: "192.0.2.100 is
                                              here, 192.0.2.101 is not"; "" */
    int64_t vip_since_ms;
    enum tri boot_safe;
    enum tri disk_full;               /* no room where this node's server writes */
    enum tri stale;                   /* a voter remembers a term whose data are not here */
    char history[REPORT_WORD_MAX];    /* own history against the other's: "equal", "diverged" ... */
    char history_first[GTID_ONE_MAX]; /* the first GTID of ours that the other lacks; "" */
    int64_t history_extra;            /* so many sequence numbers of ours it lacks; REPORT_UNKNOWN */
    int64_t errant; /* so many of the standby's the writer lacks; REPORT_UNKNOWN, also without one writer */
    char history_kept[REPORT_SENTENCE_MAX]; /* the folder with a copy of them; "" */
    int64_t history_age_ms;
    bool dual;
    bool lossless;
    struct report_loss loss;
    bool breaker_open;
    int64_t failovers, failovers_allowed; /* unplanned promotions in the breaker's window */
    bool maintenance;                     /* at either node: it holds for the pair */
    enum tri config_equal;
    bool evict; /* foreign holders of our locks are ended */
    int lock_count;
    struct report_lock locks[REPORT_LOCKS_MAX];
    int drift_count;
    struct report_drift drifts[REPORT_DRIFTS_MAX];
    int certificate_count;
    struct report_certificate certificates[REPORT_CERTIFICATES_MAX];
    int64_t certificate_days;                 /* from which the verdict warns */
    char worker_trouble[REPORT_SENTENCE_MAX]; /* journal or syslog; "" */
    int64_t worker_dropped;                   /* lines and events that found no room */
    int64_t lag_warning_ms, lag_critical_ms;  /* the thresholds of the verdict */
    /* the verdict, worst first (model/verdict.h) */
    enum severity severity;
    int problem_count;
    struct problem problems[REPORT_PROBLEMS_MAX];
};

/* What is known of a certificate. */
struct certificate_view {
    enum certificate_kind kind;
    const char *place;
    int64_t until_s;            /* seconds since 1970; 0 = unknown */
    char trouble[OBS_TEXT_MAX]; /* why; "" = not asked yet */
};

/* What a report is made of. Pointers are borrowed for the call; no text may be NULL. */
struct report_input {
    enum report_source source;
    const struct policy *policy;
    const struct observation *observation;
    const struct quorum *quorum; /* these three may be NULL: REPORT_DIRECT */
    const struct mind *mind;
    const struct outcome *outcome;
    enum tri voter_up[OBS_VOTERS];
    const struct lag *lag[OBS_NODES]; /* samples of that node's server as primary; NULL = none */
    enum gtid_relation history;       /* these three only where there is no mind */
    struct gtid history_first;
    int64_t errant; /* of the node that is not the writer */
    const char *cluster;
    const char *names[OBS_NODES];
    const char *addresses[OBS_NODES];
    unsigned ports[OBS_NODES];
    const char *troubles[OBS_NODES]; /* of the probes' connections */
    const char *config_hash;
    bool unnamed; /* cluster and names are not those of their supervisors, so these cannot be looked for */
    const struct audit *audits[OBS_VOTERS]; /* NULL = none is made there */
    const struct certificate_view *certificates[REPORT_CERTIFICATES_MAX];
    int certificate_count; /* none where no TLS is spoken */
    int64_t certificate_days;
    const char *const *accepted; /* accounts that may bypass read_only */
    int accepted_count;
    bool evict;
    const char *repair_trouble; /* why the own dead-man's switch could not be repaired; "" or NULL */
    const char *refusal;        /* what a server said to the last attempt to become the writer; "" or NULL */
    const char *worker_trouble;
    int64_t worker_dropped;
    const char *daemon_trouble;
    const char *vip_trouble; /* why `vip.here` is unknown; NULL or "" */
    const char *kept;        /* copy of the extra transactions; NULL or "" = none */
    int weight;
    int64_t wall_us;
    int64_t started_us; /* of the supervisor */
    int64_t lag_warning_ms, lag_critical_ms;
};

/* "server", "etcd", "client", "ca", "etcd-ca" */
const char *certificate_kind_name(enum certificate_kind kind);
/* An unknown name is a server's. */
enum certificate_kind certificate_kind_parse(const char *name);
/* "the certificate of mx1's server". Returns `out`. */
const char *certificate_describe(enum certificate_kind kind, const char *place, char *out, size_t size);

/* Fills everything but the verdict. Pure. */
void report_fill(struct report *out, const struct report_input *in);

const char *severity_name(enum severity s);           /* "ok", "warning", "critical", "unknown" */
const char *report_writer_name(enum report_writer w); /* "unknown", "none", "one", "both" */

/* The standby's index: the node that is not the writer; -1 if there is not exactly one writer. */
int report_standby(const struct report *r);

#endif
