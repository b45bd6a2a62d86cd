#include "io/journal.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "io/journal_sql.h"

#define PAGE_LEAST 512  /* bytes; SQLite's smallest file */
#define TRIM_EVERY 1000 /* events; deleting a few more at a time is cheaper than one at each */

struct journal {
    sqlite3 *db;
    sqlite3_stmt *insert;
    sqlite3_stmt *save;
    char *path;
    unsigned keep;
    unsigned untrimmed;
};

enum opened {
    OPENED,
    OPEN_FAILED, /* may be tried again */
    OPEN_BAD     /* the file itself is unusable */
};

static const char schema[] =
    "BEGIN IMMEDIATE;"
    "CREATE TABLE events(id INTEGER PRIMARY KEY, at_us INTEGER NOT NULL, boot_us INTEGER NOT NULL, node TEXT,"
    " kind TEXT NOT NULL, state_from TEXT, state_to TEXT, row_id INTEGER, reason TEXT, epoch INTEGER,"
    " gtid TEXT, vip TEXT, detail TEXT);"
    "CREATE TABLE saved(key TEXT PRIMARY KEY, text TEXT NOT NULL, at_us INTEGER NOT NULL,"
    " checksum INTEGER NOT NULL) WITHOUT ROWID;"
    "PRAGMA user_version=1;"
    "COMMIT";
_Static_assert(JOURNAL_VERSION == 1, "the schema above sets user_version");

static const char *const kind_names[JOURNAL_KINDS] = {
    [JOURNAL_UNKNOWN] = "unknown",   [JOURNAL_STATE] = "state", [JOURNAL_ACTION] = "action",
    [JOURNAL_OPERATOR] = "operator", [JOURNAL_ALERT] = "alert", [JOURNAL_START] = "start",
    [JOURNAL_HOOK] = "hook",
};

const char *journal_kind_name(enum journal_kind kind)
{
    return (unsigned)kind < JOURNAL_KINDS ? kind_names[kind] : kind_names[JOURNAL_UNKNOWN];
}

enum journal_kind journal_kind_parse(const char *name)
{
    for (int k = JOURNAL_UNKNOWN + 1; k < JOURNAL_KINDS; k++)
        if (strcmp(kind_names[k], name) == 0)
            return (enum journal_kind)k;
    return JOURNAL_UNKNOWN;
}

static enum opened failure(struct journal *j, const char *what, struct err *e)
{
    journal_sql_failed(j->db, j->path, what, e);
    switch (sqlite3_errcode(j->db) & 0xff) {
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
    case SQLITE_FORMAT:
    case SQLITE_MISMATCH:
    case SQLITE_ERROR: /* our own statements do not fit what the file holds */
        return OPEN_BAD;
    default:
        return OPEN_FAILED;
    }
}

static enum opened check_file(const char *path, struct err *e)
{
    struct stat st;
    if (lstat(path, &st) < 0) {
        if (errno == ENOENT)
            return OPENED;
        err_set(e, "%s: %s", path, strerror(errno));
        return OPEN_FAILED;
    }
    if (!S_ISREG(st.st_mode)) {
        err_set(e, "%s is not a regular file; move it away", path);
        return OPEN_FAILED;
    }
    if (faccessat(AT_FDCWD, path, R_OK | W_OK, AT_EACCESS) < 0) {
        err_set(e, "%s cannot be written: %s; check who owns it", path, strerror(errno));
        return OPEN_FAILED;
    }
    if (st.st_size < PAGE_LEAST) { /* SQLite would take it for a new one and say nothing */
        err_set(e, "%s is %s", path, st.st_size ? "cut short" : "empty");
        return OPEN_BAD;
    }
    return OPENED;
}

static enum opened check_content(struct journal *j, struct err *e)
{
    sqlite3_stmt *s = NULL;
    enum opened result = OPENED;
    if (sqlite3_prepare_v2(j->db, "PRAGMA quick_check(1)", -1, &s, NULL) != SQLITE_OK ||
        sqlite3_step(s) != SQLITE_ROW) {
        result = failure(j, "checking", e);
    } else {
        const char *said = (const char *)sqlite3_column_text(s, 0);
        if (!said || strcmp(said, "ok") != 0) {
            err_set(e, "%s is damaged: %.200s", j->path, said ? said : "no answer");
            result = OPEN_BAD;
        }
    }
    sqlite3_finalize(s);
    if (result == OPENED && sqlite3_db_readonly(j->db, "main") == 1) { /* though we may write the file */
        err_set(e, "%s names a format that cannot be written", j->path);
        result = OPEN_BAD;
    }
    return result;
}

