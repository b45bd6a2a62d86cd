#include "settings/value.h"

#include <stdio.h>
#include <string.h>

const struct value_unit value_units[] = {{"h", 3600000}, {"m", 60000}, {"s", 1000}, {"ms", 1}, {NULL, 0}};

static int64_t load_integer(const struct option *o, const void *field)
{
    int64_t value;
    int32_t narrow;
    if (o->size == sizeof(value)) {
        memcpy(&value, field, sizeof(value));
        return value;
    }
    memcpy(&narrow, field, sizeof(narrow));
    return o->max > INT32_MAX ? (int64_t)(uint32_t)narrow : narrow;
}

void value_format_ms(int64_t ms, char *out, size_t size)
{
    const struct value_unit *u = value_units;
    while (u[1].name && (ms == 0 ? u->ms != 1000 : ms % u->ms != 0))
        u++;
    snprintf(out, size, "%lld%s", (long long)(ms / u->ms), u->name);
}

static void format_ppm(int64_t ppm, char *out, size_t size)
{
    int n = snprintf(out, size, "%lld.%04lld", (long long)(ppm / 10000), (long long)(ppm % 10000));
    while (n > 0 && out[n - 1] == '0')
        n--;
    if (n > 0 && out[n - 1] == '.')
        n--;
    snprintf(out + n, size - (size_t)n, "%%");
}

static void format_listen(const struct endpoint *listen, char *out, size_t size)
{
    bool v6 = strchr(listen->address, ':');
    if (listen->port)
        snprintf(out, size, "%s%s%s:%u", v6 ? "[" : "", listen->address, v6 ? "]" : "", listen->port);
    else
        *out = '\0';
}

static const char *word_of(const struct option *o, int64_t value)
{
    const struct option_word *w = o->words;
    while (w->word && w->value != value)
        w++;
    return w->word ? w->word : "?";
}

void value_format(const struct option *o, const void *field, char out[OPTION_TEXT_MAX])
{
    switch (o->type) {
    case OPTION_LISTEN:
        format_listen(field, out, OPTION_TEXT_MAX);
        break;
    case OPTION_PORT:
    case OPTION_UINT:
        snprintf(out, OPTION_TEXT_MAX, "%lld", (long long)load_integer(o, field));
        break;
    case OPTION_DURATION:
        value_format_ms(load_integer(o, field), out, OPTION_TEXT_MAX);
        break;
    case OPTION_PERCENT:
        format_ppm(load_integer(o, field), out, OPTION_TEXT_MAX);
        break;
    case OPTION_BOOL:
        snprintf(out, OPTION_TEXT_MAX, "%s", *(const bool *)field ? "true" : "false");
        break;
    case OPTION_ENUM:
        snprintf(out, OPTION_TEXT_MAX, "%s", word_of(o, load_integer(o, field)));
        break;
    default:
        snprintf(out, OPTION_TEXT_MAX, "%s", (const char *)field);
    }
}

static void list_words(const struct option *o, char *out, size_t size)
{
    int n = snprintf(out, size, "one of");
    for (const struct option_word *w = o->words; w->word && n > 0 && (size_t)n < size; w++)
        n += snprintf(out + n, size - (size_t)n, "%s %s", w == o->words ? "" : ",", w->word);
}

static void expected_range(const struct option *o, char *out, size_t size)
{
    char min[32], max[32];
    if (o->type == OPTION_DURATION) {
        value_format_ms(o->min, min, sizeof(min));
        value_format_ms(o->max, max, sizeof(max));
        snprintf(out, size, "a duration from %s to %s", min, max);
    } else if (o->type == OPTION_PERCENT) {
        format_ppm(o->min, min, sizeof(min));
        format_ppm(o->max, max, sizeof(max));
        snprintf(out, size, "a percentage from %s to %s", min, max);
    } else if (o->type == OPTION_LISTEN) {
        snprintf(out, size, "a port from 1 to 65535");
    } else {
        snprintf(out, size, "a whole number from %lld to %lld", (long long)o->min, (long long)o->max);
    }
}

void value_expected(const struct option *o, enum value_problem problem, char *out, size_t size)
{
    bool example = o->preset && *o->preset;
    if (problem == VALUE_OUT_OF_RANGE) {
        expected_range(o, out, size);
        return;
    }
    if (problem == VALUE_TOO_LONG) {
        size_t most = o->max && (size_t)o->max < o->size ? (size_t)o->max : o->size - 1;
        snprintf(out, size, "at most %zu", most);
        return;
    }
    switch (o->type) {
    case OPTION_NAME:
        snprintf(out, size, "a name of letters, digits, '-', '_' and '.'");
        break;
    case OPTION_ADDRESS:
        snprintf(out, size,
                 "a numeric IPv4 or IPv6 address, for example 192.0.2.11 (names are not resolved)");
        break;
    case OPTION_LISTEN:
        snprintf(out, size, "ADDRESS:PORT with a numeric address, for example 127.0.0.1:8008 or [::1]:8008");
        break;
    case OPTION_DURATION:
        snprintf(out, size, "a duration with a unit (ms, s, m, h), for example %s",
                 example ? o->preset : "3s");
        break;
    case OPTION_PERCENT:
        snprintf(out, size, "a percentage, for example %s", example ? o->preset : "0.1%");
        break;
    case OPTION_BOOL:
        snprintf(out, size, "true or false");
        break;
    case OPTION_ENUM:
    case OPTION_WORD:
        list_words(o, out, size);
        break;
    case OPTION_PATH:
        snprintf(out, size, "an absolute path");
        break;
    case OPTION_DIGEST:
        snprintf(out, size,
                 "a SHA-1 or SHA-256 fingerprint of 40 or 64 hexadecimal digits, as openssl x509 -noout "
                 "-fingerprint -sha1 prints it, or -sha256");
        break;
    case OPTION_ARGUMENT:
        snprintf(out, size, "a word of a command line");
        break;
    case OPTION_ACCOUNT:
        snprintf(out, size, "an account without quotes, for example backup@localhost or backup");
        break;
    default:
        expected_range(o, out, size);
    }
}
