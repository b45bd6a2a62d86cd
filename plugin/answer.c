#include "plugin/answer.h"

#include <string.h>

#include "wire/printable.h"

#define DEPTH_MAX 32

struct cursor {
    const char *at, *end;
};

static void skip_space(struct cursor *c)
{
    while (c->at < c->end && (*c->at == ' ' || *c->at == '\t' || *c->at == '\r' || *c->at == '\n'))
        c->at++;
}

static bool take(struct cursor *c, char wanted)
{
    skip_space(c);
    if (c->at == c->end || *c->at != wanted)
        return false;
    c->at++;
    return true;
}

static bool take_word(struct cursor *c, const char *word)
{
    size_t length = strlen(word);
    skip_space(c);
    if ((size_t)(c->end - c->at) < length || memcmp(c->at, word, length) != 0)
        return false;
    c->at += length;
    return true;
}

/* ---- strings ---- */

struct text {
    char *out; /* NULL: it is only passed over */
    size_t size, used;
};

static void put(struct text *t, char c)
{
    if (t->out && t->used + 1 < t->size)
        t->out[t->used++] = c ? c : '?'; /* "\\u0000" */
}

static int hex(char c)
{
    return c >= '0' && c <= '9'   ? c - '0'
           : c >= 'a' && c <= 'f' ? c - 'a' + 10
           : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                  : -1;
}

static bool take_code(struct cursor *c, unsigned *out)
{
    *out = 0;
    for (int i = 0; i < 4; i++, c->at++) {
        int digit = c->at < c->end ? hex(*c->at) : -1;
        if (digit < 0)
            return false;
        *out = *out * 16 + (unsigned)digit;
    }
    return true;
}

/* As UTF-8. The daemon escapes nothing that would need two of them (a surrogate pair). */
static void put_code(struct text *t, unsigned code)
{
    if (code < 0x80) {
        put(t, (char)code);
    } else if (code < 0x800) {
        put(t, (char)(0xc0 | code >> 6));
        put(t, (char)(0x80 | (code & 0x3f)));
    } else if (code >= 0xd800 && code < 0xe000) {
        put(t, '?');
    } else {
        put(t, (char)(0xe0 | code >> 12));
        put(t, (char)(0x80 | (code >> 6 & 0x3f)));
        put(t, (char)(0x80 | (code & 0x3f)));
    }
}

static bool take_escape(struct cursor *c, struct text *t)
{
    unsigned code;
    char kind = c->at < c->end ? *c->at++ : '\0';
    if (kind == 'u') {
        if (!take_code(c, &code))
            return false;
        put_code(t, code);
        return true;
    }
    if (!kind || !strchr("\"\\/bfnrt", kind))
        return false;
    put(t, strchr("bfnrt", kind) ? '?' : kind);
    return true;
}

static bool take_string(struct cursor *c, struct text *t)
{
    if (!take(c, '"'))
        return false;
    for (; c->at < c->end && *c->at != '"';) {
        char next = *c->at++;
        if (next != '\\')
            put(t, next);
        else if (!take_escape(c, t))
            return false;
    }
    if (t->out) {
        t->out[t->used] = '\0';
        printable_make(t->out);
    }
    return take(c, '"');
}

static bool take_text(struct cursor *c, char *out, size_t size)
{
    struct text t = {out, size, 0};
    return take_string(c, &t);
}

/* ---- other values ---- */

static bool take_integer(struct cursor *c, int64_t *out)
{
    skip_space(c);
    bool negative = c->at < c->end && *c->at == '-';
    const char *from = c->at += negative;
    *out = 0;
    for (; c->at < c->end && *c->at >= '0' && *c->at <= '9'; c->at++)
        if (c->at - from < 18)
            *out = *out * 10 + (*c->at - '0');
    bool whole = c->at == c->end || !strchr(".eE", *c->at);
    bool ok = c->at > from && c->at - from <= 18 && whole;
    if (negative)
        *out = -*out;
    return ok;
}

