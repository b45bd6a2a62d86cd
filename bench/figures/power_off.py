"""Power-off of the writer's host, with a witness."""
from replab import faults
from replbench import outage, rows
from replbench.pair import LEASE_S

TITLE = "power-off of the writer's host"
TAKEOVER_DELAY_S = 0.5
LIMIT_MS = (LEASE_S + TAKEOVER_DELAY_S) * 1000 + 250
GIVE_UP_S = 30


def measure(context):
    found = rows.OutageRows(context, "power-off to the first acknowledged write, witness", LIMIT_MS)
    disturbed = 0
    for run in range(context.runs):
        # A fresh one each time: a host that returns with more than the survivor has is kept apart, rightly.
        with context.pair() as pair:
            one = outage.measure(pair, lambda writer: faults.power_off(pair.lab, writer), GIVE_UP_S)
            found.add(one)
            found.add_lost(one, pair.lab.servers[one.survivor])
            disturbed += pair.disturbed
        context.say(f"  {run + 1}: {one.first_ms:.0f} ms")
    context.note_load(found.what, disturbed, context.runs)
    rows.baseline(context, found, faults.power_off, GIVE_UP_S)
