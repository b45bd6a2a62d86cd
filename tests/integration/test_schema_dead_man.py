#!/usr/bin/env python3
"""The dead-man's switch on a real server."""

import datetime
import os
import sys
import threading
import time

from case_fixture import wait_for
from mariadb_sandbox import SqlError
from schema_fixture import (OPTIONS, WRITE, Roles, await_read_only, case, done, expect, expect_error, gone, main, node,
                            read_only, server_named, writer)


@case
def dead_man_leaves_a_held_server_alone_and_fences_a_lost_one():
    with node() as (roles, root):
        _, fencer = writer(roles)
        for _ in range(70):
            time.sleep(0.05)
            expect("read_only while the lock is held", read_only(root), "0")
        fencer.close()
        print(f"    fenced after {await_read_only(root, '1'):.2f} s")


def replace_fencer(roles, root, fencer):
    """As the fencer does it: the new session queues for the lock, then kills its predecessor."""
    successor = roles.fencer()
    waiting = threading.Thread(target=successor.query, args=(f"SELECT GET_LOCK('{WRITE}', 2)",))
    waiting.start()
    queued = ("SELECT COUNT(*) FROM information_schema.PROCESSLIST"
              f" WHERE ID = {successor.id} AND STATE = 'User lock'")
    while root.value(queued) != "1":
        pass
    root.query(f"KILL {fencer.id}")
    return successor, waiting


@case
def dead_man_and_enable_bear_a_fencer_that_replaces_its_session():
    """The event's body runs here all the time instead of once a second, so that it meets a replacement."""
    with node() as (roles, root):
        vote, fencer = writer(roles)
        switch = roles.root()
        body = switch.value("SELECT EVENT_DEFINITION FROM information_schema.EVENTS")
        body = body.replace("BEGIN", "BEGIN NOT ATOMIC", 1)
        replaced, runs, end, failures = 0, 0, time.monotonic() + 2, []

        def run_switch():
            nonlocal runs
            try:
                while time.monotonic() < end:
                    switch.query(body)
                    runs += 1
            except SqlError as error:
                failures.append(str(error))
        running = threading.Thread(target=run_switch)
        running.start()
        try:
            while time.monotonic() < end:
                fencer, waiting = replace_fencer(roles, root, fencer)
                try:
                    expect("enable", vote.row("CALL replcheck.enable('mx1', 7)")["ok"], "1")
                finally:
                    waiting.join()
                replaced += 1
                expect("read_only", read_only(root), "0")
        finally:
            running.join()
        expect("switch", failures, [])
        expect("some were replaced, and it ran", (replaced > 0, runs > 0), (True, True))
        print(f"    {replaced} sessions replaced in {runs} runs")


@case
def dead_man_is_not_disarmed_by_another_account():
    with node() as (roles, root):
        _, fencer = writer(roles)
        thread_id = fencer.id
        fencer.close()
        gone(root, thread_id)
        root.query(f"SELECT GET_LOCK('{WRITE}', 0)")
        print(f"    fenced after {await_read_only(root, '1'):.2f} s")


@case
def dead_man_gives_up_a_set_that_waits_and_runs_again():
    with node() as (roles, root):
        root.query("SET SESSION sql_log_bin = 0; CREATE DATABASE IF NOT EXISTS scratch;"
                   " CREATE OR REPLACE TABLE scratch.t (a INT) ENGINE = InnoDB; SET SESSION sql_log_bin = 1")
        _, fencer = writer(roles)
        holder = roles.root()
        holder.query("LOCK TABLES scratch.t WRITE")
        thread_id = fencer.id
        fencer.close()
        gone(root, thread_id)
        # The one event of this server; its statement waits for the table.
        waits = lambda: root.value("SELECT COUNT(*) FROM information_schema.PROCESSLIST"
                                   " WHERE INFO LIKE 'SET GLOBAL read_only%' AND STATE LIKE 'Waiting%'") != "0"
        wait_for("the switch waits", waits)
        expect("blocked", read_only(root), "0")
        fencer = roles.armed()
        wait_for("it gives up", lambda: not waits())
        holder.query("UNLOCK TABLES")
        await_run(root)
        expect("no stale SET", read_only(root), "0")
        fencer.close()
        await_read_only(root, "1")
        root.query("SET SESSION sql_log_bin = 0; DROP DATABASE scratch")


