"""The witness is not reached, dies, hangs, restarts, forgets."""
import time

from replab import faults, services

from .catalogue import expect, scenario

AWAY_S = 7  # longer than a lease and all delays of a promotion


def cut_of(t, node):
    t.begin()
    at, number = faults.cut(t.lab, node(), peer="witness")
    t.fault(at)
    t.stays(f"{t.writer} as the one writer", lambda: t.writers() == [t.writer], AWAY_S)
    faults.heal(t.lab, number)
    t.wait_well()
    t.end(t.writer, terms=1, outage_s=5)


@scenario(fault=19)
def cut_writer_witness(t):
    """The writer does not reach the witness: it goes on with the other node's vote."""
    cut_of(t, lambda: t.writer)


@scenario(fault=20)
def cut_standby_witness(t):
    """The standby does not reach the witness: nothing happens."""
    cut_of(t, lambda: t.standby)


@scenario(fault=21)
def kill_witness(t):
    """The witness dies and comes back: nothing happens, for the nodes hear each other."""
    t.begin()
    t.fault(faults.kill(t.host("witness"), "mariadbd"))
    t.stays(f"{t.writer} as the one writer", lambda: t.writers() == [t.writer], AWAY_S)
    t.server("witness").start()
    t.wait_well()
    t.end(t.writer, terms=1, outage_s=5)


@scenario(fault=22)
def stop_witness(t):
    """The witness hangs and resumes: nothing happens."""
    t.begin()
    witness = t.host("witness").pid("mariadbd")
    t.fault(faults.stop(t.host("witness"), witness))
    t.stays(f"{t.writer} as the one writer", lambda: t.writers() == [t.writer], AWAY_S)
    faults.resume(t.host("witness"), witness)
    t.wait_well()
    t.end(t.writer, terms=1, outage_s=5)


@scenario(fault=22)
def stop_witness_cut_off(t):
    """The witness hangs, and then the writer is cut off: it fences itself by its own deadlines, and nobody writes. When
    the witness resumes, the writer's late renewals in its queue are taken for signs of life: the other node is promoted
    when it is sure of what it lacks, or the writer is it again."""
    t.begin()
    witness = t.host("witness").pid("mariadbd")
    t.fault(faults.stop(t.host("witness"), witness))
    t.stays(f"{t.writer} as the one writer", lambda: t.writers() == [t.writer], 2)
    _, number = faults.cut(t.lab, t.writer)
    t.wait("the writer that has its own vote alone is fenced", lambda: not t.writers(), 10)
    t.stays("nobody writes", lambda: not t.writers(), AWAY_S)
    faults.resume(t.host("witness"), witness)
    time.sleep(AWAY_S)
    faults.heal(t.lab, number)
    t.wait("one writer", lambda: len(t.writers()) == 1, 30)
    writer = t.writers()[0]
    t.wait_returned(t.other(writer))
    t.end(writer, terms=2, vip_s=2 * AWAY_S + 20)


@scenario(fault=23)
def restart_witness(t):
    """The witness restarts: its vote is taken again, nothing happens."""
    t.begin()
    t.fault(faults.restart_server(t.server("witness"), clean=False))
    t.stays(f"{t.writer} as the one writer", lambda: t.writers() == [t.writer], AWAY_S)
    t.wait_well()
    t.end(t.writer, terms=1, outage_s=5)


@scenario(fault=23)
def restart_witness_cut_off(t):
    """The writer is cut off while the witness restarts and has forgotten whose its vote was: the other node counts
    that vote after a lease at the earliest, when the writer is fenced."""
    t.begin()
    pid = t.host("witness").pid("mariadbd")
    t.fault(faults.kill(t.host("witness"), pid))
    _, number = faults.cut(t.lab, t.writer)
    t.wait_dead("witness", pid)
    t.server("witness").start()
    t.wait_writer(t.standby, 20)
    t.stays(f"{t.standby} as the one writer", lambda: t.writers() == [t.standby], 3)
    faults.heal(t.lab, number)
    t.wait_returned(t.writer)
    t.end(t.standby, terms=2, vip_s=25)


@scenario(fault=24)
def wipe_witness(t):
    """The witness loses all that it had, and is set up anew: that it forgot the epochs is reported, and the next
    promotion takes a higher one all the same."""
    t.begin()
    done = t.tool(t.writer, "switchover")
    expect(done.returncode == 0, f"switchover: exit {done.returncode}: {done.stdout}{done.stderr}")
    t.wait_writer(t.standby, 5)
    t.wait_well()
    witness = t.server("witness")
    pid = witness.host.pid("mariadbd")
    t.fault(faults.kill(witness.host, pid))
    t.wait_dead("witness", pid)
    faults.wipe(witness)
    witness.start()
    services.install_witness(t.lab)
    # One alone may: the other asks when the writer has promised its epoch there again.
    t.wait("a node says that the witness had forgotten epochs", lambda: any(
        "the voter witness had forgotten epochs" in t.tool(node, "check").stdout + t.tool(node, "status").stdout
        for node in (t.writer, t.standby)), 15)
    expect(any("forgotten epoch" in t.tool(node, "history", "--json").stdout for node in (t.writer, t.standby)),
           "no history tells of it")
    t.wait_well()
    faults.kill(t.host(t.standby), "mariadbd")
    t.wait_writer(t.writer, 15)
    t.server(t.standby).start()
    t.wait_returned(t.standby)
    t.end(t.writer, terms=3)
