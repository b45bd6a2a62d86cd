/* The option tables against the structs and against the sample files; the samples cut off anywhere. */
#include <ctype.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "settings/apply.h"
#include "settings/options.h"
#include "settings/tree_conf.h"
#include "settings/tree_yaml.h"
#include "settings/value.h"
#include "settings_fixture.h"

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

static const struct option_table *const tables[] = {&options_cluster, &options_node};

static void assert_row(const struct option_table *table, const struct option *o)
{
    char field[OPTION_TEXT_MAX] = {0}, text[OPTION_TEXT_MAX], again[OPTION_TEXT_MAX];
    bool words = o->type == OPTION_ENUM || o->type == OPTION_WORD;
    if (option_find(table, o->name) != o)
        fail_msg("%s: two rows", o->name);
    if (!o->help || !*o->help || !o->unit || !*option_type_name(o->type) || o->size == 0)
        fail_msg("%s: help, unit, type or field is missing", o->name);
    if (words != (o->words != NULL))
        fail_msg("%s: words belong to ENUM and WORD", o->name);
    if (o->unbuilt && (!o->preset || strstr(o->name, "[]")))
        fail_msg("%s: nothing tells whether it is set", o->name);
    if (o->max && o->min > o->max)
        fail_msg("%s: bounds", o->name);
    if (!o->preset || o->type == OPTION_LIST)
        return;
    if (value_parse(o, o->preset, field) != VALUE_OK)
        fail_msg("%s: the default '%s' is not valid", o->name, o->preset);
    value_format(o, field, text);
    if (value_parse(o, text, field) != VALUE_OK)
        fail_msg("%s: '%s' is written but not read", o->name, text);
    value_format(o, field, again);
    assert_string_equal(text, again);
}

static void test_rows(void **state)
{
    (void)state;
    for (size_t t = 0; t < COUNT(tables); t++)
        for (size_t i = 0; i < tables[t]->count; i++)
            assert_row(tables[t], &tables[t]->rows[i]);
}

/* Every byte of a struct belongs to at most one row; what no row covers is padding or derived. */
static void assert_coverage(const struct option_table *table, size_t struct_size, size_t derived)
{
    char *owner = mem_zalloc(struct_size);
    size_t uncovered = 0;
    for (size_t i = 0; i < table->count; i++) {
        const struct option *o = &table->rows[i];
        bool list = o->type == OPTION_LIST;
        if (strstr(o->name, "[]"))
            continue;
        size_t size = list ? o->size * (size_t)o->max : o->size;
        if (o->offset + size > struct_size)
            fail_msg("%s: outside the struct", o->name);
        for (size_t b = 0; b < size; b++)
            if (owner[o->offset + b]++)
                fail_msg("%s: overlaps another row", o->name);
        if (list && o->count_offset != OPTION_FIXED_COUNT)
            memset(owner + o->count_offset, 1, sizeof(int));
    }
    for (size_t b = 0; b < struct_size; b++)
        uncovered += !owner[b];
    free(owner);
    if (uncovered < derived || uncovered > derived + 24)
        fail_msg("%s: %zu bytes of the struct have no row", table->file, uncovered);
}

static void test_coverage(void **state)
{
    (void)state;
    assert_coverage(&options_cluster, sizeof(struct cluster_settings), 0);
    assert_coverage(&options_node, sizeof(struct local_settings), sizeof(int) + 2 * SETTINGS_SECRET_MAX);
}

/* "#name" becomes "name": prose has a space behind its "#". */
static void uncomment(char *text)
{
    bool start = true;
    char *out = text;
    for (const char *in = text; *in; in++) {
        bool option = start && *in == '#' && !isspace((unsigned char)in[1]);
        start = *in == '\n' || (start && *in == ' ');
        if (!option)
            *out++ = *in;
    }
    *out = '\0';
}

static struct tree *read_sample(const struct option_table *table, const char *text)
{
    struct tree *root;
    struct err e;
    bool ok = table == &options_cluster ? tree_yaml_read(&root, table->file, text, strlen(text), &e)
                                        : tree_conf_read(&root, table->file, text, &e);
    if (!ok)
        fail_msg("%s", e.text);
    return root;
}

/* The row's value in the sample, for an element row that of the first element. */
static const struct tree *find_row(const struct tree *root, const char *name)
{
    char list[OPTION_PATH_MAX];
    const char *bracket = strstr(name, "[]");
    if (!bracket)
        return tree_find(root, name);
    snprintf(list, sizeof(list), "%.*s", (int)(bracket - name), name);
    const struct tree *t = tree_find(root, list);
    t = t ? t->first : NULL;
    return t && bracket[2] ? tree_find(t, bracket + 3) : t;
}

