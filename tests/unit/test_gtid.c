/* GTID algebra: named cases per question, then random sets against what must always hold. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "model/gtid.h"

/* GTID_SET_MAX entries */
#define THIRTY_TWO                                                                                           \
    "0-1-1,1-1-1,2-1-1,3-1-1,4-1-1,5-1-1,6-1-1,7-1-1,8-1-1,9-1-1,10-1-1,"                                    \
    "11-1-1,12-1-1,13-1-1,14-1-1,15-1-1,16-1-1,17-1-1,18-1-1,19-1-1,20-1-1,21-1-1,"                          \
    "22-1-1,23-1-1,24-1-1,25-1-1,26-1-1,27-1-1,28-1-1,29-1-1,30-1-1,31-1-1"

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

/* "unknown" gives an unknown set. */
static struct gtid_set set_of(const char *text)
{
    struct gtid_set set = {0};
    struct err e;
    if (strcmp(text, "unknown") != 0 && !gtid_set_parse(&set, text, &e))
        fail_msg("%s", e.text);
    return set;
}

static void assert_text(const char *name, const struct gtid_set *set, const char *want)
{
    char text[GTID_TEXT_MAX];
    if (strcmp(gtid_set_format(set, text, sizeof text), want) != 0)
        fail_msg("%s: got '%s', want '%s'", name, text, want);
}

static void parses(void **state)
{
    static const struct {
        const char *name, *text, *want;
    } cases[] = {
        {"empty is known", "", ""},
        {"one", "0-1-5", "0-1-5"},
        {"sorted by domain then server", "1-2-7,0-2-9,0-1-5", "0-1-5,0-2-9,1-2-7"},
        {"largest numbers", "4294967295-4294967295-18446744073709551615",
         "4294967295-4294967295-18446744073709551615"},
        {"sequence number 0 says nothing", "0-1-0,1-1-4", "1-1-4"},
        {"leading zeros", "00-01-005", "0-1-5"},
        {"as many as fit", THIRTY_TWO, THIRTY_TWO},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct gtid_set set = set_of(cases[i].text);
        assert_true(set.known);
        assert_text(cases[i].name, &set, cases[i].want);
    }
}

static void refuses(void **state)
{
    static const struct {
        const char *name, *text, *says;
    } cases[] = {
        {"NULL", NULL, "missing"},
        {"word", "unknown", "character 1"},
        {"two parts", "0-1", "character 3"},
        {"no number", "0--5", "character 3"},
        {"negative", "0-1--5", "character 5"},
        {"sign", "0-1-+5", "character 5"},
        {"space", "0-1-5, 1-1-5", "character 7"},
        {"comma at the end", "0-1-5,", "'0-1-5,'"},
        {"comma at the start", ",0-1-5", "character 1"},
        {"two commas", "0-1-5,,1-1-5", "character 7"},
        {"rubbish after", "0-1-5x", "character 6"},
        {"domain too large", "4294967296-1-5", "character 1"},
        {"server too large", "0-4294967296-5", "character 3"},
        {"sequence too large", "0-1-18446744073709551616", "character 5"},
        {"twice the same server", "0-1-5,1-1-5,0-1-6", "0-1-6 repeats"},
        {"one more", THIRTY_TWO ",32-1-1", "more than 32"},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct gtid_set set = set_of("7-7-7");
        struct err e = {{0}};
        if (gtid_set_parse(&set, cases[i].text, &e))
            fail_msg("%s: accepted", cases[i].name);
        if (set.known || strstr(e.text, cases[i].says) == NULL)
            fail_msg("%s: known %d, error '%s'", cases[i].name, set.known, e.text);
    }
}

static void formats_whole_gtids_only(void **state)
{
    static const struct {
        size_t size;
        const char *want;
    } cases[] = {{12, "0-1-5,0-2-7"}, {11, "0-1-5..."}, {9, "0-1-5..."}, {8, "..."}, {4, "..."}, {1, ""}};
    struct gtid_set set = set_of("0-1-5,0-2-7"), unknown = {0};
    char text[GTID_TEXT_MAX];
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++)
        assert_string_equal(gtid_set_format(&set, text, cases[i].size), cases[i].want);
    assert_string_equal(gtid_set_format(&unknown, text, sizeof text), "unknown");
}

