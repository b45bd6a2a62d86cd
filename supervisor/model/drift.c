#include "model/drift.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "model/server_version.h"

#define SHORT_MAX 40 /* longer lists are shown by their differences */

#define FILES     "set it alike in the option files of both servers, and restart the one that changes"
#define HISTORY   "see conf/mariadb.cnf: without it there is no single history to compare"
#define CRASH     "alike on both, or one of them loses more in a crash than the other"
#define RESULTS   "alike on both, or a statement that the one accepts fails or differs on the other"
#define FILTER    "what is not replicated is lost with the writer: remove it, or set it alike on both"
#define POSITIONS "a skipped error is a difference that nobody sees: remove it"

static const char version[] = DRIFT_VERSION;

/* clang-format off */
const struct drift_setting drift_settings[] = {
    {version, NULL, "bring both servers to the same version"}, /* which differs, model/verdict_version.c tells */
    {"log_bin", "ON", HISTORY},
    {"log_slave_updates", "ON", HISTORY},
    {"gtid_strict_mode", "ON", HISTORY},
    {"gtid_ignore_duplicates", "OFF", HISTORY},
    {"binlog_format", "ROW", HISTORY},
    {"binlog_row_image", NULL, FILES},
    {"binlog_checksum", NULL, FILES},
    {"gtid_domain_id", NULL, "one domain for both is one history; distinct ones have to be meant: " FILES},
    {"binlog_expire_logs_seconds", NULL, FILES},
    {"relay_log_recovery", NULL, CRASH},
    {"sync_binlog", NULL, CRASH},
    {"innodb_flush_log_at_trx_commit", NULL, CRASH},
    {"innodb_doublewrite", NULL, CRASH},
    {"slave_net_timeout", NULL, FILES},
    {"slave_exec_mode", "STRICT", POSITIONS},
    {"slave_skip_errors", "OFF", POSITIONS},
    {"slave_type_conversions", NULL, RESULTS},
    {"slave_run_triggers_for_rbr", NULL, RESULTS},
    {"replicate_do_db", NULL, FILTER},
    {"replicate_ignore_db", NULL, FILTER},
    {"replicate_do_table", NULL, FILTER},
    {"replicate_ignore_table", NULL, FILTER},
    {"replicate_wild_do_table", NULL, FILTER},
    {"replicate_wild_ignore_table", NULL, FILTER},
    {"replicate_rewrite_db", NULL, FILTER},
    {"binlog_do_db", NULL, FILTER},
    {"binlog_ignore_db", NULL, FILTER},
    {"character_set_server", NULL, RESULTS},
    {"collation_server", NULL, RESULTS},
    {"sql_mode", NULL, RESULTS},
    {"lower_case_table_names", NULL, "it cannot be changed without a new data directory: see the server's manual"},
    {"time_zone", NULL, RESULTS},
    {"system_time_zone", NULL, "set the same time zone on both hosts, and restart the server that changes"},
    {"default_storage_engine", NULL, RESULTS},
    {"explicit_defaults_for_timestamp", NULL, RESULTS},
    {"max_allowed_packet", NULL, RESULTS},
};
/* clang-format on */

const size_t drift_count = sizeof(drift_settings) / sizeof(drift_settings[0]);
_Static_assert(sizeof(drift_settings) / sizeof(drift_settings[0]) <= DRIFT_SETTINGS,
               "room for every setting");

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static bool same_name(const char *a, const char *b)
{
    for (; *a && lower(*a) == lower(*b); a++, b++)
        ;
    return !*a && !*b;
}

int drift_find(const char *name)
{
    for (size_t i = 0; i < drift_count; i++)
        if (same_name(drift_settings[i].name, name))
            return (int)i;
    return -1;
}

static uint32_t hash_of(const char *text)
{
    uint32_t hash = UINT32_C(0x811c9dc5);
    for (; *text; text++)
        hash = (hash ^ (unsigned char)*text) * UINT32_C(0x01000193);
    return hash;
}

void drift_store(struct drift_values *values, int index, const char *value)
{
    char *out = values->value[index];
    values->known[index] = true;
    if (strlen(value) < DRIFT_VALUE_MAX)
        snprintf(out, DRIFT_VALUE_MAX, "%s", value);
    else
        snprintf(out, DRIFT_VALUE_MAX, "%.*s...#%08x", DRIFT_VALUE_MAX - 16, value, (unsigned)hash_of(value));
}

/* What follows the number of a version ("-log") says how the server was built and started. */
static enum drift_kind judge_versions(const char *a, const char *b)
{
    struct server_version x, y;
    if (!server_version_parse(a, &x) || !server_version_parse(b, &y) || x.mariadb != y.mariadb)
        return DRIFT_DIFFERS;
    enum server_pair pair = server_version_pair(&x, &y);
    return pair == SERVER_PAIR_SAME ? DRIFT_NONE : pair == SERVER_PAIR_PATCH ? DRIFT_MINOR : DRIFT_DIFFERS;
}

static bool is_unwanted(const struct drift_values *v, int index)
{
    const char *wanted = drift_settings[index].wanted;
    return wanted && v->known[index] && !same_name(wanted, v->value[index]);
}

enum drift_kind drift_judge(const struct drift_values *a, const struct drift_values *b, int index)
{
    const char *x = a->value[index], *y = b->value[index];
    if (is_unwanted(a, index) || is_unwanted(b, index))
        return DRIFT_UNWANTED;
    if (!a->known[index] || !b->known[index] || strcmp(x, y) == 0)
        return DRIFT_NONE;
    return drift_settings[index].name == version ? judge_versions(x, y) : DRIFT_DIFFERS;
}

static bool list_has(const char *list, const char *word, size_t length)
{
    while (*list) {
        size_t next = strcspn(list, ",");
        if (next == length && strncmp(list, word, length) == 0)
            return true;
        list += next + (list[next] == ',');
    }
    return false;
}

void drift_show(const char *value, const char *other, char *out, size_t size)
{
    size_t used = 0;
    if (!*value || strlen(value) + strlen(other) <= SHORT_MAX || !strchr(value, ',')) {
        snprintf(out, size, "%s", *value ? value : "nothing");
        return;
    }
    *out = '\0';
    for (const char *word = value; *word && used < size;) {
        size_t length = strcspn(word, ",");
        if (!list_has(other, word, length))
            used += (size_t)snprintf(out + used, size - used, "%s%.*s", used ? "," : "besides ", (int)length,
                                     word);
        word += length + (word[length] == ',');
    }
    if (!used)
        snprintf(out, size, "nothing besides");
}
