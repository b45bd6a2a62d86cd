"""Processes of the writer's host are stopped, and resumed after others took over."""
import contextlib

from replab import faults

from .catalogue import expect, scenario


@scenario(fault=2, quick=True)
def stop_mariadbd(t):
    """The writer's server hangs: the fencer kills it, the other node writes."""
    t.begin()
    host = t.host(t.writer)
    server = host.pid("mariadbd")
    t.fault(faults.stop(host, server))
    t.wait("the hung server is killed", lambda: server not in host.pids("mariadbd"), 10)
    t.wait_writer(t.standby, 10)
    t.server(t.writer).start()
    t.wait_returned(t.writer)
    t.end(t.standby, terms=2, outage_s=15)


@scenario(fault=(8, 9), quick=True)
def stop_supervisor(t):
    """The writer's supervisor hangs: its server is fenced within the lease, the other node writes, and what
    resumes later does nothing stale."""
    t.begin()
    host = t.host(t.writer)
    child = faults.find(host, "supervisor")
    t.fault(faults.stop(host, child))
    took_s = t.wait(f"{t.writer} is fenced", lambda: t.server(t.writer).read_only(), 10)
    expect(took_s < 4, f"{t.writer} was fenced only after {took_s:.1f} s, with a lease of 3 s")
    t.wait_writer(t.standby, 15)
    with contextlib.suppress(ProcessLookupError):  # the fencer may have replaced it
        faults.resume(host, child)
    t.stays(f"{t.standby} as the one writer", lambda: t.writers() == [t.standby], 2)
    t.wait_well()
    t.end(t.standby, terms=2, outage_s=15)


@scenario(fault=11, quick=True)
def stop_fencer(t):
    """The writer's fencer hangs: the supervisor demotes, the other node writes."""
    t.begin()
    host = t.host(t.writer)
    fencer = faults.find(host, "fencer")
    t.fault(faults.stop(host, fencer))
    t.wait_writer(t.standby, 15)
    with contextlib.suppress(ProcessLookupError):
        faults.resume(host, fencer)
    t.stays(f"{t.standby} as the one writer", lambda: t.writers() == [t.standby], 2)
    t.wait_well()
    t.end(t.standby, terms=2, outage_s=15)
