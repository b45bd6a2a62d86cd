#!/usr/bin/env python3
"""The daemon as a service: what it tells the service manager, going to the background, being told to reload, to upgrade
and to end, its log at a log daemon of the test, and the init script under the real start-stop-daemon. No server is
needed. Needs root; skipped without."""
import contextlib
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time

from case_fixture import Failure, case, skip_all, wait_for
from daemon_fixture import CLUSTER, DAEMON, TOOL, children, main, node

DEVICES = ("null", "zero", "random", "urandom")
SCRIPT = os.path.abspath("conf/init/mysql-replcheck")


def expect(what, got, wanted):
    if got != wanted:
        raise Failure(f"{what}: {got!r}, expected {wanted!r}")


class Manager:
    """Hears what is told over NOTIFY_SOCKET."""

    def __init__(self):
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind("")  # a name that the kernel chooses
        self.told = []

    def __enter__(self):
        os.environ.update(NOTIFY_SOCKET="@" + self.socket.getsockname()[1:].decode(), WATCHDOG_USEC="200000")
        return self

    def __exit__(self, *_):
        del os.environ["NOTIFY_SOCKET"], os.environ["WATCHDOG_USEC"]
        self.socket.close()

    def hears(self, *wanted, seconds=30):
        """All of these, in this order, whatever comes between."""
        end = time.monotonic() + seconds
        for what in wanted:
            while True:
                self.socket.settimeout(max(0.01, end - time.monotonic()))
                try:
                    self.told.append(self.socket.recv(4096).decode())
                except TimeoutError:
                    raise Failure(f"{what!r} was not told, but {self.told}") from None
                if what in self.told[-1]:
                    break
        return self.told[-1]

    def silent_about(self, what, seconds):
        """Nothing like it for so long."""
        until, last = time.monotonic() + 40, time.monotonic()
        while time.monotonic() - last < seconds:
            if time.monotonic() > until:
                raise Failure(f"{what!r} does not end: {self.told[-5:]}")
            self.socket.settimeout(0.2)
            with contextlib.suppress(TimeoutError):
                if what in self.socket.recv(4096).decode():
                    last = time.monotonic()


def supervisor_of(pid):
    for child in children(pid):
        with contextlib.suppress(OSError):
            with open(f"/proc/{child}/cmdline", encoding="ascii") as file:
                if "--supervisor" in file.read().split("\0"):
                    return child
    return None


@case
def the_service_manager_is_told():
    with Manager() as manager, node() as one:
        one.start()
        manager.hears("READY=1", "STATUS=", "WATCHDOG=1")
        expect("its state", "\n" in manager.told[-1], False)
        one.process.send_signal(signal.SIGHUP)
        expect("a reload has its time", re.search(r"RELOADING=1\nMONOTONIC_USEC=\d+$", manager.hears("RELOADING=1"))
               is not None, True)
        manager.hears("READY=1")
        one.write("node.conf", "nonsense", 0o644)
        one.process.send_signal(signal.SIGHUP)
        manager.hears("RELOADING=1", "READY=1")
        one.hears("the configuration was not reloaded")
        one.process.send_signal(signal.SIGTERM)
        manager.hears("STOPPING=1")
        expect("status", one.process.wait(30), 0)
        one.hears("the supervisor ends: asked to stop")
        one.process = None


@case
def the_watchdog_hears_of_a_supervisor_that_stands_still():
    with Manager() as manager, node() as one:
        one.start()
        manager.hears("READY=1", "STATUS=", "WATCHDOG=1")
        child = supervisor_of(one.process.pid)
        os.kill(child, signal.SIGSTOP)
        manager.silent_about("WATCHDOG=1", 2)
        os.kill(child, signal.SIGCONT)
        manager.hears("WATCHDOG=1")
        os.kill(child, signal.SIGKILL)  # another one comes, so that is no reason
        manager.hears("WATCHDOG=1")


def upgraded(one):
    return subprocess.run([DAEMON, "--config", one.folder, "--upgrade"], capture_output=True, text=True, timeout=60,
                          check=False)


@case
def the_program_is_replaced_in_place():
    with node() as one:
        expect("nobody runs", upgraded(one).returncode, 1)
        one.start()
        one.answers()
        child = supervisor_of(one.process.pid)
        done = upgraded(one)
        expect("upgrade", (done.returncode, done.stderr), (0, ""))
        expect("the same fencer", one.process.poll(), None)
        expect("another supervisor", supervisor_of(one.process.pid) in (None, child), False)
        one.answers()
        one.hears("upgrading to", "upgraded; nothing is armed")


def ask_and_leave(one, request):
    """One who gives up waiting."""
    with socket.socket(socket.AF_UNIX) as client:
        client.connect(f"{one.run}/control.sock")
        client.sendall(json.dumps(dict(request, v=1)).encode() + b"\n")