static void advances(void **state)
{
    static const struct {
        const char *name, *pos, *by, *want;
    } cases[] = {
        {"into empty", "", "0-1-5", "0-1-5"},
        {"raises", "0-1-5", "0-1-6", "0-1-6"},
        {"never lowers", "0-1-5", "0-1-4", "0-1-5"},
        {"never lowers for another server", "0-1-5", "0-2-4", "0-1-5"},
        {"another server goes on", "0-1-5", "0-2-6", "0-2-6"},
        {"another domain", "0-1-5", "1-2-3", "0-1-5,1-2-3"},
        {"a fork keeps both", "0-1-5", "0-2-5", "0-1-5,0-2-5"},
        {"a fork ends with a higher number", "0-1-5,0-2-5", "0-1-6", "0-1-6"},
        {"unknown stays unknown", "unknown", "0-1-6", "unknown"},
        {"number 0 adds nothing", "0-1-5", "1-1-0", "0-1-5"},
        {"too many become unknown", THIRTY_TWO, "32-1-1", "unknown"},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct gtid_set pos = set_of(cases[i].pos);
        struct gtid by = {0};
        sscanf(cases[i].by, "%u-%u-%lu", &by.domain, &by.server, (unsigned long *)&by.seq);
        gtid_pos_advance(&pos, &by);
        assert_text(cases[i].name, &pos, cases[i].want);
    }
}

static void merges(void **state)
{
    static const struct {
        const char *name, *into, *from, *want;
    } cases[] = {
        {"higher wins", "0-1-5,1-2-9", "0-1-7,1-2-8", "0-1-7,1-2-9"},
        {"domains add up", "0-1-5", "1-2-8", "0-1-5,1-2-8"},
        {"unknown leaves the other", "0-1-5", "unknown", "0-1-5"},
        {"unknown takes the other", "unknown", "0-1-5", "0-1-5"},
        {"both unknown", "unknown", "unknown", "unknown"},
        {"empty is not unknown", "unknown", "", ""},
        {"a state becomes its position", "", "0-1-5,0-2-9,1-1-4", "0-2-9,1-1-4"},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct gtid_set into = set_of(cases[i].into), from = set_of(cases[i].from);
        gtid_pos_merge(&into, &from);
        assert_text(cases[i].name, &into, cases[i].want);
    }
}

static void contains_and_counts(void **state)
{
    static const struct {
        const char *name, *have, *want;
        enum tri contains;
        int64_t missing;
    } cases[] = {
        {"equal", "0-1-5", "0-1-5", TRI_YES, 0},
        {"more", "0-1-6", "0-1-5", TRI_YES, 0},
        {"less", "0-1-5", "0-1-8", TRI_NO, 3},
        {"another server went on", "0-2-6", "0-1-5", TRI_YES, 0},
        {"the same number of another server", "0-2-5", "0-1-5", TRI_NO, 1},
        {"want has both sides of a fork", "0-2-5", "0-1-5,0-2-5", TRI_NO, 1},
        {"domain absent", "0-1-5", "0-1-5,1-1-3", TRI_NO, 3},
        {"more in one, less in another", "0-1-9,1-1-1", "0-1-5,1-1-3", TRI_NO, 2},
        {"two domains add up", "0-1-4,1-1-1", "0-1-5,1-1-3", TRI_NO, 3},
        {"all contain nothing", "", "", TRI_YES, 0},
        {"nothing has", "", "0-1-5", TRI_NO, 5},
        {"a state is a history", "0-1-5,0-2-9", "0-1-8", TRI_YES, 0},
        {"have unknown", "unknown", "0-1-5", TRI_UNKNOWN, -1},
        {"want unknown", "0-1-5", "unknown", TRI_UNKNOWN, -1},
        {"unknown even of nothing", "unknown", "", TRI_UNKNOWN, -1},
        {"saturates", "", "0-1-18446744073709551615,1-1-5", TRI_NO, INT64_MAX},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct gtid_set have = set_of(cases[i].have), want = set_of(cases[i].want);
        enum tri contains = gtid_pos_contains(&have, &want);
        int64_t missing = gtid_pos_missing(&have, &want);
        if (contains != cases[i].contains || missing != cases[i].missing)
            fail_msg("%s: contains %s, missing %ld", cases[i].name, tri_name(contains), (long)missing);
    }
}

