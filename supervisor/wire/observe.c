#include "wire/observe.h"

#include <arpa/inet.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "base/mem.h"
#include "model/state.h"
#include "wire/printable.h"

#define SEMI_SYNC_LONG_MS 86400000L /* a wait that ends sooner would end before an operator has come */

static const char variables_sql[] =
    "SELECT 'server' AS part, @@global.read_only AS read_only, @@global.server_id AS server_id,"
    " @@global.gtid_domain_id AS gtid_domain_id,"
    " @@global.gtid_binlog_pos AS gtid_binlog_pos, @@global.gtid_slave_pos AS gtid_slave_pos,"
    " @@global.gtid_binlog_state AS gtid_binlog_state,"
    " @@global.auto_increment_increment AS auto_increment_increment,"
    " @@global.auto_increment_offset AS auto_increment_offset,"
    " @@global.event_scheduler AS event_scheduler,"
    " @@global.rpl_semi_sync_master_enabled AS semi_sync_master,"
    " @@global.rpl_semi_sync_master_wait_point='AFTER_SYNC' AND @@global.rpl_semi_sync_master_wait_no_slave=1"
    " AND @@global.rpl_semi_sync_master_timeout>=%ld AS semi_sync_strict,"
    " IS_USED_LOCK('replcheck.here.%s.%s') AS here_0, IS_USED_LOCK('replcheck.here.%s.%s') AS here_1;";

static const char schema_sql[] =
    "SELECT 'bulletin' AS part, node, seq, state, epoch, vip, config_hash FROM replcheck.bulletin;"
    "SELECT 'term' AS part, epoch, node FROM replcheck.term ORDER BY epoch DESC LIMIT 1;"
    "SELECT 'voter' AS part, node, kind, epoch, file, size, gtid, seq FROM replcheck.voter;";

static const char replication_sql[] = "SHOW ALL SLAVES STATUS";

static const char semi_sync_sql[] = ";SHOW GLOBAL STATUS WHERE Variable_name IN "
                                    "('Rpl_semi_sync_master_status', 'Rpl_semi_sync_master_clients',"
                                    " 'Rpl_semi_sync_master_wait_sessions', 'Rpl_semi_sync_slave_status')";

static const char events_sql[] =
    ";SELECT 'event' AS part, STATUS AS status, UNIX_TIMESTAMP(LAST_EXECUTED) AS last_executed"
    " FROM information_schema.EVENTS WHERE EVENT_SCHEMA='replcheck' AND EVENT_NAME='dead_man'"
    ";SELECT 'schema' AS part, version FROM replcheck.installed"
    ";SELECT 'breaker' AS part, COUNT(*) AS unplanned FROM replcheck.term WHERE reason IN ('%s', '%s')"
    " AND UNIX_TIMESTAMP(at) > GREATEST(UNIX_TIMESTAMP() - %lld, %lld)";

char *observe_holder_sql(const struct observe_names *n)
{
    return mem_printf(
        "SELECT 'holder' AS part, ID AS id, USER AS user, COMMAND AS command, TIME_MS AS time_ms,"
        " ID <=> IS_USED_LOCK('replcheck.here.%s.%s') AS here_0,"
        " ID <=> IS_USED_LOCK('replcheck.here.%s.%s') AS here_1"
        " FROM information_schema.PROCESSLIST WHERE ID = IS_USED_LOCK('replcheck.vote.%s')",
        n->cluster, n->nodes[0], n->cluster, n->nodes[1], n->cluster);
}

static char *variables(const struct observe_names *n)
{
    return mem_printf(variables_sql, SEMI_SYNC_LONG_MS, n->cluster, n->nodes[0], n->cluster, n->nodes[1]);
}

char *observe_bare_sql(const struct observe_names *n)
{
    char *base = variables(n), *all = mem_printf("%s%s", base, replication_sql);
    free(base);
    return all;
}