@case
def what_was_given_up_is_not_carried_out_later():
    with node() as one:
        one.start()
        one.answers()
        child = supervisor_of(one.process.pid)
        os.kill(child, signal.SIGSTOP)
        ask_and_leave(one, {"command": "maintenance", "set": "on", "user": "ann"})
        os.kill(child, signal.SIGCONT)
        one.hears("operator: maintenance on: not carried out: uid 0 (ann), who asked for it, had left")
        expect("maintenance", one.answers()["maintenance"], False)


def in_background(one):
    return subprocess.run([DAEMON, "--config", one.folder], stdin=subprocess.DEVNULL, capture_output=True, text=True,
                          timeout=60, check=False)


def pid_of(one):
    with open(f"{one.run}/pid", encoding="ascii") as file:
        return int(file.read())


def end(pid):
    os.kill(pid, signal.SIGTERM)
    wait_for("its end", lambda: gone(pid))


def gone(pid):
    with contextlib.suppress(ChildProcessError):
        os.waitpid(pid, os.WNOHANG)  # an orphan of our pid namespace, whose init we are
    return not os.path.exists(f"/proc/{pid}")


@case
def it_goes_to_the_background():
    with node() as one:
        done = in_background(one)
        expect("start", (done.returncode, done.stderr), (0, ""))
        one.answers()  # at once: it came back when the supervisor was at work
        pid = pid_of(one)
        expect("a leader of its session", os.getsid(pid) == pid, False)
        expect("its terminal", os.readlink(f"/proc/{pid}/fd/0"), "/dev/null")
        again = in_background(one)
        expect("a second one", (again.returncode, f"a supervisor already runs on this node: process {pid} holds" in
                                again.stderr), (1, True))
        expect("the first one's pid file", pid_of(one), pid)
        end(pid)
        expect("the pid file", os.path.exists(f"{one.run}/pid"), False)
        with open(f"{one.folder}/cluster.yaml", "a", encoding="ascii") as file:
            file.write("nonsense: 1\n")
        refused = in_background(one)
        expect("a bad configuration", (refused.returncode, "nonsense" in refused.stderr), (2, True))


class LogDaemon:
    """At /dev/log of this process's mounts."""

    def __init__(self, folder):
        self.lines, self.dev = [], f"{folder}/dev"
        os.mkdir(self.dev)
        for name in DEVICES:
            open(f"{self.dev}/{name}", "w", encoding="ascii").close()
            subprocess.run(["mount", "--bind", f"/dev/{name}", f"{self.dev}/{name}"], check=True)
        os.mkdir(f"{self.dev}/shm", 0o1777)
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(f"{self.dev}/log")
        os.chmod(f"{self.dev}/log", 0o666)
        subprocess.run(["mount", "--rbind", self.dev, "/dev"], check=True)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        subprocess.run(["umount", "--recursive", "--lazy", "/dev"], check=True)
        for name in DEVICES:
            subprocess.run(["umount", f"{self.dev}/{name}"], check=True)
        self.socket.close()

    def hears(self, pattern, seconds=30):
        end_s = time.monotonic() + seconds
        while time.monotonic() < end_s:
            for line in self.lines:
                if re.search(pattern, line):
                    return line
            self.socket.settimeout(0.2)
            with contextlib.suppress(TimeoutError):
                self.lines.append(self.socket.recv(8192).decode())
        raise Failure(f"/{pattern}/ was not logged, but\n" + "\n".join(self.lines))


@case
def what_is_logged_and_how():
    """daemon.notice is <29>: what changed; and what says the same again within a minute is only counted."""
    with node() as one, LogDaemon(one.folder) as log:
        expect("start", in_background(one).returncode, 0)
        log.hears(r"^<29>.* mysql-replcheckd\[\d+\]: mx1/fencer: the fencer watches")
        log.hears(r"^<29>.* mysql-replcheckd\[\d+\]: mx1: supervising mail as node mx1")
        with open(f"{one.folder}/node.conf", "a", encoding="ascii") as file:
            file.write("nonsense = 1;\n")
        refusals = r"<27>.*the configuration was not reloaded: .*nonsense"
        for _ in range(5):
            os.kill(pid_of(one), signal.SIGHUP)
            log.hears(refusals)
            time.sleep(0.1)
        end(pid_of(one))
        log.hears(r"the configuration was not reloaded.*\(repeated \d times\)$")
        expect("lines of the same", len([line for line in log.lines if re.search(refusals, line)]), 2)


# ---- the init script

