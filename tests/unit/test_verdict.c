/* One verdict over everything: each problem is seen once, alone, with its severity and its sentence. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "model/schema_version.h"
#include "model/verdict.h"
#include "report_fixture.h"

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

enum base { STANDBY, WRITER };

struct verdict_case {
    enum base base;
    void (*change)(struct report *r);
    enum severity severity;
    const char *id;
    const char *sentence; /* contains */
};

/* ---- one thing at a time ---- */

#define CHANGE(name, ...)                                                                                    \
    static void name(struct report *r)                                                                       \
    {                                                                                                        \
        __VA_ARGS__                                                                                          \
    }
#define TEXT(field, text) snprintf(field, sizeof(field), "%s", text)

CHANGE(daemon_gone, TEXT(r->daemon_trouble, "no socket"); r->nodes[0].supervised = TRI_NO;)
CHANGE(daemon_denies, TEXT(r->daemon_trouble, "too many ask");)
CHANGE(two_writers, r->writer = REPORT_WRITER_BOTH; r->writer_node = -1;)
CHANGE(no_writer, r->writer = REPORT_WRITER_NONE; r->writer_node = -1; r->row_id = 320;
       TEXT(r->reason, "refused: the breaker");)
CHANGE(changing, r->writer = REPORT_WRITER_NONE; r->writer_node = -1;
       TEXT(r->nodes[1].state, "promoting: drain");)
CHANGE(writer_unknown, r->writer = REPORT_WRITER_UNKNOWN; r->writer_node = -1;)
CHANGE(refused_alone, writer_unknown(r); r->row_id = 330; TEXT(r->reason, "refused: not seen");)
CHANGE(one_of_dual, r->dual = true;)
CHANGE(fenced, TEXT(r->nodes[1].state, "fenced");)
CHANGE(fenced_nobody, no_writer(r); TEXT(r->state, "fenced"); TEXT(r->nodes[0].state, "fenced");)
CHANGE(quarantined, TEXT(r->nodes[1].state, "quarantined");)
CHANGE(diverged, TEXT(r->history, "diverged"); TEXT(r->history_first, "0-1-11");)
CHANGE(state_unread, TEXT(r->nodes[1].binlog_pos, "0-1-10"); TEXT(r->nodes[1].binlog_state, "unknown");)
CHANGE(stale, r->stale = TRI_YES;)
CHANGE(peer_silent, r->nodes[1].reachable = TRI_NO; r->nodes[1].age_ms = 12000;
       TEXT(r->nodes[1].trouble, "Connection refused");)
CHANGE(peer_denies, r->nodes[1].reachable = TRI_NO;
       TEXT(r->nodes[1].trouble, "Access denied for user 'replcheck'@'192.0.2.11'");)
CHANGE(peer_silent_settling, peer_silent(r); r->settling = true;)
CHANGE(own_silent, r->nodes[0].reachable = TRI_NO; r->nodes[0].age_ms = -1;)
CHANGE(peer_not_seen, r->nodes[1].reachable = TRI_UNKNOWN;)
CHANGE(no_supervisor, r->nodes[1].supervised = TRI_NO;)
CHANGE(fencer_gone, r->fencer.alive = TRI_NO;)
CHANGE(fencer_unknown, r->fencer.alive = TRI_UNKNOWN;)
CHANGE(fencer_unarmed, r->fencer.armed = TRI_NO;)
CHANGE(not_certifiable, r->fencer.certifiable = TRI_NO;)
CHANGE(no_authority, r->authority_ms = 0;)
CHANGE(slow_votes, r->votes[1].round_trip_us = 300000; r->votes[2].round_trip_us = 260000;)
CHANGE(too_slow_votes, r->votes[1].round_trip_us = 500000; r->votes[2].round_trip_us = 451000;)
CHANGE(one_slow_vote, r->votes[1].round_trip_us = 900000; r->votes[2].round_trip_us = 225000;)
CHANGE(foreign_lock, r->votes[1].foreign = true; r->votes[1].counted = false;
       r->votes[1].holder_connection = 42;)
CHANGE(witness_silent, r->votes[2].up = TRI_NO; r->votes[2].counted = false;)
CHANGE(cut_off, witness_silent(r); peer_silent(r); r->votes[1].up = TRI_NO; r->votes[1].counted = false;)
CHANGE(witness_forgot, r->votes[2].forgot_ms = 65000;)
CHANGE(vote_missing, r->votes[1].counted = false;)
CHANGE(lossless, r->lossless = true; TEXT(r->nodes[0].acks, "yes"); r->nodes[0].acks_from = 1;
       r->nodes[1].acknowledges = TRI_YES; r->nodes[1].out_of_sync = TRI_NO;)
