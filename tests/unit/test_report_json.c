/* A report and an explanation as JSON: what was written is read back, and what is not a report is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "report_fixture.h"
#include "model/explain.h"
#include "wire/check_line.h"
#include "wire/explain_json.h"
#include "wire/report_json.h"

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

static struct scene *scene;
static struct report *first, *second;

static int set_up(void **state)
{
    (void)state;
    scene = calloc(1, sizeof(*scene));
    first = calloc(1, sizeof(*first));
    second = calloc(1, sizeof(*second));
    scene_writer(scene, POLICY_TIE_WITNESS);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    free(scene);
    free(first);
    free(second);
    return 0;
}

static char *dumped(const struct report *r)
{
    json_t *json = report_to_json(r);
    char *text = json_dumps(json, JSON_COMPACT);
    json_decref(json);
    return text;
}

/* Compared as text: both directions must know the same members. */
static void assert_round_trip(void)
{
    struct err e = {.text = ""};
    char *before = dumped(first);
    json_t *json = json_loads(before, 0, NULL);
    if (!report_from_json(second, json, &e))
        fail_msg("%s", e.text);
    json_decref(json);
    char *after = dumped(second);
    assert_string_equal(before, after);
    free(before);
    free(after);
}

static void comes_back(void **state)
{
    (void)state;
    report_of_scene(scene, first);
    assert_round_trip();
    assert_string_equal(second->headline, first->headline);
    assert_int_equal(second->nodes[1].io, IO_YES);
    assert_true(second->authority_ms == first->authority_ms);

    scene_standby(scene, POLICY_TIE_WRITER);
    scene_peer_gone(scene);
    scene_advance(scene, 1500);
    report_of_scene(scene, first);
    assert_true(first->problem_count > 0);
    assert_round_trip();
    assert_int_equal(second->problem_count, first->problem_count);
    assert_string_equal(second->problems[0].sentence, first->problems[0].sentence);

    scene_writer(scene, POLICY_TIE_WITNESS);
    report_of_servers(scene, first);
    assert_round_trip();
    assert_int_equal(second->source, REPORT_DIRECT);
}

static void brings_the_slow_look(void **state)
{
    (void)state;
    report_of_scene(scene, first);
    assert_int_equal(first->nodes[0].account_count, 1);
    assert_string_equal(first->nodes[0].accounts[0].standing, "administrator");
    snprintf(first->nodes[1].accounts[0].via, sizeof(first->nodes[1].accounts[0].via), "role admins");
    first->locks[first->lock_count++] = (struct report_lock){"vote", "mx2", "app@192.0.2.50:4711", 42};
    first->drifts[first->drift_count++] =
        (struct report_drift){"sync_binlog", "differs", {"1", "0"}, {TRI_YES, TRI_YES}};
    assert_round_trip();
    assert_string_equal(second->nodes[1].accounts[0].via, "role admins");
    assert_string_equal(second->locks[0].account, "app@192.0.2.50:4711");
    assert_string_equal(second->drifts[0].values[1], "0");
    json_t *json = report_to_json(first);
    json_object_set_new(json_array_get(json_object_get(json, "nodes"), 1), "bypass", json_string("none"));
    struct err e = {.text = ""};
    assert_false(report_from_json(second, json, &e));
    assert_non_null(strstr(e.text, "nodes[1]: \"bypass\""));
    json_decref(json);
}

/* An old schema cannot be asked for everything, and says at least that. */
static void tells_of_an_old_schema(void **state)
{
    static struct audit old;
    struct report_input in = {.source = REPORT_DIRECT,
                              .policy = &scene->p,
                              .observation = &scene->o,
                              .names = {"mx1", "mx2"},
                              .addresses = {"a", "b"},
                              .troubles = {"", ""},
                              .cluster = "mail",
                              .config_hash = "",
                              .worker_trouble = "",
                              .daemon_trouble = "",
                              .audits = {&old, &old, NULL}};
    (void)state;
    old = (struct audit){.settings_us = scene->o.now_us, .schema_version = 1, .trouble = "execute denied"};
    report_fill(first, &in);
    assert_int_equal(first->nodes[0].schema_version, 1);
    assert_int_equal(first->nodes[0].audited, TRI_NO);
    assert_string_equal(first->nodes[0].audit_trouble, "execute denied");
}

