/* Why the node does what it does: the facts of the last tick, every row that was tried and why it did not
 * match, and the row that did. Filled purely from the
 * decision's outcome; crosses the control socket as JSON. */
#ifndef REPLCHECK_MODEL_EXPLAIN_H
#define REPLCHECK_MODEL_EXPLAIN_H

#include "model/decide.h"
#include "model/facts.h"
#include "model/report.h"
#include "model/rules.h"

#define EXPLAIN_ROWS_MAX 64
#define EXPLAIN_WORD_MAX 64

struct explain_fact {
    char name[EXPLAIN_WORD_MAX];
    char value[EXPLAIN_WORD_MAX];
};

/* A row of the present state that did not match. */
struct explain_row {
    int id;
    char reason[REPORT_SENTENCE_MAX]; /* what it would have been */
    char fact[EXPLAIN_WORD_MAX];      /* its first condition that does not hold */
    char value[EXPLAIN_WORD_MAX];     /* what the fact is */
    char wanted[REPORT_SENTENCE_MAX]; /* what it would have to be: "yes", "held or counted" */
};

struct explanation {
    char node[REPORT_NAME_MAX];
    char state[REPORT_WORD_MAX];
    int64_t since_ms;
    int row_id;
    char reason[REPORT_SENTENCE_MAX];
    char last_failure[REPORT_SENTENCE_MAX]; /* of the last attempt to become the writer; "" = none */
    char actions[REPORT_SENTENCE_MAX];      /* "take-votes, arm"; "" = none */
    int condition_count;
    struct explain_fact conditions[RULE_CONDITIONS_MAX]; /* that the matching row asked for, and found */
    int tried_count;
    struct explain_row tried[EXPLAIN_ROWS_MAX];
    int fact_count;
    struct explain_fact facts[FACTS];
};

/* `m` and `last` as the last tick left them; `since_ms` is how long the node has been in its state, `refusal`
 * what a server said to the last attempt to become the writer ("" or NULL). */
void explain_fill(struct explanation *out, const char *node, const struct mind *m, int64_t since_ms,
                  const struct outcome *last, const char *refusal);

/* A row's condition as words: "yes", "no or unknown", "anything but none". */
const char *explain_wanted(const struct rule_condition *c, char *out, size_t size);

/* How many values a fact has: all below are named. */
int explain_values(enum fact f);

/* The actions of a mask: "take-votes, arm". */
const char *explain_actions(uint64_t actions, char *out, size_t size);

#endif
