"""A link that loses, delays, flaps."""
import time

from replab import faults

from .catalogue import expect, scenario

LONG_S = 20
FLAPS = 100


def one_in_the_end(t, most, what):
    """`most`: how many terms there may be."""
    t.wait("one writer", lambda: len(t.writers()) == 1, 30)
    writer = t.writers()[0]
    t.wait_returned(t.other(writer))
    found = t.terms()
    expect(len(found) <= most, f"{len(found)} terms in {what}: {found}")
    t.end(writer, vip_s=2 * FLAPS)


@scenario(fault=25)
def lose_packets(t):
    """Between the nodes 30 % of the packets are lost, in both directions: no change of role."""
    t.begin()
    at, number = faults.cut(t.lab, t.writer, peer=t.standby, loss=30)
    t.fault(at)
    t.stays(f"{t.writer} as the one writer", lambda: t.writers() == [t.writer], LONG_S)
    faults.heal(t.lab, number)
    t.wait_well()
    t.end(t.writer, terms=1)


@scenario(fault=25)
def lose_all_packets(t):
    """Of all that the writer sends and of all that is sent to it 30 % are lost, so that half of its renewals at both
    other voters fail: it may be fenced for a while; never two writers, few changes, one writer when it has ended."""
    t.begin()
    at, number = faults.cut(t.lab, t.writer, loss=30)
    t.fault(at)
    time.sleep(LONG_S)
    faults.heal(t.lab, number)
    one_in_the_end(t, 3, f"{LONG_S} s of loss")


def delayed(t, delay_ms, jitter_ms=0):
    """Stable or fenced, and one writer when the delay has ended; never a change of role per few seconds."""
    t.begin()
    at, end = faults.slow_down(t.lab, t.writer, delay_ms, jitter_ms)
    t.fault(at)
    time.sleep(LONG_S)
    end()
    one_in_the_end(t, 3, f"{LONG_S} s of a delay of {delay_ms} ms")


def fired(t, node, row):
    return f"(row {row}," in t.said(node)


@scenario(fault=26)
def delay_short(t):
    """The writer's cable takes 0.2 s each way, so that every answer comes well before it is given up."""
    delayed(t, 200)


@scenario(fault=26)
def delay_beyond(t):
    """The cable takes 0.3 s each way, so that no answer comes in time to renew the write lock (takeover_delay less
    epsilon, 0.45 s): the other node becomes the writer, once, and stays it."""
    t.begin()
    at, end = faults.slow_down(t.lab, t.writer, 300)
    t.fault(at)
    t.wait_writer(t.standby, 30)
    expect(fired(t, t.writer, 118), f"{t.writer} does not say that the other voters answer too slowly")
    t.stays(f"{t.standby} as the one writer", lambda: t.writers() == [t.standby], LONG_S)
    end()
    t.wait_returned(t.writer)
    t.end(t.standby, terms=2)


@scenario(fault=26)
def delay_everywhere(t):
    """Both nodes' cables take 0.3 s each way, so that neither could keep its votes: the writer is closed, the other one
    refuses with the reason, nobody is promoted again and again, and one writes when it has ended."""
    t.begin()
    at, end = faults.slow_down(t.lab, t.writer, 300)
    _, end_other = faults.slow_down(t.lab, t.standby, 300)
    t.fault(at)
    t.wait("a closed writer", lambda: not t.writers(), 30)
    expect(fired(t, t.writer, 118), f"{t.writer} does not say that the other voters answer too slowly")
    t.wait(f"{t.standby} refuses for the same reason", lambda: fired(t, t.standby, 333), 20)
    time.sleep(LONG_S)
    end()
    end_other()
    one_in_the_end(t, 3, f"{LONG_S} s of a delay on both cables")


@scenario(fault=26)
def delay_at_deadline(t):
    """The cable takes 0.45 to 0.55 s each way: the answers come just before a query is given up, or just after."""
    delayed(t, 450, 100)


@scenario(fault=26, tie_breaker="writer", name="delay-at-deadline-writer")
def delay_at_deadline_without_witness(t):
    """The same without a witness."""
    delayed(t, 450, 100)


def flap(t, **named):
    for _ in range(FLAPS):
        at, number = faults.cut(t.lab, t.writer, **named)
        t.fault(at)
        time.sleep(1)
        faults.heal(t.lab, number)
        time.sleep(1)


@scenario(fault=27)
def flap_pair(t):
    """The link between the nodes fails for a second, 100 times: no change of role."""
    t.begin()
    flap(t, peer=t.standby)
    t.wait_well()
    t.end(t.writer, terms=1, vip_s=2 * FLAPS, outage_s=10)


@scenario(fault=27)
def flap_writer(t):
    """All of the writer's links fail for a second, 100 times: few changes of role, and one writer in the end."""
    t.begin()
    flap(t)
    one_in_the_end(t, 4, f"{FLAPS} flaps")
