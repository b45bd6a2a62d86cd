/* Named cases of the facts: CASE(scene, fact, value, name, what is changed in the scene `s`).
 * Included twice by test_facts.c, for the changes and for the table; therefore it has no guard. */
/* clang-format off */

/* ---- the own server ---- */
CASE(standby, OWN_UP, TRI_YES, "it answered now", )
CASE(standby, OWN_UP, TRI_YES, "answered exactly `silent` ago", age_own(s, 1000))
CASE(standby, OWN_UP, TRI_NO, "silent for longer", age_own(s, 1001))
CASE(standby, OWN_UP, TRI_UNKNOWN, "never heard of is not down", s->o.own.seen_us = s->o.voter_answer_us[0] = 0)
CASE(standby, OWN_UP, TRI_YES, "the vote's session alone answers", s->o.own.seen_us -= MS(5000))
CASE(standby, OWN_UP, TRI_YES, "the probe alone answers", s->o.voter_answer_us[0] -= MS(5000))
CASE(standby, OWN_UP, TRI_NO, "certified dead, though it answered just now", s->o.fencer.dead_us = s->now_us)
CASE(standby, OWN_DEAD, TRI_NO, "it lives", )
CASE(standby, OWN_DEAD, TRI_YES, "DEAD came", s->o.fencer.dead_us = s->now_us)
CASE(standby, CERTIFIABLE, TRI_NO, "alive: nothing to certify", )
CASE(standby, CERTIFIABLE, TRI_YES, "dead and boots read-only", s->o.fencer.dead_us = s->now_us)
CASE(standby, CERTIFIABLE, TRI_NO, "dead and may boot writable", s->o.fencer.dead_us = s->now_us; s->o.boot_safe = TRI_NO)
CASE(standby, CERTIFIABLE, TRI_NO, "dead and its option files are unknown", s->o.fencer.dead_us = s->now_us;
     s->o.boot_safe = TRI_UNKNOWN)
CASE(standby, OWN_READ_ONLY, TRI_YES, "read now", )
CASE(writer, OWN_READ_ONLY, TRI_NO, "writable", )
CASE(writer, OWN_READ_ONLY, TRI_UNKNOWN, "an old reading is unknown, not writable", s->o.own.seen_us -= MS(1001))
CASE(standby, OWN_READ_ONLY, TRI_UNKNOWN, "an old reading is unknown, not closed", s->o.own.seen_us -= MS(1001))
CASE(standby, OWN_READ_ONLY, TRI_UNKNOWN, "never read", s->o.own.seen_us = 0)
CASE(standby, BOOT_SAFE, TRI_UNKNOWN, "not asked yet", s->o.boot_safe = TRI_UNKNOWN)
CASE(writer, DISK_FULL, TRI_UNKNOWN, "not looked at", )
CASE(writer, DISK_FULL, TRI_YES, "no room", s->o.disk_full = TRI_YES)
CASE(standby, APPLIER_BROKEN, TRI_NO, "it runs", )
CASE(standby, APPLIER_BROKEN, TRI_NO, "somebody stopped it", s->o.own.replication.sql = TRI_NO)
CASE(standby, APPLIER_BROKEN, TRI_YES, "with an error", s->o.own.replication.sql = TRI_NO;
     s->o.own.replication.sql_errno = 1062)
CASE(standby, APPLIER_BROKEN, TRI_NO, "the operator accepts what that loses", s->o.own.replication.sql = TRI_NO;
     s->o.own.replication.sql_errno = 1062; s->o.operator_.accept_loss = true)
CASE(standby, APPLIER_BROKEN, TRI_NO, "an error that is over", s->o.own.replication.sql_errno = 1062)
CASE(standby, APPLIER_BROKEN, TRI_UNKNOWN, "an old reading", s->o.own.seen_us -= MS(1001))
CASE(standby, APPLIER_STOPPED, TRI_NO, "it runs", )
CASE(standby, APPLIER_STOPPED, TRI_YES, "somebody stopped it", s->o.own.replication.sql = TRI_NO)
CASE(standby, APPLIER_STOPPED, TRI_NO, "it stopped with an error", s->o.own.replication.sql = TRI_NO;
     s->o.own.replication.sql_errno = 1062)
CASE(standby, APPLIER_STOPPED, TRI_UNKNOWN, "an old reading", s->o.own.seen_us -= MS(1001))
CASE(standby, APPLIER_STOPPED, TRI_UNKNOWN, "read before this step", s->m.since_us = s->o.own.seen_us + 1)
CASE(writer, PEER_FOLLOWS, TRI_YES, "receives and applies", )
CASE(writer, PEER_FOLLOWS, TRI_NO, "receives nothing", s->o.peer.replication.io = IO_CONNECTING)
CASE(writer, PEER_FOLLOWS, TRI_NO, "applies nothing", s->o.peer.replication.sql = TRI_NO)
CASE(writer, PEER_FOLLOWS, TRI_NO, "may be written", s->o.peer.read_only = TRI_NO)
CASE(writer, PEER_FOLLOWS, TRI_UNKNOWN, "not heard lately", s->o.peer.seen_us -= MS(1001))
CASE(writer, PEER_FOLLOWS, TRI_YES, "whether or not the own server answers", s->o.own.seen_us = 0)
CASE(standby, DEAD_MAN, TRI_YES, "advances", )
CASE(standby, DEAD_MAN, TRI_NO, "off", s->o.own.dead_man = TRI_NO)
CASE(standby, DEAD_MAN, TRI_UNKNOWN, "not asked for a long time", s->o.own.dead_man_us -= MS(60000))
CASE(standby, IO, IO_YES, "receiving", )
CASE(standby, IO, IO_CONNECTING, "connecting", s->o.own.replication.io = IO_CONNECTING)
CASE(standby, IO, IO_UNKNOWN, "an old reading", s->o.own.seen_us -= MS(1001))
CASE(standby, IO, IO_UNKNOWN, "the status was not read", s->o.own.replication = (struct replication_view){0})
CASE(standby, IO, IO_NO, "no connection is configured: nothing is received",
     s->o.own.replication = (struct replication_view){.configured = TRI_NO})
