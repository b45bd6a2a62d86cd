/* The ledger's text: it comes back as it was, and is refused under every damage. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/clock.h"
#include "model/ledger_text.h"

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))
#define PEER         1
#define SEEN         CLOCK_MS(1000000)
#define BOOT         "5f0c9a1e-0000-4000-8000-000000000001"

static struct gtid_set set_of(const char *list)
{
    struct gtid_set set;
    struct err e;
    if (!gtid_set_parse(&set, list, &e))
        fail_msg("%s", e.text);
    return set;
}

static struct ledger a_ledger(void)
{
    struct ledger l = {0};
    struct gtid_set pos = set_of("0-1-5,1-2-18446744073709551615"), received = set_of("0-1-4,1-2-7");
    ledger_saw_final(&l, PEER, UINT64_MAX - 1, &pos, SEEN);
    ledger_saw_received(&l, &received);
    return l;
}

static void assert_same(const struct ledger *a, const struct ledger *b)
{
    char x[LEDGER_TEXT_MAX], y[LEDGER_TEXT_MAX];
    assert_string_equal(ledger_format(a, BOOT, x, sizeof x), ledger_format(b, BOOT, y, sizeof y));
}

static void text_round_trips(void **state)
{
    struct ledger cases[] = {{0}, a_ledger(), a_ledger()};
    (void)state;
    cases[2].received = set_of("");
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct ledger again;
        struct err e;
        char text[LEDGER_TEXT_MAX];
        if (!ledger_parse(&again, ledger_format(&cases[i], BOOT, text, sizeof text), BOOT, &e))
            fail_msg("%s", e.text);
        assert_same(&again, &cases[i]);
        assert_int_equal(again.received.known, cases[i].received.known);
        assert_true(again.restored);
        assert_false(ledger_dirty(&again));
    }
}

static void the_fullest_ledger_fits(void **state)
{
    struct ledger l = {.writer_node = INT32_MIN, .writer_epoch = UINT64_MAX, .writer_seen_us = INT64_MIN},
                  again;
    struct err e;
    char text[LEDGER_TEXT_MAX], boot[LEDGER_BOOT_MAX];
    (void)state;
    memset(boot, 'x', sizeof boot - 1);
    boot[sizeof boot - 1] = '\0';
    l.writer_pos.known = true;
    for (uint32_t i = 0; i < GTID_SET_MAX; i++)
        gtid_pos_advance(&l.writer_pos, &(struct gtid){UINT32_MAX - i, UINT32_MAX, UINT64_MAX});
    l.received = l.writer_pos;
    assert_true(ledger_parse(&again, ledger_format(&l, boot, text, sizeof text), boot, &e));
    assert_same(&again, &l);
}

static void another_boot_has_no_age(void **state)
{
    struct ledger l = a_ledger(), again;
    struct err e;
    char text[LEDGER_TEXT_MAX];
    (void)state;
    assert_true(ledger_parse(&again, ledger_format(&l, BOOT, text, sizeof text), "another", &e));
    assert_int_equal(again.writer_seen_us, 0);
    assert_int_equal(gtid_pos_equal(&again.writer_pos, &l.writer_pos), TRI_YES);
    again.writer_final = false;
    struct loss_question q = {.now_us = SEEN, .applied = l.writer_pos, .drained = true};
    struct loss_bound b = ledger_bound(&again, &q);
    assert_int_equal(b.known_lost, 0);
    assert_int_equal(b.unseen_us, -1);
    ledger_saw_writer(&again, PEER, l.writer_epoch, &l.writer_pos, SEEN);
    assert_false(again.restored);
    assert_int_equal(ledger_bound(&again, &q).unseen_us, 0);
}

static void assert_refused(const char *name, const char *text, const char *says)
{
    struct ledger l = a_ledger();
    struct err e = {{0}};
    if (ledger_parse(&l, text, BOOT, &e))
        fail_msg("%s: accepted", name);
    assert_false(l.writer_pos.known || l.received.known);
    if (strstr(e.text, says) == NULL)
        fail_msg("%s: '%s'", name, e.text);
}

static void damage_is_refused(void **state)
{
    struct ledger l = a_ledger();
    char text[LEDGER_TEXT_MAX], broken[LEDGER_TEXT_MAX + 1];
    size_t length = strlen(ledger_format(&l, BOOT, text, sizeof text));
    (void)state;
    for (size_t cut = 0; cut < length; cut++) {
        snprintf(broken, sizeof broken, "%.*s", (int)cut, text);
        assert_refused("cut short", broken, cut < 21 ? "cut short" : "torn or damaged");
        snprintf(broken, sizeof broken, "%.*s%s", (int)cut, text, text + cut + 1);
        assert_refused("a byte lost", broken, "torn or damaged");
        snprintf(broken, sizeof broken, "%.*s %s", (int)cut, text, text + cut);
        assert_refused("a byte more", broken, "torn or damaged");
        for (int bit = 0; bit < 8; bit++) {
            strcpy(broken, text);
            broken[cut] = (char)(broken[cut] ^ 1 << bit);
            assert_refused("a bit flipped", broken, "");
        }
    }
    snprintf(broken, sizeof broken, "%s\n", text);
    assert_refused("a line more", broken, "torn or damaged");
}

/* Writes over an older ledger that stop at some byte leave the older one's end: refused, or one of both. */
static void a_torn_overwrite_is_refused(void **state)
{
    struct ledger l = a_ledger();
    char older[LEDGER_TEXT_MAX], newer[LEDGER_TEXT_MAX], torn[LEDGER_TEXT_MAX];
    (void)state;
    ledger_format(&l, BOOT, older, sizeof older);
    l.received = set_of("0-1-9,1-2-8");
    ledger_format(&l, BOOT, newer, sizeof newer);
    size_t length = strlen(newer);
    assert_int_equal(length, strlen(older));
    for (size_t at = 0; at <= length; at++) {
        struct ledger got;
        struct err e;
        snprintf(torn, sizeof torn, "%.*s%s", (int)at, newer, older + at);
        if (ledger_parse(&got, torn, BOOT, &e))
            assert_true(strcmp(torn, older) == 0 || strcmp(torn, newer) == 0);
    }
}