CHANGE(not_lossless, lossless(r); TEXT(r->nodes[0].acks, "no");)
CHANGE(weakly_lossless, lossless(r); TEXT(r->nodes[0].acks, "not for good");)
CHANGE(lossless_unknown, r->lossless = true; r->nodes[0].semi_sync_master = TRI_UNKNOWN;)
CHANGE(standby_waits, r->nodes[1].semi_sync_master = TRI_YES;)
CHANGE(marked, not_lossless(r); r->nodes[1].out_of_sync = TRI_YES;)
CHANGE(still_marked, lossless(r); r->nodes[1].out_of_sync = TRI_YES;)
CHANGE(commits_wait, lossless(r); r->nodes[0].acks_waiting = 3; r->nodes[1].io = IO_NO;)
CHANGE(one_waits_for_async, lossless(r); r->nodes[0].acks_waiting = 1; r->nodes[1].acknowledges = TRI_NO;)
CHANGE(third_acknowledges, lossless(r); r->nodes[0].acks_from = 2;)
CHANGE(applier_stopped, r->nodes[1].sql = TRI_NO; r->nodes[1].sql_errno = 1062;
       TEXT(r->nodes[1].error, "Duplicate entry");)
CHANGE(connecting, r->nodes[1].io = IO_CONNECTING;)
CHANGE(way_back, r->nodes[0].io = IO_NO;)
CHANGE(threads_unknown, r->nodes[1].io = IO_UNKNOWN;)
CHANGE(lag_warning, r->nodes[1].applied.us = INT64_C(10000000);)
CHANGE(lag_critical, r->nodes[1].applied.us = INT64_C(60000000); r->nodes[1].applied.at_least = true;)
CHANGE(lag_vague, r->nodes[1].applied.us = INT64_C(1500000); r->nodes[1].applied.at_least = true;)
CHANGE(lag_unknown, r->nodes[1].applied.us = REPORT_UNKNOWN;)
CHANGE(two_vips, r->nodes[1].vip = TRI_YES;)
CHANGE(no_vip, r->vip_here = TRI_NO;)
CHANGE(vip_unknown, r->vip_here = TRI_UNKNOWN;)
CHANGE(dual, r->dual = true; r->writer = REPORT_WRITER_BOTH; r->writer_node = -1; r->nodes[0].domain = 1;
       r->nodes[1].domain = 2;)
CHANGE(conflict, dual(r); r->nodes[1].sql = TRI_NO; r->nodes[1].sql_errno = 1062;
       TEXT(r->nodes[1].error, "Duplicate entry 'quota' for key 'PRIMARY'");)
CHANGE(other_applier_error, dual(r); r->nodes[1].sql = TRI_NO; r->nodes[1].sql_errno = 1236;)
CHANGE(same_domains, dual(r); r->nodes[0].domain = 2;)
CHANGE(held, dual(r); r->writer = REPORT_WRITER_ONE; r->writer_node = 1; TEXT(r->state, "dual: held");
       TEXT(r->nodes[0].state, "dual: held"); TEXT(r->reason, "refused: the disk");)
CHANGE(certificate_ends, r->certificate_days = 30; r->certificate_count = 1;
       r->certificates[0] = (struct report_certificate){.place = "witness", .days = 29};)
CHANGE(certificate_ended, r->certificate_days = 30; r->certificate_count = 1;
       r->certificates[0] = (struct report_certificate){.place = "mx2", .days = 0, .ended = true};)
CHANGE(no_certificate, r->certificate_days = 30; r->certificate_count = 2;
       r->certificates[0] = (struct report_certificate){.place = "mx1",
                                                        .days = -1,
                                                        .trouble = "TLS is not supported"};
       r->certificates[1] = (struct report_certificate){.place = "mx2", .days = -1, .trouble = "not asked"};)
CHANGE(vip_failed, r->vip_here = TRI_UNKNOWN; TEXT(r->vip_trouble, "/bin/vip: exit status 3");)
CHANGE(vip_moving, r->vip_here = TRI_UNKNOWN; r->vip_split = true; r->vip_since_ms = 300;
       TEXT(r->vip_trouble, "192.0.2.100 is here, 192.0.2.101 is not");)
CHANGE(vip_split, r->vip_here = TRI_UNKNOWN; r->vip_split = true; r->vip_since_ms = 5000;
       TEXT(r->vip_trouble, "192.0.2.100 is here, 192.0.2.101 is not");)