static void state_lacks(void **state)
{
    static const struct {
        const char *name, *state, *seeded, *pos;
        bool lacks;
    } cases[] = {
        {"there", "0-1-5,0-2-9", "0-2-9", "0-2-9", false},
        {"beyond", "0-1-5,0-2-9", "0-2-9", "0-2-10", true},
        {"a fork that another server's numbers hide", "0-1-12,0-2-9", "0-1-12", "0-2-10", true},
        {"the same, and nothing of that server was ever there", "0-1-12", "0-1-12", "0-2-10", true},
        {"a number that another server used", "0-1-10", "0-1-10", "0-2-10", true},
        {"of a server that the state does not know, and not reached: the positions tell", "0-1-9", "0-1-9",
         "0-2-10", false},
        {"seeded there, then written", "0-1-12", "0-2-10", "0-2-10", false},
        {"seeded before it, then written", "0-1-12", "0-2-9", "0-2-10", true},
        {"seeded there, and nothing written", "", "0-2-10", "0-2-10", false},
        {"another domain", "0-1-9,1-2-12", "0-1-9", "0-2-10", false},
        {"nothing", "0-1-12", "0-1-12", "", false},
        {"unknown state", "unknown", "0-1-12", "0-2-10", false},
        {"unknown position", "0-1-12", "0-1-12", "unknown", false},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct gtid_set have = set_of(cases[i].state), want = set_of(cases[i].pos),
                        seeded = set_of(cases[i].seeded);
        if (gtid_state_lacks(&have, &seeded, &want) != cases[i].lacks)
            fail_msg("%s: wrong", cases[i].name);
    }
}

static void equals(void **state)
{
    static const struct {
        const char *a, *b;
        enum tri want;
    } cases[] = {
        {"0-1-5", "0-1-5", TRI_YES},  {"0-1-5", "0-2-5", TRI_NO},
        {"0-1-5", "0-1-6", TRI_NO},   {"", "", TRI_YES},
        {"", "0-1-1", TRI_NO},        {"0-1-5", "1-1-5", TRI_NO},
        {"unknown", "", TRI_UNKNOWN}, {"0-1-5", "unknown", TRI_UNKNOWN},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct gtid_set a = set_of(cases[i].a), b = set_of(cases[i].b);
        assert_int_equal(gtid_pos_equal(&a, &b), cases[i].want);
    }
}

