/* The table of the decision: its text against tests/unit/rules.expected, and what must hold for every row.
 *
 * After a change of the table: `tests/unit/test_rules --print >tests/unit/rules.expected`, and review it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "model/explain.h"
#include "model/rules.h"

#define STATE_BIT(s) (UINT32_C(1) << (s))
#define ENDS(r)      (!(r)->stay)

/* ---- the text ---- */

static void print_states(FILE *out, uint32_t states)
{
    const char *comma = "";
    for (int s = 0; s < NODE_STATES; s++) {
        if (!(states & STATE_BIT(s)))
            continue;
        fprintf(out, "%s%s", comma, node_state_name(s));
        comma = ", ";
    }
    fprintf(out, "\n");
}

static void print_condition(FILE *out, const struct rule_condition *c)
{
    const char * or = "";
    fprintf(out, "    if %s: ", fact_name(c->fact));
    for (int v = 0; v < explain_values(c->fact); v++) {
        if (!(c->any_of & (UINT32_C(1) << v)))
            continue;
        fprintf(out, "%s%s", or, fact_value_name(c->fact, (unsigned)v));
        or = " | ";
    }
    fprintf(out, "\n");
}

static void print_row(FILE *out, const struct rule *r)
{
    const char *comma = "";
    fprintf(out, "%d ", r->id);
    print_states(out, r->states);
    for (int c = 0; c < RULE_CONDITIONS_MAX && r->when[c].fact; c++)
        print_condition(out, &r->when[c]);
    fprintf(out, "    %s%s: ", ENDS(r) ? "-> " : "stay", ENDS(r) ? node_state_name(r->next) : "");
    for (int a = 0; a < ACTIONS; a++) {
        if (!(r->actions & ACTION_BIT(a)))
            continue;
        fprintf(out, "%s%s", comma, action_name(a));
        comma = ", ";
    }
    fprintf(out, "%s\n    \"%s\"\n", r->actions ? "" : "nothing", r->reason);
}

static void print_table(FILE *out)
{
    for (size_t i = 0; i < rules_count; i++)
        print_row(out, &rules_table[i]);
}

static FILE *open_expected(void)
{
    char path[4096];
    const char *dir = getenv("srcdir");
    FILE *f;
    snprintf(path, sizeof(path), "%s/tests/unit/rules.expected", dir ? dir : ".");
    f = fopen(path, "r");
    if (!f)
        fail_msg("%s cannot be read", path);
    return f;
}

static void test_text(void **state)
{
    char want[512], got[512];
    FILE *expected = open_expected(), *table = tmpfile();
    int line = 0;
    (void)state;
    assert_non_null(table);
    print_table(table);
    rewind(table);
    for (;;) {
        char *w = fgets(want, sizeof(want), expected), *g = fgets(got, sizeof(got), table);
        line++;
        if (!w && !g)
            break;
        if (!w || !g || strcmp(want, got) != 0)
            fail_msg("rules.expected:%d: expected '%s', the table says '%s'", line, w ? want : "the end",
                     g ? got : "the end");
    }
    fclose(expected);
    fclose(table);
}

/* ---- well-formed ---- */

static void test_self_check(void **state)
{
    (void)state;
    const char *broken = rules_self_check();
    if (broken)
        fail_msg("%s", broken);
}

static uint32_t all_values(enum fact f)
{
    return (UINT32_C(1) << explain_values(f)) - 1;
}

static void test_conditions_can_hold_and_fail(void **state)
{
    (void)state;
    for (size_t i = 0; i < rules_count; i++) {
        for (int c = 0; c < RULE_CONDITIONS_MAX && rules_table[i].when[c].fact; c++) {
            const struct rule_condition *w = &rules_table[i].when[c];
            uint32_t accepted = w->any_of & all_values(w->fact);
            if (!accepted || accepted == all_values(w->fact))
                fail_msg("row %d: '%s' always has the same answer", rules_table[i].id, fact_name(w->fact));
            for (int d = c + 1; d < RULE_CONDITIONS_MAX; d++)
                if (rules_table[i].when[d].fact == w->fact && !(rules_table[i].when[d].any_of & accepted))
                    fail_msg("row %d contradicts itself about '%s'", rules_table[i].id, fact_name(w->fact));
        }
        if (ENDS(&rules_table[i]) && rules_table[i].states == STATE_BIT(rules_table[i].next))
            fail_msg("row %d leads to its own state", rules_table[i].id);
    }
}