static void unknown_is_null(void **state)
{
    (void)state;
    scene_peer_gone(scene);
    scene_advance(scene, 1500);
    report_of_scene(scene, first);
    json_t *json = report_to_json(first);
    const json_t *peer = json_array_get(json_object_get(json, "nodes"), 1);
    static const char *const names[] = {"read_only", "sql_thread", "auto_increment_offset", "dead_man",
                                        "server_id"};
    for (size_t i = 0; i < COUNT(names); i++)
        assert_true(json_is_null(json_object_get(peer, names[i])));
    assert_true(json_is_false(json_object_get(peer, "reachable")));
    assert_string_equal(json_string_value(json_object_get(peer, "io_thread")), "unknown");
    assert_true(json_is_null(json_object_get(json_object_get(peer, "lag_applied"), "us")));
    assert_int_equal(json_integer_value(json_object_get(json, "version")), REPORT_JSON_VERSION);
    assert_string_equal(json_string_value(json_object_get(json, "time")), "2027-01-15T08:00:00.123456Z");
    json_decref(json);
}

/* A server's message in another character set, or cut within a letter. */
static void survives_bad_text(void **state)
{
    (void)state;
    report_of_scene(scene, first);
    snprintf(first->nodes[1].error, sizeof(first->nodes[1].error), "M\xfcller");
    assert_true(report_from_json(second, NULL, &(struct err){0}) == false);
    char *text = dumped(first);
    assert_non_null(strstr(text, "M?ller"));
    free(text);
}

static void refuses(void **state)
{
    static const struct {
        /* Of the member that is changed: "member" or "object.member" or "array[0].member". */
        const char *path;
        const char *value; /* JSON; NULL: removed */
        const char *complaint;
    } cases[] = {
        {"version", NULL, "no version"},
        {"version", "2", "of version 2"},
        {"dual", NULL, "\"dual\" is missing"},
        {"headline", "7", "\"headline\": a text that fits"},
        {"severity", "\"fine\"", "\"severity\": one of the known words"},
        {"severity", "0", "\"severity\": one of the known words"},
        {"since_ms", "-5", "\"since_ms\": a whole number or null"},
        {"since_ms", "1.5", "\"since_ms\": a whole number or null"},
        {"dual", "null", "\"dual\": true or false"},
        {"standby_ready", "\"yes\"", "\"standby_ready\": true, false or null"},
        {"self", "2", "\"self\": 0 or 1"},
        {"self", "9999999999", "\"self\": a whole number"},
        {"writer_node", "-1", "\"writer_node\""},
        {"writer_node", "5", "\"writer_node\""},
        {"fencer", "[]", "fencer: an object"},
        {"loss", "{}", "loss: \"estimate\" is missing"},
        {"nodes", "[]", "\"nodes\": an array of 2 to 2"},
        {"votes", "{}", "\"votes\": an array of 3 to 3"},
        {"votes", "[1,2,3]", "votes[0]: an object"},
        {"problems", "null", "\"problems\": an array"},
    };
    (void)state;
    report_of_scene(scene, first);
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct err e = {.text = ""};
        json_t *json = report_to_json(first);
        if (cases[i].value)
            json_object_set_new(json, cases[i].path, json_loads(cases[i].value, JSON_DECODE_ANY, NULL));
        else
            json_object_del(json, cases[i].path);
        if (report_from_json(second, json, &e) || !strstr(e.text, cases[i].complaint))
            fail_msg("%s = %s: \"%s\"", cases[i].path, cases[i].value ? cases[i].value : "(removed)", e.text);
        json_decref(json);
    }
    assert_false(report_from_json(second, NULL, &(struct err){0}));
}

/* As a report of a version that did not know it yet. */
static void missing_is_unknown(void **state)
{
    struct err e = {.text = ""};
    (void)state;
    report_of_scene(scene, first);
    json_t *json = report_to_json(first), *peer = json_array_get(json_object_get(json, "nodes"), 1);
    json_object_del(peer, "server_version");
    json_object_del(peer, "read_only");
    json_object_del(peer, "server_id");
    if (!report_from_json(second, json, &e))
        fail_msg("%s", e.text);
    assert_string_equal(second->nodes[1].server_version, "");
    assert_int_equal(second->nodes[1].read_only, TRI_UNKNOWN);
    json_decref(json);
}

static void longer_than_fits(void **state)
{
    struct err e = {.text = ""};
    char *text = malloc(REPORT_SENTENCE_MAX + 1);
    (void)state;
    report_of_scene(scene, first);
    memset(text, 'x', REPORT_SENTENCE_MAX);
    text[REPORT_SENTENCE_MAX] = '\0';
    json_t *json = report_to_json(first);
    json_object_set_new(json, "headline", json_string(text));
    assert_false(report_from_json(second, json, &e));
    json_object_set_new(json, "headline", json_string(text + 1));
    json_object_set_new(json, "something_newer", json_true());
    assert_true(report_from_json(second, json, &e));
    json_decref(json);
    free(text);
}

/* ---- explanations ---- */