static bool take_bool(struct cursor *c, bool *out)
{
    *out = take_word(c, "true");
    return *out || take_word(c, "false");
}

static bool skip_value(struct cursor *c, int depth);

static bool skip_list(struct cursor *c, char close, int depth)
{
    if (depth == DEPTH_MAX)
        return false;
    if (take(c, close))
        return true;
    do {
        struct text nothing = {NULL, 0, 0};
        if (close == '}' && (!take_string(c, &nothing) || !take(c, ':')))
            return false;
        if (!skip_value(c, depth + 1))
            return false;
    } while (take(c, ','));
    return take(c, close);
}

static bool skip_value(struct cursor *c, int depth)
{
    struct text nothing = {NULL, 0, 0};
    skip_space(c);
    if (c->at < c->end && *c->at == '"')
        return take_string(c, &nothing);
    if (take(c, '{'))
        return skip_list(c, '}', depth);
    if (take(c, '['))
        return skip_list(c, ']', depth);
    if (take_word(c, "true") || take_word(c, "false") || take_word(c, "null"))
        return true;
    const char *from = c->at;
    while (c->at < c->end && *c->at && strchr("+-.0123456789eE", *c->at))
        c->at++;
    return c->at > from;
}

/* ---- the members ---- */

static bool take_lines(struct cursor *c, char *out, size_t size)
{
    size_t used = 0;
    if (!take(c, '['))
        return false;
    if (take(c, ']'))
        return true;
    do {
        if (!take_text(c, out + used, size - used))
            return false;
        used += strlen(out + used);
        if (used + 2 < size)
            out[used++] = '\n';
        out[used] = '\0';
    } while (take(c, ','));
    return take(c, ']');
}

static bool take_member(struct answer *out, struct cursor *c, const char *key)
{
    if (strcmp(key, "ok") == 0)
        return take_bool(c, &out->ok);
    if (strcmp(key, "exit") == 0)
        return take_integer(c, &out->exit);
    if (strcmp(key, "time_us") == 0)
        return take_integer(c, &out->time_us);
    if (strcmp(key, "decided_ms") == 0)
        return take_integer(c, &out->decided_ms);
    if (strcmp(key, "line") == 0)
        return take_text(c, out->line, sizeof(out->line));
    if (strcmp(key, "details") == 0)
        return take_lines(c, out->more, sizeof(out->more));
    if (strcmp(key, "error") == 0)
        return take_text(c, out->error, sizeof(out->error));
    if (strcmp(key, "message") == 0)
        return take_text(c, out->message, sizeof(out->message));
    return skip_value(c, 0);
}

static bool take_members(struct answer *out, struct cursor *c)
{
    char key[32];
    if (!take(c, '{'))
        return false;
    do {
        if (!take_text(c, key, sizeof(key)) || !take(c, ':') || !take_member(out, c, key))
            return false;
    } while (take(c, ','));
    return take(c, '}');
}

bool answer_parse(struct answer *out, const char *text, size_t length, struct err *e)
{
    struct cursor c = {text, text + length};
    out->ok = false;
    out->exit = out->time_us = out->decided_ms = -1;
    out->line[0] = out->more[0] = out->error[0] = out->message[0] = '\0';
    if (!take_members(out, &c))
        return err_set(e, "the supervisor's answer is malformed at byte %zu: run the same version of both",
                       (size_t)(c.at - text));
    skip_space(&c);
    if (c.at != c.end)
        return err_set(e, "the supervisor's answer has something behind its end");
    if (out->ok && (out->exit < 0 || out->exit > 3 || !out->line[0] || out->time_us < 0))
        return err_set(e, "the supervisor's answer lacks its verdict: run the same version of both");
    if (!out->ok && !out->message[0])
        return err_set(e, "the supervisor refused without a reason: run the same version of both");
    return true;
}
