/* The servers' settings that the pair rests on, as one table: which of them must be alike on both nodes, and
 * which must have a certain value. Pure. */
#ifndef REPLCHECK_MODEL_DRIFT_H
#define REPLCHECK_MODEL_DRIFT_H

#include <stdbool.h>
#include <stddef.h>

#define DRIFT_SETTINGS  40 /* room; the table may be shorter */
#define DRIFT_VALUE_MAX 224
#define DRIFT_TEXT_MAX  320
#define DRIFT_VERSION   "version" /* the server's: judged apart from the others (model/server_version.h) */

/* By index of the table. A value that does not fit is cut and ends with a hash of the whole, so that two that
 * differ remain different. */
struct drift_values {
    bool known[DRIFT_SETTINGS];
    char value[DRIFT_SETTINGS][DRIFT_VALUE_MAX];
};

struct drift_setting {
    const char *name;   /* as in information_schema.SYSTEM_VARIABLES, lower case */
    const char *wanted; /* what both must have; NULL: only alike */
    const char *remedy; /* what it is for, and what to do */
};

extern const struct drift_setting drift_settings[];
extern const size_t drift_count;

int drift_find(const char *name); /* any case; -1 = none */

void drift_store(struct drift_values *values, int index, const char *value);

enum drift_kind { DRIFT_NONE = 0, DRIFT_DIFFERS, DRIFT_MINOR, DRIFT_UNWANTED };

/* How the two servers stand on a setting; NONE where one is unknown. MINOR: differing patch levels of the
 * server, as in an upgrade of one after the other. */
enum drift_kind drift_judge(const struct drift_values *a, const struct drift_values *b, int index);

/* "ROW", "empty"; of two long lists what the one has besides: "besides ANSI_QUOTES". */
void drift_show(const char *value, const char *other, char *out, size_t size);

#endif
