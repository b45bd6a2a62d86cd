#include "wire/rows.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* The two vocabularies, word by word: "Seconds_Behind_Master" is "Seconds_Behind_Source" too. */
static const char *const synonyms[][2] = {{"Slave", "Replica"}, {"Master", "Source"}};

static bool same_text(const char *a, size_t a_length, const char *b, size_t b_length)
{
    return a_length == b_length && strncasecmp(a, b, a_length) == 0;
}

static bool is_word(const char *text, size_t length, const char *word)
{
    return same_text(text, length, word, strlen(word));
}

static bool same_word(const char *a, size_t a_length, const char *b, size_t b_length)
{
    if (same_text(a, a_length, b, b_length))
        return true;
    for (size_t i = 0; i < sizeof(synonyms) / sizeof(synonyms[0]); i++) {
        const char *old = synonyms[i][0], *new = synonyms[i][1];
        if ((is_word(a, a_length, old) && is_word(b, b_length, new)) ||
            (is_word(a, a_length, new) && is_word(b, b_length, old)))
            return true;
    }
    return false;
}

static bool same_name(const char *a, const char *b)
{
    for (;;) {
        size_t a_length = strcspn(a, "_"), b_length = strcspn(b, "_");
        if (!same_word(a, a_length, b, b_length) || a[a_length] != b[b_length])
            return false;
        if (!a[a_length])
            return true;
        a += a_length + 1;
        b += b_length + 1;
    }
}

int rows_column(const struct rows *set, const char *name)
{
    for (size_t i = 0; i < set->column_count; i++)
        if (same_name(set->names[i], name))
            return (int)i;
    return -1;
}

const char *rows_text(const struct rows *set, size_t row, const char *name)
{
    int column = rows_column(set, name);
    if (column < 0 || row >= set->row_count)
        return NULL;
    return set->cells[row * set->column_count + (size_t)column];
}

bool rows_i64(const struct rows *set, size_t row, const char *name, int64_t *out)
{
    const char *text = rows_text(set, row, name);
    /* strtoll would also take white space and a plus sign, which no server prints. */
    if (!text || !strchr("-0123456789", text[0]))
        return false;
    char *end;
    errno = 0;
    long long value = strtoll(text, &end, 10);
    if (errno || end == text || *end)
        return false;
    *out = value;
    return true;
}

enum tri rows_tri(const struct rows *set, size_t row, const char *name)
{
    static const char *const yes[] = {"Yes", "ON", "1"}, *const no[] = {"No", "OFF", "0"};
    const char *text = rows_text(set, row, name);
    for (size_t i = 0; text && i < sizeof(yes) / sizeof(yes[0]); i++) {
        if (strcasecmp(text, yes[i]) == 0)
            return TRI_YES;
        if (strcasecmp(text, no[i]) == 0)
            return TRI_NO;
    }
    return TRI_UNKNOWN;
}
