"""Proves from the clients' records, after the fact, what a pair of servers owes its clients. Pure: whoever gathers
the records (scenarios/judge.py) fills a History; each function here returns sentences, what is wrong.

Each client appended values that occur once and noted when it asked, when it was answered, and what: `ok` with the
server that acknowledged, `fail` (certainly not done), or `unknown`. All times are microseconds of one kernel's
CLOCK_BOOTTIME. An acknowledged operation took effect at one instant between its invocation and its answer.
"""
import bisect
import dataclasses
import itertools
import re

SHOWN = 3            # examples in a sentence
PAUSE_US = 100_000   # a server that acknowledged nothing for so long is not known to have been open meanwhile
REFUSED = 1290       # by read_only


def _microseconds(text):
    number, unit = text.split()
    return int(number) * (1000 if unit == "ms" else 1_000_000)


@dataclasses.dataclass
class Loss:
    """What the new writer said, when it became it, of the last one's transactions that it may lack."""
    known: int           # transactions; -1: unknown
    unseen_us: int       # -1: unknown; 0: nothing, so that `known` is exact
    estimate: bool = False
    operator: bool = False  # who promoted it

    @classmethod
    def parse(cls, sentence):
        """From its sentence ("known lost 0 transactions; unseen at most 180 ms"); None where it says none."""
        known = re.search(r"known lost(?: at least)? (\d+) transaction|known lost: unknown", sentence)
        if not known:
            return None
        operator = "reason: operator" in sentence
        unseen = re.search(r"unseen (an estimated|at most) (\d+ m?s)\b(?:, and unheard of for (\d+ m?s) since)?",
                           sentence)
        count = int(known.group(1)) if known.group(1) else -1
        if not unseen:
            return cls(count, 0 if "nothing unseen" in sentence else -1, operator=operator)
        # The writer that was unheard of may have gone on until it lost its authority.
        return cls(count, _microseconds(unseen.group(2)) + _microseconds(unseen.group(3) or "0 ms"),
                   unseen.group(1) == "an estimated", operator)


@dataclasses.dataclass
class Term:
    epoch: int
    server: int          # server_id of the writer
    loss: Loss = None    # None: nothing was said


@dataclasses.dataclass
class Node:
    """A server at the end."""
    name: str
    server: int          # server_id
    rows: set            # values that it has
    writer: bool = False
    quarantined: bool = False
    listed: set = dataclasses.field(default_factory=set)  # values of the extra transactions that it lists


@dataclasses.dataclass
class History:
    operations: list             # analysis.Operation, of all clients
    nodes: list                  # Node: those that are on at the end
    terms: list = dataclasses.field(default_factory=list)   # Term, in the order of their positions
    direct: dict = dataclasses.field(default_factory=dict)  # client -> server_id, of those that use no VIP
    # Terms that were about to begin, or did, and have no row: the supervisor ended in between. They are turns too.
    unrecorded: list = dataclasses.field(default_factory=list)
    lossless: bool = False
    bound_excused: bool = False  # the operator accepted a loss: no bound was promised

    @property
    def writer(self):
        return next(node for node in self.nodes if node.writer)

    def acknowledged(self):
        return sorted((o for o in self.operations if o.result == "ok"), key=lambda o: o.done_us)


# W: at most one server acknowledges at any instant -----------------------------------------------------


def turns_of(history):
    """server_ids, one per change of the writer."""
    servers = [term.server for term in sorted(history.terms + history.unrecorded, key=lambda term: term.epoch)]
    return [server for i, server in enumerate(servers) if i == 0 or server != servers[i - 1]]


def out_of_turn(history):
    """Operations that no division of the time into the terms' turns explains. An operation that spans a change of
    turn belongs to either side. Returns (operations, when the last turn began at the latest)."""
    acked, turns, began_us = history.acknowledged(), turns_of(history), -1
    for server in turns[:-1]:
        # The turn ends at the latest with the first answer of another server that cannot be of an earlier turn.
        others = [o for o in acked if o.server != server and o.invoked_us > began_us]
        if not others:
            return [], began_us
        began_us = others[0].done_us
    last = turns[-1] if turns else 0
    return [o for o in acked if o.server != last and o.invoked_us > began_us], began_us