static enum opened check_version(struct journal *j, struct err *e)
{
    int64_t version;
    if (!journal_sql_number(j->db, j->path, "PRAGMA user_version", &version, e))
        return failure(j, "reading the version", e);
    if (version == 0 && sqlite3_exec(j->db, schema, NULL, NULL, NULL) != SQLITE_OK)
        return failure(j, "beginning a journal", e);
    if (version != 0 && version != JOURNAL_VERSION) {
        err_set(e, "%s has version %lld, this program writes %d", j->path, (long long)version,
                JOURNAL_VERSION);
        return OPEN_BAD;
    }
    return OPENED;
}

/* A text that became another one is found here, before it can be believed or missed. */
static enum opened check_saved(struct journal *j, struct err *e)
{
    struct journal_saved row;
    sqlite3_stmt *s = NULL;
    enum opened result = OPENED;
    int step = SQLITE_ERROR;
    if (sqlite3_prepare_v2(j->db, JOURNAL_SAVED_SELECT, -1, &s, NULL) == SQLITE_OK)
        while (result == OPENED && (step = sqlite3_step(s)) == SQLITE_ROW)
            result = journal_sql_saved(s, j->path, &row, e) ? OPENED : OPEN_BAD;
    if (result == OPENED && step != SQLITE_DONE)
        result = failure(j, "checking what was saved", e);
    sqlite3_finalize(s);
    return result;
}

static enum opened prepare(struct journal *j, struct err *e)
{
    static const char insert[] =
        "INSERT INTO events(" JOURNAL_COLUMNS ") VALUES(?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?12)";
    static const char save[] = "INSERT OR REPLACE INTO saved(key, text, at_us, checksum) VALUES(?1,?2,?3,?4)";
    sqlite3_stmt *read = NULL; /* readers name one column more */
    bool ok =
        sqlite3_prepare_v2(j->db, insert, -1, &j->insert, NULL) == SQLITE_OK &&
        sqlite3_prepare_v2(j->db, save, -1, &j->save, NULL) == SQLITE_OK &&
        sqlite3_prepare_v2(j->db, "SELECT id, " JOURNAL_COLUMNS " FROM events", -1, &read, NULL) == SQLITE_OK;
    sqlite3_finalize(read);
    return ok ? OPENED : failure(j, "preparing", e);
}

static enum opened open_file(struct journal *j, struct err *e)
{
    static const char settings[] =
        "PRAGMA trusted_schema=OFF; PRAGMA cell_size_check=ON; PRAGMA journal_mode=TRUNCATE;"
        "PRAGMA synchronous=FULL; "
        "PRAGMA cache_size=-64"; /* KiB: it is only appended to, and SQLite would keep 2 MiB of it */
    enum opened result = check_file(j->path, e);
    if (result != OPENED)
        return result;
    int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_EXRESCODE;
    if (sqlite3_open_v2(j->path, &j->db, flags, NULL) != SQLITE_OK)
        return failure(j, "opening", e);
    sqlite3_busy_timeout(j->db, 1000);
    sqlite3_db_config(j->db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    if (sqlite3_exec(j->db, settings, NULL, NULL, NULL) != SQLITE_OK)
        return failure(j, "opening", e);
    result = check_content(j, e);
    if (result == OPENED)
        result = check_version(j, e);
    if (result == OPENED)
        result = check_saved(j, e);
    if (result == OPENED)
        result = prepare(j, e);
    return result;
}

static void close_file(struct journal *j)
{
    sqlite3_finalize(j->insert);
    sqlite3_finalize(j->save);
    sqlite3_close(j->db);
    j->insert = j->save = NULL;
    j->db = NULL;
}

static void sync_directory(const char *path)
{
    char *copy = mem_strdup(path);
    int fd = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd >= 0) {
        (void)!fsync(fd);
        close(fd);
    }
    free(copy);
}

static void choose_aside_name(const char *path, char *out, size_t size)
{
    time_t now = time(NULL);
    struct tm tm;
    char when[32] = "";
    if (gmtime_r(&now, &tm))
        strftime(when, sizeof(when), "%Y%m%dT%H%M%SZ", &tm);
    snprintf(out, size, "%s.bad-%s", path, when);
    for (int n = 2; access(out, F_OK) == 0; n++)
        snprintf(out, size, "%s.bad-%s.%d", path, when, n);
}

/* Renames the file that `e` complains of. The rollback journal goes first: left beside a new file it would be
 * played back into it. */
