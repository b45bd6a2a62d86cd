"""What the tests of the fencer share: a real server, and the real fencer over a supervisor on strings
(puppet_supervisor.c). Needs root and mariadbd; skipped without. FENCER_PUPPET names the program under test, by default
the build directory's."""

import contextlib
import ctypes
import os
import pwd
import shutil
import signal
import socket
import subprocess
import threading
import time

from case_fixture import Failure, expect, run_cases, skip_all, wait_for
from mariadb_sandbox import USERS, Sandbox, SqlError, lacking, private_users

PUPPET = os.path.abspath(os.environ.get("FENCER_PUPPET", "tests/integration/fencer_puppet"))
WRITE = "replcheck.write.mail"
VIP, OWN, PORT = "192.0.2.100", "192.0.2.11", 3306
CLONE_NEWNET = 0x40000000
SYN_SENT = 2
PR_SET_NAME = 15
SYS_PIDFD_GETFD = 438
OPTIONS = ["--log-bin=binlog", "--read-only=1"]
ON_TCP = ["--skip-networking=0", "--bind-address=*", f"--port={PORT}"]
LOCK_INFO = ["--plugin-load-add=metadata_lock_info"]
CLUSTER = """
cluster: mail
nodes:
  - {{name: mx1, address: 192.0.2.11, server_id: 1, auto_increment_offset: 1}}
  - {{name: mx2, address: 192.0.2.12, server_id: 2, auto_increment_offset: 2}}
vip: {{addresses: [192.0.2.100]}}
quorum: {{tie_breaker: writer}}
policy: {{write_mode: {write_mode}}}
"""
NODE = """
node = "mx1";
local = {{ socket = "{socket}"; user = "replcheck"; }};
peer = {{ user = "replcheck"; password_file = "{dir}/peer.secret"; tls = {{ verify = false; }}; }};
fencer = {{ user = "replcheck-fence"; kill_server = {kill}; command = "{command}"; }};
run_as = "replcheck";
run_dir = "{dir}/run";
state_dir = "{dir}/state";
"""
PATIENCE = 4  # on a busy machine everything takes longer; how long is a matter of bench/


def boottime():
    return time.clock_gettime(time.CLOCK_BOOTTIME)


class Puppet:
    """One supervisor: what it hears, and its strings."""

    def __init__(self, connection):
        self.connection = connection
        self.text = b""
        self.heard = []
        self.closed = False
        self.about = self.expect_kind("PUPPET")

    @property
    def pid(self):
        return int(self.about["pid"])

    def say(self, line):
        self.connection.sendall(line.encode() + b"\n")

    def listen(self, seconds=0.0):
        self.connection.settimeout(seconds or 0.0001)
        try:
            got = self.connection.recv(65536)
            self.closed = self.closed or not got
            self.text += got
        except (TimeoutError, BlockingIOError):
            pass
        except ConnectionError:
            self.closed = True
        *lines, self.text = self.text.split(b"\n")
        for line in lines:
            words, _, text = line.decode().partition(" text=")
            message = dict(word.split("=", 1) for word in words.split())
            message["text"] = text
            self.heard.append(message)

    def expect_kind(self, kind, seconds=5.0, **wanted):
        """The first message of that kind with those values; what came before it is forgotten."""
        seconds *= PATIENCE
        end = time.monotonic() + seconds
        while True:
            for index, message in enumerate(self.heard):
                if message["kind"] == kind and all(message.get(k) == v for k, v in wanted.items()):
                    del self.heard[:index + 1]
                    return message
            if time.monotonic() >= end or self.closed:
                raise Failure(f"no {kind} {wanted} within {seconds} s, but {self.heard[-4:]}")
            self.listen(0.05)

    def ask(self, line, kind="ACK", **wanted):
        self.listen()
        self.heard.clear()
        self.say(line)
        return self.expect_kind(kind, **wanted)