@dataclasses.dataclass
class Run:
    """Acknowledgements of one server without a sign between them that it was closed. It was certainly open from
    the first answer to the last invocation."""
    server: int
    from_us: int
    to_us: int
    operations: list


class Refusals:
    """When a server was certainly closed, at some instant of each refusal that its own clients met."""

    def __init__(self, history, server):
        found = sorted((o.done_us, o.invoked_us) for o in history.operations
                       if o.result == "fail" and o.error == REFUSED and history.direct.get(o.client) == server)
        self._done = [done for done, _ in found]
        self._least_invoked = list(itertools.accumulate((invoked for _, invoked in reversed(found)), min))[::-1]

    def between(self, from_us, to_us):
        i = bisect.bisect_right(self._done, from_us)
        return i < len(self._done) and self._least_invoked[i] < to_us


def runs(history, server):
    refused, found, last = Refusals(history, server), [], None
    for o in (o for o in history.acknowledged() if o.server == server):
        closed = last is not None and refused.between(last.invoked_us, o.done_us)
        if last is None or closed or o.invoked_us - last.done_us > PAUSE_US:
            found.append(Run(server, o.done_us, o.invoked_us, [o]))
        else:
            found[-1].to_us = max(found[-1].to_us, o.invoked_us)
            found[-1].operations.append(o)
        last = o
    return found


@dataclasses.dataclass
class Overlap:
    """Two servers were certainly open at once."""
    from_us: int
    to_us: int
    servers: tuple
    acknowledged: int  # by the one that acknowledged less within it


def _within(run, from_us, to_us):
    return sum(o.invoked_us >= from_us and o.done_us <= to_us for o in run.operations)


def overlaps(history):
    """Every one, in the order of time; an acknowledgement within the other's run is one, of no length."""
    by_server = {server: runs(history, server) for server in {o.server for o in history.acknowledged()}}
    pairs = [(a, b) for a in by_server for b in by_server if a < b]
    found = []
    for a, b in pairs:
        for x in by_server[a]:
            for y in by_server[b]:
                start, end = max(x.from_us, y.from_us), min(x.to_us, y.to_us)
                if start < end:
                    found.append(Overlap(start, end, (a, b), min(_within(x, start, end), _within(y, start, end))))
                    continue
                for outer, inner in ((x, y), (y, x)):
                    inside = [o for o in inner.operations
                              if o.invoked_us > outer.from_us and o.done_us < outer.to_us]
                    if inside:
                        found.append(Overlap(inside[0].done_us, inside[0].done_us, (a, b), len(inside)))
    return sorted(found, key=lambda o: o.from_us)


def overlap_us(found):
    return sum(o.to_us - o.from_us for o in found)


def exclusive(history):
    """Never two servers acknowledging: their acknowledgements can be put in the order of the terms, and the times
    in which each was certainly open do not overlap."""
    wrong = []
    late, began_us = out_of_turn(history)
    if late:
        first = late[0]
        wrong.append(f"{len(late)} writes were acknowledged out of turn, the first by server {first.server} (client, "
                     f"seq: {first.value}), {(first.done_us - began_us) / 1000:.1f} ms after the last change; turns: "
                     f"{turns_of(history)}")
    found = overlaps(history)
    if found:
        wrong.append(f"two servers acknowledged at once for {overlap_us(found) / 1000:.1f} ms, in {len(found)} "
                     f"places, the first at {found[0].from_us} us ({found[0].acknowledged} writes of the lesser)")
    known = set(turns_of(history))
    strangers = [o for o in history.acknowledged() if o.server not in known]
    if history.terms and strangers:
        wrong.append(f"{len(strangers)} writes were acknowledged by server {strangers[0].server}, which had no term")
    return wrong