static void test_conditions_have_no_gap(void **state)
{
    (void)state;
    for (size_t i = 0; i < rules_count; i++)
        for (int c = 1; c < RULE_CONDITIONS_MAX; c++)
            if (rules_table[i].when[c].fact && !rules_table[i].when[c - 1].fact)
                fail_msg("row %d: a condition behind a gap is never asked", rules_table[i].id);
}

static void test_last_row_has_no_condition(void **state)
{
    (void)state;
    for (int s = 0; s < NODE_STATES; s++) {
        const struct rule *last = NULL;
        for (size_t i = 0; i < rules_count; i++)
            if (rules_table[i].states & STATE_BIT(s))
                last = &rules_table[i];
        if (!last || last->when[0].fact)
            fail_msg("%s: the last row has a condition", node_state_name(s));
    }
}

/* ---- every row can be the one ---- */

/* Values that each fact may still have. */
struct domains {
    uint32_t of[FACTS];
};

static bool can_hold(const struct domains *d, const struct rule *r)
{
    for (int c = 0; c < RULE_CONDITIONS_MAX && r->when[c].fact; c++)
        if (!(d->of[r->when[c].fact] & r->when[c].any_of))
            return false;
    return true;
}

/* Is there a choice from the domains for which none of the state's rows before `end` matches? */
static bool escapes(struct domains d, int state, size_t i, size_t end)
{
    for (; i < end; i++) {
        const struct rule *r = &rules_table[i];
        if (!(r->states & STATE_BIT(state)) || !can_hold(&d, r))
            continue;
        for (int c = 0; c < RULE_CONDITIONS_MAX && r->when[c].fact; c++) {
            struct domains next = d;
            next.of[r->when[c].fact] &= ~r->when[c].any_of;
            if (next.of[r->when[c].fact] && escapes(next, state, i + 1, end))
                return true;
        }
        return false;
    }
    return true;
}

static bool is_reachable(size_t row, int state)
{
    const struct rule *r = &rules_table[row];
    struct domains d;
    for (int f = 0; f < FACTS; f++)
        d.of[f] = f == FACT_NONE ? 1 : all_values(f);
    for (int c = 0; c < RULE_CONDITIONS_MAX && r->when[c].fact; c++)
        d.of[r->when[c].fact] &= r->when[c].any_of;
    return escapes(d, state, 0, row);
}

static void test_every_row_can_match(void **state)
{
    (void)state;
    for (size_t i = 0; i < rules_count; i++)
        for (int s = 0; s < NODE_STATES; s++)
            if ((rules_table[i].states & STATE_BIT(s)) && !is_reachable(i, s))
                fail_msg("row %d never matches in '%s': earlier rows take all its cases", rules_table[i].id,
                         node_state_name(s));
}

/* ---- the graph ---- */

static uint32_t reached_from(int from)
{
    uint32_t reached = STATE_BIT(from), before;
    do {
        before = reached;
        for (size_t i = 0; i < rules_count; i++)
            if (ENDS(&rules_table[i]) && (rules_table[i].states & reached))
                reached |= STATE_BIT(rules_table[i].next);
    } while (reached != before);
    return reached;
}

static void test_graph(void **state)
{
    (void)state;
    if (reached_from(NODE_UNKNOWN) != STATE_BIT(NODE_STATES) - 1)
        fail_msg("some state is never entered");
    for (int s = 0; s < NODE_STATES; s++) {
        bool entered = false;
        for (size_t i = 0; i < rules_count; i++)
            entered = entered || (ENDS(&rules_table[i]) && rules_table[i].next == (enum node_state)s &&
                                  rules_table[i].states != STATE_BIT(s));
        if (!entered)
            fail_msg("no row enters '%s'", node_state_name(s));
        if (!(reached_from(s) & STATE_BIT(NODE_WRITER)) || !(reached_from(s) & STATE_BIT(NODE_STANDBY)))
            fail_msg("'%s' is a dead end", node_state_name(s));
    }
}

