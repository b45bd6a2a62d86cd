/* What a verdict advises: to each refusal, each account and each certificate what helps there. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "model/rules.h"
#include "model/verdict.h"
#include "report_fixture.h"

#define COUNT(table)      (sizeof(table) / sizeof((table)[0]))
#define TEXT(field, text) snprintf(field, sizeof(field), "%s", text)

/* A standby that no writer is beside, and whose promotion that row refuses. */
static void refuse(struct report *r, int row)
{
    report_of_standby(r);
    r->writer = REPORT_WRITER_NONE;
    r->writer_node = -1;
    r->row_id = row;
    TEXT(r->reason, "refused: the breaker");
}

/* A refused promotion is answered with what can be done about that row. */
static void remedies_of_refusals(void **state)
{
    static const struct {
        int row;
        const char *remedy;
    } rows[] = {{310, "maintenance off"}, {320, "breaker reset"}, {322, "read_only=ON"},
                {325, "event_scheduler"}, {326, "--accept-loss"}, {327, "network"},
                {328, "--accept-loss"},   {329, "--peer-is-off"}, {330, "--accept-loss"},
                {399, "explain"}};
    struct report *r = calloc(1, sizeof(*r));
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        refuse(r, rows[i].row);
        verdict_judge(r);
        assert_non_null(strstr(report_problem(r, "no-writer")->remedy, rows[i].remedy));
    }
    /* A START of one thread would discard the relay log where the other is stopped, too. */
    for (int io = IO_NO; io <= IO_YES; io++) {
        refuse(r, 334);
        r->nodes[r->self].io = (enum io_state)io;
        verdict_judge(r);
        bool starts = strstr(report_problem(r, "no-writer")->remedy, "then START SLAVE") != NULL;
        assert_int_equal(starts, io != IO_NO);
    }
    refuse(r, 399);
    TEXT(r->tie_breaker, "writer");
    r->nodes[1].reachable = TRI_NO;
    verdict_judge(r);
    assert_non_null(strstr(report_problem(r, "no-writer")->remedy, "promote --peer-is-off mx2"));
    free(r);
}

/* No row that refuses a promotion leaves it at "explain", nor at a writer of whom nothing is known. */
static void every_refusal_has_a_remedy(void **state)
{
    struct report *r = calloc(1, sizeof(*r));
    int refusals = 0;
    (void)state;
    for (size_t i = 0; i < rules_count; i++) {
        const struct rule *rule = &rules_table[i];
        if (!(rule->states & (1U << NODE_STANDBY)) || strncmp(rule->reason, "refused", 7) != 0)
            continue;
        refuse(r, rule->id);
        verdict_judge(r);
        if (strstr(report_problem(r, "no-writer")->remedy, "explain"))
            fail_msg("row %d has no remedy", rule->id);
        refusals++;
    }
    assert_true(refusals > 10);
    free(r);
}

/* A remedy is a statement that can be pasted. */
static void remedies_of_accounts(void **state)
{
    static const struct {
        const char *account, *via, *remedy;
    } lines[] = {
        {"app@%", "", "REVOKE READ_ONLY ADMIN ON *.* FROM 'app'@'%'"},
        {"odd@name@192.0.2.%", "", "FROM 'odd@name'@'192.0.2.%'"},
        {"app@%", "role admins", "REVOKE the role FROM 'app'@'%'"},
        {"old@%", "SUPER of before 10.11", "REVOKE SUPER, READ_ONLY ADMIN ON *.* FROM 'old'@'%'"},
        {"x@%", "PROXY ON root@localhost", "REVOKE PROXY"},
        {"PUBLIC@", "every account", "REVOKE READ_ONLY ADMIN ON *.* FROM PUBLIC"},
    };
    struct report *r = calloc(1, sizeof(*r));
    (void)state;
    for (size_t i = 0; i < COUNT(lines); i++) {
        report_of_writer(r);
        report_add_account(r, 0, "account", lines[i].account, lines[i].via);
        verdict_judge(r);
        if (!strstr(report_problem(r, "bypass")->remedy, lines[i].remedy))
            fail_msg("%s: %s", lines[i].account, report_problem(r, "bypass")->remedy);
    }
    report_of_writer(r);
    report_add_lock(r, "vote", "mx2");
    r->votes[1].foreign = true;
    r->votes[1].counted = false;
    r->votes[1].holder_connection = 42;
    verdict_judge(r);
    assert_non_null(strstr(report_problem(r, "foreign-lock")->remedy, "KILL 42 on mx2"));
    for (int p = 0, told = 0; p < r->problem_count; p++) {
        told += strcmp(r->problems[p].id, "foreign-lock") == 0;
        assert_true(told <= 1);
    }
    free(r);
}

/* What ends is named for what it is, and each kind is replaced in another way. */
static void certificates_have_their_remedies(void **state)
{
    static const struct {
        const char *kind, *place, *ends, *ended, *remedy;
    } rows[] = {
        {"server", "mx2", "the certificate of mx2's server ends in 3 days", "the next session to it fails",
         "FLUSH LOCAL SSL"},
        {"etcd", "witness", "the certificate of witness's server ends in 3 days",
         "the next connection to it fails", "which etcd reads by itself"},
        {"client", "quorum.witness.tls.cert",
         "this node's certificate for etcd, quorum.witness.tls.cert, ends in 3 days",
         "etcd lets this node in no more", "restart mysql-replcheckd"},
        {"ca", "peer.tls.ca", "the CA certificate of peer.tls.ca ends in 3 days",
         "the next session that it is to verify fails", "beside it in that file, which sessions read anew"},
        {"etcd-ca", "quorum.witness.tls.ca", "the CA certificate of quorum.witness.tls.ca ends in 3 days",
         "the next connection to etcd fails", "in that file and restart mysql-replcheckd"},
    };
    struct report *r = calloc(1, sizeof(*r));
    (void)state;
    for (size_t i = 0; i < COUNT(rows) * 2; i++) {
        bool ended = i % 2;
        const char *id = ended ? "certificate-ended" : "certificate-ends";
        report_of_writer(r);
        r->certificate_days = 30;
        r->certificate_count = 1;
        struct report_certificate *c = &r->certificates[0];
        *c = (struct report_certificate){.days = ended ? 0 : 3, .ended = ended};
        TEXT(c->kind, rows[i / 2].kind);
        TEXT(c->place, rows[i / 2].place);
        verdict_judge(r);
        const struct problem *p = report_problem(r, id);
        if (!p || !strstr(p->sentence, ended ? rows[i / 2].ended : rows[i / 2].ends) ||
            !strstr(p->remedy, rows[i / 2].remedy))
            fail_msg("%s: %s; %s", rows[i / 2].kind, p ? p->sentence : "nothing", p ? p->remedy : "");
        assert_int_equal(!strstr(p->remedy, "FLUSH LOCAL SSL"), strcmp(rows[i / 2].kind, "server") != 0);
    }
    free(r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(remedies_of_refusals),
        cmocka_unit_test(every_refusal_has_a_remedy),
        cmocka_unit_test(remedies_of_accounts),
        cmocka_unit_test(certificates_have_their_remedies),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
