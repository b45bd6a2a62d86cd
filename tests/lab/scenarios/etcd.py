"""The third vote is kept in etcd."""
import base64

from replab import faults

from .catalogue import expect, scenario
from .cuts import CUT_S
from .deaths import kill_server, kill_supervisor
from .moves import switchover


def encode(text):
    return base64.b64encode(text.encode()).decode()


def etcd_scenario(**named):
    return scenario(tie_breaker="etcd", quick=True, **named)


def vote_counts(t, node):
    """Does that node's supervisor count etcd's vote?"""
    votes = t.report(node).get("votes") or [{}]
    return votes[-1].get("voter") == "witness" and votes[-1].get("counted") is True


def wait_vote(t, node):
    t.wait(f"etcd's vote counts for {node}", lambda: vote_counts(t, node), 20)


@etcd_scenario(fault=1, name="kill-mariadbd-etcd")
def kill_mariadbd(t):
    """The writer's server is killed: the other node writes, as with a MariaDB witness."""
    kill_server(t)


@etcd_scenario(name="power-off-etcd")
def power_off(t):
    """The writer's host is switched off: when its lease at etcd has ended and another one has passed, the other node
    writes."""
    t.begin()
    wait_vote(t, t.writer)
    t.fault(t.power_off(t.writer))
    t.wait_writer(t.standby, 25)
    t.power_on(t.writer)
    t.wait_returned(t.writer)
    t.end(t.standby, terms=2, outage_s=25)


@etcd_scenario(fault=13, name="cut-off-etcd")
def cut_off(t):
    """The writer is cut off from everybody: it is read-only before the other writes."""
    t.begin()
    wait_vote(t, t.writer)
    at, number = faults.cut(t.lab, t.writer)
    t.fault(at)
    t.wait_writer(t.standby, 25)
    t.stays(f"{t.standby} as the one writer", lambda: t.writers() == [t.standby], 3)
    faults.heal(t.lab, number)
    t.wait_returned(t.writer)
    t.wait("one holder of the VIP", lambda: t.lab.vip_holders() == [t.standby], 10)
    t.end(t.standby, terms=2, outage_s=25)


@etcd_scenario(fault=13, name="cut-pair-etcd")
def cut_pair(t):
    """The nodes do not hear each other, etcd hears both: the writer goes on, the other stays read-only."""
    t.begin()
    wait_vote(t, t.writer)
    at, number = faults.cut(t.lab, t.writer, peer=t.standby)
    t.fault(at)
    t.stays(f"{t.writer} as the one writer", lambda: t.writers() == [t.writer], CUT_S + 3)
    faults.heal(t.lab, number)
    t.wait_well()
    t.end(t.writer, terms=1)


def nothing_happens(t, begin, end):
    """etcd is away for longer than its leases: the writer goes on with the other server's vote, and has etcd's
    again afterwards."""
    t.begin()
    wait_vote(t, t.writer)
    t.fault(begin())
    t.stays(f"{t.writer} as the one writer", lambda: t.writers() == [t.writer], CUT_S)
    end()
    wait_vote(t, t.writer)
    t.wait_well()


@etcd_scenario(fault=(21, 23), name="kill-etcd")
def kill_etcd(t):
    """etcd dies and starts again: nothing happens, and its vote counts again."""
    nothing_happens(t, lambda: faults.kill(t.lab.witness.host, "etcd"), t.lab.witness.start)
    t.end(t.writer, terms=1, outage_s=5)


@etcd_scenario(fault=22, name="stop-etcd")
def stop_etcd(t):
    """etcd hangs and resumes: nothing happens, and its vote counts again."""
    host = t.lab.witness.host
    nothing_happens(t, lambda: faults.stop(host, "etcd"), lambda: faults.resume(host, "etcd"))
    t.end(t.writer, terms=1, outage_s=5)


@etcd_scenario(fault=23, name="restart-etcd-alone")
def restart_etcd_alone(t):
    """etcd restarts while the writer has nobody else: it writes on, or again if that took longer than a lease."""
    t.begin()
    wait_vote(t, t.writer)
    t.power_off(t.standby)
    t.wait("the writer without the other", lambda: t.writers() == [t.writer], 5)
    t.fault(faults.kill(t.lab.witness.host, "etcd"))
    t.lab.witness.start()
    t.wait("one writer", lambda: t.writers() == [t.writer], 20)
    wait_vote(t, t.writer)
    t.power_on(t.standby)
    t.wait_well()
    t.end(t.writer, outage_s=25)


@etcd_scenario(fault=24, name="wipe-etcd")
def wipe_etcd(t):
    """etcd loses all it knew: both supervisors say so, the writer stays and promises its epoch there again; so the
    other, alone with it later, still knows of that term."""
    etcd = t.lab.witness

    def wipe():
        at = faults.kill(etcd.host, "etcd")
        t.wait("etcd is gone", lambda: not etcd.running(), 5)
        etcd.wipe()
        return at
    nothing_happens(t, wipe, etcd.start)
    for node in (t.writer, t.standby):
        said = t.tool(node, "history", "--json").stdout
        expect("lost data" in said or "forgotten epoch" in said, f"{node} does not tell that etcd has lost its data")
        expect("had forgotten epochs" in t.tool(node, "check").stdout + t.tool(node, "status").stdout,
               f"neither check nor status of {node} tells of it")

    def promised():
        found = etcd.ask("kv/range", {"key": encode("/replcheck/mail/promise/"),
                                      "range_end": encode("/replcheck/mail/promise0"), "count_only": True})
        return int(found.get("count", 0)) > 0
    t.wait("the epoch is promised there again", promised, 10)
    t.end(t.writer, terms=1, outage_s=5)


@etcd_scenario(fault=7, name="kill-supervisor-etcd")
def kill_supervisor_(t):
    """The writer's supervisor is killed: another one takes the vote's key over, without a change of role."""
    kill_supervisor(t)


@etcd_scenario(name="switchover-etcd")
def switchover_(t):
    """`mysql-replcheck switchover`, there and back: nothing is lost."""
    switchover(t)
