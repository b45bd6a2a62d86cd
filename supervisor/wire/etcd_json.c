#include "wire/etcd_json.h"

#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "wire/base64.h"

/* gRPC's numbers, which the gateway gives with an error. */
enum { GRPC_DEADLINE = 4, GRPC_NOT_FOUND = 5, GRPC_UNAVAILABLE = 14, GRPC_UNAUTHENTICATED = 16 };

const char *etcd_path(enum etcd_question question)
{
    static const char *const paths[] = {[ETCD_ASK_GRANT] = "/v3/lease/grant",
                                        [ETCD_ASK_KEEP_ALIVE] = "/v3/lease/keepalive",
                                        [ETCD_ASK_REVOKE] = "/v3/lease/revoke",
                                        [ETCD_ASK_LIST] = "/v3/kv/range",
                                        [ETCD_ASK_TIME_TO_LIVE] = "/v3/lease/timetolive",
                                        [ETCD_ASK_TXN] = "/v3/kv/txn",
                                        [ETCD_ASK_TOKEN] = "/v3/auth/authenticate"};
    return paths[question];
}

/* ---- questions ---- */

static json_t *number(int64_t n)
{
    char text[32];
    snprintf(text, sizeof(text), "%" PRId64, n);
    return json_string(text);
}

static json_t *bytes(const char *text)
{
    char *encoded = base64_encode(text, strlen(text));
    json_t *json = json_string(encoded);
    free(encoded);
    return json;
}

static char *written(json_t *json)
{
    char *text = json_dumps(json, JSON_COMPACT);
    json_decref(json);
    if (!text)
        abort(); /* no memory: every text in it is ASCII of ours */
    return text;
}

/* The first key that does not begin with the prefix any more, which never ends in the highest byte. */
static json_t *list_request(const char *prefix)
{
    char *end = mem_strdup(prefix);
    json_t *request = json_object();
    if (*end)
        end[strlen(end) - 1]++;
    json_object_set_new(request, "key", bytes(prefix));
    json_object_set_new(request, "range_end", bytes(end));
    json_object_set_new(request, "limit", number(ETCD_KEYS_MAX));
    free(end);
    return request;
}

static json_t *op_json(const struct etcd_op *op)
{
    json_t *request, *json = json_object();
    switch (op->kind) {
    case ETCD_PUT:
        request = json_object();
        json_object_set_new(request, "key", bytes(op->key));
        json_object_set_new(request, "value", bytes(op->value));
        if (op->lease)
            json_object_set_new(request, "lease", number(op->lease));
        json_object_set_new(json, "request_put", request);
        break;
    case ETCD_DELETE:
        request = json_object();
        json_object_set_new(request, "key", bytes(op->key));
        json_object_set_new(json, "request_delete_range", request);
        break;
    case ETCD_LIST:
        json_object_set_new(json, "request_range", list_request(op->key));
        break;
    }
    return json;
}

static json_t *ops_json(const struct etcd_op *ops, int count)
{
    json_t *list = json_array();
    for (int i = 0; i < count; i++)
        json_array_append_new(list, op_json(&ops[i]));
    return list;
}

static json_t *compare_json(const struct etcd_compare *c)
{
    static const char *const targets[] = {"CREATE", "MOD", "LEASE"};
    static const char *const members[] = {"create_revision", "mod_revision", "lease"};
    json_t *json = json_object();
    json_object_set_new(json, "target", json_string(targets[c->target]));
    json_object_set_new(json, "result", json_string("EQUAL"));
    json_object_set_new(json, "key", bytes(c->key));
    json_object_set_new(json, members[c->target], number(c->equals));
    return json;
}

static void room(int count)
{
    if (count >= ETCD_TXN_MAX)
        abort(); /* our own mistake */
}

void etcd_txn_compare(struct etcd_txn *t, enum etcd_target target, const char *key, int64_t equals)
{
    room(t->compare_count);
    t->compares[t->compare_count++] = (struct etcd_compare){target, key, equals};
}

void etcd_txn_then(struct etcd_txn *t, struct etcd_op op)
{
    room(t->then_count);
    t->then[t->then_count++] = op;
}

void etcd_txn_otherwise(struct etcd_txn *t, struct etcd_op op)
{
    room(t->otherwise_count);
    t->otherwise[t->otherwise_count++] = op;
}

char *etcd_txn_json(const struct etcd_txn *t)
{
    json_t *json = json_object(), *compares = json_array();
    for (int i = 0; i < t->compare_count; i++)
        json_array_append_new(compares, compare_json(&t->compares[i]));
    json_object_set_new(json, "compare", compares);
    json_object_set_new(json, "success", ops_json(t->then, t->then_count));
    json_object_set_new(json, "failure", ops_json(t->otherwise, t->otherwise_count));
    return written(json);
}

