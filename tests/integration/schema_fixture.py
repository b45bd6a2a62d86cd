"""What the tests of the schema share: a node and a witness with the schema installed, and sessions in every role.
Needs root (accounts are logged in to by unix_socket) and mariadbd; skipped without. SCHEMA_DRIVER names the program
under test, by default the build directory's."""

import contextlib
import os
import re
import subprocess
import tempfile
import time

from case_fixture import PATIENCE_S, Failure, case, expect, run_cases, skip_all, wait_for  # noqa: F401  (case: for its tests)
from mariadb_sandbox import USERS, Sandbox, SqlError, lacking, private_users
from ports import free_port

DRIVER = os.path.abspath(os.environ.get("SCHEMA_DRIVER", "tests/integration/schema_driver"))
SQL_DRIVER = os.path.abspath("tests/integration/sql_driver")
CLUSTER, VOTE, WRITE = "mail", "replcheck.vote.mail", "replcheck.write.mail"
PASSWORD = r"it's \ a \'secret\' \\ with @NODE@ and -- ; # \"quotes\" ü"
MX1, MX2 = "127.0.0.11", "127.0.0.12"
OPTIONS = ["--log-bin=binlog", "--log-slave-updates", "--event-scheduler=ON", "--read-only=1",
           "--gtid-strict-mode=1", "--binlog-format=ROW"]
with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../supervisor/model/schema_version.h")) as header:
    VERSION = re.search(r'SCHEMA_VERSION_TEXT "(\d+)"', header.read()).group(1)


def expect_error(what, function, number, word=""):
    try:
        function()
    except SqlError as error:
        if error.number != number or not error.text.startswith(word):
            raise Failure(f"{what}: got {error}, wanted {number} {word}") from None
        return
    raise Failure(f"{what}: succeeded, wanted {number} {word}")


def refused(what, session, sql, word):
    expect_error(what, lambda: session.query(sql), 1644, word + ":")


def driver(server, *arguments, node="mx1", cluster=CLUSTER, mode="single"):
    socket = server.socket if server else "/nonexistent"
    return subprocess.run([DRIVER, node, cluster, socket, PASSWORD, mode, *arguments], capture_output=True,
                          text=True)


def done(server, *arguments, **options):
    result = driver(server, *arguments, **options)
    if result.returncode:
        raise Failure(f"{arguments}: exit {result.returncode}: {result.stderr}")
    return result.stdout


def fails(code, word, server, *arguments, **options):
    result = driver(server, *arguments, **options)
    if result.returncode != code or word not in result.stderr:
        raise Failure(f"{arguments}: exit {result.returncode}, {result.stderr!r}; wanted {code} and {word!r}")


def statement(*arguments):
    """What the supervisor asks, in its own words (sql_driver.c)."""
    return subprocess.run([SQL_DRIVER, *arguments], check=True, capture_output=True, text=True).stdout


class Roles:
    """Sessions of one case on one server, closed with it."""

    def __init__(self, server):
        self.server = server
        self.sessions = []

    def _keep(self, session):
        self.sessions.append(session)
        return session

    def root(self):
        return self._keep(self.server.connect())

    def local(self):
        return self._keep(self.server.connect(user="replcheck", uid=USERS["replcheck"]))

    def fencer(self):
        return self._keep(self.server.connect(user="replcheck-fence", uid=USERS["replcheck-fence"]))

    def remote(self, address=MX2):
        return self._keep(self.server.connect(host="127.0.0.1", user="replcheck", password=PASSWORD,
                                              bind=address))

    def voting(self, session):
        expect("vote taken", session.value(f"SELECT GET_LOCK('{VOTE}', 2)"), "1")
        return session

    def armed(self):
        fencer = self.fencer()
        expect("write lock taken", fencer.value(f"SELECT GET_LOCK('{WRITE}', 2)"), "1")
        return fencer

    def close(self):
        for session in self.sessions:
            session.close()


BOX = None
SERVERS = {}


def server_named(name, **options):
    if name not in SERVERS:
        SERVERS[name] = BOX.start(name, port=free_port(), **options)
    return SERVERS[name]


def gone(session, thread_id):
    """Waits until a connection is out of the server."""
    asks = f"SELECT COUNT(*) FROM information_schema.PROCESSLIST WHERE ID = {thread_id}"
    wait_for(f"connection {thread_id} gone", lambda: session.value(asks) == "0", every=0.005)


@contextlib.contextmanager
def node():
    """A node with a fresh schema, read-only, no promise, no lock held."""
    server = server_named("n1", server_id=1, options=OPTIONS)
    roles = Roles(server)
    try:
        root = roles.root()
        root.query("SET GLOBAL read_only = 1")
        if not root.query("SELECT 1 FROM information_schema.SCHEMATA WHERE SCHEMA_NAME = 'replcheck'"):
            done(server, "install")
        root.query("SET SESSION sql_log_bin = 0; DELETE FROM replcheck.voter; DELETE FROM replcheck.term;"
                   " DELETE FROM replcheck.bulletin; SET SESSION sql_log_bin = 1")
        yield roles, root
    finally:
        ids = [session.id for session in roles.sessions if session.handle]
        roles.close()
        with server.connect() as root:
            for thread_id in ids:
                gone(root, thread_id)
            root.query("SET GLOBAL read_only = 1")


def writer(roles, epoch=7):
    """A session with the vote and the promise, an armed fencer, writes enabled."""
    vote = roles.voting(roles.local())
    fencer = roles.armed()
    vote.query(f"CALL replcheck.promise('mx1', {epoch})")
    expect("enabled", vote.row(f"CALL replcheck.enable('mx1', {epoch})"), {"ok": "1", "read_only": "0"})
    return vote, fencer


def read_only(session):
    return session.value("SELECT @@GLOBAL.read_only")


def voter_rows(session):
    return [(r["node"], r["kind"], int(r["epoch"])) for r in
            session.query("SELECT node, kind, epoch FROM replcheck.voter ORDER BY node, kind")]


def await_read_only(session, wanted, seconds=PATIENCE_S):
    """How long that took, in seconds."""
    begin = time.monotonic()
    wait_for(f"read_only is {wanted}", lambda: read_only(session) == wanted, seconds)
    return time.monotonic() - begin


@contextlib.contextmanager
def witness(name="w1", options=(), login=()):
    """A witness installed without any configuration, over the network."""
    server = server_named(name, server_id=9, options=["--log-bin=binlog", *options])
    roles = Roles(server)
    with tempfile.TemporaryDirectory() as folder:
        for name, text in (("login", "pw"), ("nodes", PASSWORD)):
            path = os.path.join(folder, name)
            with open(os.open(path, os.O_CREAT | os.O_WRONLY, 0o600), "w") as file:
                file.write(text + "\n")
        root = roles.root()
        root.query("CREATE OR REPLACE USER admin@'127.0.0.1' IDENTIFIED BY 'pw';"
                   " GRANT ALL ON *.* TO admin@'127.0.0.1' WITH GRANT OPTION")
        login = [*login, "--host", "127.0.0.1", "--port", str(server.port), "--user", "admin",
                 "--login-password-file", os.path.join(folder, "login"), "--witness"]
        try:
            done(None, "install", *login, "--cluster", CLUSTER, "--allow", MX1, "--allow", MX2,
                 "--password-file", os.path.join(folder, "nodes"), node="-")
            yield roles, root, login
        finally:
            roles.close()


def main():
    """Runs the cases that were registered; returns the exit code."""
    global BOX
    if lacking():
        return skip_all(lacking())
    private_users(USERS)
    with Sandbox() as BOX:
        return run_cases()
