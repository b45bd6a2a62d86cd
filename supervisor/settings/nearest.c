#include "settings/nearest.h"

#include <stdio.h>
#include <string.h>

#define WORD_MAX 40

static size_t min3(size_t a, size_t b, size_t c)
{
    size_t ab = a < b ? a : b;
    return ab < c ? ab : c;
}

size_t nearest_distance(const char *a, const char *b)
{
    size_t row[WORD_MAX + 1], n = strlen(b);
    if (strlen(a) > WORD_MAX || n > WORD_MAX)
        return WORD_MAX;
    for (size_t j = 0; j <= n; j++)
        row[j] = j;
    for (size_t i = 1; a[i - 1]; i++) {
        size_t diagonal = row[0];
        row[0] = i;
        for (size_t j = 1; j <= n; j++) {
            size_t above = row[j];
            row[j] = min3(above + 1, row[j - 1] + 1, diagonal + (a[i - 1] != b[j - 1]));
            diagonal = above;
        }
    }
    return row[n];
}

/* The row's component directly below the map, false if the row is elsewhere. */
static bool child_of(const char *row, const char *map, size_t map_length, char word[WORD_MAX + 1])
{
    if (strncmp(row, map, map_length) != 0 || (map_length && row[map_length] != '.'))
        return false;
    row += map_length + (map_length > 0);
    size_t length = strcspn(row, ".[");
    snprintf(word, WORD_MAX + 1, "%.*s", (int)length, row);
    return true;
}

static bool nearest_sibling(const struct option_table *table, const char *map, size_t map_length,
                            const char *key, char best[WORD_MAX + 1])
{
    char word[WORD_MAX + 1];
    size_t least = strlen(key) / 3 + 1;
    bool any = false;
    for (size_t i = 0; i < table->count; i++) {
        if (!child_of(table->rows[i].name, map, map_length, word) || nearest_distance(key, word) > least)
            continue;
        any = true;
        least = nearest_distance(key, word);
        memcpy(best, word, WORD_MAX + 1);
    }
    return any;
}

static const char *same_key_elsewhere(const struct option_table *table, const char *key)
{
    for (size_t i = 0; i < table->count; i++) {
        const char *dot = strrchr(table->rows[i].name, '.');
        if (dot && !strchr(table->rows[i].name, '[') && strcmp(dot + 1, key) == 0)
            return table->rows[i].name;
    }
    return NULL;
}

static void list_siblings(const struct option_table *table, const char *map, size_t map_length, char *out,
                          size_t size)
{
    char word[WORD_MAX + 1], last[WORD_MAX + 1] = "";
    size_t used = (size_t)snprintf(out, size, "known here:");
    for (size_t i = 0; i < table->count && used < size; i++) {
        if (!child_of(table->rows[i].name, map, map_length, word) || strcmp(word, last) == 0)
            continue;
        used += (size_t)snprintf(out + used, size - used, "%s %s", *last ? "," : "", word);
        memcpy(last, word, sizeof(last));
    }
}

void nearest_hint(const struct option_table *table, const char *name, char *out, size_t size)
{
    char best[WORD_MAX + 1];
    const char *dot = strrchr(name, '.');
    const char *key = dot ? dot + 1 : name;
    size_t map_length = dot ? (size_t)(dot - name) : 0;
    const char *elsewhere = same_key_elsewhere(table, key);
    if (nearest_sibling(table, name, map_length, key, best))
        snprintf(out, size, "did you mean %s?", best);
    else if (elsewhere)
        snprintf(out, size, "did you mean %s?", elsewhere);
    else
        list_siblings(table, name, map_length, out, size);
}
