#include "model/server_version.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PART_MAX 99 /* of a release; more would make two releases one */

/* clang-format off */
const struct server_series server_series[] = {
    {0, SERVER_RELEASE(10, 5), SERVER_REFUSED, "the schema cannot be made there, as was tried with 10.5"},
    {SERVER_RELEASE(10, 6), SERVER_RELEASE(10, 10), SERVER_REFUSED,
     "SUPER bypasses read_only there, and 10.6 was tried: its server crashed at handovers"},
    {SERVER_RELEASE(10, 11), SERVER_RELEASE(10, 11), SERVER_TRIED, ""},
    {SERVER_RELEASE(10, 12), SERVER_RELEASE(11, 7), SERVER_UNTRIED,
     "nothing was tried with it, only with the releases around it, 10.11 and 11.8"},
    {SERVER_RELEASE(11, 8), SERVER_RELEASE(11, 8), SERVER_TRIED, ""},
    {SERVER_RELEASE(11, 9), SERVER_RELEASE(11, PART_MAX), SERVER_UNTRIED,
     "nothing was tried with it, only with 11.8 before it"},
    {SERVER_RELEASE(12, 0), INT_MAX, SERVER_UNTRIED,
     "nothing was tried with it: not whether read_only holds, which has more values than two there, nor promotion, "
     "the fence, or the schema"},
};

const struct server_difference server_differences[] = {
    {SERVER_RELEASE(11, 0), "SUPER allows nothing that has a privilege of its own, as SET sql_log_bin",
     "the definer has BINLOG ADMIN and BINLOG MONITOR besides (sql/definer_voter.sql)"},
    {SERVER_RELEASE(11, 8),
     "STOP SLAVE IO_THREAD does not interrupt a receiver that calls a host which does not answer: it waits for "
     "slave_net_timeout, and SET GLOBAL read_only=1 with it",
     "such calls are ended when a promotion begins (daemon/fencer_reset.c)"},
    {SERVER_RELEASE(11, 8), "mariadb-binlog of an older release refuses the server",
     "it has to be the server's (io/binlog_read.c says so)"},
    {SERVER_RELEASE(11, 8),
     "its clients, libmariadb 3.4 and mariadb-binlog, speak TLS unless told not to, refuse a server without it, and "
     "have one option for all that is verified",
     "each is told what it is to do and to verify (io/tls_library.c, io/binlog_read.c)"},
    {SERVER_RELEASE(12, 0), "read_only is a word of four and no number: ON+0 is 0",
     "it is never reckoned with, and read in either form (rows_tri); NO_LOCK and NO_LOCK_NO_ADMIN are unknown"},
};
/* clang-format on */

const size_t server_series_count = sizeof(server_series) / sizeof(server_series[0]);
const size_t server_difference_count = sizeof(server_differences) / sizeof(server_differences[0]);

/* MariaDB before 11 greets replicas with this in front of its version. */
static const char *skip_disguise(const char *text)
{
    static const char disguise[] = "5.5.5-";
    size_t length = sizeof(disguise) - 1;
    return strncmp(text, disguise, length) == 0 && strstr(text, "MariaDB") ? text + length : text;
}

static bool read_part(const char **at, char after, int *out)
{
    char *end;
    if (**at < '0' || **at > '9')
        return false;
    long value = strtol(*at, &end, 10);
    if (value > INT_MAX || (after && *end != after))
        return false;
    *out = (int)value;
    *at = end + (after ? 1 : 0);
    return true;
}

bool server_version_parse(const char *text, struct server_version *out)
{
    const char *at = skip_disguise(text);
    int major, minor, patch;
    *out = (struct server_version){0};
    if (!read_part(&at, '.', &major) || !read_part(&at, '.', &minor) || !read_part(&at, '\0', &patch))
        return false;
    if (major > PART_MAX || minor > PART_MAX)
        return false;
    *out = (struct server_version){strstr(text, "MariaDB") != NULL, SERVER_RELEASE(major, minor), patch};
    return true;
}

const struct server_series *server_series_of(const struct server_version *v)
{
    static const struct server_series other = {0, INT_MAX, SERVER_REFUSED,
                                               "it is no MariaDB, whose GTIDs and privileges are others"};
    if (!v->mariadb)
        return &other;
    size_t i = 0;
    while (i + 1 < server_series_count && v->release > server_series[i].until)
        i++;
    return &server_series[i];
}

enum server_pair server_version_pair(const struct server_version *primary,
                                     const struct server_version *replica)
{
    if (primary->release != replica->release)
        return replica->release > primary->release ? SERVER_PAIR_NEWER_REPLICA : SERVER_PAIR_OLDER_REPLICA;
    return primary->patch == replica->patch ? SERVER_PAIR_SAME : SERVER_PAIR_PATCH;
}

const char *server_version_name(const struct server_version *v, char *out)
{
    snprintf(out, SERVER_VERSION_MAX, "%s %d.%d.%d", v->mariadb ? "MariaDB" : "MySQL", v->release / 100,
             v->release % 100, v->patch);
    return out;
}

const char *server_standing_name(enum server_standing standing)
{
    static const char *const names[] = {"tried", "untried", "refused"};
    return names[standing];
}
