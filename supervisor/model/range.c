#include "model/range.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LARGEST 1e15

static const struct {
    const char *name;
    double factor;
} units[] = {{"us", 1e-6}, {"ms", 1e-3}, {"s", 1}, {"m", 60}, {"h", 3600}, {"d", 86400}};

static bool take_unit(double *value, const char *at, size_t length, enum range_unit unit)
{
    for (size_t i = 0; unit == RANGE_SECONDS && i < sizeof(units) / sizeof(units[0]); i++) {
        if (strlen(units[i].name) != length || strncmp(units[i].name, at, length) != 0)
            continue;
        *value *= units[i].factor;
        return true;
    }
    return length == 0;
}

/* How many characters of `text` are a decimal; 0 if it does not begin with one. strtod() alone would take
 * "inf", "0x1p3" and what the locale knows. */
static size_t decimal_length(const char *text)
{
    size_t sign = text[0] == '-' || text[0] == '+', fraction = 0;
    size_t whole = strspn(text + sign, "0123456789"), used = sign + whole;
    if (text[used] == '.') {
        fraction = strspn(text + used + 1, "0123456789");
        used += 1 + fraction;
    }
    return whole + fraction ? used : 0;
}

static bool take_number(double *out, const char *text, size_t length, enum range_unit unit, struct err *e)
{
    char digits[RANGE_MAX];
    size_t used = decimal_length(text);
    if (used == 0 || used > length || used >= sizeof(digits))
        return err_set(e, "\"%.*s\" is no number", (int)length, text);
    snprintf(digits, sizeof(digits), "%.*s", (int)used, text);
    *out = strtod(digits, NULL);
    if (!take_unit(out, text + used, length - used, unit))
        return err_set(e, "\"%.*s\": %s", (int)length, text,
                       unit == RANGE_SECONDS ? "the units are us, ms, s, m, h and d"
                                             : "a number without a unit is expected");
    if (*out > LARGEST || *out < -LARGEST)
        return err_set(e, "\"%.*s\" is out of all bounds", (int)length, text);
    return true;
}

static bool take_ends(struct range *r, const char *text, enum range_unit unit, struct err *e)
{
    const char *colon = strchr(text, ':'), *end = colon ? colon + 1 : text;
    size_t start = colon ? (size_t)(colon - text) : 0;
    r->has_low = !(start == 1 && text[0] == '~');
    if (start && r->has_low && !take_number(&r->low, text, start, unit, e))
        return false;
    r->has_high = *end != '\0';
    if (!r->has_high && !colon)
        return err_set(e, "it is empty");
    return !r->has_high || take_number(&r->high, end, strlen(end), unit, e);
}

bool range_parse(struct range *out, const char *text, enum range_unit unit, struct err *e)
{
    *out = (struct range){.given = true, .inside = text[0] == '@'};
    if (strlen(text) >= RANGE_MAX)
        return err_set(e, "a range has at most %d characters", RANGE_MAX - 1);
    if (!take_ends(out, text + out->inside, unit, e))
        return err_prefix(e, "\"%s\" is no range like 10, 10:, ~:10, 10:20 or @10:20", text);
    if (out->has_low && out->has_high && out->low > out->high)
        return err_set(e, "\"%s\": its start is greater than its end", text);
    return true;
}

bool range_time_option(double *out_s, const char *option, const char *text, struct err *e)
{
    struct range r;
    if (strchr(text, ':') || !range_parse(&r, text, RANGE_SECONDS, e) || r.inside || r.high < 0.001 ||
        r.high > 3600)
        return err_set(e, "%s \"%.40s\": a time like 10, 500ms or 1m is expected, up to an hour", option,
                       text);
    *out_s = r.high;
    return true;
}

bool range_alerts(const struct range *r, double value)
{
    bool outside = (r->has_low && value < r->low) || (r->has_high && value > r->high);
    return r->given && outside != r->inside;
}

const char *range_number(double value, char out[RANGE_MAX])
{
    snprintf(out, RANGE_MAX, "%.6f", value);
    size_t end = strlen(out);
    while (out[end - 1] == '0')
        out[--end] = '\0';
    if (out[end - 1] == '.')
        out[--end] = '\0';
    if (strcmp(out, "-0") == 0)
        snprintf(out, RANGE_MAX, "0");
    return out;
}

const char *range_text(const struct range *r, char out[RANGE_MAX])
{
    char low[RANGE_MAX] = "~", high[RANGE_MAX] = "";
    if (r->has_low)
        range_number(r->low, low);
    if (r->has_high)
        range_number(r->high, high);
    out[0] = '\0';
    if (r->given && r->has_low && r->low == 0 && r->has_high)
        snprintf(out, RANGE_MAX, "%s%.30s", r->inside ? "@" : "", high);
    else if (r->given)
        snprintf(out, RANGE_MAX, "%s%.30s:%.30s", r->inside ? "@" : "", low, high);
    return out;
}

static const char *words_of_inside(const struct range *r, const char *low, const char *high, char *out)
{
    if (r->has_low && r->has_high && r->low == r->high)
        snprintf(out, RANGE_WORDS_MAX, "exactly %.30s", low);
    else if (r->has_low && r->has_high)
        snprintf(out, RANGE_WORDS_MAX, "from %.30s to %.30s", low, high);
    else if (r->has_low || r->has_high)
        snprintf(out, RANGE_WORDS_MAX, "%.30s or %s", r->has_low ? low : high, r->has_low ? "more" : "less");
    else
        snprintf(out, RANGE_WORDS_MAX, "any");
    return out;
}

const char *range_words(const struct range *r, enum range_unit unit, char out[RANGE_WORDS_MAX])
{
    char low[RANGE_MAX], high[RANGE_MAX];
    range_number(r->low, low);
    range_number(r->high, high);
    if (unit == RANGE_SECONDS) {
        strcat(low, " s");
        strcat(high, " s");
    }
    if (r->inside)
        return words_of_inside(r, low, high, out);
    if (r->has_low && r->has_high && r->low == r->high)
        snprintf(out, RANGE_WORDS_MAX, "other than %.30s", low);
    else if (r->has_low && r->has_high && r->low != 0)
        snprintf(out, RANGE_WORDS_MAX, "below %.30s or above %.30s", low, high);
    else
        snprintf(out, RANGE_WORDS_MAX, "%s %.30s", r->has_high ? "above" : "below", r->has_high ? high : low);
    return out;
}
