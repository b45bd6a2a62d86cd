#!/usr/bin/env python3
"""The daemon started over files of its own that are torn, in the way, or on a full disk: it runs, says what it found,
keeps what it cannot read, and answers the operator; and a disk that hangs delays none of it. No server is needed, for
it starts without. Needs root; skipped without."""
import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import time

from case_fixture import Failure, Skip, case, wait_for
from daemon_fixture import CLUSTER, children, main, node
from mariadb_sandbox import USERS

LOST = ("the highest positions seen before are not known", "maintenance is off; if it was on")


def goes_on(one):
    """It decides, answers, and has a journal."""
    report = one.answers()
    if report["state"] != "unknown" or report["writer"] not in ("unknown", "none"):
        raise Failure(f"{report['state']}, writer {report['writer']}")
    return report


@case
def nothing_is_torn():
    with node() as one:
        one.maintenance()
        one.start()
        if not goes_on(one)["maintenance"] or one.aside():
            raise Failure("maintenance did not outlive the restart")
        one.hears("maintenance is on, as it was asked for")


@case
def journal_torn():
    with node() as one:
        one.maintenance()
        with open(f"{one.state}/journal.db", "rb") as file:
            whole = file.read()
        at = whole.rindex(b"maintenance")  # the saved one: the events lie before it
        torn = {f"cut off at {size}": whole[:size] for size in (0, 1, 100, 511, 512, 4096, 5000, len(whole) - 1)}
        torn["zeros"] = bytes(len(whole))
        torn["another key"] = whole[:at] + b"M" + whole[at + 1:]
        torn["a text"] = b"who would write this here\n" * 50
        for name, data in torn.items():
            for left in one.aside():
                os.unlink(f"{one.state}/{left}")
            with open(f"{one.state}/journal.db", "wb") as file:
                file.write(data)
            one.start()
            try:
                one.hears("it is kept as journal.db.bad-", *LOST)
            except Failure as failure:
                raise Failure(f"{name}: {failure}") from None
            if goes_on(one)["maintenance"]:
                raise Failure(f"{name}: maintenance was believed")
            with open(f"{one.state}/{one.aside()[0]}", "rb") as file:
                kept = file.read()
            if kept != data:
                raise Failure(f"{name}: set aside as {one.aside()}: {kept[:60]!r}, {len(kept)} bytes")
            one.stop()


def weight_of(one):
    with open(f"{one.run}/vrrp_weight", encoding="ascii") as file:
        return file.read()


@case
def other_files_torn_or_in_the_way():
    with node() as one:
        for name, data in (("lock", b"x" * 5000), ("pid", b"-1"), ("vrrp_weight", b"-25"), ("control.sock", b"")):
            with open(f"{one.run}/{name}", "wb") as file:
                file.write(data)
        os.mkdir(f"{one.state}/divergence")
        with open(f"{one.state}/divergence/0-1-5_0-1-9", "wb") as file:
            file.write(b"no folder")
        one.start()
        goes_on(one)
        wait_for("the weight to be mended", lambda: weight_of(one) == f"{one.answers()['weight']}\n")
        with open(f"{one.run}/pid", encoding="ascii") as file:
            if int(file.read()) != one.process.pid:
                raise Failure("the pid is not the daemon's")


def plant(path, what):
    """Bytes, or something that is no file."""
    if isinstance(what, bytes):
        with open(path, "wb") as file:
            file.write(what)
    elif what == "folder":
        os.mkdir(path)
    elif what == "fifo":
        os.mkfifo(path)
    elif what == "link":
        os.symlink("/etc/hostname", path)
    elif what == "foreign socket":
        with socket.socket(socket.AF_UNIX) as server:
            server.bind(path)


GARBAGE = (b"", b"\n", b"-1\n", b"0", b"1\n", b"99999999999999999999999\n", b"12 34", b"\0\xff" * 3000, b"text\n")
IN_THE_WAY = {"lock": GARBAGE, "pid": (*GARBAGE, "fifo", "link", "foreign socket"),
              "control.sock": (*GARBAGE, "fifo", "link", "foreign socket"),
              "vrrp_weight": (*GARBAGE, "fifo", "link", "foreign socket")}
REFUSED = {"lock": ("link", "folder", "fifo"), "pid": ("folder",)}


@case
def any_garbage_in_the_run_directory():
    """All four files at once, each with the next of what may stand there."""
    with node() as one:
        host = open("/etc/hostname", "rb").read() if os.path.exists("/etc/hostname") else b""
        for round_ in range(max(map(len, IN_THE_WAY.values()))):
            planted = {name: kinds[round_ % len(kinds)] for name, kinds in IN_THE_WAY.items()}
            for name, what in planted.items():
                with contextlib.suppress(FileNotFoundError):
                    os.unlink(f"{one.run}/{name}")
                plant(f"{one.run}/{name}", what)
            one.start()
            try:
                goes_on(one)
                wait_for("the weight to be mended", lambda: weight_of(one) == f"{one.answers()['weight']}\n")
            except (Failure, OSError, ValueError) as failure:
                raise Failure(f"{planted}: {failure}") from None
            with open(f"{one.run}/pid", encoding="ascii") as file:
                if int(file.read()) != one.process.pid:
                    raise Failure(f"{planted}: the pid is not the daemon's")
            one.stop()
        if host != (open("/etc/hostname", "rb").read() if host else b""):
            raise Failure("a link in the run directory was written through")


@case
def what_cannot_be_replaced_is_named():
    with node() as one:
        for name, kinds in REFUSED.items():
            for what in kinds:
                shutil.rmtree(one.run)
                os.mkdir(one.run)
                plant(f"{one.run}/{name}", what)
                one.start()
                status = one.process.wait(30)
                one.process = None
                if status != 1 or f"{one.run}/{name}" not in one.said():
                    raise Failure(f"{name}, a {what}: exit {status}: {one.said()}")


