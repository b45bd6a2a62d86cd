#include "wire/json_fields.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/tri.h"

json_t *json_text(const char *text)
{
    if (!text[0])
        return json_null();
    json_t *made = json_string(text);
    if (made)
        return made;
    char *ascii = mem_strdup(text);
    for (char *at = ascii; *at; at++)
        if ((unsigned char)*at >= 0x80)
            *at = '?';
    made = json_string(ascii);
    free(ascii);
    return made;
}

static json_t *write_word(const struct json_field *f, int value)
{
    for (int i = 0; f->words[i]; i++)
        if (i == value)
            return json_string(f->words[i]);
    return json_null();
}

static json_t *write_one(const struct json_field *f, const void *at)
{
    enum tri tri;
    int64_t count;
    switch (f->kind) {
    case FIELD_TRI:
        memcpy(&tri, at, sizeof(tri));
        return tri == TRI_UNKNOWN ? json_null() : json_boolean(tri == TRI_YES);
    case FIELD_BOOL:
        return json_boolean(*(const bool *)at);
    case FIELD_COUNT:
        memcpy(&count, at, sizeof(count));
        return count < 0 ? json_null() : json_integer(count);
    case FIELD_INT:
        return json_integer(*(const int *)at);
    case FIELD_TEXT:
        return json_text(at);
    case FIELD_WORD:
        return write_word(f, *(const int *)at);
    case FIELD_OBJECT:
        return json_fields_write(f->members, at);
    }
    return json_null();
}

void json_fields_add(json_t *object, const struct json_field *fields, const void *base)
{
    for (const struct json_field *f = fields; f->name; f++)
        json_object_set_new(object, f->name, write_one(f, (const char *)base + f->offset));
}

json_t *json_fields_write(const struct json_field *fields, const void *base)
{
    json_t *object = json_object();
    json_fields_add(object, fields, base);
    return object;
}

static bool read_tri(const json_t *v, void *at)
{
    enum tri tri = json_is_null(v) ? TRI_UNKNOWN : tri_from(json_is_true(v));
    memcpy(at, &tri, sizeof(tri));
    return json_is_null(v) || json_is_boolean(v);
}

static bool read_count(const json_t *v, void *at)
{
    int64_t count = json_is_null(v) ? -1 : json_integer_value(v);
    memcpy(at, &count, sizeof(count));
    return json_is_null(v) || (json_is_integer(v) && count >= 0);
}

static bool read_int(const json_t *v, void *at)
{
    json_int_t number = json_integer_value(v);
    *(int *)at = (int)number;
    return json_is_integer(v) && number >= INT32_MIN && number <= INT32_MAX;
}

static bool read_text(const json_t *v, void *at, size_t size)
{
    const char *text = json_is_null(v) ? "" : json_string_value(v);
    if (!text || strlen(text) >= size || strlen(text) != (json_is_null(v) ? 0 : json_string_length(v)))
        return false;
    memcpy(at, text, strlen(text) + 1);
    return true;
}

static bool read_word(const json_t *v, void *at, const char *const *words)
{
    const char *text = json_string_value(v);
    for (int i = 0; text && words[i]; i++) {
        if (strcmp(words[i], text) != 0)
            continue;
        *(int *)at = i;
        return true;
    }
    return false;
}

static bool read_one(const struct json_field *f, const json_t *v, void *at)
{
    switch (f->kind) {
    case FIELD_TRI:
        return read_tri(v, at);
    case FIELD_BOOL:
        *(bool *)at = json_is_true(v);
        return json_is_boolean(v);
    case FIELD_COUNT:
        return read_count(v, at);
    case FIELD_INT:
        return read_int(v, at);
    case FIELD_TEXT:
        return read_text(v, at, f->size);
    case FIELD_WORD:
        return read_word(v, at, f->words);
    case FIELD_OBJECT:
        break;
    }
    return false;
}

static const char *expected(enum json_field_kind kind)
{
    static const char *const texts[] = {[FIELD_TRI] = "true, false or null",
                                        [FIELD_BOOL] = "true or false",
                                        [FIELD_COUNT] = "a whole number or null",
                                        [FIELD_INT] = "a whole number",
                                        [FIELD_TEXT] = "a text that fits",
                                        [FIELD_WORD] = "one of the known words",
                                        [FIELD_OBJECT] = "an object"};
    return texts[kind];
}

static bool may_be_null(enum json_field_kind kind)
{
    return kind == FIELD_TRI || kind == FIELD_COUNT || kind == FIELD_TEXT;
}

bool json_fields_read(const struct json_field *fields, const json_t *object, void *base, struct err *e)
{
    if (!json_is_object(object))
        return err_set(e, "an object is expected");
    for (const struct json_field *f = fields; f->name; f++) {
        const json_t *v = json_object_get(object, f->name);
        void *at = (char *)base + f->offset;
        if (!v && !may_be_null(f->kind))
            return err_set(e, "\"%s\" is missing", f->name);
        if (!v)
            v = json_null();
        if (f->kind == FIELD_OBJECT) {
            if (!json_fields_read(f->members, v, at, e))
                return err_prefix(e, "%s", f->name);
        } else if (!read_one(f, v, at)) {
            return err_set(e, "\"%s\": %s is expected", f->name, expected(f->kind));
        }
    }
    return true;
}