CHANGE(vip_elsewhere, r->vip_here = TRI_NO; r->nodes[1].vip = TRI_YES;)
CHANGE(disk_full, r->disk_full = TRI_YES;)
CHANGE(boots_writable, r->boot_safe = TRI_NO;)
CHANGE(boot_unknown, r->boot_safe = TRI_UNKNOWN;)
CHANGE(breaker, r->breaker_open = true; r->failovers = 2;)
CHANGE(scheduler_off, r->nodes[1].event_scheduler = TRI_NO;)
CHANGE(dead_man_off, r->nodes[1].dead_man = TRI_NO;)
CHANGE(dead_man_unknown, r->nodes[1].dead_man = TRI_UNKNOWN;)
CHANGE(offsets_wrong, r->nodes[1].offsets_ok = TRI_NO; r->nodes[1].offset = 1;)
CHANGE(maintenance, r->nodes[1].maintenance = TRI_YES;)
CHANGE(config_differs, r->config_equal = TRI_NO;)
CHANGE(journal_hangs, TEXT(r->worker_trouble, "the journal's disk hangs for 12 s");)
CHANGE(journal_dropped, r->worker_dropped = 3;)
CHANGE(split_brain, TEXT(r->tie_breaker, "vip");)

/* ---- the slow look ---- */

static void add_drift(struct report *r, const char *name, const char *kind, const char *a, const char *b)
{
    struct report_drift *d = &r->drifts[r->drift_count++];
    TEXT(d->name, name);
    TEXT(d->kind, kind);
    TEXT(d->values[0], a);
    TEXT(d->values[1], b);
    d->known[0] = d->known[1] = TRI_YES;
}

CHANGE(bypass_one, report_add_account(r, 1, "account", "app@%", "");)
CHANGE(bypass_both, report_add_account(r, 0, "account", "app@%", "");
       report_add_account(r, 1, "account", "app@%", "");)
CHANGE(bypass_role, report_add_account(r, 0, "account", "app@%", "role admins");)
CHANGE(bypass_public, report_add_account(r, 0, "account", "PUBLIC@", "every account");)
CHANGE(bypass_procedure, report_add_account(r, 0, "procedure", "root@localhost", "");)
CHANGE(bypass_event, report_add_account(r, 1, "event", "root@localhost", "");)
CHANGE(bypass_unknown, r->nodes[1].audited = TRI_NO; TEXT(r->nodes[1].audit_trouble, "execute denied");)
CHANGE(bypass_never_seen, r->nodes[1].audited = TRI_UNKNOWN;)
CHANGE(lock_vote, report_add_lock(r, "vote", "mx2"); r->votes[1].foreign = true; r->votes[1].counted = false;
       r->votes[1].holder_connection = 42;)
CHANGE(lock_write, report_add_lock(r, "write", "mx2");)
CHANGE(lock_bell, report_add_lock(r, "bell", "witness");)
CHANGE(lock_here, report_add_lock(r, "here", "mx1");)
CHANGE(drift_differs, add_drift(r, "sync_binlog", "differs", "1", "0");)
CHANGE(drift_filter, add_drift(r, "replicate_do_db", "differs", "", "mail");)
CHANGE(drift_unwanted, add_drift(r, "binlog_format", "unwanted", "ROW", "MIXED");)

static void set_versions(struct report *r, const char *writers, const char *others)
{
    TEXT(r->nodes[0].server_version, writers);
    TEXT(r->nodes[1].server_version, others);
}

CHANGE(drift_version, add_drift(r, "version", "differs", "10.11.19-MariaDB", "11.8.6-MariaDB");)
CHANGE(version_unknown, set_versions(r, "", "odd");)
CHANGE(version_tried, set_versions(r, "11.8.6-MariaDB-0+deb13u1 from Debian-log", "11.8.6-MariaDB");)
CHANGE(version_patch, set_versions(r, "10.11.19-MariaDB", "10.11.20-MariaDB");)
CHANGE(version_upgrade, set_versions(r, "10.11.19-MariaDB-log", "11.8.6-MariaDB");)
CHANGE(version_older, set_versions(r, "11.8.6-MariaDB", "10.11.19-MariaDB");)
CHANGE(version_parted, set_versions(r, "11.8.6-MariaDB", "10.11.19-MariaDB"); r->writer = REPORT_WRITER_NONE;
       r->writer_node = -1;)
