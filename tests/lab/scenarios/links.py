"""A link that loses, delays, flaps."""
import time

from replab import faults

from .catalogue import expect, scenario
from .people import complains

LONG_S = 20
FLAPS = 100


def taken_again(terms):
    """Those that a closed writer began while there was no other: no change of role. Nobody's failover, so the breaker
    counts them not, and each needs a fence before it."""
    return [now for before, now in zip(terms, terms[1:]) if now[1] == before[1] and now[2] == "no writer"]


def one_in_the_end(t, most, what, again=0):
    """`most`: how many terms there may be, beside `again` that one node takes again."""
    t.wait("one writer", lambda: len(t.writers()) == 1, 30)
    writer = t.writers()[0]
    t.wait_returned(t.other(writer))
    found = t.terms()
    same = min(again, len(taken_again(found)))
    expect(len(found) - same <= most, f"{len(found)} terms in {what}: {found}")
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


def delay_changes_nothing(t, *nodes):
    t.begin()
    ends = [faults.slow_down(t.lab, node(), 300) for node in nodes]
    t.fault(ends[0][0])
    t.stays(f"{t.writer} as the one writer", lambda: t.writers() == [t.writer], LONG_S)
    for _, end in ends:
        end()
    t.wait_well(30)
    t.end(t.writer, terms=1)


@scenario(fault=26, tie_breaker="writer", name="delay-beyond-writer")
def delay_beyond_without_witness(t):
    """The same without a witness: the third vote needs no way, so the writer writes on."""
    delay_changes_nothing(t, lambda: t.writer)


@scenario(fault=26, tie_breaker="writer", name="delay-everywhere-writer")
def delay_everywhere_without_witness(t):
    """Both cables, without a witness: the writer writes on."""
    delay_changes_nothing(t, lambda: t.writer, lambda: t.standby)


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
    """All of the writer's links fail for a second, 100 times: few changes of role, and one writer in the end. (A machine
    under load may be so late after a cut that the writer's votes end, and it takes them again.)"""
    t.begin()
    flap(t)
    breaker_counts(t)
    one_in_the_end(t, 4, f"{FLAPS} flaps", again=FLAPS // 10)


UNPLANNED = ("certified death", "silence")


def says_breaker(t, node, is_open):
    """Report, `status` and `check` of a node say of the breaker what it is."""
    return ((t.report(node).get("breaker") or {}).get("open") is is_open
            and complains(t, node, "the breaker is open") is is_open
            and ("open: " if is_open else "closed: ") in t.tool(node, "status").stdout)


def breaker_counts(t):
    """Both nodes say that the breaker is open if there was a promotion that nobody asked for, and only then."""
    t.wait("one writer", lambda: len(t.writers()) == 1, 30)
    unplanned = [term for term in t.terms() if term[2] in UNPLANNED]
    for node in (t.writer, t.standby):
        t.wait(f"{node} counts {len(unplanned)} promotions that nobody asked for",
               lambda n=node: says_breaker(t, n, bool(unplanned)), 15)


def cut_until_over(t, node, over, timeout_s):
    _, number = faults.cut(t.lab, node)
    t.wait(f"{node} is closed", lambda: not t.writable(node), 10)
    try:
        over(timeout_s)
    finally:
        faults.heal(t.lab, number)
    t.wait_well(40)


@scenario(fault=27)
def flap_breaker(t):
    """All of the writer's links fail until the other node is promoted. That opens the breaker, which both nodes say:
    when the new writer's links fail as long, twice, nobody is promoted; the refusal is said and journalled. Closed by the
    operator, it lets the next one pass."""
    t.begin()
    t.rest()  # what a writer that is cut off still commits would quarantine it
    old, new = t.writer, t.standby
    t.fault(faults.now_us())
    cut_until_over(t, old, lambda limit_s: t.wait_writer(new, limit_s), 15)
    breaker_counts(t)
    expect(says_breaker(t, old, True), "the breaker is closed")

    def refused(limit_s):
        t.wait(f"{old} refuses because of the breaker", lambda: t.report(old).get("row") == 320, limit_s)
        t.stays("nobody is promoted", lambda: not t.writers(), 4)
    for _ in range(2):
        writer = t.writers()[0]
        expect(writer == new, f"{writer} became the writer in spite of the breaker")
        cut_until_over(t, writer, refused, 10)
    told = t.tool(old, "history").stdout
    expect("the breaker is open" in told, f"{old}'s history does not tell of the refusal: {told[-500:]}")
    for node in (old, new):
        done = t.tool(node, "breaker", "reset")
        expect(done.returncode == 0, f"breaker reset at {node}: exit {done.returncode}: {done.stdout}{done.stderr}")
        t.wait(f"{node} says that the breaker is closed", lambda n=node: says_breaker(t, n, False), 15)
    cut_until_over(t, new, lambda limit_s: t.wait_writer(old, limit_s), 15)
    t.load()
    t.end(old, least_terms=3, vip_s=60)
