"""What the records must show, whatever befell the pair. Each function returns sentences: what is wrong.

Nothing here asks the programs under test how they fared: the clients' own records, the sampler's, the tables and
the mail programs' answers are all that counts. Times are microseconds of CLOCK_BOOTTIME.
"""
import os
import re

from replab import LabError, analysis

CRASH = re.compile(r".*(?:ended by signal (?:4|6|7|8|11)\b|Sanitizer: |runtime error: ).*")
SHOWN = 3  # examples in a sentence


def never_two_writable(both_us, allowed_us=0):
    if both_us <= allowed_us:
        return []
    return [f"both servers were writable for {both_us / 1000:.1f} ms (allowed: {allowed_us / 1000:g})"]


def never_two_acknowledging(operations, turns):
    """The servers acknowledge in turns, and in the order of the terms: `turns` are their server ids. An operation
    took effect between its invocation and its end; where that spans a change of turn, either side will do."""
    acked = sorted((o for o in operations if o.result == "ok"), key=lambda o: o.done_us)
    turns = [server for i, server in enumerate(turns) if i == 0 or server != turns[i - 1]]
    began_us = -1
    for server in turns[:-1]:
        # Until the first acknowledgement by another server that cannot belong to an earlier turn.
        others = [o for o in acked if o.server != server and o.invoked_us > began_us]
        if not others:
            return []
        began_us = others[0].done_us
    late = [o for o in acked if o.server != (turns or [0])[-1] and o.invoked_us > began_us]
    if not late:
        return []
    return [f"{len(late)} writes were acknowledged out of turn, the first by server {late[0].server} (client, seq: "
            f"{late[0].value}), {(late[0].done_us - began_us) / 1000:.1f} ms after the last change; turns: {turns}"]


def accounted(operations, writer, others):
    """Every acknowledged row is on the final writer, or on a node that was quarantined and named what it has.
    `others`: server -> (is it quarantined, the first transaction that it named)."""
    if not any(o.result == "ok" for o in operations):
        return ["no write was acknowledged at all"]
    missing = set(analysis.missing(operations, {"writer": writer})["writer"])
    wrong = []
    for server, (quarantined, first) in others.items():
        here = missing & analysis.rows(server)
        if here and quarantined and first:
            missing -= here
        elif here:
            wrong.append(f"{len(here)} acknowledged rows are on {server.host.name} alone, which "
                         + ("does not name them" if quarantined else "is not quarantined"))
            missing -= here
    if missing:
        wrong.append(f"{len(missing)} acknowledged rows are nowhere (client, seq): {sorted(missing)[:SHOWN]}")
    denied = analysis.denied(operations, writer)
    if denied:
        wrong.append(f"{len(denied)} rows are there although their writes were refused: {denied[:SHOWN]}")
    return wrong


def lost(operations, writer):
    """How many acknowledged rows the final writer lacks."""
    return len(analysis.missing(operations, {"writer": writer})["writer"])


def follows(standby, writer):
    """Replication goes on: the standby gets all that the writer has, and has nothing besides. Positions alone do
    not show a transaction that was skipped."""
    try:
        standby.wait_for(writer)
    except LabError as error:
        return [str(error)]
    ours, theirs = analysis.rows(standby), analysis.rows(writer)
    return [f"{a.host.name} has {len(rows)} rows that {b.host.name} lacks: {sorted(rows)[:SHOWN]}"
            for a, b, rows in ((standby, writer, ours - theirs), (writer, standby, theirs - ours)) if rows]


def terms(server):
    """(epoch, node, reason) of each term, in the order of the positions at which they began."""
    found = server.sql("SELECT epoch, node, reason, gtid FROM replcheck.term")
    found.sort(key=lambda row: max(int(gtid.split("-")[2]) for gtid in row[3].split(",")) if row[3] else 0)
    return [(int(epoch), node, reason) for epoch, node, reason, _ in found]


def epochs_rise(server, wanted, least):
    """`wanted`: how many terms there must be; None: at least `least`."""
    found = terms(server)
    epochs = [epoch for epoch, _, _ in found]
    wrong = []
    if any(b <= a for a, b in zip(epochs, epochs[1:])):
        wrong.append(f"epochs do not rise: {epochs}")
    if wanted is not None and len(found) != wanted:
        wrong.append(f"{len(found)} terms instead of {wanted}: {found}")
    elif len(found) < least:
        wrong.append(f"{len(found)} terms instead of at least {least}: {found}")
    return wrong


def lookups(done, since_us, live, excused):
    """No lookup failed on a live server, and each live node answered both programs after `since_us`.
    `excused`: (node, from, to), while it booted."""
    wrong = []
    for node, failed in analysis.lookup_failures(done).items():
        counted = [f for f in failed if not any(node == name and start < f.ended_us and f.begun_us < end
                                                for name, start, end in excused)]
        if counted:
            first = counted[0]
            wrong.append(f"{len(counted)} lookups failed on {node}, the first by {first.tool} at "
                         f"{(first.begun_us - since_us) / 1e6:+.2f} s from the fault: {first.error[:160]}")
    for node in live:
        for tool in ("postfix", "dovecot"):
            if not any(k.host == node and k.tool == tool and not k.error and k.begun_us > since_us for k in done):
                wrong.append(f"{node} answered no lookup of {tool} after the fault")
    return wrong


def crashes(host):
    """Our programs end by our signals alone, and a build with sanitizers has nothing to say."""
    if not os.path.exists(host.log("replcheckd")):
        return []
    found = CRASH.findall(host.read("log/replcheckd.log"))
    return [f"{host.name}: {found[0].strip()}"] if found else []


def outage_ms(operations, fault_us):
    gap = analysis.outage(operations, fault_us)
    return None if gap is None else gap.us / 1000
