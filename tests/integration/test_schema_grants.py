#!/usr/bin/env python3
"""Every account can do what it has to, with no grant that is not needed for it."""

import contextlib
import re
import subprocess
import sys
import time

from mariadb_sandbox import SqlError, of_client
from schema_fixture import (Failure, MX1, MX2, PASSWORD, USERS, VOTE, WRITE, await_read_only, case, done, expect,
                            expect_error, gone, main, node, witness)


def sees(session, sql):
    if not session.query(sql):
        raise Failure("sees nothing: " + sql)


RELEASE = "CALL replcheck.release_vote('{}', '{}', 5, NULL, NULL, '')"
BEGIN_TERM = "CALL replcheck.begin_term({}, 'mx1', 'r', 1, '', NULL)"
TERM = "INSERT INTO replcheck.term (epoch, node, reason, row_id, gtid) VALUES ({}, 'mx1', 'r', 1, '')"
SESSION = "SELECT ID, USER, HOST, COMMAND, TIME_MS FROM information_schema.PROCESSLIST WHERE ID = {}"


def reads_binlog(server, user):
    """As `mysql-replcheck divergence` does."""
    done = subprocess.run(of_client("mariadb-binlog", "--no-defaults", f"--socket={server.socket}", f"--user={user}",
                                    "--read-from-remote-server", "--to-last-log", ""), capture_output=True, text=True,
                          errors="replace", user=USERS[user], check=False)
    if done.returncode:
        raise Failure(done.stderr.strip())


def kills(session, victim):
    try:
        session.query(f"KILL {victim.id}")
    finally:
        victim.close()


class Operations:
    """What each account has to be able to do; each of them raises where it is not."""

    def __init__(self, roles, root):
        self.roles, self.root = roles, root

    def _vote(self, session):
        if session.value(f"SELECT GET_LOCK('{VOTE}', 2)") != "1":
            raise Failure("no vote")

    def _reset(self):
        self.root.query("SET SESSION sql_log_bin = 0; DELETE FROM replcheck.voter")

    def probes(self, s, others):
        return [
            ("SHOW ALL SLAVES STATUS", lambda: s.query("SHOW ALL SLAVES STATUS")),
            ("variables", lambda: s.query("SELECT @@gtid_binlog_pos, @@gtid_slave_pos, @@gtid_binlog_state,"
                                          " @@read_only, @@server_id; SHOW GLOBAL STATUS LIKE 'Rpl%';"
                                          " SELECT * FROM information_schema.SYSTEM_VARIABLES LIMIT 1")),
            ("voter", lambda: s.query("SELECT * FROM replcheck.voter")),
            ("term", lambda: s.query("SELECT MAX(epoch) FROM replcheck.term")),
            ("bulletin", lambda: s.query("SELECT * FROM replcheck.bulletin")),
            ("sessions of others", lambda: sees(s, SESSION.format(others.id))),
            ("dead_man", lambda: sees(s, "SELECT STATUS, LAST_EXECUTED FROM information_schema.EVENTS"
                                         " WHERE EVENT_SCHEMA = 'replcheck' AND EVENT_NAME = 'dead_man'")),
        ]

    def votes(self, s, who):
        return [
            ("vote", lambda: self._vote(s)),
            ("promise", lambda: s.query(f"CALL replcheck.promise('{who}', 5)")),
            ("release_vote", lambda: s.query(RELEASE.format(who, "release"))),
            ("reclaim", lambda: s.query(f"CALL replcheck.reclaim('{who}', 5)")),
        ]

    def writer(self, s):
        variables = ("rpl_semi_sync_master_enabled = 0", "rpl_semi_sync_master_timeout = 10000",
                     "rpl_semi_sync_master_wait_point = AFTER_SYNC", "rpl_semi_sync_slave_enabled = 0")
        return [
            ("enable", lambda: s.query("CALL replcheck.enable('mx1', 5)")),
            ("term's row", lambda: s.query(TERM.format(time.monotonic_ns()))),
            ("begin_term", lambda: s.query(BEGIN_TERM.format(time.monotonic_ns()))),
            ("set_offsets", lambda: s.query("CALL replcheck.set_offsets(1, 1)")),
            ("repair_dead_man", lambda: s.query("CALL replcheck.repair_dead_man()")),
            ("clear_mark", lambda: s.query("CALL replcheck.clear_mark('mx2')")),
            *self.audits(s),
            ("the binary log", lambda: reads_binlog(self.roles.server, "replcheck")),
            ("START and STOP SLAVE", lambda: s.query("START SLAVE; STOP SLAVE IO_THREAD; STOP SLAVE")),
            *[("SET GLOBAL " + v, lambda v=v: s.query("SET GLOBAL " + v)) for v in variables],
        ]

    def audits(self, s):
        return [("audit_accounts", lambda: s.query("CALL replcheck.audit_accounts()")),
                ("audit_binlog", lambda: sees(s, "CALL replcheck.audit_binlog()"))]

    def fence(self, s, victim):
        return [("SET GLOBAL read_only", lambda: s.query("SET STATEMENT lock_wait_timeout = 2 FOR"
                                                         " SET GLOBAL read_only = 1")),
                ("KILL", lambda: kills(s, victim()))]

    def bulletin(self, s, who):
        return [("bulletin_put",
                 lambda: s.query(f"CALL replcheck.bulletin_put('{who}', 1, 's', 1, 1, '', 'a')"))]

    def of_local(self):
        s = self.roles.local()
        return s, [*self.probes(s, self.root), *self.votes(s, "mx1"), *self.bulletin(s, "mx1"),
                   *self.writer(s), *self.fence(s, self.roles.root)]

    def of_remote(self):
        s = self.roles.remote()
        other = self.supervisor
        return s, [*self.probes(s, other), *self.votes(s, "mx2"), *self.bulletin(s, "mx2"),
                   *self.audits(s), *self.fence(s, self.roles.local)]

    def of_fencer(self):
        s = self.roles.fencer()
        return s, [("write lock", lambda: s.query(f"SELECT GET_LOCK('{WRITE}.test', 0)")),
                   ("sessions of others", lambda: sees(s, SESSION.format(self.root.id))),
                   *self.fence(s, self.roles.root)]

    def of_voter(self):
        s = self.roles.remote(MX2)
        other = self.roles.remote(MX1)
        return s, [*self.votes(s, "mx2"),
                   ("mark", lambda: s.query(RELEASE.format("mx1", "out_of_sync"))),
                   ("clear_mark", lambda: s.query("CALL replcheck.clear_mark('mx1')")),
                   ("voter", lambda: s.query("SELECT * FROM replcheck.voter")),
                   ("the holder's idleness", lambda: sees(s, SESSION.format(other.id))),
                   ("KILL", lambda: kills(s, other))]

    def of_definer(self):
        """Through the supervisor's procedures and the event; that one last, for it takes a second."""
        s = self.roles.local()

        def event():
            self.root.query("SET GLOBAL read_only = 0")
            self.fencer.query(f"DO RELEASE_LOCK('{WRITE}')")
            try:
                await_read_only(self.root, "1", seconds=2.5)  # without a right of its definer's it fails each time
            finally:
                self.fencer.query(f"DO GET_LOCK('{WRITE}', 0)")
        return s, [*self.votes(s, "mx1"), *self.bulletin(s, "mx1"), *self.writer(s)[:7], ("event", event)]

    def of_definer_at_a_witness(self):
        s = self.roles.remote(MX2)
        return s, [*self.votes(s, "mx2"), ("clear_mark", lambda: s.query("CALL replcheck.clear_mark('mx1')"))]

    def first_failure(self, account):
        """The name of the first operation that fails, or None."""
        self._reset()
        try:
            session, operations = getattr(self, "of_" + account)()
        except SqlError as error:
            return f"log in: {error}"
        try:
            for name, operation in operations:
                try:
                    operation()
                except (SqlError, Failure) as error:
                    return f"{name}: {error}"
            return None
        finally:
            thread_id = session.id
            session.close()
            gone(self.root, thread_id)