CHANGE(version_untried, set_versions(r, "11.4.3-MariaDB", "11.4.5-MariaDB");)
CHANGE(version_untried_one, set_versions(r, "11.8.6-MariaDB", "12.1.2-MariaDB");)
CHANGE(version_mysql, set_versions(r, "10.11.19-MariaDB", "8.0.36-28");)
CHANGE(version_old, set_versions(r, "10.6.16-MariaDB", "10.6.16-MariaDB");)
CHANGE(schema_old, r->nodes[1].schema_version = 1;)
CHANGE(schema_old_lossless, r->lossless = true; r->nodes[1].schema_version = 3;)
CHANGE(schema_new, r->nodes[1].schema_version = 99;)
CHANGE(dead_man_missing, r->nodes[1].dead_man = TRI_NO;
       TEXT(r->nodes[1].dead_man_trouble, "the event replcheck.dead_man is missing");)

static const struct verdict_case cases[] = {
    {WRITER, daemon_gone, SEVERITY_CRITICAL, "daemon", "no supervisor answers on mx1"},
    {WRITER, daemon_denies, SEVERITY_WARNING, "daemon", "too many ask"},
    {WRITER, two_writers, SEVERITY_CRITICAL, "two-writers", "two servers are writable: mx1 and mx2"},
    {STANDBY, no_writer, SEVERITY_CRITICAL, "no-writer",
     "nobody is the writer; mx1 is standby: refused: the breaker"},
    {STANDBY, changing, SEVERITY_WARNING, "changing", "changing at this moment"},
    {STANDBY, writer_unknown, SEVERITY_UNKNOWN, "writer-unknown", "cannot be told"},
    {STANDBY, refused_alone, SEVERITY_CRITICAL, "no-writer",
     "no writer is heard of, and mx1 does not take over: refused: not seen"},
    {WRITER, one_of_dual, SEVERITY_WARNING, "one-writer", "only mx1 is writable"},
    {WRITER, fenced, SEVERITY_CRITICAL, "fenced", "mx2 is fenced"},
    {STANDBY, fenced_nobody, SEVERITY_CRITICAL, "fenced", "mx1 is fenced: refused"},
    {WRITER, quarantined, SEVERITY_CRITICAL, "quarantined", "mx2 is quarantined"},
    {STANDBY, diverged, SEVERITY_CRITICAL, "diverged", "mx1 has transactions from 0-1-11 on that mx2 lacks"},
    {STANDBY, state_unread, SEVERITY_WARNING, "history-unknown", "the history of mx2 is not compared"},
    {STANDBY, stale, SEVERITY_CRITICAL, "stale", "mx1 lacks the data of a term"},
    {WRITER, peer_silent, SEVERITY_CRITICAL, "server-unreachable",
     "mx2's server ([2001:db8::12]:3307) does not answer, last seen 12 s ago: Connection refused"},
    {WRITER, peer_denies, SEVERITY_CRITICAL, "server-unreachable",
     ") does not let us in, last seen 1 ms ago: Access denied"},
    {WRITER, peer_silent_settling, SEVERITY_WARNING, "server-unreachable", "does not answer"},
    {STANDBY, own_silent, SEVERITY_CRITICAL, "server-unreachable",
     "mx1's server (192.0.2.11:3306) does not answer"},
    {WRITER, peer_not_seen, SEVERITY_UNKNOWN, "server-unknown", "mx2's server has not answered yet"},
    {WRITER, no_supervisor, SEVERITY_CRITICAL, "supervisor-missing", "no supervisor runs on mx2"},
    {WRITER, fencer_gone, SEVERITY_CRITICAL, "fencer", "the fencer on mx1 does not answer"},
    {WRITER, fencer_unknown, SEVERITY_UNKNOWN, "fencer-unknown", "is not known"},
    {WRITER, fencer_unarmed, SEVERITY_CRITICAL, "fencer-unarmed", "not armed"},
    {WRITER, not_certifiable, SEVERITY_WARNING, "not-certifiable", "could not be certified"},
    {WRITER, slow_votes, SEVERITY_WARNING, "round-trips",
     "the quickest other voter, witness, answers after 260 ms; a writer whose answers take longer than 450 "
     "ms"},
    {WRITER, too_slow_votes, SEVERITY_CRITICAL, "round-trips", "witness, answers after 451 ms"},
    {STANDBY, slow_votes, SEVERITY_WARNING, "round-trips", "witness, answers after 260 ms"},
    {WRITER, no_authority, SEVERITY_CRITICAL, "no-authority", "no majority of votes"},
    {WRITER, foreign_lock, SEVERITY_CRITICAL, "foreign-lock",
     "session 42 of another account holds the vote's lock at mx2"},
    {WRITER, witness_silent, SEVERITY_WARNING, "voter-unreachable", "the voter witness does not answer"},
    {STANDBY, witness_silent, SEVERITY_WARNING, "voter-unreachable", "the voter witness does not answer"},
    {STANDBY, cut_off, SEVERITY_CRITICAL, "voter-unreachable",
     "the voters mx2 and witness do not answer: without one of them mx1 cannot be the writer"},
    {WRITER, witness_forgot, SEVERITY_WARNING, "voter-forgot",
     "65 s ago the voter witness had forgotten epochs"},
    {STANDBY, witness_forgot, SEVERITY_WARNING, "voter-forgot",
     "65 s ago the voter witness had forgotten epochs"},
    {WRITER, vote_missing, SEVERITY_WARNING, "vote-missing", "the vote of mx2 does not count for mx1"},
    {WRITER, not_lossless, SEVERITY_CRITICAL, "not-lossless", "mx1 acknowledges commits"},
    {WRITER, weakly_lossless, SEVERITY_CRITICAL, "not-lossless", "mx1 acknowledges commits"},
    {WRITER, marked, SEVERITY_WARNING, "out-of-sync",
     "mx2 is marked as out of sync: mx1 acknowledges commits alone"},
    {WRITER, still_marked, SEVERITY_WARNING, "out-of-sync", "mx2 is still marked as out of sync"},
    {WRITER, commits_wait, SEVERITY_CRITICAL, "commits-wait",
     "3 commits at mx1 wait for mx2, which does not acknowledge: the receiver is stopped"},
    {WRITER, one_waits_for_async, SEVERITY_CRITICAL, "commits-wait",
     "1 commit at mx1 waits for mx2, which does not acknowledge: its receiver runs without semi-sync"},
    {WRITER, third_acknowledges, SEVERITY_WARNING, "foreign-acks", "2 receivers acknowledge to mx1"},
    {WRITER, standby_waits, SEVERITY_WARNING, "standby-waits",
     "mx2 is the standby and has rpl_semi_sync_master_enabled=ON"},
    {WRITER, lossless_unknown, SEVERITY_UNKNOWN, "lossless-unknown", "is not known"},
    {WRITER, applier_stopped, SEVERITY_CRITICAL, "replication-stopped",
     "mx2 does not replicate from mx1: the applier is stopped (error 1062: Duplicate entry)"},
    {WRITER, connecting, SEVERITY_WARNING, "replication-stopped", "the receiver is connecting"},
    {WRITER, way_back, SEVERITY_WARNING, "way-back",
     "mx1 is the writer and does not listen to mx2: the receiver is stopped"},
    {WRITER, threads_unknown, SEVERITY_UNKNOWN, "replication-unknown", "mx2's replication could not be read"},
    {WRITER, lag_warning, SEVERITY_WARNING, "lag", "mx2 is 10 s behind (limit 10 s)"},
    {WRITER, lag_critical, SEVERITY_CRITICAL, "lag", "mx2 is at least 1 min behind (limit 1 min)"},
    {WRITER, lag_vague, SEVERITY_WARNING, "lag", "mx2 is at least 1.5 s behind"},
    {WRITER, lag_unknown, SEVERITY_UNKNOWN, "lag-unknown", "how far mx2 is behind is not known"},
    {WRITER, two_vips, SEVERITY_CRITICAL, "two-vips", "both nodes hold the VIP"},
    {WRITER, no_vip, SEVERITY_CRITICAL, "no-vip", "nobody holds the VIP"},
    {WRITER, vip_unknown, SEVERITY_UNKNOWN, "vip-unknown", "is not known"},
    {WRITER, dual, SEVERITY_OK, "dual-mode", "both nodes are written"},
    {WRITER, conflict, SEVERITY_CRITICAL, "conflict",
     "mx2 cannot apply what mx1 wrote, for both wrote there: error 1062, Duplicate entry 'quota'"},
    {WRITER, other_applier_error, SEVERITY_CRITICAL, "replication-stopped",
     "mx2 does not replicate from mx1"},
    {WRITER, same_domains, SEVERITY_CRITICAL, "domains", "mx1 and mx2 have the same gtid_domain_id 2"},
    {WRITER, held, SEVERITY_WARNING, "held", "mx1 is not opened: refused: the disk"},
    {WRITER, certificate_ends, SEVERITY_WARNING, "certificate-ends", "of witness's server ends in 29 days"},
    {WRITER, certificate_ended, SEVERITY_CRITICAL, "certificate-ended", "mx2's server is not valid any more"},
    {WRITER, no_certificate, SEVERITY_WARNING, "no-certificate", "mx1's own server shows no certificate"},
    {WRITER, vip_failed, SEVERITY_UNKNOWN, "vip-unknown",
     "whether mx1 holds the VIP is not known: /bin/vip: exit status 3"},
    {WRITER, vip_moving, SEVERITY_WARNING, "vip-split",
     "the VIP is not whole on mx1: 192.0.2.100 is here, 192.0.2.101 is not"},
    {WRITER, vip_split, SEVERITY_CRITICAL, "vip-split", "192.0.2.101 is not"},
    {WRITER, vip_elsewhere, SEVERITY_WARNING, "vip-elsewhere", "mx1 is the writer, but mx2 holds the VIP"},
    {WRITER, disk_full, SEVERITY_CRITICAL, "disk-full", "no room on the disk that mx1's server writes to"},
    {WRITER, boots_writable, SEVERITY_CRITICAL, "boot-writable", "it would start writable"},
    {WRITER, boot_unknown, SEVERITY_UNKNOWN, "boot-unknown", "is not known"},
    {STANDBY, breaker, SEVERITY_CRITICAL, "breaker", "the breaker is open after 2 unplanned promotions"},
    {WRITER, scheduler_off, SEVERITY_CRITICAL, "event-scheduler", "mx2's event scheduler is off"},
    {WRITER, dead_man_off, SEVERITY_CRITICAL, "dead-man", "mx2's dead-man's switch does not run"},
    {WRITER, dead_man_unknown, SEVERITY_UNKNOWN, "dead-man-unknown", "is not known"},
    {WRITER, offsets_wrong, SEVERITY_WARNING, "offsets",
     "mx2 hands out auto_increment +2 from 1 instead of from 2"},
    {WRITER, maintenance, SEVERITY_WARNING, "maintenance", "maintenance is on at mx2: nothing changes role"},
    {WRITER, config_differs, SEVERITY_WARNING, "config", "cluster.yaml differ"},
    {WRITER, journal_hangs, SEVERITY_WARNING, "journal", "hangs for 12 s"},
    {WRITER, journal_dropped, SEVERITY_OK, "journal-dropped", "3 lines or events"},
    {WRITER, split_brain, SEVERITY_OK, "split-brain-accepted", "two writers are not excluded"},
    {WRITER, bypass_one, SEVERITY_CRITICAL, "bypass",
     "account app@% writes also where read_only=1 (READ_ONLY ADMIN, on mx2)"},
    {STANDBY, bypass_both, SEVERITY_CRITICAL, "bypass", "(READ_ONLY ADMIN, on mx1 and mx2)"},
    {WRITER, bypass_role, SEVERITY_CRITICAL, "bypass", "(READ_ONLY ADMIN by role admins, on mx1)"},
    {WRITER, bypass_public, SEVERITY_CRITICAL, "bypass", "every account writes on a read-only server"},
    {WRITER, bypass_procedure, SEVERITY_WARNING, "bypass-definer",
     "procedure mail.purge writes also where read_only=1: it runs as root@localhost"},
    {WRITER, bypass_event, SEVERITY_WARNING, "bypass-definer", "event mail.purge writes also"},
    {WRITER, bypass_unknown, SEVERITY_UNKNOWN, "bypass-unknown",
     "who bypasses read_only on mx2 is not known: execute denied"},
    {WRITER, bypass_never_seen, SEVERITY_UNKNOWN, "bypass-unknown", "on mx2 is not known"},
    {WRITER, lock_vote, SEVERITY_CRITICAL, "foreign-lock",
     "the lock vote at mx2 is held by app@192.0.2.50:4711 (session 42), no account of ours"},
    {WRITER, lock_write, SEVERITY_CRITICAL, "foreign-lock", "writes cannot be enabled there"},
    {WRITER, lock_bell, SEVERITY_WARNING, "foreign-lock", "the lock bell at witness"},
    {STANDBY, lock_here, SEVERITY_WARNING, "foreign-lock", "seems to be there"},
    {WRITER, drift_differs, SEVERITY_WARNING, "settings",
     "the servers differ in sync_binlog: mx1 has 1, mx2 has 0"},
    {WRITER, drift_filter, SEVERITY_WARNING, "settings",
     "the servers differ in replicate_do_db: mx1 has nothing, mx2 has mail"},
    {WRITER, drift_unwanted, SEVERITY_WARNING, "settings",
     "binlog_format is to be ROW: mx1 has ROW, mx2 has MIXED"},
    {WRITER, version_patch, SEVERITY_OK, "server-versions",
     "the servers differ in version: mx1 has MariaDB 10.11.19, mx2 has MariaDB 10.11.20"},
    {WRITER, version_upgrade, SEVERITY_OK, "server-versions",
     "an upgrade is in progress: mx1, the writer, has MariaDB 10.11.19, and mx2 has MariaDB 11.8.6, which"},
    {WRITER, version_older, SEVERITY_WARNING, "server-versions",
     "mx2 (MariaDB 10.11.19) replicates from the newer mx1 (MariaDB 11.8.6), which MariaDB does not support"},
    {WRITER, version_parted, SEVERITY_WARNING, "server-versions", "the older one may stop"},
    {WRITER, version_untried, SEVERITY_WARNING, "server-version",
     "mx1 and mx2 run MariaDB 11.4.3 and MariaDB 11.4.5: nothing was tried with it, only with the releases "
     "around"},
    {WRITER, version_untried_one, SEVERITY_WARNING, "server-version",
     "mx2 runs MariaDB 12.1.2: nothing was tried"},
    {WRITER, version_mysql, SEVERITY_CRITICAL, "server-version",
     "this program cannot work with the server of mx2, MySQL 8.0.36: it is no MariaDB"},
    {WRITER, version_old, SEVERITY_CRITICAL, "server-version",
     "this program cannot work with the server of mx1 and mx2, MariaDB 10.6.16: SUPER bypasses read_only "
     "there"},
    {WRITER, schema_old, SEVERITY_WARNING, "schema-version", "the schema replcheck on mx2 is of version 1"},
    {WRITER, schema_old_lossless, SEVERITY_CRITICAL, "schema-version",
     "of version 3, this program's is " SCHEMA_VERSION_TEXT
     ": no promotion enables writes there with durability lossless"},
    {WRITER, schema_new, SEVERITY_WARNING, "schema-version", "of version 99"},
    {WRITER, dead_man_missing, SEVERITY_CRITICAL, "dead-man",
     "mx2's dead-man's switch does not run, and it is not promoted: the event replcheck.dead_man is missing"},
};

