"""The servers are upgraded to the release of --server, one after the other, under load."""
from replab import faults

from .catalogue import expect, scenario
from .moves import switch

RELEASES = 120  # seconds for a server to be stopped, started as another release, and in step again


def begin(t):
    expect(t.lab.options.server, "an upgrade needs something to upgrade to: --server DIR")
    t.begin()
    t.fault(faults.now_us())


def upgrade(t, node):
    with t.excused(node):
        t.server(node).upgrade(t.lab.options.server)
    t.wait_well(RELEASES)


def told(t, node):
    """What `status` says of the two servers' releases: (severity, sentence), or None."""
    for problem in t.report(node).get("problems", []):
        if problem["id"] == "server-versions":
            return problem["severity"], problem["sentence"]
    return None


def await_told(t, node, severity, sentence):
    """The servers' settings are looked at every few seconds."""
    def is_told():
        found = told(t, node)
        return found is not None and found[0] == severity and sentence in found[1]
    t.wait(f"{node}'s status says {sentence!r}", is_told, 30)


@scenario(server_later=True)
def upgrade_servers(t):
    """The standby is upgraded, writes are handed over to it, what was the writer is upgraded, and has them back;
    status says how the releases stand, and nothing is lost."""
    begin(t)
    upgrade(t, t.standby)
    await_told(t, t.writer, "ok", "an upgrade is in progress")
    switch(t, t.writer, t.standby)
    await_told(t, t.writer, "warning", "does not support")
    upgrade(t, t.writer)
    t.wait("nothing is said of the releases", lambda: told(t, t.writer) is None, 30)
    switch(t, t.standby, t.writer)
    t.end(t.writer, terms=3, outage_s=10)


@scenario(server_later=True)
def upgrade_kill_writer(t):
    """The standby is upgraded, and the older writer's server dies: the newer one takes over with everything, and the
    older one follows it until it is upgraded, too."""
    begin(t)
    upgrade(t, t.standby)
    t.fault(faults.kill(t.host(t.writer), "mariadbd"))
    t.wait_writer(t.standby, 10)
    with t.excused(t.writer):
        t.server(t.writer).start()
    t.wait_returned(t.writer)
    t.wait_well()
    upgrade(t, t.writer)
    t.end(t.standby, terms=2, outage_s=10)
