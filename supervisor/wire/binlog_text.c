#include "wire/binlog_text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "wire/printable.h"

#define DELIMITER "/*!*/;"

static bool begins(const char *line, const char *with)
{
    return strncmp(line, with, strlen(with)) == 0;
}

static bool ends(const char *line, const char *with)
{
    size_t length = strlen(line), n = strlen(with);
    return length >= n && strcmp(line + length - n, with) == 0;
}

/* Cut at `size`, marked, and fit to be shown. */
static void show_as(char *out, size_t size, const char *text)
{
    if ((size_t)snprintf(out, size, "%s", text) >= size)
        memcpy(out + size - 4, "...", 4);
    printable_make(out);
}

static void append(char *out, size_t size, const char *text)
{
    size_t length = strlen(out);
    if (size - length > 4)
        show_as(out + length, size - length, text);
}

/* ---- headers of events: "#261122 3:26:51 server id 1
 * end_log_pos 1568 CRC32 0xf9cb0acb \tGTID 0-1-7 trans" ---- */

static const char *header_event(const char *line)
{
    if (line[0] != '#' || line[1] < '0' || line[1] > '9' || !strstr(line, " server id "))
        return NULL;
    const char *tab = strchr(line, '\t');
    return tab ? tab + 1 : NULL;
}

static int64_t header_time(const char *line)
{
    struct tm tm = {0};
    if (sscanf(line, "#%2d%2d%2d %2d:%2d:%2d", &tm.tm_year, &tm.tm_mon, &tm.tm_mday, &tm.tm_hour, &tm.tm_min,
               &tm.tm_sec) != 6)
        return 0;
    tm.tm_year += tm.tm_year < 70 ? 100 : 0;
    tm.tm_mon--;
    return (int64_t)timegm(&tm);
}

static void finish(struct binlog_text *b)
{
    if (b->open)
        b->each(&b->now, b->arg);
    b->open = false;
}

static void begin_transaction(struct binlog_text *b, const char *line, const char *text)
{
    char gtid[GTID_ONE_MAX] = "";
    struct gtid_set one;
    struct err e;
    finish(b);
    if (sscanf(text, "%43s", gtid) != 1 || !gtid_set_parse(&one, gtid, &e) || one.count != 1)
        return;
    memset(&b->now, 0, sizeof(b->now));
    b->open = true;
    b->now.gtid = one.at[0];
    b->now.at_s = header_time(line);
    b->now.ddl = strstr(text, " ddl") != NULL;
}

/* "Gtid list [0-1-6,", and on further lines "# 0-2-9]". */
static void take_list(struct binlog_text *b, const char *text)
{
    struct err e;
    size_t n = strcspn(text, "]"), length = strlen(b->list);
    b->in_list = text[n] != ']';
    snprintf(b->list + length, sizeof(b->list) - length, "%.*s", (int)n, text);
    if (!b->in_list && !gtid_set_parse(&b->before, b->list, &e))
        b->before.known = false;
}

static void begin_list(struct binlog_text *b, const char *text)
{
    const char *from = strchr(text, '[');
    b->list[0] = '\0';
    if (from && !b->before.known)
        take_list(b, from + 1);
}

/* Write_rows, Update_rows_v1, Delete_compressed_rows ...; not Annotate_rows. */
static bool is_rows(const char *event)
{
    const char *rows = strstr(event, "rows");
    return rows && rows < event + strcspn(event, ": \t") &&
           (begins(event, "Write_") || begins(event, "Update_") || begins(event, "Delete_"));
}

static void take_header(struct binlog_text *b, const char *line, const char *event)
{
    b->rows = is_rows(event);
    b->query = begins(event, "Query");
    b->statement = b->second = b->keeping = b->in_list = false;
    if (begins(event, "GTID "))
        begin_transaction(b, line, event + 5);
    else if (begins(event, "Gtid list "))
        begin_list(b, event);
}

/* ---- rows ---- */

/* "`mail`.`we``ird`" as mail.we`ird. */
static void unquote(char *out, size_t size, const char *quoted)
{
    size_t n = 0;
    for (const char *p = quoted; *p && n + 1 < size; p++) {
        if (*p == '`' && p[1] != '`')
            continue;
        out[n++] = *p;
        p += *p == '`';
    }
    out[n] = '\0';
    printable_make(out);
}

static struct binlog_table *table_of(struct binlog_transaction *t, const char *name)
{
    for (unsigned i = 0; i < t->table_count; i++)
        if (strcmp(t->tables[i].name, name) == 0)
            return &t->tables[i];
    if (t->table_count == BINLOG_TABLES_MAX)
        return NULL;
    struct binlog_table *new = &t->tables[t->table_count++];
    snprintf(new->name, sizeof(new->name), "%s", name);
    return new;
}