char *observe_server_sql(const struct observe_names *n, bool with_events)
{
    char *base = variables(n);
    char *events = with_events ? mem_printf(events_sql, promote_reason_name(REASON_CERTIFIED),
                                            promote_reason_name(REASON_SILENCE),
                                            (long long)n->breaker_window_s, (long long)n->breaker_reset_s)
                               : mem_strdup("");
    char *all = mem_printf("%s%s%s%s%s", base, schema_sql, replication_sql, n->semi_sync ? semi_sync_sql : "",
                           events);
    free(events);
    free(base);
    return all;
}

char *observe_slave_sql(const char *verb, const char *connection, const char *threads)
{
    char quoted[2 * OBS_CONNECTION_MAX + 4], *to = quoted;
    if (!*connection)
        return mem_printf("%s SLAVE %s", verb, threads);
    for (const char *from = connection; *from && to < quoted + 2 * OBS_CONNECTION_MAX; from++) {
        if (*from == '\'' || *from == '\\')
            *to++ = *from;
        *to++ = *from;
    }
    *to = '\0';
    return mem_printf("%s SLAVE '%s' %s", verb, quoted, threads);
}

/* A number that whoever asks for it has no room for is not known, as none at all. */
static uint64_t cell_up_to(const struct rows *set, size_t row, const char *name, int64_t most)
{
    int64_t v;
    return rows_i64(set, row, name, &v) && v > 0 && v <= most ? (uint64_t)v : 0;
}

static uint64_t cell_u64(const struct rows *set, size_t row, const char *name)
{
    return cell_up_to(set, row, name, INT64_MAX);
}

static unsigned cell_unsigned(const struct rows *set, size_t row, const char *name)
{
    return (unsigned)cell_up_to(set, row, name, UINT_MAX);
}

static int cell_int(const struct rows *set, size_t row, const char *name)
{
    return (int)cell_up_to(set, row, name, INT_MAX);
}

static void cell_gtid(struct gtid_set *out, const struct rows *set, size_t row, const char *name)
{
    struct err ignored;
    const char *text = rows_text(set, row, name);
    out->known = false;
    if (text && !gtid_set_parse(out, text, &ignored))
        out->known = false;
}

static void cell_text(char *out, size_t size, const struct rows *set, size_t row, const char *name)
{
    const char *text = rows_text(set, row, name);
    snprintf(out, size, "%s", text && strlen(text) < size ? text : "");
}

static int node_index(const struct observe_names *n, const char *name)
{
    for (int i = 0; name && i < OBS_NODES; i++)
        if (strcmp(n->nodes[i], name) == 0)
            return i;
    return -1;
}

static const char *const kinds[] = {
    [NOTE_PROMISE] = "promise", [NOTE_RELEASE] = "release",         [NOTE_CERTIFICATE] = "certificate",
    [NOTE_OFF] = "off",         [NOTE_OUT_OF_SYNC] = "out_of_sync",
};

const char *observe_kind_name(enum note_kind kind)
{
    return kinds[kind];
}

enum note_kind observe_kind_parse(const char *text)
{
    for (size_t i = NOTE_PROMISE; text && i < sizeof(kinds) / sizeof(kinds[0]); i++)
        if (strcmp(kinds[i], text) == 0)
            return (enum note_kind)i;
    return NOTE_NONE;
}

struct note *observe_note(struct voter_rows *v, enum note_kind kind, int node)
{
    switch (kind) {
    case NOTE_PROMISE:
        return &v->promise[node];
    case NOTE_RELEASE:
        return &v->release[node];
    case NOTE_CERTIFICATE:
        return &v->certificate[node];
    case NOTE_OFF:
        return &v->off[node];
    case NOTE_OUT_OF_SYNC:
        return &v->out_of_sync[node];
    case NOTE_NONE:
        break;
    }
    return NULL;
}

