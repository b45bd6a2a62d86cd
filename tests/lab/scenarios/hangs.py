"""Processes of the writer's host are stopped, and resumed after others took over."""
import contextlib
import signal
import time

from replab import faults, services

from .catalogue import expect, scenario



@scenario(fault=2, quick=True)
def stop_mariadbd(t):
    """The writer's server hangs: the fencer kills it, the other node writes."""
    server_hangs(t)


@scenario(fault=2, tie_breaker="writer", name="stop-mariadbd-writer")
def stop_mariadbd_without_witness(t):
    """The same without a witness: what was killed is certified dead."""
    server_hangs(t)


@scenario(fault=3)
def stop_mariadbd_short(t):
    """The writer's server hangs for less than `silent`, again and again: nothing happens."""
    t.begin()
    host = t.host(t.writer)
    server = host.pid("mariadbd")
    for _ in range(5):
        t.fault(faults.stop(host, server))
        time.sleep(0.4)
        faults.resume(host, server)
        time.sleep(1.5)
    expect(host.pids("mariadbd") == [server], "the server was killed")
    t.wait_well()
    t.end(t.writer, terms=1, outage_s=5)


@scenario(fault=4)
def frozen_mariadbd(t):
    """The writer's server hangs as on a disk that hangs: not even SIGKILL ends it. The other node is promoted; when
    the server is let go it acknowledges nothing."""
    t.begin()
    host = t.host(t.writer)
    server = host.pid("mariadbd")
    with t.excused(t.writer):  # its server is no live one, and hangs whoever asks it
        t.fault(faults.freeze(host, [server]))
        t.wait("the other node as writer", lambda: t.writable(t.standby), 20)
        time.sleep(2)
        expect(server in host.pids("mariadbd"), "the frozen server is gone")
        faults.thaw(host)
        t.wait_dead(t.writer, server)
        t.server(t.writer).start()
    t.wait_returned(t.writer)
    t.end(t.standby, terms=2, outage_s=20, vip_s=20)


# While it stands still nobody knows whether it has ended, and so when it wrote last.
@scenario(fault=4, tie_breaker="writer", name="frozen-mariadbd-writer", settings={"policy.max_unseen": "60s"})
def frozen_mariadbd_without_witness(t):
    """The same without a witness: nobody is promoted before the server has ended, for only a dead one is certified;
    let go, it acknowledges nothing, and the other node writes."""
    t.begin()
    host = t.host(t.writer)
    server = host.pid("mariadbd")
    with t.excused(t.writer):
        t.fault(faults.freeze(host, [server]))
        t.stays("nobody is promoted", lambda: not t.writable(t.standby), 8)
        expect(server in host.pids("mariadbd"), "the frozen server is gone")
        faults.thaw(host)
        t.wait_dead(t.writer, server)
        t.wait_writer(t.standby, 15)
        t.server(t.writer).start()
    t.wait_returned(t.writer)
    t.end(t.standby, terms=2, outage_s=40, vip_s=30)


def server_hangs(t):
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
    supervisor_hangs(t)


@scenario(fault=(8, 9), tie_breaker="writer", name="stop-supervisor-writer")
def stop_supervisor_without_witness(t):
    """The same without a witness: its server is fenced, and there is one writer when it has resumed."""
    t.begin()
    host = t.host(t.writer)
    child = faults.find(host, "supervisor")
    t.fault(faults.stop(host, child))
    t.wait(f"{t.writer} is fenced", lambda: t.server(t.writer).read_only(), 10)
    time.sleep(6)
    with contextlib.suppress(ProcessLookupError):  # the fencer may have replaced it
        faults.resume(host, child)
    t.wait("one writer", lambda: len(t.writers()) == 1, 20)
    t.wait_well()
    t.end(t.writers()[0], outage_s=30)


def supervisor_hangs(t):
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


def resume_all(host, pids):
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            faults.resume(host, pid)


def both_stop(t):
    """Supervisor and fencer of the writer at once; their pids."""
    host = t.host(t.writer)
    pids = [faults.find(host, what) for what in ("fencer", "supervisor")]
    t.fault(faults.send_together(signal.SIGSTOP, *((host, pid) for pid in pids)))
    return pids


@scenario(fault=12)
def stop_both(t):
    """Supervisor and fencer of the writer hang: the other node closes the server before it writes, and what resumes
    later does nothing stale."""
    t.begin()
    pids = both_stop(t)
    t.wait_writer(t.standby, 15)
    resume_all(t.host(t.writer), pids)
    t.stays(f"{t.standby} as the one writer", lambda: t.writers() == [t.standby], 3)
    t.wait_well()
    t.end(t.standby, terms=2, outage_s=15)


@scenario(fault=12)
def stop_both_cut_off(t):
    """They hang and the host is cut off: the dead-man's switch closes the server before the other node writes."""
    t.begin()
    pids = both_stop(t)
    _, number = faults.cut(t.lab, t.writer)
    took_s = t.wait(f"{t.writer} is closed by its own event", lambda: t.server(t.writer).read_only(), 10)
    expect(took_s < 4, f"{t.writer} was closed only after {took_s:.1f} s, with a lease of 3 s")
    t.wait_taken_over(15)
    faults.heal(t.lab, number)
    resume_all(t.host(t.writer), pids)
    t.wait_returned(t.writer)
    t.end_taken_over(outage_s=20, vip_s=20)


@scenario(fault=12, tie_breaker="writer", name="stop-both-writer")
def stop_both_without_witness(t):
    """They hang, without a witness: the server is closed, and there is one writer when they have resumed."""
    t.begin()
    pids = both_stop(t)
    t.wait(f"{t.writer} is closed", lambda: t.server(t.writer).read_only(), 10)
    time.sleep(5)
    resume_all(t.host(t.writer), pids)
    t.wait("one writer", lambda: len(t.writers()) == 1, 20)
    t.wait_well()
    t.end(t.writers()[0], outage_s=30)


@scenario(fault=12)
def kill_both(t):
    """They are killed together: the server is closed, the other node writes; the daemon is started again."""
    t.begin()
    host = t.host(t.writer)
    t.fault(faults.kill_together((host, "fencer"), (host, "supervisor")))
    t.wait_writer(t.standby, 15)
    t.wait("no process of the daemon is left", lambda: not host.pids(faults.OURS), 10)
    services.start_supervisor(t.lab, host)
    t.wait_well()
    t.end(t.standby, terms=2, outage_s=15)


@scenario(fault=29)
def stop_keepalived(t):
    """The writer's keepalived hangs, with the VIP still there, and resumes: two hold it meanwhile, the writer stays
    the one writer, and one holds it in the end."""
    keepalived_hangs(t)


@scenario(fault=29, tie_breaker="writer", name="stop-keepalived-writer")
def stop_keepalived_without_witness(t):
    """The same without a witness."""
    keepalived_hangs(t)


@scenario(fault=29, tie_breaker="vip", name="stop-keepalived-vip")
def stop_keepalived_with_vip(t):
    """The same with the VIP as tie-breaker."""
    keepalived_hangs(t)


def keepalived_hangs(t):
    t.begin()
    host = t.host(t.writer)
    pids = host.pids("keepalived")
    t.fault(faults.send_together(signal.SIGSTOP, *((host, pid) for pid in pids)))
    t.wait("the VIP on both nodes", lambda: len(t.lab.vip_holders()) == 2, 10)
    t.stays("one writer", lambda: len(t.writers()) == 1, 6)
    resume_all(host, pids)
    t.wait("one writer", lambda: len(t.writers()) == 1, 10)
    t.wait_well()
    t.end(t.writers()[0], vip_s=20)
