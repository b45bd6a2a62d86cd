"""Durability lossless: what a client was told is done survives whatever befalls one node.

In all of them no acknowledged row may be missing on the final writer; a node that returns has nothing of its own.
"""
import contextlib
import json
import signal
import time

from replab import LabError, faults, record
from replab.database import REPLICATION

from .catalogue import expect, scenario
from .hosts import boot_both
from .injections import revive_server

LOSSLESS = {"policy.durability": "lossless"}


def lossless(name, **named):
    return scenario(settings=LOSSLESS, name=name, **named)


def node_of(t, asked, name):
    """What the supervisor of one node says of a node."""
    return next((n for n in t.report(asked).get("nodes", []) if n["name"] == name), {})


def is_marked(t, node):
    return node_of(t, t.other(node), node).get("out_of_sync") is True


def acks(t, writer):
    return node_of(t, writer, writer).get("acks")


def rows_of(t, server):
    """The mark as it stands in a voter's table."""
    return [node for (node,) in t.lab.servers[server].sql("SELECT node FROM replcheck.voter WHERE kind='out_of_sync'")]


def tables(t, writer):
    """Where a mark stands and can be looked at from outside."""
    return (writer,) if t.lab.options.tie_breaker == "etcd" else (writer, "witness")


def in_step(t, writer):
    return acks(t, writer) == "yes" and not any(rows_of(t, where) for where in tables(t, writer))


def end(t, writer, **limits):
    """Nothing is lost, and nobody is quarantined with something of its own."""
    t.end(writer, **limits)
    expect(t.figures["lost"] == 0, f"{t.figures['lost']} acknowledged rows are not on {writer}")
    t.wait("nobody is quarantined", lambda: all(t.state(n) in ("writer", "standby") for n in ("mx1", "mx2")), 10)


def begin(t):
    t.begin()
    t.wait("commits wait for the standby, which is not marked", lambda: in_step(t, t.writer), 20)


@lossless(name="lossless-kill-writer", quick=True)
def kill_writer(t):
    """The writer's server is killed: the other node has all that was acknowledged; the server comes back at the
    other's position, for what nobody had acknowledged is rolled back, and acknowledges in its turn."""
    begin(t)
    t.fault(faults.kill(t.host(t.writer), "mariadbd"))
    t.wait_writer(t.standby, 10)
    t.server(t.writer).start()
    expect(t.server(t.writer).read_only(), f"{t.writer} came back writable")
    t.wait("both are in step", lambda: in_step(t, t.standby) and t.well(), 30)
    end(t, t.standby, terms=2, outage_s=10)


def looped_back(t):
    """Has the writer's own last transaction come back to it, applied by the other and not yet committed here?"""
    own, server = t.server(t.writer), t.host(t.writer).server_id
    sent, back = own.sql("SELECT @@global.gtid_binlog_pos, @@global.gtid_slave_pos")[0]
    return sent == back and f"-{server}-" in back


@lossless(name="lossless-looped-back", quick=True)
def loop_back(t):
    """A commit that waits for an acknowledgement comes back to the writer from the other, which counts it as applied
    there; then the writer's server is killed and its recovery takes the commit back. It has to be received again."""
    begin(t)
    faults.stop(t.host(t.standby), "supervisor")  # which would make the receiver acknowledge again
    t.server(t.standby).sql("STOP SLAVE IO_THREAD; SET GLOBAL rpl_semi_sync_slave_enabled=0; START SLAVE IO_THREAD")
    with contextlib.suppress(LabError):  # a busy machine lets them go before it is seen: all of this holds then, too
        t.wait("the commits that wait come back", lambda: looped_back(t), 3)
    t.fault(faults.kill(t.host(t.writer), "mariadbd"))
    faults.resume(t.host(t.standby), "supervisor")
    t.wait_writer(t.standby, 20)
    t.server(t.writer).start()
    t.wait("both are in step", lambda: in_step(t, t.standby) and t.well(), 30)
    end(t, t.standby, terms=2, outage_s=30)
    rows = [set(t.server(node).sql("SELECT client, seq FROM lab.appends")) for node in (t.writer, t.standby)]
    expect(rows[0] == rows[1], f"{t.writer} lacks {sorted(rows[1] - rows[0])}, {t.standby} {sorted(rows[0] - rows[1])}")