void observe_voter(struct voter_rows *out, const struct observe_names *n, const struct rows *set,
                   int64_t sent_us)
{
    memset(out, 0, sizeof(*out));
    out->read_us = sent_us;
    for (size_t row = 0; row < set->row_count; row++) {
        int node = node_index(n, rows_text(set, row, "node"));
        enum note_kind kind = observe_kind_parse(rows_text(set, row, "kind"));
        struct note *slot = node < 0 ? NULL : observe_note(out, kind, node);
        if (!slot)
            continue;
        slot->kind = kind;
        slot->node = node;
        slot->epoch = cell_u64(set, row, "epoch");
        slot->size = cell_u64(set, row, "size");
        slot->seq = cell_u64(set, row, "seq");
        cell_text(slot->file, sizeof(slot->file), set, row, "file");
        cell_gtid(&slot->gtid, set, row, "gtid");
    }
}

static bool is_ours(const struct observe_names *n, const char *user)
{
    return strcmp(user, n->account) == 0 || strcmp(user, OBSERVE_DEFINER) == 0 ||
           (n->other_account && strcmp(user, n->other_account) == 0);
}

/* "3001.25"; 0 for what nobody has been idle for. */
static int64_t milliseconds(const char *text)
{
    double ms = text ? strtod(text, NULL) : 0;
    return ms > 0 && ms < 1e15 ? (int64_t)ms : 0;
}

void observe_holder(struct holder_view *out, const struct observe_names *n, const struct rows *set,
                    int64_t sent_us, unsigned long own_connection)
{
    memset(out, 0, sizeof(*out));
    out->asked_us = sent_us;
    if (!set->row_count)
        return;
    const char *user = rows_text(set, 0, "user"), *command = rows_text(set, 0, "command"),
               *ms = rows_text(set, 0, "time_ms");
    out->connection = (unsigned long)cell_u64(set, 0, "id");
    out->mine = own_connection && out->connection == own_connection;
    out->foreign = !user || !is_ours(n, user);
    out->idle = command && strcmp(command, "Sleep") == 0;
    out->idle_ms = milliseconds(ms);
    out->here[0] = cell_u64(set, 0, "here_0") == 1;
    out->here[1] = cell_u64(set, 0, "here_1") == 1;
}

static enum io_state io_state_parse(const char *text)
{
    if (!text)
        return IO_UNKNOWN;
    if (strcmp(text, "Yes") == 0)
        return IO_YES;
    if (strcmp(text, "Connecting") == 0 || strcmp(text, "Preparing") == 0)
        return IO_CONNECTING;
    return strcmp(text, "No") == 0 ? IO_NO : IO_UNKNOWN;
}

/* May it come from the other node? By a host's name, which is not resolved here. */
static bool is_candidate(const struct observe_names *n, const struct rows *set, size_t row)
{
    unsigned char ignored[16];
    const char *host = rows_text(set, row, "Master_Host");
    unsigned answered =
        cell_unsigned(set, row, "Master_Server_Id"); /* 0: nobody in this life of the server */
    bool numeric =
        host && (inet_pton(AF_INET, host, ignored) == 1 || inet_pton(AF_INET6, host, ignored) == 1);
    return host && !numeric && cell_unsigned(set, row, "Master_Port") == n->master_port &&
           (!answered || !n->master_server_id || answered == n->master_server_id);
}

/* The only one that may; of several the only one that the other server has answered; -1: it cannot be told.
 */
static int named_row(const struct observe_names *n, const struct rows *set)
{
    int candidates = 0, answered = 0, candidate = -1, known = -1;
    for (size_t row = 0; row < set->row_count; row++) {
        if (!is_candidate(n, set, row))
            continue;
        candidates++;
        candidate = (int)row;
        if (!cell_unsigned(set, row, "Master_Server_Id"))
            continue;
        answered++;
        known = (int)row;
    }
    return candidates == 1 ? candidate : answered == 1 && n->master_server_id ? known : -1;
}

