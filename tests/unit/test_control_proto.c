/* What counts as a request over the control socket, and what is answered. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "wire/control_proto.h"

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

static bool parse(struct control_request *r, const char *line, struct err *e)
{
    return control_request_parse(r, line, strlen(line), e);
}

static void accepts(void **state)
{
    static const struct {
        const char *line;
        struct control_request expected;
    } cases[] = {
        {"{\"v\":1,\"command\":\"status\"}", {.command = CONTROL_STATUS}},
        {"{\"command\":\"explain\",\"v\":1}", {.command = CONTROL_EXPLAIN}},
        {" {\"v\":1,\"command\":\"rules\"} ", {.command = CONTROL_RULES}},
        {"{\"v\":1,\"command\":\"check\"}\r", {.command = CONTROL_CHECK}},
        {"{\"v\":1,\"command\":\"check\",\"warning\":\"2m\",\"mode\":\"lag\",\"verbose\":2}",
         {.command = CONTROL_CHECK,
          .check = {.mode = CHECK_LAG,
                    .warning = {.given = true, .has_low = true, .has_high = true, .high = 120}},
          .verbose = 2}},
        {"{\"v\":1,\"command\":\"switchover\"}", {.command = CONTROL_SWITCHOVER}},
        {"{\"v\":1,\"command\":\"switchover\",\"to\":\"mx2\",\"user\":\"alice\"}",
         {.command = CONTROL_SWITCHOVER, .to = "mx2", .user = "alice"}},
        {"{\"v\":1,\"command\":\"promote\",\"accept_loss\":true,\"peer_is_off\":\"mx2\"}",
         {.command = CONTROL_PROMOTE, .accept_loss = true, .peer_is_off = "mx2"}},
        {"{\"v\":1,\"command\":\"promote\",\"accept_loss\":false}", {.command = CONTROL_PROMOTE}},
        {"{\"v\":1,\"command\":\"maintenance\",\"set\":\"on\"}", {.command = CONTROL_MAINTENANCE_ON}},
        {"{\"v\":1,\"command\":\"maintenance\",\"set\":\"off\"}", {.command = CONTROL_MAINTENANCE_OFF}},
        {"{\"v\":1,\"command\":\"maintenance\",\"set\":\"status\"}", {.command = CONTROL_MAINTENANCE_STATUS}},
        {"{\"v\":1,\"command\":\"breaker-reset\"}", {.command = CONTROL_BREAKER_RESET}},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct control_request r;
        struct err e = {.text = ""};
        if (!parse(&r, cases[i].line, &e))
            fail_msg("%s: %s", cases[i].line, e.text);
        assert_memory_equal(&r, &cases[i].expected, sizeof(r));
    }
}

static void refuses(void **state)
{
    static const struct {
        const char *line;
        const char *complaint;
    } cases[] = {
        {"", "not JSON"},
        {"status", "not JSON"},
        {"{\"v\":1,\"command\":\"status\"", "not JSON"},
        {"{\"v\":1,\"command\":\"status\"}{}", "not JSON"},
        {"{\"v\":1,\"v\":1,\"command\":\"status\"}", "not JSON"},
        {"{\"v\":1,\"command\":\"stat\\u0000us\"}", "not JSON"},
        {"{\"v\":1,\"command\":\"\xff\"}", "not JSON"},
        {"[]", "one JSON object"},
        {"[{\"v\":1,\"command\":\"status\"}]", "one JSON object"},
        {"{}", "\"v\": this daemon speaks version 1"},
        {"{\"v\":2,\"command\":\"status\"}", "\"v\""},
        {"{\"v\":\"1\",\"command\":\"status\"}", "\"v\""},
        {"{\"v\":1.0,\"command\":\"status\"}", "\"v\""},
        {"{\"v\":1}", "\"command\" is missing"},
        {"{\"v\":1,\"command\":7}", "\"command\" is missing"},
        {"{\"v\":1,\"command\":\"shutdown\"}", "no such command: shutdown"},
        {"{\"v\":1,\"command\":\"STATUS\"}", "no such command"},
        {"{\"v\":1,\"command\":\"status\",\"to\":\"mx2\"}", "status does not take \"to\""},
        {"{\"v\":1,\"command\":\"status\",\"x\":1}", "status does not take \"x\""},
        {"{\"v\":1,\"command\":\"status\",\"set\":\"on\"}", "status does not take \"set\""},
        {"{\"v\":1,\"command\":\"status\",\"mode\":\"lag\"}", "status does not take \"mode\""},
        {"{\"v\":1,\"command\":\"check\",\"mode\":\"lags\"}", "\"mode\": the name of a mode"},
        {"{\"v\":1,\"command\":\"check\",\"mode\":1}", "\"mode\": the name of a mode"},
        {"{\"v\":1,\"command\":\"check\",\"mode\":\"gtid\",\"warning\":\"2m\"}",
         "\"warning\": \"2m\" is no range"},
        {"{\"v\":1,\"command\":\"check\",\"critical\":5}", "\"critical\": a range as a text"},
        {"{\"v\":1,\"command\":\"check\",\"verbose\":9}", "\"verbose\": 0 to 3"},
        {"{\"v\":1,\"command\":\"check\",\"verbose\":\"1\"}", "\"verbose\": 0 to 3"},
        {"{\"v\":1,\"command\":\"switchover\",\"accept_loss\":true}",
         "switchover does not take \"accept_loss\""},
        {"{\"v\":1,\"command\":\"switchover\",\"to\":\"\"}", "\"to\": a name"},
        {"{\"v\":1,\"command\":\"switchover\",\"to\":null}", "\"to\": a name"},
        {"{\"v\":1,\"command\":\"switchover\",\"to\":\"mx2; rm\"}", "\"to\": a name"},
        {"{\"v\":1,\"command\":\"switchover\",\"to\":\"abcdefghijklmnopqrstuvwxyzabcdef\"}",
         "\"to\": a name"},
        {"{\"v\":1,\"command\":\"promote\",\"accept_loss\":1}", "\"accept_loss\": true or false"},
        {"{\"v\":1,\"command\":\"promote\",\"accept_loss\":\"yes\"}", "\"accept_loss\": true or false"},
        {"{\"v\":1,\"command\":\"promote\",\"peer_is_off\":true}", "\"peer_is_off\": a name"},
        {"{\"v\":1,\"command\":\"promote\",\"user\":\"a b\"}", "\"user\": a name"},
        {"{\"v\":1,\"command\":\"maintenance\"}", "\"set\": on, off or status"},
        {"{\"v\":1,\"command\":\"maintenance\",\"set\":true}", "\"set\": on, off or status"},
        {"{\"v\":1,\"command\":\"maintenance\",\"set\":\"maybe\"}", "\"set\": on, off or status"},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct control_request r;
        struct err e = {.text = ""};
        if (parse(&r, cases[i].line, &e) || !strstr(e.text, cases[i].complaint))
            fail_msg("%s: \"%s\"", cases[i].line, e.text);
    }
}

static void refuses_zero_bytes_and_depth(void **state)
{
    static const char zero[] = "{\"v\":1,\"command\":\"status\"}\0";
    char deep[CONTROL_REQUEST_MAX + 2];
    struct control_request r;
    struct err e;
    (void)state;
    assert_false(control_request_parse(&r, zero, sizeof(zero), &e));
    memset(deep, '[', sizeof(deep));
    assert_false(control_request_parse(&r, deep, CONTROL_REQUEST_MAX, &e));
    assert_false(control_request_parse(&r, deep, CONTROL_REQUEST_MAX + 1, &e));
    assert_non_null(strstr(e.text, "at most 4096 bytes"));
}

static void formats_what_it_parses(void **state)
{
    (void)state;
    for (int c = 0; c < CONTROL_COMMANDS; c++) {
        struct control_request r = {.command = (enum control_command)c, .user = "bob"}, back;
        struct err e = {.text = ""};
        if (c == CONTROL_SWITCHOVER)
            snprintf(r.to, sizeof(r.to), "mx1");
        if (c == CONTROL_PROMOTE) {
            r.accept_loss = true;
            snprintf(r.peer_is_off, sizeof(r.peer_is_off), "mx1");
        }
        char *line = control_request_format(&r);
        size_t length = strlen(line);
        assert_true(line[length - 1] == '\n' && !memchr(line, '\n', length - 1));
        if (!control_request_parse(&back, line, length - 1, &e))
            fail_msg("%s: %s", line, e.text);
        assert_memory_equal(&r, &back, sizeof(r));
        free(line);
    }
}

static void answers(void **state)
{
    struct control_answer a;
    struct err e;
    (void)state;
    char *line = control_answer_ok(json_pack("{s:s, s:i}", "message", "mx2 is the writer", "elapsed_ms", 34));
    assert_true(control_answer_parse(&a, line, strlen(line) - 1, &e));
    assert_true(a.ok);
    assert_string_equal(a.message, "mx2 is the writer");
    assert_int_equal(json_integer_value(json_object_get(a.json, "elapsed_ms")), 34);
    control_answer_clear(&a);
    free(line);

    line = control_answer_error(CONTROL_REFUSED, "because \xff");
    assert_true(control_answer_parse(&a, line, strlen(line) - 1, &e));
    assert_false(a.ok);
    assert_string_equal(a.error, "refused");
    assert_string_equal(a.message, "(not printable)");
    control_answer_clear(&a);
    free(line);
}

static void refuses_answers(void **state)
{
    static const struct {
        const char *line;
        const char *complaint;
    } cases[] = {
        {"", "not JSON"},
        {"hello", "not JSON"},
        {"{}", "another version"},
        {"{\"v\":9,\"ok\":true}", "another version"},
        {"{\"v\":1}", "malformed"},
        {"{\"v\":1,\"ok\":1}", "malformed"},
        {"{\"v\":1,\"ok\":false}", "malformed"},
        {"{\"v\":1,\"ok\":false,\"message\":\"x\"}", "malformed"},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct control_answer a;
        struct err e = {.text = ""};
        if (control_answer_parse(&a, cases[i].line, strlen(cases[i].line), &e) ||
            !strstr(e.text, cases[i].complaint))
            fail_msg("%s: \"%s\"", cases[i].line, e.text);
        assert_null(a.json);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(accepts),
        cmocka_unit_test(refuses),
        cmocka_unit_test(refuses_zero_bytes_and_depth),
        cmocka_unit_test(formats_what_it_parses),
        cmocka_unit_test(answers),
        cmocka_unit_test(refuses_answers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
