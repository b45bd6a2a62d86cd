#!/usr/bin/env python3
"""The pair checked without a supervisor, over two real servers that replicate each other: every state in which the
usual plugins say OK, a server that hangs, many pairs, and the plugin over all of it. Needs root and mariadbd; skipped
without. Called with words it runs the cases whose names contain one of them."""
import contextlib
import os
import shutil
import signal
import subprocess
import socket
import sys
import tempfile
import time

from case_fixture import PATIENCE_S, Failure, Skip, case, expect, expect_in, run_cases, skip_all, wait_for
from certificates import certificates
from cli_fixture import DIRECT, NOT_BUILT, PLUGIN, TOOL, are_built, cluster, write, write_node
from mariadb_sandbox import USERS, Sandbox, lacking, private_users
from ports import free_port

OPTIONS = ["--log-bin=binlog", "--log-slave-updates", "--gtid-strict-mode=1", "--binlog-format=ROW",
           "--event-scheduler=ON", "--auto-increment-increment=2", "--slave-net-timeout=5"]
IPV6 = ",::1" if os.path.exists("/proc/net/if_inet6") else ""
NOBODY = 65534
MX1, MX2 = "127.0.0.11", "127.0.0.12"
PASSWORD = "s3cret # word"
LATE_S = 3  # after the deadline, at most: a loaded machine's, and a sanitizer's
OK, WARNING, CRITICAL, UNKNOWN = range(4)


class Pair:
    """mx1 is writable, mx2 is not; each replicates from the other."""

    def __init__(self, box, folder):
        self.folder = folder
        self.ports = [free_port(), free_port()]
        self.keys = os.path.join(box.directory, "keys")
        certificates(self.keys, MX1, MX2)
        tls = [f"--ssl-cert={self.keys}/server.pem", f"--ssl-key={self.keys}/server.key"]
        self.servers = [box.start(f"mx{i + 1}", server_id=i + 1, port=self.ports[i],
                                  options=[*OPTIONS, *tls, f"--bind-address={address}{IPV6}", f"--auto-increment-offset={i + 1}"])
                        for i, address in enumerate((MX1, MX2))]
        self.one, self.two = self.sessions = [server.connect() for server in self.servers]
        for session in self.sessions:
            session.query("SET sql_log_bin=0")
            session.query(f"CREATE USER monitor@'%' IDENTIFIED BY '{PASSWORD}'; GRANT SLAVE MONITOR ON *.* TO monitor@'%';"
                          "CREATE USER bare@'%' IDENTIFIED BY 'bare';"
                          "CREATE USER secure@'%' IDENTIFIED BY 'secure' REQUIRE SSL; GRANT SLAVE MONITOR ON *.* TO secure@'%';"
                          "CREATE USER repl@'%' IDENTIFIED BY 'repl'; GRANT REPLICATION SLAVE ON *.* TO repl@'%';"
                          f"CREATE USER replcheck@'{MX1}' IDENTIFIED BY 'peer';"
                          f"GRANT SLAVE MONITOR ON *.* TO replcheck@'{MX1}';"
                          "CREATE USER replcheck@localhost IDENTIFIED VIA unix_socket;"
                          "GRANT SLAVE MONITOR ON *.* TO replcheck@localhost")
            session.query("SET sql_log_bin=1")
        self.replicate(self.two, MX1, self.ports[0])
        self.replicate(self.one, MX2, self.ports[1])
        self.two.query("SET GLOBAL read_only=1")
        self.one.query("CREATE DATABASE mail; CREATE TABLE mail.t (id INT PRIMARY KEY)")
        self._write_files()
        self.settle()

    @staticmethod
    def replicate(session, address, port, name=""):
        session.query(f"CHANGE MASTER '{name}' TO MASTER_HOST='{address}', MASTER_PORT={port}, MASTER_USER='repl',"
                      f"MASTER_PASSWORD='repl', MASTER_USE_GTID=slave_pos, MASTER_CONNECT_RETRY=1; START SLAVE '{name}'")

    def _write_files(self):
        self.write("login.cnf", f"[mysqld]\nuser = mysql\n[client]\nuser = monitor\npassword = '{PASSWORD}'\n")
        self.write("plugin.ini", f"[check_mysql_replcheck]\nhostname=mx1={MX1}:{self.ports[0]}\n"
                                 f"hostname=mx2={MX2}:{self.ports[1]}\nuser=monitor\npassword={PASSWORD}\n")
        write_node(self.folder, self.cluster("mail", self.ports[1]), f"{self.folder}/run", "peer", self.servers[0].socket)

    def cluster(self, name, second_port):
        return cluster((MX1, self.ports[0]), (MX2, second_port), name)

    def write(self, name, text):
        write(f"{self.folder}/{name}", text)

    def settle(self):
        """Until both replicas run and have everything."""
        for session, other in ((self.two, self.one), (self.one, self.two)):
            position = other.value("SELECT @@gtid_binlog_pos")
            wait_for("replication", lambda session=session: self.threads(session) == ("Yes", "Yes"))
            session.query(f"SELECT MASTER_GTID_WAIT('{position}', {PATIENCE_S})")

    @staticmethod
    def threads(session):
        row = session.row("SHOW SLAVE STATUS")
        return row["Slave_IO_Running"], row["Slave_SQL_Running"]

    def check(self, *words, timeout="10"):
        """Exit code and output of the plugin's program over both servers."""
        return run([TOOL, "check", "--direct", "-t", timeout, "-H", f"mx1={MX1}:{self.ports[0]}", "-H",
                    f"mx2={MX2}:{self.ports[1]}", "--defaults-file", f"{self.folder}/login.cnf", *words])

    def expect(self, mode, code, *parts, words=(), timeout="10"):
        got, out = self.check("--mode", mode, *words, timeout=timeout)
        expect(f"exit code of {mode}: {out}", got, code)
        expect_in(mode, out, *parts)


