"""Failovers run by run, and the rows that such figures have in common."""
import math

from replab import LabError

from . import clients, outage
from .pair import Quarantined
from .series import Row, Series


class OutageRows:
    """The rows of a figure about outages, filled run by run."""

    def __init__(self, context, what, limit=None, aim=None):
        self.what = what
        self.first = context.add(Row(what, Series(), limit=limit, aim=aim))
        self.last = context.add(Row("  until every client was served", Series()))
        # What a server had acknowledged and not yet sent when it died: async mode bounds it, no more.
        self.lost = context.add(Row("  acknowledged writes that were not yet sent", Series(total=True), "writes"))
        self.apart = context.add(Row("  returned with them, and kept apart", Series(total=True), "times"))
        self.missing = context.add(Row("  the returned node lacks acknowledged writes", Series(total=True), "writes", 0))
        self.lookups = context.add(Row("  failed lookups on the survivor", Series(total=True), "lookups", 0))
        self.unrest = context.add(Row("  not a pair again by itself", Series(total=True), "times", 0))

    def _put(self, row, setting, value):
        series = row.ours if not setting else row.baseline.setdefault(setting, Series(total=row.ours.total))
        if value is not None:
            series.add(value)

    def add(self, one, setting=""):
        self._put(self.first, setting, one.first_ms)
        self._put(self.last, setting, one.last_client_ms)
        self._put(self.lookups, setting, one.lookups_failed)

    def add_lost(self, one, survivor, setting=""):
        self._put(self.lost, setting, clients.lost([one.written], [survivor])[survivor.host.name])


def _after(context, rows, pair, one):
    """Mends the pair. (writer, standby), or None when it did not come to rest."""
    lab = pair.lab
    dead = lab.peer_of(one.survivor).host.name
    if lab.hosts[dead].on:
        pair.await_end_of(dead)
    pair.revive(dead)
    try:
        roles = pair.rest()
    except LabError as error:
        quarantined = isinstance(error, Quarantined)
        rows.apart.ours.add(quarantined)
        rows.unrest.ours.add(not quarantined)
        if not quarantined:
            context.note(f"{rows.what}: {error}")
            pair.tell_logs()
        return None
    rows.apart.ours.add(0)
    rows.unrest.ours.add(0)
    rows.missing.ours.add(clients.lost([one.written], [lab.servers[dead]])[dead])
    return roles


def _series_of_faults(context, rows, pair, fault, limit_s, prepare, runs):
    """As many faults as the pair survives; the number of them."""
    roles = pair.rest()
    for done in range(1, runs + 1):
        roles = prepare(pair, *roles) if prepare else roles
        try:
            one = outage.strike(pair, *roles, lambda writer: fault(pair.lab, writer), limit_s)
        except LabError as error:
            rows.first.ours.add(math.inf)
            context.note(f"{rows.what}: {error}")
            pair.tell_logs()
            return done
        rows.add(one)
        rows.add_lost(one, pair.lab.servers[one.survivor])
        context.say(f"  {one.first_ms:.1f} ms, every client after {one.last_client_ms or math.inf:.1f} ms")
        roles = _after(context, rows, pair, one)
        if roles is None:
            return done
    return runs


def failovers(context, rows, fault, limit_s, prepare=None, **options):
    """`fault(lab, writer)` again and again, each in the other direction. A pair that does not come to rest after
    one is replaced, and why is counted. `prepare(pair, writer, standby)` returns the roles for the next."""
    left, disturbed = context.runs, 0
    while left > 0:
        with context.pair(**options) as pair:
            left -= _series_of_faults(context, rows, pair, fault, limit_s, prepare, left)
            disturbed += pair.disturbed
    context.note_load(rows.what, disturbed, context.runs)


def baseline(context, rows, fault, limit_s):
    """Fills the baseline's columns: a fresh laboratory for each fault. Some of them never become a pair: those are
    noted, and another is begun, up to as many times as there are runs."""
    for setting in ("fast", "usual"):
        disturbed, unfit = 0, 0
        run = 0
        while run < context.baseline_runs and unfit <= context.baseline_runs:
            with context.naive(setting) as naive:
                try:
                    one = outage.measure(naive, lambda writer: fault(naive.lab, writer), limit_s)
                except LabError as error:
                    unfit += 1
                    context.note(f"{rows.what}, baseline {setting}: one laboratory more, for in one: {error}")
                    continue
                run += 1
                rows.add(one, setting)
                rows.add_lost(one, naive.lab.servers[one.survivor], setting)
                disturbed += naive.disturbed
            context.say(f"  baseline {setting} {run}: {one.first_ms:.0f} ms")
        context.note_load(f"{rows.what}, baseline {setting}", disturbed, context.baseline_runs)
