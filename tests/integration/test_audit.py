#!/usr/bin/env python3
"""The slow look and the end of clients, on a real server: the program's own statements under the accounts that run
them."""

import multiprocessing
import re
import sys
import time

from mariadb_sandbox import SqlError
from schema_fixture import MX2, VERSION, Failure, case, expect, gone, main, node, statement

def answers(session, *arguments):
    """The rows of each statement of a packet."""
    return [session.query(part) for part in statement(*arguments).strip().split(";")]


def holders(session):
    """{connection: names of the locks it holds}"""
    names = ("vote", "bell", "write", "here 1", "here 2")
    return {int(row["id"]): [name for i, name in enumerate(names) if row[f"lock_{i}"] == "1"]
            for row in answers(session, "locks")[1]}


@case
def locks_are_seen_with_their_holders():
    with node() as (roles, root):
        for account in (roles.local(), roles.remote()):
            expect("none", holders(account), {})
            app, other = roles.root(), roles.fencer()
            app.query("SELECT GET_LOCK('replcheck.vote.mail', 0), GET_LOCK('replcheck.here.mail.mx2', 0)")
            other.query("SELECT GET_LOCK('replcheck.bell.mail', 0), GET_LOCK('replcheck.vote.other', 0)")
            expect("held", holders(account), {app.id: ["vote", "here 2"], other.id: ["bell"]})
            _, rows, fencer = answers(account, "locks")
            row = [r for r in rows if int(r["id"]) == app.id][0]
            expect("sessions of the fencer", fencer[0]["sessions"], "1")
            expect("whose", (row["user"], row["host"]), ("root", "localhost"))
            account.query(f"KILL CONNECTION {app.id}")
            gone(root, app.id)
            expect("one ended", holders(account), {other.id: ["bell"]})
            ended = other.id
            other.close()
            gone(root, ended)


@case
def everything_is_answered_to_both_supervisors():
    """Each part of the packet: an error anywhere would leave out what follows it."""
    with node() as (roles, root):
        for account in (roles.local(), roles.remote(MX2)):
            for part in statement("whole").strip().split(";"):
                rows = account.query(part)
                if "'setting'" in part:
                    asked = set(re.findall(r"'([a-z_]+)'", part.partition(" IN ")[2]))
                    known = {row["name"].lower() for row in rows}
                    expect("settings that this server does not have", asked - known - {"binlog_do_db",
                           "binlog_ignore_db"}, set())
                elif "audit_binlog" in part:
                    expect("filters", {"Binlog_Do_DB", "Binlog_Ignore_DB"} <= set(rows[0]), True)
                elif "installed" in part:
                    expect("version", rows[0]["version"], VERSION)
                elif "audit_accounts" in part:
                    expect("accounts", {row["user"] for row in rows} <= {"root", "mysql"}, True)


def is_there(root, session):
    return root.value(f"SELECT COUNT(*) FROM information_schema.PROCESSLIST WHERE ID = {session.id}") == "1"


@case
def clients_are_ended_and_nobody_else():
    with node() as (roles, root):
        root.query("SET SESSION sql_log_bin = 0")
        accounts = ("app@'127.0.0.1'", "backup@'127.0.0.1'", "dba@'127.0.%'", "reader@localhost")
        for account in accounts:
            root.query(f"CREATE USER {account} IDENTIFIED BY 'x'")
        connect = lambda user: roles._keep(roles.server.connect(host="127.0.0.1", user=user, password="x"))
        try:
            local = roles.local()
            spared = [local, roles.remote(), roles.fencer(), roles.root(), connect("backup"), connect("dba")]
            ended = [connect("app"), roles._keep(roles.server.connect(user="reader", password="x"))]
            sql = statement("clients", "backup", "dba@127.0.%")
            root.query("SET GLOBAL read_only = 0")
            try:
                expect("a writer's clients stay", local.value(sql), "0")
            finally:
                root.query("SET GLOBAL read_only = 1")
            expect("killed", local.value(sql), "2")
            for session in ended:
                gone(root, session.id)
                try:
                    session.query("SELECT 1")
                    raise Failure("still there")
                except SqlError:
                    pass
            expect("spared", [is_there(root, session) for session in spared], [True] * len(spared))
            expect("again", local.value(sql), "0")
        finally:
            root.query("".join(f"DROP USER {account};" for account in accounts)[:-1])


def refused(connect):
    try:
        return None, connect()
    except SqlError as error:
        return error.number, None


def persistent(connect):
    """One of the crowd is in the last place for a moment each time, until it is refused."""
    for _ in range(2000):
        session = refused(connect)[1]
        if session:
            return session
    return None


class Crowd:
    """Clients that take every connection there is, and go on trying, until the end of the block. A process of its
    own: this one changes its user while it connects."""

    def __init__(self, server):
        self.server, self.full = server, multiprocessing.Event()
        self.running = multiprocessing.Process(target=self._run, daemon=True)

    def _run(self):
        sessions = []
        while True:
            number, session = refused(lambda: self.server.connect(host="127.0.0.1", user="app", password="x"))
            if session:
                sessions.append(session)
            elif number == 1040:
                self.full.set()
                time.sleep(0.001)

    def __enter__(self):
        self.running.start()
        if not self.full.wait(20):
            raise Failure("the server does not get full")
        return self

    def __exit__(self, *_):
        self.running.terminate()
        self.running.join()


@case
def a_full_server_lets_ours_in():
    """What daemon/room.h rests on: the first of ours always gets in, and so does one for each client that is ended."""
    with node() as (roles, root):
        root.query("SET SESSION sql_log_bin = 0; CREATE USER app@'127.0.0.1' IDENTIFIED BY 'x';"
                   " CREATE DATABASE scratch; CREATE TABLE scratch.t (a INT) ENGINE = InnoDB;"
                   " GRANT SELECT ON scratch.* TO app@'127.0.0.1'; SET GLOBAL max_connections = 20")
        try:
            busy = roles._keep(roles.server.connect(host="127.0.0.1", user="app", password="x"))
            busy.query("BEGIN; SELECT * FROM scratch.t")
            with Crowd(roles.server):
                first = persistent(roles.local)
                expect("the first of ours", bool(first), True)
                expect("the next one", [refused(roles.local)[0] for _ in range(5)], [1040] * 5)
                for connect in (roles.local, roles.fencer, roles.local):
                    expect("room", first.value(statement("room")), "1")
                    # Who was ended leaves at his own pace; until then the server is as full as before.
                    until = time.monotonic() + 20
                    while (enough := first.value(statement("room"))) != "0" and time.monotonic() < until:
                        time.sleep(0.2)
                    expect("a place is enough", enough, "0")
                    expect("it is ours", bool(persistent(connect)), True)
                    expect("and no more", [refused(roles.local)[0] for _ in range(5)], [1040] * 5)
                expect("with a transaction", is_there(root, busy), True)
                root.query("SET GLOBAL max_connections = 1000")
                expect("not full", first.value(statement("room")), "0")
        finally:
            # Its open transaction would keep the table for ever.
            root.query("SET GLOBAL max_connections = 151; DROP USER app@'127.0.0.1'; KILL USER app;"
                       " SET SESSION lock_wait_timeout = 60; DROP DATABASE scratch")


if __name__ == "__main__":
    sys.exit(main())