char *etcd_list_json(const char *prefix)
{
    return written(list_request(prefix));
}

char *etcd_grant_json(int64_t ttl_s)
{
    json_t *json = json_object();
    json_object_set_new(json, "TTL", number(ttl_s));
    return written(json);
}

char *etcd_lease_json(int64_t lease)
{
    json_t *json = json_object();
    json_object_set_new(json, "ID", number(lease));
    return written(json);
}

char *etcd_authenticate_json(const char *user, const char *password)
{
    json_t *json = json_object(), *secret = json_string(password);
    json_object_set_new(json, "name", json_string(user));
    json_object_set_new(json, "password", secret ? secret : json_string("")); /* not UTF-8: refused there */
    return written(json);
}

/* ---- answers ---- */

/* A number, as text or as JSON has it; 0 where it is missing. */
static bool read_number(const json_t *object, const char *name, int64_t *out, struct err *e)
{
    const json_t *member = json_object_get(object, name);
    const char *text = json_string_value(member);
    char *end;
    *out = 0;
    if (!member)
        return true;
    if (json_is_integer(member)) {
        *out = json_integer_value(member);
        return true;
    }
    errno = 0;
    *out = text ? strtoll(text, &end, 10) : 0;
    if (!text || !*text || *end || errno || !strchr("-0123456789", *text))
        return err_set(e, "%s: a number was expected", name);
    return true;
}

/* Bytes that are text; "" where they are missing. */
static char *read_bytes(const json_t *object, const char *name, struct err *e)
{
    const json_t *member = json_object_get(object, name);
    size_t size = 0;
    char *text = NULL;
    if (!member)
        return mem_strdup("");
    if (json_is_string(member) && strlen(json_string_value(member)) == json_string_length(member))
        text = base64_decode(json_string_value(member), &size);
    if (!text || strlen(text) != size) {
        free(text);
        err_set(e, "%s: base64 of a text was expected", name);
        return NULL;
    }
    return text;
}

static bool read_key(struct etcd_key *out, const json_t *object, struct err *e)
{
    if (!json_is_object(object))
        return err_set(e, "kvs: objects were expected");
    out->key = read_bytes(object, "key", e);
    out->value = out->key ? read_bytes(object, "value", e) : NULL;
    return out->value && read_number(object, "mod_revision", &out->mod_revision, e) &&
           read_number(object, "lease", &out->lease, e);
}

static bool read_list(struct etcd_answer *out, const json_t *range, struct err *e)
{
    const json_t *keys = json_object_get(range, "kvs");
    if (!json_is_object(range) || (keys && !json_is_array(keys)))
        return err_set(e, "kvs: a list was expected");
    if (json_array_size(keys) > ETCD_KEYS_MAX || json_is_true(json_object_get(range, "more")))
        return err_set(e, "more than %d keys: something else keeps its own there", ETCD_KEYS_MAX);
    for (size_t i = 0; i < json_array_size(keys); i++) {
        struct etcd_key *key = &out->keys[out->key_count++];
        if (!read_key(key, json_array_get(keys, i), e))
            return false;
    }
    out->listed = true;
    return true;
}

static bool read_txn(struct etcd_answer *out, const json_t *json, struct err *e)
{
    const json_t *succeeded = json_object_get(json, "succeeded"),
                 *responses = json_object_get(json, "responses");
    if ((succeeded && !json_is_boolean(succeeded)) || (responses && !json_is_array(responses)))
        return err_set(e, "succeeded and responses: true or false and a list were expected");
    out->succeeded = json_is_true(succeeded);
    for (size_t i = 0; i < json_array_size(responses); i++) {
        const json_t *range = json_object_get(json_array_get(responses, i), "response_range");
        if (range && out->listed)
            return err_set(e, "responses: two lists, where one was asked for");
        if (range && !read_list(out, range, e))
            return false;
    }
    return true;
}

static bool read_lease(struct etcd_answer *out, const json_t *json, struct err *e)
{
    if (!json_is_object(json))
        return err_set(e, "result: an object was expected");
    if (!read_number(json, "ID", &out->lease, e) || !read_number(json, "TTL", &out->ttl_s, e))
        return false;
    if (out->lease <= 0)
        return err_set(e, "ID: a lease was expected");
    out->ttl_s = out->ttl_s < 0 ? 0 : out->ttl_s;
    return true;
}