CASE(standby, SQL, TRI_UNKNOWN, "an old reading", s->o.own.seen_us -= MS(1001))
CASE(standby, THREADS, TRI_YES, "both run", )
CASE(standby, THREADS, TRI_YES, "a connecting receiver runs", s->o.own.replication.io = IO_CONNECTING)
CASE(standby, THREADS, TRI_NO, "the receiver is stopped", s->o.own.replication.io = IO_NO)
CASE(standby, THREADS, TRI_NO, "the applier is stopped", s->o.own.replication.sql = TRI_NO)
CASE(standby, THREADS, TRI_UNKNOWN, "not read", s->o.own.replication.known = false)
CASE(standby, OFFSETS, TRI_YES, "as configured", )
CASE(standby, OFFSETS, TRI_NO, "the other's offset", s->o.own.auto_increment_offset = 2)
CASE(standby, OFFSETS, TRI_NO, "another increment", s->o.own.auto_increment_increment = 1)
CASE(standby, OFFSETS, TRI_UNKNOWN, "never read", s->o.own.auto_increment_increment = 0)

/* ---- received, drained ---- */
CASE(receiving, RECEIVED, TRI_NO, "a handover's position that has not come", released(s, "0-2-99"); s->o.own.replication.io = IO_NO)
CASE(receiving, RECEIVED, TRI_YES, "the same, its loss is accepted", released(s, "0-2-99"); s->o.own.replication.io = IO_NO;
     s->m.accept_loss = true)
CASE(receiving, RECEIVED, TRI_NO, "its loss is accepted, and it may come within a moment", released(s, "0-2-99");
     s->m.accept_loss = true)
CASE(receiving, RECEIVED, TRI_YES, "its loss is accepted, and it does not come", released(s, "0-2-99"); s->m.accept_loss = true;
     s->m.since_us -= MS(1000); s->o.own.seen_us = s->now_us)
CASE(receiving, RECEIVED, TRI_NO, "the receiver says yes and time is left", )
CASE(receiving, RECEIVED, TRI_NO, "not read since the step began, though the receiver is off",
     s->o.own.replication.io = IO_NO; s->m.since_us = s->now_us)
CASE(receiving, RECEIVED, TRI_YES, "the receiver left `Yes`", s->o.own.replication.io = IO_CONNECTING)
CASE(receiving, RECEIVED, TRI_NO, "29 ms are not enough", s->m.since_us = s->now_us - 29999)
CASE(receiving, RECEIVED, TRI_YES, "30 ms are", s->m.since_us = s->now_us - 30000)
CASE(receiving, RECEIVED, TRI_NO, "a release whose position has not arrived, however long it takes",
     released(s, "0-2-11"); s->m.since_us -= MS(4000); s->o.own.replication.io = IO_NO)
CASE(receiving, RECEIVED, TRI_YES, "a release whose rows cannot arrive: their server is not heard", released(s, "0-2-11");
     age_peer(s, 1001))
CASE(receiving, RECEIVED, TRI_YES, "a release whose position has arrived", released(s, "0-2-10"))
CASE(receiving, RECEIVED, TRI_YES, "arrived, not applied", released(s, "0-2-11");
     s->o.own.replication.io_pos = scene_gtid("0-2-11"))
CASE(receiving, RECEIVED, TRI_UNKNOWN, "a release without a readable position", released(s, NULL))
CASE(receiving, RECEIVED, TRI_NO, "a certificate beyond what was read", certified(s, "bin.000003", 1001))
CASE(receiving, RECEIVED, TRI_YES, "a certificate of what was read", certified(s, "bin.000003", 1000))
CASE(receiving, RECEIVED, TRI_NO, "a certificate of a later file", certified(s, "bin.000004", 10))
CASE(receiving, RECEIVED, TRI_NO, "a certificate that names no file: patience", certified(s, "", 0))
CASE(receiving, RECEIVED, TRI_YES, "nothing can arrive from a peer that is not heard", age_peer(s, 1001))
CASE(receiving, RECEIVED, TRI_YES, "a closed peer of which all is here", close_peer(s))
CASE(receiving, RECEIVED, TRI_NO, "a closed peer that has more", close_peer(s); s->o.peer.binlog_pos = scene_gtid("0-2-12"))
CASE(draining, DRAINED, TRI_YES, "all applied", )
CASE(draining, DRAINED, TRI_NO, "the receiver still runs", s->o.own.replication.io = IO_CONNECTING)
CASE(draining, DRAINED, TRI_NO, "received and not applied", s->o.own.replication.io_pos = scene_gtid("0-2-11"))
CASE(draining, DRAINED, TRI_NO, "received in an earlier life and not applied", s->m.ledger.received = scene_gtid("0-2-11");
     s->o.peer.read_only = TRI_UNKNOWN)
CASE(draining, DRAINED, TRI_NO, "the other, closed, has it", received_once(s); s->o.peer.binlog_pos = scene_gtid("0-2-11"))
CASE(draining, DRAINED, TRI_YES, "the other, closed, has it no more", received_once(s))
CASE(draining, DRAINED, TRI_NO, "the other was asked before the step began", received_once(s);
     s->m.since_us = s->o.own.seen_us; s->o.peer.seen_us = s->m.since_us - 1)
CASE(draining, DRAINED, TRI_NO, "the other is open", received_once(s); s->o.peer.read_only = TRI_NO)
CASE(draining, DRAINED, TRI_YES, "the operator accepted that loss", s->m.ledger.received = scene_gtid("0-2-11");
     s->m.accept_loss = true)
CASE(draining, DRAINED, TRI_NO, "the operator's acceptance does not drain what is here",
     s->o.own.replication.io_pos = scene_gtid("0-2-11"); s->m.accept_loss = true)
CASE(draining, DRAINED, TRI_NO, "rows of our own have higher numbers than what was received and not applied: a fork",
     s->o.own.replication.io_pos = scene_gtid("0-2-11"); s->o.own.binlog_pos = scene_gtid("0-1-12");
     s->o.own.binlog_state = scene_gtid("0-1-12,0-2-10"))
CASE(draining, DRAINED, TRI_YES, "the same, its applier stands still, and the operator accepted that loss",
     s->o.own.replication.io_pos = scene_gtid("0-2-11"); s->o.own.binlog_pos = scene_gtid("0-1-12");
     s->o.own.binlog_state = scene_gtid("0-1-12,0-2-10"); s->o.own.replication.sql = TRI_NO; s->m.accept_loss = true)
