#!/usr/bin/env python3
"""The procedures on a real server: what they refuse, what they do, and what they leave alone."""

import concurrent.futures
import contextlib
import signal
import sys
import threading
import time

from mariadb_sandbox import SqlError
from schema_fixture import (WRITE, VOTE, case, expect, expect_error, gone, main, node, read_only, refused, voter_rows,
                            writer)


def said(who, kind, epoch=3):
    kind = "NULL" if kind is None else f"'{kind}'"
    return f"CALL replcheck.release_vote('{who}', {kind}, {epoch}, NULL, NULL, NULL)"


@case
def promise_rises_and_needs_the_vote():
    with node() as (roles, root):
        session = roles.local()
        refused("no vote", session, "CALL replcheck.promise('mx1', 3)", "no_vote")
        roles.voting(session)
        expect("first", session.row("CALL replcheck.promise('mx1', 3)"),
               {"ok": "1", "highest_before": None, "consumed_kind": None, "consumed_epoch": None,
                "consumed_node": None})
        expect("again", session.row("CALL replcheck.promise('mx1', 3)")["highest_before"], "3")
        refused("equal by another", session, "CALL replcheck.promise('mx2', 3)", "promised")
        refused("lower", session, "CALL replcheck.promise('mx1', 1)", "promised")
        expect("higher by another", session.row("CALL replcheck.promise('mx2', 4)")["highest_before"], "3")
        refused("own, lower than another's", session, "CALL replcheck.promise('mx1', 3)", "promised")
        expect("own, higher", session.row("CALL replcheck.promise('mx1', 5)")["highest_before"], "4")
        for arguments in ("NULL, 9", "'', 9", "'mx1', NULL", "'mx1', 0"):
            refused(arguments, session, f"CALL replcheck.promise({arguments})", "bad_argument")
        expect("rows", voter_rows(root), [("mx1", "promise", 5), ("mx2", "promise", 4)])
        largest = 2 ** 64 - 1
        session.query(f"CALL replcheck.promise('mx1', {largest})")
        expect("64 bits", voter_rows(root)[0], ("mx1", "promise", largest))


@case
def promise_consumes_what_is_older():
    with node() as (roles, root):
        vote = roles.voting(roles.local())
        for who, kind, epoch in (("mx1", "release", 3), ("mx1", "certificate", 3), ("mx2", "off", 2),
                                 ("mx2", "out_of_sync", 3), ("mx2", "release", 6)):
            vote.query(said(who, kind, epoch))
        row = vote.row("CALL replcheck.promise('mx2', 6)")
        expect("consumed", (row["consumed_kind"], row["consumed_epoch"], row["consumed_node"]),
               ("certificate", "3", "mx1"))
        expect("rows", voter_rows(root),
               [("mx2", "promise", 6), ("mx2", "release", 6), ("mx2", "out_of_sync", 3)])
        refused("a refusal consumes nothing", vote, "CALL replcheck.promise('mx1', 5)", "promised")
        expect("rows after it", voter_rows(root),
               [("mx2", "promise", 6), ("mx2", "release", 6), ("mx2", "out_of_sync", 3)])


@case
def release_names_the_session_that_held_the_vote():
    with node() as (roles, root):
        vote, other = roles.voting(roles.local()), roles.local()
        for kind in ("release", "certificate"):
            refused(kind, other, said("mx1", kind), "no_vote")
        expect("certificate", vote.row("CALL replcheck.release_vote('mx1', 'certificate', 3, 'binlog.000007',"
                                       " 18446744073709551615, '0-1-9')"), {"ok": "1", "seq": str(vote.id)})
        expect("row", root.row("SELECT * FROM replcheck.voter"),
               {"node": "mx1", "kind": "certificate", "epoch": "3", "file": "binlog.000007",
                "size": "18446744073709551615", "gtid": "0-1-9", "seq": str(vote.id)})
        expect("the lock stays", vote.value(f"SELECT IS_USED_LOCK('{VOTE}') = CONNECTION_ID()"), "1")
        for kind in ("promise", "none", "", None):
            refused(str(kind), vote, said("mx1", kind), "bad_argument")
        other.query(said("mx2", "off"))
        refused("off from afar", roles.remote(), said("mx1", "off"), "local_only")
        expect("rows", voter_rows(root), [("mx1", "certificate", 3), ("mx2", "off", 3)])


