/* The journal: any bytes in the place of its file, and any events and saved texts in a good one. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <jansson.h>

#include "base/mem.h"
#include "cli/history_print.h"
#include "fuzz.h"
#include "io/journal.h"

/* No power fails here, and a flush costs more than all else. */
int fsync(int fd)
{
    (void)fd;
    return 0;
}

int fdatasync(int fd)
{
    (void)fd;
    return 0;
}

static void write_file(const char *path, const uint8_t *data, size_t size)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    FUZZ_CHECK(fd >= 0 && write(fd, data, size) == (ssize_t)size);
    close(fd);
}

/* Also what was set aside: its name is told in the report. */
static void remove_all(const char *path, const char *report)
{
    static const char *const suffixes[] = {"", "-journal", "-wal", "-shm"};
    const char *as = strstr(report, "it is kept as ");
    char name[512], aside[256] = "";
    if (as)
        sscanf(as + strlen("it is kept as "), "%255s", aside);
    for (size_t i = 0; i < sizeof(suffixes) / sizeof(suffixes[0]); i++) {
        snprintf(name, sizeof(name), "%s%s", path, suffixes[i]);
        unlink(name);
        snprintf(name, sizeof(name), "%s/%s%s", fuzz_folder(), aside, suffixes[i]);
        if (aside[0])
            unlink(name);
    }
}

static void take(const struct journal_event *event, void *arg)
{
    json_t **root = arg;
    FUZZ_CHECK(event->kind < JOURNAL_KINDS && memchr(event->detail, 0, sizeof(event->detail)) &&
               memchr(event->reason, 0, sizeof(event->reason)));
    history_json_add(event, *root);
}

/* All of it as `history --json` would show it. */
static void show(const char *path)
{
    const struct journal_filter filter = {.limit = 50};
    struct err e = {""};
    json_t *root = history_json_new();
    bool ok = journal_list(path, &filter, take, &root, &e);
    FUZZ_CHECK(ok || e.text[0]);
    char *text = json_dumps(root, JSON_COMPACT);
    FUZZ_CHECK(text);
    free(text);
    json_decref(root);
}

static void check_saved(const char *path)
{
    struct journal_saved *saved = mem_zalloc(sizeof(*saved));
    struct err e = {""};
    enum tri found = journal_saved_load(path, "ledger", saved, &e);
    FUZZ_CHECK((found == TRI_UNKNOWN) == (e.text[0] != '\0'));
    FUZZ_CHECK(memchr(saved->text, 0, sizeof(saved->text)));
    free(saved);
}

/* Read as it is, then opened: it is good afterwards, whatever it was, or the reason why not is told. */
void fuzz_journal(const uint8_t *data, size_t size)
{
    static char path[96];
    char report[JOURNAL_REPORT_MAX] = "";
    struct journal *j;
    struct err e = {""};
    snprintf(path, sizeof(path), "%s/journal.db", fuzz_folder());
    write_file(path, data, size);
    show(path);
    check_saved(path);
    if (journal_open(&j, path, 10, report, &e)) {
        const struct journal_event event = {.at_us = 1, .kind = JOURNAL_ALERT, .reason = "x"};
        const struct journal_batch batch = {.events = &event, .event_count = 1};
        FUZZ_CHECK(journal_write(j, &batch, &e) || e.text[0]);
        journal_close(&j);
        show(path);
        check_saved(path);
    } else {
        FUZZ_CHECK(e.text[0]);
    }
    remove_all(path, report);
}

/* ---- events ---- */

static void make_event(struct journal_event *e, struct fuzz_bytes *b)
{
    memset(e, 0, sizeof(*e));
    e->at_us = (int64_t)fuzz_number(b, 8);
    e->boot_us = (int64_t)fuzz_number(b, 4);
    e->kind = (enum journal_kind)(fuzz_number(b, 1) % JOURNAL_KINDS);
    e->row_id = (int)fuzz_number(b, 4);
    e->epoch = fuzz_number(b, 8);
    fuzz_word(b, e->node, sizeof(e->node) - 1);
    fuzz_word(b, e->state_from, sizeof(e->state_from) - 1);
    fuzz_word(b, e->state_to, sizeof(e->state_to) - 1);
    fuzz_word(b, e->reason, sizeof(e->reason) - 1);
    fuzz_word(b, e->gtid, 200);
    fuzz_word(b, e->vip, sizeof(e->vip) - 1);
    fuzz_word(b, e->detail, sizeof(e->detail) - 1);
}

struct expected {
    const struct journal_event *event;
    int seen;
};

static void compare(const struct journal_event *event, void *arg)
{
    struct expected *x = arg;
    const struct journal_event *want = x->event;
    FUZZ_CHECK(event->at_us == want->at_us && event->boot_us == want->boot_us && event->kind == want->kind &&
               event->row_id == want->row_id && event->epoch == want->epoch);
    FUZZ_CHECK(strcmp(event->node, want->node) == 0 && strcmp(event->reason, want->reason) == 0 &&
               strcmp(event->gtid, want->gtid) == 0 && strcmp(event->detail, want->detail) == 0);
    x->seen++;
}

/* The table goes to where stdout was when it was begun. */
static void print_table(const struct journal_event *event, const struct terminal *terminal)
{
    FILE *out = stdout;
    char *text = NULL;
    size_t size = 0;
    stdout = open_memstream(&text, &size);
    FUZZ_CHECK(stdout);
    struct history_table *table = history_table_new(terminal);
    history_table_add(event, table);
    history_table_print(&table);
    fclose(stdout);
    stdout = out;
    free(text);
}

static void print(const struct journal_event *event)
{
    json_t *root = history_json_new();
    history_json_add(event, root);
    const json_t *shown = json_array_get(json_object_get(root, "events"), 0);
    const char *at = json_string_value(json_object_get(shown, "time"));
    FUZZ_CHECK(!at || (fuzz_is_printable(at) && !strstr(at, ".-")));
    json_decref(root);
    print_table(event, &(struct terminal){0});
    print_table(event, &(struct terminal){.colours = true, .utf8 = true, .width = (int)(event->epoch % 200)});
}

/* What is written comes back as it was, and can be shown. */
void fuzz_history(const uint8_t *data, size_t size)
{
    static char path[96];
    char report[JOURNAL_REPORT_MAX];
    const struct journal_filter filter = {.since_us = INT64_MIN, .limit = 1};
    struct fuzz_bytes b = {data, size};
    struct journal_event event;
    struct journal *j;
    struct journal_saved *saved = mem_zalloc(sizeof(*saved)), *back = mem_zalloc(sizeof(*back));
    struct err e = {""};
    snprintf(path, sizeof(path), "%s/history.db", fuzz_folder());
    make_event(&event, &b);
    snprintf(saved->key, sizeof(saved->key), "ledger");
    saved->at_us = event.at_us;
    fuzz_word(&b, saved->text, 255);
    const struct journal_batch batch = {.events = &event, .event_count = 1, .saved = saved, .saved_count = 1};
    FUZZ_CHECK(journal_open(&j, path, 10, report, &e) && !report[0]);
    FUZZ_CHECK(journal_write(j, &batch, &e));
    journal_close(&j);
    struct expected x = {.event = &event};
    FUZZ_CHECK(journal_list(path, &filter, compare, &x, &e) && x.seen == 1);
    FUZZ_CHECK(journal_saved_load(path, "ledger", back, &e) == TRI_YES &&
               strcmp(back->text, saved->text) == 0);
    print(&event);
    remove_all(path, report);
    free(saved);
    free(back);
}