def run(words, env=None):
    done = subprocess.run(words, capture_output=True, text=True, check=False, timeout=PATIENCE_S,
                          env=dict(os.environ, **(env or {})))
    if done.stderr:
        raise Failure(f"{words}: {done.stderr}")
    return done.returncode, done.stdout


# ------------------------------------------------------------------------------------------------ in order


@case
def in_order(pair):
    pair.expect("all", OK, "REPLCHECK OK - mx1 is the writer")
    pair.expect("writer", OK, "WRITER OK - mx1 is the writer | 'writable'=1")
    pair.expect("lag", OK, "LAG OK - mx2 is 0 ms behind mx1 | 'mx2_lag'=0s;10;60;0")
    pair.expect("threads", OK, "'threads'=4;;;0;4")
    pair.expect("gtid", OK, "mx2 has all of mx1's transactions", "'mx2_missing'=0 'extra'=0")
    pair.expect("offsets", OK, "mx1 hands out +2 from 1, mx2 hands out +2 from 2 | 'wrong_offsets'=0")
    pair.expect("vip", UNKNOWN, "only a supervisor knows who holds it")
    pair.expect("vip", UNKNOWN, "only a supervisor knows who holds it", words=("-c", "1:1"))
    pair.expect("quorum", UNKNOWN, "only a supervisor knows")
    pair.expect("readiness", UNKNOWN, "mx2 may not be able to take over: whether a supervisor runs there is unknown")
    code, out = pair.check("-v", "-v")
    expect("exit", code, OK)
    expect_in("the servers", out, f"mx1 ({MX1}:{pair.ports[0]}): answers, read_only off", "receiver runs, applier runs")


@case
def while_it_is_written(pair):
    """What is written during the look is neither lag nor an extra transaction."""
    pair.one.query("CREATE TABLE mail.busy (id INT AUTO_INCREMENT PRIMARY KEY)")
    insert = "BEGIN NOT ATOMIC FOR i IN 1..100000 DO INSERT INTO mail.busy VALUES (); END FOR; END"
    words = ["mariadb", "--no-defaults", "--skip-ssl", f"--socket={pair.servers[0].socket}", "--delimiter=//", "-e", insert]
    process = subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        wait_for("rows", lambda: int(pair.one.value("SELECT COUNT(*) FROM mail.busy")) > 10)
        for _ in range(20):
            got, out = pair.check("--mode", "gtid")
            expect(f"exit code: {out}", got, OK)
            expect_in("extra", out, "'extra'=0")
    finally:
        # The server goes on for a client that is gone.
        for row in pair.one.query("SELECT ID FROM information_schema.PROCESSLIST WHERE INFO LIKE 'BEGIN NOT ATOMIC%'"):
            pair.one.query(f"KILL {row['ID']}")
        process.wait()
    pair.settle()


