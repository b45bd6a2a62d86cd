#!/usr/bin/env python3
"""`mysql-replcheck schema`: how it comes and goes, what it refuses, and a witness."""

import os
import subprocess
import sys
import tempfile
import time

from certificates import certificates
from schema_fixture import (MX1, MX2, OPTIONS, PASSWORD, VERSION, await_read_only, case, done, driver, expect, fails,
                            gone, main, node, read_only, refused, server_named, voter_rows, witness, writer)


SYSTEM_TABLES = ("SELECT User, Host, Priv FROM mysql.global_priv ORDER BY 1, 2",
                 "SELECT * FROM mysql.db", "SELECT * FROM mysql.tables_priv",
                 "SELECT * FROM mysql.procs_priv", "SELECT db, name FROM mysql.proc WHERE db <> 'sys'",
                 "SELECT db, name FROM mysql.event", "SELECT SCHEMA_NAME FROM information_schema.SCHEMATA")


def fingerprint(session):
    return [session.query(sql) for sql in SYSTEM_TABLES]


def installed_things(session):
    things = session.query("SELECT type, name, body, param_list, definer, sql_mode FROM mysql.proc"
                           " WHERE db = 'replcheck' ORDER BY name")
    things += session.query("SELECT name, body, definer, status FROM mysql.event WHERE db = 'replcheck'")
    things += session.query("SELECT TABLE_NAME, COLUMN_NAME, COLUMN_TYPE, IS_NULLABLE, COLUMN_KEY"
                            " FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = 'replcheck' ORDER BY 1, 2")
    things += session.query("SELECT TABLE_NAME, ENGINE FROM information_schema.TABLES"
                            " WHERE TABLE_SCHEMA = 'replcheck' ORDER BY 1")
    for account in ("'replcheck'@'localhost'", f"'replcheck'@'{MX1}'", f"'replcheck'@'{MX2}'",
                    "'replcheck-fence'@'localhost'", "'replcheck-definer'@'localhost'"):
        things += sorted(session.query(f"SHOW GRANTS FOR {account}"), key=str)
    return things


@case
def install_twice_upgrade_and_uninstall_leave_nothing():
    server = server_named("n1", server_id=1, options=OPTIONS)
    with server.connect() as root:
        before, gtid = fingerprint(root), root.value("SELECT @@gtid_binlog_pos")
        first = done(server, "install")
        expect("first report", f"version {VERSION} installed for node mx1 of cluster mail" in first, True)
        things = installed_things(root)
        root.query("SET SESSION sql_log_bin = 0;"
                   " INSERT INTO replcheck.voter (node, kind, epoch) VALUES ('mx1', 'promise', 4)")
        expect("second report", "installed again" in done(server, "install"), True)
        expect("upgrade to the same", "installed again" in done(server, "upgrade"), True)
        expect("nothing changed", installed_things(root), things)
        expect("the promise is kept", voter_rows(root), [("mx1", "promise", 4)])
        expect("engines", root.query("SELECT DISTINCT ENGINE FROM information_schema.TABLES"
                                     " WHERE TABLE_SCHEMA = 'replcheck'"), [{"ENGINE": "InnoDB"}])
        done(server, "uninstall")
        expect("what is left", fingerprint(root), before)
        expect("second uninstall", "nothing is installed" in done(server, "uninstall"), True)
        expect("gtid_binlog_pos", root.value("SELECT @@gtid_binlog_pos"), gtid)


