#include "settings/tree_yaml.h"

#include <string.h>
#include <yaml.h>

struct reader {
    yaml_parser_t parser;
    const char *file;
    const char *text;
    struct err *e;
};

static int line_of(const yaml_event_t *event)
{
    return (int)event->start_mark.line + 1;
}

static int line_at_offset(const char *text, size_t offset)
{
    int line = 1;
    for (size_t i = 0; i < offset && text[i]; i++)
        line += text[i] == '\n';
    return line;
}

/* Did it stop at a tab? The library says of that only "cannot start any token". Its columns are characters.
 */
static bool at_tab(const yaml_parser_t *p, const char *text)
{
    size_t line = p->problem_mark.line, column = p->problem_mark.column;
    for (; line && *text; text++)
        line -= *text == '\n';
    for (; column && *text; column--)
        do
            text++;
        while ((*text & 0xc0) == 0x80);
    return p->error == YAML_SCANNER_ERROR && *text == '\t';
}

static bool next(struct reader *r, yaml_event_t *event)
{
    const yaml_parser_t *p = &r->parser;
    if (yaml_parser_parse(&r->parser, event))
        return true;
    int line = p->error == YAML_READER_ERROR ? line_at_offset(r->text, p->problem_offset)
                                             : (int)p->problem_mark.line + 1;
    const char *problem = at_tab(p, r->text) ? "a tab, expected blanks to indent with"
                          : p->problem       ? p->problem
                                             : "unknown error";
    return err_set(r->e, "%s:%d: not valid YAML: %s", r->file, line, problem);
}

/* The line of a failure without a node of its own: the tree knows the path, the event the line. */
static bool fail_here(struct reader *r, struct tree *parent, const char *key, const yaml_event_t *event,
                      const char *sentence)
{
    const struct tree *t = tree_add(parent, TREE_PLAIN, key, NULL, line_of(event));
    return tree_fail(r->e, t, NULL, "%s", sentence);
}

static bool has_anchor(const yaml_event_t *event)
{
    switch (event->type) {
    case YAML_SCALAR_EVENT:
        return event->data.scalar.anchor;
    case YAML_SEQUENCE_START_EVENT:
        return event->data.sequence_start.anchor;
    case YAML_MAPPING_START_EVENT:
        return event->data.mapping_start.anchor;
    default:
        return event->type == YAML_ALIAS_EVENT;
    }
}

static bool has_tag(const yaml_event_t *event)
{
    switch (event->type) {
    case YAML_SCALAR_EVENT:
        return event->data.scalar.tag;
    case YAML_SEQUENCE_START_EVENT:
        return event->data.sequence_start.tag;
    case YAML_MAPPING_START_EVENT:
        return event->data.mapping_start.tag;
    default:
        return false;
    }
}

static const char *refusal(const yaml_event_t *event, int depth)
{
    if (has_anchor(event))
        return "anchors (&) and aliases (*) are not supported, write the value out";
    if (has_tag(event))
        return "tags (!) are not supported, write the plain value";
    if (depth > TREE_DEPTH_MAX)
        return "nested too deep";
    if (event->type == YAML_SCALAR_EVENT &&
        !tree_text_is_clean((const char *)event->data.scalar.value, event->data.scalar.length))
        return "contains a control character, expected printable text on one line";
    return NULL;
}

static bool read_value(struct reader *r, struct tree *parent, const char *key, int line,
                       const yaml_event_t *event, int depth);

static bool read_list(struct reader *r, struct tree *list, int depth)
{
    for (bool more = true; more;) {
        yaml_event_t item;
        if (!next(r, &item))
            return false;
        more = item.type != YAML_SEQUENCE_END_EVENT;
        bool ok = !more || read_value(r, list, NULL, line_of(&item), &item, depth);
        yaml_event_delete(&item);
        if (!ok)
            return false;
    }
    return true;
}