class Fencer:
    """The daemon under test, in the foreground."""

    def __init__(self, directory, server, kill=True, command="", write_mode="single"):
        self.directory = directory
        self.server = server
        self.config = os.path.join(directory, "conf")
        self.puppet_program = os.path.join(directory, "mysql-replcheckd")
        os.makedirs(self.config, exist_ok=True)
        values = {"dir": directory, "socket": server.socket, "kill": "true" if kill else "false",
                  "command": command, "write_mode": write_mode}
        for name, text in (("cluster.yaml", CLUSTER), ("node.conf", NODE)):
            with open(os.path.join(self.config, name), "w") as file:
                file.write(text.format(**values))
        secret = os.path.join(directory, "peer.secret")
        with open(secret, "w") as file:
            file.write("secret\n")
        os.chmod(secret, 0o600)
        shutil.copy(PUPPET, self.puppet_program)
        self.listener = socket.socket(socket.AF_UNIX)
        path = os.path.join(self.config, "puppet.sock")
        with contextlib.suppress(FileNotFoundError):
            os.unlink(path)
        self.listener.bind(path)
        os.chmod(path, 0o777)
        self.listener.listen(8)
        self.log = open(os.path.join(directory, "fencer.log"), "w+")
        self.process, self.manager = None, None

    def command(self, *arguments):
        return [self.puppet_program, "--config", self.config, *arguments]

    def start(self):
        start = self.manager.start if self.manager else subprocess.Popen
        self.process = start(self.command("--foreground"), stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log,
                             start_new_session=True)
        return self

    def puppet(self, seconds=5.0):
        self.listener.settimeout(seconds)
        try:
            return Puppet(self.listener.accept()[0])
        except TimeoutError:
            raise Failure(f"no supervisor came within {seconds} s") from None

    def weight(self):
        try:
            with open(os.path.join(self.directory, "run", "vrrp_weight")) as file:
                return int(file.read())
        except FileNotFoundError:
            return None

    def weighed_at(self):
        """When the weight was written, in seconds since 1970."""
        return os.stat(os.path.join(self.directory, "run", "vrrp_weight")).st_mtime

    def said(self):
        with open(self.log.name) as file:
            return file.read()

    def close(self):
        if self.process and self.process.poll() is None:
            self.process.send_signal(signal.SIGCONT)
            self.process.kill()
            self.process.wait()
        self.listener.close()
        self.log.close()


def accounts(server):
    root = server.connect()
    for sql in ("CREATE USER 'replcheck-fence'@localhost IDENTIFIED VIA unix_socket",
                "GRANT READ_ONLY ADMIN, CONNECTION ADMIN, PROCESS ON *.* TO 'replcheck-fence'@localhost",
                "CREATE USER replcheck@localhost IDENTIFIED VIA unix_socket",
                "CREATE USER app@localhost IDENTIFIED BY ''", "CREATE DATABASE d", "GRANT ALL ON d.* TO app@localhost",
                "CREATE TABLE d.t (a INT PRIMARY KEY, b INT) ENGINE=InnoDB",
                "INSERT INTO d.t SELECT seq, 0 FROM d.seq_1_to_200000"):
        root.query(sql)
    return root


class Lab:
    def __init__(self, box, options, fencer_options):
        self.server = box.start("n1", options=OPTIONS + list(options))
        shutil.chown(os.path.join(self.server.directory, "data"), "mysql", "mysql")
        os.chmod(os.path.join(self.server.directory, "data"), 0o755)  # as Debian's package makes it
        self.root = accounts(self.server)
        self.fencer = Fencer(box.directory, self.server, **fencer_options)

    def read_only(self):
        """On a session of its own: a fence may have killed any other."""
        with self.server.connect() as session:
            return session.value("SELECT @@global.read_only")

    def writer(self, epoch=1, ms=1950, vip=0):
        """A supervisor that holds its term, over a writable server."""
        self.fencer.start()
        puppet = self.fencer.puppet()
        puppet.expect_kind("STATE", read_only="yes", certifiable="yes")
        expect("lock", puppet.ask(f"prepare {epoch}")["write_lock"], "yes")
        expect("refusal", puppet.ask(f"hold {epoch} {ms} {vip}")["text"], "")
        self.root.query("SET GLOBAL read_only=0")
        puppet.expect_kind("STATE", read_only="no")
        return puppet


@contextlib.contextmanager
def lab(options=(), **fencer_options):
    with Sandbox() as box:
        it = Lab(box, options, fencer_options)
        try:
            yield it
        except (Failure, SqlError):
            print("    the fencer said:\n" + it.fencer.said().rstrip().replace("\n", "\n    | "))
            raise
        finally:
            it.fencer.close()