CASE(draining, DRAINED, TRI_NO, "not read since the step began", s->m.since_us = s->now_us)
CASE(draining, DRAINED, TRI_NO, "received of a fork, which is never applied", forked(s);
     s->m.ledger.received = scene_gtid("0-2-22"))
CASE(draining, DRAINED, TRI_YES, "the same where the last term was ours", forked(s);
     s->m.ledger.received = scene_gtid("0-2-22"); s->o.own.term_node = 0)
CASE(draining, DRAINED, TRI_YES, "no replication is configured: nothing is left to apply",
     s->o.own.replication = (struct replication_view){.configured = TRI_NO})

/* ---- loss ---- */
CASE(peer_lost, LOSS, LOSS_OK, "the writer was last seen at its last sign of life", )
CASE(peer_lost, LOSS, LOSS_OK, "seen on the writer and perhaps on its way: decided after the drain",
     saw_writer(s, "0-2-12", 0))
CASE(peer_lost, LOSS, LOSS_KNOWN, "seen on the writer and missing here, nothing is received", saw_writer(s, "0-2-12", 0);
     s->o.own.replication.io = IO_NO)
CASE(peer_lost, LOSS, LOSS_KNOWN, "seen on the writer and missing here, and its log is not read any more",
     saw_writer(s, "0-2-12", 0); s->o.own.replication.io = IO_CONNECTING; s->o.own.seen_us = s->now_us)
CASE(peer_lost, LOSS, LOSS_KNOWN, "received of a fork, which is never applied", forked(s);
     s->m.ledger.received = scene_gtid("0-2-22"))
CASE(peer_lost, LOSS, LOSS_OK, "the same where the last term was ours", forked(s); s->m.ledger.received = scene_gtid("0-2-22");
     s->m.ledger.writer_pos = scene_gtid(""); s->o.own.term_node = 0)
CASE(peer_lost, LOSS, LOSS_KNOWN, "after the drain it is missing", saw_writer(s, "0-2-12", 0); in(s, NODE_PROMOTE_DRAIN, 1))
CASE(peer_lost, LOSS, LOSS_OK, "allowed", saw_writer(s, "0-2-12", 0); s->p.max_known_lost = 2)
CASE(peer_lost, LOSS, LOSS_OK, "accepted by the operator", saw_writer(s, "0-2-12", 0); s->o.operator_.accept_loss = true)
CASE(peer_lost, LOSS, LOSS_UNSEEN, "its lease was renewed long after the last sample",
     s->o.voter_answer_us[1] = s->m.ledger.writer_seen_us + MS(1001))
CASE(peer_lost, LOSS, LOSS_UNSEEN, "its session here was busy long after the last sample",
     s->o.own.holder = (struct holder_view){.asked_us = s->now_us, .connection = 77, .idle = true, .idle_ms = 3000})
CASE(peer_lost, LOSS, LOSS_UNKNOWN, "no writer of the last term was ever seen", memset(&s->m.ledger, 0, sizeof(s->m.ledger)))
CASE(peer_lost, LOSS, LOSS_UNKNOWN, "a term began that was never seen", s->o.witness.voter.promise[1] =
     (struct note){.kind = NOTE_PROMISE, .node = 1, .epoch = 6})
CASE(standby, LOSS, LOSS_OK, "a released position is received first", released(s, "0-2-99"))
CASE(draining, LOSS, LOSS_KNOWN, "a released position that never came", released(s, "0-2-99"))
CASE(draining, LOSS, LOSS_KNOWN, "a released position on the other side of a fork", released(s, "0-2-11");
     s->o.own.binlog_pos = scene_gtid("0-1-12"); s->o.own.binlog_state = scene_gtid("0-1-12,0-2-10"))
CASE(draining, LOSS, LOSS_KNOWN, "a released position of a writer of which nothing is here", released(s, "0-2-22"); forked(s))
CASE(peer_lost, LOSS, LOSS_KNOWN, "a released position that cannot come", released(s, "0-2-99");
     s->o.own.replication.io = IO_CONNECTING; s->m.basis_since_us -= MS(500); s->o.own.seen_us = s->now_us)
CASE(standby, LOSS, LOSS_KNOWN, "the same before a promotion: it cannot arrive any more", released(s, "0-2-22"); forked(s))
CASE(peer_lost, LOSS, LOSS_KNOWN, "the writer's last known position on the other side of a fork", saw_writer(s, "0-2-22", 0);
     forked(s))
CASE(draining, LOSS, LOSS_OK, "a released position that came", released(s, "0-2-10"))
CASE(boot, LOSS, LOSS_OK, "the peer is read-only and has nothing more", )
CASE(boot, LOSS, LOSS_KNOWN, "the peer is read-only and has more", s->o.peer.binlog_pos = scene_gtid("0-2-12"))
CASE(boot, LOSS, LOSS_KNOWN, "the peer's position is unknown", s->o.peer.binlog_pos.known = false)
CASE(boot, LOSS, LOSS_UNKNOWN, "the peer was read-only, then a term began in which it died", age_peer(s, 100); died_in(s, 6))
CASE(boot, LOSS, LOSS_OK, "it died in a term, is back and has nothing more", died_in(s, 6); s->m.basis_since_us -= MS(500))

/* ---- stale, history ---- */
CASE(standby, STALE, TRI_NO, "the last term's row is here", )
CASE(standby, STALE, TRI_YES, "the own table remembers more", s->o.own.voter.promise[1].epoch = 6)
CASE(standby, STALE, TRI_YES, "the peer's table remembers more", s->o.peer.voter.promise[1].epoch = 6)
CASE(standby, STALE, TRI_YES, "the witness remembers more", s->o.witness.voter.promise[1] =
     (struct note){.kind = NOTE_PROMISE, .node = 1, .epoch = 6})
CASE(standby, STALE, TRI_NO, "our own unused promise needs no data", s->o.own.voter.promise[0].epoch = 7)
CASE(standby, STALE, TRI_NO, "a promise that was given back, with its data here", s->o.own.voter.promise[1].epoch = 6;
     scene_row(s, NOTE_RELEASE, 6, "0-2-10"))
CASE(standby, STALE, TRI_NO, "handed over at a position that is waited for", s->o.own.voter.promise[1].epoch = 6;
     scene_row(s, NOTE_RELEASE, 6, "0-2-11"))
