#include <jansson.h>
#include <stdio.h>
#include <time.h>

#include "cli/history_print.h"
#include "wire/json_fields.h"

static json_t *number_or_null(int64_t number)
{
    return number ? json_integer(number) : json_null();
}

static json_t *utc_time(int64_t at_us)
{
    int64_t part_us = (at_us % 1000000 + 1000000) % 1000000; /* a damaged row may be of before 1970 */
    time_t seconds = (time_t)(at_us / 1000000 - (at_us % 1000000 < 0));
    struct tm tm;
    char when[32] = "", whole[48];
    if (!gmtime_r(&seconds, &tm))
        return json_null();
    strftime(when, sizeof(when), "%Y-%m-%dT%H:%M:%S", &tm);
    snprintf(whole, sizeof(whole), "%s.%06dZ", when, (int)part_us);
    return json_string(whole);
}

struct json_t *history_json_new(void)
{
    return json_pack("{s:i, s:[]}", "version", HISTORY_JSON_VERSION, "events");
}

void history_json_add(const struct journal_event *e, void *root)
{
    json_t *o = json_object();
    json_object_set_new(o, "id", json_integer(e->id));
    json_object_set_new(o, "time", utc_time(e->at_us));
    json_object_set_new(o, "boot_us", json_integer(e->boot_us));
    json_object_set_new(o, "node", json_text(e->node));
    json_object_set_new(o, "kind", json_string(journal_kind_name(e->kind)));
    json_object_set_new(o, "from", json_text(e->state_from));
    json_object_set_new(o, "to", json_text(e->state_to));
    json_object_set_new(o, "row", number_or_null(e->row_id));
    json_object_set_new(o, "reason", json_text(e->reason));
    json_object_set_new(o, "epoch", number_or_null((int64_t)e->epoch));
    json_object_set_new(o, "gtid", json_text(e->gtid));
    json_object_set_new(o, "vip", json_text(e->vip));
    json_object_set_new(o, "detail", json_text(e->detail));
    json_array_append_new(json_object_get(root, "events"), o);
}

void history_json_print(struct json_t **root)
{
    json_dumpf(*root, stdout, JSON_INDENT(2));
    putchar('\n');
    json_decref(*root);
    *root = NULL;
}
