#include "wire/etcd_table.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ROOT "/replcheck/"

void etcd_key_prefix(char out[ETCD_KEY_MAX], const char *cluster)
{
    snprintf(out, ETCD_KEY_MAX, ROOT "%s/", cluster);
}

void etcd_key_vote(char out[ETCD_KEY_MAX], const char *cluster)
{
    snprintf(out, ETCD_KEY_MAX, ROOT "%s/vote", cluster);
}

void etcd_key_note(char out[ETCD_KEY_MAX], const char *cluster, enum note_kind kind, const char *node)
{
    snprintf(out, ETCD_KEY_MAX, ROOT "%s/%s/%s", cluster, observe_kind_name(kind), node);
}

/* ---- values ---- */

static char *written(json_t *json)
{
    char *text = json_dumps(json, JSON_COMPACT);
    json_decref(json);
    if (!text)
        abort();
    return text;
}

static json_t *text_or_empty(const char *text)
{
    json_t *json = json_string(text);
    return json ? json : json_string(""); /* a file's name that is not UTF-8 is of no use to anybody */
}

char *etcd_vote_value(const char *node)
{
    json_t *json = json_object();
    json_object_set_new(json, "node", text_or_empty(node));
    return written(json);
}

char *etcd_note_value(const struct note *note, const char *gtid)
{
    json_t *json = json_object();
    json_object_set_new(json, "epoch", json_integer((json_int_t)note->epoch));
    json_object_set_new(json, "seq", json_integer((json_int_t)note->seq));
    if (note->file[0]) {
        json_object_set_new(json, "file", text_or_empty(note->file));
        json_object_set_new(json, "size", json_integer((json_int_t)note->size));
    }
    if (gtid && *gtid)
        json_object_set_new(json, "gtid", text_or_empty(gtid));
    return written(json);
}

/* ---- reading ---- */

static bool get_count(const json_t *object, const char *name, uint64_t *out)
{
    const json_t *member = json_object_get(object, name);
    *out =
        json_is_integer(member) && json_integer_value(member) > 0 ? (uint64_t)json_integer_value(member) : 0;
    return !member || (json_is_integer(member) && json_integer_value(member) >= 0);
}

static bool get_text(const json_t *object, const char *name, char *out, size_t size)
{
    const json_t *member = json_object_get(object, name);
    const char *text = member ? json_string_value(member) : "";
    if (!text || strlen(text) >= size)
        return false;
    memcpy(out, text, strlen(text) + 1);
    return true;
}

static int node_index(const struct observe_names *n, const char *name)
{
    for (int i = 0; i < OBS_NODES; i++)
        if (strcmp(n->nodes[i], name) == 0)
            return i;
    return -1;
}

static bool read_vote(struct etcd_vote *out, const struct observe_names *names, const struct etcd_key *key)
{
    json_t *json = json_loads(key->value, JSON_REJECT_DUPLICATES, NULL);
    out->mod_revision = key->mod_revision;
    out->lease = key->lease;
    out->node = -1;
    if (get_text(json, "node", out->name, sizeof(out->name)))
        out->node = node_index(names, out->name);
    json_decref(json);
    return key->mod_revision > 0;
}

static bool read_note(struct note *out, enum note_kind kind, int node, const char *value)
{
    json_t *json = json_loads(value, JSON_REJECT_DUPLICATES, NULL);
    char gtid[GTID_TEXT_MAX];
    struct err ignored;
    memset(out, 0, sizeof(*out));
    out->kind = kind;
    out->node = node;
    bool ok = json_is_object(json) && json_object_get(json, "epoch") &&
              get_count(json, "epoch", &out->epoch) && get_count(json, "seq", &out->seq) &&
              get_count(json, "size", &out->size) && get_text(json, "file", out->file, sizeof(out->file)) &&
              get_text(json, "gtid", gtid, sizeof(gtid));
    if (ok && gtid[0] && !gtid_set_parse(&out->gtid, gtid, &ignored))
        out->gtid.known = false;
    json_decref(json);
    return ok;
}

/* "promise/mx1" */
static bool parse_name(const struct observe_names *names, const char *name, enum note_kind *kind, int *node)
{
    char word[ETCD_KEY_MAX];
    const char *slash = strchr(name, '/');
    if (!slash || (size_t)(slash - name) >= sizeof(word))
        return false;
    memcpy(word, name, (size_t)(slash - name));
    word[slash - name] = '\0';
    *kind = observe_kind_parse(word);
    *node = node_index(names, slash + 1);
    return *kind != NOTE_NONE && *node >= 0;
}

static bool read_key(struct etcd_table *out, const struct observe_names *names, const struct etcd_key *key,
                     const char *name)
{
    enum note_kind kind;
    int node;
    if (strcmp(name, "vote") == 0)
        return read_vote(&out->vote, names, key);
    if (!parse_name(names, name, &kind, &node))
        return true;
    out->changed[kind][node] = key->mod_revision;
    return key->mod_revision > 0 && read_note(observe_note(&out->rows, kind, node), kind, node, key->value);
}

bool etcd_table_read(struct etcd_table *out, const struct observe_names *names,
                     const struct etcd_answer *answer, int64_t sent_us, struct err *e)
{
    char prefix[ETCD_KEY_MAX];
    etcd_key_prefix(prefix, names->cluster);
    memset(out, 0, sizeof(*out));
    out->vote.node = -1;
    out->rows.read_us = sent_us;
    if (answer->outcome != ETCD_OK || !answer->listed)
        return err_set(e, "the keys below %s were not told", prefix);
    for (int i = 0; i < answer->key_count; i++) {
        const struct etcd_key *key = &answer->keys[i];
        if (strncmp(key->key, prefix, strlen(prefix)) == 0 &&
            !read_key(out, names, key, key->key + strlen(prefix)))
            return err_set(e, "etcd's key %.120s cannot be read: delete it once both supervisors are stopped",
                           key->key);
    }
    return true;
}

uint64_t etcd_table_promised(const struct etcd_table *t)
{
    const struct note *p = t->rows.promise;
    return p[0].epoch > p[1].epoch ? p[0].epoch : p[1].epoch;
}
