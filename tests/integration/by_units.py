"""Starts the daemon as the units of conf/systemd do, with as much of their restrictions as can be had without systemd:
users, capabilities, no_new_privs, scheduling, a read-only view of the files, system calls. Namespaces for /dev and /tmp
and the like are not had. tests/integration/test_privileges.py looks at the processes, tests/lab/as-units puts a whole
pair under it."""
import contextlib
import ctypes
import functools
import grp
import os
import pwd
import socket
import subprocess
import sys
import threading

from service_manager import ServiceManager

UNITS = os.path.join(os.path.dirname(os.path.realpath(__file__)), "../../conf/systemd")
MAIN = "mysql-replcheck.service.in"
RUN_DIR = "/run/mysql-replcheck"


def uid(name):
    return pwd.getpwnam(name).pw_uid


def setting(unit, name):
    """The values of a unit's setting, in order."""
    with open(os.path.join(UNITS, unit), encoding="utf-8") as file:
        return [line.partition("=")[2].strip() for line in file if line.startswith(name + "=")]


@functools.cache
def groups_of_calls():
    groups = {}
    for line in subprocess.run(["systemd-analyze", "syscall-filter"], capture_output=True, text=True,
                               check=True).stdout.splitlines():
        word = line.strip().split()[0] if line.strip() else "#"
        if line.startswith("@"):
            inside = groups[word] = []
        elif word[0] != "#":
            inside.append(word)
    return groups


def expanded(words, groups):
    """System calls and @groups of them, as systemd expands those."""
    return set().union(*(expanded(groups[word], groups) if word in groups else {word} for word in words))


# Takes all calls but those numbers away from itself, and becomes what comes behind them.
LAUNCHER = """
import ctypes, os, sys
library = ctypes.CDLL("libseccomp.so.2")
library.seccomp_init.restype = ctypes.c_void_p
filter = ctypes.c_void_p(library.seccomp_init(0x00050001))  # EPERM
for number in sys.argv[1].split(","):
    library.seccomp_rule_add(filter, 0x7fff0000, int(number), 0)
if library.seccomp_load(filter):
    sys.exit("the filter is refused")
os.execv(sys.argv[2], sys.argv[2:])
"""


@functools.cache
def restricted(unit):
    """The words before a command that give it the unit's SystemCallFilter=."""
    groups, lines = groups_of_calls(), setting(unit, "SystemCallFilter")
    allowed = expanded(["@default", *(w for line in lines if line[0] != "~" for w in line.split())], groups)
    allowed -= expanded([w for line in lines if line[0] == "~" for w in line[1:].split()], groups)
    library = ctypes.CDLL("libseccomp.so.2")
    numbers = [library.seccomp_syscall_resolve_name(name.encode()) for name in allowed]
    return [sys.executable, "-c", LAUNCHER, ",".join(str(n) for n in numbers if n >= 0)]


def by_unit(unit, writable, filtered):
    """The words before a command that give it the unit's user, capabilities, scheduling, view of the files and system
    calls."""
    user = uid(setting(unit, "User")[0])
    groups = [str(grp.getgrnam(name).gr_gid if name == "mysql" else uid(name))
              for line in setting(unit, "SupplementaryGroups") for name in line.split()]
    bounds, ambient = ("".join(",+" + name.lower()[4:] for name in " ".join(setting(unit, option)).split())
                       for option in ("CapabilityBoundingSet", "AmbientCapabilities"))
    hurry = ["chrt", *["--reset-on-fork"] * bool(setting(unit, "CPUSchedulingResetOnFork")), "--rr", "1"]
    binds = "".join(f"mount --bind {path} {path} && " for path in writable if setting(unit, "ReadWritePaths"))
    files = f'mount --make-rprivate / && {binds}mount -o remount,bind,ro / && exec "$@"'
    return ["unshare", "--mount", "sh", "-c", files, "sh", *hurry * bool(setting(unit, "CPUSchedulingPolicy")),
            "setpriv", f"--reuid={user}", f"--regid={user}",
            f"--groups={','.join(groups)}" if groups else "--clear-groups", f"--inh-caps=-all{ambient}",
            f"--ambient-caps=-all{ambient}", f"--bounding-set=-all{bounds}", "--no-new-privs",
            *(restricted(unit) if filtered else [])]


class Systemd:
    """Its part: starts the fencer, listens for it at the sockets, and starts a helper for each connection. `program` and
    the configuration are where the users can reach them, `log` is a file, or
    None for our own; a program with sanitizers makes calls of its own
    and goes unfiltered."""

    def __init__(self, program, config, run, state, log, filtered=True):
        self.words, self.writable, self.log, self.filtered = [program, "--config", config], (run, state), log, filtered
        self.processes, self.listeners = [None], []
        self.manager = ServiceManager(int(setting(MAIN, "FileDescriptorStoreMax")[0]))
        for path, mode in ((run, 0o2775), (state, 0o750)):  # as tmpfiles.d has it
            os.makedirs(path, exist_ok=True)
            os.chown(path, uid("replcheck"), uid("replcheck"))
            os.chmod(path, mode)
        for name in ("spawner", "resetter"):
            self.listen(name, run)
        self.start()

    def start(self):
        if setting(MAIN, "Environment") != [f"FDSTORE={self.manager.room}"]:
            raise ValueError(f"{MAIN} does not tell the fencer how many descriptors are kept")
        self.processes[0] = self.run(MAIN, subprocess.DEVNULL, self.manager.start)

    def restart(self):
        """As `systemctl restart` does: what was left in between is kept."""
        self.processes[0].terminate()
        self.processes[0].wait(60)
        self.start()

    def run(self, unit, standard_input, how=subprocess.Popen):
        words = setting(unit, "ExecStart")[0].split()[1:]
        with open(self.log, "a", encoding="utf-8") if self.log else contextlib.nullcontext() as log:
            return how([*by_unit(unit, self.writable, self.filtered), *self.words, *words], stdin=standard_input,
                       stdout=log, stderr=log)

    def listen(self, name, run):
        unit = f"mysql-replcheck-{name}.socket"
        path = setting(unit, "ListenSequentialPacket")[0].replace(RUN_DIR, run)
        with contextlib.suppress(FileNotFoundError):
            os.unlink(path)
        listener = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        listener.bind(path)
        os.chown(path, uid(setting(unit, "SocketUser")[0]), uid(setting(unit, "SocketGroup")[0]))
        os.chmod(path, int(setting(unit, "SocketMode")[0], 8))
        listener.listen(4)
        self.listeners.append(listener)
        threading.Thread(target=self.serve, args=(name, listener), daemon=True).start()

    def serve(self, name, listener):
        with contextlib.suppress(OSError):
            while True:
                connection, _ = listener.accept()
                with connection:
                    self.processes.append(self.run(f"mysql-replcheck-{name}@.service.in", connection))

    def stop(self):
        self.processes[0].terminate()
        for process in self.processes:
            process.wait(60)

    def close(self):
        self.manager.__exit__()
        for listener in self.listeners:
            listener.close()
        for process in self.processes:
            if process.poll() is None:
                process.kill()
                process.wait()