def grants_of(root, account):
    """(privilege, object) for each single grant."""
    for row in root.query(f"SHOW GRANTS FOR {account}"):
        text = next(iter(row.values()))
        match = re.match(r"GRANT (.*) ON (.*?) TO ", text)
        for privilege in match.group(1).split(", "):
            if privilege != "USAGE":
                yield privilege, match.group(2)


def implied(account, privilege, grants, version):
    """Why a privilege is granted although the server under test does without; "" when it should not."""
    of_binlog = privilege in ("BINLOG ADMIN", "BINLOG MONITOR", "BINLOG REPLAY")
    if account == "'replcheck-definer'@'localhost'" and of_binlog and "SUPER" in grants:
        return "SUPER implies it before MariaDB 11.0"
    remote = not account.endswith("@'localhost'")
    before = version < (10, 11, 19) or (11, 0, 0) <= version <= (11, 8, 6)
    if remote and privilege in ("PROCESS", "CONNECTION ADMIN") and before:
        return "before 10.11.19, and in 11.8.6, an account sees and kills its name's sessions from every address"
    return ""


def each_grant_is_needed(operations, root, account, name):
    failure = operations.first_failure(name)
    if failure:
        raise Failure(f"{account} with all its grants: {failure}")
    grants = list(grants_of(root, account))
    version = tuple(map(int, re.match(r"(\d+)\.(\d+)\.(\d+)", root.value("SELECT VERSION()")).groups()))
    for privilege, where in grants:
        root.query("SET SESSION sql_log_bin = 0, sql_mode = ''; "
                   f"REVOKE {privilege} ON {where} FROM {account}")
        failure = operations.first_failure(name)
        root.query("SET GLOBAL read_only = 1")
        root.query(f"GRANT {privilege} ON {where} TO {account}")
        print(f"    without {privilege} ON {where}: {failure}")
        if not failure:
            reason = implied(account, privilege, dict(grants), version)
            if not reason:
                raise Failure(f"{account}: {privilege} ON {where} is not needed")
            print("    " + reason)
    failure = operations.first_failure(name)
    if failure:
        raise Failure(f"{account} with its grants back: {failure}")
    print(f"    {account}: {len(grants)} grants, each needed")


