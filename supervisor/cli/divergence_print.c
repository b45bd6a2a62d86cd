#include "cli/divergence.h"

#include <string.h>

#include "wire/binlog_text.h"

static const char *text_of(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));
    return text ? text : "";
}

static long long number_of(const json_t *object, const char *key)
{
    return (long long)json_integer_value(json_object_get(object, key));
}

static const char *plural(long long n)
{
    return n == 1 ? "" : "s";
}

/* "2 inserted, 1 deleted" */
static void print_kinds(const json_t *table)
{
    static const char *const kinds[] = {"inserted", "updated", "deleted"};
    const char *separator = "";
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        long long n = number_of(table, kinds[i]);
        if (n)
            printf("%s%lld %s", separator, n, kinds[i]);
        separator = n ? ", " : separator;
    }
}

static void print_tables(const json_t *tables)
{
    size_t i;
    json_t *table;
    json_array_foreach(tables, i, table)
    {
        printf("      %s: ", text_of(table, "table"));
        print_kinds(table);
        putchar('\n');
    }
}

static void print_statement(const json_t *transaction, const struct terminal *t)
{
    long long more = number_of(transaction, "statements") - 1;
    if (!text_of(transaction, "statement")[0])
        return;
    fputs("      ", stdout);
    terminal_wrap(t, stdout, 6, 8, text_of(transaction, "statement"));
    if (more > 0)
        printf("      and %lld more statement%s\n", more, plural(more));
}

static void print_values(const json_t *transaction, const struct terminal *t)
{
    const json_t *values = json_object_get(transaction, "values");
    long long more = number_of(transaction, "rows") - (long long)json_array_size(values);
    size_t i;
    json_t *row;
    json_array_foreach(values, i, row)
    {
        fputs("        ", stdout);
        terminal_wrap(t, stdout, 8, 10, json_string_value(row));
    }
    if (more > 0)
        printf("        and %lld more row%s\n", more, plural(more));
}

static void print_transaction(const json_t *transaction, bool values, const struct terminal *t)
{
    printf("  %s%s%s  %s\n", terminal_begin(t, PAINT_STRONG), text_of(transaction, "gtid"), terminal_end(t),
           text_of(transaction, "time"));
    print_statement(transaction, t);
    print_tables(json_object_get(transaction, "tables"));
    if (values)
        print_values(transaction, t);
}

static void print_list(const json_t *root, bool values, const struct terminal *t)
{
    const json_t *left_out = json_object_get(root, "left_out");
    long long more = number_of(left_out, "transactions");
    size_t i;
    json_t *transaction;
    putchar('\n');
    json_array_foreach(json_object_get(root, "list"), i, transaction)
        print_transaction(transaction, values, t);
    if (more)
        printf("  and %lld more transaction%s with %lld rows; --limit 0 lists all\n", more, plural(more),
               number_of(left_out, "rows"));
}

static void print_end(const json_t *root, const struct terminal *t)
{
    const json_t *kept = json_object_get(root, "kept");
    char text[2 * BINLOG_STATEMENT_MAX + 400];
    if (json_array_size(json_object_get(root, "tables"))) {
        puts("\nBy table");
        print_tables(json_object_get(root, "tables"));
    }
    if (text_of(root, "gone")[0]) {
        snprintf(text, sizeof(text), "Not listed: %s.", text_of(root, "gone"));
        fputs(terminal_begin(t, PAINT_BAD), stdout);
        terminal_wrap(t, stdout, 0, 0, text);
        fputs(terminal_end(t), stdout);
    }
    if (!json_is_object(kept))
        return;
    bool whole = strcmp(text_of(kept, "events"), "whole") == 0;
    printf("\nKept in %s at %s%s%s\n", text_of(kept, "path"), text_of(root, "at"),
           whole ? "" : "; its events: ", whole ? "" : text_of(kept, "events"));
}

void divergence_print(json_t *root, bool values, const struct terminal *t)
{
    long long transactions = number_of(root, "transactions"), rows = number_of(root, "rows");
    const char *after = text_of(root, "after");
    char text[GTID_TEXT_MAX + 200];
    if (!transactions && !text_of(root, "gone")[0]) {
        printf("%s has no transaction that %s lacks.\n", text_of(root, "node"), text_of(root, "other"));
        return;
    }
    snprintf(text, sizeof(text), "%s has %lld transaction%s with %lld row%s that %s lacks%s%s.",
             text_of(root, "node"), transactions, plural(transactions), rows, plural(rows),
             text_of(root, "other"), after[0] ? ", after " : "", after);
    terminal_wrap(t, stdout, 0, 0, text);
    print_list(root, values, t);
    print_end(root, t);
}
