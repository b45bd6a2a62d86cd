"""Disks that are full or do not answer, under the server and under the journal; a log daemon that reads nothing."""
import signal
import time

from replab import faults, services

from .catalogue import expect, scenario
from .moves import order, switch
from .returns import return_with

DATA, STATE = "/var/lib/mysql", "/var/lib/mysql-replcheck"
HUNG_S = 30


def without_daemon(t, node, change):
    """Changes something while the standby's supervisor is down."""
    host = t.host(node)
    faults.send(host, "fencer", signal.SIGTERM)
    t.wait("the daemon has ended", lambda: not host.pids(faults.OURS), 10)
    change(host)
    services.start_supervisor(t.lab, host)


def prepared(t, change):
    """The standby is changed while its programs are down, and becomes the writer before the trial begins."""
    t.look()
    changed = t.standby
    change(changed)
    t.wait_well()
    switch(t, changed, changed)
    t.begin()
    expect(t.writer == changed, f"{t.writer} is the writer instead of {changed}")


def small_data(t, node):
    t.server(node).stop()
    faults.small_disk(t.host(node), DATA, "200m")
    t.server(node).start()


def loss_at(t, node):
    return (t.report(node).get("loss") or {}).get("sentence") or ""


@scenario(fault=33)
def full_data(t):
    """The disk under the writer's server is full, so that its writes hang: it is ended, with an alert, and the other node
    writes, or says why not: of several commits that hung at once some may be whole in the log and not yet sent. With room
    again there is one writer, and each listens to the other."""
    prepared(t, lambda node: small_data(t, node))
    with t.excused(t.writer):  # a lookup may need a temporary table
        t.fault(faults.fill_disk(t.host(t.writer), DATA))
        # Not closed: its log would have a hole where its commits were ended.
        t.wait("the server whose writes hang is ended", lambda: not t.host(t.writer).pids("mariadbd"), 20)
        t.wait(f"{t.standby} writes, or says why not",
               lambda: t.writers() == [t.standby] or "bytes of its binary log" in loss_at(t, t.standby), 15)
    expect("no room" in t.said(t.writer), f"{t.writer} does not say why")
    faults.free_disk(t.host(t.writer), DATA)
    t.server(t.writer).start()
    t.wait("one writer", lambda: len(t.writers()) == 1, 90)  # a server looks for free space once a minute
    writer = t.writers()[0]
    t.wait_returned(t.other(writer), 60)
    t.end(writer, terms=3, outage_s=120)


@scenario(fault=33)
def full_data_standby(t):
    """The disk under the standby's server is full: the writer goes on, and that the standby is none is said."""
    t.look()
    small_data(t, t.standby)
    t.begin()
    t.fault(faults.fill_disk(t.host(t.standby), DATA))
    t.wait(f"{t.standby} is not ready", lambda: t.report(t.writer).get("standby_ready") is not True, 30)
    t.stays(f"{t.writer} as the one writer", lambda: t.writers() == [t.writer], 5)
    faults.free_disk(t.host(t.standby), DATA)
    t.wait_well(90)  # the server looks for free space once a minute
    t.end(t.writer, terms=1, outage_s=2)


def small_state(t, node):
    without_daemon(t, node, lambda host: faults.small_disk(host, STATE, "1m"))


@scenario(fault=34)
def full_journal(t):
    """The disk under the writer's journal is full: that is said, and decisions go on: a switchover is done."""
    prepared(t, lambda node: small_state(t, node))
    t.fault(faults.fill_disk(t.host(t.writer), STATE))
    t.wait(f"{t.writer} says that the journal cannot be written",
           lambda: "journal" in t.said(t.writer) and complains_of_journal(t, t.writer), 30)
    t.stays(f"{t.writer} as the one writer", lambda: t.writers() == [t.writer], 5)
    switch(t, t.writer, t.standby)
    faults.free_disk(t.host(t.writer), STATE)
    t.wait(f"{t.writer} is content again", lambda: not complains_of_journal(t, t.writer), 30)
    t.end(t.standby, terms=3, outage_s=5)


