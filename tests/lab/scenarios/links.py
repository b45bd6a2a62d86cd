"""A link that loses, delays, flaps."""
import time

from replab import faults

from .catalogue import expect, scenario

LONG_S = 20


def lossy(t, peer=lambda: ""):
    t.begin()
    at, number = faults.cut(t.lab, t.writer, peer=peer(), loss=30)
    t.fault(at)
    t.stays(f"{t.writer} as the one writer", lambda: t.writers() == [t.writer], LONG_S)
    faults.heal(t.lab, number)
    t.wait_well()
    t.end(t.writer, terms=1)


@scenario(fault=25)
def lose_packets(t):
    """Between the nodes 30 % of the packets are lost, in both directions: no change of role."""
    lossy(t, lambda: t.standby)


@scenario(fault=25)
def lose_all_packets(t):
    """Of all that the writer sends and of all that is sent to it 30 % are lost: no change of role."""
    lossy(t)


def delayed(t, delay_ms, jitter_ms=0):
    """Stable or fenced, and one writer when the delay has ended; never a change of role per few seconds."""
    t.begin()
    at, end = faults.slow_down(t.lab, t.writer, delay_ms, jitter_ms)
    t.fault(at)
    time.sleep(LONG_S)
    end()
    t.wait("one writer", lambda: len(t.writers()) == 1, 20)
    writer = t.writers()[0]
    t.wait_returned(t.other(writer))
    changes = len(t.terms())
    expect(changes <= 3, f"{changes} terms within {LONG_S} s of a delay of {delay_ms} ms")
    t.end(writer, vip_s=LONG_S + 20)


@scenario(fault=26)
def delay_short(t):
    """The writer's cable takes 0.2 s each way, so that every answer comes well before it is given up."""
    delayed(t, 200)


@scenario(fault=26)
def delay_at_deadline(t):
    """The cable takes 0.45 to 0.55 s each way: the answers come just before a query is given up, or just after."""
    delayed(t, 450, 100)


@scenario(fault=26, tie_breaker="writer", name="delay-at-deadline-writer")
def delay_at_deadline_without_witness(t):
    """The same without a witness."""
    delayed(t, 450, 100)


FLAPS = 100


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
    t.end(t.writer, terms=1, vip_s=2 * FLAPS)


@scenario(fault=27)
def flap_writer(t):
    """All of the writer's links fail for a second, 100 times: few changes of role, and one writer in the end."""
    t.begin()
    flap(t)
    t.wait("one writer", lambda: len(t.writers()) == 1, 30)
    writer = t.writers()[0]
    t.wait_returned(t.other(writer))
    changes = len(t.terms())
    expect(changes <= 4, f"{changes} terms in {FLAPS} flaps")
    t.end(writer, vip_s=2 * FLAPS)
