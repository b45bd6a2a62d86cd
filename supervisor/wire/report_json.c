#include "wire/report_json.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "wire/json_fields.h"

static const char *const source_words[] = {"daemon", "direct", NULL};
static const char *const writer_words[] = {"unknown", "none", "one", "both", NULL};
static const char *const severity_words[] = {"ok", "warning", "critical", "unknown", NULL};
static const char *const io_words[] = {"unknown", "no", "connecting", "yes", NULL};

#define END                                                                                                  \
    {                                                                                                        \
        NULL, FIELD_BOOL, 0, 0, NULL, NULL                                                                   \
    }

#define LAG(name, member, kind) JSON_AT(struct report_lag, name, member, kind)
static const struct json_field lag_fields[] = {LAG("us", us, FIELD_COUNT),
                                               LAG("at_least", at_least, FIELD_BOOL),
                                               LAG("transactions", transactions, FIELD_COUNT), END};

#define NODE(name, member, kind) JSON_AT(struct report_node, name, member, kind)
static const struct json_field node_fields[] = {
    NODE("name", name, FIELD_TEXT),
    NODE("address", address, FIELD_TEXT),
    NODE("reachable", reachable, FIELD_TRI),
    NODE("trouble", trouble, FIELD_TEXT),
    NODE("age_ms", age_ms, FIELD_COUNT),
    NODE("read_only", read_only, FIELD_TRI),
    NODE("server_id", server_id, FIELD_COUNT),
    NODE("gtid_domain_id", domain, FIELD_COUNT),
    NODE("supervised", supervised, FIELD_TRI),
    NODE("state", state, FIELD_TEXT),
    NODE("epoch", epoch, FIELD_COUNT),
    NODE("vip", vip, FIELD_TRI),
    NODE("maintenance", maintenance, FIELD_TRI),
    NODE("waits", waits, FIELD_TRI),
    NODE("config_hash", config_hash, FIELD_TEXT),
    NODE("replication_configured", replica, FIELD_TRI),
    NODE("connection", connection, FIELD_TEXT),
    {"io_thread", FIELD_WORD, offsetof(struct report_node, io), 0, io_words, NULL},
    NODE("sql_thread", sql, FIELD_TRI),
    NODE("io_errno", io_errno, FIELD_COUNT),
    NODE("sql_errno", sql_errno, FIELD_COUNT),
    NODE("error", error, FIELD_TEXT),
    NODE("foreign_connections", foreign, FIELD_TEXT),
    NODE("sql_delay_s", delay_s, FIELD_COUNT),
    NODE("lagging", lagging, FIELD_TRI),
    {"lag_received", FIELD_OBJECT, offsetof(struct report_node, received), 0, NULL, lag_fields},
    {"lag_applied", FIELD_OBJECT, offsetof(struct report_node, applied), 0, NULL, lag_fields},
    NODE("binlog_pos", binlog_pos, FIELD_TEXT),
    NODE("slave_pos", slave_pos, FIELD_TEXT),
    NODE("received_pos", received_pos, FIELD_TEXT),
    NODE("binlog_state", binlog_state, FIELD_TEXT),
    NODE("auto_increment_increment", increment, FIELD_COUNT),
    NODE("auto_increment_offset", offset, FIELD_COUNT),
    NODE("auto_increment_offset_expected", offset_expected, FIELD_COUNT),
    NODE("auto_increment_ok", offsets_ok, FIELD_TRI),
    NODE("event_scheduler", event_scheduler, FIELD_TRI),
    NODE("dead_man", dead_man, FIELD_TRI),
    NODE("dead_man_trouble", dead_man_trouble, FIELD_TEXT),
    NODE("semi_sync_master", semi_sync_master, FIELD_TRI),
    NODE("acks", acks, FIELD_TEXT),
    NODE("acks_from", acks_from, FIELD_COUNT),
    NODE("acks_waiting", acks_waiting, FIELD_COUNT),
    NODE("acknowledges", acknowledges, FIELD_TRI),
    NODE("out_of_sync", out_of_sync, FIELD_TRI),
    NODE("audited", audited, FIELD_TRI),
    NODE("audit_age_ms", audit_age_ms, FIELD_COUNT),
    NODE("audit_trouble", audit_trouble, FIELD_TEXT),
    NODE("server_version", server_version, FIELD_TEXT),
    NODE("server_standing", server_standing, FIELD_TEXT),
    NODE("schema_version", schema_version, FIELD_COUNT),
    NODE("bypass_total", accounts_total, FIELD_COUNT),
    END};