@case
def a_mark_is_for_the_holder_of_the_vote():
    """Whoever takes the vote and reads no mark may rely on it: none is written afterwards, and a late call of a
    session that lost the vote takes none away."""
    with node() as (roles, root):
        vote, other = roles.local(), roles.local()
        refused("mark, no vote", vote, said("mx2", "out_of_sync"), "no_vote")
        roles.voting(vote)
        vote.query("CALL replcheck.promise('mx1', 3)")
        expect("mark", vote.row(said("mx2", "out_of_sync")), {"ok": "1", "seq": str(vote.id)})
        refused("mark by another", other, said("mx2", "out_of_sync", 5), "no_vote")
        refused("clear by another", other, "CALL replcheck.clear_mark('mx2')", "no_vote")
        expect("rows", voter_rows(root), [("mx1", "promise", 3), ("mx2", "out_of_sync", 3)])
        expect("cleared", vote.row("CALL replcheck.clear_mark('mx2')"), {"ok": "1", "deleted": "1"})
        expect("cleared again", vote.row("CALL replcheck.clear_mark('mx2')"), {"ok": "1", "deleted": "0"})
        vote.query("CALL replcheck.promise('mx2', 4)")
        refused("superseded", vote, said("mx2", "out_of_sync"), "promised")
        expect("left", voter_rows(root), [("mx1", "promise", 3), ("mx2", "promise", 4)])
        expect("as it was", vote.value("SELECT @@SESSION.sql_log_bin"), "1")


@case
def reclaim_unless_promised_since():
    with node() as (roles, root):
        vote = roles.voting(roles.local())
        vote.query("CALL replcheck.promise('mx1', 3)")
        for kind in ("release", "certificate"):
            vote.query(said("mx1", kind))
        vote.query(said("mx2", "release"))
        remote = roles.remote()
        expect("another epoch", remote.row("CALL replcheck.reclaim('mx1', 5)"), {"ok": "1", "deleted": "0"})
        expect("own", remote.row("CALL replcheck.reclaim('mx1', 3)"), {"ok": "1", "deleted": "2"})
        expect("rows", voter_rows(root), [("mx1", "promise", 3), ("mx2", "release", 3)])
        vote.query(said("mx1", "release"))
        vote.query("CALL replcheck.promise('mx2', 4)")
        refused("superseded", remote, "CALL replcheck.reclaim('mx1', 3)", "promised")
        expect("consumed", voter_rows(root), [("mx1", "promise", 3), ("mx2", "promise", 4)])


@case
def reclaim_and_promise_exclude_each_other():
    """The taker's promise and the giver's reclaim are in flight together: exactly one may win."""
    with node() as (roles, root):
        taker = roles.voting(roles.remote())
        giver = roles.local()
        outcomes = set()
        for round_number in range(60):
            epoch = 10 + 4 * round_number
            root.query("SET SESSION sql_log_bin = 0; DELETE FROM replcheck.voter;"
                       f" INSERT INTO replcheck.voter (node, kind, epoch) VALUES ('mx1', 'promise', {epoch}),"
                       f" ('mx1', 'release', {epoch})")
            result = {}

            def take():
                result["taken"] = taker.row(f"CALL replcheck.promise('mx2', {epoch + 1})")["consumed_kind"]

            def give():
                try:
                    result["reclaimed"] = giver.row(f"CALL replcheck.reclaim('mx1', {epoch})")["deleted"]
                except SqlError as error:
                    result["reclaimed"] = error.text.split(":")[0]
            order = [take, give] if round_number % 2 else [give, take]
            threads = [threading.Thread(target=f) for f in order]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            outcomes.add((result["taken"], result["reclaimed"]))
        expect("outcomes", outcomes <= {("release", "promised"), (None, "1")}, True)


