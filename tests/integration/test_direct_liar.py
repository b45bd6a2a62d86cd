#!/usr/bin/env python3
"""Both servers asked directly, and they lie: whoever lets everybody in and then answers with wrong types, rows without
end or a broken protocol gets a verdict that is not OK, in time, from a program that ends by itself. The servers are
played by this test, so neither a server nor root is needed."""
import itertools
import struct
import subprocess
import sys

from case_fixture import case, expect, expect_in, run_cases
from cli_fixture import DIRECT, NOT_BUILT, TOOL, are_built
from listener import Listener

LIMIT_S = 5
LATE_S = 20  # a loaded machine's, and a sanitizer's
CRITICAL, UNKNOWN = 2, 3
MORE_RESULTS = 8
CAPABILITIES = 0x000fa20f | 0x00030000  # protocol 4.1, authentication by plugin, several statements and results
VARIABLES = ["part", "read_only", "server_id", "gtid_domain_id", "gtid_binlog_pos", "gtid_slave_pos", "gtid_binlog_state",
             "auto_increment_increment", "auto_increment_offset", "event_scheduler", "semi_sync_master", "semi_sync_strict",
             "here_0", "here_1"]
REPLICATION = ["Connection_name", "Slave_IO_Running", "Slave_SQL_Running", "Master_Host", "Master_Port", "Last_IO_Errno",
               "Last_SQL_Errno", "Last_SQL_Error", "Gtid_IO_Pos", "SQL_Delay", "Seconds_Behind_Master"]


def packet(number, payload):
    return struct.pack("<I", len(payload))[:3] + bytes([number & 255]) + payload


def text(value):
    """NULL: None."""
    if value is None:
        return b"\xfb"
    value = value.encode()
    return (bytes([len(value)]) if len(value) < 251 else b"\xfc" + struct.pack("<H", len(value))) + value


def end(status=2):
    return b"\xfe\x00\x00" + struct.pack("<H", status)


def column(name):
    return b"".join(text(part) for part in ("def", "", "", "", name, name)) + b"\x0c" + struct.pack("<HIBHBH", 33, 1024, 253,
                                                                                                    0, 0, 0)


def result(first, names, rows, status=2):
    """A whole set from packet number `first` on; and the next number."""
    payloads = [bytes([len(names)]), *map(column, names), end(), *(b"".join(map(text, row)) for row in rows), end(status)]
    return b"".join(packet(first + i, payload) for i, payload in enumerate(payloads)), first + len(payloads)


def both(variables, replication):
    """The answer to the question that everybody may ask: variables, then replication."""
    one, number = result(1, VARIABLES, [variables], MORE_RESULTS | 2)
    return one + result(number, REPLICATION, [replication])[0]


class Liar(Listener):
    """Lets everybody in; each question is answered by lie(connection)."""

    def __init__(self, lie, greeting=None):
        self.lie, self.greeting = lie, greeting
        super().__init__(self.talk)

    def talk(self, connection):
        connection.sendall(packet(0, self.greeting or self.hello()))
        number, _ = self.take(connection)
        connection.sendall(packet(number + 1, b"\x00\x00\x00\x02\x00\x00\x00"))
        while True:
            _, question = self.take(connection)
            if question[1:4].upper() == b"SET":
                connection.sendall(packet(1, b"\x00\x00\x00\x02\x00\x00\x00"))
            else:
                self.lie(connection)

    @staticmethod
    def hello():
        return (b"\x0a5.5.5-10.11.19-MariaDB\x00" + struct.pack("<I", 7) + b"12345678\x00"
                + struct.pack("<HBHH", CAPABILITIES & 0xffff, 33, 2, CAPABILITIES >> 16) + bytes([21]) + bytes(10)
                + b"123456789012\x00mysql_native_password\x00")

    @staticmethod
    def take(connection):
        head = Liar.receive(connection, 4)
        return head[3], Liar.receive(connection, int.from_bytes(head[:3], "little"))

    @staticmethod
    def receive(connection, size):
        data = b""
        while len(data) < size:
            more = connection.recv(size - len(data))
            if not more:
                raise OSError("it has gone")
            data += more
        return data


