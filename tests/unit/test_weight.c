/* The weight file: bounds, what keepalived would see, and when nothing is written. */
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "io/weight.h"

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

static char dir[64], path[96];

static int make_dir(void **state)
{
    (void)state;
    snprintf(dir, sizeof(dir), "/tmp/test_weight.XXXXXX");
    if (!mkdtemp(dir))
        return -1;
    snprintf(path, sizeof(path), "%s/" WEIGHT_FILE, dir);
    return 0;
}

static int remove_dir(void **state)
{
    (void)state;
    unlink(path);
    return rmdir(dir); /* fails if a temporary file was left */
}

static void put(const char *text)
{
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    assert_true(fputs(text, f) >= 0);
    assert_int_equal(fclose(f), 0);
}

static ino_t inode(void)
{
    struct stat st;
    assert_int_equal(stat(path, &st), 0);
    return st.st_ino;
}

static void write_ok(int value, bool force)
{
    struct err e;
    if (!weight_write(dir, value, force, &e))
        fail_msg("%s", e.text);
}

static void assert_content(const char *want)
{
    char got[32] = "";
    FILE *f = fopen(path, "r");
    assert_non_null(f);
    size_t length = fread(got, 1, sizeof(got) - 1, f);
    fclose(f);
    got[length] = '\0';
    assert_string_equal(got, want);
}

static void writes_the_integer(void **state)
{
    struct stat st;
    int value = 1;
    struct err e;
    (void)state;
    mode_t before = umask(077);
    write_ok(-254, false);
    umask(before);
    assert_content("-254\n");
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0664);
    assert_true(weight_read(dir, &value, &e));
    assert_int_equal(value, -254);
    write_ok(0, false);
    assert_content("0\n");
}

static void refuses_what_vrrp_cannot(void **state)
{
    static const int values[] = {1, 254, -255, -1000};
    struct err e;
    (void)state;
    for (size_t i = 0; i < COUNT(values); i++) {
        assert_false(weight_write(dir, values[i], true, &e));
        assert_non_null(strstr(e.text, "-254 to 0"));
    }
    assert_int_equal(access(path, F_OK), -1);
}

static void writes_changes_only(void **state)
{
    (void)state;
    write_ok(-2, false);
    ino_t first = inode();
    write_ok(-2, false);
    assert_int_equal(inode(), first);
    write_ok(-2, true);
    assert_int_not_equal(inode(), first);
    put("-100\n"); /* as the other process would */
    write_ok(-2, false);
    assert_content("-2\n");
}

static void mends_a_file_of_nonsense(void **state)
{
    static const char *const texts[] = {"",    "-2",     "-2 \n", "-2\n\n",
                                        "x\n", "-300\n", "3\n",   "99999999999999999\n"};
    struct err e;
    int value;
    (void)state;
    for (size_t i = 0; i < COUNT(texts); i++) {
        put(texts[i]);
        if (weight_read(dir, &value, &e))
            fail_msg("read %d from '%s'", value, texts[i]);
        write_ok(-2, false);
        assert_content("-2\n");
    }
}

/* Every change of one byte: either it is no weight and is mended, or it is another one and is written over.
 */
static void mends_a_file_torn_anywhere(void **state)
{
    static const char *const wholes[] = {"0\n", "-2\n", "-100\n", "-254\n"};
    (void)state;
    for (size_t i = 0; i < COUNT(wholes); i++)
        for (size_t at = 0; at < strlen(wholes[i]); at++)
            for (int byte = 0; byte < 256; byte++) {
                char text[8];
                snprintf(text, sizeof(text), "%s", wholes[i]);
                text[at] = (char)byte;
                put(text);
                write_ok(-20, false);
                assert_content("-20\n");
            }
}

/* A file system without room for one more file, where root may mount one. */
static void writes_on_a_full_file_system(void **state)
{
    struct err e;
    (void)state;
    if (geteuid() != 0 || unshare(CLONE_NEWNS) != 0 ||
        mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0 ||
        mount("none", dir, "tmpfs", 0, "size=4k,nr_inodes=2") != 0) {
        print_message("skipped: needs root, to mount a small file system\n");
        skip();
    }
    write_ok(-2, true); /* the folder and this file are the two */
    static const int values[] = {-254, -2, -100, 0};
    for (size_t i = 0; i < COUNT(values); i++) {
        char want[16];
        snprintf(want, sizeof(want), "%d\n", values[i]);
        write_ok(values[i], false);
        assert_content(want);
    }
    assert_int_equal(unlink(path), 0);
    assert_int_equal(mkdir(path, 0755), 0); /* that is the second one: there is nothing to write into */
    assert_false(weight_write(dir, -2, false, &e));
    assert_non_null(strstr(e.text, "No space left"));
    assert_int_equal(umount(dir), 0);
}

static void names_what_failed(void **state)
{
    struct err e;
    int value;
    (void)state;
    assert_false(weight_write("/nonexistent", 0, false, &e));
    assert_non_null(strstr(e.text, "/nonexistent/"));
    assert_non_null(strstr(e.text, "No such file"));
    assert_false(weight_read(dir, &value, &e));
    assert_non_null(strstr(e.text, "No such file"));
    assert_int_equal(mkdir(path, 0755), 0); /* the rename fails, and nothing is left behind */
    assert_false(weight_write(dir, 0, false, &e));
    assert_non_null(strstr(e.text, "rename"));
    assert_int_equal(rmdir(path), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(writes_the_integer, make_dir, remove_dir),
        cmocka_unit_test_setup_teardown(refuses_what_vrrp_cannot, make_dir, remove_dir),
        cmocka_unit_test_setup_teardown(writes_changes_only, make_dir, remove_dir),
        cmocka_unit_test_setup_teardown(mends_a_file_of_nonsense, make_dir, remove_dir),
        cmocka_unit_test_setup_teardown(mends_a_file_torn_anywhere, make_dir, remove_dir),
        cmocka_unit_test_setup_teardown(writes_on_a_full_file_system, make_dir, remove_dir),
        cmocka_unit_test_setup_teardown(names_what_failed, make_dir, remove_dir),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