# ---------------------------------------------------------------------------------------- who may be written


@case
def nobody_is_writable(pair):
    pair.one.query("SET GLOBAL read_only=1")
    for mode in ("all", "writer"):
        pair.expect(mode, CRITICAL, "nobody is the writer: both servers are read-only")
    pair.expect("lag", UNKNOWN, "there is not exactly one writer")
    pair.one.query("SET GLOBAL read_only=0")


@case
def both_are_writable(pair):
    pair.two.query("SET GLOBAL read_only=0")
    for mode in ("all", "writer"):
        pair.expect(mode, CRITICAL, "two servers are writable: mx1 and mx2")
    pair.expect("writer", CRITICAL, "two servers are writable", words=("-w", "0:2", "-c", "0:2"))
    pair.two.query("SET GLOBAL read_only=1")


# ------------------------------------------------------------------------------------------------ replication


@case
def applier_stopped(pair):
    pair.two.query("STOP SLAVE SQL_THREAD")
    for mode in ("all", "lag", "threads"):
        pair.expect(mode, CRITICAL, "mx2 does not replicate from mx1: the applier is stopped")
    pair.two.query("START SLAVE SQL_THREAD")
    pair.settle()


@case
def receiver_stopped(pair):
    """Seconds_Behind_Master is NULL then, or stays at 0."""
    pair.two.query("STOP SLAVE IO_THREAD")
    for mode in ("all", "lag", "threads"):
        pair.expect(mode, CRITICAL, "the receiver is stopped")
    pair.one.query("INSERT INTO mail.t VALUES (100), (101)")
    pair.expect("gtid", OK, "mx2 lacks 1 of mx1's transactions")
    pair.expect("gtid", CRITICAL, "mx2_missing is 1 (critical: other than 0)", words=("-c", "0"))
    pair.two.query("START SLAVE IO_THREAD")
    pair.settle()


@case
def receiver_connecting(pair):
    pair.two.query("STOP SLAVE; CHANGE MASTER TO MASTER_PASSWORD='wrong'; START SLAVE")
    wait_for("it is refused", lambda: pair.two.row("SHOW SLAVE STATUS")["Last_IO_Errno"] == "1045")
    for mode in ("all", "lag", "threads"):
        pair.expect(mode, WARNING, "the receiver is connecting (error 1045")
    pair.two.query("STOP SLAVE; CHANGE MASTER TO MASTER_PASSWORD='repl'; START SLAVE")
    pair.settle()


@case
def the_way_back_stopped(pair):
    pair.one.query("STOP SLAVE")
    pair.expect("threads", WARNING, "mx1 is the writer and does not listen to mx2", "'threads'=2")
    pair.expect("threads", CRITICAL, "threads is 2 (critical: below 3)", words=("-c", "3:"))
    pair.one.query("START SLAVE")
    pair.settle()


@case
def a_transaction_on_the_standby_alone(pair):
    """The way back is stopped and the writer idle, so that nothing else tells of it."""
    pair.one.query("STOP SLAVE")
    pair.two.query("INSERT INTO mail.t VALUES (400)")
    try:
        for mode in ("all", "gtid"):
            pair.expect(mode, CRITICAL, "mx2 has 1 transaction that mx1, the writer, lacks")
        pair.expect("gtid", CRITICAL, "'mx2_missing'=0 'extra'=1")
        pair.expect("readiness", CRITICAL, "mx2 has 1 transaction")
    finally:
        pair.one.query("START SLAVE")
        pair.settle()
    pair.expect("gtid", OK, "'mx2_missing'=0 'extra'=0")


@contextlib.contextmanager
def named_connection(pair):
    """mx2 replicates over a connection with a name, which SHOW SLAVE STATUS does not show."""
    pair.two.query("STOP SLAVE; RESET SLAVE ALL")
    pair.replicate(pair.two, MX1, pair.ports[0], "peer")
    wait_for("replication", lambda: named_threads(pair) == ("Yes", "Yes"))
    try:
        yield
    finally:
        pair.two.query("STOP SLAVE 'peer'; RESET SLAVE 'peer' ALL")
        pair.replicate(pair.two, MX1, pair.ports[0])
        pair.settle()


