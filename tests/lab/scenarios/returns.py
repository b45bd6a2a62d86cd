"""A node comes back with its own history."""
from replab import faults, services

from .catalogue import expect, scenario


def return_with(t, before_supervisor):
    """The writer's host is gone when nothing is under way, the other one writes, and the host boots again, with
    something done to its server before its supervisor is there."""
    t.begin()
    t.rest()
    t.fault(faults.kill(t.host(t.writer), "mariadbd"))
    t.wait_writer(t.standby, 15)
    t.load()
    t.power_off(t.writer)
    t.power_on(t.writer, supervised=False)
    before_supervisor(t.server(t.writer))
    services.start_node(t.lab, t.host(t.writer))


def replicates(server):
    status = server.replica_status()
    return status["Slave_IO_Running"] == status["Slave_SQL_Running"] == "Yes"


@scenario(quick=True)
def return_contained(t):
    """A host returns whose history the writer's contains: replication resumes by itself, in both directions."""
    return_with(t, lambda server: None)
    t.wait_well()
    for node in (t.writer, t.standby):
        t.wait(f"{node} replicates", lambda n=node: replicates(t.server(n)), 10)
    t.end(t.standby, terms=2)


@scenario(fault=44, quick=True)
def return_extra(t):
    """A host returns with a transaction that nobody else has: it is quarantined and names it."""
    return_with(t, lambda server: server.sql("INSERT INTO mail.domain (domain) VALUES ('extra.example')"))
    t.wait_state(t.writer, "quarantined", 20)
    extra = t.server(t.writer).value("@@global.gtid_binlog_pos")
    first = (t.report(t.writer).get("history") or {}).get("first", "")
    expect(first == extra, f"{t.writer} names {first!r} as its first extra transaction; it is {extra!r}")
    check = t.tool(t.writer, "check")
    expect(check.returncode == 2, f"check at {t.writer}: exit {check.returncode}: {check.stdout}")
    t.stays(f"{t.writer} is quarantined", lambda: t.state(t.writer) == "quarantined", 2)
    found = t.server(t.standby).value("COUNT(*) FROM mail.domain WHERE domain='extra.example'")
    expect(found == "0", "the extra transaction reached the writer")
    t.end(t.standby, terms=2)
