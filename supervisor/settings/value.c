#include "settings/value.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Decimal digits without sign or leading zero, at most 15 of them; returns what follows, NULL if none. */
static const char *parse_digits(const char *text, int64_t *out)
{
    size_t digits = strspn(text, "0123456789");
    if (digits == 0 || digits > 15 || (digits > 1 && *text == '0'))
        return NULL;
    *out = strtoll(text, NULL, 10);
    return text + digits;
}

static void store_integer(void *field, size_t size, int64_t value)
{
    int32_t narrow = (int32_t)(uint32_t)value;
    if (size == sizeof(value))
        memcpy(field, &value, sizeof(value));
    else
        memcpy(field, &narrow, sizeof(narrow));
}

static enum value_problem store_within(const struct option *o, int64_t value, void *field)
{
    if (value < o->min || value > o->max)
        return VALUE_OUT_OF_RANGE;
    store_integer(field, o->size, value);
    return VALUE_OK;
}

static enum value_problem parse_number(const struct option *o, const char *text, void *field)
{
    int64_t value;
    const char *end = parse_digits(text, &value);
    return end && !*end ? store_within(o, value, field) : VALUE_MALFORMED;
}

static enum value_problem parse_duration(const struct option *o, const char *text, void *field)
{
    int64_t value, ms;
    const char *end = parse_digits(text, &value);
    for (const struct value_unit *u = value_units; end && u->name; u++)
        if (strcmp(end, u->name) == 0)
            return __builtin_mul_overflow(value, u->ms, &ms) ? VALUE_OUT_OF_RANGE
                                                             : store_within(o, ms, field);
    return VALUE_MALFORMED;
}

/* "0.1%" is 1000 ppm; four decimals are all that a ppm can hold. */
static enum value_problem parse_percent(const struct option *o, const char *text, void *field)
{
    int64_t whole, ppm = 0;
    const char *end = parse_digits(text, &whole);
    if (end && *end == '.') {
        size_t digits = strspn(end + 1, "0123456789");
        if (digits < 1 || digits > 4)
            return VALUE_MALFORMED;
        for (size_t i = 0; i < 4; i++)
            ppm = ppm * 10 + (i < digits ? end[1 + i] - '0' : 0);
        end += 1 + digits;
    }
    if (!end || strcmp(end, "%") != 0)
        return VALUE_MALFORMED;
    return whole > 100 ? VALUE_OUT_OF_RANGE : store_within(o, whole * 10000 + ppm, field);
}

static enum value_problem parse_bool(const char *text, void *field)
{
    bool yes = strcmp(text, "true") == 0;
    if (!yes && strcmp(text, "false") != 0)
        return VALUE_MALFORMED;
    memcpy(field, &yes, sizeof(yes));
    return VALUE_OK;
}

static enum value_problem store_text(const struct option *o, const char *text, void *field)
{
    size_t length = strlen(text);
    if (length >= o->size || (o->max && length > (size_t)o->max))
        return VALUE_TOO_LONG;
    memset(field, 0, o->size);
    memcpy(field, text, length);
    return VALUE_OK;
}

static bool is_name_character(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || strchr("_-.", c);
}

/* A name goes into lock names, SQL and log lines, so its characters need no quoting anywhere. */
static enum value_problem parse_name(const struct option *o, const char *text, void *field)
{
    if (!*text)
        return o->min ? VALUE_MALFORMED : store_text(o, text, field);
    if (*text == '-' || *text == '.')
        return VALUE_MALFORMED;
    for (const char *p = text; *p; p++)
        if (!is_name_character(*p))
            return VALUE_MALFORMED;
    return store_text(o, text, field);
}

/* An account as the server names it, without quotes; it is only compared. */
static enum value_problem parse_account(const struct option *o, const char *text, void *field)
{
    const char *at = strrchr(text, '@');
    if (!*text || at == text || (at && !at[1]))
        return VALUE_MALFORMED;
    for (const char *p = text; *p; p++)
        if ((unsigned char)*p <= ' ' || strchr("'\"`\\,", *p))
            return VALUE_MALFORMED;
    return store_text(o, text, field);
}

static enum value_problem parse_path(const struct option *o, const char *text, void *field)
{
    if (*text ? *text != '/' : o->min > 0)
        return VALUE_MALFORMED;
    return store_text(o, text, field);
}

static enum value_problem parse_argument(const struct option *o, const char *text, void *field)
{
    for (const char *p = text; *p; p++)
        if ((unsigned char)*p < ' ' || *p == 0x7f)
            return VALUE_MALFORMED;
    return *text || o->min == 0 ? store_text(o, text, field) : VALUE_MALFORMED;
}