@case
def versions_and_owners_are_checked():
    with node() as (roles, root):
        server = roles.server
        things = installed_things(root)
        root.query("SET SESSION sql_log_bin = 0; UPDATE replcheck.installed SET version = 1;"
                   " DROP PROCEDURE replcheck.promise; DROP PROCEDURE replcheck.audit_binlog;"
                   " DROP PROCEDURE replcheck.make_dead_man; DROP EVENT replcheck.dead_man;"
                   " REVOKE SELECT ON mysql.event FROM 'replcheck-definer'@localhost")
        fails(1, "schema upgrade", server, "install")
        expect("upgraded", "upgraded" in done(server, "upgrade"), True)
        expect("version", root.value("SELECT version FROM replcheck.installed"), VERSION)
        expect("as installed anew", installed_things(root), things)
        expect("procedure back", root.value("SELECT COUNT(*) FROM mysql.proc WHERE db = 'replcheck'"
                                            " AND name = 'promise'"), "1")
        root.query("UPDATE replcheck.installed SET version = 99")
        for action in ("install", "upgrade"):
            fails(1, "use a newer mysql-replcheck", server, action)
        root.query("UPDATE replcheck.installed SET version = 2")
        fails(1, "belongs to the cluster mail", server, "install", cluster="shop")
        fails(1, "belongs to the cluster mail", server, "uninstall", cluster="shop")
        fails(1, "installed as node mx1, not as node mx2", server, "install", node="mx2")
        fails(1, "installed as node mx1, not as a witness", server, "install", "--witness",
              "--socket", server.socket)


@case
def a_copy_of_the_other_nodes_data_becomes_this_nodes():
    with node() as (roles, root):
        server = roles.server
        root.query(f"SET SESSION sql_log_bin = 0; UPDATE replcheck.installed SET node = 'mx2', version = {VERSION};"
                   " INSERT INTO replcheck.voter (node, kind, epoch) VALUES ('mx1', 'promise', 3),"
                   " ('mx2', 'promise', 4), ('mx2', 'release', 4), ('mx1', 'certificate', 3), ('mx1', 'off', 3),"
                   " ('mx1', 'out_of_sync', 4); INSERT INTO replcheck.term (epoch, node, reason, row_id, gtid)"
                   " VALUES (4, 'mx2', 'test', 0, '')")
        root.query("SET GLOBAL server_id = 2")
        try:  # as the other node's server says it: here is no copy, but a wrong address
            fails(1, "installed as node mx2, not as node mx1", server, "install")
            expect("rows of the other", len(voter_rows(root)), 6)
        finally:
            root.query("SET GLOBAL server_id = 1")
        expect("copied", "a copy of node mx2's" in done(server, "install"), True)
        expect("what was promised", voter_rows(root), [("mx1", "promise", 3), ("mx2", "promise", 4)])
        expect("owner", root.value("SELECT node FROM replcheck.installed"), "mx1")
        expect("terms", root.value("SELECT COUNT(*) FROM replcheck.term"), "1")
        expect("a second time", "copy" in done(server, "upgrade"), False)


@case
def uninstall_is_refused_under_a_supervisor():
    with node() as (roles, _):
        roles.voting(roles.local())
        fails(1, "a supervisor is at work", roles.server, "uninstall")


@case
def a_foreign_database_and_a_missing_server_are_refused():
    with node() as (roles, root):
        done(roles.server, "uninstall")
        root.query("SET SESSION sql_log_bin = 0; CREATE DATABASE replcheck;"
                   " CREATE TABLE replcheck.mine (a INT)")
        for action in ("install", "uninstall"):
            fails(1, "did not make", roles.server, action)
        fails(1, "did not make", roles.server, "upgrade")
        root.query("DROP DATABASE replcheck")
        fails(1, "schema install", roles.server, "upgrade")
        fails(1, "is mariadbd running there?", None, "install")
        fails(1, "run this as root", roles.server, "install", "--user", "nobody")


@case
def a_login_without_the_privileges_is_told_so():
    with node() as (roles, root):
        with tempfile.NamedTemporaryFile("w") as secret:
            secret.write("plain\n")
            secret.flush()
            root.query("SET SESSION sql_log_bin = 0; CREATE USER weak@localhost IDENTIFIED BY 'plain'")
            try:
                fails(1, "administrator with ALL PRIVILEGES", roles.server, "install", "--user", "weak",
                      "--login-password-file", secret.name)
            finally:
                root.query("DROP USER weak@localhost")