def kill_standby_until_marked(t):
    host = t.host(t.standby)
    t.fault(faults.kill(host, "mariadbd"))
    t.wait(f"{t.standby} is marked and {t.writer} goes on alone",
           lambda: is_marked(t, t.standby) and acks(t, t.writer) == "no", 15)
    for where in tables(t, t.writer):
        expect(rows_of(t, where) == [t.standby], f"the mark is not at {where}")


def without_both(t):
    """The writer's host goes off while the standby's server is down; that one comes back."""
    with t.excused(t.standby):  # a lookup there has nobody to ask
        t.power_off(t.writer)
        t.server(t.standby).start()
        time.sleep(1)


@lossless(fault=5, name="lossless-kill-standby", quick=True)
def kill_standby(t):
    """The standby's server is killed: commits wait until it is marked as out of sync, at the writer and at the
    witness, then the writer goes on alone, and reports that."""
    begin(t)
    kill_standby_until_marked(t)
    t.wait("the mark is a problem that is reported",
           lambda: "out-of-sync" in {p["id"] for p in t.report(t.writer).get("problems", [])}, 10)
    t.server(t.standby).start()
    t.wait("both are in step", lambda: in_step(t, t.writer) and t.well(), 30)
    end(t, t.writer, terms=1, outage_s=10)


@lossless(name="lossless-standby-returns")
def standby_returns(t):
    """A standby that was away catches up under load and acknowledges: its mark goes, and it can be promoted again,
    with all that was written meanwhile."""
    begin(t)
    t.fault(t.power_off(t.standby))
    t.wait(f"{t.standby} is marked", lambda: is_marked(t, t.standby), 15)
    time.sleep(2)
    t.power_on(t.standby)
    t.wait("both are in step", lambda: in_step(t, t.writer) and t.well(), 40)
    faults.kill(t.host(t.writer), "mariadbd")
    t.wait_writer(t.standby, 15)
    t.server(t.writer).start()
    t.wait("both are in step", lambda: in_step(t, t.standby) and t.well(), 40)
    end(t, t.standby, terms=2, outage_s=15)


@lossless(name="lossless-marked-not-promoted")
def marked_not_promoted(t):
    """The standby is away, the writer writes on, the writer's host goes off, the standby returns: it is refused, and
    says why, also when promoting is asked for; with the writer back there is one, and nothing is lost."""
    begin(t)
    kill_standby_until_marked(t)
    t.wait_served(t.writer, 10)
    without_both(t)
    t.wait("the refusal names the mark", lambda: "out of sync" in t.report(t.standby).get("reason", ""), 20)
    t.stays("nobody is promoted", lambda: not t.writers(), 5)
    refused = t.tool(t.standby, "promote", timeout_s=60)
    expect(refused.returncode == 1 and "out of sync" in refused.stdout + refused.stderr,
           f"promote: exit {refused.returncode}: {refused.stdout}{refused.stderr}")
    check = t.tool(t.standby, "check")
    expect(check.returncode == 2, f"check: exit {check.returncode}: {check.stdout}")
    t.power_on(t.writer)
    t.wait_writer(t.writer, 30)
    t.wait("both are in step", lambda: in_step(t, t.writer) and t.well(), 40)
    end(t, t.writer, terms=2)


@lossless(name="lossless-etcd", tie_breaker="etcd")
def marked_in_etcd(t):
    """The same with the mark in etcd."""
    marked_not_promoted(t)


@lossless(name="lossless-accept-loss")
def accept_loss(t):
    """A marked node is promoted when the operator accepts the loss; the mark is void then."""
    begin(t)
    t.rest()
    kill_standby_until_marked(t)
    without_both(t)
    t.wait("the refusal names the mark", lambda: "out of sync" in t.report(t.standby).get("reason", ""), 20)
    done = t.tool(t.standby, "promote", "--accept-loss", timeout_s=60)
    expect(done.returncode == 0, f"promote --accept-loss: exit {done.returncode}: {done.stdout}{done.stderr}")
    t.wait_writer(t.standby, 5)
    t.load(())
    t.power_on(t.writer)
    t.wait("both are in step", lambda: in_step(t, t.standby) and t.well(), 40)
    end(t, t.standby, terms=2)


