#include "cli/divergence.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/mem.h"
#include "wire/binlog_text.h"

#define TABLES_MAX 200 /* of all transactions together */

struct collector {
    const struct divergence *d;
    struct binlog_text text;
    unsigned limit;
    bool values;
    uint64_t transactions, rows, listed_rows;
    struct gtid first, last;
    json_t *list;   /* array */
    json_t *totals; /* table → object */
};

static json_t *time_json(int64_t at_s)
{
    time_t t = (time_t)at_s;
    struct tm tm;
    char text[32] = "";
    if (at_s && gmtime_r(&t, &tm))
        strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &tm);
    return json_string(text);
}

static json_t *gtid_json(const struct gtid *gtid)
{
    char text[GTID_ONE_MAX];
    return json_string(gtid->seq ? gtid_format(gtid, text, sizeof(text)) : "");
}

static json_t *set_json(const struct gtid_set *set)
{
    char text[GTID_TEXT_MAX];
    return json_string(gtid_set_format(set, text, sizeof(text)));
}

/* ---- transactions ---- */

static json_t *table_json(const struct binlog_table *t)
{
    return json_pack("{s:s, s:I, s:I, s:I}", "table", t->name, "inserted", (json_int_t)t->inserted, "updated",
                     (json_int_t)t->updated, "deleted", (json_int_t)t->deleted);
}

static void add_up(json_t *object, const char *key, uint64_t n)
{
    json_t *at = json_object_get(object, key);
    json_integer_set(at, json_integer_value(at) + (json_int_t)n);
}

static void add_to_totals(struct collector *c, const struct binlog_table *t)
{
    json_t *total = json_object_get(c->totals, t->name);
    struct binlog_table other = *t;
    if (!total && json_object_size(c->totals) >= TABLES_MAX) {
        snprintf(other.name, sizeof(other.name), "(other tables)");
        total = json_object_get(c->totals, other.name);
    }
    if (!total) {
        json_object_set_new(c->totals, other.name, table_json(&other));
        return;
    }
    add_up(total, "inserted", t->inserted);
    add_up(total, "updated", t->updated);
    add_up(total, "deleted", t->deleted);
}

static json_t *values_json(const struct binlog_transaction *t)
{
    json_t *array = json_array();
    for (unsigned i = 0; i < t->value_count; i++)
        json_array_append_new(array, json_string(t->values[i]));
    return array;
}

static json_t *transaction_json(const struct binlog_transaction *t, bool values)
{
    json_t *tables = json_array();
    for (unsigned i = 0; i < t->table_count; i++)
        json_array_append_new(tables, table_json(&t->tables[i]));
    json_t *object = json_pack("{s:o, s:o, s:b, s:s, s:I, s:I, s:o}", "gtid", gtid_json(&t->gtid), "time",
                               time_json(t->at_s), "ddl", t->ddl, "statement", t->statement, "statements",
                               (json_int_t)t->statements, "rows", (json_int_t)t->rows, "tables", tables);
    if (values)
        json_object_set_new(object, "values", values_json(t));
    return object;
}

static void take_transaction(const struct binlog_transaction *t, void *arg)
{
    struct collector *c = arg;
    if (gtid_state_has(&c->d->other_state, &t->gtid))
        return;
    if (!c->transactions++)
        c->first = t->gtid;
    c->last = t->gtid;
    c->rows += t->rows;
    for (unsigned i = 0; i < t->table_count; i++)
        add_to_totals(c, &t->tables[i]);
    if (c->limit && c->transactions > c->limit)
        return;
    c->listed_rows += t->rows;
    json_array_append_new(c->list, transaction_json(t, c->values));
}

/* ---- reading ---- */

static bool take(const char *data, size_t size, void *arg, struct err *e)
{
    (void)e;
    binlog_text_feed(&((struct collector *)arg)->text, data, size);
    return true;
}

static bool read_from(struct collector *c, const struct gtid_set *after, struct err *e)
{
    binlog_text_begin(&c->text, take_transaction, c);
    bool ok = binlog_read(&c->d->source, after, BINLOG_DECODED, take, c, e);
    binlog_text_end(&c->text);
    return ok;
}

/* If the log that `after` lies in was purged, from the oldest log there is. */
static bool read_all(struct collector *c, const struct gtid_set *after, bool *from_oldest, struct err *e)
{
    struct gtid_set nothing = {.known = true};
    struct err ignored;
    *from_oldest = after->count == 0;
    if (read_from(c, after, e))
        return true;
    if (c->transactions || !after->count)
        return false;
    *from_oldest = true;
    return read_from(c, &nothing, &ignored);
}

/* Those before the oldest log. */
static json_t *gone_json(const struct collector *c, bool from_oldest)
{
    char from[GTID_ONE_MAX], name[GTID_EXTRA_NAME_MAX];
    struct gtid first;
    if (!from_oldest)
        return json_string("");
    if (!c->text.before.known)
        return json_string("the binary logs of the first ones may be gone");
    if (!gtid_state_extra_name(&c->text.before, &c->d->other_state, name, sizeof(name)))
        return json_string("");
    gtid_state_compare(&c->text.before, &c->d->other_state, &first);
    return json_sprintf("transactions from %s to %s are in binary logs that were purged",
                        gtid_format(&first, from, sizeof(from)), strchr(name, '_') + 1);
}

static json_t *totals_json(json_t *totals)
{
    json_t *array = json_array(), *value;
    const char *name;
    json_object_foreach(totals, name, value) json_array_append(array, value);
    return array;
}

static json_t *result_json(const struct collector *c, const struct gtid_set *common, bool from_oldest)
{
    const struct divergence *d = c->d;
    json_t *root =
        json_pack("{s:i, s:s, s:s, s:o, s:o, s:o, s:o}", "version", 1, "node", d->node, "other", d->other,
                  "own_state", set_json(&d->own_state), "other_state", set_json(&d->other_state), "after",
                  set_json(common), "at", time_json(clock_wall_us() / 1000000));
    uint64_t left_out = c->limit && c->transactions > c->limit ? c->transactions - c->limit : 0;
    json_object_update_new(
        root, json_pack("{s:I, s:I, s:o, s:o, s:o, s:o, s:O, s:{s:I, s:I}, s:n}", "transactions",
                        (json_int_t)c->transactions, "rows", (json_int_t)c->rows, "first",
                        gtid_json(&c->first), "last", gtid_json(&c->last), "gone", gone_json(c, from_oldest),
                        "tables", totals_json(c->totals), "list", c->list, "left_out", "transactions",
                        (json_int_t)left_out, "rows", (json_int_t)(c->rows - c->listed_rows), "kept"));
    return root;
}

json_t *divergence_read(const struct divergence *d, unsigned limit, bool values, struct err *e)
{
    struct collector *c = mem_zalloc(sizeof(*c));
    struct gtid_set common = gtid_state_common(&d->own_state, &d->other_state);
    struct gtid_set after = gtid_state_extra_after(&d->own_state, &d->other_state);
    char name[GTID_EXTRA_NAME_MAX];
    bool from_oldest = false, ok = true;
    json_t *root = NULL;
    c->d = d;
    c->limit = limit;
    c->values = values;
    c->list = json_array();
    c->totals = json_object();
    if (gtid_state_extra_name(&d->own_state, &d->other_state, name, sizeof(name)))
        ok = read_all(c, &after, &from_oldest, e);
    if (ok)
        root = result_json(c, &common, from_oldest);
    json_decref(c->list);
    json_decref(c->totals);
    free(c);
    return root;
}