def check(lie, *words, greeting=None, program=DIRECT):
    """Exit code and line of a look at two such servers; it ended by itself, in time, and said one thing."""
    liars = [Liar(lie, greeting) for _ in range(2)]
    try:
        done = subprocess.run([program, "check", "--direct", "-t", str(LIMIT_S), "-H", f"mx1=127.0.0.1:{liars[0].port}", "-H",
                               f"mx2=127.0.0.1:{liars[1].port}", *words], capture_output=True, text=True, check=False,
                              timeout=LIMIT_S + LATE_S)
    finally:
        for liar in liars:
            liar.close()
    expect("complaints", done.stderr, "")
    expect(f"lines of {done.stdout!r}", done.stdout.count("\n"), 1)
    expect_in("line", done.stdout, "REPLCHECK ")
    return done.returncode, done.stdout


def send(*parts):
    """A lie of these bytes."""
    return lambda connection: [connection.sendall(part) for part in parts]


def for_ever(head, part):
    def lie(connection):
        connection.sendall(head)
        for number in itertools.count(len(VARIABLES) + 3):
            connection.sendall(b"".join(packet(number + i, part) for i in range(64)))
    return lie


BANANA = "banana"
WRONG = both(["server"] + [BANANA] * 13, [BANANA] * 11)
NULLS = both(["server"] + [None] * 13, [None] * 11)
HUGE = both(["server"] + ["9" * 60] * 13, ["9" * 60] * 11)
ROWS = result(1, VARIABLES, [])[0][:-9]
CASES_OF_ALL = {
    "nothing but words": WRONG, "nothing but NULL": NULLS, "numbers that fit nowhere": HUGE,
    "another question's answer": result(1, ["x"], [["1"]])[0], "no rows": result(1, VARIABLES, [])[0],
    "only a thanks": packet(1, b"\x00\x00\x00\x02\x00\x00\x00"),
}


@case
def values_of_wrong_types():
    for what, lie in CASES_OF_ALL.items():
        for mode, part in (("all", "UNKNOWN - "), ("writer", "who is the writer cannot be told"), ("lag", "UNKNOWN - "),
                           ("threads", "UNKNOWN - "), ("gtid", "UNKNOWN - "), ("offsets", "UNKNOWN - "),
                           ("vip", "only a supervisor knows"), ("readiness", "UNKNOWN - ")):
            code, line = check(send(lie), "-m", mode)
            expect(f"exit of {mode} after {what}: {line}", code, UNKNOWN)
            expect_in(f"{mode} after {what}", line, part)


@case
def results_without_end():
    for what, lie in (("rows", for_ever(ROWS, b"".join(map(text, ["server"] + [BANANA] * 13)))),
                      ("columns", for_ever(packet(1, b"\xfe" + b"\xff" * 7 + b"\x00"), column("x"))),
                      ("sets", for_ever(b"", b"\x00\x00\x00\x0a\x00\x00\x00"))):
        code, line = check(lie)
        expect(f"exit after {what}: {line}", code, CRITICAL)
        expect_in(what, line, "mx1's server", "does not answer")


@case
def a_protocol_that_breaks():
    for what, lie in (("noise", send(bytes(range(256)) * 8)),
                      ("a packet out of turn", send(packet(77, end()))),
                      ("a row that is longer than its packet", send(ROWS + packet(17, b"\xfe" + b"\xff" * 8))),
                      ("a packet that does not end", send(packet(1, bytes(9))[:-3])),
                      ("an end in the middle", lambda connection: (connection.sendall(ROWS), connection.close())),
                      ("an end at once", lambda connection: connection.close()),
                      ("silence", lambda connection: None)):
        code, line = check(lie)
        expect(f"exit after {what}: {line}", code, CRITICAL)
        expect_in(what, line, "mx1's server", "does not answer")


@case
def a_greeting_that_is_none():
    for greeting in (b"\xff\xff\xffno", b"\x09old\x00", b"\x0a", b"\x0a" + b"x" * 5000, b"HTTP/1.1 400 Bad Request\r\n\r\n"):
        code, line = check(send(b""), greeting=greeting)
        expect(f"exit after {greeting[:20]}: {line}", code, CRITICAL)
        expect_in(f"after {greeting[:20]}", line, "mx1's server", "does not answer")


@case
def the_operators_program_too():
    expect("exit", check(send(WRONG), program=TOOL)[0], UNKNOWN)
    expect("exit", check(for_ever(ROWS, text(BANANA) * 14), program=TOOL)[0], CRITICAL)


if __name__ == "__main__":
    sys.exit(run_cases() if are_built(DIRECT, TOOL) else NOT_BUILT)
