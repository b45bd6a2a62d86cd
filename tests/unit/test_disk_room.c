/* When is a file system full, and does the watch tell? */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <unistd.h>

#include "base/clock.h"
#include "io/disk_room.h"

static void judges(void **state)
{
    static const struct {
        const char *name;
        struct statvfs fs;
        enum tri full;
    } cases[] = {
        {"much room", {.f_blocks = 1000000, .f_bavail = 900000, .f_frsize = 4096}, TRI_NO},
        {"just enough", {.f_blocks = 1000000, .f_bavail = 64, .f_frsize = 4096}, TRI_NO},
        {"a little left", {.f_blocks = 1000000, .f_bavail = 63, .f_frsize = 4096}, TRI_YES},
        {"none", {.f_blocks = 1000000, .f_frsize = 4096}, TRI_YES},
        {"what is kept for root is no room", {.f_blocks = 1000, .f_bfree = 900, .f_frsize = 4096}, TRI_YES},
        {"large blocks", {.f_blocks = 1000, .f_bavail = 1, .f_frsize = 1 << 20}, TRI_NO},
        {"one that counts no blocks", {.f_frsize = 4096}, TRI_UNKNOWN},
        {"one that says nothing", {.f_blocks = 0}, TRI_UNKNOWN},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        if (disk_room_judge(&cases[i].fs) != cases[i].full)
            fail_msg("%s: %d", cases[i].name, disk_room_judge(&cases[i].fs));
}

static enum tri ask_until_known(struct disk_room *d)
{
    enum tri full = TRI_UNKNOWN;
    for (int i = 0; i < 500 && full == TRI_UNKNOWN; i++) {
        usleep(10000);
        full = disk_room_is_full(d, clock_now_us());
    }
    return full;
}

static void watches(void **state)
{
    struct err e;
    struct disk_room *d = disk_room_new(&e);
    (void)state;
    assert_non_null(d);
    assert_int_equal(disk_room_is_full(d, clock_now_us()), TRI_UNKNOWN);
    disk_room_watch(d, "/", "");
    assert_int_equal(ask_until_known(d), TRI_NO);
    assert_int_equal(disk_room_is_full(d, clock_now_us() + CLOCK_MS(60000)), TRI_UNKNOWN); /* an old answer */
    disk_room_free(&d);
    assert_null(d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(judges), cmocka_unit_test(watches)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
