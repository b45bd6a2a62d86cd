#!/usr/bin/env python3
"""Nothing that the schema writes reaches the binary log but the rows of `term`, and no transaction of a
caller is touched."""

import sys
import time

from schema_fixture import (OPTIONS, case, done, expect, expect_error, main, node, refused, server_named,
                            voter_rows, writer)

SIGNALLED, NOT_NULL = 1644, 1048
WRITING = (
    ("promise", "CALL replcheck.promise('mx1', 9)", "CALL replcheck.promise('mx1', 1)"),
    ("release_vote", "CALL replcheck.release_vote('mx1', 'release', 9, NULL, NULL, '0-1-1')",
     "CALL replcheck.release_vote('mx1', 'nonsense', 9, NULL, NULL, NULL)"),
    ("reclaim", "CALL replcheck.reclaim('mx1', 9)", "CALL replcheck.reclaim('mx1', 1)"),
    ("clear_mark", "CALL replcheck.clear_mark('mx1')", None),
    ("bulletin_put", "CALL replcheck.bulletin_put('mx1', 1, 'writer', 9, 1, '0-1-1', 'a')",
     "CALL replcheck.bulletin_put('mx1', 1, NULL, 9, 1, '0-1-1', 'a')"),
    ("repair_dead_man", "CALL replcheck.repair_dead_man()", None),
    ("set_offsets", "CALL replcheck.set_offsets(1, 1)", "CALL replcheck.set_offsets(0, 1)"),
    ("enable", "CALL replcheck.enable('mx1', 9)", "CALL replcheck.enable('mx1', 1)"),
    ("audit_accounts", "CALL replcheck.audit_accounts()", None),
    ("audit_binlog", "CALL replcheck.audit_binlog()", None),
)


@case
def nothing_but_term_makes_a_gtid():
    with node() as (roles, root):
        vote = roles.voting(roles.local())
        roles.armed()
        gtid = root.value("SELECT @@gtid_binlog_pos")
        for name, good, bad in WRITING:
            for state in ("1", "0"):
                if state == "1":
                    root.query("SET GLOBAL read_only = 1")
                elif not name == "enable":
                    vote.query("CALL replcheck.promise('mx1', 9)")
                    vote.query("CALL replcheck.enable('mx1', 9)")
                vote.query(good)
                expect(f"{name}, read_only={state}: sql_log_bin",
                       vote.value("SELECT @@SESSION.sql_log_bin"), "1")
                if bad:
                    expect_error(bad, lambda: vote.query(bad), NOT_NULL if name == "bulletin_put" else SIGNALLED)
                expect(f"{name}, refused: sql_log_bin", vote.value("SELECT @@SESSION.sql_log_bin"), "1")
                expect(f"{name}: gtid_binlog_pos", root.value("SELECT @@gtid_binlog_pos"), gtid)
        root.query("SET SESSION sql_log_bin = 0; CALL replcheck.reclaim('mx1', 9)")
        expect("an old value of 0 is kept", root.value("SELECT @@SESSION.sql_log_bin"), "0")
        term = roles.local()
        term.query("INSERT INTO replcheck.term (epoch, node, reason, row_id, gtid, loss_bound)"
                   " VALUES (9, 'mx1', 'test', 400, '0-1-1', 0)")
        expect("term is logged", root.value("SELECT @@gtid_binlog_pos") != gtid, True)


def last_number(root, domain):
    positions = dict(gtid.split("-", 1) for gtid in root.value("SELECT @@gtid_binlog_pos").split(","))
    return int(positions[domain].split("-")[1])


@case
def a_lossless_term_begins_behind_a_gap():
    """Crash recovery with init_rpl_role=SLAVE takes back as many numbers as there are commits that wait. None of them is
    given again. The row is written under read_only, by the supervisor's account."""
    with node() as (roles, root):
        root.query("SET SESSION gtid_domain_id = 10; FLUSH TABLES; SET SESSION gtid_domain_id = 0; FLUSH TABLES")
        before, connections = last_number(root, "0"), int(root.value("SELECT @@max_connections"))
        root.query("SET GLOBAL read_only = 1")
        local = roles.local()
        local.query("CALL replcheck.begin_term(9, 'mx1', 'certified', 455, '0-1-1', NULL)")
        first = last_number(root, "0")
        expect("behind all that may wait", first > before + connections, True)
        expect("the row", root.row("SELECT epoch, node, row_id, loss_bound FROM replcheck.term"),
               {"epoch": "9", "node": "mx1", "row_id": "455", "loss_bound": None})
        expect_error("the same epoch twice", lambda: local.query(
            "CALL replcheck.begin_term(9, 'mx1', 'certified', 455, '0-1-1', NULL)"), 1062)
        expect("no other gap", last_number(root, "0"), first)
        root.query("FLUSH TABLES")
        expect("the next is the next", last_number(root, "0"), first + 1)
        expect("restored", local.value("SELECT @@SESSION.sql_log_bin"), "1")
        refused("a transaction", writer_in_transaction(local), "CALL replcheck.begin_term(10, 'mx1', 'r', 1, '', 0)",
                "in_transaction")


