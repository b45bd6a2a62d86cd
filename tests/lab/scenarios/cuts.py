"""The network is cut. Clients on both sides go on: those at each node, and one that uses the VIP."""
import time

from replab import faults

from .catalogue import scenario

CUT_S = 7  # longer than a lease and all delays of a promotion


@scenario(fault=13, name="cut-pair-witness", quick=True)
def cut_pair_with_witness(t):
    """The nodes do not hear each other, the witness hears both: the writer goes on, the other stays read-only."""
    t.begin()
    at, number = faults.cut(t.lab, t.writer, peer=t.standby)
    t.fault(at)
    t.stays(f"{t.writer} as the one writer", lambda: t.writers() == [t.writer], CUT_S)
    t.fault(faults.heal(t.lab, number))
    t.wait_well()
    t.end(t.writer, terms=1)


@scenario(fault=13, name="cut-off-witness", quick=True)
def cut_off_with_witness(t):
    """The writer is cut off from everybody: it is read-only before the other writes; it returns as standby, or
    quarantined with what it acknowledged to its own clients after the cut."""
    t.begin()
    at, number = faults.cut(t.lab, t.writer)
    t.fault(at)
    t.wait_writer(t.standby, 15)
    t.stays(f"{t.standby} as the one writer", lambda: t.writers() == [t.standby], 3)
    faults.heal(t.lab, number)
    t.wait_returned(t.writer)
    t.wait("one holder of the VIP", lambda: t.lab.vip_holders() == [t.standby], 10)
    t.end(t.standby, terms=2, outage_s=15)


@scenario(fault=13, tie_breaker="writer", name="cut-pair-writer", quick=True)
def cut_pair_without_witness(t):
    """Without a witness the last writer goes on when the nodes do not hear each other."""
    t.begin()
    at, number = faults.cut(t.lab, t.writer, peer=t.standby)
    t.fault(at)
    t.stays(f"{t.writer} as the one writer", lambda: t.writers() == [t.writer], CUT_S)
    faults.heal(t.lab, number)
    t.wait_well()
    t.end(t.writer, terms=1)


@scenario(fault=13, tie_breaker="writer", name="cut-off-writer", quick=True)
def cut_off_without_witness(t):
    """Without a witness a writer that hears nobody fences itself, nobody is promoted, and the same node writes
    again when the cut has healed; nothing is lost."""
    t.begin()
    at, number = faults.cut(t.lab, t.writer)
    t.fault(at)
    t.wait("the writer that hears nobody is fenced", lambda: not t.writers(), 10)
    t.stays("nobody writes", lambda: not t.writers(), CUT_S)
    faults.heal(t.lab, number)
    t.wait_writer(t.writer, 20)
    t.wait_well()
    t.end(t.writer, outage_s=60)


@scenario(fault=13, tie_breaker="vip", name="cut-pair-vip", quick=True)
def cut_pair_with_vip(t):
    """With the VIP as tie-breaker both nodes may write while they do not hear each other: the price, measured here.
    When the cut has healed there is one writer, and the other follows or is quarantined."""
    t.begin()
    at, number = faults.cut(t.lab, t.writer, peer=t.standby)
    t.fault(at)
    time.sleep(CUT_S + 3)
    healed = faults.heal(t.lab, number)
    t.wait("one writer", lambda: len(t.writers()) == 1, 20)
    writer = t.writers()[0]
    t.wait_returned(t.other(writer))
    t.end(writer, both_us=healed - at + 5_000_000, acks_overlap=True)
