"""A node is loaded anew from the other one, by the steps of the manual, read from its page."""
import os
import re
import shlex
import shutil

from replab import faults, services
from replab.database import REPLICATION, of_folder

from .catalogue import expect, scenario
from .returns import return_with

PAGE = os.path.join(os.path.dirname(os.path.realpath(__file__)), "../../../man/mysql-replcheck.1")
SECTION = ".Sh LOADING A NODE ANEW\n"
POSITION, STATE = "0-2-815", "0-1-640,0-2-815"  # the page's examples
FOLDER = "/run/load"                            # a host's own; /var/tmp is the machine's


def steps():
    """(node, '#' for a shell or '>' for the client, the line) of each step, in the page's names."""
    with open(PAGE, encoding="utf-8") as file:
        section = file.read().split(SECTION)[1].split("\n.Sh ")[0]
    return re.findall(r"^(mx[12])([#>]) (.*)$", section, re.M)


class Loading:
    """The page loads mx1 from mx2; here it is whichever node was quarantined."""

    def __init__(self, t, loaded):
        self.t = t
        self.nodes = {"mx1": loaded, "mx2": t.other(loaded)}
        self.position = self.state = ""

    def replaced(self, line):
        """The page's examples as they are here."""
        source = self.t.host(self.nodes["mx2"])
        for example, real in ((STATE, self.state), (POSITION, self.position), ("'192.0.2.12'", f"'{source.address}'"),
                              ("MASTER_PASSWORD='...'", f"MASTER_PASSWORD='{REPLICATION[1]}'"),
                              ("/var/tmp/load", FOLDER)):
            expect(example not in line or real, f"{example} is needed before it is known: {line}")
            line = line.replace(example, real)
        return line

    def service(self, node, verb, unit):
        host, server = self.t.host(node), self.t.server(node)
        if (verb, unit) == ("stop", "mysql-replcheck"):
            faults.send(host, "fencer", faults.signal.SIGTERM)
            self.t.wait(f"the end of {node}'s daemon", lambda: not host.pids(faults.OURS), 20)
        elif (verb, unit) == ("stop", "mariadb"):
            server.stop()
        elif (verb, unit) == ("start", "mariadb"):
            server.start()
        elif (verb, unit) == ("start", "mysql-replcheck"):
            services.start_supervisor(self.t.lab, host)
        else:
            expect(False, f"the laboratory knows no {verb} of {unit}")

    def copy(self):
        """rsync's part: the hosts have no ssh."""
        to = self.t.host(self.nodes["mx1"]).path("run/load")
        shutil.rmtree(to, ignore_errors=True)
        shutil.copytree(self.t.host(self.nodes["mx2"]).path("run/load"), to)

    def shell(self, node, line):
        words = shlex.split(line)
        server = self.t.server(node)
        if words[0] == "systemctl":
            self.service(node, words[1], words[2])
        elif words[0] == "rsync":
            self.copy()
        elif words[0] == "mariadb-backup":
            server.host.exec(of_folder(server.folder, *shlex.split(self.replaced(line))), timeout=120)
        else:
            path = f"PATH={self.t.lab.options.build}:$PATH; "
            said = server.host.exec(["bash", "-ec", path + self.replaced(line)], timeout=120).stdout
            if words[0] == "cat":
                self.position = said.split("\t")[2].strip()

    def client(self, node, line):
        answer = self.t.server(node).sql(self.replaced(line), check=not line.startswith("STOP SLAVE"))
        if "@@gtid_binlog_state" in line:
            key = self.position.rsplit("-", 1)[0] + "-"
            entries = answer[0][0].split(",")
            self.state = ",".join(self.position if one.startswith(key) else one for one in entries)
        if "@@server_id" in line:
            expect(answer[0][:2] == (str(self.t.host(node).server_id), "1"), f"{node} began as {answer[0]}")

    def set_receiver(self, node):
        """Until neither a write nor the supervisor came in between."""
        line = next(line for where, kind, line in steps() if kind == ">" and line.startswith("STOP SLAVE"))

        def took():
            self.client(node, line)
            return self.t.server(node).value("@@global.gtid_slave_pos").split("-")[1] == str(self.t.host(node).server_id)
        self.t.wait(f"{node}'s receiver has its position", took, 10)

    def follow(self):
        for name, kind, line in steps():
            node = self.nodes[name]
            if line.startswith("STOP SLAVE"):
                self.t.wait_state(self.nodes["mx1"], "standby", 30)
                self.t.wait("the loaded node is ready", lambda: self.t.report(
                    self.nodes["mx2"]).get("standby_ready") is True, 30)
                self.set_receiver(node)
            elif kind == "#":
                self.shell(node, line)
            else:
                self.client(node, line)


def receives(t, node):
    status = t.server(node).replica_status()
    return status["Slave_IO_Running"] == status["Slave_SQL_Running"] == "Yes"


def check_is_content(t, node):
    return t.tool(node, "check").returncode == 0


def load_anew(t):
    """Quarantined by a transaction of its own, loaded under load, and then writer and standby again."""
    expect(os.path.exists(f"{t.server('mx1').folder}/usr/bin/mariadb-backup"), "Debian's mariadb-backup is needed")
    return_with(t, lambda server: server.sql("INSERT INTO mail.domain (domain) VALUES ('extra.example')"))
    t.wait_state(t.writer, "quarantined", 20)
    loaded, source = t.writer, t.standby
    with t.excused(loaded):
        Loading(t, loaded).follow()
    t.wait_well()
    for node in (loaded, source):
        t.wait(f"{node} receives", lambda n=node: receives(t, n), 10)
    left = t.server(loaded).sql("SELECT kind FROM replcheck.voter WHERE kind NOT IN ('promise', 'out_of_sync')")
    expect(not left, f"{loaded}'s server has rows of {source}'s: {left}")
    expect(t.server(loaded).value("node FROM replcheck.installed") == loaded, "the schema is not the loaded node's")
    for node in (loaded, source):
        t.wait(f"`check` of {node} is content", lambda n=node: check_is_content(t, n), 90)
    for node in (loaded, source):
        done = t.tool(node, "switchover", "--to", node)
        expect(done.returncode == 0, f"switchover to {node}: {done.stdout}{done.stderr}")
        t.wait_writer(node, 10)
        t.wait_well()
    faults.kill(t.host(source), "mariadbd")
    t.wait_writer(loaded, 15)
    t.server(source).start()
    t.wait_returned(source)
    found = t.server(loaded).value("COUNT(*) FROM mail.domain WHERE domain='extra.example'")
    expect(found == "0", f"the extra transaction is still at {loaded}")
    t.end(loaded, terms=5)


@scenario(settings={"policy.breaker.failovers": "0"})
def load_node(t):
    """A quarantined node is loaded anew from a backup of the writer, as the manual says: it becomes standby, and can be
    the writer again."""
    load_anew(t)


@scenario(settings={"policy.breaker.failovers": "0"}, tie_breaker="writer")
def load_node_writer(t):
    """The same where the last writer has the third vote."""
    load_anew(t)


@scenario(settings={"policy.breaker.failovers": "0", "policy.durability": "lossless"})
def load_node_lossless(t):
    """The same where commits wait for the standby."""
    load_anew(t)