#define ACCOUNT(name, member, kind) JSON_AT(struct report_account, name, member, kind)
static const struct json_field account_fields[] = {
    ACCOUNT("kind", kind, FIELD_TEXT),         ACCOUNT("account", account, FIELD_TEXT),
    ACCOUNT("via", via, FIELD_TEXT),           ACCOUNT("object", object, FIELD_TEXT),
    ACCOUNT("standing", standing, FIELD_TEXT), END};

#define LOCK(name, member, kind) JSON_AT(struct report_lock, name, member, kind)
static const struct json_field lock_fields[] = {
    LOCK("lock", lock, FIELD_TEXT), LOCK("place", place, FIELD_TEXT), LOCK("account", account, FIELD_TEXT),
    LOCK("connection", connection, FIELD_COUNT), END};

/* A value that is empty is null, as one that is not known. */
#define DRIFT(name, member, kind) JSON_AT(struct report_drift, name, member, kind)
static const struct json_field drift_fields[] = {DRIFT("setting", name, FIELD_TEXT),
                                                 DRIFT("kind", kind, FIELD_TEXT),
                                                 DRIFT("value_0", values[0], FIELD_TEXT),
                                                 DRIFT("known_0", known[0], FIELD_TRI),
                                                 DRIFT("value_1", values[1], FIELD_TEXT),
                                                 DRIFT("known_1", known[1], FIELD_TRI),
                                                 END};

#define VOTE(name, member, kind) JSON_AT(struct report_vote, name, member, kind)
static const struct json_field vote_fields[] = {VOTE("voter", voter, FIELD_TEXT),
                                                VOTE("basis", basis, FIELD_TEXT),
                                                VOTE("up", up, FIELD_TRI),
                                                VOTE("held", held, FIELD_TRI),
                                                VOTE("counted", counted, FIELD_BOOL),
                                                VOTE("durable", durable, FIELD_BOOL),
                                                VOTE("valid_ms", valid_ms, FIELD_COUNT),
                                                VOTE("round_trip_us", round_trip_us, FIELD_COUNT),
                                                VOTE("answer_ms", answer_ms, FIELD_COUNT),
                                                VOTE("forgot_ms", forgot_ms, FIELD_COUNT),
                                                VOTE("holder_connection", holder_connection, FIELD_COUNT),
                                                VOTE("holder_foreign", foreign, FIELD_BOOL),
                                                END};

#define FENCER(name, member, kind) JSON_AT(struct report_fencer, name, member, kind)
static const struct json_field fencer_fields[] = {FENCER("alive", alive, FIELD_TRI),
                                                  FENCER("armed", armed, FIELD_TRI),
                                                  FENCER("deadline_ms", deadline_ms, FIELD_COUNT),
                                                  FENCER("write_lock", write_lock, FIELD_TRI),
                                                  FENCER("server_alive", server_alive, FIELD_TRI),
                                                  FENCER("certifiable", certifiable, FIELD_TRI),
                                                  FENCER("fenced_ms", fenced_ms, FIELD_COUNT),
                                                  END};

#define LOSS(name, member, kind) JSON_AT(struct report_loss, name, member, kind)
static const struct json_field loss_fields[] = {LOSS("node", node, FIELD_TEXT),
                                                LOSS("gate", gate, FIELD_TEXT),
                                                LOSS("known_lost", known_lost, FIELD_COUNT),
                                                LOSS("unseen_us", unseen_us, FIELD_COUNT),
                                                LOSS("estimate", estimate, FIELD_BOOL),
                                                LOSS("sentence", sentence, FIELD_TEXT),
                                                END};

