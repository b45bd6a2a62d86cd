#include "wire/control_proto.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum member { TO = 1, PEER_IS_OFF = 2, ACCEPT_LOSS = 4, SET = 8, CHECK = 16 };

struct spelling {
    const char *command;
    const char *set; /* value of "set", or NULL */
    const char *name;
    unsigned members; /* that may be given besides "user" */
};

static const struct spelling spellings[CONTROL_COMMANDS] = {
    [CONTROL_STATUS] = {"status", NULL, "status", 0},
    [CONTROL_EXPLAIN] = {"explain", NULL, "explain", 0},
    [CONTROL_RULES] = {"rules", NULL, "rules", 0},
    [CONTROL_CHECK] = {"check", NULL, "check", CHECK},
    [CONTROL_MAINTENANCE_STATUS] = {"maintenance", "status", "maintenance status", SET},
    [CONTROL_SWITCHOVER] = {"switchover", NULL, "switchover", TO},
    [CONTROL_PROMOTE] = {"promote", NULL, "promote", PEER_IS_OFF | ACCEPT_LOSS},
    [CONTROL_MAINTENANCE_ON] = {"maintenance", "on", "maintenance on", SET},
    [CONTROL_MAINTENANCE_OFF] = {"maintenance", "off", "maintenance off", SET},
    [CONTROL_BREAKER_RESET] = {"breaker-reset", NULL, "breaker reset", 0},
};

static const char *const error_names[] = {
    [CONTROL_MALFORMED] = "malformed", [CONTROL_DENIED] = "denied", [CONTROL_BUSY] = "busy",
    [CONTROL_REFUSED] = "refused",     [CONTROL_FAILED] = "failed",
};

const char *control_command_name(enum control_command c)
{
    return c >= 0 && c < CONTROL_COMMANDS ? spellings[c].name : "invalid";
}

const char *control_error_name(enum control_error k)
{
    return k >= CONTROL_MALFORMED && k <= CONTROL_FAILED ? error_names[k] : "invalid";
}

/* ---- requests ---- */

