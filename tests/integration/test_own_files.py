#!/usr/bin/env python3
"""The daemon started over files of its own that are torn, in the way, or on a full disk: it runs, says what it found,
keeps what it cannot read, and answers the operator; and a disk that hangs delays none of it. No server is needed, for
it starts without. Needs root; skipped without."""
import contextlib
import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time

from mariadb_sandbox import private_users

DAEMON, TOOL = os.path.abspath("mysql-replcheckd"), os.path.abspath("mysql-replcheck")
USERS = {"replcheck": 61001, "replcheck-fence": 61002}
CLUSTER = """
cluster: mail
nodes:
  - {name: mx1, address: 127.0.0.1, port: 9, server_id: 1, auto_increment_offset: 1}
  - {name: mx2, address: 127.0.0.2, port: 9, server_id: 2, auto_increment_offset: 2}
vip: {source: none}
"""
LOST = ("the highest positions seen before are not known", "maintenance is off; if it was on")
CASES = []


class Failure(Exception):
    pass


def case(function):
    CASES.append(function)
    return function


def wait_for(what, condition, seconds=30):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        value = condition()
        if value:
            return value
        time.sleep(0.02)
    raise Failure(f"{what}: not within {seconds} s")


class Node:
    def __init__(self, folder):
        self.folder = folder
        self.state, self.run = f"{folder}/state", f"{folder}/run"
        self.log = f"{folder}/log"
        self.process = None
        for path in (self.state, self.run):
            os.mkdir(path)
        self._write("cluster.yaml", CLUSTER)
        self._write("peer.secret", "secret\n", 0o600)
        shutil.chown(f"{folder}/peer.secret", USERS["replcheck"])
        self._write("node.conf", f'node = "mx1";\nrun_dir = "{self.run}";\nstate_dir = "{self.state}";\n'
                                 f'local = {{ socket = "{folder}/none.sock"; }};\n'
                                 f'peer = {{ password_file = "{folder}/peer.secret"; }};\n')

    def _write(self, name, text, mode=0o644):
        with open(os.open(f"{self.folder}/{name}", os.O_CREAT | os.O_WRONLY, mode), "w", encoding="ascii") as file:
            file.write(text)

    def start(self, *before):
        with open(self.log, "w", encoding="utf-8") as log:
            self.process = subprocess.Popen([*before, DAEMON, "--config", self.folder, "--foreground"], stdout=log,
                                            stderr=log, stdin=subprocess.DEVNULL)

    def said(self):
        with open(self.log, encoding="utf-8", errors="replace") as log:
            return log.read()

    def hears(self, *parts):
        try:
            wait_for("the log", lambda: all(part in self.said() for part in parts))
        except Failure:
            raise Failure(f"{parts} are not all in the log:\n{self.said()}") from None

    def status(self):
        done = subprocess.run([TOOL, "--config", self.folder, "status", "--json"], capture_output=True, text=True,
                              timeout=20, check=False)
        report = json.loads(done.stdout) if done.stdout else {}
        return report if report.get("source") == "daemon" else None

    def answers(self):
        return wait_for(f"an answer; the log:\n{self.said()}", self.status)

    def stop(self):
        if self.process:
            self.process.send_signal(signal.SIGTERM)
            self.process.wait(30)
            self.process = None

    def maintenance(self):
        """Leaves a journal with something saved."""
        self.start()
        self.answers()
        done = subprocess.run([TOOL, "--config", self.folder, "maintenance", "on"], capture_output=True, text=True,
                              timeout=20, check=False)
        if done.returncode:
            raise Failure(done.stderr)
        wait_for("the journal", lambda: self._saved() == "on")
        self.stop()

    def _saved(self):
        with contextlib.closing(sqlite3.connect(f"file:{self.state}/journal.db?mode=ro", uri=True)) as db:
            with contextlib.suppress(sqlite3.Error):
                row = db.execute("SELECT text FROM saved WHERE key = 'maintenance'").fetchone()
                return row and row[0]

    def aside(self):
        """The journal's own name first, then what stood beside it."""
        return sorted(name for name in os.listdir(self.state) if ".bad-" in name)


@contextlib.contextmanager
def node():
    with tempfile.TemporaryDirectory(prefix="replcheck-files-") as folder:
        os.chmod(folder, 0o755)
        one = Node(folder)
        try:
            yield one
        finally:
            one.stop()


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
        weight = goes_on(one)["weight"]
        with open(f"{one.run}/vrrp_weight", encoding="ascii") as file:
            if file.read() != f"{weight}\n":
                raise Failure("the weight is not mended")
        with open(f"{one.run}/pid", encoding="ascii") as file:
            if int(file.read()) != one.process.pid:
                raise Failure("the pid is not the daemon's")


@case
def full_disks():
    with node() as one:
        subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k,mode=755", "small", one.state], check=True)
        try:
            with open(f"{one.state}/filler", "wb") as file, contextlib.suppress(OSError):
                while True:
                    os.write(file.fileno(), b"x" * 4096)
            one.start()
            one.hears("decisions go on, events wait in memory")
            if not goes_on(one)["journal"]["trouble"]:
                wait_for("status names the journal", lambda: one.answers()["journal"]["trouble"])
            os.unlink(f"{one.state}/filler")
            one.hears("is written again")
            one.stop()
        finally:
            subprocess.run(["umount", "-l", one.state], check=True)


@case
def a_disk_that_hangs():
    """Reads of the journal take a minute: the daemon is at work all the same, and says what it does not know."""
    if not shutil.which("strace"):
        print("# no strace: not tried")
        return
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


def children(pid):
    """Of strace: the daemon's processes, the fencer first."""
    found = []
    for name in os.listdir("/proc"):
        if name.isdigit():
            with contextlib.suppress(OSError, IndexError):
                with open(f"/proc/{name}/stat", encoding="latin-1") as file:
                    if int(file.read().rpartition(")")[2].split()[1]) == pid:
                        found += [int(name), *children(int(name))]
    return found


def main():
    if os.geteuid() != 0:
        print("skipped: needs root")
        return 77
    private_users(USERS)
    chosen = [c for c in CASES if not sys.argv[1:] or any(word in c.__name__ for word in sys.argv[1:])]
    failed = 0
    print(f"1..{len(chosen)}")
    for number, run in enumerate(chosen, 1):
        try:
            run()
            print(f"ok {number} {run.__name__}", flush=True)
        except (Failure, OSError, ValueError, subprocess.SubprocessError) as error:
            failed += 1
            print(f"not ok {number} {run.__name__}\n# " + f"{type(error).__name__}: {error}".replace("\n", "\n# "),
                  flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
