"""One fault under writing clients: what it cost until the other node acknowledged."""
import dataclasses
import time

from replab import LabError, record

from . import clients


@dataclasses.dataclass
class Outage:
    at_us: int
    survivor: str
    written: clients.Written
    first_ms: float           # until any client was acknowledged
    last_client_ms: float     # until every one was
    lookups_failed: int
    lookups: int


LOOKUP_PAUSE_S = 0.4          # more often they would be the load


def measure(pair, fault, limit_s, after_s=1.0, before_s=1.0, lookups=True):
    """`fault(writer)` returns its moment. Waits at most limit_s for the other node's first acknowledgement."""
    return strike(pair, *pair.rest(), fault, limit_s, after_s, before_s, lookups)


def strike(pair, writer, survivor, fault, limit_s, after_s=1.0, before_s=1.0, lookups=True):
    """The same, of a pair at rest."""
    server = pair.lab.servers[survivor]
    asked = record.Lookups(pair.lab, pause_s=LOOKUP_PAUSE_S) if lookups else None
    try:
        with clients.Clients(pair.lab) as writing:
            time.sleep(before_s)
            at_us = fault(writer)
            begun = time.monotonic()
            # Nothing is polled while the short ones happen.
            time.sleep(after_s)
            while server.read_only():
                if time.monotonic() - begun > limit_s:
                    raise LabError(f"{survivor} does not accept writes {limit_s:g} s after the fault")
                time.sleep(0.2)
            time.sleep(after_s)
            written = writing.stop()
    finally:
        answers = asked.stop() if asked else []
    first = written.first_ms(at_us, server.host.server_id)
    if first is None:
        raise LabError(f"no write was acknowledged by {survivor} after the fault")
    failed = [a for a in answers if a.error and a.host == survivor]
    last = written.last_client_ms(at_us, server.host.server_id)
    return Outage(at_us, survivor, written, first, last, len(failed), len(answers))
