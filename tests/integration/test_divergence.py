#!/usr/bin/env python3
"""`mysql-replcheck divergence` over two real servers that went apart: rows, DDL, transactions, several binary logs,
encrypted and compressed ones, purged ones, a million of rows; and what is kept can be replayed. Needs root and
mariadbd; skipped without."""
import contextlib
import json
import os
import shutil
import subprocess
import sys
import tempfile

from case_fixture import Failure, case, expect, expect_in, run_cases, skip_all, wait_for
from cli_fixture import TOOL, cluster, write_node
from mariadb_sandbox import USERS, Sandbox, lacking, private_users
from ports import free_port

PASSWORD = "secret"
OPTIONS = ["--log-bin=binlog", "--log-slave-updates", "--gtid-strict-mode=1", "--binlog-format=ROW",
           "--event-scheduler=ON", "--log-bin-compress=1", "--log-bin-compress-min-len=10", "--binlog-checksum=CRC32"]
KEY = "1;a7addd9adea9978fda19f21e6be987880e68ac92632ca052e5bb42b1a506939a\n"
MX1, MX2 = "127.0.0.11", "127.0.0.12"


class Pair:
    """n1 and n2 with a common history and the schema, then apart."""

    def __init__(self, box, folder):
        key = os.path.join(folder, "key")
        with open(key, "w", encoding="ascii") as file:
            file.write(KEY)
        os.chmod(key, 0o644)
        self.folder = folder
        encrypted = [*OPTIONS, "--skip-ssl", "--plugin-load-add=file_key_management",
                     f"--file-key-management-filename={key}",
                     "--encrypt-binlog=1"]
        self.ports = [free_port(), free_port()]
        self.servers = [box.start(f"n{i + 1}", server_id=i + 1, port=self.ports[i], options=[*encrypted, *more])
                        for i, more in enumerate(([], ["--bind-address=" + MX2]))]
        self.one, self.two = (server.connect() for server in self.servers)
        self.config = os.path.join(folder, "config")
        self.state = os.path.join(folder, "state")
        os.mkdir(self.state)
        shutil.chown(self.state, USERS["replcheck"])
        self._configure()
        self._share_history()

    def _configure(self):
        os.mkdir(self.config)
        write_node(self.config, cluster((MX1, self.ports[0]), (MX2, self.ports[1])), f"{self.folder}/run", PASSWORD,
                   self.servers[0].socket, state_dir=self.state)
        shutil.chown(f"{self.config}/peer.secret", USERS["replcheck"])

    def _share_history(self):
        done = self.tool("schema", "install")
        expect(f"schema install: {done.stderr}", done.returncode, 0)
        self.one.query("CREATE USER repl@'127.0.0.1' IDENTIFIED BY 'x'; GRANT REPLICATION SLAVE ON *.* TO"
                       " repl@'127.0.0.1'; CREATE DATABASE mail; CREATE TABLE mail.alias (id INT PRIMARY KEY"
                       " AUTO_INCREMENT, address VARCHAR(200), at DATETIME(3), noise BLOB);"
                       " CREATE TABLE mail.`we``ird t` (a INT); INSERT INTO mail.alias (address)"
                       " VALUES ('one'), ('two'), ('three')")
        self.two.query(f"CHANGE MASTER TO master_host='127.0.0.1', master_port={self.ports[0]}, master_user='repl',"
                       " master_password='x', master_use_gtid=slave_pos, master_ssl_verify_server_cert=0; START SLAVE")
        at = self.one.value("SELECT @@gtid_binlog_pos")
        expect("n2 follows", self.two.value(f"SELECT MASTER_GTID_WAIT('{at}', 20)"), "0")
        self.two.query("STOP SLAVE")
        self.common = at

    def purge(self, log):
        """n1's sender to n2 may still be at an older one; what is in use is not purged."""
        def is_gone():
            self.one.query(f"PURGE BINARY LOGS TO '{log}'")
            return self.one.query("SHOW BINARY LOGS")[0]["Log_name"] == log
        wait_for(f"the logs before {log} gone", is_gone, every=0.05)

    def state_of(self, session):
        return session.value("SELECT @@gtid_binlog_state")

    def tool(self, *words):
        return subprocess.run([TOOL, "--config", self.config, *words], capture_output=True, text=True, timeout=120,
                              errors="replace", check=False)

    def divergence(self, *words, code=0):
        """Asks with both servers' states."""
        done = self.tool("divergence", "--own", self.state_of(self.one), "--other", self.state_of(self.two), *words)
        expect(f"divergence {words}: {done.stderr}", done.returncode, code)
        return done.stdout if code == 0 else done.stderr

    def json(self, *words):
        return json.loads(self.divergence("--json", *words))


