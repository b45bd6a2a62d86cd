"""Faults, and the end of each. Every function returns the moment it happened, in microseconds of
CLOCK_BOOTTIME, as the recorders count; processes are ended by pid, through a pidfd.

A process is named as on its host: "mariadbd", "keepalived", or of ours "fencer" (the privileged parent) and
"supervisor" (its child).
"""
import contextlib
import os
import shutil
import signal
import subprocess
import time

from . import accounts, clock, freezer, services, starve as cpu
from .errors import LabError
from .ns import start_time

OURS = "mysql-replcheckd"
OURS_AS = {"fencer": "replcheck-fence", "supervisor": "replcheck"}


def now_us():
    return time.clock_gettime_ns(time.CLOCK_BOOTTIME) // 1000


# Processes ---------------------------------------------------------------------------------------------


def _uid(pid):
    """None of a process that has just ended."""
    try:
        with open(f"/proc/{pid}/status", encoding="latin-1") as file:
            fields = dict(line.split(":", 1) for line in file if ":" in line)
    except OSError:
        return None
    return int(fields["Uid"].split()[1])


def find(host, what):
    """The outer pid. mysql-replcheckd's processes have one name; the user that each runs as tells which."""
    if what not in OURS_AS:
        return host.pid(what)
    found = [pid for pid in host.pids(OURS) if _uid(pid) == accounts.uid(OURS_AS[what])]
    if not found:
        raise LabError(f"{host.name}: no {what}")
    return min(found, key=start_time)


def send(host, what, number):
    fd = os.pidfd_open(what if isinstance(what, int) else find(host, what))
    try:
        at = now_us()
        signal.pidfd_send_signal(fd, number)
        return at
    finally:
        os.close(fd)


def kill(host, what):
    return send(host, what, signal.SIGKILL)


def stop(host, what):
    return send(host, what, signal.SIGSTOP)


def resume(host, what):
    return send(host, what, signal.SIGCONT)


def send_together(number, *pairs):
    """To several processes, as (host, what or outer pid), found first and then met within microseconds. A pid may have ended
    meanwhile."""
    fds = []
    for host, what in pairs:
        with contextlib.suppress(ProcessLookupError):
            fds.append(os.pidfd_open(what if isinstance(what, int) else find(host, what)))
    at = now_us()
    for fd in fds:
        with contextlib.suppress(ProcessLookupError):  # the end of one may be another's
            signal.pidfd_send_signal(fd, number)
        os.close(fd)
    return at


def kill_together(*pairs):
    return send_together(signal.SIGKILL, *pairs)


def restart_server(server, clean=True):
    """Returns the moment it began to go; the server answers again when this returns."""
    if clean:
        at = now_us()
        server.stop()
    else:
        pid = server.host.pid("mariadbd")
        at = kill(server.host, pid)
        server.host.end_process(pid)
    server.start()
    return at


# Hosts -------------------------------------------------------------------------------------------------


def power_off(lab, name):
    """From one moment to the next nothing is heard of the host; its folders stay as they were."""
    host = lab.hosts[name]
    cut = lab.segment.cut(name)
    at = now_us()
    host.space.end()
    lab.segment.unplug(name)
    lab.segment.heal(cut)
    lab.save()
    return at


def power_on(lab, name, server=True, node=True):
    """Boots the host: with its server, and on a node with keepalived and supervisor."""
    host = lab.hosts[name]
    at = now_us()
    lab.boot(host)
    if server and name in lab.servers:
        lab.servers[name].start()
    elif server and host is lab.witness.host:
        lab.witness.start()
    if node and host.is_node:
        services.start_node(lab, host)
    return at


def freeze(host, only=None):
    freezer.freeze(host, only)
    return now_us()


def thaw(host):
    at = now_us()
    freezer.thaw(host)
    return at


def starve(host, percent):
    """Leaves the host so much of one CPU."""
    cpu.starve(host, percent)
    return now_us()


def feed(host):
    at = now_us()
    cpu.feed(host)
    return at


def set_clock(host, seconds):
    """The host's wall clock is so far ahead from now on, or behind; for what was started after clock.own(host)."""
    clock.set_off(host, seconds)
    return now_us()


def small_disk(host, inside, size):
    """Puts a file system of that size (as "200m") over a folder of the host and copies its content there. The
    processes that use the folder must be down. It lasts until the host is switched off."""
    # A log with holes could not be written on a full disk: the server would crash where a real one waits.
    script = ('set -e; new=$(mktemp -d); mount -t tmpfs -o size="$2" lab "$new";'
              'cp -a --sparse=never "$1/." "$new/";'
              'chown --reference="$1" "$new"; chmod --reference="$1" "$new";'
              'mount --move "$new" "$1"; rmdir "$new"')
    host.exec(["sh", "-c", script, "sh", inside, size])


