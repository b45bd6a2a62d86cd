"""What the tests of the daemon without a server share: the daemon over a configuration of its own. Needs root; skipped
without."""
import contextlib
import json
import os
import shutil
import signal
import sqlite3
import subprocess
import tempfile

from case_fixture import Failure, run_cases, skip_all, wait_for
from mariadb_sandbox import USERS, private_users

DAEMON, TOOL = os.path.abspath("mysql-replcheckd"), os.path.abspath("mysql-replcheck")
PASSWORD = "kn0wn-s3cret-of-the-test"
CLUSTER = """
cluster: mail
nodes:
  - {name: mx1, address: 127.0.0.1, port: 9, server_id: 1, auto_increment_offset: 1}
  - {name: mx2, address: 127.0.0.2, port: 9, server_id: 2, auto_increment_offset: 2}
vip: {source: none}
"""


class Node:
    def __init__(self, folder, cluster=CLUSTER, more=""):
        self.folder = folder
        self.state, self.run = f"{folder}/state", f"{folder}/run"
        self.log = f"{folder}/log"
        self.process = None
        open(self.log, "w", encoding="utf-8").close()
        for path in (self.state, self.run):
            os.mkdir(path)
        self.write("cluster.yaml", cluster)
        self.write("peer.secret", PASSWORD + "\n", 0o600)
        shutil.chown(f"{folder}/peer.secret", USERS["replcheck"])
        self.write("node.conf", f'node = "mx1";\nrun_dir = "{self.run}";\nstate_dir = "{self.state}";\n'
                                 f'local = {{ socket = "{folder}/none.sock"; }};\n'
                                 f'peer = {{ password_file = "{folder}/peer.secret"; }};\n' + more)

    def write(self, name, text, mode=0o644):
        with open(os.open(f"{self.folder}/{name}", os.O_CREAT | os.O_WRONLY | os.O_TRUNC, mode), "w", encoding="ascii") as file:
            file.write(text)

    def read(self, name):
        with open(f"{self.folder}/{name}", encoding="ascii") as file:
            return file.read()

    def start(self, *before):
        with open(self.log, "w", encoding="utf-8") as log:
            self.process = subprocess.Popen([*before, DAEMON, "--config", self.folder, "--foreground"], stdout=log,
                                            stderr=log, stdin=subprocess.DEVNULL)

    def said(self):
        with open(self.log, encoding="utf-8", errors="replace") as log:
            return log.read()

    def hears(self, *parts):
        try:
            wait_for("the log", lambda: all(part in self.said() for part in parts))
        except Failure:
            raise Failure(f"{parts} are not all in the log:\n{self.said()}") from None

    def status(self):
        done = subprocess.run([TOOL, "--config", self.folder, "status", "--json"], capture_output=True, text=True,
                              timeout=20, check=False)
        report = json.loads(done.stdout) if done.stdout else {}
        return report if report.get("source") == "daemon" else None

    def answers(self):
        return wait_for(f"an answer; the log:\n{self.said()}", self.status)

    def stop(self):
        if self.process:
            self.process.send_signal(signal.SIGTERM)
            self.process.wait(30)
            self.process = None

    def maintenance(self):
        """Leaves a journal with something saved."""
        self.start()
        self.answers()
        done = subprocess.run([TOOL, "--config", self.folder, "maintenance", "on"], capture_output=True, text=True,
                              timeout=20, check=False)
        if done.returncode:
            raise Failure(done.stderr)
        wait_for("the journal", lambda: self._saved() == "on")
        self.stop()

    def _saved(self):
        with contextlib.closing(sqlite3.connect(f"file:{self.state}/journal.db?mode=ro", uri=True)) as db:
            with contextlib.suppress(sqlite3.Error):
                row = db.execute("SELECT text FROM saved WHERE key = 'maintenance'").fetchone()
                return row and row[0]

    def aside(self):
        """The journal's own name first, then what stood beside it."""
        return sorted(name for name in os.listdir(self.state) if ".bad-" in name)


@contextlib.contextmanager
def node(cluster=CLUSTER, more=""):
    with tempfile.TemporaryDirectory(prefix="replcheck-files-") as folder:
        os.chmod(folder, 0o755)
        one = Node(folder, cluster, more)
        try:
            yield one
        finally:
            one.stop()


def children(pid):
    """Of strace: the daemon's processes, the fencer first."""
    found = []
    for name in os.listdir("/proc"):
        if name.isdigit():
            with contextlib.suppress(OSError, IndexError):
                with open(f"/proc/{name}/stat", encoding="latin-1") as file:
                    if int(file.read().rpartition(")")[2].split()[1]) == pid:
                        found += [int(name), *children(int(name))]
    return found


def main():
    if os.geteuid() != 0:
        return skip_all("needs root")
    private_users(USERS)
    return run_cases()
