"""The network is cut. Clients on both sides go on: those at each node, and those that use the VIP."""
import time

from replab import faults

from .catalogue import expect, scenario

CUT_S = 7  # longer than a lease and all delays of a promotion


@scenario(fault=13, name="cut-pair-witness", quick=True)
def cut_pair_with_witness(t):
    """The nodes do not hear each other, the witness hears both: the writer goes on, the other stays read-only."""
    t.begin()
    at, number = faults.cut(t.lab, t.writer, peer=t.standby)
    t.fault(at)
    # As long as the naive deployment takes to show what it does.
    t.stays(f"{t.writer} as the one writer", lambda: t.writers() == [t.writer], CUT_S + 3)
    t.fault(faults.heal(t.lab, number))
    t.wait_well()
    t.end(t.writer, terms=1)


@scenario(fault=13)
def cut_pair_power_off(t):
    """The nodes do not hear each other, the writer goes on with the witness, and its host loses power: what it wrote
    meanwhile was not seen, so nobody is promoted without the operator; the host returns with all of it."""
    t.begin()
    at, number = faults.cut(t.lab, t.writer, peer=t.standby)
    t.fault(at)
    t.stays(f"{t.writer} as the one writer", lambda: t.writers() == [t.writer], CUT_S)
    t.power_off(t.writer)
    t.stays("nobody is promoted", lambda: not t.writers(), 12)
    report = t.report(t.standby)
    expect("refused" in report.get("reason", ""), f"{t.standby} does not say why it refuses: {report.get('reason')}")
    faults.heal(t.lab, number)
    t.power_on(t.writer)
    t.wait("one writer", lambda: len(t.writers()) == 1, 30)
    t.wait_well()
    t.end(t.writers()[0], outage_s=90, vip_s=60)


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


def nobody_takes_over(t, *args, **named):
    """Without a witness a writer that is cut like this fences itself, nobody is promoted, and the same node writes
    again when the cut has healed."""
    t.begin()
    at, number = faults.cut(t.lab, t.writer, *args, **named)
    t.fault(at)
    t.wait("the writer that hears nobody is fenced", lambda: not t.writers(), 10)
    t.stays("nobody writes", lambda: not t.writers(), CUT_S)
    check = t.tool(t.standby, "check")
    expect(check.returncode == 2, f"check at {t.standby}: exit {check.returncode}: {check.stdout}")
    faults.heal(t.lab, number)
    t.wait_writer(t.writer, 20)
    t.wait_well()
    t.end(t.writer, outage_s=60, vip_s=CUT_S + 20)


@scenario(fault=13, tie_breaker="writer", name="cut-off-writer", quick=True)
def cut_off_without_witness(t):
    """Without a witness a writer that hears nobody fences itself, nobody is promoted, and the same node writes
    again when the cut has healed; nothing is lost."""
    nobody_takes_over(t)


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
    t.end(writer, both_us=healed - at + 5_000_000, acks_overlap=True, vip_s=CUT_S + 20)


def other_takes_over(t, direction):
    """The writer is cut in one direction, from everybody: it fences itself, the other is promoted after that."""
    t.begin()
    at, number = faults.cut(t.lab, t.writer, direction)
    t.fault(at)
    t.wait_writer(t.standby, 15)
    t.stays(f"{t.standby} as the one writer", lambda: t.writers() == [t.standby], 3)
    faults.heal(t.lab, number)
    t.wait_returned(t.writer)
    t.wait("one holder of the VIP", lambda: t.lab.vip_holders() == [t.standby], 10)
    t.end(t.standby, terms=2, vip_s=CUT_S + 20)


@scenario(fault=14)
def deaf_writer(t):
    """The writer hears nobody, and is heard: it fences itself at its deadline, the other is promoted."""
    other_takes_over(t, "in")


@scenario(fault=14, tie_breaker="writer", name="deaf-writer-writer")
def deaf_writer_without_witness(t):
    """The same without a witness: it fences itself, nobody is promoted, and `check` is critical."""
    nobody_takes_over(t, "in")


@scenario(fault=15)
def mute_writer(t):
    """The writer hears everybody, and nobody hears it: it fences itself at its deadline, the other is promoted."""
    other_takes_over(t, "out")


@scenario(fault=15, tie_breaker="writer", name="mute-writer-writer")
def mute_writer_without_witness(t):
    """The same without a witness: it fences itself, nobody is promoted, and `check` is critical."""
    nobody_takes_over(t, "out")