@case
def enable_needs_everything():
    with node() as (roles, root):
        vote = roles.local()
        enable = "CALL replcheck.enable('mx1', 7)"
        refused("nothing at all", vote, enable, "no_vote")
        roles.voting(vote)
        refused("no promise", vote, enable, "not_highest")
        vote.query("CALL replcheck.promise('mx1', 7)")
        refused("write lock free", vote, enable, "no_write_lock")
        root.query(f"SELECT GET_LOCK('{WRITE}', 0)")
        refused("write lock of root", vote, enable, "foreign_write_lock")
        root.query(f"SELECT RELEASE_LOCK('{WRITE}')")
        vote.query(f"SELECT GET_LOCK('{WRITE}', 0)")
        refused("write lock of the supervisor", vote, enable, "foreign_write_lock")
        vote.query(f"SELECT RELEASE_LOCK('{WRITE}')")
        roles.armed()
        root.query("SET SESSION sql_log_bin = 0; DELETE FROM replcheck.voter")
        refused("NULL without a promise", vote, "CALL replcheck.enable(NULL, NULL)", "not_highest")
        vote.query("CALL replcheck.promise('mx1', 7)")
        other = roles.local()
        refused("vote held by another session", other, enable, "no_vote")
        refused("another epoch", vote, "CALL replcheck.enable('mx1', 5)", "not_highest")
        refused("higher epoch", vote, "CALL replcheck.enable('mx1', 9)", "not_highest")
        refused("another node", vote, "CALL replcheck.enable('mx2', 7)", "not_highest")
        refused("NULL", vote, "CALL replcheck.enable(NULL, NULL)", "not_highest")
        expect("read_only", read_only(root), "1")
        expect("enabled", vote.row(enable), {"ok": "1", "read_only": "0"})
        expect("read_only then", read_only(root), "0")
        expect("enabled again", vote.row(enable), {"ok": "1", "read_only": "0"})
        root.query("SET GLOBAL read_only = 1")
        vote.query("BEGIN; SELECT * FROM replcheck.voter")
        refused("in a transaction", vote, enable, "in_transaction")
        vote.query("ROLLBACK; SET SESSION autocommit = 0")
        refused("without autocommit", vote, enable, "in_transaction")


@case
def enable_is_refused_when_another_promised_since():
    with node() as (roles, root):
        vote, _ = writer(roles)
        root.query("SET GLOBAL read_only = 1")
        rival = roles.remote()
        late = vote.id
        root.query(f"KILL {late}")
        gone(root, late)
        roles.voting(rival)
        rival.query("CALL replcheck.promise('mx2', 8)")
        again = roles.local()
        refused("no vote any more", again, "CALL replcheck.enable('mx1', 7)", "no_vote")
        thread_id = rival.id
        rival.close()
        gone(root, thread_id)
        roles.voting(again)
        refused("old epoch", again, "CALL replcheck.enable('mx1', 7)", "not_highest")
        expect("read_only", read_only(root), "1")


@contextlib.contextmanager
def second_check_fails(root):
    """The second check of the next enable refuses; @seen tells what read_only was at each."""
    root.query("SET SESSION sql_log_bin = 0; USE replcheck")
    definition = root.row("SHOW CREATE PROCEDURE check_authority")["Create Procedure"]
    definition = definition.replace("CREATE ", "CREATE OR REPLACE ", 1)
    changed = definition.replace("SET p_refusal = NULL;",
                                 "SET p_refusal = NULL; SET @calls = COALESCE(@calls, 0) + 1;"
                                 " SET @seen = CONCAT(COALESCE(@seen, ''), @@GLOBAL.read_only + 0);")
    end = changed.rindex("END")
    root.query(changed[:end] + " IF @calls = 2 THEN SET p_refusal = 'no_vote: lost meanwhile'; END IF; END")
    try:
        yield
    finally:
        root.query(definition)


@case
def enable_undoes_itself_when_the_second_check_fails():
    with node() as (roles, root):
        vote = roles.voting(roles.local())
        roles.armed()
        vote.query("CALL replcheck.promise('mx1', 7)")
        with second_check_fails(root):
            vote.query("SET SESSION lock_wait_timeout = 77")
            refused("second check", vote, "CALL replcheck.enable('mx1', 7)", "no_vote")
            expect("it was enabled between", vote.value("SELECT @seen"), "10")
            expect("read_only", read_only(root), "1")
            expect("lock_wait_timeout restored", vote.value("SELECT @@SESSION.lock_wait_timeout"), "77")