def named_threads(pair):
    row = pair.two.row("SHOW SLAVE 'peer' STATUS")
    return row["Slave_IO_Running"], row["Slave_SQL_Running"]


@case
def a_named_connection_stopped(pair):
    with named_connection(pair):
        pair.expect("threads", OK, "'threads'=4")
        for thread, what, state in (("SQL_THREAD", "the applier is stopped", ("Yes", "No")),
                                    ("IO_THREAD", "the receiver is stopped", ("No", "Yes"))):
            pair.two.query(f"STOP SLAVE 'peer' {thread}")
            expect("threads", named_threads(pair), state)
            for mode in ("all", "lag", "threads"):
                pair.expect(mode, CRITICAL, f"mx2 does not replicate from mx1: {what}")
            pair.two.query(f"START SLAVE 'peer' {thread}")
            wait_for("replication", lambda: named_threads(pair) == ("Yes", "Yes"))


@case
def another_connection_stopped(pair):
    """Beside the pair's own, which runs."""
    pair.two.query("CHANGE MASTER 'branch' TO MASTER_HOST='192.0.2.50', MASTER_USER='x'")
    try:
        for mode in ("all", "threads"):
            pair.expect(mode, WARNING, "mx2 also replicates from elsewhere, or is to: the applier of 'branch' is stopped")
        pair.expect("lag", OK, "mx2 is 0 ms behind mx1")
    finally:
        pair.two.query("RESET SLAVE 'branch' ALL")
    pair.expect("threads", OK, "'threads'=4")


@case
def an_error_of_the_applier(pair):
    pair.two.query("SET sql_log_bin=0; INSERT INTO mail.t VALUES (7); SET sql_log_bin=1")
    pair.one.query("INSERT INTO mail.t VALUES (7)")
    wait_for("the error", lambda: pair.two.row("SHOW SLAVE STATUS")["Last_SQL_Errno"] == "1062")
    for mode in ("all", "lag", "threads"):
        pair.expect(mode, CRITICAL, "the applier is stopped (error 1062: ")
    pair.two.query("SET sql_log_bin=0; DELETE FROM mail.t WHERE id=7; SET sql_log_bin=1; START SLAVE")
    pair.settle()


@case
def a_delay_that_was_asked_for(pair):
    pair.two.query("STOP SLAVE; CHANGE MASTER TO MASTER_DELAY=3600; START SLAVE")
    try:
        wait_for("replication", lambda: pair.threads(pair.two) == ("Yes", "Yes"))
        for mode in ("all", "lag", "threads"):
            pair.expect(mode, WARNING, "mx2 applies everything 1 h late on purpose (MASTER_DELAY)")
    finally:
        pair.two.query("STOP SLAVE; CHANGE MASTER TO MASTER_DELAY=0; START SLAVE")
        pair.settle()


@case
def an_applier_that_is_held_up(pair):
    with pair.servers[1].connect() as holder:
        holder.query("LOCK TABLES mail.t WRITE")
        pair.one.query("INSERT INTO mail.t VALUES (200)")
        pair.expect("lag", WARNING, "mx2 is at least ")
        pair.expect("lag", CRITICAL, "mx2_lag is ", words=("-c", "1"))
        pair.expect("gtid", OK, "mx2 lacks 1 of mx1's transactions")
    pair.settle()


# ---------------------------------------------------------------------------------------------------- offsets


@case
def equal_offsets(pair):
    pair.two.query("SET GLOBAL auto_increment_offset=1")
    pair.expect("offsets", WARNING, "'wrong_offsets'=1")
    pair.expect("all", WARNING, "hands out auto_increment +2 from 1 instead of from 2")
    pair.two.query("SET GLOBAL auto_increment_offset=2; SET GLOBAL auto_increment_increment=1")
    pair.expect("offsets", WARNING, "'wrong_offsets'=")
    pair.two.query("SET GLOBAL auto_increment_increment=2")
    pair.expect("offsets", OK, "'wrong_offsets'=0")


# ---------------------------------------------------------------------------------------------------- access


