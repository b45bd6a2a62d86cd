/* The journal torn at each byte: cut off at every length, every byte changed, its rollback journal too, and
 * its writer killed before each flush of a commit. Whatever is found, what was saved is either what it was,
 * or said to be lost; and the journal goes on. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "io/journal.h"

#ifdef __SANITIZE_ADDRESS__
#define STEP 7 /* it takes ten times as long then, and every byte has its turn without */
#else
#define STEP 1
#endif
#define OLD_LEDGER "0-1-4711,1-2-42"
#define NEW_LEDGER "0-1-4713,1-2-42"

static char dir[64];
static char db[96], rollback[112];

/* ---- flushes: none is needed, for no power fails; one may be the last thing that a process does */

static int flushes_left = -1;

static int flush(void)
{
    if (flushes_left == 0)
        _exit(0);
    flushes_left -= flushes_left > 0;
    return 0;
}

int fsync(int fd)
{
    (void)fd;
    return flush();
}

int fdatasync(int fd)
{
    (void)fd;
    return flush();
}

/* ---- files */

struct bytes {
    char *data;
    size_t size;
};

static struct bytes read_file(const char *path)
{
    struct bytes b = {NULL, 0};
    FILE *f = fopen(path, "rb");
    if (!f)
        return b;
    b.data = malloc(1 << 20);
    b.size = fread(b.data, 1, 1 << 20, f);
    fclose(f);
    return b;
}

static void write_file(const char *path, const char *data, size_t size)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    assert_int_equal(write(fd, data, size), size);
    close(fd);
}

/* Returns how many files were set aside. */
static int empty_dir(void)
{
    DIR *d = opendir(dir);
    int aside = 0;
    for (struct dirent *at; (at = readdir(d));) {
        aside += strstr(at->d_name, ".bad-") && !strstr(at->d_name, "-journal");
        if (at->d_name[0] != '.')
            unlinkat(dirfd(d), at->d_name, 0);
    }
    closedir(d);
    return aside;
}

/* ---- the journal */

static void write_batch(const char *ledger, int64_t at_us)
{
    char report[JOURNAL_REPORT_MAX];
    struct err e;
    struct journal *j;
    struct journal_event event = {
        .at_us = at_us, .boot_us = 1, .kind = JOURNAL_ALERT, .reason = "reason", .epoch = 7};
    struct journal_saved saved[] = {{.key = "ledger", .at_us = at_us},
                                    {.key = "maintenance", .text = "on", .at_us = 5}};
    struct journal_batch batch = {.events = &event, .event_count = 1, .saved = saved, .saved_count = 2};
    snprintf(saved[0].text, sizeof(saved[0].text), "%s", ledger);
    if (!journal_open(&j, db, 0, report, &e) || !journal_write(j, &batch, &e))
        fail_msg("%s", e.text);
    journal_close(&j);
}

static void count_event(const struct journal_event *event, void *context)
{
    (void)event;
    (*(int *)context)++;
}

/* Believed is only what was saved; otherwise it is unknown with a reason, or never saved with a report of the
 * opening. `right_too`: what a killed writer was about to save. */
static enum tri judge_load(const char *key, const char *right, const char *right_too, const char *name,
                           int at)
{
    struct journal_saved saved;
    struct err e = {""};
    enum tri found = journal_saved_load(db, key, &saved, &e);
    if (found == TRI_YES && strcmp(saved.text, right) != 0 && strcmp(saved.text, right_too) != 0)
        fail_msg("%s at %d: %s is believed to be \"%s\"", name, at, key, saved.text);
    if (found == TRI_UNKNOWN && !e.text[0])
        fail_msg("%s at %d: %s is unknown and nothing says why", name, at, key);
    return found;
}

static void judge_events(const char *name, int at)
{
    struct journal_filter all = {.since_us = INT64_MIN};
    struct err e;
    int events = 0;
    if (!journal_list(db, &all, count_event, &events, &e))
        fail_msg("%s at %d: %s", name, at, e.text);
    if (events == 0)
        fail_msg("%s at %d: the events are lost and nothing says so", name, at);
}

/* Returns whether the journal was set aside. What was saved is asked for in turn, to halve the time. */
static bool judge(const char *name, int at, bool killed)
{
    char report[JOURNAL_REPORT_MAX];
    struct err e;
    struct journal *j;
    enum tri found = at % 2 ? judge_load("ledger", OLD_LEDGER, killed ? NEW_LEDGER : OLD_LEDGER, name, at)
                            : judge_load("maintenance", "on", "on", name, at);
    if (!journal_open(&j, db, 0, report, &e))
        fail_msg("%s at %d: %s", name, at, e.text);
    journal_close(&j);
    if (!report[0] && found != TRI_YES)
        fail_msg("%s at %d: what was saved is lost and nothing says so", name, at);
    if (!report[0])
        judge_events(name, at);
    bool aside = empty_dir() > 0;
    if (aside != (report[0] != '\0'))
        fail_msg("%s at %d: set aside %d, reported \"%s\"", name, at, aside, report);
    return aside;
}

