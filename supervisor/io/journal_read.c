#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "io/journal.h"
#include "io/journal_sql.h"

#define BUSY_MS 2000

/* `flags` says whether a transaction cut short by a power loss may be rolled back by us. */
static bool open_existing(sqlite3 **db, const char *path, int flags, struct err *e)
{
    int64_t version;
    if (sqlite3_open_v2(path, db, flags | SQLITE_OPEN_EXRESCODE, NULL) != SQLITE_OK)
        return journal_sql_failed(*db, path, "opening", e);
    sqlite3_busy_timeout(*db, BUSY_MS);
    sqlite3_exec(*db, "PRAGMA trusted_schema=OFF; PRAGMA cell_size_check=ON", NULL, NULL, NULL);
    if (!journal_sql_number(*db, path, "PRAGMA user_version", &version, e)) {
        if ((sqlite3_extended_errcode(*db)) == SQLITE_READONLY_ROLLBACK)
            return err_set(e,
                           "%s was being written when the power failed; start "
                           "mysql-replcheckd, which completes it",
                           path);
        return false;
    }
    if (version != JOURNAL_VERSION)
        return err_set(e, "%s has version %lld, this program reads %d", path, (long long)version,
                       JOURNAL_VERSION);
    return true;
}

static void copy_text(sqlite3_stmt *s, int column, char *out, size_t size)
{
    const char *text = (const char *)sqlite3_column_text(s, column);
    snprintf(out, size, "%s", text ? text : "");
}

static void read_event(sqlite3_stmt *s, struct journal_event *event)
{
    char kind[16];
    memset(event, 0, sizeof(*event));
    event->id = sqlite3_column_int64(s, 0);
    event->at_us = sqlite3_column_int64(s, 1);
    event->boot_us = sqlite3_column_int64(s, 2);
    copy_text(s, 3, event->node, sizeof(event->node));
    copy_text(s, 4, kind, sizeof(kind));
    event->kind = journal_kind_parse(kind);
    copy_text(s, 5, event->state_from, sizeof(event->state_from));
    copy_text(s, 6, event->state_to, sizeof(event->state_to));
    event->row_id = sqlite3_column_int(s, 7);
    copy_text(s, 8, event->reason, sizeof(event->reason));
    event->epoch = (uint64_t)sqlite3_column_int64(s, 9);
    copy_text(s, 10, event->gtid, sizeof(event->gtid));
    copy_text(s, 11, event->vip, sizeof(event->vip));
    copy_text(s, 12, event->detail, sizeof(event->detail));
}

static bool list(sqlite3 *db, const char *path, const struct journal_filter *filter,
                 void (*each)(const struct journal_event *event, void *context), void *context, struct err *e)
{
    static const char sql[] = "SELECT * FROM (SELECT id, " JOURNAL_COLUMNS " FROM events"
                              " WHERE at_us >= ?1 AND (?2 IS NULL OR kind = ?2)"
                              " ORDER BY id DESC LIMIT ?3) ORDER BY id";
    sqlite3_stmt *s = NULL;
    struct journal_event event;
    int step;
    if (sqlite3_prepare_v2(db, sql, -1, &s, NULL) != SQLITE_OK)
        return journal_sql_failed(db, path, "reading", e);
    sqlite3_bind_int64(s, 1, filter->since_us);
    if (filter->kind != JOURNAL_UNKNOWN)
        sqlite3_bind_text(s, 2, journal_kind_name(filter->kind), -1, SQLITE_STATIC);
    sqlite3_bind_int64(s, 3, filter->limit ? (int64_t)filter->limit : -1);
    while ((step = sqlite3_step(s)) == SQLITE_ROW) {
        read_event(s, &event);
        each(&event, context);
    }
    if (step != SQLITE_DONE)
        journal_sql_failed(db, path, "reading", e);
    sqlite3_finalize(s);
    return step == SQLITE_DONE;
}

bool journal_list(const char *path, const struct journal_filter *filter,
                  void (*each)(const struct journal_event *event, void *context), void *context,
                  struct err *e)
{
    sqlite3 *db = NULL;
    struct stat st;
    if (stat(path, &st) < 0)
        return err_set(e, "%s: %s%s", path, strerror(errno),
                       errno == ENOENT   ? "; mysql-replcheckd, which writes it, has not run on this node"
                       : errno == EACCES ? "; root and the user of run_as may read it"
                                         : "");
    bool ok = open_existing(&db, path, SQLITE_OPEN_READONLY, e) && list(db, path, filter, each, context, e);
    sqlite3_close(db);
    return ok;
}

/* All are looked at: the one that is asked for may be hidden under a damaged key. */
static enum tri find(sqlite3_stmt *s, const char *path, const char *key, struct journal_saved *out,
                     struct err *e)
{
    enum tri found = TRI_NO;
    int step;
    while ((step = sqlite3_step(s)) == SQLITE_ROW) {
        struct journal_saved row;
        if (!journal_sql_saved(s, path, &row, e))
            return TRI_UNKNOWN;
        if (strcmp(row.key, key) != 0)
            continue;
        *out = row;
        found = TRI_YES;
    }
    if (step == SQLITE_DONE)
        return found;
    journal_sql_failed(sqlite3_db_handle(s), path, "reading", e);
    return TRI_UNKNOWN;
}

static enum tri load(sqlite3 *db, const char *path, const char *key, struct journal_saved *out, struct err *e)
{
    sqlite3_stmt *s = NULL;
    if (sqlite3_prepare_v2(db, JOURNAL_SAVED_SELECT, -1, &s, NULL) != SQLITE_OK) {
        journal_sql_failed(db, path, "reading", e);
        return TRI_UNKNOWN;
    }
    enum tri found = find(s, path, key, out, e);
    sqlite3_finalize(s);
    return found;
}

enum tri journal_saved_load(const char *path, const char *key, struct journal_saved *out, struct err *e)
{
    sqlite3 *db = NULL;
    struct stat st;
    memset(out, 0, sizeof(*out));
    snprintf(out->key, sizeof(out->key), "%s", key);
    if (stat(path, &st) < 0) {
        if (errno == ENOENT)
            return TRI_NO;
        err_set(e, "%s: %s", path, strerror(errno));
        return TRI_UNKNOWN;
    }
    enum tri found = TRI_UNKNOWN;
    if (open_existing(&db, path, SQLITE_OPEN_READWRITE, e))
        found = load(db, path, key, out, e);
    sqlite3_close(db);
    return found;
}
