/* What one process hands to the next: cut off at every length and changed at every byte, it is refused or
 * whole. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include "daemon/handover.h"

#define FORMAT 3

struct estate {
    uint64_t epoch;
    char text[24];
};

static const struct estate estate = {4711, "what is handed over"};

static int file_of(const void *data, size_t size)
{
    int fd = memfd_create("torn", MFD_CLOEXEC);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, data, size), size);
    return fd;
}

static size_t written(char *out, size_t size)
{
    struct err e;
    int fd = handover_write("1.2", FORMAT, &estate, sizeof(estate), &e);
    assert_true(fd >= 0);
    assert_int_equal(ftruncate(fd, 0), -1); /* sealed: nobody tears it while it is read */
    assert_int_equal(pwrite(fd, "x", 1, 0), -1);
    ssize_t n = pread(fd, out, size, 0);
    close(fd);
    assert_in_range(n, sizeof(estate) + 1, size - 1);
    return (size_t)n;
}

static bool reads(const void *data, size_t size, struct estate *out)
{
    struct err e = {""};
    int fd = file_of(data, size);
    bool ok = handover_read(fd, "1.2", FORMAT, out, sizeof(*out), &e);
    close(fd);
    assert_true(ok || e.text[0]);
    return ok;
}

static void test_cut_off_at_every_length(void **state)
{
    char whole[256];
    struct estate got;
    size_t size = written(whole, sizeof(whole));
    (void)state;
    for (size_t at = 0; at < size; at++)
        assert_false(reads(whole, at, &got));
    assert_true(reads(whole, size, &got));
    assert_memory_equal(&got, &estate, sizeof(got));
}

static void test_head_changed_at_every_byte(void **state)
{
    char whole[256];
    struct estate got;
    size_t size = written(whole, sizeof(whole)), head = size - sizeof(estate);
    (void)state;
    for (size_t at = 0; at < head; at++) {
        whole[at] = (char)(whole[at] ^ 0x10);
        assert_false(reads(whole, size, &got));
        whole[at] = (char)(whole[at] ^ 0x10);
    }
}

static void test_others(void **state)
{
    struct err e;
    struct estate got;
    char shorter[8];
    int fd = handover_write("1.2", FORMAT, &estate, sizeof(estate), &e);
    (void)state;
    assert_false(handover_read(fd, "1.3", FORMAT, &got, sizeof(got), &e));
    assert_false(handover_read(fd, "1.2", FORMAT + 1, &got, sizeof(got), &e));
    assert_false(handover_read(fd, "1.2", FORMAT, shorter, sizeof(shorter), &e));
    assert_non_null(strstr(e.text, "another version"));
    close(fd);
    assert_false(handover_read(-1, "1.2", FORMAT, &got, sizeof(got), &e));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cut_off_at_every_length),
        cmocka_unit_test(test_head_changed_at_every_byte),
        cmocka_unit_test(test_others),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