/* Another server than the other node has answered there. */
static bool leads_elsewhere(const struct observe_names *n, const struct rows *set, size_t row)
{
    unsigned answered = cell_unsigned(set, row, "Master_Server_Id");
    return answered && n->master_server_id && answered != n->master_server_id;
}

/* The connection whose Master_Host is the other node; the only one if there is just one: nodes may have
 * addresses for replication alone. */
static int replication_row(const struct observe_names *n, const struct rows *set)
{
    for (size_t row = 0; row < set->row_count; row++) {
        const char *host = rows_text(set, row, "Master_Host");
        int64_t port = 0;
        if (host && strcmp(host, n->master_address) == 0 && rows_i64(set, row, "Master_Port", &port) &&
            port == n->master_port)
            return (int)row;
    }
    if (set->row_count == 1 && !leads_elsewhere(n, set, 0))
        return 0;
    return named_row(n, set);
}

/* One that calls is broken once it has an error: every one begins so. */
static void observe_foreign(struct replication_view *out, const struct rows *set, size_t row)
{
    struct foreign_connection c = {.io = io_state_parse(rows_text(set, row, "Slave_IO_Running")),
                                   .sql = rows_tri(set, row, "Slave_SQL_Running"),
                                   .number = cell_unsigned(set, row, "Last_SQL_Errno")};
    const char *name = rows_text(set, row, "Connection_name");
    if (!c.number)
        c.number = cell_unsigned(set, row, "Last_IO_Errno");
    bool calls = c.io == IO_CONNECTING && c.number;
    if (c.io != IO_NO && c.sql != TRI_NO && !calls)
        return;
    snprintf(c.name, sizeof(c.name), "%.*s", (int)sizeof(c.name) - 1, name ? name : "");
    printable_make(c.name);
    if (out->broken_count++ == 0)
        out->broken = c;
}

void observe_replication(struct replication_view *out, const struct observe_names *n, const struct rows *set)
{
    int row = replication_row(n, set);
    memset(out, 0, sizeof(*out));
    for (size_t i = 0; i < set->row_count; i++)
        if (row >= 0 && i != (size_t)row)
            observe_foreign(out, set, i);
    if (row < 0) {
        out->configured = set->row_count ? TRI_UNKNOWN : TRI_NO;
        return;
    }
    size_t r = (size_t)row;
    const char *last = rows_text(set, r, "Last_SQL_Error");
    out->known = true;
    out->configured = TRI_YES;
    cell_text(out->connection, sizeof(out->connection), set, r, "Connection_name");
    out->io = io_state_parse(rows_text(set, r, "Slave_IO_Running"));
    out->sql = rows_tri(set, r, "Slave_SQL_Running");
    out->io_errno = cell_unsigned(set, r, "Last_IO_Errno");
    out->sql_errno = cell_unsigned(set, r, "Last_SQL_Errno");
    if (!last || !*last)
        last = rows_text(set, r, "Last_IO_Error");
    snprintf(out->error, sizeof(out->error), "%.*s", (int)sizeof(out->error) - 1, last ? last : "");
    printable_make(out->error); /* it quotes data */
    cell_gtid(&out->io_pos, set, r, "Gtid_IO_Pos");
    cell_text(out->master_file, sizeof(out->master_file), set, r, "Master_Log_File");
    out->master_pos = cell_u64(set, r, "Read_Master_Log_Pos");
    out->delay_s = (int64_t)cell_u64(set, r, "SQL_Delay");
    out->behind_s = (int64_t)cell_u64(set, r, "Seconds_Behind_Master");
}