@case
def a_number_that_was_taken_back_is_not_given_again():
    """Crash recovery cuts the row of a term that never began from the binary log: RESET MASTER, as far as numbers go. The
    next one lies behind it, also where nothing is left in the log."""
    with node() as (roles, root):
        local = roles.local()
        local.query("CALL replcheck.begin_term(9, 'mx1', 'certified', 455, '0-1-1', NULL)")
        first, connections = last_number(root, "0"), int(root.value("SELECT @@max_connections"))
        root.query("RESET MASTER")
        local.query("CALL replcheck.begin_term(11, 'mx1', 'certified', 455, '0-1-1', NULL)")
        second = last_number(root, "0")
        expect("behind the first one, and what may have followed", second > first + connections, True)
        root.query("RESET MASTER; SET GLOBAL gtid_slave_pos = '0-2-1000000'")
        local.query("CALL replcheck.begin_term(13, 'mx1', 'certified', 455, '0-1-1', NULL)")
        expect("behind what was applied", last_number(root, "0") > 1000000 + connections, True)


def writer_in_transaction(session):
    session.query("START TRANSACTION")
    return session


@case
def a_transaction_of_the_caller_is_left_alone():
    with node() as (roles, root):
        vote = roles.voting(roles.local())
        roles.armed()
        vote.query("CALL replcheck.promise('mx1', 9)")
        for name, good, _ in WRITING:
            if name in ("set_offsets", "audit_accounts", "audit_binlog"):
                continue
            vote.query("START TRANSACTION; INSERT INTO replcheck.term (epoch, node, reason, row_id, gtid)"
                       " VALUES (1, 'a', 'b', 1, '')")
            refused(name, vote, good, "in_transaction")
            expect(name + ": still open", vote.value("SELECT @@in_transaction"), "1")
            vote.query("ROLLBACK")
        expect("term", root.query("SELECT * FROM replcheck.term"), [])


@case
def a_promise_does_not_wait_for_semi_sync():
    with node() as (roles, root):
        vote = roles.voting(roles.local())
        root.query("SET GLOBAL rpl_semi_sync_master_enabled = 1, GLOBAL rpl_semi_sync_master_timeout = 120000,"
                   " GLOBAL rpl_semi_sync_master_wait_no_slave = 1")
        try:
            begin = time.monotonic()
            vote.query("CALL replcheck.promise('mx1', 9)")
            expect("before it would give up to wait", time.monotonic() - begin < 60, True)
        finally:
            root.query("SET GLOBAL rpl_semi_sync_master_enabled = 0")


@case
def term_replicates_and_nothing_else():
    source = server_named("n1", server_id=1, options=OPTIONS)
    with node() as (roles, root):
        replica = server_named("n2", server_id=2, options=OPTIONS)
        done(replica, "install", node="mx2")
        with replica.connect() as there:
            root.query("SET SESSION sql_log_bin = 0;"
                       " CREATE OR REPLACE USER repl@'127.0.0.1' IDENTIFIED BY 'r';"
                       " GRANT REPLICATION SLAVE ON *.* TO repl@'127.0.0.1'; SET SESSION sql_log_bin = 1")
            position = root.value("SELECT @@gtid_binlog_pos")
            there.query(f"SET GLOBAL gtid_slave_pos = '{position}';"
                        f" CHANGE MASTER TO master_host = '127.0.0.1', master_port = {source.port},"
                        " master_user = 'repl', master_password = 'r', master_use_gtid = slave_pos;"
                        " START SLAVE")
            vote, _ = writer(roles, 11)
            vote.query("CALL replcheck.release_vote('mx2', 'out_of_sync', 11, NULL, NULL, NULL)")
            vote.query("CALL replcheck.bulletin_put('mx1', 1, 'writer', 11, 1, '', 'a')")
            term = roles.local()
            term.query("INSERT INTO replcheck.term (epoch, node, reason, row_id, gtid, loss_bound)"
                       " VALUES (11, 'mx1', 'replicated', 400, '0-1-1', NULL)")
            position = root.value("SELECT @@gtid_binlog_pos")
            expect("arrived", there.value(f"SELECT MASTER_GTID_WAIT('{position}', 10)"), "0")
            expect("term", there.row("SELECT epoch, node, loss_bound FROM replcheck.term WHERE epoch = 11"),
                   {"epoch": "11", "node": "mx1", "loss_bound": None})
            expect("voter", voter_rows(there), [])
            expect("bulletin", there.query("SELECT * FROM replcheck.bulletin"), [])
            expect("the event is its own", there.value("SELECT STATUS FROM information_schema.EVENTS"),
                   "ENABLED")
            there.query("STOP SLAVE; RESET SLAVE ALL")
            root.query("SET SESSION sql_log_bin = 0; DROP USER repl@'127.0.0.1'")


if __name__ == "__main__":
    sys.exit(main())
