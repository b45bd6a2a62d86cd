#!/usr/bin/env python3
"""MariaDB servers for tests: real ones, in temporary directories, ended by their pid.

As a module:

    with Sandbox() as box:
        server = box.start("n1", server_id=1, options=["--log-bin"])
        session = server.connect()                      # root, by unix_socket
        rows = session.query("SELECT 1 AS one")         # [{"one": "1"}]

As a program (the server is left running for the caller):

    mariadb_sandbox.py start DIR [--server-id N] [--port N] [-- OPTION...]   prints the socket's path
    mariadb_sandbox.py stop DIR                                              ends it by its pid, removes DIR

The data directory is a copy of a template that mariadb-install-db makes once per version and user. Servers
listen on their socket alone unless a port is asked for, and then on 127.0.0.1.

REPLCHECK_SERVER names a folder with another system (tests/lab/get-debian13), whose MariaDB it is then. Needs root.

unix_socket authentication sees the effective user of connect(). `private_users` runs the calling script
again in namespaces of its own, where /etc/passwd has further users, so that accounts such as `replcheck` can
be logged in to without touching the machine's users, and where no server outlives the script.
"""

import argparse
import ctypes
import fcntl
import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
import time

START_TIMEOUT_S = 30
STOP_TIMEOUT_S = 15
PRIVATE_USERS_MARK = "REPLCHECK_TEST_PRIVATE_USERS"
OTHER_SYSTEM = os.environ.get("REPLCHECK_SERVER", "")
USERS = {"replcheck": 61001, "replcheck-fence": 61002}  # of the program, for private_users()
IN_FOLDER = os.path.join(os.path.dirname(os.path.dirname(os.path.realpath(__file__))), "lab/in-folder")


class SandboxError(Exception):
    pass


class SqlError(Exception):
    def __init__(self, number, text):
        super().__init__(f"{number}: {text}")
        self.number = number
        self.text = text


# ----------------------------------------------------------------------------------------------- sessions

_client = None
CLIENT_MULTI_STATEMENTS = 1 << 16
MYSQL_OPT_PROTOCOL, MYSQL_PROTOCOL_TCP = 9, 1
MYSQL_OPT_BIND = 24


def _load_client():
    lib = ctypes.CDLL("libmariadb.so.3")
    pointer, text, ulong, uint = ctypes.c_void_p, ctypes.c_char_p, ctypes.c_ulong, ctypes.c_uint
    for name, result, arguments in (
            ("mysql_init", pointer, [pointer]),
            ("mysql_options", ctypes.c_int, [pointer, ctypes.c_int, pointer]),
            ("mysql_real_connect", pointer, [pointer, text, text, text, text, uint, text, ulong]),
            ("mysql_real_query", ctypes.c_int, [pointer, text, ulong]),
            ("mysql_errno", uint, [pointer]),
            ("mysql_error", text, [pointer]),
            ("mysql_thread_id", ulong, [pointer]),
            ("mysql_next_result", ctypes.c_int, [pointer]),
            ("mysql_store_result", pointer, [pointer]),
            ("mysql_num_fields", uint, [pointer]),
            ("mysql_fetch_row", ctypes.POINTER(text), [pointer]),
            ("mysql_fetch_field_direct", ctypes.POINTER(text), [pointer, uint]),  # begins with its name
            ("mysql_free_result", None, [pointer]),
            ("mysql_close", None, [pointer])):
        function = getattr(lib, name)
        function.restype, function.argtypes = result, arguments
    return lib


def _encode(value):
    return None if value is None else os.fsencode(value)


class Session:
    """One connection, blocking. `uid` is the effective user while connecting, `bind` the source address."""

    def __init__(self, socket=None, host=None, port=0, user="root", password=None, uid=None, bind=None):
        global _client
        _client = _client or _load_client()
        self.handle = _client.mysql_init(None)
        if host:
            protocol = ctypes.c_uint(MYSQL_PROTOCOL_TCP)
            _client.mysql_options(self.handle, MYSQL_OPT_PROTOCOL, ctypes.byref(protocol))
        if bind:
            _client.mysql_options(self.handle, MYSQL_OPT_BIND, _encode(bind))
        before = os.geteuid()
        try:
            if uid is not None:
                os.seteuid(uid)
            ok = _client.mysql_real_connect(self.handle, _encode(host), _encode(user), _encode(password),
                                            None, port, _encode(socket), CLIENT_MULTI_STATEMENTS)
        finally:
            os.seteuid(before)
        if not ok:
            error = self._error()
            self.close()
            raise error
        self.id = _client.mysql_thread_id(self.handle)

    def query(self, sql):
        """Runs one text (several statements are one text). Returns the last result set that has columns as
        a list of dictionaries of strings and None; [] if there was none. Raises SqlError."""
        sql = _encode(sql)
        if _client.mysql_real_query(self.handle, sql, len(sql)):
            raise self._error()
        rows = []
        while True:
            result = _client.mysql_store_result(self.handle)
            if result:
                rows = self._rows(result)
                _client.mysql_free_result(result)
            elif _client.mysql_errno(self.handle):
                raise self._error()
            more = _client.mysql_next_result(self.handle)
            if more > 0:
                raise self._error()
            if more < 0:
                return rows

    def row(self, sql):
        rows = self.query(sql)
        return rows[0] if rows else None

    def value(self, sql):
        row = self.row(sql)
        return None if row is None else next(iter(row.values()))

    def close(self):
        if self.handle:
            _client.mysql_close(self.handle)
            self.handle = None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def _error(self):
        return SqlError(_client.mysql_errno(self.handle),
                        _client.mysql_error(self.handle).decode("utf-8", "replace"))

    @staticmethod
    def _rows(result):
        count = _client.mysql_num_fields(result)
        names = [_client.mysql_fetch_field_direct(result, i)[0].decode() for i in range(count)]
        rows = []
        while True:
            row = _client.mysql_fetch_row(result)
            if not row:
                return rows
            rows.append({names[i]: None if row[i] is None else row[i].decode("utf-8", "replace")
                         for i in range(count)})