@case
def enable_that_cannot_undo_itself_says_so_by_failing():
    """An idle LOCK TABLES holds up read_only=1: the undo is given up, the caller has to fence."""
    with node() as (roles, root):
        vote, _ = writer(roles)
        root.query("SET SESSION sql_log_bin = 0; CREATE DATABASE scratch; CREATE TABLE scratch.t (a INT)")
        with second_check_fails(root):
            holder = roles.root()
            holder.query("LOCK TABLES scratch.t WRITE")
            # It ends at all: the lock is held until it has, and the server's own patience is a day.
            refused("second check", vote, "CALL replcheck.enable('mx1', 7)", "no_vote")
            expect("read_only", read_only(root), "0")
            holder.query("UNLOCK TABLES")
        root.query("DROP DATABASE scratch")


@case
def a_late_enable_never_outlives_a_fence():
    """The server is stopped with an enabling on its way; a fence kills its session first."""
    with node() as (roles, root):
        fencer = roles.armed()
        rounds, writable = 20, 0
        for _ in range(rounds):
            vote = roles.voting(roles.local())
            vote.query("CALL replcheck.promise('mx1', 7)")
            roles.server.kill(signal.SIGSTOP)

            def enable():
                with contextlib.suppress(SqlError):
                    vote.query("CALL replcheck.enable('mx1', 7)")

            def fence():
                with contextlib.suppress(SqlError):
                    fencer.query(f"KILL {vote.id}")
                gone(fencer, vote.id)
                fencer.query("SET GLOBAL read_only = 1")
            with concurrent.futures.ThreadPoolExecutor(2) as pool:
                both = [pool.submit(enable), pool.submit(fence)]
                time.sleep(0.01)
                roles.server.kill(signal.SIGCONT)
                for one in both:
                    one.result()
            writable += read_only(root) != "1"
            vote.close()
        expect(f"writable after the fence, of {rounds}", writable, 0)


@case
def offsets_and_bulletin():
    with node() as (roles, root):
        local = roles.local()
        expect("offsets", local.row("CALL replcheck.set_offsets(2, 2)"),
               {"ok": "1", "auto_increment_increment": "2", "auto_increment_offset": "2"})
        expect("in force", roles.root().row("SELECT @@auto_increment_increment AS i,"
                                            " @@auto_increment_offset AS o"), {"i": "2", "o": "2"})
        for arguments in ("2, 3", "2, 0", "0, 0", "65536, 1", "NULL, 1", "2, NULL"):
            refused(arguments, local, f"CALL replcheck.set_offsets({arguments})", "bad_argument")
        local.query("CALL replcheck.set_offsets(1, 1)")
        local.query("CALL replcheck.bulletin_put('mx1', 1, 'standby', 3, 0, '0-1-4', 'abc')")
        local.query("CALL replcheck.bulletin_put('mx1', 2, 'writer', 5, 1, '0-1-5', 'abc')")
        roles.remote().query("CALL replcheck.bulletin_put('mx2', 1, 'standby', 3, NULL, '', 'abd')")
        expect("bulletin", root.query("SELECT * FROM replcheck.bulletin ORDER BY node"),
               [{"node": "mx1", "seq": "2", "state": "writer", "epoch": "5", "vip": "1", "gtid": "0-1-5",
                 "config_hash": "abc"},
                {"node": "mx2", "seq": "1", "state": "standby", "epoch": "3", "vip": None, "gtid": "",
                 "config_hash": "abd"}])


def audited(session):
    """(kind, user@host, via, object) of everything the audit finds."""
    return [(r["kind"], f"{r['user']}@{r['host']}", r["via"], r["object"])
            for r in session.query("CALL replcheck.audit_accounts()")]