CASE(standby, STALE, TRI_YES, "given back elsewhere, with data that are not here", s->o.own.voter.promise[1].epoch = 6;
     s->o.witness.voter.release[1] = *scene_row(s, NOTE_RELEASE, 6, "0-2-11"); s->o.own.voter.release[1].kind = NOTE_NONE)
CASE(standby, STALE, TRI_NO, "given back elsewhere, with its data here", s->o.own.voter.promise[1].epoch = 6;
     s->o.witness.voter.release[1] = *scene_row(s, NOTE_RELEASE, 6, "0-2-10"); s->o.own.voter.release[1].kind = NOTE_NONE)
CASE(standby, STALE, TRI_YES, "given back elsewhere, with data on the other side of a fork", s->o.own.voter.promise[1].epoch = 6;
     s->o.witness.voter.release[1] = *scene_row(s, NOTE_RELEASE, 6, "0-2-22"); s->o.own.voter.release[1].kind = NOTE_NONE; forked(s))
CASE(boot, STALE, TRI_NO, "promised, and the other's history is contained", s->o.own.voter.promise[1].epoch = 6;
     compared(s, GTID_REL_EQUAL, 10))
CASE(boot, STALE, TRI_YES, "promised, and the other has more", s->o.own.voter.promise[1].epoch = 6;
     compared(s, GTID_REL_BEHIND, 10))
CASE(boot, STALE, TRI_YES, "promised, and compared long ago", s->o.own.voter.promise[1].epoch = 6;
     compared(s, GTID_REL_EQUAL, 60000))
CASE(boot, STALE, TRI_YES, "promised, contained, then it died in that term", s->o.own.voter.promise[1].epoch = 6;
     compared(s, GTID_REL_EQUAL, 200); age_peer(s, 100); died_in(s, 6))
CASE(boot, STALE, TRI_NO, "promised, died, and contained since it is back", s->o.own.voter.promise[1].epoch = 6;
     compared(s, GTID_REL_EQUAL, 10); died_in(s, 6); s->m.basis_since_us -= MS(500))
CASE(standby, STALE, TRI_YES, "promised, contained, and it may be writing", s->o.own.voter.promise[1].epoch = 6;
     compared(s, GTID_REL_EQUAL, 10))
CASE(standby, STALE, TRI_YES, "given back without a position", s->o.own.voter.promise[1].epoch = 6;
     scene_row(s, NOTE_RELEASE, 6, NULL))
CASE(standby, STALE, TRI_YES, "an older release proves nothing", s->o.own.voter.promise[1].epoch = 6;
     scene_row(s, NOTE_RELEASE, 4, "0-2-10"))
CASE(standby, STALE, TRI_UNKNOWN, "the table was not read", s->o.own.voter.read_us = 0)
CASE(standby, STALE, TRI_UNKNOWN, "the terms were not read", s->o.own.term_known = false)
CASE(standby, HISTORY, GTID_REL_UNKNOWN, "never compared", )
CASE(standby, HISTORY, GTID_REL_DIVERGED, "as compared", compared(s, GTID_REL_DIVERGED, 100))
CASE(standby, HISTORY, GTID_REL_EQUAL, "a moment ago", compared(s, GTID_REL_EQUAL, 900))
CASE(standby, HISTORY, GTID_REL_UNKNOWN, "what was compared long ago says nothing about now", compared(s, GTID_REL_EQUAL, 60000))

/* ---- the peer ---- */
CASE(standby, PEER_UP, TRI_YES, "it answers", )
CASE(standby, PEER_UP, TRI_NO, "silent", age_peer(s, 1001))
CASE(standby, PEER_UP, TRI_UNKNOWN, "never heard of", s->o.peer.seen_us = s->o.voter_answer_us[1] = 0)
CASE(standby, PEER_READ_ONLY, TRI_NO, "writable", )
CASE(standby, PEER_READ_ONLY, TRI_UNKNOWN, "an old reading", age_peer(s, 1001))
CASE(writer, PEER_READ_ONLY, TRI_UNKNOWN, "read before this node became the writer", s->m.since_us = s->now_us)
CASE(standby, PEER_WRITER, TRI_YES, "writable", )
CASE(standby, PEER_WRITER, TRI_YES, "silent, and its supervisor lives and says writer", age_peer(s, 1001))
CASE(standby, PEER_WRITER, TRI_YES, "read-only, and it says that it is promoting", s->o.peer.read_only = TRI_YES;
     say(s, NODE_PROMOTE_VOTES))
CASE(standby, PEER_WRITER, TRI_YES, "read-only, and it says that it is closing", s->o.peer.read_only = TRI_YES;
     say(s, NODE_DEMOTE_CLOSE))
CASE(standby, PEER_WRITER, TRI_NO, "read-only and standby", s->o.peer.read_only = TRI_YES; say(s, NODE_STANDBY))
CASE(standby, PEER_WRITER, TRI_NO, "read-only, its supervisor says writer and is gone", s->o.peer.read_only = TRI_YES;
     absent(s))
CASE(standby, PEER_WRITER, TRI_UNKNOWN, "nothing is heard: unknown, not no", age_peer(s, 1001); absent(s))
CASE(standby, PEER_WRITER, TRI_UNKNOWN, "silent, its supervisor lives and its lease here was seen to expire", age_peer(s, 1001);
     s->o.own.holder.idle_ms = 3000)
CASE(standby, PEER_WRITER, TRI_NO, "it released in writing", released(s, "0-2-10"))
CASE(standby, PEER_WRITER, TRI_NO, "its death is certified, though it was writable a moment ago", certified(s, "bin.000003", 1))
CASE(standby, PEER_WRITER, TRI_YES, "an older certificate is no proof", certified(s, "bin.000003", 1);
     s->o.own.voter.promise[1].epoch = 6)
CASE(standby, PEER_WRITER, TRI_YES, "a certificate of before our own term is no proof", certified(s, "bin.000003", 1);
     s->o.own.voter.promise[0].epoch = 5)
CASE(standby, PEER_WRITER, TRI_YES, "a newer bulletin at its own server counts", s->o.peer.read_only = TRI_YES;
     s->o.own.bulletin[1].state = NODE_STANDBY; s->o.peer.bulletin[1].seq = 11)
