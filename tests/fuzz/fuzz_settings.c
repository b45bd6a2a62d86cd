/* Both configuration files, and single values. What is read in is written out and read again: it must be the
 * same. What is refused is refused with a sentence that names the file. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "fuzz.h"
#include "settings/apply.h"
#include "settings/check.h"
#include "settings/options.h"
#include "settings/policy_of.h"
#include "settings/tree_conf.h"
#include "settings/tree_yaml.h"
#include "settings/value.h"

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))
#define FIELD_MAX    (SETTINGS_PATH_MAX + sizeof(struct endpoint))

static void expect_complaint(const char *file, const struct err *e)
{
    size_t length = strlen(file);
    FUZZ_CHECK(strncmp(e->text, file, length) == 0 && e->text[length] == ':' && strlen(e->text) > length + 2);
}

static void look_at(void *context, const struct option *o, const char *path, const char *text)
{
    char field[FIELD_MAX] = {0}, again[OPTION_TEXT_MAX];
    (void)context;
    FUZZ_CHECK(path[0] && strlen(text) < OPTION_TEXT_MAX);
    if (o->type == OPTION_LIST || (!text[0] && o->min == 0))
        return;
    FUZZ_CHECK(value_parse(o, text, field) == VALUE_OK);
    value_format(o, field, again);
    FUZZ_CHECK(strcmp(text, again) == 0);
}

/* text_file.c lets no others through. */
static bool has_clean_characters(const uint8_t *data, size_t size)
{
    for (size_t i = 0; i < size; i++)
        if (data[i] == 0 || (data[i] < 0x20 && !strchr("\t\n\r", data[i])) || data[i] == 0x7f)
            return false;
    return true;
}

static void read_cluster(struct settings *s, const char *text, size_t size)
{
    struct tree *root = NULL;
    struct err e = {""};
    struct policy policy;
    bool ok = tree_yaml_read(&root, "cluster.yaml", text, size, &e) &&
              apply_tree(&options_cluster, root, &s->cluster, &e) && check_cluster(&s->cluster, root, &e);
    tree_free(&root);
    if (!ok) {
        expect_complaint("cluster.yaml", &e);
        return;
    }
    option_each(&options_cluster, &s->cluster, look_at, NULL);
    policy_of(&policy, s);
    FUZZ_CHECK(policy.lease_us > 0 && policy.renew_us + policy.silent_us + policy.fence_us < policy.lease_us);
    FUZZ_CHECK(settings_reloadable(s, s, &e));
}

void fuzz_yaml(const uint8_t *data, size_t size)
{
    struct settings *s = mem_zalloc(sizeof(*s));
    char *text = fuzz_text(data, size);
    if (has_clean_characters(data, size))
        read_cluster(s, text, size);
    free(text);
    free(s);
}

static void make_cluster(struct settings *s)
{
    static const char text[] =
        "cluster: mail\nnodes:\n"
        "  - {name: mx1, address: 192.0.2.11, server_id: 1, auto_increment_offset: 1}\n"
        "  - {name: mx2, address: 192.0.2.12, server_id: 2, auto_increment_offset: 2}\n"
        "vip: {addresses: [192.0.2.100]}\n";
    read_cluster(s, text, sizeof(text) - 1);
    FUZZ_CHECK(s->cluster.nodes[1].server_id == 2);
}

void fuzz_conf(const uint8_t *data, size_t size)
{
    struct settings *s = mem_zalloc(sizeof(*s));
    struct tree *root = NULL;
    struct err e = {""};
    char *text = fuzz_text(data, size);
    make_cluster(s);
    if (has_clean_characters(data, size)) {
        bool ok = tree_conf_read(&root, "node.conf", text, &e) &&
                  apply_tree(&options_node, root, &s->node, &e) && check_node(s, root, &e);
        if (ok)
            option_each(&options_node, &s->node, look_at, NULL);
        else
            expect_complaint("node.conf", &e);
        FUZZ_CHECK(!ok || check_find_self(s) >= 0);
    }
    tree_free(&root);
    free(text);
    free(s);
}

/* The first two bytes choose the option. */
void fuzz_value(const uint8_t *data, size_t size)
{
    static const struct option_table *const tables[] = {&options_cluster, &options_node};
    struct fuzz_bytes b = {data, size};
    const struct option_table *t = tables[fuzz_number(&b, 1) % COUNT(tables)];
    const struct option *o = &t->rows[fuzz_number(&b, 1) % t->count];
    char field[FIELD_MAX] = {0}, shown[OPTION_TEXT_MAX];
    char *text = fuzz_text(b.at, b.left);
    FUZZ_CHECK(o->type == OPTION_LIST || o->size <= sizeof(field));
    enum value_problem problem = o->type == OPTION_LIST ? VALUE_MALFORMED : value_parse(o, text, field);
    if (problem == VALUE_OK) {
        value_format(o, field, shown);
        look_at(NULL, o, o->name, shown);
    } else {
        value_expected(o, problem, shown, sizeof(shown));
        FUZZ_CHECK(shown[0]);
    }
    free(text);
}