@case
def audit_finds_roles_and_public():
    with node() as (roles, root):
        local = roles.local()
        usual = audited(local)
        expect("administrators alone", {(what, via) for _, what, via, _ in usual} -
               {("mysql@localhost", None)}, {("root@localhost", None)})
        expect("by unix_socket", {r["socket_only"] for r in local.query("CALL replcheck.audit_accounts()")}, {"1"})
        root.query("SET SESSION sql_log_bin = 0; CREATE ROLE inner_role; CREATE ROLE outer_role;"
                   " CREATE USER direct@'%', plain@'%', by_role@'%', by_nested@'%', locked@'%',"
                   " all_of_it@'%', by_default@'%';"
                   " GRANT READ_ONLY ADMIN ON *.* TO direct@'%', inner_role, locked@'%';"
                   " GRANT ALL ON *.* TO all_of_it@'%'; GRANT SUPER ON *.* TO plain@'%';"
                   " ALTER USER locked@'%' ACCOUNT LOCK; GRANT inner_role TO outer_role, by_role@'%', by_default@'%';"
                   " GRANT outer_role TO by_nested@'%'; SET DEFAULT ROLE inner_role FOR by_default@'%'")
        found = [entry[1:3] for entry in audited(local) if entry not in usual and not entry[1].startswith("root")]
        expect("found", found, [("all_of_it@%", None), ("by_default@%", "role inner_role"),
                                ("by_nested@%", "role inner_role"), ("by_role@%", "role inner_role"),
                                ("direct@%", None)])
        root.query("GRANT READ_ONLY ADMIN ON *.* TO PUBLIC")
        expect("public", ("account", "PUBLIC@", "every account", "") in audited(local), True)
        root.query("REVOKE READ_ONLY ADMIN ON *.* FROM PUBLIC; DROP ROLE inner_role, outer_role;"
                   " DROP USER direct@'%', plain@'%', by_role@'%', by_nested@'%', locked@'%', all_of_it@'%',"
                   " by_default@'%'")
        expect("as before", audited(local), usual)


def writes(session):
    """Does this session write on the read-only server?"""
    try:
        session.query("INSERT INTO scratch.t VALUES (1)")
        return True
    except SqlError as error:
        expect("why not", error.number, 1290)
        return False


@case
def audit_is_what_the_server_does():
    """Each way to hold the privilege, with the write itself as the judge."""
    with node() as (roles, root):
        local = roles.local()
        root.query("SET SESSION sql_log_bin = 0; CREATE DATABASE scratch; CREATE TABLE scratch.t (a INT)"
                   " ENGINE = InnoDB; CREATE ROLE r; GRANT READ_ONLY ADMIN ON *.* TO r")
        ways = {
            "plain": "",
            "super": "GRANT SUPER ON *.* TO {}",
            "old_super": "GRANT SUPER ON *.* TO {}; UPDATE mysql.global_priv SET Priv = JSON_SET(Priv,"
                         " '$.version_id', 101000) WHERE User = 'old_super'; FLUSH LOCAL PRIVILEGES",
            "oldest_super": "GRANT SUPER ON *.* TO {}; UPDATE mysql.global_priv SET Priv = JSON_REMOVE(Priv,"
                            " '$.version_id') WHERE User = 'oldest_super'; FLUSH LOCAL PRIVILEGES",
            "direct": "GRANT READ_ONLY ADMIN ON *.* TO {}",
            "everything": "GRANT ALL ON *.* TO {}",
            "by_role": "GRANT r TO {}; SET DEFAULT ROLE r FOR {}",
            "proxy": "GRANT PROXY ON direct@'127.0.0.1' TO {}",
        }
        try:
            for user, grants in ways.items():
                account = f"{user}@'127.0.0.1'"
                root.query(f"CREATE USER {account} IDENTIFIED BY 'x'; GRANT SELECT, INSERT ON scratch.* TO {account};"
                           + grants.format(account, account))
                with roles.server.connect(host="127.0.0.1", user=user, password="x") as session:
                    bypasses = writes(session)
                found = any(what == f"{user}@127.0.0.1" for _, what, _, _ in audited(local))
                print(f"    {user}: {'writes' if bypasses else 'is refused'}")
                expect(user, found, bypasses)
                expect(user + ", as expected", bypasses, user not in ("plain", "super", "proxy"))
        finally:
            root.query("DROP DATABASE scratch; DROP ROLE r; "
                       + "".join(f"DROP USER IF EXISTS {user}@'127.0.0.1';" for user in ways))