CASE(standby, PEER_WRITER, TRI_NO, "a newer bulletin here counts", s->o.peer.read_only = TRI_YES;
     s->o.own.bulletin[1].state = NODE_STANDBY; s->o.own.bulletin[1].seq = 11)
CASE(writer, QUICK, TRI_UNKNOWN, "no answer was timed", )
CASE(writer, QUICK, TRI_YES, "one of them is", s->o.voter_round_trip_us[1] = MS(900); s->o.voter_round_trip_us[2] = MS(450))
CASE(writer, QUICK, TRI_NO, "none of them is", s->o.voter_round_trip_us[1] = MS(900); s->o.voter_round_trip_us[2] = MS(450) + 1)
CASE(writer, QUICK, TRI_NO, "the own server does not count", s->o.voter_round_trip_us[0] = 100; s->o.voter_round_trip_us[2] = MS(451))
CASE(writer, QUICK, TRI_UNKNOWN, "what was timed is long ago", s->o.voter_round_trip_us[2] = MS(451);
     s->o.voter_answer_us[1] = s->o.voter_answer_us[2] = s->now_us - MS(3001))

CASE(writer, PEER_READY, TRI_YES, "a standby that follows", )
CASE(writer, PEER_READY, TRI_NO, "its supervisor is gone", absent(s))
CASE(writer, PEER_READY, TRI_NO, "fenced", say(s, NODE_FENCED))
CASE(writer, PEER_READY, TRI_NO, "what a handover writes could not be written there", quorum_lost(&s->q, 1))
CASE(standby_durable, THIRD_VOTE, TRI_NO, "the other's", s->q.tie_mine = TRI_NO)
CASE(standby_durable, THIRD_VOTE, TRI_NO, "unknown is not ours", s->q.tie_mine = TRI_UNKNOWN)
CASE(writer_durable, THIRD_VOTE, TRI_YES, "ours", )
CASE(writer, THIRD_VOTE, TRI_UNKNOWN, "there is none with a witness", )
CASE(writer, PEER_READY, TRI_NO, "waiting after a failed attempt", s->o.own.bulletin[1].waits = s->o.peer.bulletin[1].waits = true)
CASE(writer, PEER_READY, TRI_NO, "in maintenance", s->o.own.bulletin[1].hold = s->o.peer.bulletin[1].hold = true)
CASE(writer, PEER_READY, TRI_NO, "its receiver is connecting", s->o.peer.replication.io = IO_CONNECTING)
CASE(writer, PEER_READY, TRI_NO, "its applier is stopped", s->o.peer.replication.sql = TRI_NO)
CASE(writer, PEER_READY, TRI_NO, "it lacks what was here a probe ago", s->m.own_before.pos = scene_gtid("0-1-12"))
CASE(writer, PEER_READY, TRI_UNKNOWN, "silent", age_peer(s, 1001))
CASE(writer, PEER_READY, TRI_UNKNOWN, "its replication was not read", s->o.peer.replication.known = false)
CASE(standby, PEER_CLOSED, TRI_NO, "no proof", )
CASE(standby, PEER_CLOSED, TRI_NO, "read-only is no proof", s->o.peer.read_only = TRI_YES)
CASE(standby, PEER_CLOSED, TRI_YES, "released", released(s, "0-2-10"))
CASE(standby, PEER_CLOSED, TRI_YES, "certified dead", certified(s, "bin.000003", 1))
CASE(standby, PEER_CLOSED, TRI_NO, "an older certificate", certified(s, "bin.000003", 1); s->o.own.voter.promise[1].epoch = 6)
CASE(standby, PEER_CLOSED, TRI_NO, "declared off: of use in a promotion only", s->o.operator_.peer_is_off = true)
CASE(asking, PEER_CLOSED, TRI_YES, "declared off", s->o.operator_.peer_is_off = true)
CASE(writer, PEER_CLOSED, TRI_NO, "closed for the promotion that made this writer", close_peer(s))
CASE(standby, PEER_CLOSED, TRI_YES, "declared off in the table", scene_row(s, NOTE_OFF, PEER_EPOCH, NULL))
CASE(receiving, PEER_CLOSED, TRI_YES, "closed for this epoch", close_peer(s))
CASE(receiving, PEER_CLOSED, TRI_NO, "closed for another epoch", close_peer(s); s->o.closing.epoch = 3)
CASE(receiving, PEER_CLOSED, TRI_NO, "the closing is not done", s->o.closing.epoch = s->m.epoch)

/* ---- votes and authority ---- */
CASE(standby, VOTES, VOTES_NONE, "a standby holds none", )
CASE(writer, VOTES, VOTES_COUNTED, "a writer's", )
CASE(writer, VOTES, VOTES_NONE, "the own is lost", quorum_lost(&s->q, 0))
CASE(writer, VOTES, VOTES_COUNTED, "one of two others is lost", quorum_lost(&s->q, 1))
CASE(writer, VOTES, VOTES_NONE, "both others are lost", quorum_lost(&s->q, 1); quorum_lost(&s->q, 2))
CASE(writer, VOTES, VOTES_HELD, "held and not counted", s->q.votes[1].counted = s->q.votes[2].counted = false)
CASE(writer, VOTES, VOTES_HELD, "their validity has ended", s->q.votes[0].proven_us -= MS(3000))
CASE(writer, VOTES_FREE, TRI_NO, "held", )
CASE(standby, VOTES_FREE, TRI_YES, "none", )
CASE(standby, VOTES_FREE, TRI_NO, "the witness's", s->q.votes[OBS_TIE].held = true)
CASE(standby, VOTES_FREE, TRI_YES, "that of the VIP cannot be given back", s->q.votes[OBS_TIE].held = true;
     s->p.tie = POLICY_TIE_VIP)