#define PROBLEM(name, member, kind) JSON_AT(struct problem, name, member, kind)
static const struct json_field problem_fields[] = {
    {"severity", FIELD_WORD, offsetof(struct problem, severity), 0, severity_words, NULL},
    PROBLEM("id", id, FIELD_TEXT),
    PROBLEM("sentence", sentence, FIELD_TEXT),
    PROBLEM("remedy", remedy, FIELD_TEXT),
    END};

#define TOP(name, member, kind) JSON_AT(struct report, name, member, kind)
static const struct json_field vip_fields[] = {
    TOP("configured", has_vip, FIELD_TRI),      TOP("here", vip_here, FIELD_TRI),
    TOP("split", vip_split, FIELD_BOOL),        TOP("trouble", vip_trouble, FIELD_TEXT),
    TOP("since_ms", vip_since_ms, FIELD_COUNT), END};
static const struct json_field history_fields[] = {TOP("relation", history, FIELD_TEXT),
                                                   TOP("first", history_first, FIELD_TEXT),
                                                   TOP("extra", history_extra, FIELD_COUNT),
                                                   TOP("kept", history_kept, FIELD_TEXT),
                                                   TOP("age_ms", history_age_ms, FIELD_COUNT),
                                                   TOP("errant", errant, FIELD_COUNT),
                                                   END};
static const struct json_field breaker_fields[] = {TOP("open", breaker_open, FIELD_BOOL),
                                                   TOP("failovers", failovers, FIELD_COUNT),
                                                   TOP("allowed", failovers_allowed, FIELD_COUNT), END};
static const struct json_field journal_fields[] = {TOP("trouble", worker_trouble, FIELD_TEXT),
                                                   TOP("dropped", worker_dropped, FIELD_COUNT), END};
#define CERTIFICATE(name, member, kind) JSON_AT(struct report_certificate, name, member, kind)
static const struct json_field certificate_fields[] = {
    CERTIFICATE("place", place, FIELD_TEXT),     CERTIFICATE("kind", kind, FIELD_TEXT),
    CERTIFICATE("days", days, FIELD_COUNT),      CERTIFICATE("ended", ended, FIELD_BOOL),
    CERTIFICATE("trouble", trouble, FIELD_TEXT), END};
static const struct json_field threshold_fields[] = {
    TOP("lag_warning_ms", lag_warning_ms, FIELD_COUNT), TOP("lag_critical_ms", lag_critical_ms, FIELD_COUNT),
    TOP("certificate_days", certificate_days, FIELD_COUNT), END};

