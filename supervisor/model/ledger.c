#include "model/ledger.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* ---- what is kept ---- */

static bool other_term(const struct ledger *l, int node, uint64_t epoch)
{
    return !l->writer_pos.known || epoch > l->writer_epoch || node != l->writer_node;
}

static void saw(struct ledger *l, int node, uint64_t epoch, const struct gtid_set *pos, int64_t at_us,
                bool final)
{
    if (!pos->known || (l->writer_pos.known && epoch < l->writer_epoch))
        return;
    if (other_term(l, node, epoch)) {
        l->writer_pos = (struct gtid_set){.known = true};
        l->writer_seen_us = 0;
        l->writer_final = false;
    }
    bool nothing_new = gtid_pos_contains(&l->writer_pos, pos) == TRI_YES;
    l->writer_node = node;
    l->writer_epoch = epoch;
    gtid_pos_merge(&l->writer_pos, pos);
    if (at_us > l->writer_seen_us)
        l->writer_seen_us = at_us;
    l->writer_final = final || (l->writer_final && nothing_new);
    l->restored = false;
    l->revision++;
}

void ledger_saw_writer(struct ledger *l, int node, uint64_t epoch, const struct gtid_set *pos, int64_t at_us)
{
    saw(l, node, epoch, pos, at_us, false);
}

void ledger_saw_final(struct ledger *l, int node, uint64_t epoch, const struct gtid_set *pos, int64_t at_us)
{
    saw(l, node, epoch, pos, at_us, true);
}

void ledger_saw_received(struct ledger *l, const struct gtid_set *received)
{
    if (!received->known || gtid_pos_contains(&l->received, received) == TRI_YES)
        return;
    gtid_pos_merge(&l->received, received);
    l->revision++;
}

void ledger_forget_received(struct ledger *l, const struct gtid_set *own)
{
    l->received = *own;
    l->revision++;
}

bool ledger_dirty(const struct ledger *l)
{
    return l->revision != l->flushed_revision;
}

void ledger_flushed(struct ledger *l, uint64_t revision)
{
    if (revision > l->flushed_revision)
        l->flushed_revision = revision;
}

/* ---- the bound ---- */

static uint64_t last_term(const struct ledger *l, const struct loss_question *q)
{
    return q->term_epoch > l->writer_epoch ? q->term_epoch : l->writer_epoch;
}

/* Does the certificate speak of the last writer, and is our reading of its log alive? */
static bool certificate_applies(const struct ledger *l, const struct loss_question *q)
{
    const struct loss_certificate *c = &q->certificate;
    if (!c->known || c->node == q->self || c->epoch < last_term(l, q))
        return false;
    if (l->writer_pos.known && c->epoch == l->writer_epoch && c->node != l->writer_node)
        return false;
    return q->received.known && q->received.count > 0;
}

static int64_t bytes_missing(const struct ledger *l, const struct loss_question *q)
{
    const struct loss_certificate *c = &q->certificate;
    if (!certificate_applies(l, q) || c->file[0] == '\0' || strcmp(c->file, q->read_file) != 0)
        return -1;
    if (c->size <= q->read_pos)
        return 0;
    return c->size - q->read_pos > INT64_MAX ? INT64_MAX : (int64_t)(c->size - q->read_pos);
}

/* The ledger speaks of the last term that began, not of one before it. */
static bool ledger_is_current(const struct ledger *l, const struct loss_question *q)
{
    return l->writer_pos.known && !q->other_unheard && l->writer_epoch >= last_term(l, q) &&
           (!q->certificate.known || q->certificate.epoch <= l->writer_epoch);
}

static int64_t age_of_sample(const struct ledger *l, const struct loss_question *q)
{
    if (l->writer_seen_us <= 0 || l->writer_seen_us > q->now_us)
        return -1;
    int64_t until_us = q->until_us > 0 ? q->until_us : q->now_us;
    int64_t age_us = until_us > l->writer_seen_us ? until_us - l->writer_seen_us : 0;
    return age_us + (l->restored ? LEDGER_FLUSH_US : 0);
}

static struct gtid_set what_is_here(const struct loss_question *q)
{
    struct gtid_set have = q->applied;
    if (!q->drained && have.known)
        gtid_pos_merge(&have, &q->received);
    return have;
}

/* Our reading ended exactly where the dead writer's log does. (Beyond it: that log is another than was read.)
 */
static bool is_read_to_its_end(const struct ledger *l, const struct loss_question *q)
{
    return bytes_missing(l, q) == 0 && q->read_pos == q->certificate.size;
}

/* A writer's position counts what waits for the disk, too. What is not in the log that it left behind, nobody
 * was told of, and nobody can lose. */
static struct gtid_set what_was_seen(const struct ledger *l, const struct loss_question *q)
{
    struct gtid_set want = is_read_to_its_end(l, q) ? q->received : l->writer_pos;
    gtid_pos_merge(&want, &l->received);
    gtid_pos_merge(&want, &q->received);
    return want;
}