@case
def print_makes_what_install_makes():
    with node() as (roles, root):
        things = installed_things(root)
        done(roles.server, "uninstall")
        script = done(roles.server, "print")
        expect("dry run", done(roles.server, "install", "--dry-run"), script)
        expect("no secret", "secret" in script, False)
        escaped = PASSWORD.replace("\\", "\\\\").replace("'", "\\'")
        subprocess.run(["mariadb", "--no-defaults", f"--socket={roles.server.socket}", "--comments"],
                       input=script.replace("@PASSWORD@", escaped), text=True, check=True)
        expect("the same", installed_things(root), things)
        expect("password works", roles.remote().value("SELECT CURRENT_USER()"), f"replcheck@{MX2}")
        uninstall = done(roles.server, "uninstall", "--dry-run")
        subprocess.run(["mariadb", "--no-defaults", f"--socket={roles.server.socket}"], input=uninstall,
                       text=True, check=True)
        expect("gone", root.query("SELECT User FROM mysql.global_priv WHERE User LIKE 'replcheck%'"), [])


@case
def a_writable_server_is_not_fenced_by_its_installation():
    with node() as (roles, root):
        done(roles.server, "uninstall")
        root.query("SET GLOBAL read_only = 0")
        report = done(roles.server, "install")
        expect("note", "dead-man's switch is left disabled" in report, True)
        time.sleep(1.5)
        expect("read_only", read_only(root), "0")
        roles.local().query("CALL replcheck.repair_dead_man()")
        await_read_only(root, "1")
        report = done(roles.server, "install", mode="dual")
        expect("dual", "write_mode is dual" in report, True)
        root.query("SET GLOBAL read_only = 0")
        time.sleep(1.5)
        expect("read_only in dual mode", read_only(root), "0")
        done(roles.server, "uninstall")


@case
def an_upgrade_under_a_writer_changes_nothing_for_it():
    with node() as (roles, root):
        vote, _ = writer(roles)
        done(roles.server, "upgrade")
        expect("still mine", vote.row("CALL replcheck.enable('mx1', 7)"), {"ok": "1", "read_only": "0"})
        time.sleep(1.5)
        expect("read_only", read_only(root), "0")
        expect("switch", root.value("SELECT STATUS FROM information_schema.EVENTS"), "ENABLED")


USAGE = (
    ("no action", ["--dry-run"], "mx1", "install, upgrade, uninstall or print"),
    ("unknown action", ["remove"], "mx1", "remove: install"),
    ("two actions", ["install", "print"], "mx1", "one action"),
    ("unknown option", ["install", "--frobnicate"], "mx1", "help schema"),
    ("socket and host", ["install", "--socket", "/s", "--host", "127.0.0.1"], "mx1", "two servers"),
    ("port without host", ["install", "--port", "3306"], "mx1", "go with --host"),
    ("bad port", ["install", "--host", "127.0.0.1", "--port", "33o6"], "mx1", "1 to 65535"),
    ("no configuration", ["install"], "-", "needs its configuration"),
    ("witness options on a node", ["install", "--cluster", "x"], "mx1", "go with --witness"),
    ("both configurations", ["install", "--witness", "--cluster", "x"], "mx1", "the configuration says it"),
    ("witness without addresses", ["install", "--witness", "--cluster", "x"], "-", "--allow"),
    ("witness without password", ["install", "--witness", "--cluster", "x", "--allow", MX1], "-",
     "--password-file"),
    ("name as address", ["install", "--witness", "--cluster", "x", "--allow", "mx1"], "-", "numeric"),
    ("missing secret", ["install", "--login-password-file", "/nonexistent"], "mx1", "No such file"),
)


@case
def usage_errors_exit_2():
    for name, arguments, who, word in USAGE:
        result = driver(None, *arguments, node=who)
        expect(name + ": exit", result.returncode, 2)
        expect(f"{name}: {result.stderr}", word in result.stderr, True)
    with tempfile.NamedTemporaryFile("w") as secret:
        secret.write("x\n")
        secret.flush()
        os.chmod(secret.name, 0o644)
        fails(2, "chmod", None, "install", "--login-password-file", secret.name)
        os.chmod(secret.name, 0o600)
        secret.truncate(0)
        fails(2, "a password of", None, "install", "--login-password-file", secret.name)