static void observe_variables(struct server_view *view, const struct rows *set)
{
    view->read_only = rows_tri(set, 0, "read_only");
    view->server_id = cell_unsigned(set, 0, "server_id");
    int64_t domain = 0;
    bool known = rows_i64(set, 0, "gtid_domain_id", &domain) && domain >= 0 && domain <= UINT32_MAX;
    view->domain_known = known ? TRI_YES : TRI_UNKNOWN;
    view->domain_id = known ? (uint32_t)domain : 0;
    cell_gtid(&view->binlog_pos, set, 0, "gtid_binlog_pos");
    cell_gtid(&view->slave_pos, set, 0, "gtid_slave_pos");
    cell_gtid(&view->binlog_state, set, 0, "gtid_binlog_state");
    view->slave_pos_corrected =
        gtid_slave_pos_correct(&view->slave_pos, &view->binlog_pos, &view->binlog_state, view->server_id);
    view->auto_increment_increment = cell_unsigned(set, 0, "auto_increment_increment");
    view->auto_increment_offset = cell_unsigned(set, 0, "auto_increment_offset");
    const char *scheduler = rows_text(set, 0, "event_scheduler");
    bool disabled = scheduler && strcmp(scheduler, "DISABLED") == 0;
    view->event_scheduler = disabled ? TRI_NO : rows_tri(set, 0, "event_scheduler");
    if (view->event_scheduler == TRI_NO)
        view->dead_man_trouble = disabled ? DEAD_MAN_IMPOSSIBLE : DEAD_MAN_OFF;
    view->semi_sync = (struct semi_sync_view){.enabled = rows_tri(set, 0, "semi_sync_master"),
                                              .strict = rows_tri(set, 0, "semi_sync_strict"),
                                              .clients = view->semi_sync.clients,
                                              .waiting = view->semi_sync.waiting};
    view->bulletin[0].present = rows_text(set, 0, "here_0") != NULL;
    view->bulletin[1].present = rows_text(set, 0, "here_1") != NULL;
}

/* SHOW GLOBAL STATUS: a row per name. */
static void observe_semi_sync(struct server_view *view, const struct rows *set)
{
    for (size_t row = 0; row < set->row_count; row++) {
        const char *name = rows_text(set, row, "Variable_name");
        if (!name)
            continue;
        if (strcmp(name, "Rpl_semi_sync_master_status") == 0)
            view->semi_sync.status = rows_tri(set, row, "Value");
        else if (strcmp(name, "Rpl_semi_sync_master_clients") == 0)
            view->semi_sync.clients = cell_int(set, row, "Value");
        else if (strcmp(name, "Rpl_semi_sync_master_wait_sessions") == 0)
            view->semi_sync.waiting = cell_int(set, row, "Value");
        else if (strcmp(name, "Rpl_semi_sync_slave_status") == 0)
            view->replication.semi_sync = rows_tri(set, row, "Value");
    }
}

static void observe_bulletin(struct server_view *view, const struct observe_names *n, const struct rows *set)
{
    for (size_t row = 0; row < set->row_count; row++) {
        int node = node_index(n, rows_text(set, row, "node"));
        const char *state = rows_text(set, row, "state");
        char name[OBS_NAME_MAX * 2];
        if (node < 0 || !state)
            continue;
        struct bulletin *b = &view->bulletin[node];
        const char *ask =
            strchr(state, '+'); /* the first of its flags; those of a later version are passed over */
        snprintf(name, sizeof(name), "%.*s", (int)(ask ? (size_t)(ask - state) : strlen(state)), state);
        b->known = node_state_parse(name) >= 0;
        b->ask = ask && strstr(ask, "+ask");
        b->hold = ask && strstr(ask, "+hold");
        b->waits = ask && strstr(ask, "+wait");
        b->state = b->known ? node_state_parse(name) : NODE_UNKNOWN;
        b->seq = cell_u64(set, row, "seq");
        b->epoch = cell_u64(set, row, "epoch");
        b->vip = rows_tri(set, row, "vip");
        cell_text(b->config_hash, sizeof(b->config_hash), set, row, "config_hash");
    }
}

