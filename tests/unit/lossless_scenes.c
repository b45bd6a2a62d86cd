#include "lossless_scenes.h"

void scene_semi_sync_waiting(struct semi_sync_view *v, int clients)
{
    *v = (struct semi_sync_view){TRI_YES, TRI_YES, TRI_YES, clients, 0};
}

void scene_semi_sync_idle(struct semi_sync_view *v, int clients)
{
    *v = (struct semi_sync_view){TRI_NO, TRI_YES, TRI_NO, clients, 0};
}

void scene_lossless_writer(struct scene *s)
{
    scene_writer(s, POLICY_TIE_WITNESS);
    s->p.lossless = true;
    scene_semi_sync_waiting(&s->o.own.semi_sync, 1);
    scene_semi_sync_idle(&s->o.peer.semi_sync, 1);
    s->o.own.replication.semi_sync = s->o.peer.replication.semi_sync = TRI_YES;
    s->o.witness.voter.read_us = s->now_us;
}

void scene_lossless_standby(struct scene *s)
{
    scene_standby(s, POLICY_TIE_WITNESS);
    s->p.lossless = true;
    scene_semi_sync_idle(&s->o.own.semi_sync, 1);
    scene_semi_sync_waiting(&s->o.peer.semi_sync, 1);
    s->o.own.replication.semi_sync = s->o.peer.replication.semi_sync = TRI_YES;
    s->o.witness.voter.read_us = s->now_us;
}

void scene_mark(struct voter_rows *rows, int node, uint64_t epoch)
{
    rows->out_of_sync[node] = (struct note){.kind = NOTE_OUT_OF_SYNC, .node = node, .epoch = epoch};
}