@contextlib.contextmanager
def pair():
    with tempfile.TemporaryDirectory(prefix="replcheck-divergence-") as folder, Sandbox() as box:
        os.chmod(folder, 0o755)
        yield Pair(box, folder)


def part(p):
    """n1 and n2 go apart: what n1 alone has lies in four binary logs."""
    p.two.query("UPDATE mail.alias SET address = 'of two' WHERE id = 1")
    p.one.query("INSERT INTO mail.alias (address, at, noise) VALUES"
                " ('line\n### INSERT INTO `x`.`y`', '2026-01-02 03:04:05.678', x'00ff27'), ('zwei', NULL, NULL)")
    p.one.query("FLUSH BINARY LOGS; UPDATE mail.alias SET address = 'changed' WHERE id < 3;"
                " DELETE FROM mail.alias WHERE id = 3")
    p.one.query("FLUSH BINARY LOGS")
    p.one.query("BEGIN; INSERT INTO mail.alias (address) VALUES ('tx'); INSERT INTO mail.`we``ird t` VALUES (1), (2);"
                " SAVEPOINT s; DELETE FROM mail.alias WHERE id = 1; COMMIT")
    p.one.query("FLUSH BINARY LOGS")
    p.one.query("ALTER TABLE mail.alias ADD COLUMN g INT /* hostile\n# at 4\n#251122 03:22:27 server id 1  end_log_pos"
                " 42 \tGTID 0-9-99 trans\n" + "x" * 500 + "*/")
    return p.common.split("-")[2]


def check_list(p, found, shared):
    first = int(shared) + 1
    expect("transactions", (found["transactions"], found["rows"]), (5, 9))
    expect("first and last", (found["first"], found["last"]), (f"0-1-{first}", f"0-1-{first + 4}"))
    expect("after", (found["after"], found["gone"]), (p.common, ""))
    expect("GTIDs", [t["gtid"] for t in found["list"]], [f"0-1-{first + i}" for i in range(5)])
    expect("DDL", [t["ddl"] for t in found["list"]], [False] * 4 + [True])
    expect_in("statement", found["list"][4]["statement"], "ALTER TABLE mail.alias ADD COLUMN g INT", "GTID 0-9-99")
    expect("tables of the transaction", found["list"][3]["tables"],
           [{"table": "mail.alias", "inserted": 1, "updated": 0, "deleted": 1},
            {"table": "mail.we`ird t", "inserted": 2, "updated": 0, "deleted": 0}])
    expect("totals", found["tables"], [{"table": "mail.alias", "inserted": 3, "updated": 2, "deleted": 2},
                                       {"table": "mail.we`ird t", "inserted": 2, "updated": 0, "deleted": 0}])


@case
def lists_all_kinds_over_several_logs():
    with pair() as p:
        expect_in("before", p.divergence(), "mx1 has no transaction that mx2 lacks")
        shared = part(p)
        check_list(p, p.json(), shared)
        found = p.json("-v")
        check_list(p, found, shared)
        expect("an update's values", found["list"][1]["values"][0],
               "update mail.alias: @1=1 @2='one' @3=NULL @4=NULL => @2='changed'")
        expect_in("an insert's values", found["list"][0]["values"][0], "insert mail.alias: @1=4 @2='line\\x0a### INSERT",
                  "'2026-01-02 03:04:05.678'")
        text = p.divergence("-v")
        expect_in("text", text, "mx1 has 5 transactions with 9 rows that mx2 lacks", "ALTER TABLE mail.alias",
                  "mail.alias: 1 inserted, 1 deleted", "delete mail.alias: @1=3", "By table")
        short = p.divergence("--limit", "2")
        expect_in("limited", short, "mx1 has 5 transactions with 9 rows", "and 3 more transactions with 5 rows")


@case
def asks_both_servers_where_no_supervisor_answers():
    with pair() as p:
        shared = part(p)
        done = p.tool("divergence", "--json")
        expect_in("without a way to the other", done.stderr, "what mx2 has is not known", "--own and --other")
        done = p.tool("schema", "install", "--socket", p.servers[1].socket)
        expect(f"schema install: {done.stderr}", done.returncode, 0)
        done = p.tool("divergence", "--json")
        expect(f"directly: {done.stderr}", done.returncode, 0)
        check_list(p, json.loads(done.stdout), shared)


