"""Recorders as processes of a test: writers on the hosts, the sampler outside, the lookups in every host."""
import dataclasses
import os
import signal
import subprocess
import sys
import threading
import time

from . import analysis, mail
from .database import APPLICATION
from .errors import LabError
from .faults import now_us


def program(lab, name):
    path = os.path.join(lab.options.build, "tests/lab", name)
    if not lab.options.build or not os.access(path, os.X_OK):
        raise LabError(f"{path or name} is missing: build it (make tests/lab/{name}) and give --build")
    return path


class _Recorder:
    """A process that writes its file when it is asked to end."""

    def __init__(self, space, argv, path):
        # In a namespace of the laboratory, so that it ends with it.
        self._space, self.path = space, path
        self._process = subprocess.Popen(space.enter_argv(argv), stdout=subprocess.PIPE, text=True)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._end()

    def _signal(self):
        # nsenter waits for its child and passes no signals on.
        for outer in self._space.pids():
            with open(f"/proc/{outer}/cmdline", encoding="utf-8") as file:
                words = file.read().split("\0")
            if self.path in words and words[0].rpartition("/")[2].startswith("lab"):
                os.kill(outer, signal.SIGTERM)

    def _end(self):
        if self._process.poll() is None:
            self._signal()
        try:
            return self._process.communicate(timeout=20)[0] or ""
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.communicate()
            raise LabError(f"the recorder of {self.path} did not end") from None


class Writer(_Recorder):
    """labwriter on a host, through the VIP unless told otherwise; "switch" is outside all hosts, whose sockets it
    reaches by their outer paths. Options are labwriter's: rate=200, seconds=..., keep=True, connect_timeout=250
    (ms), timeout=1000 (ms). One client number each."""

    _clients = 0

    def __init__(self, lab, host="client", address=None, socket=None, client=None, **options):
        Writer._clients += 1
        self.client = client or Writer._clients
        path = os.path.join(lab.dir, f"writer-{self.client}.txt")
        argv = [program(lab, "labwriter"), "--out", path, "--client", str(self.client),
                "--user", APPLICATION[0], "--password", APPLICATION[1]]
        argv += ["--socket", socket] if socket else ["--address", address or lab.plan.vip]
        for name, value in options.items():
            argv += ["--" + name.replace("_", "-")] + ([] if value is True else [str(value)])
        super().__init__(lab.switch if host == "switch" else lab.hosts[host].space, argv, path)

    def stop(self):
        """Ends it; returns its operations."""
        self._end()
        return analysis.read_operations(self.path)


class Sampler(_Recorder):
    """labsampler: what both servers answer each millisecond, asked through their sockets from outside."""

    _count = 0

    def __init__(self, lab, period_us=1000):
        Sampler._count += 1
        path = os.path.join(lab.dir, f"sampler-{Sampler._count}.txt")
        argv = [program(lab, "labsampler"), "--out", path, "--period-us", str(period_us)]
        argv += [f"{name}={lab.servers[name].host.socket}" for name in ("mx1", "mx2")]
        super().__init__(lab.switch, argv, path)

    def stop(self):
        """Ends it; returns (microseconds in which both were writable, the intervals)."""
        both = self._end().split()
        if len(both) != 2:
            raise LabError("labsampler gave no result")
        return int(both[1]), analysis.read_intervals(self.path)


@dataclasses.dataclass
class Lookup:
    host: str
    tool: str        # postfix | dovecot
    begun_us: int
    ended_us: int
    error: str       # "" when it was answered rightly


class Lookups:
    """Asks as Postfix and Dovecot do, on every node that is on, again and again. Dovecot runs meanwhile."""

    TOOLS = {"postfix": mail.postfix_lookup, "dovecot": mail.dovecot_lookup}

    def __init__(self, lab, pause_s=0.1, timeout_s=10):
        self._lab, self._pause_s, self._timeout_s = lab, pause_s, timeout_s
        self.done = []
        self._ended = threading.Event()
        self._threads = []
        for name in ("mx1", "mx2"):
            mail.start_dovecot(lab.hosts[name])
        for name in ("mx1", "mx2"):
            self._wait_for_dovecot(name)
            for tool in self.TOOLS:
                self._threads.append(threading.Thread(target=self._loop, args=(name, tool), daemon=True))
        for thread in self._threads:
            thread.start()

    def _wait_for_dovecot(self, name, timeout_s=15):
        deadline = time.monotonic() + timeout_s
        while (error := self._ask(name, "dovecot").error):
            if time.monotonic() > deadline:
                raise LabError(f"{name}: Dovecot does not answer: {error}")
            time.sleep(0.05)

    def _ask(self, name, tool):
        host, begun, error = self._lab.hosts[name], now_us(), ""
        try:
            answer = self.TOOLS[tool](host, timeout_s=self._timeout_s)
            if not answer.strip():
                error = "empty answer"
        except LabError as failure:
            error = str(failure)
        except subprocess.TimeoutExpired:
            error = f"no answer in {self._timeout_s} s"
        return Lookup(name, tool, begun, now_us(), error)

    def _loop(self, name, tool):
        while not self._ended.is_set():
            before = self._lab.hosts[name].space.pid
            if self._lab.hosts[name].on:
                lookup = self._ask(name, tool)
                # A host that was switched off meanwhile is no host that failed to answer.
                if self._lab.hosts[name].on and self._lab.hosts[name].space.pid == before:
                    self.done.append(lookup)
            time.sleep(self._pause_s)

    def answered(self, name, since_us):
        """Has that node answered each program after that moment?"""
        told = {k.tool for k in list(self.done) if k.host == name and not k.error and k.begun_us > since_us}
        return told == set(self.TOOLS)

    def stop(self):
        """Ends the loops and Dovecot; returns every lookup."""
        self._ended.set()
        for thread in self._threads:
            thread.join(self._timeout_s + 5)
        for name in ("mx1", "mx2"):
            host = self._lab.hosts[name]
            for pid in host.pids("dovecot") if host.on else ():
                host.end_process(pid)
        return sorted(self.done, key=lambda lookup: lookup.begun_us)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()


class Knocker:
    """Connects from a host again and again, to see how long a SYN waits."""

    def __init__(self, lab, host="client", address=None, port=3306):
        script = os.path.join(os.path.dirname(os.path.abspath(__file__)), "knock.py")
        self._process = lab.hosts[host].popen([sys.executable, "-I", script, address or lab.plan.vip, port], stdin=subprocess.PIPE,
                                              stdout=subprocess.PIPE, text=True)

    def stop(self):
        """Ends it; returns (moment, microseconds, ok | refused | timeout) of each connection."""
        lines = self._process.communicate(timeout=30)[0].splitlines()
        return [(int(at), int(took), result) for at, took, result in (line.split() for line in lines)]