@lossless(name="lossless-power-off")
def power_off(t):
    """The writer's host is switched off: the other node has all that was acknowledged."""
    begin(t)
    t.fault(t.power_off(t.writer))
    t.wait_writer(t.standby, 20)
    t.wait_served(t.standby, 15)
    t.power_on(t.writer)
    t.wait("both are in step", lambda: in_step(t, t.standby) and t.well(), 40)
    end(t, t.standby, terms=2, outage_s=20)


@lossless(fault=40, name="lossless-boot-together")
def boot_together(t):
    """Both hosts lose power at once: what was acknowledged was on disk as a commit, and is there."""
    begin(t)
    boot_both(t)
    t.wait("both are in step", lambda: in_step(t, t.writers()[0]) if t.writers() else False, 40)
    end(t, t.writers()[0], terms=2, outage_s=60)


@lossless(name="lossless-switchover")
def switchover(t):
    """The writer changes by command, there and back: each acknowledges for the other."""
    begin(t)
    for to in (t.standby, t.writer):
        t.fault(faults.now_us())
        done = t.tool(t.other(to), "switchover")
        expect(done.returncode == 0, f"switchover to {to}: exit {done.returncode}: {done.stdout}{done.stderr}")
        t.wait("both are in step", lambda to=to: in_step(t, to) and t.well(), 20)
    end(t, t.writer, terms=3, outage_s=10)


@contextlib.contextmanager
def deaf(t, node):
    """The node's receiver cannot log in at the other, whose server it otherwise reaches."""
    other = t.server(t.other(node))
    user, password = REPLICATION
    change = "SET SESSION sql_log_bin=0; ALTER USER '{}'@'192.0.2.%' IDENTIFIED BY '{}'"
    other.sql(change.format(user, "changed"))
    t.server(node).sql("STOP SLAVE IO_THREAD; START SLAVE IO_THREAD")
    try:
        yield
    finally:
        other.sql(change.format(user, password))


@lossless(fault=36, name="lossless-demotion-while-waiting")
def demotion_while_waiting(t):
    """Commits wait for a standby whose receiver is cut off, and the writer is demoted: the ladder ends them, nobody
    is told OK for what only this node has, and it counts for nothing until the other has it too."""
    begin(t)
    own = record.Writer(t.lab, host="switch", socket=t.host(t.writer).socket, rate=50, pause=20000)
    with deaf(t, t.standby):
        t.wait("commits wait", lambda: (node_of(t, t.writer, t.writer).get("acks_waiting") or 0) > 0, 10)
        t.wait("the waiting is a problem that is reported",
               lambda: "commits-wait" in {p["id"] for p in t.report(t.writer).get("problems", [])}, 10)
        expect(not is_marked(t, t.standby), f"{t.standby} is marked although its server answers")
        since_us = faults.now_us()
        host = t.host(t.writer)
        child = faults.find(host, "supervisor")
        t.fault(faults.stop(host, child))
        t.wait(f"{t.writer} is fenced", lambda: not t.writable(t.writer), 10)
        with contextlib.suppress(ProcessLookupError, LabError):
            faults.resume(host, child)
        time.sleep(0.5)
        told = [o.value for o in own.stop() if o.result == "ok" and o.done_us > since_us]
        expect(not told, f"{len(told)} commits were told OK that nobody else has: {told[:3]}")
    t.wait("one writer", lambda: len(t.writers()) == 1, 40)
    t.wait("both are in step", lambda: len(t.writers()) == 1 and in_step(t, t.writers()[0]) and t.well(), 40)
    end(t, t.writers()[0], least_terms=2)


@lossless(name="lossless-unacknowledged")
def unacknowledged(t):
    """The standby's receiver is restarted without semi-sync: what it receives then it never acknowledges, also when
    its supervisor has restarted it with semi-sync. The waiting commits are let go, behind a mark that goes again."""
    begin(t)
    t.fault(faults.now_us())
    t.server(t.standby).sql("SET GLOBAL rpl_semi_sync_slave_enabled=0; STOP SLAVE IO_THREAD; START SLAVE IO_THREAD")
    time.sleep(1)
    t.wait("both are in step and nothing waits", lambda: in_step(t, t.writer) and t.well() and
           not node_of(t, t.writer, t.writer).get("acks_waiting"), 30)
    time.sleep(1)
    end(t, t.writer, terms=1, outage_s=15)


