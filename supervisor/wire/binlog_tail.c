#include "wire/binlog_tail.h"

#include <stdbool.h>

#define HEADER      19
#define FIRST_EVENT 4 /* behind the file's magic number */
#define ENOUGH      2 /* events that fit, one behind the other: of random bytes one in 2^64 does */
#define NONE        UINT64_MAX

enum event_type {
    EVENT_STOP = 3,
    EVENT_ROTATE = 4,
    EVENT_FORMAT = 15,
    EVENT_CHECKPOINT = 161,
    EVENT_GTID = 162,
    EVENT_GTID_LIST = 163,
    EVENT_START_ENCRYPTION = 164,
};

/* What was found from one event on. */
struct walk {
    int events;
    uint64_t group; /* where the last transaction begins; NONE: before these bytes */
    uint64_t torn;  /* where the event begins of which the rest is missing; NONE: there is none */
    int torn_type;  /* -1: not even that is there */
};

static uint32_t read_u32(const uint8_t *at)
{
    return (uint32_t)at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 | (uint32_t)at[3] << 24;
}

/* An event says how long it is and where it ends in the file (of that the lower 32 bits). */
static bool is_event(const uint8_t *header, uint64_t at, uint32_t *length)
{
    *length = read_u32(header + 9);
    return *length >= HEADER && (uint32_t)(at + *length) == read_u32(header + 13);
}

/* From `from` on event by event to the end; false if something is no event. */
static bool walk_from(const uint8_t *tail, size_t size, uint64_t offset, size_t from, struct walk *w)
{
    *w = (struct walk){.group = NONE, .torn = NONE, .torn_type = -1};
    for (size_t at = from; at < size;) {
        uint32_t length = 0;
        bool whole = size - at >= HEADER;
        if (whole && !is_event(tail + at, offset + at, &length))
            return false;
        if (!whole || length > size - at) {
            w->torn = offset + at;
            w->torn_type = size - at >= 5 ? tail[at + 4] : -1;
            return true;
        }
        if (tail[at + 4] == EVENT_GTID)
            w->group = offset + at;
        w->events++;
        at += length;
    }
    return true;
}

/* Those that stand between transactions; each transaction begins with its GTID. */
static bool is_outside(int type)
{
    switch (type) {
    case EVENT_STOP:
    case EVENT_ROTATE:
    case EVENT_FORMAT:
    case EVENT_CHECKPOINT:
    case EVENT_GTID:
    case EVENT_GTID_LIST:
    case EVENT_START_ENCRYPTION:
        return true;
    default:
        return false;
    }
}

static uint64_t end_of(const struct walk *w, uint64_t file_end)
{
    if (w->torn == NONE)
        return file_end;
    if (w->torn_type < 0 || is_outside(w->torn_type))
        return w->torn;
    return w->group == NONE ? file_end : w->group;
}

uint64_t binlog_tail_end(const uint8_t *tail, size_t size, uint64_t offset)
{
    struct walk w;
    size_t first = offset ? 0 : FIRST_EVENT;
    for (size_t from = first; from + HEADER <= size; from++)
        if (walk_from(tail, size, offset, from, &w) && w.events >= ENOUGH)
            return end_of(&w, offset + size);
    return offset + size;
}