/* ---- what rows must ask for ---- */

/* Does the row match only if the fact has this value? */
static bool asks(const struct rule *r, enum fact f, unsigned value)
{
    for (int c = 0; c < RULE_CONDITIONS_MAX && r->when[c].fact; c++)
        if (r->when[c].fact == f && (r->when[c].any_of & all_values(f)) == UINT32_C(1) << value)
            return true;
    return false;
}

static bool does(const struct rule *r, enum action a)
{
    return r->actions & ACTION_BIT(a);
}

static void must(const struct rule *r, bool holds, const char *what)
{
    if (!holds)
        fail_msg("row %d must %s", r->id, what);
}

static void check_writer(const struct rule *r)
{
    const uint32_t enabled = STATE_BIT(NODE_PROMOTE_ENABLE), unknown = STATE_BIT(NODE_UNKNOWN);
    if (ENDS(r) && r->next == NODE_WRITER) {
        must(r, asks(r, FACT_AUTHORITY, TRI_YES), "ask for authority");
        must(r, asks(r, FACT_OWN_READ_ONLY, TRI_NO), "ask for writes that were read back");
        must(r, r->states == enabled || (r->states == unknown && asks(r, FACT_INHERITED, TRI_YES)),
             "come from an enabling or an inheritance");
    }
    if (r->states & STATE_BIT(NODE_WRITER) && !ENDS(r))
        must(r, does(r, ACTION_TAKE_VOTES) && does(r, ACTION_ARM), "keep the writer's authority");
    if (r->states & STATE_BIT(NODE_WRITER) && ENDS(r) && r->next == NODE_FENCED)
        must(r, does(r, ACTION_FENCE) || does(r, ACTION_CLOSE_OWN) || asks(r, FACT_OWN_DEAD, TRI_YES),
             "fence the writer it stops");
}

static void check_actions(const struct rule *r)
{
    const uint32_t never_enabled = STATE_BIT(NODE_PROMOTE_PROMISE), closed = STATE_BIT(NODE_DEMOTE_HANDOVER);
    if (does(r, ACTION_ENABLE)) {
        must(r, r->states == STATE_BIT(NODE_PROMOTE_ENABLE), "enable only in the state for it");
        must(r, asks(r, FACT_AUTHORITY, TRI_YES) && asks(r, FACT_ARMED, TRI_YES),
             "ask for authority and the fencer's deadline");
    }
    if (does(r, ACTION_RELEASE))
        must(r,
             (asks(r, FACT_OWN_READ_ONLY, TRI_YES) && asks(r, FACT_UNANSWERED, TRI_NO)) ||
                 r->states == never_enabled || r->states == closed,
             "release only what is closed, with no enabling unanswered");
    if (does(r, ACTION_CERTIFY))
        must(r, asks(r, FACT_OWN_DEAD, TRI_YES) && asks(r, FACT_CERTIFIABLE, TRI_YES),
             "certify only a proven death");
    if (does(r, ACTION_FENCE))
        must(r, ENDS(r) ? r->next == NODE_FENCED : r->states == STATE_BIT(NODE_FENCED),
             "fence into 'fenced'");
    if (does(r, ACTION_PROMISE))
        must(r, does(r, ACTION_ARM), "keep authority while it promises");
    if (does(r, ACTION_DROP_VOTES))
        must(r, !does(r, ACTION_TAKE_VOTES) && !does(r, ACTION_RELEASE),
             "not drop what it takes or releases");
    if (does(r, ACTION_START_RECEIVER) || does(r, ACTION_START_THREADS))
        must(r, !does(r, ACTION_STOP_RECEIVER), "not start what it stops");
}