@case
def a_remote_server_is_verified_when_asked_for():
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o755)
        keys = os.path.join(folder, "keys")
        certificates(keys, "127.0.0.1")
        options = ["--skip-log-bin", f"--ssl-ca={keys}/ca.pem", f"--ssl-cert={keys}/server.pem",
                   f"--ssl-key={keys}/server.key"]
        ca = lambda name: ["--tls-ca", os.path.join(keys, name)]
        with witness("t1", options, ca("ca.pem")) as (roles, root, login):
            root.query("ALTER USER admin@'127.0.0.1' REQUIRE SSL")
            vote = roles.voting(roles.remote(MX1))
            expect("promise without a binary log", vote.row("CALL replcheck.promise('mx1', 1)")["ok"], "1")
            thread_id = vote.id
            vote.close()
            gone(root, thread_id)
            done(None, "uninstall", *login, node="-")
            fails(1, "cannot log in", None, "uninstall", *login, *ca("other-ca.pem"), node="-")
            roles.close()
        with witness() as (_, _, login):
            fails(1, "cannot log in", None, "uninstall", *login, *ca("ca.pem"), node="-")
            done(None, "uninstall", *login, node="-")


@case
def a_witness_gets_only_what_a_voter_needs():
    with witness() as (roles, root, login):
        gtid = root.value("SELECT @@gtid_binlog_pos")
        names = [r["name"] for r in
                 root.query("SELECT name FROM mysql.proc WHERE db = 'replcheck' ORDER BY 1")]
        expect("procedures", names, ["clear_mark", "promise", "reclaim", "release_vote"])
        tables = [r["TABLE_NAME"] for r in root.query("SELECT TABLE_NAME FROM information_schema.TABLES"
                                                      " WHERE TABLE_SCHEMA = 'replcheck' ORDER BY 1")]
        expect("tables", tables, ["installed", "voter"])
        expect("events", root.query("SELECT name FROM mysql.event WHERE db = 'replcheck'"), [])
        accounts = [(r["User"], r["Host"]) for r in
                    root.query("SELECT User, Host FROM mysql.global_priv"
                               " WHERE User LIKE 'replcheck%' ORDER BY 1, 2")]
        expect("accounts", accounts, [("replcheck", MX1), ("replcheck", MX2),
                                      ("replcheck-definer", "localhost")])
        vote = roles.voting(roles.remote(MX1))
        expect("promise", vote.row("CALL replcheck.promise('mx1', 1)")["ok"], "1")
        vote.query("CALL replcheck.release_vote('mx1', 'release', 1, NULL, NULL, '0-1-5')")
        refused("off by a node", vote, "CALL replcheck.release_vote('mx2', 'off', 1, NULL, NULL, NULL)",
                "local_only")
        rival = roles.remote(MX2)
        refused("rival without the vote", rival, "CALL replcheck.promise('mx2', 2)", "no_vote")
        thread_id = vote.id
        vote.close()
        gone(root, thread_id)
        roles.voting(rival)
        expect("rival", rival.row("CALL replcheck.promise('mx2', 2)"),
               {"ok": "1", "highest_before": "1", "consumed_kind": "release", "consumed_epoch": "1",
                "consumed_node": "mx1"})
        expect("gtid_binlog_pos", root.value("SELECT @@gtid_binlog_pos"), gtid)
        # The configuration of a node serves its witness as well.
        expect("from a node", "installed again for a witness" in done(None, "install", *login), True)
        fails(1, "a supervisor is at work", None, "uninstall", *login, node="-")
        thread_id = rival.id
        rival.close()
        gone(root, thread_id)
        done(None, "uninstall", *login, node="-")
        expect("left", root.query("SELECT User FROM mysql.global_priv WHERE User LIKE 'replcheck%'"), [])


if __name__ == "__main__":
    sys.exit(main())
