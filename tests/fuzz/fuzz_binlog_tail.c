/* The last bytes of a binary log: as they are, or events of any kinds and lengths one behind the other, whose
 * end is cut off. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "fuzz.h"
#include "wire/binlog_tail.h"

#define HEADER     19
#define EVENTS_MAX 256
#define LONGEST    (HEADER + 255)

static void put_u32(uint8_t *at, uint32_t value)
{
    for (int i = 0; i < 4; i++)
        at[i] = (uint8_t)(value >> (8 * i));
}

static size_t put_events(struct fuzz_bytes *b, uint8_t *out, size_t used, uint64_t offset)
{
    for (int i = 0; i < EVENTS_MAX && b->left > 1; i++) {
        uint8_t type = (uint8_t)fuzz_number(b, 1);
        uint32_t length = HEADER + (uint32_t)fuzz_number(b, 1);
        out[used + 4] = type;
        put_u32(out + used + 9, length);
        put_u32(out + used + 13, (uint32_t)(offset + used + length));
        used += length;
    }
    return used;
}

/* Within the file; and a log that is cut there is whole. */
static void check_end(const uint8_t *tail, size_t size, uint64_t offset, bool is_whole)
{
    uint8_t *exact = mem_zalloc(size ? size : 1); /* nothing may be read behind it */
    memcpy(exact, tail, size);
    uint64_t end = binlog_tail_end(exact, size, offset);
    free(exact);
    FUZZ_CHECK(end >= offset && end <= offset + size);
    FUZZ_CHECK(!is_whole || end == offset + size);
    FUZZ_CHECK(binlog_tail_end(tail, (size_t)(end - offset), offset) == end);
}

void fuzz_binlog_tail(const uint8_t *data, size_t size)
{
    static const uint64_t offsets[] = {0, 1000, UINT32_MAX - 600U, UINT64_C(1) << 40};
    struct fuzz_bytes b = {data, size};
    uint64_t kind = fuzz_number(&b, 1), offset = offsets[kind & 3], cut = fuzz_number(&b, 1);
    if (kind & 4) {
        check_end(b.at, b.left, offset, false);
        return;
    }
    uint8_t *tail = mem_zalloc((size_t)EVENTS_MAX * LONGEST + 4);
    size_t used = put_events(&b, tail, offset ? 0 : 4, offset);
    check_end(tail, used > cut ? used - cut : 0, offset, cut == 0);
    free(tail);
}