@case
def a_password_that_is_refused(pair):
    pair.write("wrong.cnf", "[client]\nuser=monitor\npassword=no\n")
    code, out = run([TOOL, "check", "--direct", "-H", f"{MX1}:{pair.ports[0]}", "-H", f"{MX2}:{pair.ports[1]}",
                     "--defaults-file", f"{pair.folder}/wrong.cnf"])
    expect("exit", code, CRITICAL)
    expect_in("reason", out, "server1's server", "Access denied for user 'monitor'")


@case
def an_account_without_the_privilege(pair):
    code, out = run([TOOL, "check", "--direct", "-m", "threads", "-H", f"{MX1}:{pair.ports[0]}", "-H",
                     f"{MX2}:{pair.ports[1]}", "--user", "bare", "--defaults-file", bare_file(pair)])
    expect("exit", code, UNKNOWN)
    expect_in("reason", out, "replication could not be read")


def bare_file(pair):
    pair.write("bare.cnf", "[client]\npassword=bare\n")
    return f"{pair.folder}/bare.cnf"


@case
def wrong_words_are_named(pair):
    os.chmod(f"{pair.folder}/login.cnf", 0o644)
    expect("a file that others may open", pair.check()[0], UNKNOWN)
    expect_in("a file that others may open", pair.check()[1], "login.cnf holds a password and others may open it")
    os.chmod(f"{pair.folder}/login.cnf", 0o600)
    for words, complaint in [(["-H", "a.example", "-H", MX2], "\"a.example\": a numeric address is expected"),
                             (["-H", "x y=127.0.0.1", "-H", MX2], "a name has 1 to 31 letters"),
                             (["-H", f"{MX1}:0", "-H", MX2], "the port is to be 1 to 65535"),
                             (["-H", f"{MX1}:x", "-H", MX2], "the port is to be 1 to 65535"),
                             (["-H", "[::1", "-H", MX2], "a numeric address is expected"),
                             (["-H", MX1, "-H", MX2, "-P", "70000"], "--port \"70000\""),
                             (["-H", MX1], "give it twice"), (["--user", "x"], "go with --hostname or --cluster"),
                             (["-H", MX1, "-H", MX1], "--hostname"),
                             (["-H", MX1, "-H", MX2, "--cluster", "x"], "do not go together"),
                             (["--cluster", "/nowhere"], "/nowhere: No such file"),
                             (["-H", MX1, "-H", MX2, "--defaults-file", "/nowhere"], "/nowhere: No such file"),
                             (["-t", "0"], "--timeout \"0\""), (["-w", "9:1"], "its start is greater")]:
        code, out = run([TOOL, "check", "--direct", *words])
        expect(f"exit of {words}: {out}", code, UNKNOWN)
        expect_in(f"{words}", out, complaint)


# ---------------------------------------------------------------------------------------------------- silence


@contextlib.contextmanager
def stopped(server):
    server.process.send_signal(signal.SIGSTOP)
    try:
        yield
    finally:
        server.process.send_signal(signal.SIGCONT)


@case
def a_server_that_hangs(pair):
    """mysqladmin ping waits for ever, and the replica's Seconds_Behind_Master says 0."""
    for server, name in ((pair.servers[0], "mx1"), (pair.servers[1], "mx2")):
        with stopped(server):
            for mode in ("all", "lag"):
                began = time.monotonic()
                pair.expect(mode, CRITICAL, f"{name}'s server", "does not answer", timeout="2")
                if time.monotonic() - began > 2 + LATE_S:
                    raise Failure(f"-t 2 took {time.monotonic() - began:.1f} s")
    pair.settle()


@case
def one_of_two_is_not_seen(pair):
    """Whether it is writable too, nobody knows."""
    with stopped(pair.servers[1]):
        for words in ((), ("-w", "1:1", "-c", "1:1")):
            pair.expect("writer", UNKNOWN, "mx1 is the writer, but whether mx2 is writable too cannot be told",
                        timeout="2", words=words)
    pair.settle()


@case
def both_servers_hang(pair):
    with stopped(pair.servers[0]), stopped(pair.servers[1]):
        pair.expect("all", CRITICAL, "mx1's server", timeout="2")
        pair.expect("writer", UNKNOWN, "who is the writer cannot be told", timeout="2")
    pair.settle()


# ------------------------------------------------------------------------------------------------- many pairs


