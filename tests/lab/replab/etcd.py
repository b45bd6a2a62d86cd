"""The witness host's etcd, where the third vote is kept in one instead of a MariaDB server."""
import json
import os
import shutil
import time

from .errors import LabError

PORT = 2379
FOLDER = "/var/lib/etcd"


class Etcd:
    """One member, asked as an administrator would on its host. start() and stop() as of a database server."""

    def __init__(self, host):
        self.host = host

    @property
    def url(self):
        return f"http://{self.host.address}:{PORT}"

    def launch(self):
        return self.host.start("etcd", [
            "etcd", "--data-dir", FOLDER + "/lab", "--listen-client-urls", f"http://0.0.0.0:{PORT}",
            "--advertise-client-urls", self.url, "--listen-peer-urls", "http://127.0.0.1:2380", "--logger", "zap"])

    def start(self, timeout_s=30):
        """Returns the outer pid once it answers."""
        pid = self.host.space.outer(self.launch())
        deadline = time.monotonic() + timeout_s
        while not self.answers():
            if time.monotonic() > deadline or not os.path.exists(f"/proc/{pid}"):
                raise LabError(f"{self.host.name}: etcd did not come up: " + self.host.read("log/etcd.log")[-2000:])
            time.sleep(0.05)
        return pid

    def ask(self, path, body):
        """What its HTTP gateway answers, {} for what is no answer."""
        done = self.host.exec(["curl", "-s", "-m", "2", "-d", json.dumps(body), f"http://127.0.0.1:{PORT}/v3/{path}"],
                              check=False)
        try:
            return json.loads(done.stdout)
        except json.JSONDecodeError:
            return {}

    def answers(self):
        return "header" in self.ask("kv/range", {"key": "eA=="})

    def stop(self):
        pid = self.host.pid("etcd")
        self.host.end_process(pid)

    def running(self):
        return bool(self.host.pids("etcd"))

    def wipe(self):
        """Forgets everything. It must be down."""
        shutil.rmtree(self.host.path("etcd/lab"), ignore_errors=True)
