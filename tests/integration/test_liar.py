#!/usr/bin/env python3
"""The daemon at work while whoever answers at the other server's port lies: lets every session in, then answers with
nonsense of the right shape, with too much, with what is no protocol at all, with nothing. Its own server is a real one.
Needs root and mariadbd; skipped without."""
import collections
import contextlib
import itertools
import random
import re
import struct
import subprocess
import sys
import time

from case_fixture import Failure, case, skip_all, wait_for
from daemon_fixture import CLUSTER, DAEMON, TOOL, children, main, node
from listener import Listener
from mariadb_sandbox import Sandbox, lacking
from ports import free_port

PEER = "127.0.0.2"
ROUNDS = 3              # of every lie
PATIENCE_S = 120
FLOOD_MAX = 128 << 20   # bytes; a daemon that takes more is not bounded, and this machine is to stay
SANITIZED = b"libasan" in subprocess.run(["ldd", DAEMON], capture_output=True, check=False).stdout
GROWTH_KB = (512 if SANITIZED else 48) << 10
SUPERVISOR = "--supervisor"
# Protocol 4.1, plugin authentication, several results; no TLS.
GREETING = (b"\x0a10.11.99-MariaDB\0\x07\0\0\0abcdefgh\0\xfe\xf7\x2d\x02\0\x0f\0\x15" + bytes(10)
            + b"abcdefghijkl\0mysql_native_password")
MORE_RESULTS, AUTOCOMMIT = 8, 2
VALUES = ("", "x" * 900, "-1", "0", "1", "18446744073709551616", "9" * 60, "1e999", None, "0-1-", "0-1-1,0-1-1,",
          "0-1-18446744073709551615", "a\0b", b"\xff\xfe\xfd", "writer", "ON", "Yes", "nan", "%s%n", "'; DROP TABLE x", "mx1")
REPLICATION = ("Connection_name", "Slave_IO_Running", "Slave_SQL_Running", "Gtid_IO_Pos", "Gtid_Slave_Pos", "Last_IO_Errno",
               "Last_SQL_Errno", "Last_SQL_Error", "SQL_Delay", "Master_Host", "Master_Port", "Using_Gtid",
               "Master_Log_File", "Read_Master_Log_Pos")


def number(n):
    return bytes([n]) if n < 251 else b"\xfc" + struct.pack("<H", n) if n < 65536 else b"\xfd" + struct.pack("<I", n)[:3]


def text(value):
    if value is None:
        return b"\xfb"
    value = value if isinstance(value, bytes) else value.encode()
    return number(len(value)) + value


