#include "journals.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <dirent.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <unistd.h>

char journals_dir[64], journals_db[96];

static bool own_mounts;

/* ---- files */

void journals_empty_dir(void)
{
    DIR *d = opendir(journals_dir);
    struct dirent *at;
    assert_non_null(d);
    while ((at = readdir(d)))
        if (at->d_name[0] != '.')
            unlinkat(dirfd(d), at->d_name, 0);
    closedir(d);
}

size_t journals_read_file(const char *path, char **out)
{
    FILE *f = fopen(path, "rb");
    assert_non_null(f);
    fseek(f, 0, SEEK_END);
    size_t size = (size_t)ftell(f);
    rewind(f);
    *out = malloc(size + 1);
    assert_int_equal(fread(*out, 1, size, f), size);
    fclose(f);
    return size;
}

void journals_write_file(const char *path, const char *data, size_t size)
{
    FILE *f = fopen(path, "wb");
    assert_non_null(f);
    assert_int_equal(fwrite(data, 1, size, f), size);
    assert_int_equal(fclose(f), 0);
}

void journals_find_aside(char *out, size_t size)
{
    DIR *d = opendir(journals_dir);
    struct dirent *at;
    out[0] = '\0';
    while ((at = readdir(d)))
        if (strstr(at->d_name, ".bad-") && !strstr(at->d_name, "-journal"))
            snprintf(out, size, "%s/%.60s", journals_dir, at->d_name);
    closedir(d);
}

/* ---- journals */

struct journal_event journals_event(int i)
{
    struct journal_event event = {.at_us = 1700000000000000 + i,
                                  .boot_us = 1000 + i,
                                  .node = "mx1",
                                  .kind = i % 2 ? JOURNAL_STATE : JOURNAL_ACTION,
                                  .state_from = "standby",
                                  .state_to = "promoting",
                                  .row_id = 310,
                                  .epoch = 7,
                                  .gtid = "0-1-5",
                                  .vip = "here"};
    snprintf(event.reason, sizeof(event.reason), "reason %d", i);
    memset(event.detail, 'd', 300);
    return event;
}

void journals_hear(const struct journal_event *event, void *context)
{
    struct journals_heard *heard = context;
    heard->count++;
    heard->foreign += strncmp(event->reason, "reason ", 7) != 0 || event->row_id != 310;
    heard->last = *event;
}

struct journals_heard journals_list(struct journal_filter filter)
{
    struct journals_heard heard = {0};
    struct err e;
    if (!journal_list(journals_db, &filter, journals_hear, &heard, &e))
        fail_msg("%s", e.text);
    return heard;
}

struct journal *journals_open(unsigned keep, char *report)
{
    struct journal *j = NULL;
    struct err e;
    if (!journal_open(&j, journals_db, keep, report, &e))
        fail_msg("%s", e.text);
    return j;
}

void journals_write(struct journal *j, int from, int count)
{
    struct journal_saved saved = {.key = "position", .text = "0-1-4711,1-2-42", .at_us = 1700000000000000};
    struct err e;
    for (int i = from; i < from + count; i += 20) {
        struct journal_event events[20];
        for (int k = 0; k < 20; k++)
            events[k] = journals_event(i + k);
        struct journal_batch batch = {.events = events, .event_count = 20, .saved = &saved, .saved_count = 1};
        if (!journal_write(j, &batch, &e))
            fail_msg("%s", e.text);
    }
}

void journals_make(void)
{
    char report[JOURNAL_REPORT_MAX];
    journals_empty_dir();
    struct journal *j = journals_open(0, report);
    journals_write(j, 0, JOURNALS_EVENTS);
    journal_close(&j);
}

/* ---- the whole */

void journals_need_mounts(void)
{
    if (own_mounts)
        return;
    print_message("skipped: needs root, to mount file systems of its own\n");
    skip();
}

int journals_run(const char *name, int (*run)(void))
{
    snprintf(journals_dir, sizeof(journals_dir), "/tmp/%s.XXXXXX", name);
    if (!mkdtemp(journals_dir))
        return 1;
    snprintf(journals_db, sizeof(journals_db), "%s/%s", journals_dir, JOURNAL_FILE);
    own_mounts =
        geteuid() == 0 && unshare(CLONE_NEWNS) == 0 && mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0;
    alarm(300); /* a test that hangs ends too */
    int failed = run();
    journals_empty_dir();
    rmdir(journals_dir);
    return failed;
}
