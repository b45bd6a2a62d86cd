/* `mysql-replcheck history`: arguments, exit codes, and what it shows of a small journal. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <fcntl.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "cli/history.h"
#include "cli/history_print.h"
#include "io/journal.h"

#define ARGUMENTS_MAX 6

static char dir[64];
static struct settings settings;
static char out_text[65536];
static char err_text[4096];

static void read_back(int fd, char *out, size_t size)
{
    ssize_t n = pread(fd, out, size - 1, 0);
    out[n > 0 ? n : 0] = '\0';
    close(fd);
}

static int redirect(FILE *stream, int *kept)
{
    char path[] = "/tmp/test_history.out.XXXXXX";
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    unlink(path);
    fflush(stream);
    *kept = dup(fileno(stream));
    dup2(fd, fileno(stream));
    return fd;
}

static void restore(FILE *stream, int kept)
{
    fflush(stream);
    dup2(kept, fileno(stream));
    close(kept);
}

/* Runs the command with these words; fills out_text and err_text. */
static int history(const struct settings *s, const char *const *words)
{
    char *argv[ARGUMENTS_MAX + 2] = {strdup("history")};
    int argc = 1, kept_out, kept_err;
    for (; words[argc - 1]; argc++)
        argv[argc] = strdup(words[argc - 1]);
    int out = redirect(stdout, &kept_out), err = redirect(stderr, &kept_err);
    int code = history_main(s, argc, argv);
    restore(stdout, kept_out);
    restore(stderr, kept_err);
    read_back(out, out_text, sizeof(out_text));
    read_back(err, err_text, sizeof(err_text));
    for (int i = 0; i < argc; i++)
        free(argv[i]);
    return code;
}

static unsigned count_lines(const char *text)
{
    unsigned n = 0;
    for (; *text; text++)
        n += *text == '\n';
    return n;
}

/* 150 actions of two hours ago, then one each of three other kinds, now. */
static int make_journal(void **state)
{
    static struct journal_event events[153];
    char path[128], report[JOURNAL_REPORT_MAX];
    struct journal *j;
    struct err e;
    (void)state;
    for (int i = 0; i < 153; i++)
        events[i] = (struct journal_event){.at_us = clock_wall_us() - (i < 150 ? CLOCK_MS(7200000) : 0),
                                           .boot_us = i + 1,
                                           .node = "mx1",
                                           .kind = JOURNAL_ACTION,
                                           .detail = "read_only=1"};
    events[150].kind = JOURNAL_OPERATOR;
    strcpy(events[150].detail, "cut within a letter \xc3");
    events[151].kind = JOURNAL_ALERT;
    strcpy(events[151].detail, "escape \033[31m");
    struct journal_event *last = &events[152];
    last->kind = JOURNAL_STATE;
    last->detail[0] = '\0';
    strcpy(last->state_from, "promoting: enable");
    strcpy(last->state_to, "writer");
    strcpy(last->reason, "enabled and read back");
    strcpy(last->gtid, "0-1-4711");
    last->row_id = 460;
    last->epoch = 8;
    snprintf(dir, sizeof(dir), "/tmp/test_history.XXXXXX");
    if (!mkdtemp(dir))
        return -1;
    snprintf(settings.node.state_dir, sizeof(settings.node.state_dir), "%s", dir);
    snprintf(path, sizeof(path), "%s/%s", dir, JOURNAL_FILE);
    struct journal_batch batch = {.events = events, .event_count = 153};
    if (!journal_open(&j, path, 0, report, &e) || !journal_write(j, &batch, &e))
        return -1;
    journal_close(&j);
    return 0;
}

static int remove_journal(void **state)
{
    char path[128];
    (void)state;
    snprintf(path, sizeof(path), "%s/%s", dir, JOURNAL_FILE);
    unlink(path);
    snprintf(path, sizeof(path), "%s/%s-journal", dir, JOURNAL_FILE);
    unlink(path);
    return rmdir(dir);
}

