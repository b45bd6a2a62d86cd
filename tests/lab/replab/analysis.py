"""What the recorders' files say. Times are microseconds of CLOCK_BOOTTIME."""
import collections
import dataclasses


@dataclasses.dataclass
class Operation:
    invoked_us: int
    result: str      # ok | fail | unknown
    done_us: int
    server: int      # server_id that acknowledged it; 0 unless ok
    error: int
    client: int
    seq: int

    @property
    def value(self):
        return (self.client, self.seq)


@dataclasses.dataclass
class Interval:
    server: str
    state: str       # writable | read-only | silent
    from_us: int
    to_us: int
    samples: int


@dataclasses.dataclass
class Gap:
    us: int          # between two acknowledgements
    before: Operation
    after: Operation


@dataclasses.dataclass
class Overlap:
    from_us: int
    to_us: int
    servers: tuple
    acknowledged: int  # by the one that acknowledged less in that time


def read_operations(path):
    with open(path, encoding="ascii") as file:
        found = []
        for line in file:
            invoked, result, done, server, error, client, seq = line.split()
            found.append(Operation(int(invoked), result, int(done), int(server), int(error), int(client),
                                   int(seq)))
    return found


def read_intervals(path):
    with open(path, encoding="ascii") as file:
        return [Interval(server, state, int(start), int(end), int(samples))
                for server, state, start, end, samples in (line.split() for line in file)]


def acknowledged(operations):
    return sorted((o for o in operations if o.result == "ok"), key=lambda o: o.done_us)


def outage(operations, fault_us, within_us=None):
    """The longest gap between two acknowledgements, from the last one before the fault on. None when nothing
    was acknowledged before it, or after. An answer that was under way at that moment counts as one."""
    acks = acknowledged(operations)
    before = [o for o in acks if o.done_us <= fault_us][-1:]
    end_us = acks[-1].done_us if acks and within_us is None else fault_us + (within_us or 0)
    after = [o for o in acks if fault_us < o.done_us <= end_us]
    row = before + after
    if not before or not after:
        return None
    return max((Gap(b.done_us - a.done_us, a, b) for a, b in zip(row, row[1:])), key=lambda g: g.us)


def missing(operations, servers):
    """Acknowledged values that a server lacks, by the server's name. Ask when replication is at rest."""
    acked = {o.value for o in operations if o.result == "ok"}
    return {name: sorted(acked - rows(server)) for name, server in servers.items()}


def denied(operations, server):
    """Values that are there although their writer was told that they are not."""
    failed = {o.value for o in operations if o.result == "fail"}
    return sorted(failed & rows(server))


def rows(server):
    return {(int(client), int(seq)) for client, seq in server.sql("SELECT client, seq FROM lab.appends")}


def dual_acks(operations, pause_us=500_000):
    """Times in which two servers acknowledged. A server's turn is a run of acknowledgements with no pause
    longer than `pause_us`; turns of two servers must not overlap, and one late acknowledgement within the
    other's turn is an overlap of no length."""
    turns = []
    by_server = collections.defaultdict(list)
    for operation in acknowledged(operations):
        by_server[operation.server].append(operation.done_us)
    for server, times in by_server.items():
        begun = 0
        for i in range(1, len(times) + 1):
            if i == len(times) or times[i] - times[i - 1] > pause_us:
                turns.append((server, times[begun:i]))
                begun = i
    found = []
    for i, (a, first) in enumerate(turns):
        for b, second in turns[i + 1:]:
            start, end = max(first[0], second[0]), min(first[-1], second[-1])
            if a != b and start <= end:
                count = min(sum(start <= t <= end for t in times) for times in (first, second))
                found.append(Overlap(start, end, (a, b), count))
    return sorted(found, key=lambda o: o.from_us)


def writable_us(intervals, server):
    return sum(i.to_us - i.from_us for i in intervals if i.server == server and i.state == "writable")


def lookup_failures(lookups):
    """host -> the lookups that were not answered."""
    found = {}
    for lookup in lookups:
        found.setdefault(lookup.host, [])
        if lookup.error:
            found[lookup.host].append(lookup)
    return found
