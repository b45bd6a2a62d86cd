#!/usr/bin/env python3
"""The checker of histories, over histories made by hand: it must pass the good ones and see what is wrong with each
bad one. Speaks TAP."""
import os
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.realpath(__file__)))

from replab import history as h  # noqa: E402
from replab.analysis import Operation  # noqa: E402
from replab.record import Lookup  # noqa: E402

MS = 1000
CASES = []


def case(what, *seen):
    """A case returns sentences; each of `seen` must occur in one, and none may be there without any."""
    def register(function):
        CASES.append((what, seen, function))
        return function
    return register


def ok(server, invoked_ms, done_ms, seq, client=1):
    return Operation(invoked_ms * MS, "ok", done_ms * MS, server, 0, client, seq)


def other(result, invoked_ms, done_ms, seq, client=1, error=1290):
    return Operation(invoked_ms * MS, result, done_ms * MS, 0, error, client, seq)


def steadily(server, from_ms, to_ms, first=1, client=1, step_ms=10):
    """An operation of 2 ms every 10 ms."""
    return [ok(server, t, t + 2, first + i, client) for i, t in enumerate(range(from_ms, to_ms, step_ms))]


def values(operations):
    return {o.value for o in operations if o.result == "ok"}


def terms(*servers, loss=None):
    """Epochs 1, 2, ... by parity: odd ones are server 1's."""
    found, epoch = [], 0
    for server in servers:
        epoch += 1
        epoch += (epoch - server) % 2
        found.append(h.Term(epoch, server, loss))
    return found


def made(operations, turns, rows=None, standby=None, **more):
    """Server 2 is the last writer unless the turns say otherwise; both have every acknowledged row."""
    rows = values(operations) if rows is None else rows
    last = turns[-1].server
    nodes = [h.Node("w", last, rows, writer=True), standby or h.Node("s", 3 - last, set(rows))]
    return h.History(operations, nodes, turns, **more)


FAILOVER = steadily(1, 0, 1000) + [other("unknown", 1000, 1250, 900, error=2013)] + steadily(2, 1030, 2000, 200)


# W -----------------------------------------------------------------------------------------------------


@case("a failover")
def _():
    return h.exclusive(made(FAILOVER, terms(1, 2)))


@case("an operation that spans the change belongs to either side")
def _():
    return h.exclusive(made([ok(1, 0, 2, 1), ok(1, 5, 400, 2), ok(2, 100, 102, 3), ok(2, 110, 112, 4)], terms(1, 2)))


@case("one that was invoked before the change and answered after a pause of the host")
def _():
    return h.exclusive(made(FAILOVER + [ok(1, 999, 9000, 950)], terms(1, 2)))


@case("a late acknowledgement by the old writer", "out of turn", "at once")
def _():
    return h.exclusive(made(FAILOVER + [ok(1, 1100, 1101, 950)], terms(1, 2)))


@case("one that no run encloses, for the new writer had a pause", "out of turn")
def _():
    return h.exclusive(made([ok(1, 0, 2, 1), ok(2, 10, 12, 2), ok(1, 500, 502, 3), ok(2, 900, 902, 4)], terms(1, 2)))


@case("two that write side by side", "out of turn", "at once for 988.0 ms")
def _():
    return h.exclusive(made(steadily(1, 0, 1000) + steadily(2, 0, 1000, 500, 2), terms(1, 2)))


@case("two that write side by side, with as many terms as it takes to explain it", "at once")
def _():
    return h.exclusive(made(steadily(1, 0, 100) + steadily(2, 5, 100, 500, 2), terms(*[1, 2] * 40)))


@case("there and back")
def _():
    return h.exclusive(made(steadily(1, 0, 500) + steadily(2, 520, 900, 100) + steadily(1, 930, 1500, 200),
                            terms(1, 2, 1)))


@case("there and back, within a pause that refusals tell apart")
def _():
    operations = steadily(1, 0, 100) + [other("fail", 110, 112, 90)] + steadily(2, 115, 140, 100, 2) + \
        [other("fail", 145, 147, 91)] + steadily(1, 150, 300, 200)
    return h.exclusive(made(operations, terms(1, 2, 1), direct={1: 1, 2: 2}))


