"""From the moment the VIP comes to a node or leaves it until that node's supervisor has decided about it."""
import re
import time

from replab import LabError
from replab.net import VIP
from replbench import logs, netns
from replbench.series import Row, Series

TITLE = "a moved VIP to the decision"
LIMIT_MS = 2
DECIDED = re.compile(r"VIP (arrived|left): decided after ([\d.]+) ms")


def measure(context):
    row = context.add(Row("a moved VIP to the decision", Series(), limit=LIMIT_MS))
    inner = context.add(Row("  of which after netlink's news was read", Series()))
    with context.pair() as pair:
        _, standby = pair.rest()
        host = pair.lab.hosts[standby]
        addresses, log, asked = netns.Addresses(host), logs.Log(host), []
        # keepalived moves the address by the same call; here its moment is known. Short of vip_settle, so that
        # nothing else follows.
        for _ in range(2 * context.runs):
            asked.append((addresses.put(VIP), "arrived"))
            time.sleep(0.11)
            asked.append((addresses.remove(VIP), "left"))
            time.sleep(0.41)
        addresses.close()
        time.sleep(0.5)
        decided = [(line.at_us, *match.groups()) for line in log.lines() if (match := DECIDED.search(line.text))]
        context.note_load(row.what, pair.disturbed, 1)
    # A line that repeats another is held back by the log: such a move has no time, but is no less decided.
    for (at_us, word), nxt in zip(asked, asked[1:] + [(float("inf"), "")]):
        answer = next((d for d in decided if d[1] == word and at_us <= d[0] < nxt[0]), None)
        if answer is None:
            continue
        row.ours.add((answer[0] - at_us) / 1000)
        inner.ours.add(float(answer[2]))
    context.say(f"  {len(row.ours.values)} of {len(asked)} moves have a time of their own in the log")
    if not row.ours.values:
        raise LabError("the supervisor logged no decision about the VIP")
