"""The writer's role is moved on purpose: by command, and with the VIP."""
import contextlib
import signal
import threading

from replab import LabError, faults, record, services

from .catalogue import expect, scenario

LOST_SYN_US = 900_000  # a SYN that is lost is sent again after a second


def order(t, asked_at, target):
    done = t.tool(asked_at, "switchover")
    expect(done.returncode == 0, f"switchover at {asked_at}: exit {done.returncode}: {done.stdout}{done.stderr}")
    t.wait_writer(target, 5)


def switch(t, asked_at, target):
    order(t, asked_at, target)
    t.wait_well()


@scenario(quick=True)
def switchover(t):
    """`mysql-replcheck switchover` under load, there and back: asked for at the writer both times."""
    t.begin()
    t.fault(faults.now_us())
    switch(t, t.writer, t.standby)
    switch(t, t.standby, t.writer)
    t.end(t.writer, terms=3, outage_s=5)


@scenario(tie_breaker="writer", name="switchover-writer", quick=True)
def switchover_without_witness(t):
    """The same without a witness, asked for at the standby both times."""
    t.begin()
    t.fault(faults.now_us())
    switch(t, t.standby, t.standby)
    switch(t, t.writer, t.writer)
    t.end(t.writer, terms=3, outage_s=5)


@scenario(quick=True)
def move_vip(t):
    """Somebody moves the VIP by ending keepalived on the writer: the writer follows it after vip_settle."""
    t.begin()
    t.fault(faults.send(t.host(t.writer), "keepalived", signal.SIGTERM))
    t.wait(f"the VIP on {t.standby}", lambda: t.lab.vip_holders() == [t.standby], 10)
    took_s = t.wait_writer(t.standby, 15)
    expect(took_s > 1, f"the writer followed the VIP after {took_s:.1f} s already, with a vip_settle of 2 s")
    services.start_keepalived(t.host(t.writer))
    t.wait_well()
    t.end(t.standby, terms=2, outage_s=15)


@scenario(quick=True)
def stop_daemon(t):
    """The writer's daemon is ended in order: it hands over first, and follows when it is back."""
    t.begin()
    t.fault(faults.send(t.host(t.writer), "fencer", signal.SIGTERM))
    t.wait_writer(t.standby, 10)
    t.wait("the daemon has ended", lambda: not t.host(t.writer).pids(faults.OURS), 10)
    services.start_supervisor(t.lab, t.host(t.writer))
    t.wait_well()
    t.end(t.standby, terms=2, outage_s=10)


def until_closed(t, command):
    """Starts the switchover's thread and returns the moment the old writer's server is read-only."""
    with contextlib.suppress(LabError), faults.Session(t.server(t.writer)) as watch:
        command.start()
        while watch.run("SELECT @@global.read_only+0") == ["0"]:
            pass


def cut_amid(t, between=False):
    """A switchover is asked for, and the moment the old writer's server is read-only it is cut off, from all or from
    the other node. Returns the command's thread and the cut's number."""
    t.begin()
    command = threading.Thread(target=lambda: t.tool(t.writer, "switchover", timeout_s=60))
    until_closed(t, command)
    at, number = faults.cut(t.lab, t.writer, peer=t.standby if between else "")
    t.fault(at)
    return command, number


def one_side_wins(t, command, number, may_wait=False):
    if not may_wait:
        t.wait("one writer", lambda: len(t.writers()) == 1, 40)
    t.stays("one writer", lambda: len(t.writers()) <= 1, 3)
    faults.heal(t.lab, number)
    command.join(60)
    t.wait("one writer", lambda: len(t.writers()) == 1, 30)
    writer = t.writers()[0]
    t.wait_returned(t.other(writer), 40)
    writer = t.writers()[0]
    t.end(writer, outage_s=60)


@scenario(fault=46)
def cut_pair_amid_switchover(t):
    """The nodes lose each other in the middle of a switchover: one of them writes in the end, with all that was
    acknowledged."""
    one_side_wins(t, *cut_amid(t, between=True))


@scenario(fault=46)
def cut_off_amid_switchover(t):
    """The old writer loses everybody in the middle of a switchover: the other node writes; without a witness one of
    them does at the latest when the cut has healed."""
    one_side_wins(t, *cut_amid(t), may_wait=not t.by_itself)


@scenario(fault=46, tie_breaker="writer", name="cut-pair-amid-switchover-writer")
def cut_pair_amid_switchover_without_witness(t):
    """The nodes lose each other in the middle of a switchover, without a witness: one of them writes in the end."""
    one_side_wins(t, *cut_amid(t, between=True))


@scenario(fault=58)
def syn_in_gap(t):
    """Ten switchovers while somebody connects to the VIP all the time: none waits as long as a lost SYN takes to be
    sent again, for what falls into the gap is reset at once."""
    t.begin(local=())
    knocker = record.Knocker(t.lab)
    t.fault(faults.now_us())
    for round_ in range(10):
        switch(t, t.writer, t.standby if round_ % 2 == 0 else t.writer)
    knocks = knocker.stop()
    slow = [took for _, took, _ in knocks if took > LOST_SYN_US]
    expect(len(knocks) > 1000, f"only {len(knocks)} connections were tried")
    expect(not slow, f"{len(slow)} of {len(knocks)} connections waited, up to {max(slow, default=0) / 1000:.0f} ms")
    t.end(t.writer, terms=11, outage_s=5)
