/* Where a binary log ends whose last event is torn: events with headers alone, written as a server writes
 * them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "wire/binlog_tail.h"

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

enum { QUERY = 2, FORMAT = 15, XID = 16, TABLE_MAP = 19, ROWS = 23, CHECKPOINT = 161, GTID = 162 };

struct log {
    uint8_t bytes[8192];
    size_t used;
    uint64_t offset; /* of the first byte in the file */
};

static void put_u32(uint8_t *at, uint32_t value)
{
    for (int i = 0; i < 4; i++)
        at[i] = (uint8_t)(value >> (8 * i));
}

/* Returns where it begins in the file. */
static uint64_t put(struct log *l, int type, uint32_t length)
{
    uint8_t *at = l->bytes + l->used;
    uint64_t begins = l->offset + l->used;
    memset(at, 'x', length);
    put_u32(at, 1700000000);
    at[4] = (uint8_t)type;
    put_u32(at + 5, 1);
    put_u32(at + 9, length);
    put_u32(at + 13, (uint32_t)(begins + length));
    l->used += length;
    return begins;
}

static void put_start(struct log *l)
{
    memcpy(l->bytes, "\xfe\x62in", 4);
    l->used = 4;
    put(l, FORMAT, 252);
}

static uint64_t put_transaction(struct log *l, uint32_t row)
{
    uint64_t begins = put(l, GTID, 42);
    put(l, TABLE_MAP, 47);
    put(l, ROWS, row);
    put(l, XID, 31);
    return begins;
}

static uint64_t end_of(const struct log *l)
{
    return binlog_tail_end(l->bytes, l->used, l->offset);
}

static uint64_t file_end(const struct log *l)
{
    return l->offset + l->used;
}

static void whole_logs(void **state)
{
    struct log l = {.used = 0};
    (void)state;
    assert_int_equal(end_of(&l), 0);
    put_start(&l);
    assert_int_equal(end_of(&l), file_end(&l));
    for (int i = 0; i < 5; i++)
        put_transaction(&l, 700);
    assert_int_equal(end_of(&l), file_end(&l));
}

/* However much of the last transaction is there: it ends where that begins, or it is not certain. */
static void torn_at_each_byte(void **state)
{
    struct log l = {.used = 0};
    uint64_t last = 0;
    (void)state;
    put_start(&l);
    for (int i = 0; i < 3; i++)
        last = put_transaction(&l, 700);
    size_t whole = l.used;
    for (l.used = (size_t)last + 1; l.used < whole; l.used++) {
        uint64_t end = end_of(&l), in = l.used - last;
        bool on_border = in == 42 || in == 42 + 47 || in == 42 + 47 + 700;
        bool no_type = (in > 42 && in < 47) || (in > 89 && in < 94) || (in > 789 && in < 794);
        if (on_border || no_type)
            assert_in_range(end, last, l.used);
        else if (end != last)
            fail_msg("%zu bytes of it: %llu instead of %llu", (size_t)in, (unsigned long long)end,
                     (unsigned long long)last);
    }
}

/* The bytes begin somewhere in an event, far within the file, beyond 4 GiB too. */
static void only_the_last_bytes(void **state)
{
    static const uint64_t offsets[] = {1000, 1 << 20, UINT64_C(5) << 30};
    (void)state;
    for (size_t i = 0; i < COUNT(offsets); i++) {
        struct log l = {.used = 333, .offset = offsets[i]};
        memset(l.bytes, 'y', l.used);
        put_transaction(&l, 300);
        put_transaction(&l, 300);
        uint64_t last = put_transaction(&l, 900);
        assert_int_equal(end_of(&l), file_end(&l));
        l.used -= 500;
        assert_int_equal(end_of(&l), last);
    }
}

static void what_is_not_certain_counts(void **state)
{
    struct log l = {.used = 0};
    (void)state;
    /* What stands between transactions is torn: the one before is whole. */
    put_start(&l);
    put_transaction(&l, 700);
    uint64_t between = put(&l, CHECKPOINT, 43);
    l.used -= 7;
    assert_int_equal(end_of(&l), between);
    /* The transaction began before these bytes. */
    l = (struct log){.offset = 1 << 20};
    put(&l, ROWS, 1000);
    put(&l, ROWS, 1000);
    put(&l, ROWS, 1000);
    l.used -= 100;
    assert_int_equal(end_of(&l), file_end(&l));
    /* Half an event, and others behind it: a hole, and what comes after it may have been acknowledged. */
    l = (struct log){.used = 0};
    put_start(&l);
    put_transaction(&l, 700);
    put_transaction(&l, 700);
    l.used -= 300;
    put_transaction(&l, 700);
    assert_int_equal(end_of(&l), file_end(&l));
    l.offset = 4096; /* as where the server counted what was not written: no event says where it is */
    assert_int_equal(end_of(&l), file_end(&l));
}

/* Any bytes: nothing is read beyond them, and the end is among them. */
static void any_bytes(void **state)
{
    unsigned seed = 1;
    (void)state;
    for (int round = 0; round < 2000; round++) {
        size_t size = (size_t)rand_r(&seed) % 200;
        uint8_t *bytes = malloc(size + !size);
        for (size_t i = 0; i < size; i++)
            bytes[i] = (uint8_t)(rand_r(&seed) % (round % 2 ? 256 : 3));
        uint64_t offset = round % 3 ? 0 : 12345;
        assert_in_range(binlog_tail_end(bytes, size, offset), offset, offset + size);
        free(bytes);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(whole_logs),          cmocka_unit_test(torn_at_each_byte),
        cmocka_unit_test(only_the_last_bytes), cmocka_unit_test(what_is_not_certain_counts),
        cmocka_unit_test(any_bytes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