@case
def keeps_a_copy_that_can_be_replayed():
    with pair() as p:
        shared = part(p)
        expect_in("nothing yet", p.tool("divergence", "--kept").stderr, "nothing was kept on this node")
        kept = p.json("--keep")
        check_list(p, kept, shared)
        path = kept["kept"]["path"]
        first = int(shared) + 1
        expect("path", path, f"{p.state}/divergence/0-1-{first}_0-1-{first + 4}")
        expect("events", kept["kept"]["events"], "whole")
        expect("its mode and owner", (oct(os.stat(path).st_mode & 0o777), os.stat(path).st_uid),
               ("0o700", USERS["replcheck"]))
        before = os.stat(f"{path}/transactions.json").st_mtime_ns
        expect("kept once", p.json("--keep")["at"], kept["at"])
        expect("not written again", os.stat(f"{path}/transactions.json").st_mtime_ns, before)
        p.one.query("FLUSH BINARY LOGS")
        p.purge("binlog.000003")
        expect("after a purge", p.json(), kept)
        expect_in("its text", p.divergence(), "Kept in " + path, "ALTER TABLE")
        shown = p.tool("divergence", "--kept", "--json")
        expect("--kept", json.loads(shown.stdout), kept)
        # n2 is put back to the common past: then the copy makes of it what n1 was.
        p.two.query("SET SESSION sql_log_bin = 0; UPDATE mail.alias SET address = 'one' WHERE id = 1;"
                    " SET SESSION sql_log_bin = 1; SET GLOBAL gtid_strict_mode = 0")
        with open(f"{path}/events.sql", "rb") as events:
            done = subprocess.run(["mariadb", "--no-defaults", "--skip-ssl", "--binary-mode",
                                   f"--socket={p.servers[1].socket}"], stdin=events, capture_output=True,
                                  text=True, timeout=60, check=False)
        expect(f"replayed: {done.stderr}", done.returncode, 0)
        for table in ("alias", "`we``ird t`"):
            rows = f"SELECT * FROM mail.{table} ORDER BY 1"
            expect(table, p.two.query(rows), p.one.query(rows))


@case
def keeps_again_what_is_torn():
    with pair() as p:
        shared = part(p)
        path = p.json("--keep")["kept"]["path"]
        with open(f"{path}/transactions.json", "rb") as file:
            whole = file.read()
        for size in range(0, len(whole) - 1, 7):  # the last byte is the line's end
            with open(f"{path}/transactions.json", "wb") as file:
                file.write(whole[:size])
            done = p.tool("divergence", "--kept")
            expect(f"cut off at {size}: {done.stdout}", done.returncode, 1)
            if size % 350:
                continue
            check_list(p, p.json("--keep"), shared)
            check_list(p, json.loads(p.tool("divergence", "--kept", "--json").stdout), shared)


@case
def says_what_was_purged():
    with pair() as p:
        shared = int(part(p))
        p.purge("binlog.000003")
        found = p.json()
        expect("what is left", [t["gtid"] for t in found["list"]], [f"0-1-{shared + 4}", f"0-1-{shared + 5}"])
        expect("what is gone", found["gone"],
               f"transactions from 0-1-{shared + 1} to 0-1-{shared + 3} are in binary logs that were purged")
        expect_in("text", p.divergence(), "Not listed: transactions from")
        kept = p.json("--keep")
        expect("the rest is kept", (kept["kept"]["events"], kept["transactions"]), ("whole", 2))


@case
def counts_what_it_does_not_list():
    with pair() as p:
        p.one.query("USE mail; INSERT INTO mail.alias (address) SELECT CONCAT('a', seq) FROM seq_1_to_300000")
        p.one.query("BEGIN NOT ATOMIC FOR i IN 1..300 DO INSERT INTO mail.`we``ird t` VALUES (i); END FOR; END")
        text = p.divergence("-v")
        expect_in("text", text, "mx1 has 301 transactions with 300300 rows", "and 299980 more rows",
                  "and 251 more transactions with 251 rows", "mail.alias: 300000 inserted")
        if len(text) > 50000:
            raise Failure(f"{len(text)} characters")
        expect("all of them", len(p.json("--limit", "0")["list"]), 301)


@case
def tells_domains_apart():
    with pair() as p:
        p.one.query("SET SESSION gtid_domain_id = 7; INSERT INTO mail.`we``ird t` VALUES (7), (8)")
        p.one.query("SET SESSION gtid_domain_id = 0; INSERT INTO mail.`we``ird t` VALUES (9)")
        found = p.json()
        expect("GTIDs", [t["gtid"][:4] for t in found["list"]], ["7-1-", "0-1-"])
        p.one.query("RESET MASTER; SET SESSION gtid_domain_id = 7; INSERT INTO mail.`we``ird t` VALUES (10)")
        p.two.query("RESET MASTER; INSERT INTO mail.alias (address) VALUES ('x')")
        expect("nothing in common", p.json()["transactions"], 1)


