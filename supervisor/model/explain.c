#include "model/explain.h"

#include <stdio.h>
#include <string.h>

#include "model/report_text.h"

int explain_values(enum fact f)
{
    const char *first = fact_value_name(f, 0);
    int n = 1;
    while (n < 32 && strcmp(fact_value_name(f, (unsigned)n), "invalid") != 0 &&
           strcmp(fact_value_name(f, (unsigned)n), first) != 0)
        n++;
    return n;
}

const char *explain_wanted(const struct rule_condition *c, char *out, size_t size)
{
    int values = explain_values(c->fact), accepted = 0, refused = -1;
    out[0] = '\0';
    for (int v = 0; v < values; v++) {
        if (c->any_of & (UINT32_C(1) << v))
            accepted++;
        else
            refused = v;
    }
    if (values > 3 && accepted == values - 1) {
        snprintf(out, size, "anything but %s", fact_value_name(c->fact, (unsigned)refused));
        return out;
    }
    for (int v = 0; v < values; v++)
        if (c->any_of & (UINT32_C(1) << v))
            report_text_add(out, size, "%s%s", out[0] ? " or " : "", fact_value_name(c->fact, (unsigned)v));
    return out;
}

const char *explain_actions(uint64_t actions, char *out, size_t size)
{
    out[0] = '\0';
    for (int a = 0; a < ACTIONS; a++)
        if (actions & ACTION_BIT(a))
            report_text_add(out, size, "%s%s", out[0] ? ", " : "", action_name((enum action)a));
    return out;
}

static void fill_fact(struct explain_fact *out, enum fact f, const struct facts *facts)
{
    snprintf(out->name, sizeof(out->name), "%s", fact_name(f));
    snprintf(out->value, sizeof(out->value), "%s", fact_value_name(f, facts->value[f]));
}

static void fill_tried(struct explanation *out, const struct rule *r, int condition,
                       const struct facts *facts)
{
    const struct rule_condition *c = &r->when[condition];
    if (out->tried_count >= EXPLAIN_ROWS_MAX)
        return;
    struct explain_row *row = &out->tried[out->tried_count++];
    row->id = r->id;
    snprintf(row->reason, sizeof(row->reason), "%s", r->reason);
    snprintf(row->fact, sizeof(row->fact), "%s", fact_name(c->fact));
    snprintf(row->value, sizeof(row->value), "%s", fact_value_name(c->fact, facts->value[c->fact]));
    explain_wanted(c, row->wanted, sizeof(row->wanted));
}

void explain_fill(struct explanation *out, const char *node, const struct mind *m, int64_t since_ms,
                  const struct outcome *last, const char *refusal)
{
    const struct facts *facts = &last->facts;
    const struct rule *row = last->row;
    memset(out, 0, sizeof(*out));
    snprintf(out->node, sizeof(out->node), "%s", node);
    snprintf(out->state, sizeof(out->state), "%s", node_state_name(m->state));
    report_text_reason(row, m, refusal, out->reason, sizeof(out->reason));
    report_text_failure(m, refusal, out->last_failure, sizeof(out->last_failure));
    out->since_ms = since_ms;
    out->row_id = row->id;
    explain_actions(last->actions, out->actions, sizeof(out->actions));
    for (size_t i = 0; i < rules_count && &rules_table[i] != row; i++) {
        int condition = rules_mismatch(&rules_table[i], m->state, facts);
        if (condition >= 0)
            fill_tried(out, &rules_table[i], condition, facts);
    }
    for (int i = 0; i < RULE_CONDITIONS_MAX && row->when[i].fact; i++)
        fill_fact(&out->conditions[out->condition_count++], row->when[i].fact, facts);
    for (int f = FACT_NONE + 1; f < FACTS; f++)
        fill_fact(&out->facts[out->fact_count++], (enum fact)f, facts);
}