CASE(writer, AUTHORITY, TRI_YES, "a killed session's vote is ours until its validity ends", quorum_lost(&s->q, 0))
CASE(writer, AUTHORITY, TRI_YES, "with a lease in hand", )
CASE(writer, AUTHORITY, TRI_YES, "1 ms more than a fence needs", s->q.votes[0].proven_us -= MS(2997 - 1051))
CASE(writer, AUTHORITY, TRI_NO, "just what a fence needs", s->q.votes[0].proven_us -= MS(2997 - 1050))
CASE(writer, AUTHORITY, TRI_NO, "both others end", s->q.votes[1].proven_us -= MS(2900); s->q.votes[2].proven_us -= MS(2900))
CASE(writer_durable, AUTHORITY, TRI_YES, "own and durable third", quorum_lost(&s->q, 1))
CASE(writer_durable, AUTHORITY, TRI_NO, "the third unknown", quorum_released(&s->q, 1); s->q.tie_mine = TRI_UNKNOWN)
CASE(receiving, DELAY_OVER, TRI_NO, "no majority", quorum_lost(&s->q, 0); s->m.majority_since_us = 0)
CASE(receiving, DELAY_OVER, TRI_NO, "just counted by waiting", s->m.majority_since_us = s->now_us - MS(499))
CASE(receiving, DELAY_OVER, TRI_YES, "counted by waiting, and the delay on top", s->m.majority_since_us = s->now_us - MS(500))
CASE(receiving, DELAY_OVER, TRI_YES, "released in writing needs none", s->m.majority_since_us = s->now_us;
     basis_of_votes(s, BASIS_RELEASED))
CASE(receiving, DELAY_OVER, TRI_NO, "seen to expire needs it", s->m.majority_since_us = s->now_us; basis_of_votes(s, BASIS_EXPIRED))
CASE(standby, EPOCH, TRI_NO, "none was chosen", s->m.epoch = 0)
CASE(asking, EPOCH, TRI_NO, "an epoch of before is not chosen", s->m.epoch = s->m.term_floor = 9)
CASE(asking, EPOCH, TRI_YES, "chosen above the other's", )
CASE(asking, EPOCH, TRI_NO, "the other promised more since", s->o.own.voter.promise[1].epoch = 6)
CASE(writer, SUPERSEDED, TRI_NO, "the writer's is the highest", )
CASE(writer, SUPERSEDED, TRI_YES, "the other promised more here", s->o.own.voter.promise[1].epoch = 6)
CASE(writer, SUPERSEDED, TRI_YES, "the other promised more at its own server", s->o.peer.voter.promise[1].epoch = 6)
CASE(writer, SUPERSEDED, TRI_YES, "the other promised more at the witness", s->o.witness.voter.promise[1] =
     (struct note){.kind = NOTE_PROMISE, .node = 1, .epoch = 6})
CASE(asking, SUPERSEDED, TRI_YES, "the other promised more than the epoch that is tried", s->o.own.voter.promise[1].epoch = 6)
CASE(asking, SUPERSEDED, TRI_NO, "an old term of ours is not what is tried", s->m.epoch = s->m.term_floor = 3)
CASE(receiving, PROMISED, TRI_NO, "nowhere", )
CASE(receiving, PROMISED, TRI_YES, "at every counted vote", promised(s, 0); promised(s, 1); promised(s, 2))
CASE(receiving, PROMISED, TRI_NO, "not at one counted vote", promised(s, 0); promised(s, 2))
CASE(receiving, PROMISED, TRI_YES, "one that does not count is not asked for", promised(s, 0); promised(s, 2); quorum_lost(&s->q, 1))
CASE(receiving, PROMISED, TRI_NO, "not at the own", promised(s, 1); promised(s, 2))
CASE(receiving, PROMISED, TRI_NO, "another epoch", promised(s, 0); promised(s, 1); promised(s, 2); s->m.epoch = 9)
CASE(receiving, BASIS_USED, TRI_UNKNOWN, "it rests on no row", promised(s, 0))
CASE(receiving, BASIS_USED, TRI_UNKNOWN, "not promised yet", released(s, "0-2-10"))
CASE(receiving, BASIS_USED, TRI_NO, "promised, and the row had gone", released(s, "0-2-10"); promised(s, 0))
CASE(receiving, BASIS_USED, TRI_YES, "promised, and the row was consumed", released(s, "0-2-10"); promised(s, 0);
     s->m.basis_consumed = true)

/* ---- the fencer ---- */
CASE(writer, FENCER, TRI_YES, "it answers", )
CASE(writer, FENCER, TRI_UNKNOWN, "not heard yet is not gone", s->o.fencer.alive = TRI_UNKNOWN)
CASE(writer, ARMED, TRI_YES, "acknowledged, with the write lock", )
CASE(writer, ARMED, TRI_NO, "without the write lock", s->o.fencer.write_lock = TRI_NO)
CASE(writer, ARMED, TRI_NO, "the write lock is unknown", s->o.fencer.write_lock = TRI_UNKNOWN)
CASE(writer, ARMED, TRI_NO, "the deadline has passed", s->o.fencer.acked_deadline_us = s->now_us)
CASE(writer, ARMED, TRI_NO, "never acknowledged", s->o.fencer.acked_seq = 0)
CASE(writer, ARMED, TRI_NO, "another epoch", s->o.fencer.epoch = 3)
CASE(standby, INHERITED, TRI_NO, "nothing", )
CASE(standby, INHERITED, TRI_YES, "armed by the predecessor", s->o.fencer.inherited = true)
CASE(standby, INHERITED, TRI_NO, "armed by the predecessor, which gave its term away", s->o.fencer.inherited = true;
     s->o.fencer.epoch = 10;
     s->o.witness.voter.release[s->p.self] = (struct note){.kind = NOTE_RELEASE, .node = s->p.self, .epoch = 10})
CASE(standby, INHERITED, TRI_YES, "armed by the predecessor, which gave an older term away", s->o.fencer.inherited = true;
     s->o.fencer.epoch = 10;
     s->o.witness.voter.release[s->p.self] = (struct note){.kind = NOTE_RELEASE, .node = s->p.self, .epoch = 8})
CASE(standby, INHERITED, TRI_UNKNOWN, "the fencer has not spoken yet", s->o.fencer.alive = TRI_UNKNOWN)

/* ---- reasons ---- */
CASE(standby, REASON, REASON_NONE, "a writer is there", )
CASE(standby, REASON, REASON_HANDOVER, "released in writing", released(s, "0-2-10"))
CASE(standby, REASON, REASON_CERTIFIED, "certified dead", certified(s, "bin.000003", 1))
CASE(standby, REASON, REASON_OPERATOR, "certified dead, and asked for: what a death alone may not is overruled",
     certified(s, "bin.000003", 1); s->o.operator_.want = WANT_HERE)