static void begin_row(struct binlog_text *b, const char *kind, const char *quoted)
{
    struct binlog_transaction *t = &b->now;
    char name[BINLOG_NAME_MAX];
    unquote(name, sizeof(name), quoted);
    struct binlog_table *table = table_of(t, name);
    t->rows++;
    t->rows_elsewhere += !table;
    if (table)
        *(kind[0] == 'i' ? &table->inserted : kind[0] == 'u' ? &table->updated : &table->deleted) += 1;
    b->second = false;
    b->keeping = t->value_count < BINLOG_ROWS_MAX;
    if (!b->keeping)
        return;
    memset(b->seen, 0, sizeof(b->seen));
    char *out = t->values[t->value_count++];
    append(out, BINLOG_ROW_MAX, kind);
    append(out, BINLOG_ROW_MAX, name);
    append(out, BINLOG_ROW_MAX, ":");
}

static uint64_t hash_of(const char *text)
{
    uint64_t h = UINT64_C(14695981039346656037);
    for (; *text; text++)
        h = (h ^ (unsigned char)*text) * UINT64_C(1099511628211);
    return h ? h : 1;
}

/* "@2='x'"; of an UPDATE's second half only what has changed. */
static void take_column(struct binlog_text *b, const char *text)
{
    unsigned long column = strtoul(text + 1, NULL, 10);
    uint64_t hash = hash_of(text);
    char *out = b->now.values[b->now.value_count - 1];
    if (column < BINLOG_COLUMNS_MAX) {
        if (b->second && b->seen[column] == hash)
            return;
        b->seen[column] = hash;
    }
    append(out, BINLOG_ROW_MAX, " ");
    append(out, BINLOG_ROW_MAX, text);
}

static void take_row_line(struct binlog_text *b, const char *line)
{
    static const struct {
        const char *line, *kind;
    } kinds[] = {
        {"### INSERT INTO ", "insert "}, {"### UPDATE ", "update "}, {"### DELETE FROM ", "delete "}};
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
        if (begins(line, kinds[i].line)) {
            begin_row(b, kinds[i].kind, line + strlen(kinds[i].line));
            return;
        }
    if (!b->keeping)
        return;
    if (begins(line, "###   @"))
        take_column(b, line + 6);
    else if (begins(line, "### SET") && begins(b->now.values[b->now.value_count - 1], "update ")) {
        append(b->now.values[b->now.value_count - 1], BINLOG_ROW_MAX, " =>");
        b->second = true;
    }
}

/* ---- statements ---- */

static bool is_setting(const char *line)
{
    return ends(line, DELIMITER) &&
           (begins(line, "SET ") || begins(line, "/*!") || begins(line, "/*M!") || begins(line, "use `"));
}

static bool is_frame(const char *line)
{
    static const char *const words[] = {"BEGIN",      "COMMIT",    "ROLLBACK", "START TRANSACTION",
                                        "SAVEPOINT ", "XA START ", "XA END "};
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
        if (begins(line, words[i]))
            return true;
    return false;
}

static void take_statement_line(struct binlog_text *b, const char *line)
{
    if (strcmp(line, DELIMITER) == 0) {
        b->query = b->statement = false;
        return;
    }
    if (!b->statement && is_setting(line))
        return;
    if (!b->statement) {
        b->statement = true;
        b->showing = b->open && !is_frame(line) && b->now.statements++ == 0;
    }
    if (!b->showing)
        return;
    if (b->now.statement[0])
        append(b->now.statement, sizeof(b->now.statement), " ");
    append(b->now.statement, sizeof(b->now.statement), line + strspn(line, " \t"));
}

/* ---- lines ---- */

static void take_line(struct binlog_text *b)
{
    const char *event = b->statement ? NULL : header_event(b->line);
    if (event)
        take_header(b, b->line, event);
    else if (b->query)
        take_statement_line(b, b->line);
    else if (b->in_list && begins(b->line, "# "))
        take_list(b, b->line + 2);
    else if (b->rows && b->open && begins(b->line, "### "))
        take_row_line(b, b->line);
}

void binlog_text_begin(struct binlog_text *b, void (*each)(const struct binlog_transaction *t, void *arg),
                       void *arg)
{
    memset(b, 0, sizeof(*b));
    b->each = each;
    b->arg = arg;
}

void binlog_text_feed(struct binlog_text *b, const char *data, size_t size)
{
    while (size) {
        const char *end = memchr(data, '\n', size);
        size_t n = end ? (size_t)(end - data) : size, room = sizeof(b->line) - 1 - b->length;
        size_t kept = n < room ? n : room;
        memcpy(b->line + b->length, data, kept);
        b->length += kept;
        data += n + (end != NULL);
        size -= n + (end != NULL);
        if (!end)
            continue;
        b->line[b->length] = '\0';
        b->length = 0;
        take_line(b);
    }
}

void binlog_text_end(struct binlog_text *b)
{
    if (b->length)
        binlog_text_feed(b, "\n", 1);
    finish(b);
}
