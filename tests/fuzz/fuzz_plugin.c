/* What the monitoring plugin is given: thresholds, the daemon's answer as it reads it, and its ini file. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "fuzz.h"
#include "model/check.h"
#include "plugin/answer.h"
#include "plugin/extra_opts.h"
#include "wire/check_line.h"

static void check_range(const struct range *r, enum range_unit unit)
{
    static const double values[] = {-1e15, -1, -0.000001, 0, 0.5, 1, 10, 60, 1e9, 1e15};
    struct range other = *r, back;
    char text[RANGE_MAX], words[RANGE_WORDS_MAX];
    struct err e = {""};
    other.inside = !r->inside;
    for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++)
        FUZZ_CHECK(range_alerts(r, values[i]) != range_alerts(&other, values[i]));
    FUZZ_CHECK(!r->has_low || !r->has_high || r->low <= r->high);
    FUZZ_CHECK(r->inside || !r->has_low || !range_alerts(r, r->low));
    FUZZ_CHECK(strlen(range_text(r, text)) < RANGE_MAX && fuzz_is_printable(text));
    FUZZ_CHECK(strlen(range_words(r, unit, words)) < RANGE_WORDS_MAX && fuzz_is_printable(words));
    if (!range_parse(&back, text, unit, &e)) {
        fprintf(stderr, "%s: %s\n", text, e.text);
        FUZZ_CHECK(!"what is written is read");
    }
    FUZZ_CHECK(back.inside == r->inside && back.has_low == r->has_low && back.has_high == r->has_high);
    FUZZ_CHECK(back.low - r->low < 0.000001 && r->low - back.low < 0.000001);
}

void fuzz_threshold(const uint8_t *data, size_t size)
{
    char *text = fuzz_text(data, size);
    for (int unit = RANGE_COUNT; unit <= RANGE_SECONDS; unit++) {
        struct range r;
        struct err e = {""};
        if (range_parse(&r, text, (enum range_unit)unit, &e))
            check_range(&r, (enum range_unit)unit);
        else
            FUZZ_CHECK(e.text[0]);
    }
    free(text);
}

/* ---- what it prints of a report ---- */

void fuzz_check_plugin(const struct report *r)
{
    static struct report copy;
    for (int mode = CHECK_ALL; mode < CHECK_MODES; mode++) {
        const struct check_request q = {.mode = (enum check_mode)mode,
                                        .warning = {.given = true, .has_high = true, .high = 1}};
        struct check_result c;
        char line[CHECK_LINE_MAX];
        copy = *r;
        check_judge(&c, &copy, &q);
        FUZZ_CHECK(fuzz_is_printable(check_line(&copy, &c, line, sizeof(line))));
        FUZZ_CHECK(check_exit(&copy) >= 0 && check_exit(&copy) <= 3);
        for (int i = 0; check_more(&copy, 3, i, line, sizeof(line)); i++)
            FUZZ_CHECK(fuzz_is_printable(line));
    }
}

/* ---- the daemon's answer ---- */

static void check_lines(char *text)
{
    for (char *rest = text, *line; (line = fuzz_line(&rest));)
        FUZZ_CHECK(fuzz_is_printable(line));
}

void fuzz_answer(const uint8_t *data, size_t size)
{
    struct answer *a = mem_zalloc(sizeof(*a));
    struct err e = {""};
    if (answer_parse(a, (const char *)data, size, &e)) {
        FUZZ_CHECK(a->ok ? a->exit >= 0 && a->exit <= 3 && a->line[0] : a->message[0] != '\0');
        FUZZ_CHECK(fuzz_is_printable(a->line) && fuzz_is_printable(a->message) &&
                   fuzz_is_printable(a->error));
        check_lines(a->more);
    } else {
        FUZZ_CHECK(e.text[0]);
    }
    free(a);
}

/* ---- the ini file ---- */

/* Both of the file's sections are looked for: the one that is named, and the plugin's. */
void fuzz_extra_opts(const uint8_t *data, size_t size)
{
    static char path[96], named[128], plain[128];
    char *arguments[] = {(char *)(uintptr_t) "check", named, plain, (char *)(uintptr_t) "--verbose", NULL};
    struct extra_opts out;
    struct err e = {""};
    snprintf(path, sizeof(path), "%s/plugins.ini", fuzz_folder());
    snprintf(named, sizeof(named), "--extra-opts=mail@%s", path);
    snprintf(plain, sizeof(plain), "--extra-opts=@%s", path);
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    FUZZ_CHECK(fd >= 0 && write(fd, data, size) == (ssize_t)size);
    close(fd);
    bool ok = extra_opts_expand(&out, 4, arguments, "plugin", &e);
    if (ok) {
        FUZZ_CHECK(out.argc >= 2 && !out.argv[out.argc] && strcmp(out.argv[out.argc - 1], "--verbose") == 0);
        for (int i = 1; i < out.argc; i++)
            FUZZ_CHECK(out.argv[i] && strncmp(out.argv[i], "--password", 10) != 0 &&
                       strncmp(out.argv[i], "--extra-opts", 12) != 0);
    } else {
        FUZZ_CHECK(strstr(e.text, path));
    }
    extra_opts_free(&out);
}