# A: what was acknowledged survives ---------------------------------------------------------------------


def lost(history):
    """Acknowledged operations whose rows the final writer lacks."""
    rows = history.writer.rows
    return [o for o in history.acknowledged() if o.value not in rows]


def _sentence(count, what, values):
    return f"{count} {what} (client, seq): {sorted(values)[:SHOWN]}"


def survives(history):
    """Every acknowledged row is on the final writer and on every standby. In async mode it may instead be on a node
    that is quarantined and lists it, and then within the bound that the promotion stated."""
    if not history.acknowledged():
        return ["no write was acknowledged at all"]
    gone, wrong = lost(history), []
    missing = {o.value for o in gone}
    if history.lossless and missing:
        wrong.append(_sentence(len(missing), "acknowledged rows were lost in lossless mode", missing))
    for node in history.nodes:
        here = missing & node.rows
        if here and not node.quarantined:
            wrong.append(f"{len(here)} acknowledged rows are on {node.name} alone, which is not quarantined")
        missing -= here
    if missing:
        wrong.append(_sentence(len(missing), "acknowledged rows are nowhere", missing))
    return wrong + _same_rows(history) + misses_in_lists(history) + (
        [] if history.bound_excused else beyond_bound(history, gone) + wrong_count(history, gone))


def extra(history, node):
    """What it has and the writer lacks, acknowledged or not."""
    return node.rows - history.writer.rows


def misses_in_lists(history):
    """A quarantined node lists what the writer lacks, all of it and nothing else."""
    wrong = []
    for node in history.nodes:
        if node.quarantined:
            wrong += [_sentence(len(more), f"rows of {node.name} {what}", more) for what, more in (
                ("are missing on the writer and not listed", extra(history, node) - node.listed),
                ("are listed and not missing on the writer", node.listed - extra(history, node))) if more]
    return wrong


def _same_rows(history):
    """A standby has what the writer has, and nothing besides."""
    writer = history.writer
    found = []
    for node in history.nodes:
        if not node.writer and not node.quarantined:
            found += [f"{a.name} has {len(more)} rows that {b.name} lacks: {sorted(more)[:SHOWN]}"
                      for a, b in ((node, writer), (writer, node)) if (more := a.rows - b.rows)]
    return found


def beyond_bound(history, gone):
    """Are the lost writes within what the promotions after them stated? All of one server's that were lost came, at
    most, in the stated time before that server's last acknowledgement."""
    wrong = []
    for server in sorted({o.server for o in gone}):
        theirs = [o for o in gone if o.server == server]
        stated = stated_losses(history, server)
        if not stated:
            wrong.append(f"{len(theirs)} writes of server {server} were lost, and no promotion stated a bound")
            continue
        if any(loss.unseen_us < 0 for loss in stated):
            if not all(loss.operator for loss in stated if loss.unseen_us < 0):
                wrong.append(f"server {server} lost {len(theirs)} writes to a promotion without the operator's word that "
                             "said its loss to be unknown")
            continue
        unseen_us = max(loss.unseen_us for loss in stated)
        known = max(loss.known for loss in stated)
        last_us = max(o.done_us for o in history.acknowledged() if o.server == server)
        # No slack: the sample counts from when it was asked for, which is before the server read its position, up to
        # when the server was seen closed, or until now; times are rounded up, and it is one clock.
        early = [o for o in theirs if o.done_us < last_us - unseen_us]
        if len(early) > max(known, 0):
            wrong.append(f"{len(early)} lost writes of server {server} lie further back than the "
                         f"{unseen_us / 1000:g} ms that were stated as unseen, the first by "
                         f"{(last_us - early[0].done_us) / 1000:.0f} ms; known lost: {known}")
    return wrong


def stated_losses(history, server):
    """Of the promotions after a term of that server."""
    terms = sorted(history.terms + history.unrecorded, key=lambda term: term.epoch)
    return [term.loss for i, term in enumerate(terms)
            if i and term.server != server and terms[i - 1].server == server and term.loss]