static const struct json_field report_fields[] = {
    TOP("headline", headline, FIELD_TEXT),
    {"severity", FIELD_WORD, offsetof(struct report, severity), 0, severity_words, NULL},
    {"source", FIELD_WORD, offsetof(struct report, source), 0, source_words, NULL},
    TOP("daemon_trouble", daemon_trouble, FIELD_TEXT),
    TOP("wall_us", wall_us, FIELD_COUNT),
    TOP("cluster", cluster, FIELD_TEXT),
    TOP("self", self, FIELD_INT),
    TOP("state", state, FIELD_TEXT),
    TOP("since_ms", since_ms, FIELD_COUNT),
    TOP("row", row_id, FIELD_COUNT),
    TOP("reason", reason, FIELD_TEXT),
    TOP("promote_reason", promote_reason, FIELD_TEXT),
    TOP("last_failure", last_failure, FIELD_TEXT),
    TOP("last_failure_ms", last_failure_ms, FIELD_COUNT),
    TOP("uptime_ms", uptime_ms, FIELD_COUNT),
    TOP("epoch", epoch, FIELD_COUNT),
    TOP("weight", weight, FIELD_INT),
    {"writer", FIELD_WORD, offsetof(struct report, writer), 0, writer_words, NULL},
    TOP("writer_node", writer_node, FIELD_INT),
    TOP("standby_ready", ready, FIELD_TRI),
    TOP("standby_not_ready", not_ready, FIELD_TEXT),
    TOP("settling", settling, FIELD_BOOL),
    TOP("tie_breaker", tie_breaker, FIELD_TEXT),
    TOP("round_trip_limit_us", round_trip_limit_us, FIELD_COUNT),
    TOP("authority_ms", authority_ms, FIELD_COUNT),
    {"fencer", FIELD_OBJECT, offsetof(struct report, fencer), 0, NULL, fencer_fields},
    {"vip", FIELD_OBJECT, 0, 0, NULL, vip_fields},
    TOP("boot_read_only", boot_safe, FIELD_TRI),
    TOP("disk_full", disk_full, FIELD_TRI),
    TOP("stale", stale, FIELD_TRI),
    {"history", FIELD_OBJECT, 0, 0, NULL, history_fields},
    TOP("dual", dual, FIELD_BOOL),
    TOP("lossless", lossless, FIELD_BOOL),
    {"loss", FIELD_OBJECT, offsetof(struct report, loss), 0, NULL, loss_fields},
    {"breaker", FIELD_OBJECT, 0, 0, NULL, breaker_fields},
    TOP("maintenance", maintenance, FIELD_BOOL),
    TOP("config_equal", config_equal, FIELD_TRI),
    TOP("evict_foreign_locks", evict, FIELD_BOOL),
    {"journal", FIELD_OBJECT, 0, 0, NULL, journal_fields},
    {"thresholds", FIELD_OBJECT, 0, 0, NULL, threshold_fields},
    END};

static json_t *utc_time(int64_t wall_us)
{
    time_t seconds = (time_t)(wall_us / 1000000);
    struct tm tm;
    char when[32] = "", whole[48];
    if (!gmtime_r(&seconds, &tm))
        return json_null();
    strftime(when, sizeof(when), "%Y-%m-%dT%H:%M:%S", &tm);
    snprintf(whole, sizeof(whole), "%s.%06dZ", when, (int)(wall_us % 1000000));
    return json_string(whole);
}

static json_t *write_array(const struct json_field *fields, const void *first, size_t size, int count)
{
    json_t *array = json_array();
    for (int i = 0; i < count; i++)
        json_array_append_new(array, json_fields_write(fields, (const char *)first + (size_t)i * size));
    return array;
}

/* Each node's accounts stand in the node's own object. */
static json_t *write_nodes(const struct report *r)
{
    json_t *nodes = write_array(node_fields, r->nodes, sizeof(r->nodes[0]), OBS_NODES);
    for (int i = 0; i < OBS_NODES; i++) {
        const struct report_node *n = &r->nodes[i];
        json_object_set_new(
            json_array_get(nodes, (size_t)i), "bypass",
            write_array(account_fields, n->accounts, sizeof(n->accounts[0]), n->account_count));
    }
    return nodes;
}

json_t *report_to_json(const struct report *r)
{
    json_t *json = json_object();
    json_object_set_new(json, "version", json_integer(REPORT_JSON_VERSION));
    json_object_set_new(json, "time", utc_time(r->wall_us));
    json_fields_add(json, report_fields, r);
    json_object_set_new(json, "problems",
                        write_array(problem_fields, r->problems, sizeof(r->problems[0]), r->problem_count));
    json_object_set_new(json, "nodes", write_nodes(r));
    json_object_set_new(json, "foreign_locks",
                        write_array(lock_fields, r->locks, sizeof(r->locks[0]), r->lock_count));
    json_object_set_new(json, "settings",
                        write_array(drift_fields, r->drifts, sizeof(r->drifts[0]), r->drift_count));
    json_object_set_new(
        json, "certificates",
        write_array(certificate_fields, r->certificates, sizeof(r->certificates[0]), r->certificate_count));
    json_object_set_new(json, "votes", write_array(vote_fields, r->votes, sizeof(r->votes[0]), OBS_VOTERS));
    return json;
}