@case
def audit_finds_what_runs_as_a_privileged_account():
    with node() as (roles, root):
        local = roles.local()
        root.query("SET SESSION sql_log_bin = 0; CREATE DATABASE scratch; CREATE TABLE scratch.t (a INT)"
                   " ENGINE = InnoDB; CREATE USER caller@'127.0.0.1' IDENTIFIED BY 'x';"
                   " GRANT SELECT, INSERT, EXECUTE ON scratch.* TO caller@'127.0.0.1';"
                   " CREATE PROCEDURE scratch.of_root() MODIFIES SQL DATA INSERT INTO scratch.t VALUES (2);"
                   " CREATE PROCEDURE scratch.of_caller() SQL SECURITY INVOKER MODIFIES SQL DATA"
                   " INSERT INTO scratch.t VALUES (3);"
                   " CREATE EVENT scratch.hourly ON SCHEDULE EVERY 1 HOUR DO INSERT INTO scratch.t VALUES (4);"
                   " CREATE EVENT scratch.asleep ON SCHEDULE EVERY 1 HOUR DISABLE DO DELETE FROM scratch.t")
        try:
            with roles.server.connect(host="127.0.0.1", user="caller", password="x") as caller:
                expect("direct", writes(caller), False)
                caller.query("CALL scratch.of_root()")
                expect_error("invoker's", lambda: caller.query("CALL scratch.of_caller()"), 1290)
            expect("found", {entry for entry in audited(local) if entry[0] != "account"},
                   {("procedure", "root@localhost", None, "scratch.of_root"),
                    ("event", "root@localhost", None, "scratch.hourly")})
        finally:
            root.query("DROP DATABASE scratch; DROP USER caller@'127.0.0.1'")
        expect("gone", [entry for entry in audited(local) if entry[0] != "account"], [])


@case
def audit_tells_how_an_account_logs_in():
    with node() as (roles, root):
        local = roles.local()
        ways = {"socket": ("unix_socket", "1"), "either": ("unix_socket OR mysql_native_password AS PASSWORD('x')", "0"),
                "other": ("mysql_native_password AS PASSWORD('x') OR unix_socket", "0"),
                "invalid": ("mysql_native_password USING 'invalid' OR unix_socket", "1"),
                "secret": ("mysql_native_password AS PASSWORD('x')", "0")}
        root.query("SET SESSION sql_log_bin = 0")
        try:
            for user, (how, only) in ways.items():
                root.query(f"CREATE USER {user}@localhost IDENTIFIED VIA {how};"
                           f" GRANT READ_ONLY ADMIN ON *.* TO {user}@localhost")
                found = [r["socket_only"] for r in local.query("CALL replcheck.audit_accounts()") if r["user"] == user]
                expect(user, found, [only])
        finally:
            root.query("".join(f"DROP USER IF EXISTS {user}@localhost;" for user in ways))


@case
def the_path_of_a_failover_is_quick():
    with node() as (roles, root):
        vote = roles.voting(roles.local())
        roles.armed()
        idle = [roles.server.connect() for _ in range(100)]
        try:
            medians = {}
            for name, sql in (("promise", "CALL replcheck.promise('mx1', {})"),
                              ("enable", "CALL replcheck.enable('mx1', {})"),
                              ("release_vote", said("mx1", "release", "{}")),
                              ("reclaim", "CALL replcheck.reclaim('mx1', {})")):
                took = []
                for i in range(200):
                    epoch = i + 1 if name == "promise" else 200
                    begin = time.perf_counter()
                    vote.query(sql.format(epoch))
                    took.append((time.perf_counter() - begin) * 1000)
                first, took = took[0], sorted(took)
                medians[name] = took[100]
                print(f"    {name}: first {first:.2f} ms, median {took[100]:.2f}, 95 % {took[190]:.2f}")
            expect("medians far below what a promotion has", max(medians.values()) < 5, True)
        finally:
            for session in idle:
                session.close()


if __name__ == "__main__":
    sys.exit(main())