struct loss_bound ledger_bound(const struct ledger *l, const struct loss_question *q)
{
    struct loss_bound b = {.missing_from = what_is_here(q),
                           .missing_to = what_was_seen(l, q),
                           .missing_bytes = bytes_missing(l, q)};
    bool current = ledger_is_current(l, q);
    bool closed = current && (l->writer_final || l->writer_node == q->self);
    bool complete = closed || b.missing_bytes == 0;
    b.known_lost = gtid_pos_missing(&b.missing_from, &b.missing_to);
    b.known = b.known_lost >= 0 && (current || complete) ? TRI_YES : TRI_UNKNOWN;
    b.exact = complete || b.missing_bytes > 0;
    b.unseen_us = complete ? 0 : current ? age_of_sample(l, q) : -1;
    b.estimate = b.unseen_us >= 0 && !complete && q->until_us > 0 && !q->until_proven;
    b.unheard_us = b.estimate && q->now_us > q->until_us ? q->now_us - q->until_us : 0;
    return b;
}

/* ---- sentences ---- */

static const char *format_duration(int64_t us, char *out, size_t size)
{
    int64_t ms = us / 1000 + (us % 1000 != 0);
    if (ms < 10000)
        snprintf(out, size, "%" PRId64 " ms", ms);
    else
        snprintf(out, size, "%" PRId64 " s", ms / 1000 + (ms % 1000 != 0));
    return out;
}

static const char *format_unseen(const struct loss_bound *b, char *out, size_t size)
{
    char time[32], unheard[32], bytes[64] = "";
    if (b->missing_bytes > 0)
        snprintf(bytes, sizeof bytes, ", %" PRId64 " bytes of its binary log", b->missing_bytes);
    if (b->unseen_us < 0)
        snprintf(out, size, "unseen for an unknown time%s", bytes);
    else if (b->unseen_us == 0 && b->exact && b->missing_bytes <= 0)
        snprintf(out, size, "nothing unseen");
    else if (b->unheard_us > 0)
        snprintf(out, size, "unseen an estimated %s, and unheard of for %s since%s",
                 format_duration(b->unseen_us, time, sizeof time),
                 format_duration(b->unheard_us, unheard, sizeof unheard), bytes);
    else
        snprintf(out, size, "unseen %s %s%s", b->estimate ? "an estimated" : "at most",
                 format_duration(b->unseen_us, time, sizeof time), bytes);
    return out;
}

static const char *format_lost(const struct loss_bound *b, char *out, size_t size)
{
    const char *least = b->known == TRI_YES ? "" : "at least ";
    if (b->known_lost < 0)
        snprintf(out, size, "known lost: unknown");
    else
        snprintf(out, size, "known lost %s%" PRId64 " transaction%s", least, b->known_lost,
                 b->known_lost == 1 ? "" : "s");
    return out;
}

const char *loss_bound_format(const struct loss_bound *b, char *out, size_t size)
{
    char lost[80], unseen[128];
    snprintf(out, size, "%s; %s", format_lost(b, lost, sizeof lost), format_unseen(b, unseen, sizeof unseen));
    return out;
}

static enum loss_verdict judge(const struct loss_bound *b, int64_t max_known_lost, int64_t max_unseen_us)
{
    if (b->known_lost > max_known_lost)
        return LOSS_KNOWN;
    if (b->known != TRI_YES)
        return LOSS_UNKNOWN;
    if (b->unseen_us < 0 || b->unseen_us > max_unseen_us)
        return LOSS_UNSEEN;
    return LOSS_OK;
}

static void explain_limit(enum loss_verdict v, int64_t max_known_lost, int64_t max_unseen_us, char *out,
                          size_t size)
{
    char time[32];
    out[0] = '\0';
    if (v == LOSS_KNOWN)
        snprintf(out, size, "allowed are %" PRId64 " lost", max_known_lost);
    else if (v == LOSS_UNSEEN)
        snprintf(out, size, "allowed are %s unseen", format_duration(max_unseen_us, time, sizeof time));
    else if (v == LOSS_UNKNOWN)
        snprintf(out, size, "the last writer's position is not known well enough");
}

enum loss_verdict ledger_gate(const struct loss_bound *b, int64_t max_known_lost, int64_t max_unseen_us,
                              bool accept, char *sentence, size_t size)
{
    char bound[224], have[96], want[96], limit[80];
    enum loss_verdict v = judge(b, max_known_lost, max_unseen_us);
    loss_bound_format(b, bound, sizeof bound);
    gtid_set_format(&b->missing_from, have, sizeof have);
    gtid_set_format(&b->missing_to, want, sizeof want);
    explain_limit(v, max_known_lost, max_unseen_us, limit, sizeof limit);
    snprintf(sentence, size, "%s (here '%s', seen '%s')%s%s%s", bound, have, want, v == LOSS_OK ? "" : "; ",
             limit, v != LOSS_OK && accept ? "; accepted by the operator" : "");
    return accept ? LOSS_OK : v;
}

const char *loss_verdict_name(enum loss_verdict v)
{
    switch (v) {
    case LOSS_OK:
        return "ok";
    case LOSS_KNOWN:
        return "known loss";
    case LOSS_UNSEEN:
        return "unseen for too long";
    case LOSS_MARKED:
        return "marked as out of sync";
    case LOSS_UNPROVEN:
        return "not proven to have all";
    case LOSS_UNKNOWN:
        break;
    }
    return "unknown loss";
}
