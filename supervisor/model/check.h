/* A report judged as a monitoring plugin is asked: the whole verdict, or one side of it (a mode), with
 * thresholds of the caller's and the numbers behind it.
 *
 * Pure and of the report alone. A mode keeps the problems that belong to it. A threshold is on the mode's own
 * number and stands in for the rule that judges this number otherwise; what makes the number meaningless (a
 * server that is silent, a thread that is stopped) stays a problem.
 * A number that cannot be told is UNKNOWN, never fine. */
#ifndef REPLCHECK_MODEL_CHECK_H
#define REPLCHECK_MODEL_CHECK_H

#include "model/range.h"
#include "model/report.h"

#define CHECK_VALUES_MAX 8
#define CHECK_LABEL_MAX  48

enum check_mode {
    CHECK_ALL = 0,
    CHECK_WRITER,    /* how many servers are writable */
    CHECK_LAG,       /* seconds that the standby is behind */
    CHECK_THREADS,   /* replication threads that run, of both servers' four */
    CHECK_GTID,      /* transactions that the standby lacks; histories that parted */
    CHECK_OFFSETS,   /* servers with a wrong auto_increment */
    CHECK_VIP,       /* nodes that hold the VIP */
    CHECK_QUORUM,    /* voters that answer */
    CHECK_READINESS, /* 1 where the standby could take over now */
    CHECK_MODES
};

struct check_request {
    enum check_mode mode;
    struct range warning, critical; /* ALL: as in LAG */
};

struct check_value {
    char label[CHECK_LABEL_MAX];
    enum range_unit unit;
    bool known;
    bool needed; /* not to know it is UNKNOWN, as with the mode's own */
    double value;
    struct range warning, critical; /* that it was judged by */
    bool bounded;
    double most; /* it lies within 0 and this */
};

struct check_result {
    enum check_mode mode;
    char sentence[REPORT_SENTENCE_MAX]; /* where nothing is wrong */
    int value_count;
    struct check_value values[CHECK_VALUES_MAX];
};

const char *check_mode_name(enum check_mode m); /* "lag" */
int check_mode_parse(const char *name);         /* -1 = there is none of this name */
enum range_unit check_unit(enum check_mode m);  /* of its thresholds */

/* The value of --mode. */
MUST_CHECK bool check_mode_option(enum check_mode *out, const char *name, struct err *e);
/* The value of --warning or --critical (`option`), in the mode's unit; NULL = not given. */
MUST_CHECK bool check_range_option(struct range *out, enum check_mode m, const char *option, const char *text,
                                   struct err *e);

/* Narrows `r`, which verdict_judge() has judged, to what was
 * asked: problems and severity are then the check's. */
void check_judge(struct check_result *out, struct report *r, const struct check_request *q);

#endif
