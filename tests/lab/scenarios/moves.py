"""The writer's role is moved on purpose: by command, and with the VIP."""
import signal

from replab import faults, services

from .catalogue import expect, scenario


def switch(t, asked_at, target):
    done = t.tool(asked_at, "switchover")
    expect(done.returncode == 0, f"switchover at {asked_at}: exit {done.returncode}: {done.stdout}{done.stderr}")
    t.wait_writer(target, 5)
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
