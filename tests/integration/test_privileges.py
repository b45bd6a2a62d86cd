#!/usr/bin/env python3
"""What each process of the daemon may, against a table: started as root, and started by the units of conf/systemd with
as much of their restrictions as can be had without systemd. Where a known password is, and where it must not be. Who
may ask over the control socket, and who may command. Needs root; skipped without."""
import contextlib
import os
import re
import shutil
import subprocess
import sys

import by_units
from case_fixture import Failure, Skip, case, wait_for
from daemon_fixture import CLUSTER, DAEMON, PASSWORD, TOOL, children, main, node
from mariadb_sandbox import USERS

PLUGIN = os.path.abspath("check_mysql_replcheck")
WITH_VIP = CLUSTER.replace("vip: {source: none}", "vip: {addresses: [192.0.2.100]}")
GROUPS = 'control = { read_group = "games"; admin_group = "operator"; };\n'
RUN, FENCE = USERS["replcheck"], USERS["replcheck-fence"]
KILL, NET_ADMIN = 1 << 5, 1 << 12
# User; capabilities inheritable, permitted, effective, bounding, ambient; are the system calls restricted?
TABLE = {"fencer": (FENCE, (KILL, KILL, KILL, KILL, KILL), False), "spawner": (RUN, (0, 0, 0, 0, 0), False),
         "supervisor": (RUN, (0, 0, 0, 0, 0), False), "resetter": (FENCE, (0, NET_ADMIN, NET_ADMIN, 0, 0), True)}
COMMANDS = {"replcheck-spawn": "spawner", "replcheck-reset": "resetter"}
SANITIZED = b"libasan" in subprocess.run(["ldd", DAEMON], capture_output=True, check=False).stdout
# Under a filter that forbids capset() the inheritable one stays.
BY_UNITS = dict(TABLE, resetter=(FENCE, (0 if SANITIZED else NET_ADMIN, NET_ADMIN, NET_ADMIN, NET_ADMIN, 0), True))
FILTERS = b"libseccomp" in subprocess.run(["ldd", DAEMON], capture_output=True, check=False).stdout


def expect(what, got, wanted):
    if got != wanted:
        raise Failure(f"{what}: {got!r}, expected {wanted!r}")


def status_of(pid):
    with open(f"/proc/{pid}/status", encoding="ascii") as file:
        return dict(line.rstrip("\n").split(":\t", 1) for line in file if ":\t" in line)


def processes(pids):
    """{role: pid} once all four are there."""
    found = {}
    for pid in pids:
        with contextlib.suppress(OSError):
            with open(f"/proc/{pid}/cmdline", encoding="ascii") as file:
                supervisor = "--supervisor" in file.read().split("\0")
            found["supervisor" if supervisor else COMMANDS.get(status_of(pid)["Name"], "fencer")] = pid
    return found if len(found) == 4 else None


def limit_of(pid, name):
    with open(f"/proc/{pid}/limits", encoding="ascii") as file:
        return next(line for line in file if line.startswith(name))[len(name):].split()


def as_the_table_says(found, table):
    for role, pid in sorted(found.items()):
        status, (uid, capabilities, filtered) = status_of(pid), table[role]
        expect(f"{role}'s users", status["Uid"].split(), [str(uid)] * 4)
        expect(f"{role}'s groups", status["Gid"].split(), [str(uid)] * 4)
        expect(f"{role} in root's group", "0" in status["Groups"].split(), False)
        names = ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb")
        expect(f"{role}'s {', '.join(names)}", tuple(int(status[name], 16) for name in names), capabilities)
        expect(f"{role}'s no_new_privs", status["NoNewPrivs"], "1")
        if FILTERS and not SANITIZED:
            expect(f"{role}'s system call filter", status["Seccomp"], "2" if filtered or table is BY_UNITS else "0")
        expect(f"{role}'s cores", limit_of(pid, "Max core file size")[:2], ["0", "0"])
        if not SANITIZED:
            expect(f"{role}'s memory is root's", os.stat(f"/proc/{pid}/mem").st_uid, 0)


@case
def started_as_root():
    with node(WITH_VIP) as one:
        one.start()
        one.answers()
        found = wait_for("four processes", lambda: processes([one.process.pid, *children(one.process.pid)]))
        as_the_table_says(found, TABLE)
        # Neither may touch the other: the supervisor's user the fencer, and nobody the resetter's memory.
        expect("a signal from run_as to the fencer", subprocess.run(
            ["setpriv", f"--reuid={RUN}", f"--regid={RUN}", "--clear-groups", "kill", "-0", str(found["fencer"])],
            capture_output=True, check=False).returncode, 1)


def holds_secret(pid):
    """Is it in the memory that this process can read?"""
    with open(f"/proc/{pid}/maps", encoding="ascii") as maps, open(f"/proc/{pid}/mem", "rb", 0) as memory:
        for line in maps:
            begin, end, mode = re.match(r"(\w+)-(\w+) (\S+)", line).groups()
            if not mode.startswith("rw") or int(end, 16) - int(begin, 16) > 1 << 26:
                continue
            with contextlib.suppress(OSError, ValueError):
                memory.seek(int(begin, 16))
                if PASSWORD.encode() in memory.read(int(end, 16) - int(begin, 16)):
                    return True
    return False