@contextlib.contextmanager
def in_memory(folder, size):
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size},mode=755", "small", folder], check=True)
    try:
        yield
    finally:
        subprocess.run(["umount", "-l", folder], check=True)


def fill(folder):
    with open(f"{folder}/filler", "wb", buffering=0) as file, contextlib.suppress(OSError):
        while True:
            file.write(b"x" * 4096)


@case
def full_run_directory():
    """Filled before the start: refused, and the file is named. Filled after it: the daemon goes on, and its last weight is
    there."""
    with node() as one, in_memory(one.run, "64k"):
        fill(one.run)
        one.start()
        status = one.process.wait(30)
        one.process = None
        if status != 1 or f"{one.run}/lock" not in one.said() or "No space left" not in one.said():
            raise Failure(f"exit {status}: {one.said()}")
        os.unlink(f"{one.run}/filler")
        one.start()
        goes_on(one)
        fill(one.run)
        goes_on(one)
        with open(f"{one.run}/vrrp_weight", "r+", encoding="ascii") as file:
            file.write("-2\n")
            file.truncate()
        one.stop()
        if weight_of(one) != "-100\n":
            raise Failure(f"the weight of a daemon that has ended is {weight_of(one)!r}; {one.said()}")


@case
def a_run_directory_on_a_disk_is_warned_of():
    with node() as one:
        kind = subprocess.run(["stat", "-f", "-c", "%T", one.run], capture_output=True, text=True, check=True).stdout
        one.start()
        goes_on(one)
        if ("is on a disk" in one.said()) != (kind.strip() not in ("tmpfs", "ramfs")):
            raise Failure(f"on {kind}: {one.said()}")
        one.stop()
        with in_memory(one.run, "1m"):
            one.start()
            goes_on(one)
            if "is on a disk" in one.said():
                raise Failure(f"on a tmpfs: {one.said()}")
            one.stop()


@case
def full_disks():
    with node() as one:
        with in_memory(one.state, "64k"):
            fill(one.state)
            one.start()
            one.hears("decisions go on, events wait in memory")
            if not goes_on(one)["journal"]["trouble"]:
                wait_for("status names the journal", lambda: one.answers()["journal"]["trouble"])
            os.unlink(f"{one.state}/filler")
            one.hears("is written again")
            one.stop()


@case
def a_disk_that_hangs():
    """Reads of the journal take a minute: the daemon is at work all the same, and says what it does not know."""
    if not shutil.which("strace"):
        raise Skip("no strace: apt-get install strace")
    with node() as one:
        one.maintenance()
        one.start("strace", "-f", "-qq", "-o", "/dev/null", "-P", f"{one.state}/journal.db", "-e",
                  "inject=pread64:delay_enter=60000000")
        one.hears("its disk hangs", *LOST)
        goes_on(one)
        for pid in [*children(one.process.pid), one.process.pid]:
            os.kill(pid, signal.SIGKILL)
        one.process.wait(30)
        one.process = None


ETCD = CLUSTER + """quorum:
  tie_breaker: witness
  witness: {kind: etcd, endpoints: [{address: 127.0.0.1, port: 9}], tls: {ca: FOLDER/ca.pem, cert: FOLDER/own.pem, key: FOLDER/own.key}}
"""


def certify(folder, name, days):
    """Signed by itself, and put in its place at once."""
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
                    "-days", str(days), "-subj", f"/CN={name}", "-keyout", f"{folder}/{name}.key",
                    "-out", f"{folder}/{name}.new"], check=True, capture_output=True)
    for path in (f"{folder}/{name}.key", f"{folder}/{name}.new"):
        os.chmod(path, 0o600)
        shutil.chown(path, USERS["replcheck"])
    os.rename(f"{folder}/{name}.new", f"{folder}/{name}.pem")


@case
def certificates_near_their_end():
    """Ours for etcd and the authorities' are looked at, and `check` says which one ends and what is to be done."""
    with node() as one:
        one.write("cluster.yaml", ETCD.replace("FOLDER", one.folder))
        one.write("node.conf", one.read("node.conf").replace(
            "peer.secret\"", f"peer.secret\"; tls = {{ ca = \"{one.folder}/peer.pem\"; }}"))
        for name, days in (("ca", 400), ("own", 6), ("peer", 12)):
            certify(one.folder, name, days)
        one.start()
        def seen():
            return {c["place"]: (c["kind"], c["days"]) for c in (one.status() or {}).get("certificates", ())
                    if c["kind"] in ("client", "ca", "etcd-ca") and c["days"] is not None}
        wanted = {"quorum.witness.tls.cert": ("client", 5), "quorum.witness.tls.ca": ("etcd-ca", 399),
                  "peer.tls.ca": ("ca", 11)}
        wait_for(f"three ends; {one.said()}", lambda: seen() == wanted)
        told = {p["sentence"]: p["remedy"] for p in one.status()["problems"] if p["id"] == "certificate-ends"}
        if len(told) != 2 or "restart mysql-replcheckd" not in told.get(
                "this node's certificate for etcd, quorum.witness.tls.cert, ends in 5 days", ""):
            raise Failure(f"the verdict says {told}")
        one.hears("quorum.witness.tls.cert, ends in 5 days", "the CA certificate of peer.tls.ca ends in 11 days")
        # What was read once counts, whatever lies there now.
        certify(one.folder, "own", 300)
        time.sleep(1)
        if seen() != wanted:
            raise Failure(f"what is not used is told: {seen()}")


if __name__ == "__main__":
    sys.exit(main())