@case("there and back, and a write by the second after the first has returned", "out of turn")
def _():
    return h.exclusive(made(steadily(1, 0, 500) + steadily(2, 520, 900, 100) + steadily(1, 930, 1500, 200)
                            + [ok(2, 1000, 1002, 999)], terms(1, 2, 1)))


@case("an acknowledgement by a server that had no term", "had no term")
def _():
    return h.exclusive(made([ok(1, 0, 2, 1), ok(2, 300, 302, 2)], terms(1)))


@case("a term in which nothing was written")
def _():
    return h.exclusive(made(steadily(1, 0, 200) + steadily(1, 500, 700, 100), terms(1, 2, 1)))


@case("a term that was written in and has no row")
def _():
    return h.exclusive(made(steadily(1, 0, 200) + steadily(2, 300, 400, 100) + steadily(1, 500, 700, 200),
                            [h.Term(1, 1), h.Term(3, 1)], unrecorded=[h.Term(2, 2)]))


@case("the same without a sign of it", "out of turn", "had no term")
def _():
    return h.exclusive(made(steadily(1, 0, 200) + steadily(2, 300, 400, 100) + steadily(1, 500, 700, 200),
                            [h.Term(1, 1), h.Term(3, 1)]))


@case("the overlap's length is what is certain", "40.0 ms")
def _():
    found = h.overlaps(made([ok(1, 0, 10, 1), ok(1, 60, 70, 2), ok(2, 12, 20, 3, 2), ok(2, 80, 90, 4, 2)], terms(1, 2)))
    return [f"{h.overlap_us(found) / MS} ms"]


# A -----------------------------------------------------------------------------------------------------


@case("nothing is lost")
def _():
    return h.survives(made(FAILOVER, terms(1, 2)))


@case("no write at all", "no write")
def _():
    return h.survives(made([other("fail", 0, 1, 1)], terms(1)))


@case("a row that is nowhere", "1 acknowledged rows are nowhere", "no promotion stated")
def _():
    return h.survives(made(FAILOVER, terms(1, 2), values(FAILOVER) - {(1, 100)}))


def last_row_lost(loss, **node):
    rows = values(FAILOVER) - {(1, 100)}
    return made(FAILOVER, terms(1, 2, loss=loss), rows, h.Node("s", 1, {(1, 99), (1, 100)}, **node))


BOUND = h.Loss(0, 50 * MS)


@case("a lost row that a quarantined node lists, within the bound")
def _():
    return h.survives(last_row_lost(BOUND, quarantined=True, listed={(1, 100)}))


@case("one that it does not list", "1 rows of s are missing on the writer and not listed (client, seq): [(1, 100)]")
def _():
    return h.survives(last_row_lost(BOUND, quarantined=True))


@case("one that it lists beside another", "1 rows of s are listed and not missing on the writer (client, seq): [(1, 99)]")
def _():
    return h.survives(last_row_lost(BOUND, quarantined=True, listed={(1, 99), (1, 100)}))


@case("a row that nobody was told of, and that it does not list", "1 rows of s are missing on the writer and not listed")
def _():
    history = last_row_lost(BOUND, quarantined=True, listed={(1, 100)})
    history.nodes[1].rows.add((1, 900))
    return h.survives(history)


@case("one on a node that is not quarantined", "is not quarantined", "has 1 rows that w lacks")
def _():
    rows = values(FAILOVER) - {(1, 100)}
    return h.survives(made(FAILOVER, terms(1, 2, loss=BOUND), rows, h.Node("s", 1, values(FAILOVER))))


@case("one in lossless mode", "in lossless mode")
def _():
    history = last_row_lost(BOUND, quarantined=True, listed={(1, 100)})
    history.lossless = True
    return h.survives(history)