def fill_disk(host, inside):
    """Writes until the folder's disk is full. Removing the file `filler` there ends it."""
    host.exec(["sh", "-c", 'cat /dev/zero >"$1/filler"', "sh", inside], check=False)
    return now_us()


def free_disk(host, inside):
    host.exec(["rm", "-f", inside + "/filler"])
    return now_us()


def hanging_disk(lab, host, inside):
    """Puts a file system over a folder of the host that passes everything on to it, and whose flushes can hang. The
    processes that use the folder must be down. It lasts until the host is switched off."""
    host.start("hangfs", [os.path.join(lab.options.build, "tests/lab/labhangfs"), inside, "/run/hung"])
    lab.wait_until(f"{host.name}: a disk that can hang", lambda: host.exec(
        ["mountpoint", "-q", inside], check=False).returncode == 0, 5)


def hang_disk(host):
    """From now on every flush of the hanging disk hangs, until it goes on."""
    host.write("run/hung", "")
    return now_us()


def unhang_disk(host):
    os.unlink(host.path("run/hung"))
    return now_us()


# The network -------------------------------------------------------------------------------------------


def cut(lab, *args, **named):
    """Segment.cut with the moment: (moment, number for lab.segment.heal)."""
    number = lab.segment.cut(*args, **named)
    return now_us(), number


def heal(lab, number=None):
    lab.segment.heal(number)
    return now_us()


def slow_down(lab, name, delay_ms, jitter_ms=0):
    """Every frame from and to the host is late by so much from now on. Returns (moment, a function that ends it)."""
    path = os.path.join(lab.options.build, "tests/lab/labrelay")
    if not os.access(path, os.X_OK):
        raise LabError(f"{path} is missing: build it (make tests/lab/labrelay)")
    relay = subprocess.Popen(lab.switch.enter_argv(
        [path, "--delay-us", str(int(delay_ms * 1000)), "--jitter-us", str(int(jitter_ms * 1000)),
         *lab.segment.lengthen(name)]))

    def end():
        lab.segment.shorten(name)  # the relay ends when its interface is gone
        relay.wait(10)
        return now_us()
    return now_us(), end


# Sessions ----------------------------------------------------------------------------------------------


class Session:
    """A client of a server that keeps its connection: for locks, transactions, statements that hang.

    As root through the socket, or as an account through it. Closing it ends what it holds."""

    OVER = ("ERROR 2006", "ERROR 2013", "ERROR 1927")  # gone, lost, killed

    def __init__(self, server, user="root", password="", database="lab"):
        argv = ["mariadb", "--no-defaults", "-u" + user, "-S", server.host.socket, "-N", "-B", "-n", "-f",
                "--skip-reconnect", database]
        if password:
            argv.insert(3, "-p" + password)
        self._client = subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        stderr=subprocess.STDOUT, text=True)
        self._count = 0

    def begin(self, statement):
        """Sends without waiting for an answer."""
        self._client.stdin.write(statement.rstrip("; \n") + ";\n")
        self._client.stdin.flush()

    def finish(self):
        """The lines that were answered up to here, error messages among them."""
        self._count += 1
        mark = f"-- done {self._count} --"
        self.begin(f"SELECT '{mark}'")
        lines = []
        while True:
            line = self._client.stdout.readline()
            if line == "":
                raise LabError("the session ended: " + " ".join(lines)[-300:])
            if line.rstrip("\n") == mark:
                return lines
            lines.append(line.rstrip("\n"))
            if line.startswith(self.OVER):  # the client goes on, and would never come to the mark
                raise LabError("the session ended: " + line.strip())

    def run(self, statement):
        self.begin(statement)
        return self.finish()

    def close(self):
        if self._client.poll() is None:
            self._client.kill()
        self._client.wait()
        self._client.stdin.close()
        self._client.stdout.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


def read_lock(server):
    """FLUSH TABLES WITH READ LOCK, held until the session is closed."""
    session = Session(server)
    session.run("FLUSH TABLES WITH READ LOCK")
    return session


def table_lock(server, table="lab.appends", **account):
    """An idle LOCK TABLES ... WRITE, held until the session is closed."""
    session = Session(server, **account)
    session.run(f"LOCK TABLES {table} WRITE")
    return session


def wipe(server):
    """An empty data folder, as after a disk was replaced. The server must be down."""
    folder = os.path.realpath(server.host.path("mysql"))
    for entry in os.scandir(folder):
        if entry.is_dir(follow_symlinks=False):
            shutil.rmtree(entry.path)
        else:
            os.unlink(entry.path)
    server.fill()