static bool read_token(struct etcd_answer *out, const json_t *json, struct err *e)
{
    const char *token = json_string_value(json_object_get(json, "token"));
    if (!token || !*token || strlen(token) >= sizeof(out->token))
        return err_set(e, "token: a text of up to %d characters was expected", ETCD_TOKEN_MAX - 1);
    for (const char *c = token; *c; c++) /* it becomes a line of a request's head */
        if (*c <= ' ' || *c > '~')
            return err_set(e, "token: characters that no token has");
    memcpy(out->token, token, strlen(token) + 1);
    return true;
}

static bool has_revision(const struct etcd_answer *out, struct err *e)
{
    return out->revision > 0 || err_set(e, "header: a revision was expected");
}

static bool read_good(struct etcd_answer *out, enum etcd_question question, const json_t *json, struct err *e)
{
    /* The keep-alive is a stream of one. */
    const json_t *body = question == ETCD_ASK_KEEP_ALIVE ? json_object_get(json, "result") : json;
    const json_t *header = json_object_get(body, "header");
    if (!json_is_object(json))
        return err_set(e, "an object was expected");
    if (header && (!json_is_object(header) || !read_number(header, "revision", &out->revision, e)))
        return err_set(e, "header: not that of an answer of etcd");
    switch (question) {
    case ETCD_ASK_GRANT:
        return read_lease(out, body, e) && (out->ttl_s > 0 || err_set(e, "TTL: seconds were expected"));
    case ETCD_ASK_KEEP_ALIVE:
        return read_lease(out, body, e);
    case ETCD_ASK_REVOKE:
        return true;
    case ETCD_ASK_TIME_TO_LIVE:
        return read_lease(out, body, e) && read_number(body, "grantedTTL", &out->granted_s, e) &&
               (out->granted_s >= 0 || err_set(e, "grantedTTL: seconds were expected"));
    case ETCD_ASK_LIST:
        return read_list(out, body, e) && has_revision(out, e);
    case ETCD_ASK_TXN:
        return read_txn(out, body, e) && has_revision(out, e);
    case ETCD_ASK_TOKEN:
        return read_token(out, body, e);
    }
    return false;
}

static enum etcd_outcome outcome_of(long http_status, json_int_t code, const char *message)
{
    if (code == GRPC_UNAUTHENTICATED || strstr(message, "invalid auth token") ||
        strstr(message, "user name is empty"))
        return ETCD_UNAUTHENTICATED;
    if (code == GRPC_NOT_FOUND && strstr(message, "lease"))
        return ETCD_NO_LEASE;
    if (code == GRPC_UNAVAILABLE || code == GRPC_DEADLINE || http_status >= 500)
        return ETCD_UNCERTAIN;
    return ETCD_REFUSED;
}

static void read_bad(struct etcd_answer *out, long http_status, const json_t *json)
{
    /* A stream's error is an object of its own. */
    const json_t *error = json_object_get(json, "error");
    const json_t *at = json_is_object(error) ? error : json;
    const char *message = json_string_value(json_object_get(at, "message"));
    if (!message)
        message = json_is_string(error) ? json_string_value(error) : "";
    json_t *code = json_object_get(at, "code");
    if (!code)
        code = json_object_get(at, "grpc_code");
    out->outcome = outcome_of(http_status, json_integer_value(code), message);
    if (*message)
        err_set(&out->why, "%.300s", message);
    else
        err_set(&out->why, "HTTP status %ld", http_status);
}

void etcd_answer_read(struct etcd_answer *out, enum etcd_question question, long http_status,
                      const char *body, size_t size)
{
    memset(out, 0, sizeof(*out));
    json_t *json = size <= ETCD_BODY_MAX ? json_loadb(body, size, JSON_REJECT_DUPLICATES, NULL) : NULL;
    bool good = http_status == 200 && json && !json_object_get(json, "error");
    if (!good && (json || http_status != 200)) {
        read_bad(out, http_status, json);
    } else if (!json) {
        out->outcome = ETCD_UNCERTAIN;
        err_set(&out->why, "the answer is %s", size > ETCD_BODY_MAX ? "too large" : "not JSON");
    } else if (!read_good(out, question, json, &out->why)) {
        out->outcome = ETCD_UNCERTAIN;
        err_prefix(&out->why, "the answer cannot be read");
        etcd_answer_free(out);
    }
    json_decref(json);
}

void etcd_answer_free(struct etcd_answer *a)
{
    for (int i = 0; i < a->key_count; i++) {
        free(a->keys[i].key);
        free(a->keys[i].value);
    }
    a->key_count = 0;
    a->listed = false;
}
