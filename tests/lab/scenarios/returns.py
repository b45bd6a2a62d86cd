"""A node comes back with its own history."""
import json

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


def listed_and_kept(t, extra):
    """The command decodes the transaction, and its node has copied it, as log and journal say."""
    listed = t.tool(t.writer, "divergence", "--json")
    expect(listed.returncode == 0, f"divergence: {listed.stderr}")
    found = json.loads(listed.stdout)
    expect([one["gtid"] for one in found["list"]] == [extra], f"divergence lists {found['list']}")
    expect(found["tables"] == [{"table": "mail.domain", "inserted": 1, "updated": 0, "deleted": 0}],
           f"divergence: {found['tables']}")
    t.wait(f"{t.writer} has kept it", lambda: (t.report(t.writer).get("history") or {}).get("kept"), 15)
    kept = json.loads(t.tool(t.writer, "divergence", "--kept", "--json").stdout)
    expect(kept["kept"]["events"] == "whole" and "extra.example" in kept["list"][0]["values"][0], f"kept: {kept}")
    history = t.tool(t.writer, "history", "--json").stdout
    expect(kept["kept"]["path"] in history, f"the journal does not name {kept['kept']['path']}")


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
    listed_and_kept(t, extra)
    t.stays(f"{t.writer} is quarantined", lambda: t.state(t.writer) == "quarantined", 2)
    found = t.server(t.standby).value("COUNT(*) FROM mail.domain WHERE domain='extra.example'")
    expect(found == "0", "the extra transaction reached the writer")
    t.end(t.standby, terms=2)


def break_applier(t):
    """The standby gets a row of its own, and stops when the writer's own one arrives."""
    server, row = t.server(t.standby), "INSERT INTO mail.domain (domain) VALUES ('twice.example')"
    server.sql("SET SESSION sql_log_bin=0;" + row)
    t.fault(faults.now_us())
    t.server(t.writer).sql(row)
    t.wait(f"{t.standby}: 1062", lambda: server.replica_status()["Last_SQL_Errno"] == "1062", 10)


def mend_applier(t):
    t.server(t.standby).sql("SET SESSION sql_log_bin=0; DELETE FROM mail.domain WHERE domain='twice.example'")
    t.server(t.standby).sql("START SLAVE SQL_THREAD")


@scenario(fault=43)
def duplicate_key(t):
    """The standby has a row of its own, and replication stops there with 1062 when the writer makes the same: the
    standby says why it is not ready, and is not promoted when the writer dies; once repaired it is ready."""
    t.begin()
    break_applier(t)
    for node in (t.writer, t.standby):
        t.wait(f"{node} says that the standby is not ready, and why", lambda n=node: (
            t.report(n).get("standby_ready") is False and "1062" in t.tool(n, "check").stdout), 10)
    faults.kill(t.host(t.writer), "mariadbd")
    t.stays("nobody is promoted", lambda: not t.writers(), 8)
    t.server(t.writer).start()
    t.wait_writer(t.writer, 30)
    mend_applier(t)
    t.wait_well(40)
    t.end(t.writer, outage_s=60)


def stop_applier(t, *then):
    """In maintenance, which keeps the supervisor from starting it again, the standby's applier is stopped under load, and
    the rest is received. Answers the standby's server."""
    t.begin()
    standby, writer = t.server(t.standby), t.server(t.writer)
    expect(t.tool(t.standby, "maintenance", "on").returncode == 0, "maintenance is refused")
    t.wait("maintenance at the writer", lambda: t.report(t.writer).get("maintenance"), 10)
    standby.sql("STOP SLAVE SQL_THREAD")
    t.wait("more is received than applied",
           lambda: standby.replica_status()["Gtid_IO_Pos"] != standby.value("@@global.gtid_slave_pos"), 10)
    t.end_load()
    t.wait("all is received", lambda: (
        standby.replica_status()["Gtid_IO_Pos"] == writer.value("@@global.gtid_binlog_pos")), 10)
    for statement in then:
        standby.sql(statement)
    t.fault(faults.kill(t.host(t.writer), "mariadbd"))
    t.tool(t.standby, "maintenance", "off")
    return standby


@scenario(name="applier-stopped", quick=True)
def applier_stopped(t):
    """Somebody stopped the standby's applier, and the writer dies: the applier is started while the receiver keeps the
    relay log, and nothing that was received is lost."""
    stop_applier(t)
    t.wait_writer(t.standby, 15)
    t.server(t.writer).start()
    t.wait_returned(t.writer)
    t.end(t.standby, terms=2)


@scenario(name="both-threads-stopped")
def both_threads_stopped(t):
    """The same with both threads stopped, where START SLAVE would discard the relay log: the promotion is refused, and
    nothing is started, until somebody applies what was received, as mysql-replcheck(1) says."""
    standby = stop_applier(t, "STOP SLAVE IO_THREAD")
    t.wait("row 335", lambda: t.report(t.standby).get("row") == 335, 15)
    t.stays("nobody is promoted", lambda: not t.writers(), 5)
    status = standby.replica_status()
    standby.sql(f"CHANGE MASTER TO MASTER_USE_GTID=no, RELAY_LOG_FILE='{status['Relay_Log_File']}',"
                f" RELAY_LOG_POS={status['Relay_Log_Pos']}; START SLAVE SQL_THREAD")
    t.wait("all is applied", lambda: "has read all relay log" in standby.replica_status()["Slave_SQL_Running_State"], 20)
    standby.sql("STOP SLAVE; CHANGE MASTER TO MASTER_USE_GTID=slave_pos")
    t.wait_writer(t.standby, 20)
    t.server(t.writer).start()
    t.wait_returned(t.writer)
    t.end(t.standby, terms=2)