/* ---- the tests ---- */

static void healthy(enum base base, struct report *r)
{
    if (base == WRITER)
        report_of_writer(r);
    else
        report_of_standby(r);
}

static void healthy_is_ok(void **state)
{
    struct report *r = calloc(1, sizeof(*r));
    (void)state;
    for (int base = STANDBY; base <= WRITER; base++) {
        healthy(base, r);
        if (r->problem_count)
            print_error("%s: %s\n", r->problems[0].id, r->problems[0].sentence);
        assert_int_equal(r->problem_count, 0);
        assert_int_equal(r->severity, SEVERITY_OK);
    }
    free(r);
}

/* One quick voter beside the own server is enough. */
static void a_slow_voter_is_no_problem(void **state)
{
    struct report *r = calloc(1, sizeof(*r));
    (void)state;
    healthy(WRITER, r);
    one_slow_vote(r);
    verdict_judge(r);
    assert_int_equal(r->problem_count, 0);
    free(r);
}

static void each_problem(void **state)
{
    struct report *r = calloc(1, sizeof(*r));
    int failures = 0;
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        const struct verdict_case *c = &cases[i];
        healthy(c->base, r);
        c->change(r);
        verdict_judge(r);
        const struct problem *p = report_problem(r, c->id);
        bool ok = p && p->severity == c->severity && strstr(p->sentence, c->sentence);
        bool remedied = !p || p->severity != SEVERITY_CRITICAL || p->remedy[0];
        if (!ok || !remedied || (c->severity != SEVERITY_OK && r->severity == SEVERITY_OK)) {
            print_error("%s: %s \"%s\" (-> \"%s\")\n", c->id, p ? severity_name(p->severity) : "not seen",
                        p ? p->sentence : "", p ? p->remedy : "");
            failures++;
        }
    }
    free(r);
    assert_int_equal(failures, 0);
}