def tail_lost(loss):
    """The last half second of the old writer."""
    gone = {o.value for o in FAILOVER if o.result == "ok" and o.server == 1 and o.done_us > 500 * MS}
    return made(FAILOVER, terms(1, 2, loss=loss), values(FAILOVER) - gone,
                h.Node("s", 1, gone, quarantined=True, listed=gone))


@case("lost writes beyond the bound", "further back than the 50 ms")
def _():
    return h.survives(tail_lost(BOUND))


@case("the same within a bound of that time")
def _():
    return h.survives(tail_lost(h.Loss(0, 600 * MS)))


@case("the same within one that is a write too short", "further back than the 480 ms")
def _():
    return h.survives(tail_lost(h.Loss(0, 480 * MS)))


@case("the same after a certificate, which left nothing unseen", "further back than the 0 ms")
def _():
    return h.survives(tail_lost(h.Loss(0, 0)))


@case("the same where they were known to be lost")
def _():
    return h.survives(tail_lost(h.Loss(50, 0)))


@case("one less was known", "49 transactions of s were stated as known to be lost, and nothing as unseen; 50 are")
def _():
    return h.survives(tail_lost(h.Loss(49, 0)))


@case("one more was known", "51 transactions of s were stated as known to be lost, and nothing as unseen; 50 are")
def _():
    return h.survives(tail_lost(h.Loss(51, 0)))


@case("some were known, and the rest unseen")
def _():
    return h.survives(tail_lost(h.Loss(40, 100 * MS)))


@case("more were known than are lost, and the rest unseen", "51 transactions of s were stated as known to be lost; 50 are")
def _():
    return h.survives(tail_lost(h.Loss(51, 100 * MS)))


@case("some were known to be lost, and none is", "3 transactions of s were stated as known")
def _():
    return h.survives(made(FAILOVER, terms(1, 2, loss=h.Loss(3, 0))))


@case("the same where the bound was said to be unknown", "without the operator's word")
def _():
    return h.survives(tail_lost(h.Loss(0, -1)))


@case("and the operator promoted")
def _():
    return h.survives(tail_lost(h.Loss(0, -1, operator=True)))


@case("a standby that lacks a row", "w has 1 rows that s lacks")
def _():
    return h.survives(made(FAILOVER, terms(1, 2), standby=h.Node("s", 1, values(FAILOVER) - {(1, 3)})))


@case("a standby with a row of its own", "s has 1 rows that w lacks")
def _():
    return h.survives(made(FAILOVER, terms(1, 2), standby=h.Node("s", 1, values(FAILOVER) | {(9, 9)})))


@case("an unknown write may be there, or not")
def _():
    history = made(FAILOVER, terms(1, 2), values(FAILOVER) | {(1, 900)})
    return h.survives(history) + h.denied(history)


@case("a refused write that is there", "although their writes were refused")
def _():
    operations = FAILOVER + [other("fail", 1005, 1006, 901)]
    return h.denied(made(operations, terms(1, 2), values(operations) | {(1, 901)}))


@case("a refused write that is on a quarantined node alone", "on s although")
def _():
    operations = FAILOVER + [other("fail", 1005, 1006, 901)]
    return h.denied(made(operations, terms(1, 2), standby=h.Node("s", 1, {(1, 901)}, quarantined=True)))


@case("sentences of a loss", "0 180000 False False", "2 180000 False True", "3 2000000 True", "1 3200000 True",
      "-1 -1 False", "0 0 False", "7 -1 False", "None")
def _():
    return [f"{loss.known} {loss.unseen_us} {loss.estimate} {loss.operator}" if loss else "None" for loss in map(h.Loss.parse, (
        "reason: silence; known lost 0 transactions; unseen at most 180 ms",
        "reason: operator; known lost 2 transactions; unseen at most 180 ms",
        "known lost 3 transactions; unseen an estimated 2000 ms",
        "known lost 1 transaction; unseen an estimated 200 ms, and unheard of for 3000 ms since",
        "known lost: unknown; unseen for an unknown time",
        "known lost 0 transactions; nothing unseen",
        "known lost at least 7 transactions; unseen for an unknown time", "reason: operator"))]