CASE(standby, REASON, REASON_HANDOVER, "released, and asked for", released(s, "0-2-10"); s->o.operator_.want = WANT_HERE)
CASE(standby, REASON, REASON_NONE, "an older certificate", certified(s, "bin.000003", 1); s->o.own.voter.promise[1].epoch = 6)
CASE(standby, REASON, REASON_OPERATOR, "declared off", s->o.operator_.peer_is_off = true)
CASE(standby, REASON, REASON_OPERATOR, "declared off in the table", scene_row(s, NOTE_OFF, PEER_EPOCH, NULL))
CASE(standby, REASON, REASON_NONE, "the operator wants it here, and a writer is there: it is asked first",
     s->o.operator_.want = WANT_HERE)
CASE(peer_lost, REASON, REASON_OPERATOR, "the operator wants it here, and nothing is heard", s->o.operator_.want = WANT_HERE)
CASE(standby, REASON, REASON_NONE, "asked to stop", released(s, "0-2-10"); s->o.operator_.stopping = true)
CASE(standby, REASON, REASON_UNDO, "our handover was taken back", s->m.undo = true)
CASE(peer_lost, REASON, REASON_SILENCE, "nothing heard for a lease, the lock is free", )
CASE(peer_lost, REASON, REASON_NONE, "not a whole lease yet", s->m.quiet_since_us = s->now_us - MS(2999))
CASE(peer_lost, REASON, REASON_NONE, "the quiet is unknown", s->m.quiet_since_us = 0)
CASE(peer_lost, REASON, REASON_NONE, "who holds the vote here was not asked lately", s->o.own.holder.asked_us -= MS(2000))
CASE(peer_lost, REASON, REASON_NONE, "who holds the vote here was never asked", s->o.own.holder.asked_us = 0)
CASE(peer_lost, REASON, REASON_NONE, "its session here is not idle for a lease",
     s->o.own.holder.connection = 77; s->o.own.holder.idle = true; s->o.own.holder.idle_ms = 2999)
CASE(peer_lost, REASON, REASON_SILENCE, "its session here is idle for a lease",
     s->o.own.holder.connection = 77; s->o.own.holder.idle = true; s->o.own.holder.idle_ms = 3000; s->m.quiet_since_us = s->now_us)
CASE(peer_lost, REASON, REASON_NONE, "its session here is busy",
     s->o.own.holder.connection = 77; s->o.own.holder.idle_ms = 9000)
CASE(standby, REASON, REASON_NONE, "silence is not asked of a server that answers read-only with a history unknown",
     s->o.peer.read_only = TRI_YES; absent(s); s->o.own.holder.connection = 0; s->m.quiet_since_us = s->now_us - MS(60000))

/* ---- two servers, no writer ---- */
CASE(vacant, REASON, REASON_VACANT, "the VIP's holder after two periods", quiet(s, 500))
CASE(vacant, REASON, REASON_NONE, "not before", quiet(s, 499))
CASE(vacant, REASON, REASON_NONE, "the VIP is there: it waits", vip(s, TRI_NO, TRI_YES); quiet(s, 8999))
CASE(vacant, REASON, REASON_VACANT, "the VIP is there, and nothing came of it for three leases", vip(s, TRI_NO, TRI_YES);
     quiet(s, 9000))
CASE(vacant, REASON, REASON_NONE, "no VIP: the last term's node is the other", vip(s, TRI_NO, TRI_NO); quiet(s, 8999))
CASE(vacant, REASON, REASON_VACANT, "no VIP: the last term's node is this one", vip(s, TRI_NO, TRI_NO); quiet(s, 500);
     s->o.own.term_node = 0)
CASE(vacant, REASON, REASON_NONE, "two VIPs: the last term's node is the other", vip(s, TRI_YES, TRI_YES); quiet(s, 8999))
CASE(vacant, REASON, REASON_VACANT, "no VIP, no term: the lower server id", vip(s, TRI_NO, TRI_NO); quiet(s, 500);
     s->o.own.term_epoch = 0; s->o.own.voter.promise[1].kind = s->o.peer.voter.promise[1].kind = NOTE_NONE)
CASE(vacant, REASON, REASON_NONE, "no VIP, no term: the higher server id", vip(s, TRI_NO, TRI_NO); quiet(s, 8999);
     s->o.own.term_epoch = 0; s->p.server_id[0] = 3)
CASE(vacant, REASON, REASON_VACANT, "no VIP is configured: the last term's node", s->p.has_vip = false; quiet(s, 500);
     s->o.own.term_node = 0)
CASE(vacant, REASON, REASON_VACANT, "this history contains the other's, wherever the VIP is", vip(s, TRI_NO, TRI_YES); quiet(s, 500);
     compared(s, GTID_REL_AHEAD, 10))
CASE(vacant, REASON, REASON_NONE, "the other's history contains this one", quiet(s, 8999); compared(s, GTID_REL_BEHIND, 10))
CASE(vacant, REASON, REASON_VACANT, "the other's supervisor is not there", vip(s, TRI_NO, TRI_YES); absent(s); quiet(s, 500))
CASE(vacant, REASON, REASON_NONE, "the histories were never compared", quiet(s, 60000); s->m.history = GTID_REL_UNKNOWN;
     s->m.history_us = 0)
CASE(vacant, REASON, REASON_NONE, "the histories were compared long ago", quiet(s, 60000); compared(s, GTID_REL_EQUAL, 60000))
CASE(vacant, REASON, REASON_NONE, "somebody holds the vote here", quiet(s, 60000); s->o.own.holder.connection = 77)
CASE(vacant, REASON, REASON_NONE, "nobody asked who holds it", quiet(s, 60000); s->o.own.holder.asked_us = 0)
CASE(vacant, REASON, REASON_NONE, "the other is promoting", quiet(s, 60000); say(s, NODE_PROMOTE_VOTES))

/* ---- wishes ---- */
CASE(standby, BACKOFF, TRI_NO, "none", )
CASE(standby, BACKOFF, TRI_YES, "waiting", s->m.backoff_until_us = s->now_us + 1)
CASE(standby, BREAKER, TRI_NO, "closed", )
CASE(standby, BREAKER, TRI_YES, "open", s->o.failovers_in_window = 1)
CASE(standby, BREAKER, TRI_NO, "no limit", s->o.failovers_in_window = 9; s->p.breaker_failovers = 0)
CASE(standby, MAINTENANCE, TRI_NO, "off", )
CASE(standby, MAINTENANCE, TRI_YES, "on", s->o.operator_.maintenance = true)
CASE(standby, MAINTENANCE, TRI_YES, "on at the other node", s->o.own.bulletin[1].hold = s->o.peer.bulletin[1].hold = true)
CASE(standby, MAINTENANCE, TRI_NO, "on at the other node, whose supervisor is gone",
     s->o.own.bulletin[1].hold = s->o.peer.bulletin[1].hold = true; absent(s))
