/* Templates become statements: what is split, what is replaced, what is escaped. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "cli/schema_script.h"

const struct schema_template schema_templates[] = {
    {"one.sql", "SELECT 1\n"},
    {"three.sql", "BEGIN\n    a;\n    no --;\nEND\n--;\nb\n--;\nc\n"},
    {"cluster.sql", "x '@CLUSTER@' y"},
    {"account.sql", "'@USER@'@'localhost', '@PEER_USER@'@'@ADDRESS@'"},
    {"variables.sql", "@@GLOBAL.read_only @@SESSION.x @A @CLUSTER @VERSION@"},
    {"unknown.sql", "fine\n--;\n'@COLOUR@'"},
    {NULL, NULL},
};

static const struct schema_values usual = {
    .version = "1", .cluster = "mail", .user = "u", .peer_user = "p", .address = "::1"};

static void check_statements(const char *name, const struct schema_values *values, const char *const *wanted)
{
    struct schema_script script = {0};
    struct err e;
    assert_true(schema_script_add(&script, name, values, &e));
    for (size_t i = 0; i < script.count; i++) {
        assert_string_equal(script.at[i].sql, wanted[i]);
        assert_string_equal(script.at[i].template_name, name);
        assert_int_equal(script.at[i].number, i + 1);
    }
    assert_null(wanted[script.count]);
    schema_script_clear(&script);
    assert_int_equal(script.count, 0);
}

static void splits_at_lines_of_their_own(void **state)
{
    (void)state;
    check_statements("one.sql", &usual, (const char *const[]){"SELECT 1\n", NULL});
    check_statements("three.sql", &usual,
                     (const char *const[]){"BEGIN\n    a;\n    no --;\nEND\n", "b\n", "c\n", NULL});
}

static void replaces_placeholders_alone(void **state)
{
    (void)state;
    check_statements("account.sql", &usual, (const char *const[]){"'u'@'localhost', 'p'@'::1'", NULL});
    check_statements("variables.sql", &usual,
                     (const char *const[]){"@@GLOBAL.read_only @@SESSION.x @A @CLUSTER 1", NULL});
}

static void escapes_for_a_string_literal(void **state)
{
    (void)state;
    static const struct {
        const char *value, *wanted;
    } cases[] = {
        {"", "x '' y"},
        {"a'b", "x 'a\\'b' y"},
        {"a\\", "x 'a\\\\' y"},
        {"\\'; DROP --", "x '\\\\\\'; DROP --' y"},
        {"@CLUSTER@ @USER@", "x '@CLUSTER@ @USER@' y"},
        {"\xc3\xbc\"`", "x '\xc3\xbc\"`' y"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct schema_values values = {.cluster = cases[i].value};
        check_statements("cluster.sql", &values, (const char *const[]){cases[i].wanted, NULL});
    }
}

static void refuses_what_has_no_value(void **state)
{
    (void)state;
    struct schema_script script = {0};
    struct schema_values nothing = {0};
    struct err e;
    assert_true(schema_script_add(&script, "one.sql", &usual, &e));
    assert_false(schema_script_add(&script, "cluster.sql", &nothing, &e));
    assert_string_equal(e.text, "template cluster.sql, statement 1: no value for @CLUSTER@");
    assert_false(schema_script_add(&script, "unknown.sql", &usual, &e));
    assert_string_equal(e.text, "template unknown.sql, statement 2: no value for @COLOUR@");
    assert_false(schema_script_add(&script, "none.sql", &usual, &e));
    assert_string_equal(e.text, "there is no template none.sql");
    assert_int_equal(script.count, 1);
    schema_script_clear(&script);
}

static void prints_for_the_client(void **state)
{
    (void)state;
    struct schema_script script = {0};
    struct err e;
    char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);
    assert_true(schema_script_add(&script, "three.sql", &usual, &e));
    schema_script_print(&script, out);
    fclose(out);
    assert_string_equal(text, "DELIMITER //\nBEGIN\n    a;\n    no --;\nEND\n//\nb\n//\nc\n//\n"
                              "DELIMITER ;\n");
    free(text);
    schema_script_clear(&script);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(splits_at_lines_of_their_own), cmocka_unit_test(replaces_placeholders_alone),
        cmocka_unit_test(escapes_for_a_string_literal), cmocka_unit_test(refuses_what_has_no_value),
        cmocka_unit_test(prints_for_the_client),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
