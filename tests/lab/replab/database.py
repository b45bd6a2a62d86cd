"""The database servers: data folders from a template, start, stop, SQL from outside, replication."""
import fcntl
import hashlib
import os
import shutil
import signal
import socket
import subprocess
import time

from . import conf
from .errors import LabError
from .ns import alive, start_time

IN_FOLDER = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "in-folder")
LOG_FILE_SIZE = "16M"
REPLICATION = ("repl", "repl-lab")
APPLICATION = ("mail", "mail-lab")


def cache_dir():
    return os.environ.get("REPLAB_CACHE", "/var/tmp/replab-cache")


def of_folder(folder, *argv):
    """The command as a program of the system in that folder; "" is the machine itself."""
    return [IN_FOLDER, folder, *argv] if folder else list(argv)


def template(folder=""):
    """An initialised data folder, made once for each MariaDB."""
    version = subprocess.run(of_folder(folder, "mariadbd", "--version"), capture_output=True, text=True,
                             check=True).stdout
    key = hashlib.sha256((version + LOG_FILE_SIZE).encode()).hexdigest()[:12]
    base = cache_dir()
    os.makedirs(base, mode=0o755, exist_ok=True)
    path = os.path.join(base, "datadir-" + key)
    with open(os.path.join(base, "lock"), "w", encoding="ascii") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not os.path.isdir(path):
            new = path + ".new"
            shutil.rmtree(new, ignore_errors=True)
            done = subprocess.run(
                of_folder(folder, "mariadb-install-db", "--no-defaults", "--user=mysql", "--datadir=" + new,
                          "--skip-test-db", "--skip-name-resolve",
                          "--auth-root-authentication-method=socket", "--innodb-log-file-size=" + LOG_FILE_SIZE),
                capture_output=True, text=True, check=False)
            if done.returncode != 0:
                shutil.rmtree(new, ignore_errors=True)
                raise LabError("mariadb-install-db failed: " + (done.stdout + done.stderr)[-2000:])
            os.rename(new, path)
    return path