static void explains(void **state)
{
    struct explanation *x = calloc(1, sizeof(*x)), *back = calloc(1, sizeof(*back));
    struct err e = {.text = ""};
    (void)state;
    scene_standby(scene, POLICY_TIE_WITNESS);
    report_of_scene(scene, first);
    scene->m.failed_row = 434;
    explain_fill(x, "mx1", &scene->m, 100, &scene->out, "");
    assert_int_equal(x->row_id, 399);
    assert_int_equal(x->fact_count, FACTS - 1);
    assert_true(x->tried_count > 10);
    for (int i = 0; i < x->tried_count; i++) {
        assert_true(x->tried[i].id < x->row_id);
        assert_string_not_equal(x->tried[i].value, x->tried[i].wanted);
    }
    json_t *json = explain_to_json(x);
    assert_true(explain_from_json(back, json, &e));
    assert_memory_equal(x, back, sizeof(*x));
    json_object_set_new(json, "tried", json_string("none"));
    assert_false(explain_from_json(back, json, &e));
    assert_non_null(strstr(e.text, "\"tried\""));
    json_decref(json);
    assert_false(explain_from_json(back, NULL, &e));
    free(x);
    free(back);
}

static void conditions_as_words(void **state)
{
    static const struct {
        struct rule_condition c;
        const char *text;
    } cases[] = {
        {{FACT_OWN_UP, 1U << TRI_YES}, "yes"},
        {{FACT_OWN_UP, 1U << TRI_UNKNOWN | 1U << TRI_NO}, "unknown or no"},
        {{FACT_REASON, ~(1U << REASON_NONE)}, "anything but none"},
        {{FACT_VOTES, 1U << VOTES_COUNTED}, "counted"},
        {{FACT_LOSS, 1U << LOSS_UNSEEN | 1U << LOSS_UNKNOWN}, "unknown loss or unseen for too long"},
        {{FACT_IO, ~(1U << IO_NO)}, "anything but no"},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        char text[REPORT_SENTENCE_MAX];
        assert_string_equal(explain_wanted(&cases[i].c, text, sizeof(text)), cases[i].text);
    }
}

static void rules_are_all_there(void **state)
{
    json_t *json = rules_to_json();
    const json_t *rows = json_object_get(json, "rows");
    (void)state;
    assert_int_equal(json_array_size(rows), rules_count);
    for (size_t i = 0; i < rules_count; i++)
        assert_int_equal(json_integer_value(json_object_get(json_array_get(rows, i), "id")),
                         rules_table[i].id);
    json_decref(json);
}

/* ---- the plugin's line ---- */

static const char *line_of(char line[CHECK_LINE_MAX])
{
    struct check_result result;
    check_judge(&result, first, &(struct check_request){.mode = CHECK_ALL});
    return check_line(first, &result, line, CHECK_LINE_MAX);
}

static void check_lines(void **state)
{
    char line[CHECK_LINE_MAX];
    (void)state;
    report_of_scene(scene, first);
    assert_string_equal(
        line_of(line),
        "REPLCHECK OK - mx1 is the writer (epoch 5, for 1 min 40 s); mx2 is ready to take over | "
        "'mx2_lag'=0s;10;60;0 'mx2_missing'=0 'votes'=3 'epoch'=5");
    assert_int_equal(check_exit(first), 0);

    scene_peer_gone(scene);
    scene_advance(scene, 1500);
    report_of_scene(scene, first);
    snprintf(first->problems[0].sentence, sizeof(first->problems[0].sentence), "one | two\nthree");
    assert_string_equal(
        line_of(line),
        "REPLCHECK CRITICAL - one / two/three | 'mx2_lag'=U 'mx2_missing'=U 'votes'=2 'epoch'=5");
    assert_int_equal(check_exit(first), 2);
    assert_string_equal(check_detail(&(struct problem){SEVERITY_WARNING, "x", "a", "b"}, line, sizeof(line)),
                        "WARNING: a -> b");
    assert_string_equal(check_detail(&(struct problem){SEVERITY_OK, "x", "a", ""}, line, sizeof(line)),
                        "NOTE: a");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(comes_back, set_up, tear_down),
        cmocka_unit_test_setup_teardown(brings_the_slow_look, set_up, tear_down),
        cmocka_unit_test_setup_teardown(tells_of_an_old_schema, set_up, tear_down),
        cmocka_unit_test_setup_teardown(unknown_is_null, set_up, tear_down),
        cmocka_unit_test_setup_teardown(survives_bad_text, set_up, tear_down),
        cmocka_unit_test_setup_teardown(refuses, set_up, tear_down),
        cmocka_unit_test_setup_teardown(missing_is_unknown, set_up, tear_down),
        cmocka_unit_test_setup_teardown(longer_than_fits, set_up, tear_down),
        cmocka_unit_test_setup_teardown(explains, set_up, tear_down),
        cmocka_unit_test_setup_teardown(conditions_as_words, set_up, tear_down),
        cmocka_unit_test_setup_teardown(rules_are_all_there, set_up, tear_down),
        cmocka_unit_test_setup_teardown(check_lines, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
