#include "io/journal_sql.h"

#include <stdio.h>
#include <string.h>

static const char *remedy(int code)
{
    switch (code & 0xff) {
    case SQLITE_FULL:
        return "free some space on its file system";
    case SQLITE_CANTOPEN:
    case SQLITE_PERM:
    case SQLITE_READONLY:
    case SQLITE_AUTH:
        return "check that file and directory exist and who owns them";
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        return "another process holds it";
    case SQLITE_IOERR:
        return "check the disk and the kernel's log";
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
        return "the daemon sets it aside when it starts";
    default:
        return NULL;
    }
}

bool journal_sql_failed(sqlite3 *db, const char *path, const char *what, struct err *e)
{
    int code = sqlite3_extended_errcode(db);
    int number = sqlite3_system_errno(db);
    const char *hint = remedy(code);
    bool told = (code & 0xff) == SQLITE_CANTOPEN || (code & 0xff) == SQLITE_IOERR;
    return err_set(e, "%s: %s: %s%s%s%s%s", path, what, sqlite3_errmsg(db), told && number ? ": " : "",
                   told && number ? strerror(number) : "", hint ? "; " : "", hint ? hint : "");
}

bool journal_sql_number(sqlite3 *db, const char *path, const char *sql, int64_t *out, struct err *e)
{
    sqlite3_stmt *s = NULL;
    bool ok = sqlite3_prepare_v2(db, sql, -1, &s, NULL) == SQLITE_OK && sqlite3_step(s) == SQLITE_ROW;
    if (ok)
        *out = sqlite3_column_int64(s, 0);
    else
        journal_sql_failed(db, path, "reading", e);
    sqlite3_finalize(s);
    return ok;
}

static uint64_t fnv1a(uint64_t sum, const void *data, size_t size)
{
    const unsigned char *p = data;
    for (size_t i = 0; i < size; i++)
        sum = (sum ^ p[i]) * 1099511628211u;
    return sum;
}

int64_t journal_sql_checksum(const struct journal_saved *s)
{
    uint64_t sum = fnv1a(14695981039346656037u, s->key, strlen(s->key) + 1);
    sum = fnv1a(sum, s->text, strlen(s->text) + 1);
    return (int64_t)fnv1a(sum, &s->at_us, sizeof(s->at_us));
}

static void take_text(sqlite3_stmt *s, int column, char *out, size_t size)
{
    const char *text = (const char *)sqlite3_column_text(s, column);
    snprintf(out, size, "%s", text ? text : "");
}

bool journal_sql_saved(sqlite3_stmt *s, const char *path, struct journal_saved *out, struct err *e)
{
    memset(out, 0, sizeof(*out));
    take_text(s, 0, out->key, sizeof(out->key));
    take_text(s, 1, out->text, sizeof(out->text));
    out->at_us = sqlite3_column_int64(s, 2);
    return sqlite3_column_int64(s, 3) == journal_sql_checksum(out) ||
           err_set(e, "%s: what was saved as \"%s\" is damaged: its checksum does not fit", path, out->key);
}