static const struct relation_case {
    const char *name, *a, *b;
    enum gtid_relation want;
    const char *first;
    enum tri disjoint;
    const char *common;
} relation_cases[] = {
    {"equal", "0-1-90,0-2-98", "0-1-90,0-2-98", GTID_REL_EQUAL, "0-0-0", TRI_NO, "0-2-98"},
    {"both empty", "", "", GTID_REL_EQUAL, "0-0-0", TRI_NO, ""},
    {"old writer had less", "0-1-98", "0-1-98,0-2-150", GTID_REL_BEHIND, "0-0-0", TRI_NO, "0-1-98"},
    {"standby lags", "0-1-100", "0-1-98", GTID_REL_AHEAD, "0-1-99", TRI_NO, "0-1-98"},
    {"old writer kept two", "0-1-100", "0-1-98,0-2-150", GTID_REL_DIVERGED, "0-1-99", TRI_NO, "0-1-98"},
    {"the same, asked from the other side", "0-1-98,0-2-150", "0-1-100", GTID_REL_DIVERGED, "0-2-99", TRI_NO,
     "0-1-98"},
    {"after several terms", "0-1-100,0-2-98", "0-1-90,0-2-150", GTID_REL_DIVERGED, "0-1-99", TRI_NO,
     "0-2-98"},
    {"a fork at one number", "0-1-99,0-2-98", "0-2-99", GTID_REL_DIVERGED, "0-1-99", TRI_NO, "0-2-98"},
    {"no shared history", "0-1-5", "0-2-5", GTID_REL_DIVERGED, "0-1-1", TRI_NO, ""},
    {"after RESET MASTER", "", "0-1-98,0-2-150", GTID_REL_BEHIND, "0-0-0", TRI_NO, ""},
    {"an errant one below a later common one", "0-1-451,0-2-460", "0-1-300,0-2-460", GTID_REL_AHEAD,
     "0-1-451", TRI_NO, "0-2-460"},
    {"domains: behind in one", "1-1-100,2-2-50", "1-1-100,2-2-60", GTID_REL_BEHIND, "0-0-0", TRI_NO,
     "1-1-100,2-2-50"},
    {"domains: each went on in its own", "1-1-100,2-2-50", "1-1-98,2-2-60", GTID_REL_DIVERGED, "1-1-99",
     TRI_YES, "1-1-98,2-2-50"},
    {"domains: forked inside one", "1-1-100,2-1-7", "1-1-98,1-2-99,2-1-7", GTID_REL_DIVERGED, "1-1-99",
     TRI_NO, "1-1-98,2-1-7"},
    {"domains: a third untouched by the other", "0-1-5,1-1-100", "0-1-5,1-1-100,2-2-1", GTID_REL_BEHIND,
     "0-0-0", TRI_NO, "0-1-5,1-1-100"},
    {"domains: the first is of the lowest", "1-1-100,2-1-9", "1-1-90,2-1-5,3-2-1", GTID_REL_DIVERGED,
     "1-1-91", TRI_YES, "1-1-90,2-1-5"},
    {"a unknown", "unknown", "0-1-5", GTID_REL_UNKNOWN, "0-0-0", TRI_UNKNOWN, "unknown"},
    {"b unknown", "0-1-5", "unknown", GTID_REL_UNKNOWN, "0-0-0", TRI_UNKNOWN, "unknown"},
    {"unknown even against nothing", "", "unknown", GTID_REL_UNKNOWN, "0-0-0", TRI_UNKNOWN, "unknown"},
};

static void relates(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(relation_cases); i++) {
        const struct relation_case *c = &relation_cases[i];
        struct gtid_set a = set_of(c->a), b = set_of(c->b);
        struct gtid first;
        char text[GTID_ONE_MAX];
        enum gtid_relation r = gtid_state_compare(&a, &b, &first);
        if (r != c->want || strcmp(gtid_format(&first, text, sizeof text), c->first) != 0)
            fail_msg("%s: %s, first %s", c->name, gtid_relation_name(r),
                     gtid_format(&first, text, sizeof text));
        enum tri disjoint = gtid_state_disjoint(&a, &b);
        if (disjoint != c->disjoint)
            fail_msg("%s: disjoint %s", c->name, tri_name(disjoint));
        struct gtid_set common = gtid_state_common(&a, &b);
        assert_text(c->name, &common, c->common);
    }
}

/* ---- what always holds ---- */

static uint32_t below(uint32_t n)
{
    return (uint32_t)random() % n;
}

static struct gtid random_gtid(void)
{
    return (struct gtid){.domain = below(3), .server = 1 + below(3), .seq = 1 + below(6)};
}

static struct gtid_set random_position(void)
{
    struct gtid_set pos = {.known = true};
    for (uint32_t n = below(5); n > 0; n--) {
        struct gtid gtid = random_gtid();
        gtid_pos_advance(&pos, &gtid);
    }
    return pos;
}

