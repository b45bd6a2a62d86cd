/* The templates of sql/ as statements that a server can be given, one at a time.
 *
 * A template is text with placeholders such as @CLUSTER@; statements are separated by a line "--;", so that
 * nothing here parses SQL. A placeholder stands inside a string literal (a number may stand bare): its
 * value is escaped for one, under an sql_mode without NO_BACKSLASH_ESCAPES. Pure: no server, no files. */
#ifndef REPLCHECK_CLI_SCHEMA_SCRIPT_H
#define REPLCHECK_CLI_SCHEMA_SCRIPT_H

#include <stddef.h>
#include <stdio.h>

#include "base/err.h"

struct schema_template {
    const char *name; /* the file's: "voting.sql" */
    const char *text;
};

/* Compiled in; ends with a NULL name. */
extern const struct schema_template schema_templates[];

/* What the placeholders stand for; the texts belong to the caller. NULL: not known here, and a template
 * that names it is our own mistake, answered with an error. */
struct schema_values {
    const char *version;
    const char *cluster;
    const char *node; /* "" on a witness */
    const char *user;
    const char *peer_user;
    const char *witness_user;
    const char *fence_user;
    const char *node1_address;
    const char *node2_address;
    const char *address; /* the one that an account template is expanded for */
    const char *password;
};

struct schema_statement {
    const char *template_name;
    int number; /* within its template, from 1 */
    char *sql;
};

struct schema_script {
    struct schema_statement *at;
    size_t count;
};

/* Appends the statements of one template. On failure the script keeps what it had. */
MUST_CHECK bool schema_script_add(struct schema_script *script, const char *template_name,
                                  const struct schema_values *values, struct err *e);

/* Writes the script for the mariadb client, with DELIMITER lines. */
void schema_script_print(const struct schema_script *script, FILE *out);

void schema_script_clear(struct schema_script *script);

#endif