def one_way_with_vip(t, direction):
    """With the VIP as tie-breaker, the writer is cut in one direction: never two writers, one in the end."""
    t.begin()
    at, number = faults.cut(t.lab, t.writer, direction)
    t.fault(at)
    time.sleep(CUT_S + 3)
    faults.heal(t.lab, number)
    t.wait("one writer", lambda: len(t.writers()) == 1, 20)
    writer = t.writers()[0]
    t.wait_returned(t.other(writer))
    t.end(writer, vip_s=CUT_S + 20)


@scenario(fault=14, tie_breaker="vip", name="deaf-writer-vip")
def deaf_writer_with_vip(t):
    """With the VIP as tie-breaker the writer hears nobody: never two writers, and one in the end."""
    one_way_with_vip(t, "in")


@scenario(fault=15, tie_breaker="vip", name="mute-writer-vip")
def mute_writer_with_vip(t):
    """With the VIP as tie-breaker nobody hears the writer: never two writers, and one in the end."""
    one_way_with_vip(t, "out")


def deaf_standby_changes_nothing(t):
    t.begin()
    at, number = faults.cut(t.lab, t.standby, "in")
    t.fault(at)
    t.stays(f"{t.writer} as the one writer", lambda: t.writers() == [t.writer], CUT_S)
    faults.heal(t.lab, number)
    t.wait_well()
    t.end(t.writer, terms=1, vip_s=CUT_S + 10)


@scenario(fault=16)
def deaf_standby(t):
    """The standby hears nobody, so it takes the VIP besides: it is not promoted, and the VIP has one holder again
    when it hears."""
    deaf_standby_changes_nothing(t)


@scenario(fault=16, tie_breaker="writer", name="deaf-standby-writer")
def deaf_standby_without_witness(t):
    """The same without a witness."""
    deaf_standby_changes_nothing(t)


@scenario(fault=16, tie_breaker="vip", name="deaf-standby-vip")
def deaf_standby_with_vip(t):
    """With the VIP as tie-breaker: it holds the VIP, and no reference answers it, so it is not promoted."""
    deaf_standby_changes_nothing(t)


def vrrp_alone(t):
    t.begin()
    at, number = faults.cut(t.lab, t.writer, peer=t.standby, proto=112)
    t.fault(at)
    t.wait("the VIP on both nodes", lambda: len(t.lab.vip_holders()) == 2, 10)
    t.wait("`check` of a node is critical", lambda: any(
        t.tool(node, "check").returncode == 2 for node in (t.writer, t.standby)), 10)
    t.stays("one writer", lambda: len(t.writers()) == 1, CUT_S)
    faults.heal(t.lab, number)
    t.wait_well()
    t.end(t.writer, terms=1, vip_s=CUT_S + 20)


@scenario(fault=17)
def cut_vrrp(t):
    """The nodes do not hear each other's VRRP alone: both hold the VIP, that is reported as critical, the writer
    stays."""
    vrrp_alone(t)


@scenario(fault=17, tie_breaker="writer", name="cut-vrrp-writer")
def cut_vrrp_without_witness(t):
    """The same without a witness."""
    vrrp_alone(t)


@scenario(fault=17, tie_breaker="vip", name="cut-vrrp-vip")
def cut_vrrp_with_vip(t):
    """The same with the VIP as tie-breaker: the nodes hear each other, so the writer stays."""
    vrrp_alone(t)


@scenario(fault=17)
def neighbours_find_vip(t):
    """The nodes do not hear each other's VRRP, until both hold the VIP, eight times: whoever announced itself last, the
    neighbours find the writer as soon as it alone holds the VIP again."""
    t.begin()
    for _ in range(8):
        at, number = faults.cut(t.lab, t.writer, peer=t.standby, proto=112)
        t.fault(at)
        t.wait("the VIP on both nodes", lambda: len(t.lab.vip_holders()) == 2, 10)
        time.sleep(0.5)
        faults.heal(t.lab, number)
        t.wait("the VIP at the writer", lambda: t.lab.vip_holders() == [t.writer], 10)
        t.wait_served(t.writer, 5)
    t.end(t.writer, terms=1)


def database_port(t):
    t.begin()
    at, number = faults.cut(t.lab, t.writer, peer=t.standby, tcp_port=3306)
    t.fault(at)
    t.stays(f"{t.writer} as the one writer", lambda: t.writers() == [t.writer], CUT_S)
    faults.heal(t.lab, number)
    t.wait_well()
    t.end(t.writer, terms=1)


@scenario(fault=18)
def cut_database_port(t):
    """The nodes' servers alone do not reach each other: nobody is promoted because of that."""
    database_port(t)


@scenario(fault=18, tie_breaker="writer", name="cut-database-port-writer")
def cut_database_port_without_witness(t):
    """The same without a witness."""
    database_port(t)