def wrong_count(history, gone):
    """What was stated as known to be lost is lost, and where nothing was unseen no more than that. (In lossless mode
    that speaks of what was acknowledged.)"""
    wrong = []
    for node in history.nodes:
        stated = [loss for loss in stated_losses(history, node.server) if loss.known >= 0]
        theirs = {o.value for o in gone if o.server == node.server}
        lost_of = len(theirs if history.lossless else extra(history, node) | theirs)
        known, exact = sum(loss.known for loss in stated), all(loss.unseen_us == 0 for loss in stated)
        if node is not history.writer and stated and (lost_of < known or exact and lost_of > known):
            wrong.append(f"{known} transactions of {node.name} were stated as known to be lost"
                         f"{', and nothing as unseen' if exact else ''}; {lost_of} are")
    return wrong


def denied(history):
    """No row is there whose writer was told that it is not."""
    failed = {o.value for o in history.operations if o.result == "fail"}
    return [_sentence(len(failed & node.rows), f"rows are on {node.name} although their writes were refused",
                      failed & node.rows) for node in history.nodes if failed & node.rows]


# E: epochs rise ----------------------------------------------------------------------------------------


def epochs_rise(history):
    epochs = [term.epoch for term in history.terms]
    wrong = []
    if any(b <= a for a, b in zip(epochs, epochs[1:])):
        wrong.append(f"epochs do not rise: {epochs}")
    for a in history.terms:
        other = next((b for b in history.terms if b.server != a.server and (b.epoch - a.epoch) % 2 == 0), None)
        if other:
            wrong.append(f"two nodes took epochs of one parity: {a.epoch} and {other.epoch}")
            break
    return wrong


# R: reads ----------------------------------------------------------------------------------------------


def lookups_answered(lookups, since_us, live, excused):
    """No lookup failed on a live server, and each live node answered both programs after `since_us`. `lookups`:
    record.Lookup; `excused`: (node, from, to), while it booted or was off."""
    wrong = []
    for name in sorted({lookup.host for lookup in lookups}):
        failed = [k for k in lookups if k.host == name and k.error and not any(
            name == node and start < k.ended_us and k.begun_us < end for node, start, end in excused)]
        if failed:
            first = failed[0]
            wrong.append(f"{len(failed)} lookups failed on {name}, the first by {first.tool} at "
                         f"{(first.begun_us - since_us) / 1e6:+.2f} s from the fault: {first.error[:160]}")
    for name in live:
        for tool in ("postfix", "dovecot"):
            if not any(k.host == name and k.tool == tool and not k.error and k.begun_us > since_us for k in lookups):
                wrong.append(f"{name} answered no lookup of {tool} after the fault")
    return wrong


# V: the VIP --------------------------------------------------------------------------------------------


@dataclasses.dataclass
class Held:
    """The VIP's holders did not change from one moment to another; `on`: the nodes that lived."""
    from_us: int
    to_us: int
    holders: tuple
    on: tuple


def vip_astray(watch, since_us, bound_us):
    """Longer than the bound, from `since_us` on, either nobody held the VIP while a node lived, or two did."""
    wrong = []
    for what, is_so in (("no live node held the VIP", lambda h: h.on and not set(h.holders) & set(h.on)),
                        ("two nodes held the VIP", lambda h: len(set(h.holders) & set(h.on)) > 1)):
        longest_us, begun_us = 0, None
        for held in watch:
            if not is_so(held) or held.to_us <= since_us:
                begun_us = None
                continue
            begun_us = max(held.from_us, since_us) if begun_us is None else begun_us
            longest_us = max(longest_us, held.to_us - begun_us)
        if longest_us > bound_us:
            wrong.append(f"{what} for {longest_us / 1e6:.1f} s (allowed: {bound_us / 1e6:g})")
    return wrong
