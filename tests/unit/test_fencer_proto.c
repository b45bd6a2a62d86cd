/* Which packets between fencer and supervisor count. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "wire/fencer_proto.h"

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

static void directions(void **state)
{
    static const struct {
        enum fencer_message_kind kind;
        bool from_child;
    } cases[] = {
        {FENCER_HELLO, true}, {FENCER_PREPARE, true}, {FENCER_ARM, true},      {FENCER_DISARM, true},
        {FENCER_FENCE, true}, {FENCER_UPGRADE, true}, {FENCER_STATE, false},   {FENCER_ACK, false},
        {FENCER_DEAD, false}, {FENCER_FENCED, false}, {FENCER_RESTART, false}, {FENCER_STATUS, true},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct fencer_message m = fencer_message_make(cases[i].kind);
        const char *name = fencer_message_name(cases[i].kind);
        if (fencer_message_valid(&m, sizeof(m), true) != cases[i].from_child ||
            fencer_message_valid(&m, sizeof(m), false) == cases[i].from_child)
            fail_msg("%s goes the wrong way", name);
        if (strcmp(name, "?") == 0)
            fail_msg("kind %d has no name", cases[i].kind);
    }
}

static void refuses(void **state)
{
    struct fencer_message m = fencer_message_make(FENCER_ARM);
    (void)state;
    assert_true(fencer_message_valid(&m, sizeof(m), true));
    assert_false(fencer_message_valid(&m, sizeof(m) - 1, true));
    assert_false(fencer_message_valid(&m, sizeof(m) + 1, true));
    assert_false(fencer_message_valid(&m, 0, true));
    m.version++;
    assert_false(fencer_message_valid(&m, sizeof(m), true));
    m = fencer_message_make(FENCER_ARM);
    memset(m.text, 'x', sizeof(m.text));
    assert_false(fencer_message_valid(&m, sizeof(m), true));
    m = fencer_message_make(FENCER_ARM);
    memset(m.file, 'x', sizeof(m.file));
    assert_false(fencer_message_valid(&m, sizeof(m), true));
    m = fencer_message_make((enum fencer_message_kind)99);
    assert_false(fencer_message_valid(&m, sizeof(m), true));
    assert_false(fencer_message_valid(&m, sizeof(m), false));
    assert_string_equal(fencer_message_name(99), "?");
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(directions), cmocka_unit_test(refuses)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
