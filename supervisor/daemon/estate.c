#include "daemon/estate.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/handover.h"

enum kind { FLAG, BYTE, INT, TIME, NUMBER };

#define LOGIC(name, member, kind)                                                                            \
    {                                                                                                        \
        name, kind, offsetof(struct estate, logic) + offsetof(struct fencer_logic, member), false            \
    }
#define ESTATE(name, member, kind)                                                                           \
    {                                                                                                        \
        name, kind, offsetof(struct estate, member), false                                                   \
    }

/* A new one is optional: no program that wrote an estate before knows it. */
static const struct field {
    const char *name;
    enum kind kind;
    size_t offset;
    bool optional;
} fields[] = {
    LOGIC("epoch", term.epoch, NUMBER),
    LOGIC("deadline_us", term.deadline_us, TIME),
    LOGIC("votes", term.votes, BYTE),
    LOGIC("peer_can_take_vip", term.peer_can_take_vip, FLAG),
    LOGIC("ended_epoch", ended_epoch, NUMBER),
    LOGIC("armed_us", armed_us, TIME),
    LOGIC("unarmed_us", unarmed_us, TIME),
    LOGIC("prepared_us", prepared_us, TIME),
    LOGIC("lock_until_us", lock_until_us, TIME),
    LOGIC("lock_lost", lock_lost, FLAG),
    LOGIC("renewed_us", renewed_us, TIME),
    {"touched_us", TIME, offsetof(struct estate, logic.touched_us), true},
    LOGIC("weight_us", weight_us, TIME),
    LOGIC("child_runs", child_runs, FLAG),
    LOGIC("child_started_us", child_started_us, TIME),
    LOGIC("child_start_us", child_start_us, TIME),
    LOGIC("backoff_ms", backoff_ms, INT),
    ESTATE("lock_fd", lock_fd, INT),
    ESTATE("spawner_fd", spawner_fd, INT),
    ESTATE("settings_fd", settings_fd, INT),
    ESTATE("child_fd", child_fd, INT),
    ESTATE("write_lock_fd", write_lock_fd, INT),
    ESTATE("reloaded", reloaded, FLAG),
    ESTATE("greeted", greeted, FLAG),
};

#define COUNT (sizeof(fields) / sizeof(fields[0]))
#define LAST  "end" /* its line is the last: what was cut short lacks it */

bool estate_takes(unsigned long format)
{
    return format >= ESTATE_OLDEST && format <= ESTATE_FORMAT;
}

static int64_t get(const struct field *f, const struct estate *e)
{
    const char *at = (const char *)e + f->offset;
    return f->kind == FLAG   ? *(const bool *)at
           : f->kind == BYTE ? *(const uint8_t *)at
           : f->kind == INT  ? *(const int32_t *)at
           : f->kind == TIME ? *(const int64_t *)at
                             : (int64_t) * (const uint64_t *)at;
}

/* False: no such value exists. */
static bool put(const struct field *f, struct estate *e, int64_t value)
{
    char *at = (char *)e + f->offset;
    if (f->kind == FLAG && (value == 0 || value == 1))
        *(bool *)at = value;
    else if (f->kind == BYTE && value >= 0 && value <= UINT8_MAX)
        *(uint8_t *)at = (uint8_t)value;
    else if (f->kind == INT && value >= -1 && value <= INT32_MAX)
        *(int32_t *)at = (int32_t)value;
    else if (f->kind == TIME && value >= 0)
        *(int64_t *)at = value;
    else if (f->kind == NUMBER && value >= 0)
        *(uint64_t *)at = (uint64_t)value;
    else
        return false;
    return true;
}

int estate_write(const struct estate *estate, struct err *e)
{
    char text[ESTATE_MAX];
    size_t used = 0;
    for (size_t i = 0; i < COUNT; i++)
        used += (size_t)snprintf(text + used, sizeof(text) - used, "%s %" PRId64 "\n", fields[i].name,
                                 get(&fields[i], estate));
    used += (size_t)snprintf(text + used, sizeof(text) - used, LAST " 0\n");
    return handover_write("", ESTATE_FORMAT, text, used, e);
}

static const struct field *field_of(const char *name)
{
    for (size_t i = 0; i < COUNT; i++)
        if (strcmp(fields[i].name, name) == 0)
            return &fields[i];
    return NULL;
}

/* One line without its end; `seen` a flag for each field. */
static bool read_line(char *line, struct estate *out, bool *seen, struct err *e)
{
    char *space = strchr(line, ' '), *rest;
    if (!space)
        return err_set(e, "the state that was handed over: \"%.40s\" has no value", line);
    *space = '\0';
    const struct field *f = field_of(line);
    errno = 0;
    int64_t value = strtoll(space + 1, &rest, 10);
    if (!f)
        return true;
    if (errno || rest == space + 1 || *rest || seen[f - fields] || !put(f, out, value))
        return err_set(e, "the state that was handed over: %s is \"%.40s\"", line, space + 1);
    seen[f - fields] = true;
    return true;
}

static bool read_text(char *text, struct estate *out, struct err *e)
{
    bool seen[COUNT] = {false}, ended = false;
    char *rest = text;
    while (!ended && *rest) {
        char *line = rest, *end = strchr(rest, '\n');
        if (!end)
            break;
        *end = '\0';
        rest = end + 1;
        ended = strcmp(line, LAST " 0") == 0;
        if (!ended && !read_line(line, out, seen, e))
            return false;
    }
    if (!ended)
        return err_set(e, "what was handed over is cut short");
    for (size_t i = 0; i < COUNT; i++)
        if (!seen[i] && !fields[i].optional)
            return err_set(e, "the state that was handed over lacks %s", fields[i].name);
    return true;
}

bool estate_read(int fd, struct estate *out, struct err *e)
{
    char text[ESTATE_MAX + 1];
    unsigned format;
    memset(out, 0, sizeof(*out));
    if (!handover_read_text(fd, &format, text, sizeof(text), e))
        return false;
    if (!estate_takes(format))
        return err_set(e, "the state that was handed over is of format %u, formats %d to %d are taken",
                       format, ESTATE_OLDEST, ESTATE_FORMAT);
    return read_text(text, out, e);
}

void estate_keep_open(const struct estate *e, int state_fd, bool over_exec)
{
    const int fds[] = {e->lock_fd, e->spawner_fd, e->settings_fd, e->child_fd, e->write_lock_fd, state_fd};
    for (size_t i = 0; i < sizeof(fds) / sizeof(*fds); i++)
        if (fds[i] >= 0)
            fcntl(fds[i], F_SETFD, over_exec ? 0 : FD_CLOEXEC);
}
