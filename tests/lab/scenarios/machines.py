"""The machine itself: its clock, a pause of all of it, a CPU that is busy with something else, no connections left."""
import signal
import time

from replab import clock, faults, flood, services

from .catalogue import scenario
from .locks import closed, hang_supervisor, return_to_order
from .moves import switch
from .people import kill_all, kill_sessions, our_sessions

HOUR_S = 3600


def own_clock(t, node):
    """Server and supervisor of a standby start anew, with a clock that can be set."""
    host = t.host(node)
    faults.send(host, "fencer", signal.SIGTERM)
    t.wait("the daemon has ended", lambda: not host.pids(faults.OURS), 10)
    t.server(node).stop()
    clock.own(host)
    t.server(node).start()
    services.start_supervisor(t.lab, host)
    t.wait_well()


def set_clocks(t, node, offsets):
    """The clock jumps; the server's shows that it does. Nothing else does."""
    for seconds in offsets:
        before = int(t.server(node).value("UNIX_TIMESTAMP()"))
        t.fault(faults.set_clock(t.host(node), seconds))
        t.wait(f"{node}'s clock jumps", lambda b=before: abs(
            int(t.server(node).value("UNIX_TIMESTAMP()")) - b) > HOUR_S / 2, 10)
        t.stays(f"{t.writer} as the one writer", lambda: t.writers() == [t.writer], 5)


@scenario(fault=30)
def clock_jumps(t):
    """The wall clock of a node's server and supervisor jumps an hour ahead, and two back, on the writer and on the
    standby: no role changes, and a switchover is done in spite of it once the clock is right."""
    t.look()
    first = t.standby
    own_clock(t, first)
    switch(t, first, first)
    own_clock(t, t.other(first))
    t.begin()
    for node in (t.writer, t.standby):
        set_clocks(t, node, (HOUR_S, -HOUR_S, 0))
    t.wait_well(30)
    switch(t, t.writer, t.standby)
    t.end(t.standby, terms=3, outage_s=5)


@scenario(fault=31)
def pause_host(t):
    """All of the writer's host pauses for longer than a lease and goes on: the other node writes; what the old writer
    still acknowledges is counted, and listed as extra where the new writer lacks it; it returns as standby or is
    quarantined."""
    t.begin()
    with t.excused(t.writer):
        t.fault(faults.freeze(t.host(t.writer)))
        t.wait(f"{t.standby} writes", lambda: t.writable(t.standby), 15)
        time.sleep(2)
        faults.thaw(t.host(t.writer))
        t.wait_writer(t.standby, 10)
    t.wait_returned(t.writer, 40)
    t.wait("one holder of the VIP", lambda: t.lab.vip_holders() == [t.standby], 10)
    t.end(t.standby, terms=2, outage_s=15, both_us=1_000_000, acks_overlap=True)


@scenario(fault=31, tie_breaker="writer", name="pause-host-writer")
def pause_host_without_witness(t):
    """The same without a witness: nobody is promoted meanwhile, so that there are no two acknowledging at any time;
    the host looks first when it goes on, and there is one writer."""
    t.begin()
    with t.excused(t.writer):
        t.fault(faults.freeze(t.host(t.writer)))
        t.stays("nobody is promoted", lambda: not t.writable(t.standby), 8)
        faults.thaw(t.host(t.writer))
    one_returns(t)


@scenario(fault=31)
def pause_host_briefly(t):
    """All of the writer's host pauses for less than anybody waits: it writes on."""
    t.begin()
    with t.excused(t.writer):
        t.fault(faults.freeze(t.host(t.writer)))
        time.sleep(0.5)
        faults.thaw(t.host(t.writer))
    t.wait_well()
    t.end(t.writer, outage_s=20)


@scenario(fault=31, name="pause-standby")
def pause_standby(t):
    """All of the standby's host pauses for longer than a lease and goes on: the writer writes on, and so it stays."""
    t.begin()
    with t.excused(t.standby):
        t.fault(faults.freeze(t.host(t.standby)))
        t.stays(f"{t.writer} writes", lambda: t.writable(t.writer), 8)
        faults.thaw(t.host(t.standby))
    t.stays(f"{t.writer} as the one writer", lambda: t.writable(t.writer), 2)
    t.wait_well()
    t.end(t.writer, terms=1, outage_s=5)


def one_returns(t):
    """One writer; a server that did not answer may have been ended, and is started."""
    t.wait("one writer", lambda: len(t.writers()) == 1, 30)
    for name in (t.writer, t.standby):
        if not t.server(name).answers():
            t.server(name).start()
    writer = t.writers()[0]
    t.wait_returned(t.other(writer), 60)
    t.end(writer, outage_s=60)


def starved(t, node, percents, seconds):
    t.begin()
    with t.excused(node()):
        for percent in percents:
            t.fault(faults.starve(t.host(node()), percent))
            time.sleep(seconds)
            faults.feed(t.host(node()))
            time.sleep(1)
    one_returns(t)


@scenario(fault=32)
def starve_writer(t):
    """The writer's host gets 10 % of a CPU, then 3 %, then 1 %: it writes on, or it is fenced in time and the other
    node writes; never both."""
    starved(t, lambda: t.writer, (10, 3, 1), 8)


@scenario(fault=32)
def starve_standby(t):
    """The same on the standby's host."""
    starved(t, lambda: t.standby, (10, 3, 1), 8)


# Connections


def writes_on(t):
    """Where the server admits nobody, its supervisor says so; the sampler has a connection of its own."""
    return t.state(t.writer) == "writer" and not t.writable(t.standby)


@scenario(fault=39)
def flood_writer(t):
    """Clients hold every connection of the writer's server: our own serve, nothing happens; a switchover is done
    meanwhile."""
    t.begin()
    t.fault(faults.now_us())
    with flood.Flood(t.server(t.writer)) as clients:
        t.wait("the server refuses connections", clients.full, 20)
        t.stays(f"{t.writer} as the one writer", lambda: writes_on(t), 5)
        switch(t, t.writer, t.standby)
    t.wait_well()
    t.end(t.standby, terms=2, outage_s=20)


@scenario(fault=39)
def flood_fence(t):
    """Clients hold every connection of the writer's server when its supervisor hangs: the fencer closes the server in
    time and the other node writes."""
    t.begin()
    t.fault(faults.now_us())
    with flood.Flood(t.server(t.writer)) as clients:
        t.wait("the server refuses connections", clients.full, 20)
        resume = hang_supervisor(t)
        t.wait(f"{t.writer} is fenced", lambda: closed(t), 5)
        t.wait_writer(t.standby, 15)
        resume()
    return_to_order(t)
    t.end(t.standby, terms=2, outage_s=30)


@scenario(fault=39)
def flood_kill_sessions(t):
    """Clients hold every connection of the writer's server and somebody kills our sessions there. One by one each comes
    back by the place that is kept for its like, and no role changes. All at once the clients may be the faster ones, and
    only one of ours gets in: the node writes on, or it is fenced in time and the other node writes."""
    t.begin()
    t.fault(faults.now_us())
    with t.excused(t.writer), flood.Flood(t.server(t.writer)) as clients:
        with faults.Session(t.server(t.writer)) as dba:
            t.wait("the server refuses connections", clients.full, 20)
            kill_sessions(t, dba, False, lambda: writes_on(t))
            kill_all(dba, our_sessions(dba))
        time.sleep(5)
    one_returns(t)
