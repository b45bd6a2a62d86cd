#include "daemon/saved.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "daemon/boot_id.h"
#include "daemon/node.h"
#include "io/journal.h"
#include "io/worker.h"
#include "model/ledger_text.h"

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

void saved_load(struct node *n, const char *journal, struct saved_trouble *trouble)
{
    struct journal_saved saved;
    memset(trouble, 0, sizeof(*trouble));
    for (int i = 0; i < SAVED_KEYS; i++) {
        struct err *e = &trouble->of[i];
        enum tri found = journal_saved_load(journal, keys[i].key, &saved, e);
        if (found == TRI_NO || (found == TRI_YES && keys[i].take(n, saved.text, e)))
            e->text[0] = '\0';
    }
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