class Talk:
    """One connection; packets are numbered from each question on."""

    def __init__(self, sock, dice):
        self.sock, self.dice, self.sequence = sock, dice, 0

    def say(self, payload):
        self.sock.sendall(struct.pack("<I", len(payload))[:3] + bytes([self.sequence & 255]) + payload)
        self.sequence += 1

    def flood(self, payload):
        """That packet as fast as it can be said, until the other side ends it."""
        head = struct.pack("<I", len(payload))[:3]
        chunk = b"".join(head + bytes([(self.sequence + i) & 255]) + payload for i in range(256))
        for _ in range(FLOOD_MAX // len(chunk)):
            self.sock.sendall(chunk)

    def hear(self):
        """A packet's payload; None at the end."""
        head = self._exactly(4)
        if head is None:
            return None
        self.sequence = head[3] + 1
        return self._exactly(int.from_bytes(head[:3], "little"))

    def _exactly(self, size):
        data = b""
        while len(data) < size:
            part = self.sock.recv(size - len(data))
            if not part:
                return None
            data += part
        return data

    def column(self, name):
        kind = self.dice.choice((0x03, 0x08, 0x0c, 0x05, 0x00, 0xfc, 0xfd))  # numbers, dates, texts, as it comes
        return b"\x03def\0\0\0" + text(name) + b"\0\x0c" + struct.pack("<HIBHB", 33, 255, kind, 0, 0) + b"\0\0"

    def end(self, more=False):
        self.say(b"\xfe\0\0" + struct.pack("<H", AUTOCOMMIT | (MORE_RESULTS if more else 0)))

    def done(self, more=False):
        self.say(b"\0\0\0" + struct.pack("<H", AUTOCOMMIT | (MORE_RESULTS if more else 0)) + b"\0\0")

    def head(self, names):
        self.say(number(len(names)))
        for name in names:
            self.say(self.column(name))
        self.end()


def columns_of(statement):
    """As the daemon looks for them, and what an answer to it must hold to be taken for one."""
    part = re.search(r"'(\w+)' AS part", statement)
    select = re.match(r"\s*SELECT (.*?)(?: FROM |$)", statement, re.S | re.I)
    names = re.findall(r"(?:AS )?(\w+)(?:,|$)", select.group(1)) if select else REPLICATION
    return [name for name in dict.fromkeys(names) if name != "part"] or ["a"], part and part.group(1)


# ---- the lies: each answers one question; False: the connection is at its end

def nonsense(talk, question):
    """Of the right shape."""
    statements = [s for s in question.decode("utf-8", "replace").split(";") if s.strip()]
    for at, statement in enumerate(statements, 1):
        more = at < len(statements)
        if not re.match(r"\s*(SELECT|SHOW)", statement, re.I):
            talk.done(more)
            continue
        names, part = columns_of(statement)
        talk.head((["part"] if part else []) + names)
        for _ in range(talk.dice.choice((1, 1, 1, 0, 3, 40))):
            talk.say((text(part) if part else b"") + b"".join(text(talk.dice.choice(VALUES)) for _ in names))
        talk.end(more)
    return True


def an_endless_cell(talk, _):
    talk.head(["a"])
    for _ in range(FLOOD_MAX >> 24):
        talk.say(b"\xfe" + struct.pack("<Q", 1 << 40) + b"x" * ((1 << 24) - 10))
    return False


def endless_rows(talk, _):
    talk.head(["a", "b"])
    talk.flood(text("x" * 200) + text("1"))
    return False


def endless_columns(talk, _):
    talk.say(number(1))
    talk.flood(talk.column("x" * 4000))
    return False


def endless_results(talk, _):
    talk.flood(b"\0\0\0" + struct.pack("<H", AUTOCOMMIT | MORE_RESULTS) + b"\0\0")
    return False


def noise(talk, _):
    talk.sock.sendall(talk.dice.randbytes(5000))
    return False


def an_answer_cut_short(talk, _):
    talk.head(["part", "read_only"])
    talk.sock.sendall(b"\x40\0\0\x05\x06server")
    return False


def a_row_that_is_too_short(talk, _):
    talk.head(["part", "read_only", "server_id"])
    talk.say(b"\x50ser")
    talk.end()
    return True


def an_error(talk, _):
    talk.say(b"\xff\x51\x04#HY000\x1b[31m\xff\xfe" + b"%s" * 100)
    return True


def an_error_without_text(talk, _):
    talk.say(b"\xff")
    return True


def a_request_for_a_file(talk, _):
    talk.say(b"\xfb/etc/shadow")
    return talk.hear() is not None


def an_answer_to_nothing(talk, _):
    for _ in range(3):
        talk.done()
    return True


def silence(talk, _):
    with contextlib.suppress(TimeoutError):
        while talk.hear() is not None:
            pass
    return False


LIES = (an_endless_cell, endless_rows, endless_columns, endless_results, noise, an_answer_cut_short, a_row_that_is_too_short,
        an_error, an_error_without_text, a_request_for_a_file, an_answer_to_nothing, silence)


class Liar(Listener):
    def __init__(self, port):
        self.told = collections.Counter()
        self.turn = itertools.count()
        super().__init__(self._serve_mariadb, (PEER, port))

    def _serve_mariadb(self, sock):
        sock.settimeout(30)
        talk = Talk(sock, random.Random(next(self.turn)))
        talk.say(GREETING)
        if talk.hear() is None:
            return
        talk.done()
        while (asked := talk.hear()) and asked[0] == 3:
            if not self._answer(talk, asked[1:]):
                return

    def _answer(self, talk, question):
        """Every other time something that the session survives, so that it comes to ask more."""
        turn = next(self.turn)
        lie = LIES[turn // 2 % len(LIES)] if turn % 2 else nonsense
        try:
            return lie(talk, question)
        finally:
            self.told[lie.__name__] += 1


@contextlib.contextmanager
def observed():
    """A daemon whose own server is real, and whose other one is a liar."""
    port = free_port(PEER)
    with Sandbox() as box, node(CLUSTER.replace(f"{PEER}, port: 9", f"{PEER}, port: {port}")) as one:
        own = box.start("own", server_id=1, options=["--log-bin=binlog", "--read-only=1", "--gtid-strict-mode=1"])
        one.write("node.conf", one.read("node.conf").replace(f"{one.folder}/none.sock", own.socket))
        done = subprocess.run([TOOL, "--config", one.folder, "schema", "install"], capture_output=True, text=True, timeout=60,
                              check=False)
        if done.returncode:
            raise Failure(f"schema install: {done.stderr}")
        liar = Liar(port)
        try:
            yield one, own, liar
        finally:
            one.stop()
            liar.close()


def supervisors(pid):
    found = []
    for child in children(pid):
        with contextlib.suppress(OSError), open(f"/proc/{child}/cmdline", encoding="ascii") as file:
            if SUPERVISOR in file.read().split("\0"):
                found.append(child)
    return found


def peak_kb(pid):
    with open(f"/proc/{pid}/status", encoding="ascii") as file:
        return int(re.search(r"^VmHWM:\s+(\d+) kB", file.read(), re.M).group(1))


def own_of(report):
    return next(n for n in report["nodes"] if n["name"] == "mx1")


def sees(one, own):
    """A transaction of the own server's is seen at once."""
    with own.connect() as root:
        root.query("CREATE OR REPLACE TABLE mysql.replcheck_seen (a INT)")
        wanted = root.value("SELECT @@gtid_binlog_pos")
    wait_for(f"the own server at {wanted}; the log:\n{one.said()[-3000:]}",
             lambda: own_of(one.answers())["binlog_pos"] == wanted)


@case
def the_other_server_lies():
    with observed() as (one, own, liar):
        one.start()
        wait_for("the own server", lambda: own_of(one.answers())["reachable"])
        supervisor = wait_for("a supervisor", lambda: supervisors(one.process.pid))
        before_kb = peak_kb(supervisor[0])
        until = time.monotonic() + PATIENCE_S
        while min(liar.told[lie.__name__] for lie in (*LIES, nonsense)) < ROUNDS:
            sees(one, own)
            if time.monotonic() > until:
                raise Failure(f"the daemon does not ask enough: {liar.told}")
            if supervisors(one.process.pid) != supervisor:
                raise Failure(f"another supervisor; the log:\n{one.said()[-3000:]}")
        sees(one, own)
        grown_kb = peak_kb(supervisor[0]) - before_kb
        print(f"# {sum(liar.told.values())} answers, {grown_kb} KiB more at the most")
        if grown_kb > GROWTH_KB:
            raise Failure(f"the supervisor grew by {grown_kb} KiB")
        if supervisors(one.process.pid) != supervisor or one.process.poll() is not None:
            raise Failure(f"the daemon ended; the log:\n{one.said()[-3000:]}")


if __name__ == "__main__":
    sys.exit(skip_all(lacking()) if lacking() else main())