static bool set_aside(const char *path, char *report, struct err *e)
{
    struct err why = *e;
    static const char *const suffixes[] = {"-journal", "-wal", "-shm", ""};
    char aside[PATH_MAX], from[PATH_MAX], to[PATH_MAX];
    choose_aside_name(path, aside, sizeof(aside) - 16);
    for (size_t i = 0; i < sizeof(suffixes) / sizeof(suffixes[0]); i++) {
        snprintf(from, sizeof(from), "%s%s", path, suffixes[i]);
        snprintf(to, sizeof(to), "%.*s%s", PATH_MAX - 16, aside, suffixes[i]);
        if (rename(from, to) < 0 && errno != ENOENT)
            return err_set(e, "%.200s; it could not be renamed to %.200s: %s", why.text, to, strerror(errno));
    }
    sync_directory(path);
    const char *base = strrchr(aside, '/') ? strrchr(aside, '/') + 1 : aside;
    snprintf(report, JOURNAL_REPORT_MAX, "%s; it is kept as %.200s and a new journal was begun", why.text,
             base);
    return true;
}

bool journal_open(struct journal **out, const char *path, unsigned keep, char *report, struct err *e)
{
    struct journal *j = mem_zalloc(sizeof(*j));
    j->path = mem_strdup(path);
    j->keep = keep ? keep : JOURNAL_KEEP;
    j->untrimmed = TRIM_EVERY;
    report[0] = '\0';
    enum opened result = open_file(j, e);
    if (result == OPEN_BAD) {
        close_file(j);
        if (set_aside(path, report, e))
            result = open_file(j, e);
    }
    *out = j;
    if (result != OPENED)
        journal_close(out);
    return result == OPENED;
}

void journal_close(struct journal **j)
{
    if (!*j)
        return;
    close_file(*j);
    free((*j)->path);
    free(*j);
    *j = NULL;
}

static void bind_text(sqlite3_stmt *s, int at, const char *text)
{
    if (text[0])
        sqlite3_bind_text(s, at, text, -1, SQLITE_STATIC);
    else
        sqlite3_bind_null(s, at);
}

static void bind_number(sqlite3_stmt *s, int at, int64_t number)
{
    if (number)
        sqlite3_bind_int64(s, at, number);
    else
        sqlite3_bind_null(s, at);
}

static bool run(sqlite3_stmt *s)
{
    bool ok = sqlite3_step(s) == SQLITE_DONE;
    return sqlite3_reset(s) == SQLITE_OK && ok;
}

static bool insert_event(struct journal *j, const struct journal_event *event)
{
    sqlite3_stmt *s = j->insert;
    sqlite3_bind_int64(s, 1, event->at_us);
    sqlite3_bind_int64(s, 2, event->boot_us);
    bind_text(s, 3, event->node);
    bind_text(s, 4, journal_kind_name(event->kind));
    bind_text(s, 5, event->state_from);
    bind_text(s, 6, event->state_to);
    bind_number(s, 7, event->row_id);
    bind_text(s, 8, event->reason);
    bind_number(s, 9, (int64_t)event->epoch);
    bind_text(s, 10, event->gtid);
    bind_text(s, 11, event->vip);
    bind_text(s, 12, event->detail);
    return run(s);
}

static bool insert_saved(struct journal *j, const struct journal_saved *saved)
{
    sqlite3_bind_text(j->save, 1, saved->key, -1, SQLITE_STATIC);
    sqlite3_bind_text(j->save, 2, saved->text, -1, SQLITE_STATIC);
    sqlite3_bind_int64(j->save, 3, saved->at_us);
    sqlite3_bind_int64(j->save, 4, journal_sql_checksum(saved));
    return run(j->save);
}

static bool trim(struct journal *j)
{
    char sql[128];
    snprintf(sql, sizeof(sql), "DELETE FROM events WHERE id <= (SELECT max(id) FROM events) - %u", j->keep);
    if (sqlite3_exec(j->db, sql, NULL, NULL, NULL) != SQLITE_OK)
        return false;
    j->untrimmed = 0;
    return true;
}

static bool write_all(struct journal *j, const struct journal_batch *batch)
{
    if (sqlite3_exec(j->db, "BEGIN IMMEDIATE", NULL, NULL, NULL) != SQLITE_OK)
        return false;
    for (size_t i = 0; i < batch->event_count; i++)
        if (!insert_event(j, &batch->events[i]))
            return false;
    for (size_t i = 0; i < batch->saved_count; i++)
        if (!insert_saved(j, &batch->saved[i]))
            return false;
    j->untrimmed += (unsigned)batch->event_count;
    if (j->untrimmed >= TRIM_EVERY && !trim(j))
        return false;
    return sqlite3_exec(j->db, "COMMIT", NULL, NULL, NULL) == SQLITE_OK;
}

bool journal_write(struct journal *j, const struct journal_batch *batch, struct err *e)
{
    if (!batch->event_count && !batch->saved_count)
        return true;
    if (write_all(j, batch))
        return true;
    journal_sql_failed(j->db, j->path, "writing", e);
    sqlite3_exec(j->db, "ROLLBACK", NULL, NULL, NULL);
    return false;
}
