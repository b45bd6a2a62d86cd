"""Processes of the writer's host are killed."""
import contextlib
import os
import re
import sqlite3
import time

from replab import LabError, faults, services

from .catalogue import expect, scenario


def kill_server(t):
    t.begin()
    t.fault(faults.kill(t.host(t.writer), "mariadbd"))
    t.wait_writer(t.standby, 10)
    t.server(t.writer).start()
    expect(t.server(t.writer).read_only(), f"{t.writer} came back writable")
    t.wait_returned(t.writer)
    t.end(t.standby, terms=2, outage_s=10)


@scenario(fault=1, quick=True)
def kill_mariadbd(t):
    """The writer's server is killed: the other node writes; the server comes back read-only."""
    kill_server(t)


@scenario(fault=1, tie_breaker="writer", name="kill-mariadbd-writer", quick=True)
def kill_mariadbd_without_witness(t):
    """The same without a witness: the death is certified, so nobody has to ask the operator."""
    kill_server(t)


@scenario(fault=7, quick=True)
def kill_supervisor(t):
    """The writer's supervisor is killed: another one continues, without a change of role."""
    supervisor_returns(t)


@scenario(fault=7, tie_breaker="writer", name="kill-supervisor-writer")
def kill_supervisor_without_witness(t):
    """The same without a witness."""
    supervisor_returns(t)


def supervisor_returns(t):
    t.begin()
    child = faults.find(t.host(t.writer), "supervisor")
    t.fault(faults.kill(t.host(t.writer), child))

    def returned():
        try:
            return faults.find(t.host(t.writer), "supervisor") != child and t.state(t.writer) == "writer"
        except LabError:
            return False
    t.wait("another supervisor that is writer", returned, 10)
    t.stays(f"{t.writer} as the one writer", lambda: t.writers() == [t.writer], 3)
    t.wait_well()
    t.end(t.writer, terms=1, outage_s=5)


def standby_server_dies(t):
    t.begin()
    t.fault(faults.kill(t.host(t.standby), "mariadbd"))
    t.stays(f"{t.writer} as the one writer", lambda: t.writers() == [t.writer], 5)
    t.server(t.standby).start()
    t.wait_well()
    t.end(t.writer, terms=1, outage_s=5)


@scenario(fault=5)
def kill_standby_mariadbd(t):
    """The standby's server is killed and comes back: the writer goes on, lookups on both nodes too."""
    standby_server_dies(t)


@scenario(fault=5, tie_breaker="writer", name="kill-standby-mariadbd-writer")
def kill_standby_mariadbd_without_witness(t):
    """The same without a witness."""
    standby_server_dies(t)


def kept_ledger(host):
    """As the node's journal has it."""
    path = os.path.join(os.path.realpath(host.path("state")), "journal.db")
    with contextlib.closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as journal:
        return dict(journal.execute("SELECT key, text FROM saved")).get("ledger", "")


def keeps_more(t):
    """Is a transaction of the writer's kept as received at the standby that is not applied there?"""
    number = t.host(t.writer).server_id
    kept = re.search(rf"^received .*?\b0-{number}-(\d+)", kept_ledger(t.host(t.standby)), re.M)
    applied = re.search(rf"\b0-{number}-(\d+)", t.server(t.standby).value("@@global.gtid_slave_pos"))
    return kept and int(kept[1]) > (int(applied[1]) if applied else 0)


@scenario(fault=6)
def restart_unapplied(t):
    """The standby restarts with transactions that it had received and not applied, and the writer dies: promotion
    is refused, with the positions, until the writer is back with what is missing."""
    t.begin()
    standby, writer = t.server(t.standby), t.server(t.writer)
    lock = faults.table_lock(standby)  # a stopped thread the supervisor would start again
    t.wait(f"{t.standby}'s supervisor keeps the position of what is received", lambda: keeps_more(t), 15)
    host, pid = t.host(t.standby), t.host(t.standby).pid("mariadbd")
    # Of the two servers at once; a receiver that came back first would get it all again.
    with t.excused(t.writer, t.standby):  # there is no server that a lookup could ask
        t.fault(faults.kill_together((t.host(t.writer), "mariadbd"), (host, pid)))
        t.wait_dead(t.standby, pid)
        lock.close()
        standby.start()
    t.stays("nobody is promoted", lambda: not t.writers(), 8)
    report = t.report(t.standby)
    loss = report.get("loss") or {}
    writers_own = f"0-{t.host(t.writer).server_id}-"
    expect("refused" in report.get("reason", "") and loss.get("known_lost", 0) > 0 and writers_own in loss["sentence"],
           f"{t.standby} does not say which transactions are missing: {report.get('reason')}; {loss}")
    writer.start()
    t.wait("one writer", lambda: len(t.writers()) == 1, 30)
    t.wait_well(40)
    t.end(t.writers()[0], outage_s=60)


@scenario(fault=1, tie_breaker="writer", name="kill-both-servers-writer",
          settings={"policy.max_known_lost": "100000", "policy.max_unseen": "60s"})
def kill_both_servers_without_witness(t):
    """The standby's server is killed, then the writer's, and the standby's comes back alone: the writer's death is
    certified there then, and nobody has to ask the operator (who allowed for what that loses)."""
    t.begin()
    host, pid = t.host(t.standby), t.host(t.standby).pid("mariadbd")
    with t.excused(t.standby, t.writer):
        faults.kill(host, pid)
        t.wait_dead(t.standby, pid)
        t.fault(faults.kill(t.host(t.writer), "mariadbd"))
        time.sleep(4)
        t.server(t.standby).start()
        t.wait_writer(t.standby, 15)
        t.server(t.writer).start()
        t.wait_returned(t.writer)
    t.end(t.standby, terms=2, outage_s=60)


@scenario(fault=11, quick=True)
def kill_fencer(t):
    """The writer's fencer is killed: the supervisor closes the server at once and ends, the other node writes."""
    t.begin()
    t.fault(faults.kill(t.host(t.writer), "fencer"))
    t.wait_writer(t.standby, 10)
    t.wait("the supervisor without a fencer is gone", lambda: not t.host(t.writer).pids(faults.OURS), 10)
    services.start_supervisor(t.lab, t.host(t.writer))
    t.wait_well()
    t.end(t.standby, terms=2, outage_s=10)


@scenario(fault=28, quick=True)
def kill_keepalived(t):
    """The writer's keepalived is killed and leaves the VIP behind: both nodes hold it, the writer stays, and that
    is reported as critical; one holder again once keepalived is back."""
    t.begin()
    host = t.host(t.writer)
    pids = host.pids("keepalived")
    for pid in pids:  # one that saw the other die would still take the VIP away
        faults.stop(host, pid)
    for pid in pids:
        t.fault(faults.kill(host, pid))
    t.wait("the VIP on both nodes", lambda: len(t.lab.vip_holders()) == 2, 10)
    t.wait("`check` of a node is critical", lambda: any(
        t.tool(node, "check").returncode == 2 for node in (t.writer, t.standby)), 10)
    t.stays(f"{t.writer} as the one writer", lambda: t.writers() == [t.writer], 3)
    services.start_keepalived(host)
    t.wait_well()
    t.end(t.writer, terms=1)