/* A state as a list, in no order, to be parsed. */
static struct gtid_set random_state(void)
{
    char text[GTID_TEXT_MAX] = "";
    for (uint32_t domain = 0; domain < 3; domain++)
        for (uint32_t server = 3; server > 0; server--)
            if (below(2))
                snprintf(text + strlen(text), sizeof text - strlen(text), "%s%u-%u-%u", *text ? "," : "",
                         2 - domain, server, 1 + below(6));
    return set_of(text);
}

static void positions_form_a_lattice(void **state)
{
    (void)state;
    srandom(1);
    for (int i = 0; i < 20000; i++) {
        struct gtid_set a = random_position(), b = random_position(), ab = a, ba = b, again;
        gtid_pos_merge(&ab, &b);
        gtid_pos_merge(&ba, &a);
        again = ab;
        gtid_pos_merge(&again, &a);
        assert_int_equal(gtid_pos_contains(&a, &a), TRI_YES);
        assert_int_equal(gtid_pos_contains(&ab, &a), TRI_YES);
        assert_int_equal(gtid_pos_contains(&ab, &b), TRI_YES);
        assert_int_equal(gtid_pos_equal(&ab, &ba), TRI_YES);
        assert_int_equal(gtid_pos_equal(&ab, &again), TRI_YES);
        bool both = gtid_pos_contains(&a, &b) == TRI_YES && gtid_pos_contains(&b, &a) == TRI_YES;
        assert_int_equal(both, gtid_pos_equal(&a, &b) == TRI_YES);
        bool least = gtid_pos_contains(&a, &b) == TRI_YES;
        assert_int_equal(least, gtid_pos_equal(&ab, &a) == TRI_YES);
        assert_int_equal(gtid_pos_missing(&a, &b) == 0, least);
    }
}

static void text_round_trips(void **state)
{
    (void)state;
    srandom(2);
    for (int i = 0; i < 20000; i++) {
        struct gtid_set set = below(2) ? random_state() : random_position();
        char text[GTID_TEXT_MAX];
        struct gtid_set again = set_of(gtid_set_format(&set, text, sizeof text));
        assert_int_equal(gtid_pos_equal(&set, &again), TRI_YES);
    }
}

static enum gtid_relation mirrored(enum gtid_relation r)
{
    return r == GTID_REL_AHEAD ? GTID_REL_BEHIND : r == GTID_REL_BEHIND ? GTID_REL_AHEAD : r;
}

static void states_compare_consistently(void **state)
{
    (void)state;
    srandom(3);
    for (int i = 0; i < 20000; i++) {
        struct gtid_set a = random_state(), b = below(4) ? random_state() : a;
        struct gtid first;
        enum gtid_relation r = gtid_state_compare(&a, &b, &first);
        struct gtid_set common = gtid_state_common(&a, &b), other = gtid_state_common(&b, &a);
        assert_int_equal(gtid_state_compare(&b, &a, NULL), mirrored(r));
        assert_int_equal(gtid_state_disjoint(&a, &b), gtid_state_disjoint(&b, &a));
        assert_int_equal(gtid_pos_equal(&common, &other), TRI_YES);
        assert_int_equal(gtid_pos_contains(&a, &common), TRI_YES);
        assert_int_equal(gtid_pos_contains(&b, &common), TRI_YES);
        assert_int_equal(first.seq != 0, r == GTID_REL_AHEAD || r == GTID_REL_DIVERGED);
        assert_int_equal(gtid_pos_equal(&a, &b) == TRI_YES, r == GTID_REL_EQUAL);
    }
}

