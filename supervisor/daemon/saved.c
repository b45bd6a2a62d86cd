#include "daemon/saved.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/log.h"
#include "base/mem.h"
#include "daemon/boot_id.h"
#include "daemon/node.h"
#include "io/journal.h"
#include "io/worker.h"
#include "model/ledger_text.h"

#define PATIENCE_MS 500 /* a child that returns under a writer has to renew its authority */

static bool take_ledger(struct node *n, const char *text, struct err *e)
{
    return ledger_parse(&n->mind.ledger, text, boot_id(), e);
}

static bool take_breaker(struct node *n, const char *text, struct err *e)
{
    char *end;
    n->breaker_reset_s = strtoll(text, &end, 10);
    return (end != text && *end == '\0') || err_set(e, "\"%.40s\" is no time", text);
}

static bool take_maintenance(struct node *n, const char *text, struct err *e)
{
    n->o.operator_.maintenance = strcmp(text, "on") == 0;
    return n->o.operator_.maintenance || strcmp(text, "off") == 0 ||
           err_set(e, "\"%.40s\" is neither on nor off", text);
}

static const struct {
    const char *key;
    bool (*take)(struct node *n, const char *text, struct err *e);
    const char *lost; /* what follows from it */
} keys[SAVED_KEYS] = {
    {SAVED_LEDGER, take_ledger,
     "the highest positions seen before are not known; a promotion is refused until a writer was seen again"},
    {SAVED_BREAKER, take_breaker,
     "a reset of the breaker is not known any more; earlier promotions count again"},
    {SAVED_MAINTENANCE, take_maintenance, "maintenance is off; if it was on, switch it on again"},
};

/* ---- reading, which may hang with the disk, beside the start, which may not ---- */

struct reading {
    pthread_mutex_t lock;
    pthread_cond_t ended;
    bool done, abandoned; /* who comes last frees it */
    char journal[SETTINGS_PATH_MAX + 16];
    struct {
        enum tri found;
        struct journal_saved saved;
        struct err why;
    } of[SAVED_KEYS];
};

static void free_reading(struct reading *r)
{
    pthread_mutex_destroy(&r->lock);
    pthread_cond_destroy(&r->ended);
    free(r);
}

static void *read_all(void *arg)
{
    struct reading *r = arg;
    for (int i = 0; i < SAVED_KEYS; i++)
        r->of[i].found = journal_saved_load(r->journal, keys[i].key, &r->of[i].saved, &r->of[i].why);
    pthread_mutex_lock(&r->lock);
    r->done = true;
    bool abandoned = r->abandoned;
    pthread_cond_signal(&r->ended);
    pthread_mutex_unlock(&r->lock);
    if (abandoned)
        free_reading(r);
    return NULL;
}

static struct reading *begin_reading(const char *journal)
{
    struct reading *r = mem_zalloc(sizeof(*r));
    pthread_condattr_t attributes;
    pthread_t thread;
    snprintf(r->journal, sizeof(r->journal), "%s", journal);
    pthread_mutex_init(&r->lock, NULL);
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&r->ended, &attributes);
    pthread_condattr_destroy(&attributes);
    if (pthread_create(&thread, NULL, read_all, r) == 0)
        pthread_detach(thread);
    else
        read_all(r);
    return r;
}

/* False: it goes on without us. */
static bool await_reading(struct reading *r)
{
    struct timespec until;
    int result = 0;
    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_nsec += PATIENCE_MS * 1000000L;
    until.tv_sec += until.tv_nsec / 1000000000L;
    until.tv_nsec %= 1000000000L;
    pthread_mutex_lock(&r->lock);
    while (!r->done && result == 0)
        result = pthread_cond_timedwait(&r->ended, &r->lock, &until);
    bool done = r->done;
    r->abandoned = !done;
    pthread_mutex_unlock(&r->lock);
    return done;
}

void saved_load(struct node *n, const char *journal, struct saved_trouble *trouble)
{
    struct reading *r = begin_reading(journal);
    memset(trouble, 0, sizeof(*trouble));
    if (!await_reading(r)) { /* `r` is the thread's now */
        for (int i = 0; i < SAVED_KEYS; i++)
            err_set(&trouble->of[i], "%s: not read within %d ms: its disk hangs", journal, PATIENCE_MS);
        return;
    }
    for (int i = 0; i < SAVED_KEYS; i++) {
        struct err *e = &trouble->of[i];
        *e = r->of[i].why;
        if (r->of[i].found == TRI_NO ||
            (r->of[i].found == TRI_YES && keys[i].take(n, r->of[i].saved.text, e)))
            e->text[0] = '\0';
    }
    free_reading(r);
}

static void tell(const struct node *n, const char *lost, const struct err *why)
{
    struct journal_event event = {.kind = JOURNAL_ALERT};
    log_error("%s (%s)", lost, why->text);
    snprintf(event.node, sizeof(event.node), "%s", n->settings.node.node);
    snprintf(event.reason, sizeof(event.reason), "%s", lost);
    snprintf(event.detail, sizeof(event.detail), "%.*s", (int)sizeof(event.detail) - 1, why->text);
    worker_event(&event);
}

void saved_tell(const struct node *n, const struct saved_trouble *trouble)
{
    for (int i = 0; i < SAVED_KEYS; i++)
        if (trouble->of[i].text[0])
            tell(n, keys[i].lost, &trouble->of[i]);
    if (n->o.operator_.maintenance)
        log_notice("maintenance is on, as it was asked for before the restart");
}
