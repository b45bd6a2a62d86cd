/* Two ways of showing journal events: a table for people, JSON for programs. Events are added one by one
 * (nothing is written meanwhile: the journal is locked) and printed to stdout at the end. */
#ifndef REPLCHECK_CLI_HISTORY_PRINT_H
#define REPLCHECK_CLI_HISTORY_PRINT_H

#include "cli/terminal.h"
#include "io/journal.h"

#define HISTORY_JSON_VERSION 1

struct history_table;

/* The terminal is copied. On one, or where a width is given, what and why are wrapped between words. */
struct history_table *history_table_new(const struct terminal *terminal);
void history_table_add(const struct journal_event *event, void *table);
void history_table_print(struct history_table **table);

struct json_t;

struct json_t *history_json_new(void);
void history_json_add(const struct journal_event *event, void *root);
void history_json_print(struct json_t **root);

#endif