@contextlib.contextmanager
def node_for_grants():
    with node() as (roles, root):
        done(roles.server, "install")
        operations = Operations(roles, root)
        operations.supervisor = roles.local()
        operations.fencer = roles.armed()
        root.query("CHANGE MASTER TO master_host = '127.0.0.1', master_port = 1, master_user = 'x'")
        try:
            yield operations, root
        finally:
            root.query("STOP SLAVE; RESET SLAVE ALL")


@case
def grants_of_the_local_supervisor():
    with node_for_grants() as (operations, root):
        each_grant_is_needed(operations, root, "'replcheck'@'localhost'", "local")


@case
def grants_of_the_remote_supervisor():
    with node_for_grants() as (operations, root):
        each_grant_is_needed(operations, root, f"'replcheck'@'{MX2}'", "remote")


@case
def grants_of_the_fencer():
    with node_for_grants() as (operations, root):
        each_grant_is_needed(operations, root, "'replcheck-fence'@'localhost'", "fencer")


@case
def grants_of_the_definer():
    with node_for_grants() as (operations, root):
        each_grant_is_needed(operations, root, "'replcheck-definer'@'localhost'", "definer")


@case
def grants_at_a_witness():
    with witness() as (roles, root, login):
        root.query("SET GLOBAL read_only = 1")
        operations = Operations(roles, root)
        each_grant_is_needed(operations, root, f"'replcheck'@'{MX2}'", "voter")
        each_grant_is_needed(operations, root, "'replcheck-definer'@'localhost'", "definer_at_a_witness")
        root.query("SET GLOBAL read_only = 0")


FORBIDDEN = (
    ("local", "UPDATE replcheck.voter SET epoch = 1"),
    ("local", "DELETE FROM replcheck.term"),
    ("local", "UPDATE replcheck.term SET node = 'x'"),
    ("local", "INSERT INTO replcheck.bulletin VALUES ('a', 1, 's', 1, 1, '', '')"),
    ("local", "CALL replcheck.check_authority('mx1', 1, @w, @x)"),
    ("local", "SET SESSION sql_log_bin = 0"),
    ("local", "SELECT * FROM mysql.global_priv"),
    ("local", "SET GLOBAL auto_increment_offset = 1"),
    ("local", "CREATE TABLE replcheck.x (a INT)"),
    ("local", "RESET MASTER"),
    ("remote", "CALL replcheck.enable('mx2', 1)"),
    ("remote", "CALL replcheck.set_offsets(1, 1)"),
    ("remote", "CALL replcheck.repair_dead_man()"),
    ("remote", "CALL replcheck.clear_mark('mx1')"),
    ("local", "CALL replcheck.make_dead_man()"),
    ("local", "SHOW MASTER STATUS"),
    ("remote", TERM.format(1)),
    ("remote", BEGIN_TERM.format(1)),
    ("local", "SET SESSION gtid_seq_no = 1000000000"),
    ("remote", "START SLAVE"),
    ("remote", "SET GLOBAL rpl_semi_sync_master_enabled = 0"),
    ("remote", "SET SESSION sql_log_bin = 0"),
    ("fencer", "SELECT * FROM replcheck.voter"),
    ("fencer", "CALL replcheck.enable('mx1', 1)"),
    ("fencer", "SHOW ALL SLAVES STATUS"),
    ("fencer", "STOP SLAVE"),
    ("fencer", "SET SESSION sql_log_bin = 0"),
)


@case
def what_accounts_may_not_do():
    with node() as (roles, root):
        root.query("SET GLOBAL read_only = 0")
        for account, sql in FORBIDDEN:
            session = getattr(roles, account)()
            try:
                session.query(sql)
            except SqlError as error:
                expect(f"{account}: {sql}: {error}", error.number in (1044, 1142, 1227, 1370), True)
                continue
            raise Failure(f"{account}: {sql}: allowed")
        for account in ("'replcheck'@'localhost'", f"'replcheck'@'{MX1}'", f"'replcheck'@'{MX2}'",
                        "'replcheck-fence'@'localhost'"):
            expect(account + " has SUPER", "SUPER" in dict(grants_of(root, account)), False)
        expect_error("definer logs in", lambda: roles.server.connect(user="replcheck-definer"), 4151)
        remote = {"host": "127.0.0.1", "user": "replcheck"}
        expect_error("wrong password", lambda: roles.server.connect(**remote, password="x", bind=MX2), 1045)
        expect_error("from elsewhere",
                     lambda: roles.server.connect(**remote, password=PASSWORD, bind="127.0.0.13"), 1130)
        expect_error("another system user", lambda: roles.server.connect(user="replcheck", uid=61002), 1698)


if __name__ == "__main__":
    sys.exit(main())