static struct bytes make(void)
{
    empty_dir();
    write_batch(OLD_LEDGER, 4);
    return read_file(db);
}

static void test_cut_off_at_every_length(void **state)
{
    struct bytes whole = make();
    (void)state;
    for (size_t at = 0; at < whole.size; at += STEP) {
        write_file(db, whole.data, at);
        if (!judge("cut off", (int)at, false))
            fail_msg("cut off at %zu: nothing was said", at);
    }
    write_file(db, whole.data, whole.size);
    assert_false(judge("whole", (int)whole.size, false));
    free(whole.data);
}

static void test_every_byte_changed(void **state)
{
    static const unsigned char changes[] = {0x01, 0x80, 0xff};
    struct bytes whole = make();
    int aside = 0;
    (void)state;
    for (size_t at = 0; at < whole.size; at += STEP) {
        unsigned char change = changes[at % sizeof(changes)];
        whole.data[at] = (char)(whole.data[at] ^ change);
        write_file(db, whole.data, whole.size);
        aside += judge("byte changed", (int)at, false);
        whole.data[at] = (char)(whole.data[at] ^ change);
    }
    print_message("%zu bytes changed, one at a time: set aside %d times\n", whole.size, aside);
    assert_true(aside > 100 / STEP);
    free(whole.data);
}

/* A process that ends at its Nth flush of a commit. Returns whether it did. */
static bool kill_at_flush(int n)
{
    pid_t child = fork();
    int status;
    if (child == 0) {
        flushes_left = n;
        write_batch(NEW_LEDGER, 6);
        _exit(1);
    }
    waitpid(child, &status, 0);
    return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

static void test_killed_at_every_flush(void **state)
{
    struct bytes whole = make();
    int n;
    (void)state;
    for (n = 0;; n++) {
        empty_dir();
        write_file(db, whole.data, whole.size);
        bool killed = kill_at_flush(n);
        assert_false(judge("killed at flush", n, true));
        if (!killed)
            break;
    }
    assert_true(n >= 3); /* the rollback journal twice, the file */
    free(whole.data);
}

static void tear_rollback(const struct bytes *file, const struct bytes *torn)
{
    for (size_t at = 0; at <= torn->size; at += STEP) {
        write_file(db, file->data, file->size);
        write_file(rollback, torn->data, at);
        judge("rollback journal cut off", (int)at, true);
    }
    for (size_t at = 0; at < torn->size; at += STEP) {
        torn->data[at] = (char)(torn->data[at] ^ 0xff);
        write_file(db, file->data, file->size);
        write_file(rollback, torn->data, torn->size);
        judge("rollback journal changed", (int)at, true);
        torn->data[at] = (char)(torn->data[at] ^ 0xff);
    }
}

static void test_rollback_journal_torn_everywhere(void **state)
{
    struct bytes whole = make();
    int torn = 0;
    (void)state;
    for (int n = 0; n < 8; n++) {
        empty_dir();
        write_file(db, whole.data, whole.size);
        if (!kill_at_flush(n))
            break;
        struct bytes file = read_file(db), journal = read_file(rollback);
        bool written = file.size != whole.size || memcmp(file.data, whole.data, whole.size) != 0;
        empty_dir();
        if (journal.size &&
            written) { /* what is in both was changed: the earlier kills leave the file as it was */
            tear_rollback(&file, &journal);
            torn++;
        }
        free(file.data);
        free(journal.data);
    }
    assert_true(torn > 0);
    free(whole.data);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cut_off_at_every_length),
        cmocka_unit_test(test_every_byte_changed),
        cmocka_unit_test(test_killed_at_every_flush),
        cmocka_unit_test(test_rollback_journal_torn_everywhere),
    };
    const char *memory = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp";
    snprintf(dir, sizeof(dir), "%s/test_journal_bytes.XXXXXX", memory);
    if (!mkdtemp(dir))
        return 1;
    snprintf(db, sizeof(db), "%s/%s", dir, JOURNAL_FILE);
    snprintf(rollback, sizeof(rollback), "%s-journal", db);
    alarm(600); /* a test that hangs ends too */
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    empty_dir();
    rmdir(dir);
    return failed;
}