@case
def leaves_out_what_the_other_has():
    """What came from the other one after the histories parted is no extra transaction."""
    with pair() as p:
        p.one.query("SET GLOBAL gtid_strict_mode = 0; INSERT INTO mail.alias (address) VALUES ('extra')")
        p.two.query("UPDATE mail.alias SET address = 'of two' WHERE id = 1")
        at = p.two.value("SELECT @@gtid_binlog_pos").split("-")
        p.one.query(f"SET SESSION server_id = {at[1]}, gtid_seq_no = {at[2]};"
                    " UPDATE mail.alias SET address = 'of two' WHERE id = 1")
        found = p.json()
        expect("listed", [t["tables"][0]["inserted"] for t in found["list"]], [1])


@case
def finds_one_below_a_later_common_one():
    with pair() as p:
        at = p.common.split("-")
        own, other = f"0-1-{at[2]},0-2-{int(at[2]) + 9}", f"0-1-{int(at[2]) - 1},0-2-{int(at[2]) + 9}"
        done = p.tool("divergence", "--json", "--own", own, "--other", other)
        expect(f"listed {done.stderr}", [t["gtid"] for t in json.loads(done.stdout)["list"]], [p.common])


@case
def says_what_stands_in_the_way():
    with pair() as p:
        part(p)
        p.one.query("SET SESSION sql_log_bin = 0; REVOKE REPLICATION SLAVE ON *.* FROM replcheck@localhost")
        expect_in("without the grant", p.divergence(code=1), "REPLICATION SLAVE", "schema upgrade")
        expect("upgraded", p.tool("schema", "upgrade").returncode, 0)
        p.json()
        os.chmod(p.state, 0o500)
        shutil.chown(p.state, "root")
        expect_in("no place", p.divergence("--keep", code=1), f"{p.state}/divergence")
        shutil.chown(p.state, USERS["replcheck"])
        os.chmod(p.state, 0o700)
        done = p.tool("divergence", "--own", "x", "--other", "0-1-1")
        expect("a wrong state", (done.returncode, "--own" in done.stderr), (1, True))
        for words in (("--own", "0-1-1"), ("--kept", "--keep"), ("--limit", "x"), ("more",)):
            expect(f"{words}", p.tool("divergence", *words).returncode, 2)
        p.servers[0].stop()
        done = p.tool("divergence", "--own", "0-1-9", "--other", "0-1-5")
        expect("no server", done.returncode, 1)


@contextlib.contextmanager
def small_state(size):
    """A pair whose state directory is a disk of its own, of so much."""
    with pair() as p:
        subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size},mode=700", "small", p.state], check=True)
        try:
            shutil.chown(p.state, USERS["replcheck"])
            yield p
        finally:
            subprocess.run(["umount", p.state], check=True)


@case
def says_that_the_disk_is_full():
    """No room for a folder, then for the events alone: nothing passes for a copy, and with room again there is one."""
    with small_state("160k") as p:
        p.one.query("BEGIN NOT ATOMIC FOR i IN 1..600 DO INSERT INTO mail.`we``ird t` VALUES (i); END FOR; END")
        for left in (0, 4, 40, 80):
            with open(f"{p.state}/filler", "wb", buffering=0) as file, contextlib.suppress(OSError):
                while True:
                    file.write(b"x" * 4096)
            os.truncate(f"{p.state}/filler", os.path.getsize(f"{p.state}/filler") - left * 1024)
            expect_in(f"{left} KiB left", p.divergence("--keep", code=1), "No space left on device")
            done = p.tool("divergence", "--kept")
            expect_in(f"{left} KiB left, kept", done.stderr, "nothing was kept")
        os.unlink(f"{p.state}/filler")
        subprocess.run(["mount", "-o", "remount,size=4m", p.state], check=True)
        expect("with room again", p.json("--keep")["kept"]["events"], "whole")
        expect("kept", json.loads(p.tool("divergence", "--kept", "--json").stdout)["transactions"], 600)


@case
def does_not_fill_the_disk():
    with small_state("2m") as p:
        p.one.query("USE mail; INSERT INTO mail.alias (address) SELECT MD5(RAND()) FROM seq_1_to_200000")
        kept = p.json("--keep")
        expect_in("events", kept["kept"]["events"], "half of the free space")
        expect("the list", (kept["transactions"], kept["rows"]), (1, 200000))
        left = os.statvfs(p.state)
        if left.f_bavail * left.f_frsize < 800000:
            raise Failure(f"{left.f_bavail * left.f_frsize} bytes are left")


if __name__ == "__main__":
    if lacking():
        sys.exit(skip_all(lacking()))
    private_users(USERS)
    sys.exit(run_cases())