static void assert_default_shown(const struct option_table *table, const struct option *o,
                                 const struct tree *t)
{
    if (!t)
        fail_msg("%s: %s is not in the sample", table->file, o->name);
    bool example = !o->preset || o->type == OPTION_LIST || strcmp(o->name, "quorum.witness.address") == 0;
    if (!example && strcmp(t->text, o->preset) != 0)
        fail_msg("%s: %s: the sample says '%s', the default is '%s'", table->file, o->name, t->text,
                 o->preset);
}

static void assert_sample(const struct option_table *table, const char *path, void *base)
{
    char *text = fixture_read_source(path);
    struct err e;
    uncomment(text);
    struct tree *root = read_sample(table, text);
    for (size_t i = 0; i < table->count; i++)
        assert_default_shown(table, &table->rows[i], find_row(root, table->rows[i].name));
    if (!apply_tree(table, root, base, &e))
        fail_msg("%s", e.text);
    tree_free(&root);
    free(text);
}

static void test_sample_complete(void **state)
{
    static struct settings s;
    (void)state;
    assert_sample(&options_cluster, "conf/cluster.yaml", &s.cluster);
    assert_sample(&options_node, "conf/node.conf", &s.node);
}

static void write_source(const char *name, const char *text, size_t size)
{
    fixture_write(name, text, size, 0644);
}

static void test_sample_loads(void **state)
{
    static struct settings s;
    char *cluster = fixture_read_source("conf/cluster.yaml"), *node = fixture_read_source("conf/node.conf");
    struct err e;
    (void)state;
    write_source("cluster.yaml", cluster, strlen(cluster));
    write_source("node.conf", node, strlen(node));
    if (!settings_load_without_secrets(&s, fixture_dir(), &e))
        fail_msg("%s", e.text);
    assert_int_equal(s.cluster.quorum.tie_breaker, TIE_BREAKER_WRITER);
    assert_string_equal(s.node.peer.password_file, "/etc/mysql-replcheck/peer.secret");
    free(cluster);
    free(node);
}

/* Cut off after every byte: an error or a configuration, and nothing else (the sanitizers watch). */
static void truncate_everywhere(const char *name, const char *text)
{
    static struct settings s;
    size_t size = strlen(text), loaded = 0;
    for (size_t n = 0; n <= size; n++) {
        struct err e = {""};
        write_source(name, text, n);
        if (settings_load_without_secrets(&s, fixture_dir(), &e))
            loaded++;
        else if (!strstr(e.text, name))
            fail_msg("%s cut at %zu: the error '%s' names no file", name, n, e.text);
    }
    assert_true(loaded >= 1);
}

static void test_truncated(void **state)
{
    char *cluster = fixture_read_source("conf/cluster.yaml"), *node = fixture_read_source("conf/node.conf");
    (void)state;
    uncomment(node);
    write_source("node.conf", node, strlen(node));
    truncate_everywhere("cluster.yaml", cluster);
    write_source("cluster.yaml", cluster, strlen(cluster));
    truncate_everywhere("node.conf", node);
    free(cluster);
    free(node);
}

/* Each byte in turn replaced by one that means something to a parser. */
static void test_garbled(void **state)
{
    static const char bytes[] = "\"'{}[]()&*!:#,-\n\\;=@%";
    static struct settings s;
    char *node = fixture_read_source("conf/node.conf");
    const struct fixture_case plain = {"plain", NULL};
    char yaml[2048], path[200];
    (void)state;
    fixture_write_case(&plain);
    snprintf(path, sizeof(path), "%s/cluster.yaml", fixture_dir());
    FILE *f = fopen(path, "r");
    assert_non_null(f);
    size_t size = fread(yaml, 1, sizeof(yaml), f);
    fclose(f);
    uncomment(node);
    write_source("node.conf", node, strlen(node));
    for (size_t i = 0; i < 4 * size; i++) {
        struct err e = {""};
        char kept = yaml[i % size];
        yaml[i % size] = bytes[(i * 7 + i / size) % (sizeof(bytes) - 1)];
        write_source("cluster.yaml", yaml, size);
        if (!settings_load_without_secrets(&s, fixture_dir(), &e))
            assert_non_null(strstr(e.text, "cluster.yaml"));
        yaml[i % size] = kept;
    }
    free(node);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows),
        cmocka_unit_test(test_coverage),
        cmocka_unit_test(test_sample_complete),
        cmocka_unit_test(test_sample_loads),
        cmocka_unit_test(test_truncated),
        cmocka_unit_test(test_garbled),
    };
    return cmocka_run_group_tests(tests, fixture_setup, fixture_teardown);
}