@case
def many_pairs(pair):
    folder = f"{pair.folder}/pairs"
    os.mkdir(folder)
    for i in range(40):
        pair.write(f"pairs/p{i:02}.yaml", pair.cluster(f"pair{i:02}", pair.ports[1]))
    words = [TOOL, "check", "--direct", "--defaults-file", f"{pair.folder}/login.cnf", "--cluster", folder, "--mode", "lag"]
    code, out = run(words)
    expect(f"exit: {out}", code, OK)
    expect("lines", out, "REPLCHECK PAIRS OK - 40 pairs in order | 'pairs'=40;;;0 'critical'=0;;;0;40 'warning'=0;;;0;40"
           " 'unknown'=0;;;0;40\n")
    expect("a line for each", len(run([*words, "-v"])[1].splitlines()), 41)
    pair.write("pairs/p07.yaml", pair.cluster("pair07", free_port()))
    pair.write("pairs/p08.yaml", "cluster: pair08\n")
    code, out = run(words)
    expect("exit", code, CRITICAL)
    expect_in("lines", out, "REPLCHECK PAIRS CRITICAL - 2 of 40 pairs not in order, first pair07: REPLCHECK LAG CRITICAL - mx2's",
              "\npair07: ", "p08.yaml: REPLCHECK UNKNOWN - ", "'critical'=1", "'unknown'=1")
    shutil.rmtree(folder)


@case
def silent_ones_among_many(pair):
    """Who says nothing costs those that come after it neither their time nor their verdict."""
    folder, silent, alive = f"{pair.folder}/pairs", 60, 10
    os.mkdir(folder)
    with socket.create_server(("127.0.0.21", 0)) as one, socket.create_server(("127.0.0.22", 0)) as two:
        for i in range(silent):
            pair.write(f"pairs/a{i:02}.yaml", cluster(one.getsockname(), two.getsockname(), f"silent{i:02}"))
        for i in range(alive):
            pair.write(f"pairs/z{i:02}.yaml", pair.cluster(f"alive{i:02}", pair.ports[1]))
        code, out = run([TOOL, "check", "--direct", "--defaults-file", f"{pair.folder}/login.cnf", "--cluster", folder,
                         "--mode", "lag", "-t", "6", "-v"])
    expect(f"exit: {out}", code, CRITICAL)
    expect_in("line", out, f"'pairs'={silent + alive};;;0 'critical'={silent};;;0;{silent + alive} 'warning'=0", "'unknown'=0")
    for i in range(alive):
        expect_in("one that answers", out, f"\nalive{i:02}: REPLCHECK LAG OK - ")
    shutil.rmtree(folder)


# -------------------------------------------------------------------------------------------------- the plugin


def plugin(pair, *words):
    return run([PLUGIN, "--program", DIRECT, "--socket", f"{pair.folder}/none.sock", "--config", pair.folder, *words])


@case
def the_plugin_from_afar(pair):
    ini = f"--extra-opts=@{pair.folder}/plugin.ini"
    code, out = plugin(pair, ini, "-m", "lag", "-w", "5s")
    expect(f"exit: {out}", code, OK)
    expect_in("line", out, "REPLCHECK LAG OK - mx2 is 0 ms behind mx1 | 'mx2_lag'=0s;5;;0")
    with stopped(pair.servers[1]):
        code, out = plugin(pair, ini, "-t", "2")
        expect("exit", code, CRITICAL)
        expect_in("line", out, "mx2's server", "does not answer")
    pair.settle()


@case
def the_plugin_as_nagios_runs_it(pair):
    """As a user who is not root: the password still reaches what asks the servers, though nobody may read its memory."""
    os.chmod(pair.folder, 0o755)
    shutil.chown(f"{pair.folder}/plugin.ini", NOBODY, NOBODY)
    as_nobody = ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups"]
    if subprocess.run([*as_nobody, "test", "-x", PLUGIN, "-a", "-x", DIRECT], check=False).returncode:
        raise Skip("another user cannot reach the programs")
    code, out = run([*as_nobody, PLUGIN, "--program", DIRECT, f"--extra-opts=@{pair.folder}/plugin.ini", "-m", "lag"])
    expect(f"exit: {out}", code, OK)


