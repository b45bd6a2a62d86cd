/* Scenes of durability lossless: a writer whose commits wait, and a standby that acknowledges. */
#ifndef REPLCHECK_TESTS_LOSSLESS_SCENES_H
#define REPLCHECK_TESTS_LOSSLESS_SCENES_H

#include "model_fixture.h"

/* The state of semi-sync at a server with so many receivers that acknowledge: commits wait, or do not. */
void scene_semi_sync_waiting(struct semi_sync_view *v, int clients);
void scene_semi_sync_idle(struct semi_sync_view *v, int clients);

void scene_lossless_writer(struct scene *s);
void scene_lossless_standby(struct scene *s);

/* The node stands in the rows as out of sync. */
void scene_mark(struct voter_rows *rows, int node, uint64_t epoch);

#endif