# E -----------------------------------------------------------------------------------------------------


@case("epochs that rise")
def _():
    return h.epochs_rise(made(FAILOVER, [h.Term(1, 1), h.Term(2, 2), h.Term(7, 1), h.Term(9, 1)]))


@case("an epoch that fell", "do not rise")
def _():
    return h.epochs_rise(made(FAILOVER, [h.Term(3, 1), h.Term(2, 2)]))


@case("an epoch twice", "do not rise", "one parity")
def _():
    return h.epochs_rise(made(FAILOVER, [h.Term(3, 1), h.Term(3, 2)]))


@case("both nodes of one parity", "one parity")
def _():
    return h.epochs_rise(made(FAILOVER, [h.Term(1, 1), h.Term(3, 2)]))


# R -----------------------------------------------------------------------------------------------------


def lookups(error="", at_ms=500):
    found = [Lookup(host, tool, t * MS, (t + 5) * MS, "") for host in ("mx1", "mx2") for tool in ("postfix", "dovecot")
             for t in (100, 900)]
    return found + ([Lookup("mx1", "dovecot", at_ms * MS, (at_ms + 5) * MS, error)] if error else [])


@case("lookups that were answered")
def _():
    return h.lookups_answered(lookups(), 400 * MS, ["mx1", "mx2"], [])


@case("a lookup that failed", "1 lookups failed on mx1")
def _():
    return h.lookups_answered(lookups("no answer"), 400 * MS, ["mx1", "mx2"], [])


@case("one that failed while its host booted")
def _():
    return h.lookups_answered(lookups("no answer"), 400 * MS, ["mx1", "mx2"], [("mx1", 450 * MS, 600 * MS)])


@case("one that failed while the other booted", "failed on mx1")
def _():
    return h.lookups_answered(lookups("no answer"), 400 * MS, ["mx1", "mx2"], [("mx2", 450 * MS, 600 * MS)])


@case("nobody was asked after the fault", "mx1 answered no lookup of postfix", "mx2 answered no lookup of dovecot")
def _():
    return h.lookups_answered(lookups(), 1000 * MS, ["mx1", "mx2"], [])


# V -----------------------------------------------------------------------------------------------------


BOTH = ("mx1", "mx2")


def held(*parts):
    """(milliseconds, holders, nodes that live)"""
    found, at = [], 0
    for length, holders, on in parts:
        found.append(h.Held(at, at + length * MS, holders, on))
        at += length * MS
    return found


@case("a VIP that moves")
def _():
    return h.vip_astray(held((900, ("mx1",), BOTH), (300, (), BOTH), (900, ("mx2",), BOTH)), 0, 1000 * MS)


@case("a VIP that nobody holds", "no live node held the VIP for 1.5 s")
def _():
    return h.vip_astray(held((900, ("mx1",), BOTH), (1000, (), BOTH), (500, (), ("mx2",)), (900, ("mx2",), BOTH)), 0,
                        1000 * MS)


@case("a VIP that a dead node had")
def _():
    return h.vip_astray(held((900, ("mx1",), BOTH), (2000, ("mx1",), ()), (900, ("mx1",), BOTH)), 0, 1000 * MS)


@case("two holders", "two nodes held the VIP for 2.0 s")
def _():
    return h.vip_astray(held((900, ("mx1",), BOTH), (2000, BOTH, BOTH), (900, ("mx1",), BOTH)), 0, 1000 * MS)


@case("two holders before the fault ended")
def _():
    return h.vip_astray(held((900, ("mx1",), BOTH), (2000, BOTH, BOTH), (900, ("mx1",), BOTH)), 2800 * MS, 1000 * MS)


def main():
    print(f"1..{len(CASES)}")
    failed = 0
    for i, (what, seen, function) in enumerate(CASES, 1):
        sentences = function()
        good = all(any(text in s for s in sentences) for text in seen) and bool(sentences) == bool(seen)
        failed += not good
        print(f"{'ok' if good else 'not ok'} {i} - {what}"
              + ("" if good else f" # expected {list(seen)}, got {sentences}"))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
