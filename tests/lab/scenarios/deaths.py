"""Processes of the writer's host are killed."""
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
