#include "io/cert_files.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/mem.h"
#include "io/cert_end.h"
#include "io/lane.h"

#define STOP_US CLOCK_MS(100)

/* `seen` under the lane's lock; the rest does not change. */
struct cert_files {
    struct lane lane;
    int64_t period_us;
    int count;
    char path[CERT_FILES_MAX][PATH_MAX];
    struct cert_seen seen[CERT_FILES_MAX];
};

static void look_at(struct cert_files *f, int i)
{
    struct err e = {.text = ""};
    int64_t until_s = 0;
    lane_block_begin(&f->lane);
    bool found = cert_end_read(f->path[i], CERT_LATEST, &until_s, &e);
    lane_block_end(&f->lane);
    if (found)
        f->seen[i].until_s = until_s;
    snprintf(f->seen[i].trouble, sizeof(f->seen[i].trouble), "%.*s", (int)sizeof(f->seen[i].trouble) - 1,
             found ? "" : e.text);
}

static void run(void *arg)
{
    struct cert_files *f = arg;
    while (!f->lane.stopping) {
        int64_t next_us = clock_now_us() + f->period_us;
        for (int i = 0; i < f->count && !f->lane.stopping; i++)
            look_at(f, i);
        while (!f->lane.stopping && clock_now_us() < next_us)
            lane_wait(&f->lane, next_us);
    }
}

struct cert_files *cert_files_new(const char *const *paths, int count, int64_t period_us, struct err *e)
{
    struct cert_files *f = mem_zalloc(sizeof(*f));
    f->count = count;
    f->period_us = period_us;
    for (int i = 0; i < count; i++)
        snprintf(f->path[i], sizeof(f->path[i]), "%s", paths[i]);
    if (lane_start(&f->lane, "cert-files", run, f, e))
        return f;
    free(f);
    return NULL;
}

void cert_files_free(struct cert_files **f)
{
    if (*f && lane_stop(&(*f)->lane, clock_now_us() + STOP_US))
        free(*f);
    *f = NULL;
}

void cert_files_read(struct cert_files *f, int i, struct cert_seen *out)
{
    lane_lock(&f->lane);
    *out = f->seen[i];
    lane_unlock(&f->lane);
}
