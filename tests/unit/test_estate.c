/* What a fencer leaves to its successor: every promise arrives, another version's lines are understood as far
 * as they can be, and what is cut short or malformed is refused with a sentence. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "daemon/estate.h"
#include "daemon/handover.h"

static const struct estate estate = {
    .logic =
        {.term = {.epoch = 4711, .deadline_us = INT64_C(99000000000), .votes = 5, .peer_can_take_vip = true},
         .ended_epoch = 4709,
         .armed_us = 2,
         .unarmed_us = 3,
         .prepared_us = 4,
         .lock_until_us = 5,
         .lock_lost = true,
         .renewed_us = 6,
         .touched_us = 10,
         .weight_us = 7,
         .child_runs = true,
         .child_started_us = 8,
         .child_start_us = 9,
         .backoff_ms = 100},
    .lock_fd = 3,
    .spawner_fd = 4,
    .settings_fd = 5,
    .child_fd = 6,
    .write_lock_fd = -1,
    .greeted = true,
};

static void text_of_estate(char *out, size_t size)
{
    struct err e;
    unsigned format;
    int fd = estate_write(&estate, &e);
    assert_true(fd >= 0);
    assert_true(handover_read_text(fd, &format, out, size, &e));
    assert_int_equal(format, ESTATE_FORMAT);
    close(fd);
}

static bool reads_format(unsigned format, const char *text, size_t length, struct estate *out, struct err *e)
{
    e->text[0] = '\0';
    int fd = handover_write("", format, text, length, e);
    assert_true(fd >= 0);
    bool ok = estate_read(fd, out, e);
    close(fd);
    assert_true(ok || e->text[0]);
    return ok;
}

static bool reads(const char *text, struct estate *out, struct err *e)
{
    return reads_format(ESTATE_FORMAT, text, strlen(text), out, e);
}

static void whole(void **state)
{
    char text[ESTATE_MAX];
    struct estate got;
    struct err e;
    (void)state;
    text_of_estate(text, sizeof(text));
    assert_true(reads(text, &got, &e));
    assert_memory_equal(&got, &estate, sizeof(got));
}

static void cut_off_at_every_length(void **state)
{
    char text[ESTATE_MAX];
    struct estate got;
    struct err e;
    (void)state;
    text_of_estate(text, sizeof(text));
    for (size_t at = 0; at < strlen(text); at++)
        if (reads_format(ESTATE_FORMAT, text, at, &got, &e))
            fail_msg("read at %zu", at);
}

/* A later version's lines are passed over, wherever they stand. */
static void unknown_lines(void **state)
{
    char text[ESTATE_MAX], more[ESTATE_MAX + 64];
    struct estate got;
    struct err e;
    (void)state;
    text_of_estate(text, sizeof(text));
    snprintf(more, sizeof(more), "mood 1\n%s", text);
    assert_true(reads(more, &got, &e));
    assert_memory_equal(&got, &estate, sizeof(got));
}

static void wrong_lines(void **state)
{
    static const struct {
        const char *from, *to, *says;
    } cases[] = {
        {"epoch 4711\n", "", "lacks epoch"},
        {"epoch 4711\n", "epoch\n", "has no value"},
        {"epoch 4711\n", "epoch -1\n", "epoch is \"-1\""},
        {"epoch 4711\n", "epoch 4711x\n", "epoch is"},
        {"epoch 4711\n", "epoch \n", "epoch is"},
        {"epoch 4711\n", "epoch 99999999999999999999\n", "epoch is"},
        {"epoch 4711\n", "epoch 4711\nepoch 4711\n", "epoch is"},
        {"votes 5\n", "votes 256\n", "votes is"},
        {"lock_lost 1\n", "lock_lost 2\n", "lock_lost is"},
        {"deadline_us 99000000000\n", "deadline_us -5\n", "deadline_us is"},
        {"child_fd 6\n", "child_fd 4294967296\n", "child_fd is"},
        {"end 0\n", "", "cut short"},
    };
    char text[ESTATE_MAX], changed[2 * ESTATE_MAX];
    struct estate got;
    struct err e;
    (void)state;
    text_of_estate(text, sizeof(text));
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const char *at = strstr(text, cases[i].from);
        assert_non_null(at);
        snprintf(changed, sizeof(changed), "%.*s%s%s", (int)(at - text), text, cases[i].to,
                 at + strlen(cases[i].from));
        if (reads(changed, &got, &e) || !strstr(e.text, cases[i].says))
            fail_msg("\"%s\": %s", cases[i].to, e.text);
    }
}

static void other_formats(void **state)
{
    char text[ESTATE_MAX], binary[300] = {1};
    struct estate got;
    struct err e;
    (void)state;
    text_of_estate(text, sizeof(text));
    assert_false(reads_format(ESTATE_FORMAT + 1, text, strlen(text), &got, &e));
    assert_non_null(strstr(e.text, "of format 3, formats 2 to 2 are taken"));
    assert_false(reads_format(1, binary, sizeof(binary), &got, &e)); /* a copy of the struct */
    assert_true(estate_takes(ESTATE_FORMAT));
    assert_false(estate_takes(1));
    assert_false(estate_takes(ESTATE_FORMAT + 1));
    assert_false(estate_read(-1, &got, &e));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(whole),         cmocka_unit_test(cut_off_at_every_length),
        cmocka_unit_test(unknown_lines), cmocka_unit_test(wrong_lines),
        cmocka_unit_test(other_formats),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