def private_network():
    """With the VIP and the node's address, so that a server can listen where the configuration says."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(CLONE_NEWNET) != 0:
        raise OSError(ctypes.get_errno(), "unshare")
    for words in ("link set lo up", f"addr add {VIP}/32 dev lo", f"addr add {OWN}/32 dev lo"):
        subprocess.run(["ip", *words.split()], check=True)


class HeldSockets:
    """The server's sockets, held open beyond its death: as if its memory took as long to be torn down."""

    def __init__(self, pid):
        libc, process = ctypes.CDLL(None), os.pidfd_open(pid)
        numbers = [int(n) for n in os.listdir(f"/proc/{pid}/fd")
                   if os.readlink(f"/proc/{pid}/fd/{n}").startswith("socket:")]
        self.fds = [libc.syscall(SYS_PIDFD_GETFD, process, n, 0) for n in numbers]
        os.close(process)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for fd in self.fds:
            os.close(fd)


class UnansweredCall:
    """A connection that a user is trying to make to the other node's port, where a full backlog lets nobody in."""

    def __init__(self, caller):
        self.listener = socket.socket()
        self.listener.bind(("127.0.0.3", PORT))
        self.listener.listen(0)
        os.seteuid(caller)
        try:
            self.calls = [socket.socket() for _ in range(6)]
        finally:
            os.seteuid(0)
        for call in self.calls:
            call.setblocking(False)
            call.connect_ex(("127.0.0.3", PORT))

    def waits(self):
        return any(call.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 1)[0] == SYN_SENT for call in self.calls)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for one in (*self.calls, self.listener):
            one.close()


class SocketProxy:
    """Another process at the server's socket, as a pooler or socket activation is one. All but the pid file speaks for
    it: it has a server's name, and the socket's owner runs it. It logs in as that owner."""

    def __init__(self, server, owner):
        self.path, self.behind, self.owner = server.socket, server.socket + ".behind", owner
        os.rename(self.path, self.behind)
        server.socket = self.behind
        listener = socket.socket(socket.AF_UNIX)
        listener.bind(self.path)
        os.chmod(self.path, 0o777)
        os.chown(self.path, owner, -1)
        listens, ready = os.pipe()
        self.pid = os.fork()
        if not self.pid:
            self._serve(listener, ready)
        os.close(ready)
        os.read(listens, 1)
        os.close(listens)
        listener.close()

    def _serve(self, listener, ready):
        try:
            ctypes.CDLL(None).prctl(PR_SET_NAME, b"mariadbd")
            os.setuid(self.owner)
            listener.listen(16)  # whoever does that is the socket's peer
            os.write(ready, b"x")
            while True:
                client = listener.accept()[0]
                server = socket.socket(socket.AF_UNIX)
                server.connect(self.behind)
                for source, sink in ((client, server), (server, client)):
                    threading.Thread(target=self._pump, args=(source, sink), daemon=True).start()
        finally:
            os._exit(1)

    @staticmethod
    def _pump(source, sink):
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                sink.sendall(data)
        for end in (source, sink):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def kill(self):
        if self.pid:
            os.kill(self.pid, signal.SIGKILL)
            os.waitpid(self.pid, 0)
            self.pid = 0

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.kill()


def fenced(puppet, seconds=3.0):
    message = puppet.expect_kind("FENCED", seconds)
    expect("proven", message["ok"], "1")
    return message


def status_of(pid):
    with open(f"/proc/{pid}/status") as file:
        return dict(line.split(":", 1) for line in file.read().splitlines())


def children_of(pid):
    with open(f"/proc/{pid}/task/{pid}/children") as file:
        return [int(word) for word in file.read().split()]


def locks_memory(it):
    """Where its limit lets it."""
    return status_of(it.fencer.process.pid)["VmLck"].strip() != "0 kB"


def resetter_of(it):
    """It bears its name a moment after it was forked."""
    def found():
        return [pid for pid in children_of(it.fencer.process.pid)
                if status_of(pid)["Name"].strip() == "replcheck-reset"]
    resetters = wait_for("a resetter", found)
    expect("resetters", len(resetters), 1)
    return resetters[0]


def uid(name):
    return pwd.getpwnam(name).pw_uid


def main():
    """Runs the cases that were registered; returns the exit code."""
    if lacking():
        return skip_all(lacking())
    private_users(USERS)
    private_network()
    return run_cases()