@case
def an_address_of_ipv6(pair):
    if not IPV6:
        raise Skip("this kernel has no IPv6")
    hosts = ["-H", f"mx1=[::1]:{pair.ports[0]}", "-H", f"mx2={MX2}:{pair.ports[1]}"]
    for words in ([TOOL, "check", "--direct"], [PLUGIN, "--program", DIRECT]):
        code, out = run([*words, *hosts, "--defaults-file", f"{pair.folder}/login.cnf", "-v", "-v"])
        expect(f"exit: {out}", code, OK)
        expect_in("servers", out, f"mx1 ([::1]:{pair.ports[0]}): answers")


@case
def the_plugin_without_a_supervisor(pair):
    """On a node: nobody supervises, which is told first; the sides that the servers know are judged all the same."""
    os.chmod(pair.folder, 0o755)
    for name in ("node.conf", "cluster.yaml", "peer.secret"):
        shutil.chown(f"{pair.folder}/{name}", USERS["replcheck"])
    code, out = plugin(pair)
    expect(f"exit: {out}", code, CRITICAL)
    expect_in("line", out, "REPLCHECK CRITICAL - no supervisor answers on mx1", "none.sock: No such file or directory")
    for mode in ("lag", "threads", "gtid", "offsets"):
        code, out = plugin(pair, "-m", mode)
        expect(f"exit of {mode}: {out}", code, OK)
    for mode in ("writer", "quorum", "vip", "readiness"):
        expect_in(mode, plugin(pair, "-m", mode)[1], f"{mode.upper()} CRITICAL - no supervisor answers on mx1")
    pair.write("cluster.yaml", "rubbish: [\n")
    code, out = plugin(pair)
    expect("exit", code, CRITICAL)
    expect_in("line", out, "REPLCHECK CRITICAL - no supervisor answers: ", "cluster.yaml:")
    pair.write("cluster.yaml", pair.cluster("mail", pair.ports[1]))


@case
def the_plugin_with_tls(pair):
    """What it starts keeps libmariadb from beginning OpenSSL: where TLS is spoken, all is as ever."""
    pair.write("secure.cnf", "[client]\npassword=secure\n")
    for ca, code, part in (("ca", OK, "REPLCHECK OK - server1 is the writer"),
                           ("other-ca", CRITICAL, "does not answer: TLS/SSL error")):
        got, out = plugin(pair, "-H", f"{MX1}:{pair.ports[0]}", "-H", f"{MX2}:{pair.ports[1]}", "-u", "secure",
                          "--defaults-file", f"{pair.folder}/secure.cnf",
                          "--tls-ca", f"{pair.keys}/{ca}.pem")
        expect(f"exit with {ca}: {out}", got, code)
        expect_in(f"with {ca}", out, part)


# -------------------------------------------------------------------------------- the last: they do not recover


@case
def zz_histories_that_parted(pair):
    pair.one.query("STOP SLAVE")
    pair.two.query("STOP SLAVE")
    pair.one.query("INSERT INTO mail.t VALUES (300)")
    pair.two.query("INSERT INTO mail.t VALUES (301)")
    for mode in ("all", "gtid"):
        pair.expect(mode, CRITICAL, "the histories have parted: mx1 has transactions from")
    expect_in("extra", pair.check("--mode", "gtid")[1], "'extra'=1")


@case
def zz_a_server_that_ended(pair):
    pair.servers[0].kill()
    for mode in ("all", "lag", "threads", "gtid", "offsets"):
        pair.expect(mode, CRITICAL, "mx1's server", "does not answer")


@case
def zz_both_servers_ended(pair):
    for server in pair.servers:
        server.kill()
    for mode in ("all", "lag", "threads", "gtid", "offsets"):
        pair.expect(mode, CRITICAL, "mx1's server", "does not answer")
    pair.expect("writer", UNKNOWN, "who is the writer cannot be told")
    for words in ((), ("-c", "1:1")):
        pair.expect("vip", UNKNOWN, "only a supervisor knows who holds it", words=words)
        pair.expect("quorum", UNKNOWN, "only a supervisor knows", words=words)


def main():
    if lacking():
        return skip_all(lacking())
    if not are_built(TOOL, PLUGIN, DIRECT):
        return NOT_BUILT
    private_users(USERS)
    with Sandbox() as box, tempfile.TemporaryDirectory(prefix="replcheck-direct-") as folder:
        return run_cases(Pair(box, folder))


if __name__ == "__main__":
    sys.exit(main())
