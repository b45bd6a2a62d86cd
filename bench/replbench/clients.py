"""Clients that write through the VIP, and what became of their writes."""
import dataclasses

from replab import analysis, record

# Their attempts fall at different moments, so that one that hangs in a dead server's backlog or lost a packet
# measures itself and not the failover.
NEW_CONNECTIONS = 6
KEPT = 2
RATE = 100


class Clients:
    """Several that connect anew for each write, and one that keeps its connection. Use it in a `with`."""

    def __init__(self, lab, rate=RATE, new=NEW_CONNECTIONS, kept=KEPT):
        self._writers = [record.Writer(lab, rate=rate) for _ in range(new)]
        self._writers += [record.Writer(lab, rate=rate, keep=True) for _ in range(kept)]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for writer in self._writers:
            writer.__exit__()

    def stop(self):
        return Written([writer.stop() for writer in self._writers])


@dataclasses.dataclass
class Written:
    """Operations, client by client."""
    by_client: list

    @property
    def all(self):
        return [operation for operations in self.by_client for operation in operations]

    def acknowledged(self):
        return {o.value for o in self.all if o.result == "ok"}

    def _firsts(self, at_us, server):
        """When each client had its first acknowledgement by that server after the moment, in ms after it."""
        found = []
        for operations in self.by_client:
            done = [o.done_us for o in operations
                    if o.result == "ok" and o.done_us > at_us and (not server or o.server == server)]
            found.append((min(done) - at_us) / 1000 if done else None)
        return found

    def first_ms(self, at_us, server=0):
        """Until any client had a write acknowledged (by that server); None without one."""
        return min((ms for ms in self._firsts(at_us, server) if ms is not None), default=None)

    def last_client_ms(self, at_us, server=0):
        """Until every client had one; None when some client had none."""
        firsts = self._firsts(at_us, server)
        return None if None in firsts or not firsts else max(firsts)

    def pause_ms(self, at_us, within_us):
        """The longest time around the moment in which no client had a write acknowledged."""
        gap = analysis.outage(self.all, at_us, within_us)
        return gap.us / 1000 if gap else None

    def longest_wait_ms(self, at_us, within_us):
        """The longest that any one client was without an acknowledgement around the moment."""
        gaps = [analysis.outage(operations, at_us, within_us) for operations in self.by_client]
        return None if None in gaps else max(gap.us for gap in gaps) / 1000

    def refused(self, at_us, within_us):
        """Writes begun around the moment that were not acknowledged."""
        return sum(o.result != "ok" and at_us <= o.done_us <= at_us + within_us for o in self.all)


def lost(written, servers):
    """Acknowledged writes that a server lacks; server by server. Ask when replication is at rest."""
    acknowledged = set().union(*(w.acknowledged() for w in written)) if written else set()
    numbers = {client for client, _ in acknowledged}
    if not numbers:
        return {server.host.name: 0 for server in servers}
    where = ",".join(str(n) for n in sorted(numbers))
    found = {}
    for server in servers:
        rows = server.sql(f"SELECT client, seq FROM lab.appends WHERE client IN ({where})", timeout_s=60)
        found[server.host.name] = len(acknowledged - {(int(c), int(s)) for c, s in rows})
    return found
