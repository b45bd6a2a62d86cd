"""One host: its folders as seen from outside, its namespaces, its processes."""
import os
import shutil
import subprocess

from . import accounts
from .errors import LabError
from .ns import CLEAN_ENV, Space, alive, end, start_time

# Folders that a host has for itself: path inside -> below the host's folder outside.
OWN = {"/run": "run", "/var/lib/mysql": "mysql", "/var/lib/mysql-replcheck": "state", "/var/lib/etcd": "etcd",
       "/etc/mysql": "etc/mysql", "/etc/mysql-replcheck": "etc/mysql-replcheck", "/etc/postfix": "etc/postfix",
       "/etc/dovecot": "etc/dovecot", "/etc/keepalived": "etc/keepalived",
       "/var/lib/postfix": "postfix-lib", "/var/spool/postfix": "postfix-spool"}
SERVER_IDS = {"mx1": 1, "mx2": 2, "witness": 9}


class Host:
    def __init__(self, name, lab_dir, volatile, disk, plan):
        self.name, self.plan, self.address = name, plan, plan.addresses[name]
        self.dir = os.path.join(lab_dir, name)
        self.volatile = os.path.join(volatile, name)
        self.disk = disk
        self.space = Space(name)
        self.server_id = SERVER_IDS.get(name, 0)
        self.socket = self.path("run/mysqld/mysqld.sock")
        self.environment = {}  # of the daemons that are started
        self.programs = {}     # path inside -> a file that stands there instead

    @property
    def is_node(self):
        return self.name in ("mx1", "mx2")

    def path(self, *parts):
        """A path below the host's folder, for use outside."""
        return os.path.join(self.dir, *parts)

    def log(self, name):
        return self.path("log", name + ".log")

    # Folders ------------------------------------------------------------------------------------------

    def make_folders(self):
        os.makedirs(self.path("log"))
        memory = {"run"} if self.disk else {"run", "mysql", "state", "etcd"}
        for name in OWN.values():
            if name in memory:
                os.makedirs(os.path.join(self.volatile, name))
                os.symlink(os.path.join(self.volatile, name), self.path(name))
            else:
                os.makedirs(self.path(name))
        for lower in ("etc", "varlib"):
            os.makedirs(os.path.join(self.volatile, "overlay", lower, "upper"))
            os.makedirs(os.path.join(self.volatile, "overlay", lower, "work"))
        etc = os.path.join(self.volatile, "overlay/etc/upper")
        accounts.write(etc)
        for name, text in self.names().items():
            with open(os.path.join(etc, name), "w", encoding="ascii") as file:
                file.write(text)
        for name in ("mysql", "run/mysqld"):
            self.own(name, "mysql")
        self.own("state", "replcheck", 0o750)
        self.fresh_run()

    def names(self):
        """Names come from a file alone: there is no name server, and waiting for one would take seconds."""
        hosts = "".join(f"{address} {name}\n" for name, address in self.plan.addresses.items())
        return {"hosts": "127.0.0.1 localhost\n::1 localhost\n" + hosts, "resolv.conf": "", "hostname": self.name + "\n",
                "nsswitch.conf": "passwd: files\ngroup: files\nshadow: files\nhosts: files\n"}

    def own(self, name, user, mode=0o755):
        path = self.path(name)
        os.makedirs(path, exist_ok=True)
        os.chmod(path, mode)
        os.chown(path, accounts.uid(user), accounts.gid(user))

    def fresh_run(self):
        """/run as after a boot: empty but for what a package's tmpfiles.d makes."""
        run = os.path.realpath(self.path("run"))
        for entry in os.scandir(run):
            if entry.is_dir(follow_symlinks=False):
                shutil.rmtree(entry.path)
            else:
                os.unlink(entry.path)
        self.own("run/mysqld", "mysql")
        for name in ("lock", "keepalived", "dovecot"):
            os.makedirs(self.path("run", name))

    def write(self, name, text, mode=0o644, user="root"):
        path = self.path(name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w", encoding="utf-8", opener=lambda p, f: os.open(p, f, 0o600)) as file:
            file.write(text)
        os.chown(path, accounts.uid(user), accounts.gid(user))
        os.chmod(path, mode)

    def read(self, name):
        with open(self.path(name), encoding="utf-8", errors="replace") as file:
            return file.read()

    # Namespaces ---------------------------------------------------------------------------------------

    def boot(self, life_fd=-1):
        layers = {lower: [os.path.join(self.volatile, "overlay", name, part) for part in ("upper", "work")]
                  for lower, name in (("/etc", "etc"), ("/var/lib", "varlib"))}
        binds = [(os.path.realpath(self.path(name)), inside) for inside, name in OWN.items()]
        self.space.make({"overlays": layers, "binds": binds, "syslog": self.log("syslog")}, self.log("init"),
                        life_fd)

    def wait_boot(self):
        self.space.wait_ready(self.log("init"))
        self.put_programs()

    def put_programs(self):
        for inside, file in self.programs.items():
            self.exec(["mount", "--bind", file, inside])

    @property
    def on(self):
        return self.space.alive()

    # Processes ----------------------------------------------------------------------------------------

    def exec(self, argv, **options):
        """Runs a command inside and waits for it: subprocess.run with text captured, LabError on failure."""
        return self.space.run([str(a) for a in argv], **options)

    def start(self, name, argv, **options):
        """Starts a daemon inside, its output in log/NAME.log. Returns its inner pid."""
        set_first = ["env", *(f"{k}={v}" for k, v in self.environment.items())] if self.environment else []
        return self.space.spawn([*set_first, *(str(a) for a in argv)], self.log(name), **options)

    def popen(self, argv, **options):
        """A process inside that stays the caller's child (the returned Popen is of nsenter)."""
        options.setdefault("env", CLEAN_ENV)
        return subprocess.Popen(self.space.enter_argv([str(a) for a in argv]), **options)

    def enter(self, argv):
        """Replaces this program by one inside."""
        full = self.space.enter_argv(argv)
        os.execvpe(full[0], full, dict(CLEAN_ENV, PS1=f"{self.name}:\\w# "))

    def pids(self, command):
        """Outer pids of the processes whose name is `command` (at most 15 characters of it), oldest first."""
        return sorted(outer for outer, (_, name) in self.space.pids().items() if name == command[:15])

    def pid(self, command):
        """The outer pid of the one process of that name; of several the oldest."""
        found = self.pids(command)
        if not found:
            raise LabError(f"{self.name}: no process {command!r}")
        return min(found, key=start_time)

    def end_process(self, outer):
        started = start_time(outer)
        if alive(outer, started) and outer in self.space.pids():
            end(outer, started)

    def addresses(self):
        done = self.exec(["ip", "-o", "addr", "show"], net_only=True)
        return [line.split()[3].split("/")[0] for line in done.stdout.splitlines()]