static void names_and_counts_what_is_extra(void **state)
{
    static const struct {
        const char *a, *b;
        int64_t count;
        const char *name, *after;
    } cases[] = {
        {"0-1-90,0-2-98", "0-1-90,0-2-98", 0, "", "0-2-98"},
        {"0-1-98", "0-1-98,0-2-150", 0, "", "0-1-98"},
        {"0-1-100", "0-1-98,0-2-150", 2, "0-1-99_0-1-100", "0-1-98"},
        {"0-1-100,0-2-98", "0-1-90,0-2-150", 2, "0-1-99_0-1-100", "0-2-98"},
        {"0-1-5", "0-2-5", 5, "0-1-1_0-1-5", ""},
        {"0-1-451,0-2-460", "0-1-300,0-2-460", 1, "0-1-451_0-1-451", ""},
        {"0-1-451,0-2-460,1-1-5", "0-1-300,0-2-460,1-1-5", 1, "0-1-451_0-1-451", "1-1-5"},
        {"1-1-100,2-1-9", "1-1-90,2-1-5,3-2-1", 14, "1-1-91_1-1-100", "1-1-90,2-1-5"},
        {"0-1-9223372036854775808,1-1-9223372036854775808", "2-1-1", INT64_MAX,
         "0-1-1_0-1-9223372036854775808", ""},
        {"0-1-18446744073709551615", "0-1-1", INT64_MAX, "0-1-2_0-1-18446744073709551615", "0-1-1"},
        {"unknown", "0-1-5", -1, "", "unknown"},
        {"0-1-5", "unknown", -1, "", "unknown"},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct gtid_set a = set_of(cases[i].a), b = set_of(cases[i].b);
        struct gtid_set after = gtid_state_extra_after(&a, &b);
        char name[GTID_EXTRA_NAME_MAX], text[GTID_TEXT_MAX];
        assert_int_equal(gtid_state_extra(&a, &b), cases[i].count);
        assert_int_equal(gtid_state_extra_name(&a, &b, name, sizeof name), cases[i].name[0] != '\0');
        assert_string_equal(name, cases[i].name);
        assert_string_equal(gtid_set_format(&after, text, sizeof text), cases[i].after);
    }
    struct gtid_set have = set_of("0-1-5,0-2-9");
    assert_true(gtid_state_has(&have, &(struct gtid){0, 1, 5}));
    assert_false(gtid_state_has(&have, &(struct gtid){0, 1, 6}));
    assert_false(gtid_state_has(&have, &(struct gtid){0, 3, 1}));
    assert_false(gtid_state_has(&have, &(struct gtid){1, 1, 1}));
}

static void counts_what_only_a_standby_has(void **state)
{
    static const struct {
        const char *name, *standby, *writer, *applied;
        int64_t count;
    } cases[] = {
        {"in step", "0-1-9,0-2-7", "0-1-9,0-2-7", "0-2-7", 0},
        {"behind", "0-1-5", "0-1-9", "", 0},
        {"written by the standby itself", "0-1-9,0-2-11", "0-1-9", "0-2-7", 2},
        {"the same, where it had written before", "0-1-9,0-2-11", "0-1-9,0-2-7", "0-2-7", 2},
        {"the writer has gone on", "0-1-9,0-2-10", "0-1-12", "", 1},
        {"in a domain of its own", "0-1-9,5-2-3", "0-1-9", "", 3},
        {"from before the writer was seeded", "0-7-4,0-1-9,0-2-20", "0-2-20", "0-2-18", 0},
        {"from then, in a domain that has ended", "5-7-4,0-2-20", "0-2-20", "0-1-9,5-7-4", 0},
        {"seeded, and one of its own since", "0-7-4,0-1-21,0-2-20", "0-2-20", "0-2-18", 1},
        {"nothing is known of the writer", "0-1-9", NULL, "", -1},
        {"nothing of what it applied", "0-1-9", "0-1-9", NULL, -1},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct gtid_set standby = set_of(cases[i].standby), unknown = {.known = false};
        struct gtid_set writer = cases[i].writer ? set_of(cases[i].writer) : unknown;
        struct gtid_set applied = cases[i].applied ? set_of(cases[i].applied) : unknown;
        if (gtid_state_errant(&standby, &writer, &applied) != cases[i].count)
            fail_msg("%s: %lld", cases[i].name, (long long)gtid_state_errant(&standby, &writer, &applied));
    }
}

