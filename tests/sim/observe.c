/* What was read from a server, into the observation. Mirrors wire/observe.c: observe_server, observe_voter,
 * observe_dead_man. */
#include <string.h>

#include "parts.h"

void observe_pos(struct gtid_set *out, struct gid gid)
{
    out->known = true;
    out->count = gid.seq != 0;
    if (gid.seq)
        out->at[0] = (struct gtid){.domain = 0, .server = gid.server, .seq = gid.seq};
}

static void observe_state(struct gtid_set *out, const uint32_t seq[NODES])
{
    out->known = true;
    out->count = 0;
    for (uint32_t n = 0; n < NODES; n++)
        if (seq[n])
            out->at[out->count++] = (struct gtid){.domain = 0, .server = n + 1, .seq = seq[n]};
}

static void name_file(char *out, unsigned life)
{
    char digits[8];
    int count = 0;
    for (; life || !count; life /= 10)
        digits[count++] = (char)('0' + life % 10);
    memcpy(out, "bin.", 4);
    for (int i = 0; i < count; i++)
        out[4 + i] = digits[count - 1 - i];
    out[4 + count] = 0;
}

static void observe_note(struct note *out, const struct row *r, enum note_kind kind, int node)
{
    if (!r->present) {
        if (out->kind)
            memset(out, 0, sizeof(*out));
        return;
    }
    out->kind = kind;
    out->node = node;
    out->epoch = r->epoch;
    out->size = r->size;
    out->seq = r->seq;
    out->file[0] = 0;
    if (kind == NOTE_CERTIFICATE)
        name_file(out->file, r->file);
    if (kind == NOTE_RELEASE)
        observe_pos(&out->gtid, r->gtid);
    else
        out->gtid.known = false;
}

void observe_rows(struct voter_rows *out, const struct rows *rows, int64_t read_us)
{
    for (int n = 0; n < NODES; n++) {
        observe_note(&out->promise[n], &rows->at[NOTE_PROMISE - 1][n], NOTE_PROMISE, n);
        observe_note(&out->release[n], &rows->at[NOTE_RELEASE - 1][n], NOTE_RELEASE, n);
        observe_note(&out->certificate[n], &rows->at[NOTE_CERTIFICATE - 1][n], NOTE_CERTIFICATE, n);
        observe_note(&out->off[n], &rows->at[NOTE_OFF - 1][n], NOTE_OFF, n);
        observe_note(&out->out_of_sync[n], &rows->at[NOTE_OUT_OF_SYNC - 1][n], NOTE_OUT_OF_SYNC, n);
    }
    out->read_us = read_us;
}

static void observe_notices(struct server_view *view, const struct snapshot *s)
{
    for (int n = 0; n < NODES; n++) {
        struct bulletin *b = &view->bulletin[n];
        const struct notice *from = &s->notices[n];
        b->present = s->here[n];
        if (!from->known)
            continue;
        b->known = true;
        b->ask = from->ask;
        b->hold = from->hold;
        b->waits = from->waits;
        b->state = from->state;
        b->seq = from->seq;
        b->epoch = from->epoch;
        b->vip = from->vip;
    }
}

static void observe_switch(struct server_view *view, const struct snapshot *s, int64_t sent)
{
    view->dead_man_us = sent;
    if (!s->enabled) {
        view->dead_man = TRI_NO;
        return;
    }
    if (s->executed > 0 && s->executed != view->dead_man_executed) {
        view->dead_man = view->dead_man_executed > 0 || view->dead_man != TRI_UNKNOWN ? TRI_YES : TRI_UNKNOWN;
        view->dead_man_executed = s->executed;
        view->dead_man_advanced_us = sent;
    } else if (view->dead_man_advanced_us && sent - view->dead_man_advanced_us > 4000000) {
        view->dead_man = TRI_NO;
    }
}

static void observe_replication(struct replication_view *r, const struct snapshot *s)
{
    r->known = true;
    r->configured = TRI_YES;
    r->io = s->io;
    r->sql = tri_from(s->sql);
    r->sql_errno = s->refused ? 1950 : 0;
    observe_pos(&r->io_pos, s->io_pos);
    name_file(r->master_file, s->master_file);
    if (!s->master_file)
        r->master_file[0] = 0;
    r->master_pos = s->master_pos;
    r->semi_sync = s->lossless ? tri_from(s->acking) : TRI_UNKNOWN;
}

void observe_server(struct server_view *view, const struct answer *a, int64_t sent, int64_t answered)
{
    const struct snapshot *s = &a->seen;
    if (sent < view->seen_us)
        return;
    view->replication.known = false;
    if (a->status == GOT_OK && a->has_server) {
        view->read_only = tri_from(s->read_only);
        view->server_id = (uint32_t)s->server + 1;
        observe_pos(&view->binlog_pos, s->pos);
        observe_pos(&view->slave_pos, s->pos);
        observe_state(&view->binlog_state, s->state_seq);
        view->auto_increment_increment = s->offsets ? 2 : 1;
        view->auto_increment_offset = s->offsets ? (unsigned)view->server_id : 1;
        view->event_scheduler = TRI_YES;
        view->semi_sync.enabled = tri_from(s->semi_sync);
        if (s->lossless) {
            view->semi_sync.strict = tri_from(s->strict);
            view->semi_sync.status = tri_from(s->status);
            view->semi_sync.clients = s->clients;
            view->semi_sync.waiting = s->waiting;
        }
        observe_notices(view, s);
        view->term_known = true;
        view->term_epoch = s->term_epoch;
        view->term_node = s->term_node;
        if (sent > view->voter.read_us)
            observe_rows(&view->voter, &s->rows, sent);
        observe_replication(&view->replication, s);
        if (s->events) {
            view->unplanned = s->unplanned;
            observe_switch(view, s, sent);
        }
    }
    view->seen_us = sent;
    view->answered_us = answered;
}