class Server:
    """The mariadbd of a host. SQL goes in from outside, as root through the socket, cuts or no cuts. `folder`: where
    the system is whose program it is; "" is the machine."""

    def __init__(self, host, folder=""):
        self.host = host
        self.folder = folder

    # Life ---------------------------------------------------------------------------------------------

    def prepare(self, pool, lossless=False, dual=False):
        """Configuration and an empty data folder, as after installing the package."""
        conf.write_mariadb(self.host, pool, LOG_FILE_SIZE, lossless, dual)
        self.fill()

    def fill(self):
        folder = self.host.path("mysql/")
        subprocess.run(["cp", "-a", "--sparse=always", template(self.folder) + "/.", folder], check=True)
        os.chmod(folder, 0o755)  # as Debian's package has it: the fencer reads the binary log's index

    def put_tools(self):
        """What our programs run of the server's release: an older mariadb-binlog reads nothing of a newer server."""
        if self.folder:
            self.host.write("programs/mariadb-binlog",
                            f'#!/bin/sh\nexec {IN_FOLDER} --client {self.folder} mariadb-binlog "$@"\n', 0o755)
            self.host.programs["/usr/bin/mariadb-binlog"] = self.host.path("programs/mariadb-binlog")

    def upgrade(self, folder):
        """As the packages of another release would: stopped, replaced, started, its system tables brought up to date."""
        self.stop()
        self.folder = folder
        self.put_tools()
        self.host.put_programs()
        self.start()
        self.host.exec(of_folder(folder, "mariadb-upgrade", "--no-defaults", "-uroot", "-S", "/run/mysqld/mysqld.sock"),
                       timeout=120)

    def launch(self, *arguments):
        return self.host.start("mariadbd", of_folder(self.folder, "mariadbd", "--user=mysql", *arguments))

    def start(self, *arguments, timeout_s=30):
        """Returns the outer pid once the server answers."""
        pid = self.host.space.outer(self.launch(*arguments))
        deadline = time.monotonic() + timeout_s
        while not self.answers():
            if time.monotonic() > deadline or not os.path.exists(f"/proc/{pid}"):
                raise LabError(f"{self.host.name}: mariadbd did not come up: "
                               + self.host.read("log/mariadbd.log")[-2000:])
            time.sleep(0.01)
        return pid

    def answers(self):
        """Does the server greet on its socket?"""
        with socket.socket(socket.AF_UNIX) as sock:
            sock.settimeout(1)
            try:
                sock.connect(self.host.socket)
                return sock.recv(5)[4:5] == b"\x0a"
            except OSError:
                return False

    def stop(self, timeout_s=30):
        """A clean shutdown."""
        pid = self.host.pid("mariadbd")
        started = start_time(pid)
        os.kill(pid, signal.SIGTERM)
        deadline = time.monotonic() + timeout_s
        while alive(pid, started):
            if time.monotonic() > deadline:
                raise LabError(f"{self.host.name}: mariadbd did not shut down in {timeout_s} s")
            time.sleep(0.01)

    # SQL ----------------------------------------------------------------------------------------------

    def client_argv(self, *arguments):
        return ["mariadb", "--no-defaults", "-uroot", "-S", self.host.socket, *arguments]

    def sql(self, statements, database=None, timeout_s=20, check=True):
        """Rows as tuples of text. Raises LabError with the server's words on failure or without an answer."""
        argv = self.client_argv("-N", "-B", "--connect-timeout=5", *([database] if database else []))
        try:
            done = subprocess.run(argv, input=statements, capture_output=True, text=True, timeout=timeout_s,
                                  check=False)
        except subprocess.TimeoutExpired:
            raise LabError(f"{self.host.name}: no answer in {timeout_s} s: {statements[:200]}") from None
        if check and done.returncode != 0:
            raise LabError(f"{self.host.name}: {done.stderr.strip()}: {statements[:200]}")
        return [tuple(line.split("\t")) for line in done.stdout.splitlines()]

    def value(self, expression, **options):
        return self.sql(f"SELECT {expression}", **options)[0][0]

    def read_only(self):
        return self.value("@@global.read_only+0") == "1"

    def replica_status(self):
        """The one connection's status by column name; empty when there is none."""
        argv = self.client_argv("-B", "--connect-timeout=5", "-e", "SHOW ALL SLAVES STATUS")
        done = subprocess.run(argv, capture_output=True, text=True, timeout=20, check=False)
        if done.returncode != 0:
            raise LabError(f"{self.host.name}: {done.stderr.strip()}")
        lines = done.stdout.splitlines()
        return dict(zip(lines[0].split("\t"), lines[1].split("\t"))) if len(lines) > 1 else {}

    # Replication --------------------------------------------------------------------------------------

    def create_replication_account(self):
        user, password = REPLICATION
        account = f"'{user}'@'{self.host.plan.accounts}'"
        self.sql(f"SET SESSION sql_log_bin=0; CREATE USER {account} IDENTIFIED BY '{password}';"
                 f"GRANT REPLICATION SLAVE ON *.* TO {account}")

    def replicate_from(self, peer, acknowledge=False):
        user, password = REPLICATION
        self.sql(f"CHANGE MASTER TO MASTER_HOST='{peer.host.address}', MASTER_PORT=3306,"
                 f"MASTER_USER='{user}', MASTER_PASSWORD='{password}', MASTER_USE_GTID=slave_pos,"
                 "MASTER_CONNECT_RETRY=1;"
                 # As the supervisor does without lossless: such a receiver takes a second to stop when its
                 # primary's host is gone.
                 f"SET GLOBAL rpl_semi_sync_slave_enabled={int(acknowledge)}; START SLAVE")

    def wait_for(self, peer, timeout_s=10):
        """Until everything in the peer's binary log was applied here."""
        position = peer.value("@@global.gtid_binlog_pos")
        answer = self.value(f"MASTER_GTID_WAIT('{position}', {timeout_s})", timeout_s=timeout_s + 5)
        if answer != "0":
            status = self.replica_status()
            raise LabError(f"{self.host.name} did not reach {position} in {timeout_s} s: "
                           + ", ".join(f"{k}={status.get(k)}" for k in
                                       ("Slave_IO_Running", "Slave_SQL_Running", "Last_IO_Error",
                                        "Last_SQL_Error", "Gtid_IO_Pos")))