static const struct {
    const char *name;
    const char *words[ARGUMENTS_MAX];
    int code;
    unsigned lines;    /* on stdout, with the table's head; 0: do not count */
    const char *shown; /* part of stdout, or of stderr where the code is not 0 */
} cases[] = {
    {"the newest hundred", {NULL}, 0, 101, "promoting: enable"},
    {"all since", {"--since", "3h", NULL}, 0, 154, "writer"},
    {"the last hour", {"--since", "1h", NULL}, 0, 4, "0-1-4711"},
    {"a kind", {"--kind", "operator", NULL}, 0, 2, "operator: cut within a letter"},
    {"a kind that never happened", {"--kind", "hook", NULL}, 0, 0, ""},
    {"a limit", {"--limit", "2", NULL}, 0, 3, "460"},
    {"since and a limit", {"--since", "3h", "--limit", "120", NULL}, 0, 121, "8"},
    {"no terminal's escapes", {"--kind", "alert", NULL}, 0, 2, "escape \\x1b[31m"},
    {"an unknown option", {"--bogus", NULL}, 2, 0, "help history"},
    {"a word", {"mx1", NULL}, 2, 0, "\"mx1\" is one word too many"},
    {"no duration", {"--since", "1", NULL}, 2, 0, "a duration with a unit"},
    {"no kind", {"--kind", "unknown", NULL}, 2, 0, "expected state, action"},
    {"no number", {"--limit", "-1", NULL}, 2, 0, "a whole number from 1"},
    {"no journal", {"--journal", "/nonexistent", NULL}, 1, 0, "has not run on this node"},
    {"no database", {"--journal", "/etc/passwd", NULL}, 1, 0, "not a database"},
};

static void test_cases(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        int code = history(&settings, cases[i].words);
        if (code != cases[i].code)
            fail_msg("%s: %d: %s", cases[i].name, code, err_text);
        if (!strstr(code ? err_text : out_text, cases[i].shown))
            fail_msg("%s: shown: %s%s", cases[i].name, out_text, err_text);
        if (cases[i].lines && count_lines(out_text) != cases[i].lines)
            fail_msg("%s: %u lines", cases[i].name, count_lines(out_text));
        if (strchr(out_text, '\033'))
            fail_msg("%s: an escape sequence without a terminal", cases[i].name);
    }
}

static void test_json(void **state)
{
    static const char *const words[] = {"--json", "--limit", "3", NULL};
    json_error_t error;
    json_int_t version, row, epoch;
    const char *to, *gtid, *kind;
    (void)state;
    assert_int_equal(history(&settings, words), 0);
    json_t *root = json_loads(out_text, 0, &error);
    assert_non_null(root);
    json_t *events = json_object_get(root, "events");
    assert_int_equal(json_array_size(events), 3);
    assert_int_equal(json_unpack(root, "{s:I}", "version", &version), 0);
    assert_int_equal(version, 1);
    json_t *last = json_array_get(events, 2);
    assert_int_equal(json_unpack(last, "{s:s, s:s, s:s, s:I, s:I, s:n, s:n}", "kind", &kind, "to", &to,
                                 "gtid", &gtid, "row", &row, "epoch", &epoch, "vip", "detail"),
                     0);
    assert_string_equal(kind, "state");
    assert_string_equal(to, "writer");
    assert_string_equal(gtid, "0-1-4711");
    assert_int_equal(row, 460);
    assert_int_equal(epoch, 8);
    const char *cut = json_string_value(json_object_get(json_array_get(events, 0), "detail"));
    assert_string_equal(cut, "cut within a letter ?");
    json_decref(root);
}

/* No line is longer than the terminal is wide, and what and why are parted between words. */
static void test_narrow(void **state)
{
    static const char *const words[] = {"--limit", "3", NULL};
    (void)state;
    setenv("COLUMNS", "80", 1);
    int code = history(&settings, words);
    unsetenv("COLUMNS");
    assert_int_equal(code, 0);
    for (const char *line = out_text; *line; line += strcspn(line, "\n") + 1)
        assert_true(strcspn(line, "\n") <= 80 + 2); /* an arrow may be three bytes */
    assert_non_null(strstr(out_text, " promoting: "));
    assert_non_null(strstr(out_text, " enabled and "));
}

/* A damaged row may name any time. */
static void test_before_1970(void **state)
{
    const struct journal_event event = {.at_us = -1, .kind = JOURNAL_ALERT};
    json_t *root = history_json_new();
    (void)state;
    history_json_add(&event, root);
    const json_t *shown = json_array_get(json_object_get(root, "events"), 0);
    assert_string_equal(json_string_value(json_object_get(shown, "time")), "1969-12-31T23:59:59.999999Z");
    json_decref(root);
}

static void test_without_configuration(void **state)
{
    static const char *const none[] = {NULL};
    char path[128];
    (void)state;
    snprintf(path, sizeof(path), "%s/%s", dir, JOURNAL_FILE);
    const char *const named[] = {"--journal", path, NULL};
    assert_int_equal(history(NULL, none), 2);
    assert_non_null(strstr(err_text, "--journal FILE"));
    assert_int_equal(history(NULL, named), 0);
    assert_int_equal(count_lines(out_text), 101);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cases),
        cmocka_unit_test(test_json),
        cmocka_unit_test(test_narrow),
        cmocka_unit_test(test_before_1970),
        cmocka_unit_test(test_without_configuration),
    };
    return cmocka_run_group_tests(tests, make_journal, remove_journal);
}