CASE(writer, LAST_WRITER, TRI_YES, "this node", )
CASE(standby, LAST_WRITER, TRI_NO, "the other", )
CASE(standby, LAST_WRITER, TRI_UNKNOWN, "the terms were not read", s->o.own.term_known = false)
CASE(standby, STOPPING, TRI_YES, "asked to stop", s->o.operator_.stopping = true)
CASE(writer, WANT_AWAY, TRI_NO, "nobody asks", )
CASE(writer, WANT_AWAY, TRI_YES, "the operator", s->o.operator_.want = WANT_AWAY)
CASE(writer, WANT_AWAY, TRI_YES, "asked to stop", s->o.operator_.stopping = true)
CASE(writer, WANT_AWAY, TRI_YES, "the peer on its operator's behalf", s->o.peer.bulletin[1].ask = true)
CASE(writer, WANT_AWAY, TRI_NO, "a peer that asked and is gone", s->o.peer.bulletin[1].ask = true; absent(s))
CASE(writer, WANT_AWAY, TRI_YES, "the VIP settled there", s->m.peer_vip_since_us = s->now_us - MS(2000))
CASE(writer, WANT_AWAY, TRI_NO, "the VIP is not settled there", s->m.peer_vip_since_us = s->now_us - MS(1999))
CASE(writer, WANT_AWAY, TRI_NO, "it asked a moment ago", s->m.peer_vip_since_us = s->now_us - MS(9000);
     s->m.last_handover_us = s->now_us - MS(59999))
CASE(writer, WANT_AWAY, TRI_NO, "a handover was just taken back: nobody asks again", s->m.undone_us = s->now_us - MS(59999);
     s->o.peer.bulletin[1].ask = true; s->m.peer_vip_since_us = s->now_us - MS(9000))
CASE(writer, WANT_AWAY, TRI_YES, "but the operator here", s->m.undone_us = s->now_us - MS(59999); s->o.operator_.want = WANT_AWAY)
CASE(writer, WANT_AWAY, TRI_YES, "it asked long ago", s->m.peer_vip_since_us = s->now_us - MS(9000);
     s->m.last_handover_us = s->now_us - MS(60000))
CASE(writer_durable, ISOLATED, TRI_NO, "it hears both", )
CASE(writer_durable, ISOLATED, TRI_NO, "it hears a reference", age_peer(s, 9000); s->o.reference_us = s->now_us)
CASE(writer_durable, ISOLATED, TRI_NO, "it hears the peer", s->o.reference_us = 0)
CASE(writer_durable, ISOLATED, TRI_YES, "it hears neither for more than a lease", alone(s, 3001))
CASE(writer_durable, ISOLATED, TRI_NO, "not a lease yet", alone(s, 3000))
CASE(writer_durable, ISOLATED, TRI_NO, "writer for less than a lease", alone(s, 60000); s->m.since_us = s->now_us - MS(2000))
CASE(writer_durable, ISOLATED, TRI_NO, "without references it goes on", alone(s, 60000); s->p.has_references = false)
CASE(writer, ISOLATED, TRI_NO, "with a witness the votes tell", alone(s, 60000))
CASE(standby_durable, ISOLATED, TRI_YES, "a standby that just began, too", alone(s, 60000); s->m.since_us = s->now_us)

/* ---- progress ---- */
CASE(writer, FINAL, TRI_NO, "not read", )
CASE(writer, UNANSWERED, TRI_YES, "an enabling is out", s->o.enabling_unanswered = true)
CASE(writer, RELEASED, TRI_YES, "written", s->o.released = true)
CASE(writer, RECLAIMED, TRI_UNKNOWN, "not answered", )
CASE(writer, RECLAIMED, TRI_YES, "in time", s->o.reclaimed = true)
CASE(writer, RECLAIMED, TRI_NO, "too late", s->o.reclaim_failed = true)
CASE(writer, TERM, TRI_YES, "written", )
CASE(standby, TIMEOUT, TRI_NO, "a standby has time", s->m.since_us = 1)
CASE(standby, TIMEOUT, TRI_NO, "votes: three leases", in(s, NODE_PROMOTE_VOTES, 9000))
CASE(standby, TIMEOUT, TRI_YES, "votes: no longer", in(s, NODE_PROMOTE_VOTES, 9001))
CASE(standby, TIMEOUT, TRI_YES, "receive: no longer than a switchover", in(s, NODE_PROMOTE_RECEIVE, 5001))
CASE(standby, TIMEOUT, TRI_NO, "drain: its own limit", in(s, NODE_PROMOTE_DRAIN, 30000))
CASE(standby, TIMEOUT, TRI_YES, "drain: no longer", in(s, NODE_PROMOTE_DRAIN, 30001))
CASE(standby, TIMEOUT, TRI_YES, "promise: a lease", in(s, NODE_PROMOTE_PROMISE, 3001))
CASE(standby, TIMEOUT, TRI_YES, "enable: a lease", in(s, NODE_PROMOTE_ENABLE, 3001))
CASE(standby, TIMEOUT, TRI_YES, "closing: what a fence may take", in(s, NODE_DEMOTE_CLOSE, 1001))
CASE(standby, TIMEOUT, TRI_NO, "handing over: the switchover's limit", in(s, NODE_DEMOTE_HANDOVER, 5000))
CASE(standby, TIMEOUT, TRI_YES, "handing over: no longer", in(s, NODE_DEMOTE_HANDOVER, 5001))
CASE(standby, KEPT_LEASE, TRI_NO, "not fenced", )
CASE(standby, KEPT_LEASE, TRI_NO, "not a lease yet", s->m.unfenced_since_us = s->now_us - MS(2999))
CASE(standby, KEPT_LEASE, TRI_YES, "a lease", s->m.unfenced_since_us = s->now_us - MS(3000))
