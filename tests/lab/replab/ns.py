"""Namespaces held by a process: making one, entering it, finding and ending its processes."""
import json
import os
import signal
import subprocess
import sys
import time

from .errors import LabError

INIT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "init.py")
CLEAN_ENV = {"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME": "/root",
             "LANG": "C.UTF-8", "TERM": os.environ.get("TERM", "dumb")}


def start_time(pid):
    """A process is known by its pid and this together: pids are used again."""
    try:
        with open(f"/proc/{pid}/stat", encoding="latin-1") as file:
            return int(file.read().rpartition(")")[2].split()[19])
    except (OSError, IndexError, ValueError):
        return 0


def alive(pid, started):
    return pid > 0 and start_time(pid) == started != 0


def end(pid, started, timeout_s=10.0):
    """Kills one process and waits until it is gone, memory and all."""
    if not alive(pid, started):
        return
    try:
        fd = os.pidfd_open(pid)
    except ProcessLookupError:
        return
    try:
        if alive(pid, started):
            signal.pidfd_send_signal(fd, signal.SIGKILL)
    except ProcessLookupError:
        pass
    finally:
        os.close(fd)
    deadline = time.monotonic() + timeout_s
    while alive(pid, started) and time.monotonic() < deadline:
        if state_of(pid) == "Z":
            return  # its parent will collect it
        time.sleep(0.002)
    if alive(pid, started) and state_of(pid) != "Z":
        raise LabError(f"process {pid} did not end within {timeout_s:g} s of SIGKILL")


def state_of(pid):
    try:
        with open(f"/proc/{pid}/stat", encoding="latin-1") as file:
            return file.read().rpartition(")")[2].split()[0]
    except (OSError, IndexError):
        return ""


class Space:
    """The namespaces of one host. `pid` is its first process as the machine sees it."""

    def __init__(self, name, pid=0, started=0):
        self.name, self.pid, self.started = name, pid, started
        self.holder = None  # the unshare process, when this program made the space

    def alive(self):
        return alive(self.pid, self.started)

    def make(self, spec, log, life_fd=-1):
        """Starts the first process and returns at once; wait_ready() ends the wait."""
        ready_read, ready_write = os.pipe()
        os.set_inheritable(ready_write, True)
        spec = dict(spec, hostname=self.name, ready_fd=ready_write, life_fd=life_fd)
        fds = [ready_write] + ([life_fd] if life_fd >= 0 else [])
        kinds = ["-n", "-p", "-m"] + ([] if self.name == "switch" else ["-u", "-i"])
        with open(log, "ab") as out:
            self.holder = subprocess.Popen(
                ["unshare", *kinds, "--fork", "--kill-child", "--mount-proc", "--",
                 sys.executable, "-I", "-S", INIT, json.dumps(spec)],
                stdin=subprocess.DEVNULL, stdout=out, stderr=out, pass_fds=fds, env=CLEAN_ENV,
                start_new_session=True)
        os.close(ready_write)
        self._ready = ready_read

    def wait_ready(self, log):
        answer = os.read(self._ready, 1)
        os.close(self._ready)
        if answer != b"1":
            with open(log, encoding="utf-8", errors="replace") as file:
                tail = file.read()[-2000:]
            raise LabError(f"host {self.name} did not come up: {tail.strip()}")
        with open(f"/proc/{self.holder.pid}/task/{self.holder.pid}/children", encoding="ascii") as file:
            self.pid = int(file.read().split()[0])
        self.started = start_time(self.pid)

    def enter_argv(self, argv, net_only=False):
        kinds = ["-n"] if net_only else ["-n", "-m", "-p"] + ([] if self.name == "switch" else ["-u", "-i"])
        return ["nsenter", "-t", str(self.pid), *kinds, "--", *argv]

    def run(self, argv, net_only=False, **options):
        """subprocess.run inside. Captures text by default; raises LabError on failure unless check=False."""
        check = options.pop("check", True)
        options.setdefault("stdout", subprocess.PIPE)
        options.setdefault("stderr", subprocess.PIPE)
        options.setdefault("text", True)
        options.setdefault("env", CLEAN_ENV)
        if "input" not in options:
            options.setdefault("stdin", subprocess.DEVNULL)
        if not self.alive():
            raise LabError(f"{self.name} is off")
        done = subprocess.run(self.enter_argv(argv, net_only), check=False, **options)
        if check and done.returncode != 0:
            what = (done.stderr or done.stdout or "").strip()
            raise LabError(f"{self.name}: {' '.join(argv)[:200]}: exit {done.returncode}: {what}")
        return done

    def spawn(self, argv, log, **options):
        """Starts a process that outlives the caller and is reaped by the host. Returns its inner pid."""
        script = 'setsid -- "$@" </dev/null >&2 & echo $!'
        with open(log, "ab") as out:
            done = self.run(["sh", "-c", script, "sh", *argv], stderr=out, **options)
        return int(done.stdout)

    def pids(self):
        """Every process of the pid namespace but zombies: outer pid -> (inner pid, command name)."""
        found, wanted = {}, None
        try:
            wanted = os.readlink(f"/proc/{self.pid}/ns/pid")
        except OSError:
            return found
        for entry in os.listdir("/proc"):
            if not entry.isdigit():
                continue
            try:
                if os.readlink(f"/proc/{entry}/ns/pid") != wanted:
                    continue
                with open(f"/proc/{entry}/status", encoding="latin-1") as file:
                    fields = dict(line.split(":", 1) for line in file if ":" in line)
            except OSError:
                continue
            if "Z" not in fields["State"]:
                found[int(entry)] = (int(fields["NSpid"].split()[-1]), fields["Name"].strip())
        return found

    def outer(self, inner):
        for outer, (number, _) in self.pids().items():
            if number == inner:
                return outer
        return 0

    def end(self):
        """Ends every process of the host: the first one takes the rest along."""
        end(self.pid, self.started)
        if self.holder is not None:
            if self.holder.poll() is None and not self.alive():
                self.holder.kill()
            self.holder.wait(10)
            self.holder = None
        self.pid = self.started = 0
