#include "life.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

void life_standby(struct drive *d, enum policy_tie tie)
{
    memset(d, 0, sizeof(*d));
    scene_standby(&d->s, tie);
    drive_begin(d);
    d->lock_free[0] = d->lock_free[1] = d->lock_free[2] = false;
    drive_run(d, 3000);
    drive_forget(d);
}

void life_writer(struct drive *d, enum policy_tie tie)
{
    memset(d, 0, sizeof(*d));
    scene_writer(&d->s, tie);
    drive_begin(d);
    drive_run(d, 3000);
    drive_forget(d);
}

void life_certify_peer(struct drive *d)
{
    struct scene *s = &d->s;
    struct note *row = scene_row(s, NOTE_CERTIFICATE, PEER_EPOCH, NULL);
    snprintf(row->file, sizeof(row->file), "bin.000003");
    row->size = 1000;
    d->witness.certificate[1] = *row;
    s->peer_mute = true;
    s->o.own.replication.io = IO_CONNECTING;
    s->o.own.bulletin[1].state = NODE_FENCED;
    d->lock_free[0] = d->lock_free[OBS_TIE] = true;
}

void life_release_peer(struct drive *d, const char *position)
{
    struct scene *s = &d->s;
    struct note row = *scene_row(s, NOTE_RELEASE, PEER_EPOCH, position);
    d->witness.release[1] = s->o.peer.voter.release[1] = row;
    s->o.peer.read_only = TRI_YES;
    s->o.peer.binlog_pos = scene_gtid(position);
    s->o.own.bulletin[1].state = s->o.peer.bulletin[1].state = NODE_DEMOTE_HANDOVER;
    d->lock_free[0] = d->lock_free[1] = d->lock_free[OBS_TIE] = true;
}

void life_cut_peer(struct drive *d)
{
    scene_peer_gone(&d->s);
    d->s.o.own.replication.io = IO_CONNECTING;
    d->lock_free[0] = d->lock_free[OBS_TIE] = true;
}

void life_expect(const struct drive *d, enum node_state state, int row)
{
    if (d->s.m.state != state || d->s.out.row->id != row)
        fail_msg("'%s' by row %d, expected '%s' by row %d", node_state_name(d->s.m.state), d->s.out.row->id,
                 node_state_name(state), row);
}

void life_expect_action(const struct drive *d, enum action a, bool wanted)
{
    if ((bool)(d->s.out.actions & ACTION_BIT(a)) != wanted)
        fail_msg("row %d: %s %s", d->s.out.row->id, wanted ? "does not" : "does", action_name(a));
}
