#include "cli/schema_script.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

static const char separator[] = "\n--;\n"; /* its first newline ends the statement */

static const struct {
    const char *name;
    size_t offset;
} placeholders[] = {
    {"VERSION", offsetof(struct schema_values, version)},
    {"CLUSTER", offsetof(struct schema_values, cluster)},
    {"NODE", offsetof(struct schema_values, node)},
    {"USER", offsetof(struct schema_values, user)},
    {"PEER_USER", offsetof(struct schema_values, peer_user)},
    {"WITNESS_USER", offsetof(struct schema_values, witness_user)},
    {"FENCE_USER", offsetof(struct schema_values, fence_user)},
    {"NODE1_ADDRESS", offsetof(struct schema_values, node1_address)},
    {"NODE2_ADDRESS", offsetof(struct schema_values, node2_address)},
    {"ADDRESS", offsetof(struct schema_values, address)},
    {"PASSWORD", offsetof(struct schema_values, password)},
};

/* Length of the name of a placeholder that begins at `p` (its '@'), 0 if none does. */
static size_t placeholder_length(const char *p)
{
    size_t n = strspn(p + 1, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_");
    return n && p[1 + n] == '@' ? n : 0;
}

static const char *value_of(const struct schema_values *values, const char *name, size_t length)
{
    for (size_t i = 0; i < sizeof(placeholders) / sizeof(placeholders[0]); i++)
        if (strlen(placeholders[i].name) == length && !strncmp(placeholders[i].name, name, length))
            return *(const char *const *)((const char *)values + placeholders[i].offset);
    return NULL;
}

static void write_escaped(FILE *out, const char *value)
{
    for (; *value; value++) {
        if (*value == '\'' || *value == '\\')
            fputc('\\', out);
        fputc(*value, out);
    }
}

/* Expands text[0..length) into memory of its own; NULL with `e` filled if a value is missing. */
static char *expand(const char *text, size_t length, const struct schema_values *values, struct err *e)
{
    char *expanded = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&expanded, &size);
    if (!out)
        abort();
    for (const char *p = text, *end = text + length; p < end; p++) {
        size_t n = *p == '@' ? placeholder_length(p) : 0;
        if (!n) {
            fputc(*p, out);
            continue;
        }
        const char *value = value_of(values, p + 1, n);
        if (!value) {
            fclose(out);
            free(expanded);
            err_set(e, "no value for @%.*s@", (int)n, p + 1);
            return NULL;
        }
        write_escaped(out, value);
        p += n + 1;
    }
    if (fclose(out))
        abort();
    return expanded;
}

static const struct schema_template *find(const char *name)
{
    for (const struct schema_template *t = schema_templates; t->name; t++)
        if (!strcmp(t->name, name))
            return t;
    return NULL;
}

static void append(struct schema_script *script, const struct schema_statement *statement)
{
    script->at = mem_resize(script->at, (script->count + 1) * sizeof(*script->at));
    script->at[script->count++] = *statement;
}

static void shorten(struct schema_script *script, size_t count)
{
    while (script->count > count)
        free(script->at[--script->count].sql);
}

bool schema_script_add(struct schema_script *script, const char *template_name,
                       const struct schema_values *values, struct err *e)
{
    size_t before = script->count;
    const struct schema_template *template = find(template_name);
    if (!template)
        return err_set(e, "there is no template %s", template_name);
    struct schema_statement statement = {.template_name = template->name};
    for (const char *text = template->text; text;) {
        const char *end = strstr(text, separator);
        statement.number++;
        statement.sql = expand(text, end ? (size_t)(end - text) + 1 : strlen(text), values, e);
        if (!statement.sql) {
            shorten(script, before);
            return err_prefix(e, "template %s, statement %d", template_name, statement.number);
        }
        append(script, &statement);
        text = end ? end + strlen(separator) : NULL;
    }
    return true;
}

void schema_script_print(const struct schema_script *script, FILE *out)
{
    fputs("DELIMITER //\n", out);
    for (size_t i = 0; i < script->count; i++)
        fprintf(out, "%s//\n", script->at[i].sql);
    fputs("DELIMITER ;\n", out);
}

void schema_script_clear(struct schema_script *script)
{
    shorten(script, 0);
    free(script->at);
    *script = (struct schema_script){0};
}