/* A known history is cut at random into what two servers have; the fork is found where it was made. */
static void a_made_fork_is_found(void **state)
{
    (void)state;
    srandom(4);
    for (int i = 0; i < 5000; i++) {
        struct gtid_set a = {.known = true}, b;
        uint64_t upto = 1 + below(20), tail_a = below(4), tail_b = below(4);
        uint64_t by[3] = {0};
        char text[GTID_TEXT_MAX];
        for (uint64_t seq = 1; seq <= upto; seq++)
            by[1 + below(2)] = seq;
        snprintf(text, sizeof text, "0-1-%lu,0-2-%lu", (unsigned long)(tail_a ? upto + tail_a : by[1]),
                 (unsigned long)by[2]);
        a = set_of(text);
        snprintf(text, sizeof text, "0-1-%lu,0-2-%lu", (unsigned long)by[1],
                 (unsigned long)(tail_b ? upto + tail_b : by[2]));
        b = set_of(text);
        struct gtid first;
        enum gtid_relation want = tail_a && tail_b ? GTID_REL_DIVERGED
                                  : tail_a         ? GTID_REL_AHEAD
                                  : tail_b         ? GTID_REL_BEHIND
                                                   : GTID_REL_EQUAL;
        assert_int_equal(gtid_state_compare(&a, &b, &first), want);
        if (tail_a) {
            assert_int_equal(first.server, 1);
            assert_int_equal(first.seq, upto + 1);
            assert_int_equal(gtid_state_extra(&a, &b), tail_a);
        }
    }
}

/* ---- what recovery took back ---- */

static const struct {
    const char *name, *slave_pos, *binlog_pos, *state;
    bool corrected;
    const char *right;
} taken_back[] = {
    {"a writer that crashed while a commit of its own had returned", "0-2-105", "0-2-103", "0-1-50,0-2-103",
     true, "0-2-103"},
    {"all of its own since the other's last", "0-2-105", "0-1-50", "0-1-50", true, "0-1-50"},
    {"in one domain of two", "0-2-105,7-1-9", "0-2-103,7-1-9", "0-2-103,7-1-9", true, "0-2-103,7-1-9"},
    {"all is in the log", "0-2-105", "0-2-105", "0-1-50,0-2-105", false, "0-2-105"},
    {"the log has more of others", "0-2-105", "0-1-106", "0-2-105,0-1-106", false, "0-2-105"},
    {"what the other wrote", "0-1-105", "0-1-103", "0-1-103,0-2-90", false, "0-1-105"},
    {"seeded, with nothing in the log", "0-2-105", "", "", false, "0-2-105"},
    {"seeded, with nothing of the domain", "0-2-105", "7-2-3", "7-2-3", false, "0-2-105"},
    {"further behind than commits wait", "0-2-2000000", "0-2-3", "0-2-3", false, "0-2-2000000"},
    {"nothing received", "", "0-2-105", "0-2-105", false, ""},
};

static void finds_what_recovery_took_back(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(taken_back); i++) {
        struct gtid_set have = set_of(taken_back[i].slave_pos), log = set_of(taken_back[i].binlog_pos),
                        all = set_of(taken_back[i].state);
        if (gtid_slave_pos_correct(&have, &log, &all, 2) != taken_back[i].corrected)
            fail_msg("%s: corrected: %d", taken_back[i].name, !taken_back[i].corrected);
        assert_text(taken_back[i].name, &have, taken_back[i].right);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(parses),
        cmocka_unit_test(refuses),
        cmocka_unit_test(formats_whole_gtids_only),
        cmocka_unit_test(advances),
        cmocka_unit_test(merges),
        cmocka_unit_test(contains_and_counts),
        cmocka_unit_test(state_lacks),
        cmocka_unit_test(equals),
        cmocka_unit_test(relates),
        cmocka_unit_test(positions_form_a_lattice),
        cmocka_unit_test(text_round_trips),
        cmocka_unit_test(states_compare_consistently),
        cmocka_unit_test(names_and_counts_what_is_extra),
        cmocka_unit_test(counts_what_only_a_standby_has),
        cmocka_unit_test(a_made_fork_is_found),
        cmocka_unit_test(finds_what_recovery_took_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
