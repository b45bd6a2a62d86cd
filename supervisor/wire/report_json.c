#include "wire/report_json.h"

#include <stdint.h>
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

/* ---- arrays ---- */

#define FIXED SIZE_MAX

/* A member that is an array of objects. */
struct array {
    const char *name;
    const struct json_field *fields;
    size_t first, size; /* where the first element is in the struct; of each */
    size_t most;
    size_t count; /* where the int is that counts them; FIXED = there are always `most` */
};

#define PLACE(type, member)                                                                                  \
    offsetof(type, member), sizeof(((type *)0)->member[0]),                                                  \
        sizeof(((type *)0)->member) / sizeof(((type *)0)->member[0])

static const struct array report_arrays[] = {
    {"problems", problem_fields, PLACE(struct report, problems), offsetof(struct report, problem_count)},
    {"nodes", node_fields, PLACE(struct report, nodes), FIXED},
    {"foreign_locks", lock_fields, PLACE(struct report, locks), offsetof(struct report, lock_count)},
    {"settings", drift_fields, PLACE(struct report, drifts), offsetof(struct report, drift_count)},
    {"certificates", certificate_fields, PLACE(struct report, certificates),
     offsetof(struct report, certificate_count)},
    {"votes", vote_fields, PLACE(struct report, votes), FIXED},
};

#define ARRAYS (sizeof(report_arrays) / sizeof(report_arrays[0]))

/* Of each node; they stand in the node's own object. */
static const struct array accounts_array = {"bypass", account_fields, PLACE(struct report_node, accounts),
                                            offsetof(struct report_node, account_count)};

static void write_array(json_t *object, const struct array *a, const void *base)
{
    const char *at = base;
    int count = (int)a->most;
    json_t *array = json_array();
    if (a->count != FIXED)
        memcpy(&count, at + a->count, sizeof(count));
    for (int i = 0; i < count; i++)
        json_array_append_new(array, json_fields_write(a->fields, at + a->first + (size_t)i * a->size));
    json_object_set_new(object, a->name, array);
}

static bool read_array(const struct array *a, const json_t *object, void *base, struct err *e)
{
    const json_t *array = json_object_get(object, a->name);
    size_t count = json_array_size(array), least = a->count == FIXED ? a->most : 0;
    char *at = base;
    int read = (int)count;
    if (!json_is_array(array) || count < least || count > a->most)
        return err_set(e, "\"%s\": an array of %zu to %zu is expected", a->name, least, a->most);
    for (size_t i = 0; i < count; i++)
        if (!json_fields_read(a->fields, json_array_get(array, i), at + a->first + i * a->size, e))
            return err_prefix(e, "%s[%zu]", a->name, i);
    if (a->count != FIXED)
        memcpy(at + a->count, &read, sizeof(read));
    return true;
}

/* ---- the whole ---- */

json_t *report_to_json(const struct report *r)
{
    json_t *json = json_object();
    json_object_set_new(json, "version", json_integer(REPORT_JSON_VERSION));
    json_object_set_new(json, "time", utc_time(r->wall_us));
    json_fields_add(json, report_fields, r);
    for (size_t i = 0; i < ARRAYS; i++)
        write_array(json, &report_arrays[i], r);
    for (size_t i = 0; i < OBS_NODES; i++)
        write_array(json_array_get(json_object_get(json, "nodes"), i), &accounts_array, &r->nodes[i]);
    return json;
}

static bool read_arrays(struct report *r, const json_t *json, struct err *e)
{
    for (size_t i = 0; i < ARRAYS; i++)
        if (!read_array(&report_arrays[i], json, r, e))
            return false;
    for (size_t i = 0; i < OBS_NODES; i++)
        if (!read_array(&accounts_array, json_array_get(json_object_get(json, "nodes"), i), &r->nodes[i], e))
            return err_prefix(e, "nodes[%zu]", i);
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
    if (json_fields_read(report_fields, json, out, e) && read_arrays(out, json, e) && check_indices(out, e))
        return true;
    return err_prefix(e, "the report is malformed");
}