/* Letters, digits and "-_.": what a name in the configuration or a login consists of. */
static bool is_name(const char *text)
{
    return text[0] &&
           text[strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.")] == '\0';
}

static bool take_name(char *out, const char *key, const json_t *v, struct err *e)
{
    const char *text = json_string_value(v);
    if (!text || json_string_length(v) >= CONTROL_NAME_MAX || json_string_length(v) != strlen(text) ||
        !is_name(text))
        return err_set(e, "\"%s\": a name of 1 to %d letters, digits, - _ . is expected", key,
                       CONTROL_NAME_MAX - 1);
    snprintf(out, CONTROL_NAME_MAX, "%s", text);
    return true;
}

static bool find_command(struct control_request *out, const json_t *json, struct err *e)
{
    const char *command = json_string_value(json_object_get(json, "command"));
    const char *set = json_string_value(json_object_get(json, "set"));
    bool known = false;
    if (!command)
        return err_set(e, "\"command\" is missing");
    for (int c = 0; c < CONTROL_COMMANDS; c++) {
        const struct spelling *s = &spellings[c];
        if (strcmp(s->command, command) != 0)
            continue;
        known = true;
        if (s->set && (!set || strcmp(s->set, set) != 0))
            continue;
        out->command = (enum control_command)c;
        return true;
    }
    if (known)
        return err_set(e, "\"set\": on, off or status is expected");
    return err_set(e, "no such command: %.40s", command);
}

static bool take_range(struct range *out, enum range_unit unit, const char *key, const json_t *v,
                       struct err *e)
{
    const char *text = json_string_value(v);
    if (!v)
        return true;
    if (!text || json_string_length(v) != strlen(text))
        return err_set(e, "\"%s\": a range as a text is expected", key);
    return range_parse(out, text, unit, e) || err_prefix(e, "\"%s\"", key);
}

/* After the others: the unit of a range is the mode's. */
static bool take_check(struct control_request *out, const json_t *json, struct err *e)
{
    const json_t *mode = json_object_get(json, "mode"), *verbose = json_object_get(json, "verbose");
    struct check_request *q = &out->check;
    if (mode && (!json_is_string(mode) || check_mode_parse(json_string_value(mode)) < 0))
        return err_set(e, "\"mode\": the name of a mode is expected");
    if (mode)
        q->mode = (enum check_mode)check_mode_parse(json_string_value(mode));
    if (verbose &&
        (!json_is_integer(verbose) || json_integer_value(verbose) < 0 || json_integer_value(verbose) > 3))
        return err_set(e, "\"verbose\": 0 to 3 is expected");
    out->verbose = (int)json_integer_value(verbose);
    return take_range(&q->warning, check_unit(q->mode), "warning", json_object_get(json, "warning"), e) &&
           take_range(&q->critical, check_unit(q->mode), "critical", json_object_get(json, "critical"), e);
}

static bool is_of_check(const char *key)
{
    return strcmp(key, "mode") == 0 || strcmp(key, "warning") == 0 || strcmp(key, "critical") == 0 ||
           strcmp(key, "verbose") == 0;
}

static bool take_member(struct control_request *out, const char *key, const json_t *v, struct err *e)
{
    unsigned allowed = spellings[out->command].members;
    if (strcmp(key, "v") == 0 || strcmp(key, "command") == 0 || (strcmp(key, "set") == 0 && (allowed & SET)))
        return true;
    if ((allowed & CHECK) && is_of_check(key))
        return true; /* take_check() */
    if (strcmp(key, "user") == 0)
        return take_name(out->user, key, v, e);
    if (strcmp(key, "to") == 0 && (allowed & TO))
        return take_name(out->to, key, v, e);
    if (strcmp(key, "peer_is_off") == 0 && (allowed & PEER_IS_OFF))
        return take_name(out->peer_is_off, key, v, e);
    if (strcmp(key, "accept_loss") == 0 && (allowed & ACCEPT_LOSS)) {
        out->accept_loss = json_is_true(v);
        return json_is_boolean(v) || err_set(e, "\"accept_loss\": true or false is expected");
    }
    return err_set(e, "%s does not take \"%.40s\"", control_command_name(out->command), key);
}

static bool take_request(struct control_request *out, json_t *json, struct err *e)
{
    const json_t *version = json_object_get(json, "v");
    const char *key;
    json_t *value;
    if (!json_is_object(json))
        return err_set(e, "a request is one JSON object on one line");
    if (!json_is_integer(version) || json_integer_value(version) != CONTROL_VERSION)
        return err_set(e, "\"v\": this daemon speaks version %d", CONTROL_VERSION);
    if (!find_command(out, json, e))
        return false;
    json_object_foreach(json, key, value)
    {
        if (!take_member(out, key, value, e))
            return false;
    }
    return take_check(out, json, e);
}

bool control_request_parse(struct control_request *out, const char *line, size_t length, struct err *e)
{
    json_error_t where;
    memset(out, 0, sizeof(*out));
    if (length > CONTROL_REQUEST_MAX)
        return err_set(e, "a request has at most %d bytes", CONTROL_REQUEST_MAX);
    json_t *json = json_loadb(line, length, JSON_REJECT_DUPLICATES, &where);
    if (!json)
        return err_set(e, "not JSON: %.120s (at byte %d)", where.text, where.position);
    bool ok = take_request(out, json, e);
    json_decref(json);
    return ok;
}

static char *dump(json_t *json)
{
    char *text = json_dumps(json, JSON_COMPACT);
    json_decref(json);
    if (!text)
        abort(); /* memory is exhausted, see base/mem.h */
    size_t length = strlen(text);
    text = realloc(text, length + 2);
    if (!text)
        abort();
    memcpy(text + length, "\n", 2);
    return text;
}

char *control_request_format(const struct control_request *r)
{
    const struct spelling *s = &spellings[r->command];
    json_t *json = json_pack("{s:i, s:s}", "v", CONTROL_VERSION, "command", s->command);
    if (s->set)
        json_object_set_new(json, "set", json_string(s->set));
    if (r->to[0])
        json_object_set_new(json, "to", json_string(r->to));
    if (r->peer_is_off[0])
        json_object_set_new(json, "peer_is_off", json_string(r->peer_is_off));
    if (r->accept_loss)
        json_object_set_new(json, "accept_loss", json_true());
    if (r->user[0])
        json_object_set_new(json, "user", json_string(r->user));
    return dump(json);
}

/* ---- answers ---- */

char *control_answer_ok(json_t *members)
{
    json_t *json = json_pack("{s:i, s:b}", "v", CONTROL_VERSION, "ok", 1);
    json_object_update(json, members);
    json_decref(members);
    return dump(json);
}

char *control_answer_error(enum control_error kind, const char *message)
{
    json_t *text = json_string(message);
    return dump(json_pack("{s:i, s:b, s:s, s:o}", "v", CONTROL_VERSION, "ok", 0, "error",
                          control_error_name(kind), "message", text ? text : json_string("(not printable)")));
}

static bool take_answer(struct control_answer *out, struct err *e)
{
    const json_t *version = json_object_get(out->json, "v"), *ok = json_object_get(out->json, "ok");
    const char *message = json_string_value(json_object_get(out->json, "message"));
    const char *error = json_string_value(json_object_get(out->json, "error"));
    if (!json_is_integer(version) || json_integer_value(version) != CONTROL_VERSION)
        return err_set(
            e, "the daemon speaks another version of the control protocol: run the same version of both");
    if (!json_is_boolean(ok) || (json_is_false(ok) && (!message || !error)))
        return err_set(e, "the daemon's answer is malformed");
    out->ok = json_is_true(ok);
    snprintf(out->message, sizeof(out->message), "%s", message ? message : "");
    snprintf(out->error, sizeof(out->error), "%s", error ? error : "");
    return true;
}

bool control_answer_parse(struct control_answer *out, const char *line, size_t length, struct err *e)
{
    json_error_t where;
    memset(out, 0, sizeof(*out));
    if (length > CONTROL_ANSWER_MAX)
        return err_set(e, "the daemon's answer is too long");
    out->json = json_loadb(line, length, 0, &where);
    if (!out->json)
        return err_set(e, "the daemon's answer is not JSON: %.120s", where.text);
    if (take_answer(out, e))
        return true;
    control_answer_clear(out);
    return false;
}

void control_answer_clear(struct control_answer *a)
{
    json_decref(a->json);
    a->json = NULL;
}