static bool read_array(const struct json_field *fields, const json_t *json, const char *name, void *first,
                       size_t size, size_t least, size_t most, struct err *e)
{
    const json_t *array = json_object_get(json, name);
    size_t count = json_array_size(array);
    if (!json_is_array(array) || count < least || count > most)
        return err_set(e, "\"%s\": an array of %zu to %zu is expected", name, least, most);
    for (size_t i = 0; i < count; i++)
        if (!json_fields_read(fields, json_array_get(array, i), (char *)first + i * size, e))
            return err_prefix(e, "%s[%zu]", name, i);
    return true;
}

static bool read_accounts(struct report_node *n, const json_t *json, struct err *e)
{
    if (!read_array(account_fields, json, "bypass", n->accounts, sizeof(n->accounts[0]), 0,
                    REPORT_ACCOUNTS_MAX, e))
        return false;
    n->account_count = (int)json_array_size(json_object_get(json, "bypass"));
    return true;
}

static bool read_audits(struct report *r, const json_t *json, struct err *e)
{
    if (!read_array(lock_fields, json, "foreign_locks", r->locks, sizeof(r->locks[0]), 0, REPORT_LOCKS_MAX,
                    e) ||
        !read_array(drift_fields, json, "settings", r->drifts, sizeof(r->drifts[0]), 0, REPORT_DRIFTS_MAX, e))
        return false;
    r->lock_count = (int)json_array_size(json_object_get(json, "foreign_locks"));
    r->drift_count = (int)json_array_size(json_object_get(json, "settings"));
    for (int i = 0; i < OBS_NODES; i++)
        if (!read_accounts(&r->nodes[i], json_array_get(json_object_get(json, "nodes"), (size_t)i), e))
            return err_prefix(e, "nodes[%d]", i);
    return true;
}

static bool read_arrays(struct report *r, const json_t *json, struct err *e)
{
    if (!read_array(problem_fields, json, "problems", r->problems, sizeof(r->problems[0]), 0,
                    REPORT_PROBLEMS_MAX, e) ||
        !read_array(certificate_fields, json, "certificates", r->certificates, sizeof(r->certificates[0]), 0,
                    REPORT_CERTIFICATES_MAX, e) ||
        !read_array(node_fields, json, "nodes", r->nodes, sizeof(r->nodes[0]), OBS_NODES, OBS_NODES, e) ||
        !read_array(vote_fields, json, "votes", r->votes, sizeof(r->votes[0]), OBS_VOTERS, OBS_VOTERS, e))
        return false;
    r->problem_count = (int)json_array_size(json_object_get(json, "problems"));
    r->certificate_count = (int)json_array_size(json_object_get(json, "certificates"));
    return true;
}

static bool check_indices(const struct report *r, struct err *e)
{
    if (r->self < 0 || r->self >= OBS_NODES)
        return err_set(e, "\"self\": 0 or 1 is expected");
    if (r->writer_node < -1 || r->writer_node >= OBS_NODES ||
        (r->writer == REPORT_WRITER_ONE) != (r->writer_node >= 0))
        return err_set(e, "\"writer_node\": -1, 0 or 1, as \"writer\" says, is expected");
    return true;
}

bool report_from_json(struct report *out, const json_t *json, struct err *e)
{
    const json_t *version = json_object_get(json, "version");
    memset(out, 0, sizeof(*out));
    if (!json_is_integer(version))
        return err_set(e, "this is no report: it has no version");
    if (json_integer_value(version) != REPORT_JSON_VERSION)
        return err_set(e, "the report is of version %lld, this program reads version %d",
                       (long long)json_integer_value(version), REPORT_JSON_VERSION);
    if (json_fields_read(report_fields, json, out, e) && read_arrays(out, json, e) &&
        read_audits(out, json, e) && check_indices(out, e))
        return true;
    return err_prefix(e, "the report is malformed");
}
