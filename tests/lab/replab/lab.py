"""The whole: brings a laboratory up, finds a running one, takes it down."""
import concurrent.futures
import contextlib
import json
import os
import shutil
import signal
import sys
import threading
import time

from . import database, etcd, freezer, mail, memory, services, starve, tls
from .errors import LabError
from .host import Host
from .net import HOSTS, PLANS, Segment
from .ns import Space
from .options import Options, default_dir

DATABASES = ("mx1", "mx2", "witness")
NODES = ("mx1", "mx2")


def end_on_signals():
    """A program that a signal would end at once leaves in order instead, through its `with` blocks. The hosts
    end in any case; this is for the folders."""
    if threading.current_thread() is not threading.main_thread():
        return
    for number in (signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) is signal.SIG_DFL:
            signal.signal(number, lambda n, _: sys.exit(128 + n))


class Lab:
    """Use it in a `with`: its end is then the end of this program, at the latest.

    A lab made with outlive=True remains until `down`, called by any program that found it with Lab.attach.
    """

    def __init__(self, options=None, outlive=False):
        self.options = options or Options()
        self.dir = self.options.dir
        self._outlive = outlive
        self._life = (-1, -1)
        self._up = False
        self._saving = threading.Lock()
        self.volatile = ""
        self.plan = PLANS[6 if self.options.ipv6 else 4]

    def _assemble(self):
        self.hosts = {name: Host(name, self.dir, self.volatile, self.options.disk, self.plan) for name in HOSTS}
        self.switch = Space("switch")
        self.segment = Segment(self.switch, os.path.join(self.dir, "cuts.json"), self.plan)
        folder = "" if self.options.server_later else self.options.server
        self.servers = {name: database.Server(self.hosts[name], folder) for name in DATABASES}
        if self.options.tie_breaker == "etcd":
            del self.servers["witness"]
        self.mx1, self.mx2 = self.servers["mx1"], self.servers["mx2"]
        self.witness = self.servers.get("witness") or etcd.Etcd(self.hosts["witness"])
        self.client = self.hosts["client"]

    @classmethod
    def attach(cls, folder):
        """A running laboratory by its folder."""
        try:
            with open(os.path.join(folder, "lab.json"), encoding="utf-8") as file:
                state = json.load(file)
        except FileNotFoundError:
            raise LabError(f"no laboratory in {folder}") from None
        lab = cls(Options.load(state["options"]), outlive=True)
        lab.volatile = state["volatile"]
        lab._assemble()
        lab.switch.pid, lab.switch.started = state["switch"]
        for name, (pid, started) in state["hosts"].items():
            lab.hosts[name].space.pid, lab.hosts[name].space.started = pid, started
        lab._up = True
        return lab

    def save(self):
        path = os.path.join(self.dir, "lab.json")
        with self._saving:  # two hosts may boot at once
            state = {"options": self.options.dump(), "volatile": self.volatile,
                     "switch": [self.switch.pid, self.switch.started],
                     "hosts": {n: [h.space.pid, h.space.started] for n, h in self.hosts.items()}}
            with open(path + ".new", "w", encoding="utf-8") as file:
                json.dump(state, file, indent=1)
            os.replace(path + ".new", path)

    # Life ---------------------------------------------------------------------------------------------

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if not self._outlive:
            self.down()

    def up(self):
        if os.geteuid() != 0:
            raise LabError("a laboratory needs root, for its namespaces")
        services.check_programs(self.options)
        if not self._outlive:
            end_on_signals()
        self._claim_folder()
        try:
            self._make_network()
            self._make_databases()
            mail.load(self)
            services.start(self)
        except LabError as error:
            self.down(keep_logs=True)
            raise LabError(f"{error} (logs: {self.dir})") from None
        except BaseException:
            self.down(keep_logs=False)
            raise
        return self

    def _claim_folder(self):
        if os.path.exists(os.path.join(self.dir, "lab.json")):
            old = Lab.attach(self.dir)
            if old.switch.alive():
                raise LabError(f"a laboratory is up in {self.dir}: end it first, or choose another --name")
            old.down(keep_logs=False)
        shutil.rmtree(self.dir, ignore_errors=True)
        os.makedirs(self.dir)
        # Some systems mount /tmp from disk; /dev/shm is memory everywhere.
        memory.sweep()
        self.volatile = memory.make(self.options.name)
        self._assemble()
        self._up = True
        self.save()

    def _make_network(self):
        if not self._outlive:
            self._life = os.pipe()
        self.switch.make({}, os.path.join(self.dir, "switch.log"), self._life[0])
        for host in self.hosts.values():
            host.make_folders()
        for server in self.servers.values():
            server.put_tools()
        for host in self.hosts.values():
            host.boot(self._life[0])
        self.switch.wait_ready(os.path.join(self.dir, "switch.log"))
        memory.claim(self.volatile, self.switch)
        self.save()
        self.segment.make()
        for host in self.hosts.values():
            host.wait_boot()
            self.save()
            self.segment.plug(host)

    def boot(self, host):
        """Switches a host on again: its folders as they were, /run empty."""
        host.fresh_run()
        host.boot(self._life[0])
        host.wait_boot()
        self.save()
        self.segment.plug(host)

    def _make_databases(self):
        lossless = self.options.lossless
        if self.options.tls:
            tls.make_authority(self.path("tls"))
        def one(server):
            if self.options.tls:
                tls.certify(self.path("tls"), server.host, 90)
            server.prepare(self.options.pool, lossless, self.options.dual)
            server.start()
        if "witness" not in self.servers:
            self.witness.launch()
        self.at_once(one, self.servers.values())
        for server in (self.mx1, self.mx2):
            server.create_replication_account()
        self.mx1.replicate_from(self.mx2, lossless)
        self.mx2.replicate_from(self.mx1, lossless)

    @staticmethod
    def at_once(work, items):
        with concurrent.futures.ThreadPoolExecutor() as pool:
            return list(pool.map(work, items))

    def down(self, keep_logs=None):
        """Ends every process of the lab and removes its folders. Safe to call again, or half-way up."""
        if not self._up:
            return
        keep_logs = self.options.keep_logs if keep_logs is None else keep_logs
        held = {signal.SIGINT, signal.SIGTERM, signal.SIGHUP}
        before = signal.pthread_sigmask(signal.SIG_BLOCK, held)
        try:
            for host in self.hosts.values():
                freezer.thaw(host)
                starve.feed(host)
            spaces = [host.space for host in self.hosts.values()] + [self.switch]
            self.at_once(Space.end, spaces)
            for fd in self._life:
                if fd >= 0:
                    os.close(fd)
            self._life = (-1, -1)
            self._up = False
            shutil.rmtree(self.volatile, ignore_errors=True)
            self._remove(keep_logs)
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)

    def _remove(self, keep_logs):
        if not keep_logs:
            shutil.rmtree(self.dir, ignore_errors=True)
            with contextlib.suppress(OSError):  # where others are up it is not empty
                os.rmdir(os.path.dirname(default_dir("any")))
            return
        os.unlink(os.path.join(self.dir, "lab.json"))
        for host in self.hosts.values():
            for entry in os.scandir(host.dir) if os.path.isdir(host.dir) else ():
                if entry.name not in ("log", "etc"):
                    if entry.is_dir(follow_symlinks=False):
                        shutil.rmtree(entry.path, ignore_errors=True)
                    else:
                        os.unlink(entry.path)

    def path(self, name):
        return os.path.join(self.dir, name)

    # Looking ------------------------------------------------------------------------------------------

    def node(self, name):
        return self.servers[name]

    def peer_of(self, name):
        return self.servers["mx2" if name == "mx1" else "mx1"]

    def vip_holders(self):
        return [name for name in NODES if self.hosts[name].on and self.plan.vip in self.hosts[name].addresses()]

    def wait_until(self, what, condition, timeout_s):
        """Polls; returns the seconds it took; raises LabError naming `what`."""
        begun = time.monotonic()
        while not condition():
            if time.monotonic() - begun > timeout_s:
                raise LabError(f"{what}: not within {timeout_s:g} s")
            time.sleep(0.02)
        return time.monotonic() - begun