class Reaper:
    """What an init does: start-stop-daemon takes a zombie for a process that has not ended yet."""

    def __enter__(self):
        self.done = threading.Event()
        self.thread = threading.Thread(target=self.reap)
        self.thread.start()

    def __exit__(self, *_):
        self.done.set()
        self.thread.join()

    def reap(self):
        while not self.done.wait(0.02):
            for pid in [int(name) for name in os.listdir("/proc") if name.isdigit()]:
                with contextlib.suppress(OSError):
                    with open(f"/proc/{pid}/stat", encoding="latin-1") as file:
                        about = file.read()
                    if "(mysql-replcheck) Z" in about:
                        os.waitpid(pid, os.WNOHANG)


class Init:
    """The script over a configuration of the test's own."""

    def __init__(self, one):
        self.one, self.script = one, f"{one.folder}/init"
        with open(SCRIPT, encoding="ascii") as file:
            text = file.read()
        for name, value in (("DAEMON", DAEMON), ("TOOL", TOOL), ("CONFIG", one.folder), ("RUN", one.run)):
            text, count = re.subn(rf"^{name}=.*$", f"{name}={value}", text, flags=re.M)
            expect(f"lines that set {name}", count, 1)
        with open(self.script, "w", encoding="ascii") as file:
            file.write(text)

    def __call__(self, action, wanted):
        done = subprocess.run(["sh", self.script, action], stdin=subprocess.DEVNULL, capture_output=True, text=True,
                              timeout=90, check=False)
        expect(f"{action}: exit code ({done.stdout}{done.stderr})", done.returncode, wanted)
        return done.stdout + done.stderr


@contextlib.contextmanager
def initialised():
    with node() as one, Reaper():
        try:
            yield one, Init(one)
        finally:
            with contextlib.suppress(OSError, ValueError):
                end(pid_of(one))


def change_cluster(one, text):
    with open(f"{one.folder}/cluster.yaml", "w", encoding="ascii") as file:
        file.write(CLUSTER + text)


@case
def init_starts_and_stops():
    with initialised() as (one, init):
        init("status", 3)
        init("stop", 0)
        init("start", 0)
        pid = pid_of(one)
        one.answers()
        init("status", 0)
        init("start", 0)
        expect("the same process", pid_of(one), pid)
        init("restart", 0)
        expect("another process", pid_of(one) == pid, False)
        one.answers()
        pid = pid_of(one)
        init("stop", 0)
        expect("its end", gone(pid), True)
        expect("the pid file", os.path.exists(f"{one.run}/pid"), False)
        init("status", 3)
        init("stop", 0)
        init("try-restart", 0)
        init("status", 3)
        init("nonsense", 2)


@case
def init_reloads():
    with initialised() as (one, init):
        init("reload", 7)
        init("start", 0)
        pid = pid_of(one)
        one.answers()
        change_cluster(one, "thresholds: {lag_warning: 11s}\n")
        init("reload", 0)
        wait_for("the new value", lambda: '"lag_warning_ms": 11000' in json.dumps(one.status()))
        init("force-reload", 0)
        change_cluster(one, "nonsense: 1\n")
        said = init("reload", 1)
        expect("the key is named", "nonsense" in said, True)
        init("status", 0)
        expect("the same process", pid_of(one), pid)


@case
def init_restarts_in_place_in_maintenance():
    with initialised() as (one, init):
        init("start", 0)
        one.answers()
        subprocess.run([TOOL, "--config", one.folder, "maintenance", "on"], check=True, capture_output=True, timeout=20)
        pid = pid_of(one)
        child = supervisor_of(pid)
        init("restart", 0)
        expect("the same fencer", pid_of(one), pid)
        expect("another supervisor", supervisor_of(pid) in (None, child), False)
        expect("maintenance", one.answers()["maintenance"], True)
        child = supervisor_of(pid)
        init("upgrade", 0)
        expect("another supervisor", supervisor_of(pid) in (None, child), False)


@case
def init_over_what_was_left_behind():
    with initialised() as (one, init):
        dead = subprocess.Popen(["true"])
        dead.wait()
        for stale in (dead.pid, os.getpid()):  # nobody's, and another program's
            with open(f"{one.run}/pid", "w", encoding="ascii") as file:
                file.write(f"{stale}\n")
            init("status", 1)
            init("stop", 0)
            with open(f"{one.run}/pid", "w", encoding="ascii") as file:
                file.write(f"{stale}\n")
            init("start", 0)
            init("status", 0)
            init("stop", 0)
        change_cluster(one, "nonsense: 1\n")
        init("start", 1)
        os.unlink(f"{one.folder}/cluster.yaml")
        init("start", 6)
        init("status", 3)


if __name__ == "__main__":
    if not shutil.which("start-stop-daemon") or not os.path.exists("/lib/lsb/init-functions"):
        sys.exit(skip_all("needs start-stop-daemon and /lib/lsb/init-functions"))
    sys.exit(main())