# ------------------------------------------------------------------------------------------------ servers

def of_server(*argv):
    """A program of the server's packages, as a command."""
    return [IN_FOLDER, OTHER_SYSTEM, *argv] if OTHER_SYSTEM else list(argv)


def of_client(*argv):
    """The same for one that runs as anybody."""
    return [IN_FOLDER, "--client", OTHER_SYSTEM, *argv] if OTHER_SYSTEM else list(argv)


def _mariadbd():
    return of_server("/usr/sbin/mariadbd" if OTHER_SYSTEM else shutil.which("mariadbd") or "/usr/sbin/mariadbd")


def lacking():
    """What a server needs and is not here, as a reason to skip a test; "" = nothing."""
    there = os.geteuid() == 0 and (OTHER_SYSTEM or shutil.which(_mariadbd()[0]))
    return "" if there else "needs root and mariadbd"


def _server_user():
    return "mysql" if os.geteuid() == 0 else pwd.getpwuid(os.geteuid()).pw_name


def _template():
    """The data directory that every server is copied from; made once, under a lock."""
    version = subprocess.run([*_mariadbd(), "--no-defaults", "--version"], check=True, capture_output=True,
                             text=True).stdout.split("Ver ")[1].split()[0]
    base = os.path.join(tempfile.gettempdir(), f"mariadb-template-{version}-{os.geteuid()}")
    with open(base + ".lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not os.path.isdir(base):
            making = base + ".making"
            shutil.rmtree(making, ignore_errors=True)
            made = subprocess.run(of_server("mariadb-install-db", "--no-defaults", f"--datadir={making}",
                                            f"--user={_server_user()}", "--auth-root-authentication-method=socket",
                                            "--skip-test-db", "--innodb-log-file-size=4M", "--skip-name-resolve"),
                                  capture_output=True, text=True)
            if made.returncode:
                raise SandboxError("mariadb-install-db failed:\n" + made.stdout + made.stderr)
            os.rename(making, base)
    return base


class Server:
    """One server in `directory`: data/, mysqld.sock, mysqld.pid, error.log."""

    def __init__(self, directory, server_id=1, port=None, options=()):
        self.directory = directory
        self.server_id = server_id
        self.port = port
        self.options = list(options)
        self.socket = os.path.join(directory, "mysqld.sock")
        self.pid_file = os.path.join(directory, "mysqld.pid")
        self.error_log = os.path.join(directory, "error.log")
        self.process = None

    def create(self):
        os.makedirs(self.directory, mode=0o755)
        data, temporary = os.path.join(self.directory, "data"), os.path.join(self.directory, "tmp")
        subprocess.run(["cp", "-a", "--reflink=auto", _template(), data], check=True)
        os.mkdir(temporary)  # its own: a server that starts deletes the temporary tables of others
        for path in (self.directory, temporary):
            shutil.chown(path, _server_user())

    def start(self):
        user = [f"--user={_server_user()}"] if os.geteuid() == 0 else []
        network = [f"--port={self.port}", "--bind-address=127.0.0.1"] if self.port else ["--skip-networking"]
        command = [*_mariadbd(), "--no-defaults", *user,
                   f"--datadir={self.directory}/data", f"--tmpdir={self.directory}/tmp",
                   f"--socket={self.socket}",
                   f"--pid-file={self.pid_file}", f"--log-error={self.error_log}",
                   f"--server-id={self.server_id}", *network,
                   "--innodb-buffer-pool-size=16M", "--innodb-log-file-size=4M", "--key-buffer-size=1M",
                   "--performance-schema=OFF", "--plugin-maturity=unknown", "--skip-name-resolve",
                   *self.options]
        self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                        stderr=subprocess.DEVNULL, start_new_session=True)
        self._await()

    def _await(self):
        end = time.monotonic() + START_TIMEOUT_S
        while time.monotonic() < end:
            if self.process.poll() is not None:
                break
            try:
                self.connect().close()
                return
            except SqlError:
                time.sleep(0.02)
        self.stop()
        with open(self.error_log, errors="replace") as log:
            raise SandboxError(f"mariadbd in {self.directory} did not start:\n" + log.read()[-4000:])

    def connect(self, **options):
        if not options.get("host"):
            options.setdefault("socket", self.socket)
        elif "port" not in options:
            options["port"] = self.port
        return Session(**options)

    def pid(self):
        with open(self.pid_file) as file:
            return int(file.read())

    def kill(self, number=signal.SIGKILL):
        """Signals the server alone; SIGKILL also awaits its end."""
        self.process.send_signal(number)
        if number == signal.SIGKILL:
            self.process.wait()

    def stop(self):
        if self.process and self.process.poll() is None:
            self.process.send_signal(signal.SIGCONT)
            self.process.terminate()
            try:
                self.process.wait(STOP_TIMEOUT_S)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()