static void observe_term(struct server_view *view, const struct observe_names *n, const struct rows *set)
{
    view->term_known = true;
    view->term_epoch = cell_u64(set, 0, "epoch");
    view->term_node = set->row_count ? node_index(n, rows_text(set, 0, "node")) : -1;
}

static enum dead_man_trouble switch_trouble(const struct server_view *view, const struct rows *set)
{
    const char *status = rows_text(set, 0, "status");
    if (view->event_scheduler == TRI_NO)
        return view->dead_man_trouble == DEAD_MAN_IMPOSSIBLE ? DEAD_MAN_IMPOSSIBLE : DEAD_MAN_OFF;
    if (!set->row_count || !status)
        return DEAD_MAN_MISSING;
    if (strcmp(status, "ENABLED") == 0)
        return DEAD_MAN_NO_TROUBLE;
    return strcmp(status, "SLAVESIDE_DISABLED") == 0 ? DEAD_MAN_SLAVESIDE : DEAD_MAN_DISABLED;
}

/* The switch is good when it is enabled and its last execution differs from one seen at most 3 s ago, or is
 * being watched for less than that since it was last good. */
static void observe_dead_man(struct server_view *view, const struct rows *set, int64_t sent_us)
{
    const char *executed = rows_text(set, 0, "last_executed");
    double at = executed ? strtod(executed, NULL) : 0;
    enum dead_man_trouble trouble = switch_trouble(view, set);
    view->dead_man_us = sent_us;
    view->dead_man_trouble = trouble;
    if (trouble != DEAD_MAN_NO_TROUBLE || view->event_scheduler != TRI_YES) {
        view->dead_man = TRI_NO;
        view->dead_man_advanced_us = 0;
        return;
    }
    if (!view->dead_man_advanced_us)
        view->dead_man_advanced_us = sent_us;
    if (at > 0 && at != view->dead_man_executed) {
        view->dead_man = view->dead_man_executed > 0 || view->dead_man != TRI_UNKNOWN ? TRI_YES : TRI_UNKNOWN;
        view->dead_man_executed = at;
        view->dead_man_advanced_us = sent_us;
    } else if (sent_us - view->dead_man_advanced_us > 4000000) {
        view->dead_man = TRI_NO;
        view->dead_man_trouble = DEAD_MAN_STALE;
    }
}

void observe_server(struct server_view *view, const struct observe_names *n, const struct rows *sets,
                    size_t count, int64_t sent_us, int64_t answered_us)
{
    if (sent_us < view->seen_us)
        return; /* overtaken by a younger answer on another session */
    view->replication.known = false;
    for (size_t i = 0; i < count; i++) {
        const struct rows *set = &sets[i];
        const char *first = set->column_count ? set->names[0] : "";
        const char *second = set->column_count > 1 ? set->names[1] : "";
        bool is_voter = rows_column(set, "kind") >= 0;
        if (rows_column(set, "Slave_IO_Running") >= 0)
            observe_replication(&view->replication, n, set);
        else if (strcmp(first, "Variable_name") == 0)
            observe_semi_sync(view, set);
        else if (strcmp(first, "part") != 0)
            continue;
        else if (strcmp(second, "read_only") == 0 && set->row_count)
            observe_variables(view, set);
        else if (is_voter && sent_us > view->voter.read_us)
            observe_voter(&view->voter, n, set, sent_us);
        else if (strcmp(second, "node") == 0 && !is_voter)
            observe_bulletin(view, n, set);
        else if (strcmp(second, "epoch") == 0)
            observe_term(view, n, set);
        else if (strcmp(second, "unplanned") == 0)
            view->unplanned = cell_int(set, 0, "unplanned");
        else if (strcmp(second, "version") == 0)
            view->schema_version = cell_int(set, 0, "version");
        else if (strcmp(second, "status") == 0)
            observe_dead_man(view, set, sent_us);
    }
    view->seen_us = sent_us;
    view->answered_us = answered_us;
}
