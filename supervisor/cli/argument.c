#include "cli/argument.h"

#include <string.h>

#include "settings/value.h"

static bool parse(const struct option *o, const char *text, int64_t *out, struct err *e)
{
    char expected[160];
    enum value_problem problem = value_parse(o, text, out);
    if (problem == VALUE_OK)
        return true;
    value_expected(o, problem, expected, sizeof(expected));
    return err_set(e, "%s %.64s: expected %s", o->name, text, expected);
}

bool argument_duration(const char *name, const char *text, int64_t min_ms, int64_t max_ms, int64_t *out,
                       struct err *e)
{
    struct option o = {
        .name = name, .type = OPTION_DURATION, .min = min_ms, .max = max_ms, .size = sizeof(*out)};
    return parse(&o, text, out, e);
}

bool argument_number(const char *name, const char *text, int64_t min, int64_t max, int64_t *out,
                     struct err *e)
{
    struct option o = {.name = name, .type = OPTION_UINT, .min = min, .max = max, .size = sizeof(*out)};
    return parse(&o, text, out, e);
}

bool argument_config_dir(int *argc, char **argv, const char **dir, struct err *e)
{
    int kept = 1;
    for (int i = 1; i < *argc; i++) {
        if (strcmp(argv[i], "--") == 0) {
            while (i < *argc)
                argv[kept++] = argv[i++];
        } else if (strncmp(argv[i], "--config=", 9) == 0) {
            *dir = argv[i] + 9;
        } else if (strcmp(argv[i], "--config") == 0) {
            if (++i >= *argc)
                return err_set(e, "--config needs a folder");
            *dir = argv[i];
        } else {
            argv[kept++] = argv[i];
        }
    }
    *argc = kept;
    argv[kept] = NULL;
    return true;
}