/* As openssl prints it, or without the colons. */
enum { SHA1_DIGITS = 40, SHA256_DIGITS = 64 };

static enum value_problem parse_digest(const struct option *o, const char *text, void *field)
{
    char digits[SHA256_DIGITS + 1] = "";
    size_t count = 0;
    for (const char *p = text; *p; p++) {
        if (*p == ':' && count % 2 == 0 && count > 0 && p[1] && p[1] != ':')
            continue;
        if (!isxdigit((unsigned char)*p) || count == sizeof(digits) - 1)
            return VALUE_MALFORMED;
        digits[count++] = (char)toupper((unsigned char)*p);
    }
    bool whole = count == 0 || count == SHA1_DIGITS || count == SHA256_DIGITS;
    return whole ? store_text(o, digits, field) : VALUE_MALFORMED;
}

static enum value_problem parse_word(const struct option *o, const char *text, void *field)
{
    for (const struct option_word *w = o->words; w->word; w++)
        if (strcmp(w->word, text) == 0) {
            if (o->type == OPTION_WORD)
                return store_text(o, text, field);
            store_integer(field, o->size, w->value);
            return VALUE_OK;
        }
    return VALUE_MALFORMED;
}

/* The canonical spelling; `any` also takes the unspecified address, to listen on. */
static bool parse_address(const char *text, bool any, char out[SETTINGS_ADDRESS_MAX])
{
    struct in_addr v4;
    struct in6_addr v6;
    memset(out, 0, SETTINGS_ADDRESS_MAX);
    if (inet_pton(AF_INET, text, &v4) == 1)
        return (any || v4.s_addr != htonl(INADDR_ANY)) && inet_ntop(AF_INET, &v4, out, SETTINGS_ADDRESS_MAX);
    return inet_pton(AF_INET6, text, &v6) == 1 && !IN6_IS_ADDR_V4MAPPED(&v6) &&
           (any || !IN6_IS_ADDR_UNSPECIFIED(&v6)) && inet_ntop(AF_INET6, &v6, out, SETTINGS_ADDRESS_MAX);
}

static enum value_problem parse_plain_address(const struct option *o, const char *text, void *field)
{
    char address[SETTINGS_ADDRESS_MAX];
    if (*text ? !parse_address(text, false, address) : o->min > 0)
        return VALUE_MALFORMED;
    return store_text(o, *text ? address : "", field);
}

static enum value_problem parse_listen(const char *text, void *field)
{
    struct endpoint listen = {0};
    char host[SETTINGS_ADDRESS_MAX];
    int64_t port = 0;
    const char *colon = strrchr(text, ':');
    const char *end = colon ? parse_digits(colon + 1, &port) : NULL;
    size_t length = colon ? (size_t)(colon - text) : 0;
    bool bracketed = length > 2 && text[0] == '[' && text[length - 1] == ']';
    if (*text) {
        if (!end || *end || length >= sizeof(host))
            return VALUE_MALFORMED;
        snprintf(host, sizeof(host), "%.*s", (int)(bracketed ? length - 2 : length), text + bracketed);
        if (!parse_address(host, true, listen.address) || bracketed != (strchr(host, ':') != NULL))
            return VALUE_MALFORMED;
        if (port < 1 || port > 65535)
            return VALUE_OUT_OF_RANGE;
        listen.port = (unsigned)port;
    }
    memcpy(field, &listen, sizeof(listen));
    return VALUE_OK;
}

enum value_problem value_parse(const struct option *o, const char *text, void *field)
{
    switch (o->type) {
    case OPTION_NAME:
        return parse_name(o, text, field);
    case OPTION_ADDRESS:
        return parse_plain_address(o, text, field);
    case OPTION_LISTEN:
        return parse_listen(text, field);
    case OPTION_PORT:
    case OPTION_UINT:
        return parse_number(o, text, field);
    case OPTION_DURATION:
        return parse_duration(o, text, field);
    case OPTION_PERCENT:
        return parse_percent(o, text, field);
    case OPTION_BOOL:
        return parse_bool(text, field);
    case OPTION_ENUM:
    case OPTION_WORD:
        return parse_word(o, text, field);
    case OPTION_ACCOUNT:
        return parse_account(o, text, field);
    case OPTION_PATH:
        return parse_path(o, text, field);
    case OPTION_ARGUMENT:
        return parse_argument(o, text, field);
    case OPTION_DIGEST:
        return parse_digest(o, text, field);
    case OPTION_LIST:
        break;
    }
    return VALUE_MALFORMED;
}