@lossless(fault=31, name="lossless-pause")
def pause(t):
    """The writer's host stands still for longer than its lease, and resumes: it acknowledges nothing more. What its
    fence kills is committed there alone, though no client was told so: then it is quarantined, and does not count as
    one that acknowledges."""
    begin(t)
    host = t.host(t.writer)
    with t.excused(t.writer):
        t.fault(faults.freeze(host))
        t.wait(f"{t.standby} writes", lambda: not t.server(t.standby).read_only(), 20)
        time.sleep(1)
        faults.thaw(host)
    t.wait(f"{t.writer} is closed", lambda: t.writers() == [t.standby], 20)
    with t.excused(t.writer):  # commits that wait for the other may hold up the fence until it kills the server
        time.sleep(1)
        revive_server(t, t.writer)
    t.wait_returned(t.writer, 40)
    quarantined = t.state(t.writer) == "quarantined"
    t.stays("a quarantined node stays marked", lambda: not quarantined or is_marked(t, t.writer), 3)
    t.end(t.standby, terms=2, outage_s=20, both_us=1_000_000)
    expect(t.figures["lost"] == 0 and t.figures["late"] == 0, f"acknowledged although it was paused: {t.figures}")


def fact(t, node, name):
    """What the node's last decision saw."""
    told = json.loads(t.tool(node, "explain", "--json").stdout)
    return next(one["value"] for one in told["facts"] if one["fact"] == name)


@lossless(name="lossless-old-schema")
def old_schema(t):
    """The program was upgraded and the standby's schema was not: both say beforehand that it cannot take over; it is
    refused, with what is to be done, and takes over when that was done."""
    begin(t)
    t.server(t.standby).sql("SET SESSION sql_log_bin=0; DROP PROCEDURE replcheck.begin_term;"
                            " UPDATE replcheck.installed SET version=3")
    for node in (t.writer, t.standby):
        faults.send(t.host(node), "fencer", signal.SIGHUP)  # look at once
        t.wait(f"{node} says so", lambda n=node: any(
            p["id"] == "schema-version" and p["severity"] == "critical" for p in t.report(n)["problems"]), 30)
        expect("no promotion enables writes there" in t.said(node), f"{node} does not log it")
    expect("too old for durability lossless" in t.report(t.writer)["headline"], "it is called ready")
    t.wait(f"{t.standby} decides by it", lambda: fact(t, t.standby, "schema can begin a term") == "no", 10)
    t.fault(faults.kill(t.host(t.writer), "mariadbd"))
    t.wait("the refusal says what is to be done", lambda: t.report(t.standby).get("row") == 321, 20)
    t.stays("nobody is promoted", lambda: not t.writers(), 2)
    done = t.tool(t.standby, "schema", "upgrade", timeout_s=60)
    expect(done.returncode == 0, f"schema upgrade: exit {done.returncode}: {done.stdout}{done.stderr}")
    t.wait_writer(t.standby, 30)
    t.server(t.writer).start()
    t.wait("both are in step", lambda: in_step(t, t.standby) and t.well(), 40)
    end(t, t.standby)


@lossless(name="lossless-last-step")
def last_step(t):
    """A promotion after a certified death fails in its last step, when its promise has used the certificate up: what
    that proved stays proven, and a later attempt takes over while the dead server is away."""
    begin(t)
    t.server(t.standby).sql("SET SESSION sql_log_bin=0; DROP PROCEDURE replcheck.begin_term")
    t.fault(faults.kill(t.host(t.writer), "mariadbd"))
    t.wait("the promotion fails in its last step", lambda: "undone: enabling took too long" in t.said(t.standby), 30)
    done = t.tool(t.standby, "schema", "install", timeout_s=60)
    expect(done.returncode == 0, f"schema install: exit {done.returncode}: {done.stdout}{done.stderr}")
    t.wait_writer(t.standby, 30)
    t.server(t.writer).start()
    t.wait("both are in step", lambda: in_step(t, t.standby) and t.well(), 40)
    end(t, t.standby)
