#include "wire/server_options.h"

#include <string.h>
#include <strings.h>

#define ARGUMENT_MAX 64

static enum tri parse_value(const char *value)
{
    if (!*value || strcasecmp(value, "on") == 0 || strcasecmp(value, "true") == 0 || strcmp(value, "1") == 0)
        return TRI_YES;
    if (strcasecmp(value, "off") == 0 || strcasecmp(value, "false") == 0 || strcmp(value, "0") == 0)
        return TRI_NO;
    return TRI_UNKNOWN;
}

static enum tri apply(const char *argument, enum tri before)
{
    static const struct {
        const char *name;
        bool negated;
    } spellings[] = {{"--read-only", false},
                     {"--loose-read-only", false},
                     {"--enable-read-only", false},
                     {"--skip-read-only", true},
                     {"--disable-read-only", true}};
    for (size_t i = 0; i < sizeof(spellings) / sizeof(spellings[0]); i++) {
        size_t n = strlen(spellings[i].name);
        if (strncmp(argument, spellings[i].name, n) != 0 || (argument[n] && argument[n] != '='))
            continue;
        if (spellings[i].negated)
            return TRI_NO;
        return parse_value(argument[n] ? argument + n + 1 : "");
    }
    return before;
}

enum tri server_options_read_only(const char *text, size_t size, char separator, enum tri before)
{
    enum tri result = before;
    for (size_t at = 0; at < size;) {
        const char *end = memchr(text + at, separator, size - at);
        size_t length = end ? (size_t)(end - (text + at)) : size - at;
        char argument[ARGUMENT_MAX];
        if (length > 2 && length < sizeof(argument)) {
            memcpy(argument, text + at, length);
            argument[length] = '\0';
            size_t name_end = strcspn(argument, "=");
            for (size_t i = 2; i < name_end; i++)
                if (argument[i] == '_')
                    argument[i] = '-';
            result = apply(argument, result);
        }
        at += length + 1;
    }
    return result;
}