@case
def the_password_is_where_it_is_needed_alone():
    with node(WITH_VIP) as one:
        one.start()
        one.answers()
        found = wait_for("four processes", lambda: processes([one.process.pid, *children(one.process.pid)]))
        for role, pid in found.items():
            for name in ("cmdline", "environ"):
                with open(f"/proc/{pid}/{name}", "rb") as file:
                    expect(f"the password in {role}'s {name}", PASSWORD.encode() in file.read(), False)
            if not SANITIZED:
                expect(f"the password in {role}'s memory", holds_secret(pid), role == "supervisor")
        one.stop()
        for path in [one.log] + [os.path.join(one.state, name) for name in os.listdir(one.state)]:
            with open(path, "rb") as file:
                expect(f"the password in {os.path.basename(path)}", PASSWORD.encode() in file.read(), False)


def group_of(name):
    return subprocess.run(["getent", "group", name], capture_output=True, text=True, check=True).stdout.split(":")[2]


def as_user(uid, group, *command):
    return subprocess.run(["setpriv", f"--reuid={uid}", f"--regid={uid}", f"--groups={group or uid}", *command],
                          capture_output=True, text=True, timeout=20, check=False)


@case
def who_may_ask_and_who_may_command():
    with node(more=GROUPS) as one:
        one.start()
        one.answers()
        tool = [TOOL, "--config", one.folder]
        games, operator = group_of("games"), group_of("operator")
        denied = as_user(61010, None, *tool, "explain")
        expect("a stranger who asks", (denied.returncode, "uid 61010 may not ask: that needs root or a member of the group "
                                       "operator or games" in denied.stderr), (1, True))
        expect("a reader who asks", as_user(61010, games, *tool, "explain").returncode, 0)
        denied = as_user(61010, games, *tool, "maintenance", "on")
        expect("a reader who commands", (denied.returncode, "needs root or a member of the group operator"
                                         in denied.stderr), (1, True))
        expect("nothing was changed", one.status()["maintenance"], False)
        expect("an operator who commands", as_user(61010, operator, *tool, "maintenance", "on").returncode, 0)
        expect("his command", one.status()["maintenance"], True)
        expect("the supervisor's own user", as_user(RUN, None, *tool, "maintenance", "off").returncode, 0)
        one.hears("asked for by uid 61010")


# What a stranger does who wants nobody else to be heard: as many connections as he gets, made again when they end.
CALLER = """
import socket, sys, time
held = []
print("begun", flush=True)
while True:
    one = socket.socket(socket.AF_UNIX)
    one.setblocking(False)
    try:
        one.connect(sys.argv[1])
    except OSError:
        one.close()
        time.sleep(0.001)
        continue
    held.append(one)
    if len(held) > 200:
        held.pop(0).close()
"""


@contextlib.contextmanager
def strangers(path, count=2):
    command = ["setpriv", "--reuid=61010", "--regid=61010", "--clear-groups", sys.executable, "-c", CALLER, path]
    callers = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(count)]
    try:
        for caller in callers:
            caller.stdout.readline()
        yield
    finally:
        for caller in callers:
            caller.kill()
            caller.wait()
            caller.stdout.close()


@case
def a_stranger_keeps_nobody_out():
    with node(more=GROUPS) as one:
        one.start()
        one.answers()
        pids = [one.process.pid, *children(one.process.pid)]
        reader, tool = group_of("games"), [TOOL, "--config", one.folder]
        with strangers(f"{one.run}/control.sock"):
            for switch in ("on", "off") * 3:
                order = subprocess.run([*tool, "maintenance", switch], capture_output=True, text=True, timeout=30,
                                       check=False)
                expect(f"root's order: {order.stderr}", order.returncode, 0)
                asked = as_user(61011, reader, *tool, "explain")
                expect(f"a reader's question: {asked.stderr}", asked.returncode, 0)
                checked = as_user(61011, reader, PLUGIN, "-S", f"{one.run}/control.sock", "--program", "/nowhere").stdout
                expect(f"the plugin goes without the supervisor: {checked}", "no supervisor" in checked, False)
        expect("its processes", [one.process.pid, *children(one.process.pid)], pids)


# ---- by the units

def pids_of(it):
    return [pid for process in it.processes for pid in (process.pid, *children(process.pid))]


@contextlib.contextmanager
def units(one):
    program = shutil.copy(DAEMON, one.folder)
    it = by_units.Systemd(program, one.folder, one.run, one.state, one.log, filtered=not SANITIZED)
    try:
        yield it
    finally:
        it.close()


@case
def started_by_units():
    if not shutil.which("systemd-analyze"):
        raise Skip("no systemd-analyze: apt-get install systemd")
    with node(WITH_VIP) as one, units(one) as it:
        expect(f"readiness; the log:\n{one.said()}", it.manager.hears("READY=1", 30), True)
        one.answers()
        found = wait_for(f"four processes; the log:\n{one.said()}", lambda: processes(pids_of(it)))
        as_the_table_says(found, BY_UNITS)
        expect("the lock's owner", os.stat(f"{one.run}/lock").st_uid, FENCE)
        os.kill(found["supervisor"], 9)
        wait_for("another supervisor", lambda: (processes(pids_of(it)) or found)["supervisor"] != found["supervisor"])
        one.answers()
        it.stop()
        expect("how they ended", [process.returncode for process in it.processes], [0] * 3)
        for trouble in ("cannot be", "not permitted", "denied"):
            expect(f"\"{trouble}\" in the log", [line for line in one.said().splitlines() if trouble in line], [])


if __name__ == "__main__":
    sys.exit(main())
