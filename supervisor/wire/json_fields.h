/* A struct as a JSON object and back, by one table of its members: both directions cannot part.
 *
 * Unknown is null: TRI_UNKNOWN, "" and FIELD_COUNT's -1. Reading is for what another version may have
 * written: members that are not in the table are ignored, and one that is missing is unknown; where its kind
 * knows no unknown, or where it is of another type or out of bounds, it is an error that names its path. A
 * text that is not UTF-8 is written with
 * "?" for what is not ASCII. */
#ifndef REPLCHECK_WIRE_JSON_FIELDS_H
#define REPLCHECK_WIRE_JSON_FIELDS_H

#include <jansson.h>
#include <stddef.h>

#include "base/err.h"

enum json_field_kind {
    FIELD_TRI,   /* enum tri: true, false, null */
    FIELD_BOOL,  /* bool */
    FIELD_COUNT, /* int64_t, -1 = null */
    FIELD_INT,   /* int */
    FIELD_TEXT,  /* char[size] */
    FIELD_WORD,  /* an enum of int's size by its name: words[value] */
    FIELD_OBJECT /* a nested object of the member at `offset` (or of
                    the same struct: offset 0) by `members` */
};

struct json_field {
    const char *name;
    enum json_field_kind kind;
    size_t offset;
    size_t size;              /* FIELD_TEXT */
    const char *const *words; /* FIELD_WORD: NULL ends the list */
    const struct json_field *members;
};

#define JSON_AT(type, name, member, kind)                                                                    \
    {                                                                                                        \
        name, kind, offsetof(type, member), sizeof(((type *)0)->member), NULL, NULL                          \
    }

/* `fields` ends with a NULL name. */
json_t *json_fields_write(const struct json_field *fields, const void *base);

/* Sets members of `object` that is there already. */
void json_fields_add(json_t *object, const struct json_field *fields, const void *base);

MUST_CHECK bool json_fields_read(const struct json_field *fields, const json_t *object, void *base,
                                 struct err *e);

/* A text as a JSON string, "" as null. */
json_t *json_text(const char *text);

#endif