/* A version that was tried is nothing to report, and one that is not known is told by what keeps it unknown.
 */
static void nothing_to_say(void **state)
{
    static void (*const changes[])(struct report * r) = {version_unknown, version_tried, drift_version};
    struct report *r = calloc(1, sizeof(*r));
    (void)state;
    for (size_t i = 0; i < COUNT(changes); i++) {
        healthy(WRITER, r);
        changes[i](r);
        verdict_judge(r);
        assert_int_equal(r->problem_count, 0);
    }
    free(r);
}

static bool remedies_have(struct report *r, const char *part)
{
    bool found = false;
    verdict_judge(r);
    for (int i = 0; i < r->problem_count; i++)
        found = found || strstr(r->problems[i].remedy, part);
    return found;
}

/* Who asks from afar, or is let in nowhere, knows nothing of who is off. */
static void a_direct_look_promotes_nobody(void **state)
{
    struct report *r = calloc(1, sizeof(*r));
    (void)state;
    healthy(STANDBY, r);
    writer_unknown(r);
    peer_denies(r);
    own_silent(r);
    TEXT(r->tie_breaker, "writer");
    assert_true(remedies_have(r, "--peer-is-off"));
    assert_true(remedies_have(r, "start it if it ended"));
    r->source = REPORT_DIRECT;
    assert_false(remedies_have(r, "--peer-is-off"));
    assert_false(remedies_have(r, "start it if it ended"));
    assert_true(remedies_have(r, "its password"));
    free(r);
}