def complains_of_journal(t, node):
    check = t.tool(node, "check")
    return check.returncode in (1, 2) and "journal" in check.stdout


def hanging_state(t, node):
    without_daemon(t, node, lambda host: faults.hanging_disk(t.lab, host, STATE))


@scenario(fault=54, quick=True)
def hung_journal(t):
    """Flushes of the disk under the writer's journal hang for 30 s: nothing happens, and a switchover meanwhile is
    done."""
    prepared(t, lambda node: hanging_state(t, node))
    host = t.host(t.writer)
    t.fault(faults.hang_disk(host))
    t.stays(f"{t.writer} as the one writer", lambda: t.writers() == [t.writer], HUNG_S / 2)
    switch(t, t.writer, t.standby)
    time.sleep(HUNG_S / 2)
    switch(t, t.writer, t.writer)
    faults.unhang_disk(host)
    t.wait_well()
    t.end(t.writer, terms=4, outage_s=5)


@scenario(fault=(7, 54))
def hung_journal_kill_supervisor(t):
    """The same, and the writer's supervisor is killed while a flush hangs: the kernel ends it no sooner than the flush, so
    no other one resumes; the fencer fences at the deadline, the standby takes over, and the next one follows."""
    prepared(t, lambda node: hanging_state(t, node))
    host = t.host(t.writer)
    faults.hang_disk(host)
    t.wait("a flush that hangs", lambda: complains_of_journal(t, t.writer), 30)
    t.fault(faults.kill(host, "supervisor"))
    t.wait_writer(t.standby, 20)
    faults.unhang_disk(host)
    t.wait_returned(t.writer, 40)
    t.end(t.standby, terms=3, outage_s=20)


@scenario(fault=(44, 54))
def hung_copy(t):
    """A host returns with a transaction that nobody else has, and flushes of its state's disk hang: it is quarantined and
    lists it all the same, the writer goes on, and the copy is there once the disk answers."""
    def add_and_hang(server):
        server.sql("INSERT INTO mail.domain (domain) VALUES ('extra.example')")
        faults.hanging_disk(t.lab, server.host, STATE)
        faults.hang_disk(server.host)
    return_with(t, add_and_hang)
    t.wait_state(t.writer, "quarantined", 30)
    listed = t.tool(t.writer, "divergence", "--json")
    expect('"mail.domain"' in listed.stdout, f"divergence: exit {listed.returncode}: {listed.stdout}{listed.stderr}")
    t.stays(f"{t.standby} as the one writer", lambda: t.writers() == [t.standby], 5)
    kept = t.tool(t.writer, "divergence", "--kept")
    expect(kept.returncode == 1, f"something passes for a copy: {kept.stdout}")
    faults.unhang_disk(t.host(t.writer))
    t.wait(f"{t.writer} has kept it", lambda: (t.report(t.writer).get("history") or {}).get("kept"), 60)
    kept = t.tool(t.writer, "divergence", "--kept", "--json")
    expect("extra.example" in kept.stdout and '"whole"' in kept.stdout, f"kept: {kept.stdout}{kept.stderr}")
    t.end(t.standby, terms=2)


@scenario(fault=53, quick=True)
def stop_syslog(t):
    """Whoever reads syslog stops on both nodes: nothing happens, and a switchover meanwhile is done. (keepalived waits
    for the reader once the socket is full, and the VIP with it.)"""
    t.begin()
    readers = [(t.host(node), faults.find(t.host(node), "labsyslog")) for node in (t.writer, t.standby)]
    for host, pid in readers:
        t.fault(faults.stop(host, pid))
    t.stays(f"{t.writer} as the one writer", lambda: t.writers() == [t.writer], 10)
    order(t, t.writer, t.standby)
    t.stays(f"{t.standby} as the one writer", lambda: t.writers() == [t.standby], 2)
    for host, pid in readers:
        faults.resume(host, pid)
    t.wait_well()
    t.end(t.standby, terms=2, outage_s=15, vip_s=15)