static void check_promotion(const struct rule *r)
{
    if (ENDS(r) && r->next == NODE_PROMOTE_VOTES)
        must(r, r->states == STATE_BIT(NODE_STANDBY), "begin a promotion as a standby");
    if (ENDS(r) && r->next == NODE_PROMOTE_RECEIVE)
        must(r, asks(r, FACT_VOTES, VOTES_COUNTED) && asks(r, FACT_EPOCH, TRI_YES),
             "ask for a counted majority and an epoch");
    if (ENDS(r) && r->next == NODE_PROMOTE_PROMISE)
        must(r, asks(r, FACT_DRAINED, TRI_YES) && asks(r, FACT_LOSS, LOSS_OK),
             "ask for the drain and the loss gate");
    if (ENDS(r) && r->next == NODE_PROMOTE_ENABLE && r->states != STATE_BIT(NODE_WRITER))
        must(r, asks(r, FACT_PROMISED, TRI_YES), "ask for the promise");
    if (ENDS(r) && r->next == NODE_DEMOTE_HANDOVER)
        must(r,
             asks(r, FACT_OWN_READ_ONLY, TRI_YES) && asks(r, FACT_FINAL, TRI_YES) &&
                 asks(r, FACT_UNANSWERED, TRI_NO),
             "hand over only what is closed and read");
    if (ENDS(r) && r->next == NODE_STANDBY &&
        (r->states & (STATE_BIT(NODE_FENCED) | STATE_BIT(NODE_UNKNOWN))))
        must(r, asks(r, FACT_OWN_READ_ONLY, TRI_YES), "be read-only to be standby");
}

static void test_what_rows_ask_for(void **state)
{
    (void)state;
    for (size_t i = 0; i < rules_count; i++) {
        check_writer(&rules_table[i]);
        check_actions(&rules_table[i]);
        check_promotion(&rules_table[i]);
    }
}

/* ---- rules_mismatch ---- */

static void test_mismatch(void **state)
{
    static const struct rule row = {1,
                                    STATE_BIT(NODE_WRITER),
                                    {{FACT_FENCER, 1 << TRI_YES}, {FACT_VOTES, 1 << VOTES_HELD}},
                                    .stay = true,
                                    .reason = "a row"};
    struct facts f = {0};
    (void)state;
    f.value[FACT_FENCER] = TRI_YES;
    f.value[FACT_VOTES] = VOTES_HELD;
    assert_int_equal(rules_mismatch(&row, NODE_WRITER, &f), -1);
    assert_int_equal(rules_mismatch(&row, NODE_STANDBY, &f), -2);
    f.value[FACT_VOTES] = VOTES_NONE;
    assert_int_equal(rules_mismatch(&row, NODE_WRITER, &f), 1);
    f.value[FACT_FENCER] = TRI_UNKNOWN;
    assert_int_equal(rules_mismatch(&row, NODE_WRITER, &f), 0);
}

/* ---- names ---- */

static void test_names(void **state)
{
    (void)state;
    for (int s = 0; s < NODE_STATES; s++)
        assert_int_equal(node_state_parse(node_state_name(s)), s);
    assert_int_equal(node_state_parse("no such state"), -1);
    for (int r = 0; r < REASONS; r++)
        assert_non_null(promote_reason_name(r));
    for (int a = 0; a < ACTIONS; a++)
        assert_non_null(action_name(a));
    for (int f = FACT_NONE + 1; f < FACTS; f++) {
        assert_non_null(fact_name(f));
        for (int v = 0; v < explain_values(f); v++)
            assert_string_not_equal(fact_value_name(f, (unsigned)v), "invalid");
    }
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_self_check),
        cmocka_unit_test(test_conditions_can_hold_and_fail),
        cmocka_unit_test(test_conditions_have_no_gap),
        cmocka_unit_test(test_last_row_has_no_condition),
        cmocka_unit_test(test_every_row_can_match),
        cmocka_unit_test(test_graph),
        cmocka_unit_test(test_what_rows_ask_for),
        cmocka_unit_test(test_mismatch),
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_text),
    };
    if (argc > 1 && strcmp(argv[1], "--print") == 0) {
        print_table(stdout);
        return 0;
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