/* What a quarantine alone has stopped is not to be started by hand, and a live writer is not to be replaced.
 */
static void a_quarantine_is_not_ended_by_hand(void **state)
{
    struct report *r = calloc(1, sizeof(*r));
    (void)state;
    healthy(STANDBY, r);
    r->nodes[0].io = IO_NO;
    r->nodes[0].sql = TRI_NO;
    stale(r);
    assert_true(remedies_have(r, "START SLAVE if nothing speaks against it"));
    TEXT(r->nodes[0].state, "quarantined");
    assert_false(remedies_have(r, "START SLAVE if"));
    assert_true(remedies_have(r, "no START SLAVE"));
    assert_false(remedies_have(r, "--accept-loss"));
    writer_unknown(r);
    assert_true(remedies_have(r, "--accept-loss"));
    free(r);
}

static void worst_comes_first(void **state)
{
    struct report *r = calloc(1, sizeof(*r));
    (void)state;
    healthy(WRITER, r);
    journal_dropped(r);
    lag_unknown(r);
    maintenance(r);
    boots_writable(r);
    config_differs(r);
    verdict_judge(r);
    static const char *const expected[] = {"boot-writable", "maintenance", "config", "lag-unknown",
                                           "journal-dropped"};
    assert_int_equal(r->problem_count, COUNT(expected));
    for (size_t i = 0; i < COUNT(expected); i++)
        assert_string_equal(r->problems[i].id, expected[i]);
    assert_int_equal(r->severity, SEVERITY_CRITICAL);
    free(r);
}

