#include "wire/explain_json.h"

#include <string.h>

#include "wire/json_fields.h"

#define END                                                                                                  \
    {                                                                                                        \
        NULL, FIELD_BOOL, 0, 0, NULL, NULL                                                                   \
    }

#define FACT_OF(name, member, kind) JSON_AT(struct explain_fact, name, member, kind)
static const struct json_field fact_fields[] = {FACT_OF("fact", name, FIELD_TEXT),
                                                FACT_OF("value", value, FIELD_TEXT), END};

#define ROW(name, member, kind) JSON_AT(struct explain_row, name, member, kind)
static const struct json_field row_fields[] = {
    ROW("row", id, FIELD_INT),       ROW("reason", reason, FIELD_TEXT), ROW("fact", fact, FIELD_TEXT),
    ROW("value", value, FIELD_TEXT), ROW("wanted", wanted, FIELD_TEXT), END};

#define TOP(name, member, kind) JSON_AT(struct explanation, name, member, kind)
static const struct json_field top_fields[] = {
    TOP("node", node, FIELD_TEXT),          TOP("state", state, FIELD_TEXT),
    TOP("since_ms", since_ms, FIELD_COUNT), TOP("row", row_id, FIELD_INT),
    TOP("reason", reason, FIELD_TEXT),      TOP("last_failure", last_failure, FIELD_TEXT),
    TOP("actions", actions, FIELD_TEXT),    END};

struct array {
    const char *name;
    const struct json_field *fields;
    size_t offset, size, most;
    size_t count_offset;
};

#define ARRAY(name, fields, member, count)                                                                   \
    {                                                                                                        \
        name, fields, offsetof(struct explanation, member), sizeof(((struct explanation *)0)->member[0]),    \
            sizeof(((struct explanation *)0)->member) / sizeof(((struct explanation *)0)->member[0]),        \
            offsetof(struct explanation, count)                                                              \
    }
static const struct array arrays[] = {
    ARRAY("conditions", fact_fields, conditions, condition_count),
    ARRAY("tried", row_fields, tried, tried_count),
    ARRAY("facts", fact_fields, facts, fact_count),
};

json_t *explain_to_json(const struct explanation *x)
{
    json_t *json = json_object();
    json_object_set_new(json, "version", json_integer(EXPLAIN_JSON_VERSION));
    json_fields_add(json, top_fields, x);
    for (size_t a = 0; a < sizeof(arrays) / sizeof(arrays[0]); a++) {
        const struct array *array = &arrays[a];
        json_t *list = json_array();
        int count = *(const int *)((const char *)x + array->count_offset);
        for (int i = 0; i < count; i++)
            json_array_append_new(list, json_fields_write(array->fields, (const char *)x + array->offset +
                                                                             (size_t)i * array->size));
        json_object_set_new(json, array->name, list);
    }
    return json;
}

static bool read_array(struct explanation *out, const struct array *array, const json_t *json, struct err *e)
{
    const json_t *list = json_object_get(json, array->name);
    size_t count = json_array_size(list);
    if (!json_is_array(list) || count > array->most)
        return err_set(e, "\"%s\": an array of at most %zu is expected", array->name, array->most);
    for (size_t i = 0; i < count; i++)
        if (!json_fields_read(array->fields, json_array_get(list, i),
                              (char *)out + array->offset + i * array->size, e))
            return err_prefix(e, "%s[%zu]", array->name, i);
    *(int *)((char *)out + array->count_offset) = (int)count;
    return true;
}

bool explain_from_json(struct explanation *out, const json_t *json, struct err *e)
{
    const json_t *version = json_object_get(json, "version");
    memset(out, 0, sizeof(*out));
    if (!json_is_integer(version) || json_integer_value(version) != EXPLAIN_JSON_VERSION)
        return err_set(e, "this is no explanation of version %d", EXPLAIN_JSON_VERSION);
    bool ok = json_fields_read(top_fields, json, out, e);
    for (size_t a = 0; ok && a < sizeof(arrays) / sizeof(arrays[0]); a++)
        ok = read_array(out, &arrays[a], json, e);
    return ok || err_prefix(e, "the explanation is malformed");
}

/* ---- the table ---- */

static json_t *states_of(const struct rule *r)
{
    json_t *list = json_array();
    for (int s = 0; s < NODE_STATES; s++)
        if (r->states & (UINT32_C(1) << s))
            json_array_append_new(list, json_string(node_state_name((enum node_state)s)));
    return list;
}

static json_t *values_of(const struct rule_condition *c)
{
    json_t *list = json_array();
    for (int v = 0; v < explain_values(c->fact); v++)
        if (c->any_of & (UINT32_C(1) << v))
            json_array_append_new(list, json_string(fact_value_name(c->fact, (unsigned)v)));
    return list;
}

static json_t *conditions_of(const struct rule *r)
{
    json_t *list = json_array();
    for (int i = 0; i < RULE_CONDITIONS_MAX && r->when[i].fact; i++)
        json_array_append_new(list, json_pack("{s:s, s:o}", "fact", fact_name(r->when[i].fact), "any_of",
                                              values_of(&r->when[i])));
    return list;
}

static json_t *actions_of(const struct rule *r)
{
    json_t *list = json_array();
    for (int a = 0; a < ACTIONS; a++)
        if (r->actions & ACTION_BIT(a))
            json_array_append_new(list, json_string(action_name((enum action)a)));
    return list;
}

json_t *rules_to_json(void)
{
    json_t *rows = json_array();
    for (size_t i = 0; i < rules_count; i++) {
        const struct rule *r = &rules_table[i];
        json_t *row =
            json_pack("{s:i, s:o, s:o, s:o, s:s, s:o}", "id", r->id, "states", states_of(r), "when",
                      conditions_of(r), "next", r->stay ? json_null() : json_string(node_state_name(r->next)),
                      "reason", r->reason, "actions", actions_of(r));
        json_array_append_new(rows, row);
    }
    return json_pack("{s:i, s:o}", "version", RULES_JSON_VERSION, "rows", rows);
}