class Sandbox:
    """A temporary directory full of servers; all of them end with the `with` block."""

    def __init__(self, directory=None):
        parent = directory or ("/dev/shm" if os.access("/dev/shm", os.W_OK) else None)
        self.directory = tempfile.mkdtemp(prefix="mariadb-sandbox-", dir=parent)
        os.chmod(self.directory, 0o755)
        self.servers = []

    def start(self, name, **options):
        server = Server(os.path.join(self.directory, name), **options)
        server.create()
        self.servers.append(server)
        server.start()
        return server

    def close(self):
        for server in self.servers:
            server.stop()
        shutil.rmtree(self.directory, ignore_errors=True)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


# ---------------------------------------------------------------------------------------- users for a test

def _put(file, mode, place):
    """In place of another, in this mount namespace."""
    os.chmod(file, mode)
    subprocess.run(["mount", "--bind", file, place], check=True)
    os.unlink(file)


def private_users(users):
    """Runs this script again where /etc/passwd also has `users` ({name: uid}), unless that is done already.
    Needs root. The change ends with the process, and so does every process that it started."""
    if os.environ.get(PRIVATE_USERS_MARK):
        passwd = tempfile.NamedTemporaryFile("w", prefix="passwd-", delete=False)
        with passwd, open("/etc/passwd") as machine:
            passwd.write("".join(line for line in machine if line.split(":")[0] not in users))
            for name, uid in users.items():
                passwd.write(f"{name}:x:{uid}:{uid}::/nonexistent:/usr/sbin/nologin\n")
        _put(passwd.name, 0o644, "/etc/passwd")
        if OTHER_SYSTEM:  # an older mariadb-binlog reads nothing of a newer server
            with tempfile.NamedTemporaryFile("w", prefix="binlog-", delete=False) as script:
                script.write(f'#!/bin/sh\nexec {IN_FOLDER} --client {OTHER_SYSTEM} mariadb-binlog "$@"\n')
            _put(script.name, 0o755, "/usr/bin/mariadb-binlog")
        return
    environment = dict(os.environ, **{PRIVATE_USERS_MARK: "1"})
    os.execvpe("unshare", ["unshare", "--mount", "--propagation", "private", "--pid", "--fork",
                           "--mount-proc", "--kill-child", sys.executable, *sys.argv], environment)


# ------------------------------------------------------------------------------------------- as a program

def _start(arguments):
    server = Server(os.path.abspath(arguments.directory), arguments.server_id, arguments.port,
                    arguments.options)
    server.create()
    server.start()
    print(server.socket)


def _stop(arguments):
    """The pid file is trusted only as far as the process is a mariadbd over this directory."""
    server = Server(os.path.abspath(arguments.directory))
    pid = server.pid()
    with open(f"/proc/{pid}/cmdline", "rb") as file:
        if f"--datadir={server.directory}/data".encode() not in file.read().split(b"\0"):
            raise SandboxError(f"process {pid} is no server of {server.directory}")
    os.kill(pid, signal.SIGTERM)
    end = time.monotonic() + STOP_TIMEOUT_S
    while os.path.exists(f"/proc/{pid}") and time.monotonic() < end:
        time.sleep(0.02)
    shutil.rmtree(server.directory, ignore_errors=True)


def main():
    parser = argparse.ArgumentParser(description="a MariaDB server for tests")
    commands = parser.add_subparsers(dest="command", required=True)
    start = commands.add_parser("start")
    start.add_argument("directory")
    start.add_argument("--server-id", type=int, default=1)
    start.add_argument("--port", type=int)
    start.set_defaults(run=_start)
    stop = commands.add_parser("stop")
    stop.add_argument("directory")
    stop.set_defaults(run=_stop)
    end = sys.argv.index("--") if "--" in sys.argv else len(sys.argv)
    arguments = parser.parse_args(sys.argv[1:end])
    arguments.options = sys.argv[end + 1:]
    try:
        arguments.run(arguments)
    except (SandboxError, OSError) as error:
        sys.exit(f"mariadb_sandbox.py: {error}")


if __name__ == "__main__":
    main()