/* With a right checksum: what another program may have written. */
static void assert_foreign_refused(const char *body, const char *says)
{
    char text[LEDGER_TEXT_MAX];
    uint64_t sum = 0xcbf29ce484222325;
    for (const char *p = body; *p != '\0'; p++)
        sum = (sum ^ (unsigned char)*p) * 0x100000001b3;
    snprintf(text, sizeof text, "%ssum %016lx\n", body, (unsigned long)sum);
    assert_refused(body, text, says);
}

static void strange_contents_are_refused(void **state)
{
    static const char *const cases[][2] = {
        {"", "no line 'replcheck-ledger'"},
        {"rubbish\n", "no line 'replcheck-ledger'"},
        {"replcheck-ledger 2\n", "version 2"},
        {"replcheck-ledger 1\nboot", "no line 'boot'"},
        {"replcheck-ledger 1\nboot x\nwriter 1 2 3\nposition \nreceived \n", "not four numbers"},
        {"replcheck-ledger 1\nboot x\nwriter 1 2 3 0 5\nposition \nreceived \n", "not four numbers"},
        {"replcheck-ledger 1\nboot x\nwriter 1 2 3 0\nreceived \n", "no line 'position'"},
        {"replcheck-ledger 1\nboot x\nwriter 1 2 3 0\nposition 0-1\nreceived \n", "'0-1'"},
        {"replcheck-ledger 1\nboot x\nwriter 1 2 3 0\nposition 0-1-1\n", "no line 'received'"},
        {"replcheck-ledger 1\nboot x\nwriter 1 2 3 0\nposition 0-1-1\nreceived \nmore\n", "more lines"},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++)
        assert_foreign_refused(cases[i][0], cases[i][1]);
    char body[LEDGER_TEXT_MAX - 64];
    snprintf(body, sizeof body, "replcheck-ledger 1\nboot %0*d\n", GTID_TEXT_MAX, 1);
    assert_foreign_refused(body, "no line 'boot'");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(text_round_trips),
        cmocka_unit_test(the_fullest_ledger_fits),
        cmocka_unit_test(another_boot_has_no_age),
        cmocka_unit_test(damage_is_refused),
        cmocka_unit_test(a_torn_overwrite_is_refused),
        cmocka_unit_test(strange_contents_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