@case
def dead_man_is_repaired():
    with node() as (roles, root):
        local = roles.local()
        root.query("SET SESSION sql_log_bin = 0; ALTER EVENT replcheck.dead_man DISABLE;"
                   " SET GLOBAL event_scheduler = OFF")
        expect("repair", local.row("CALL replcheck.repair_dead_man()"), {"ok": "1", "event_scheduler": "ON"})
        expect("event", local.row("SELECT STATUS, DEFINER FROM information_schema.EVENTS"),
               {"STATUS": "ENABLED", "DEFINER": "replcheck-definer@localhost"})
        await_run(local)
        await_run(local)


LAST = "SELECT LAST_EXECUTED FROM information_schema.EVENTS WHERE EVENT_NAME = 'dead_man'"


def await_run(session):
    """LAST_EXECUTED advances."""
    first = session.value(LAST)
    wait_for("the switch runs", lambda: session.value(LAST) not in (None, first), every=0.1)


@case
def dead_man_is_made_anew():
    """However it was lost, the supervisor's account brings back the whole of it."""
    with node() as (roles, root):
        local = roles.local()
        made = root.row("SHOW CREATE EVENT replcheck.dead_man")["Create Event"].partition(" ON COMPLETION")[2]
        lost = {
            "dropped": "DROP EVENT replcheck.dead_man",
            "disabled": "ALTER EVENT replcheck.dead_man DISABLE",
            "of a dump": "ALTER EVENT replcheck.dead_man DISABLE ON SLAVE",
            "of a clock set back": "ALTER EVENT replcheck.dead_man ON SCHEDULE EVERY 1 SECOND"
                                   " STARTS NOW() + INTERVAL 1 HOUR",
            "altered": "ALTER EVENT replcheck.dead_man DO SET @nothing = 1",
            "another's": "ALTER DEFINER = root@localhost EVENT replcheck.dead_man ENABLE",
            "scheduler off": "SET GLOBAL event_scheduler = OFF",
        }
        for how, sql in lost.items():
            root.query("SET SESSION sql_log_bin = 0; " + sql)
            gtid = root.value("SELECT @@gtid_binlog_pos")
            expect(how, local.row("CALL replcheck.repair_dead_man()"), {"ok": "1", "event_scheduler": "ON"})
            await_run(local)
            expect(how + ": the same", root.row("SHOW CREATE EVENT replcheck.dead_man")
                   ["Create Event"].partition(" ON COMPLETION")[2], made)
            expect(how + ": definer", root.value("SELECT DEFINER FROM information_schema.EVENTS"
                                                 " WHERE EVENT_NAME = 'dead_man'"), "replcheck-definer@localhost")
            expect(how + ": not logged", root.value("SELECT @@gtid_binlog_pos"), gtid)


@case
def a_repair_waits_shortly_and_leaves_nothing_behind():
    with node() as (roles, root):
        local = roles.local()
        holder = roles.root()
        holder.query("FLUSH LOCAL TABLES WITH READ LOCK")
        # Which the server's own patience, of a day, would not tell within the time of this test.
        expect_error("under a global read lock", lambda: local.query("CALL replcheck.repair_dead_man()"), 1205)
        expect("session", local.row("SELECT @@sql_log_bin AS b, @@lock_wait_timeout = @@GLOBAL.lock_wait_timeout AS w"),
               {"b": "1", "w": "1"})
        holder.query("UNLOCK TABLES")
        expect("then", local.row("CALL replcheck.repair_dead_man()")["ok"], "1")
        await_run(local)


def zone_that_ends_summer_time(minutes):
    """As TZ has it: so long from now an hour comes a second time."""
    end = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(hours=2, minutes=minutes)
    day = end.timetuple().tm_yday - 1
    return f"WIN-1SUM,{(day + 180) % 365}/0,{day}/{end:%H:%M:%S}"


@case
def dead_man_runs_in_the_hour_that_comes_twice():
    """An event of the server's own zone would wait for the second of the two hours."""
    os.environ["TZ"] = zone_that_ends_summer_time(30)
    try:
        server = server_named("summer", server_id=3, options=OPTIONS)
    finally:
        del os.environ["TZ"]
    roles = Roles(server)
    try:
        root = roles.root()
        expect("zone", root.value("SELECT @@system_time_zone"), "SUM")
        done(server, "install", node="mx1")
        await_run(root)
        local = roles.local()
        local.query("CALL replcheck.repair_dead_man()")
        expect("the session's own zone", local.value("SELECT @@time_zone"), "SYSTEM")
        await_run(root)
        root.query("SET GLOBAL read_only = 0")
        await_read_only(root, "1")
    finally:
        roles.close()


if __name__ == "__main__":
    sys.exit(main())