static bool check_key(struct reader *r, struct tree *map, const yaml_event_t *event, int depth)
{
    if (event->type != YAML_SCALAR_EVENT && event->type != YAML_ALIAS_EVENT)
        return fail_here(r, map, "?", event, "a key must be a single word");
    if (refusal(event, depth))
        return fail_here(r, map, "?", event, refusal(event, depth));
    const char *key = (const char *)event->data.scalar.value;
    if (strcmp(key, "<<") == 0)
        return fail_here(r, map, key, event, "merge keys are not supported, write the values out");
    for (const struct tree *t = map->first; t; t = t->next)
        if (strcmp(t->key, key) == 0)
            return tree_fail(r->e, tree_add(map, TREE_PLAIN, key, NULL, line_of(event)), NULL,
                             "duplicate key, first given on line %d", t->line);
    return true;
}

static bool read_map(struct reader *r, struct tree *map, int depth)
{
    for (;;) {
        yaml_event_t key, value;
        if (!next(r, &key))
            return false;
        bool end = key.type == YAML_MAPPING_END_EVENT;
        bool ok = end || (check_key(r, map, &key, depth) && next(r, &value));
        if (ok && !end) {
            ok = read_value(r, map, (const char *)key.data.scalar.value, line_of(&key), &value, depth);
            yaml_event_delete(&value);
        }
        yaml_event_delete(&key);
        if (end || !ok)
            return ok;
    }
}

static bool read_value(struct reader *r, struct tree *parent, const char *key, int line,
                       const yaml_event_t *event, int depth)
{
    const char *problem = refusal(event, depth);
    if (problem)
        return fail_here(r, parent, key, event, problem);
    if (event->type == YAML_SEQUENCE_START_EVENT)
        return read_list(r, tree_add(parent, TREE_LIST, key, NULL, line), depth + 1);
    if (event->type == YAML_MAPPING_START_EVENT)
        return read_map(r, tree_add(parent, TREE_MAP, key, NULL, line), depth + 1);
    bool plain = event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
    tree_add(parent, plain ? TREE_PLAIN : TREE_QUOTED, key, (const char *)event->data.scalar.value, line);
    return true;
}

/* The start of the stream, of its document and of the document's map. */
static bool read_start(struct reader *r, const struct tree *root)
{
    for (;;) {
        yaml_event_t event;
        if (!next(r, &event))
            return false;
        yaml_event_type_t type = event.type;
        const char *problem = refusal(&event, 0);
        int line = line_of(&event);
        bool nothing = type == YAML_SCALAR_EVENT && event.data.scalar.length == 0;
        yaml_event_delete(&event);
        if (type == YAML_STREAM_END_EVENT || nothing)
            return err_set(r->e, "%s: the file is empty, expected the cluster's options", root->file);
        if (problem)
            return err_set(r->e, "%s:%d: %s", root->file, line, problem);
        if (type == YAML_MAPPING_START_EVENT)
            return true;
        if (type == YAML_SCALAR_EVENT || type == YAML_SEQUENCE_START_EVENT)
            return err_set(r->e, "%s:%d: expected options as \"key: value\"", root->file, line);
    }
}

static bool read_end(struct reader *r)
{
    for (;;) {
        yaml_event_t event;
        if (!next(r, &event))
            return false;
        yaml_event_type_t type = event.type;
        int line = line_of(&event);
        yaml_event_delete(&event);
        if (type == YAML_STREAM_END_EVENT)
            return true;
        if (type != YAML_DOCUMENT_END_EVENT)
            return err_set(r->e, "%s:%d: a second document begins here, expected one only", r->file, line);
    }
}

bool tree_yaml_read(struct tree **out, const char *file, const char *text, size_t size, struct err *e)
{
    struct reader r = {.file = file, .text = text, .e = e};
    *out = NULL;
    if (!yaml_parser_initialize(&r.parser))
        return err_set(e, "%s: the YAML parser could not be started: out of memory", file);
    yaml_parser_set_encoding(&r.parser, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(&r.parser, (const unsigned char *)text, size);
    *out = tree_create(file);
    bool ok = read_start(&r, *out) && read_map(&r, *out, 1) && read_end(&r);
    yaml_parser_delete(&r.parser);
    if (!ok)
        tree_free(out);
    return ok;
}