/* The same account on both servers is told once; many are counted; who is accepted is not told. */
static void accounts_are_told_once(void **state)
{
    static const struct {
        int first, second; /* findings on each server, the same names */
        int told;
    } lines[] = {{1, 1, 1}, {3, 3, 3}, {0, 2, 2}, {4, 4, 4}, {6, 6, 5}, {6, 0, 5}};
    struct report *r = calloc(1, sizeof(*r));
    (void)state;
    for (size_t i = 0; i < COUNT(lines); i++) {
        int told = 0;
        healthy(WRITER, r);
        for (int node = 0; node < OBS_NODES; node++)
            for (int k = 0; k < (node ? lines[i].second : lines[i].first); k++) {
                char account[] = "app0@%";
                account[3] = (char)('0' + k);
                report_add_account(r, node, "account", account, "");
            }
        verdict_judge(r);
        for (int p = 0; p < r->problem_count; p++)
            told += strcmp(r->problems[p].id, "bypass") == 0;
        assert_int_equal(told, lines[i].told);
    }
    healthy(WRITER, r);
    bypass_one(r);
    TEXT(r->nodes[1].accounts[r->nodes[1].account_count - 1].standing, "accepted");
    verdict_judge(r);
    assert_int_equal(r->severity, SEVERITY_OK);
    free(r);
}

/* Everything wrong at once still fits, and is told once each. */
static void everything_at_once(void **state)
{
    struct report *r = calloc(1, sizeof(*r));
    (void)state;
    healthy(WRITER, r);
    for (size_t i = 0; i < COUNT(cases); i++)
        cases[i].change(r);
    verdict_judge(r);
    assert_true(r->problem_count <= REPORT_PROBLEMS_MAX);
    for (int i = 0; i < r->problem_count; i++)
        for (int j = 0; j < i; j++)
            assert_string_not_equal(r->problems[i].sentence, r->problems[j].sentence);
    free(r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(healthy_is_ok),
        cmocka_unit_test(each_problem),
        cmocka_unit_test(nothing_to_say),
        cmocka_unit_test(a_slow_voter_is_no_problem),
        cmocka_unit_test(worst_comes_first),
        cmocka_unit_test(a_quarantine_is_not_ended_by_hand),
        cmocka_unit_test(a_direct_look_promotes_nobody),
        cmocka_unit_test(everything_at_once),
        cmocka_unit_test(accounts_are_told_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
