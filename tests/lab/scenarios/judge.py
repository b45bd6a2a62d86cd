"""Gathers what the records show and has it judged (replab/history.py), by the invariants of rows.py.

Nothing here asks the programs under test how they fared, but for two things that they owe: the transactions of a
quarantined node, and the loss that a promotion stated. Times are microseconds of CLOCK_BOOTTIME.
"""
import os
import re

from replab import LabError, analysis, history

CRASH = re.compile(r".*(?:ended by signal (?:4|6|7|8|11)\b|Sanitizer: |runtime error: ).*")
PROMOTED = re.compile(r" -> writer: .*\(row 450, epoch (\d+)\); (.*)")
PROMISED = re.compile(r" -> promoting: enable: .*\(row 448, epoch (\d+)\)")


def terms(server):
    """(epoch, node, reason) of each term, in the order of the positions at which they began."""
    found = server.sql("SELECT epoch, node, reason, gtid FROM replcheck.term")
    found.sort(key=lambda row: max(int(gtid.split("-")[2]) for gtid in row[3].split(",")) if row[3] else 0)
    return [(int(epoch), node, reason) for epoch, node, reason, _ in found]


def log_of(host):
    return host.read("log/replcheckd.log") if os.path.exists(host.log("replcheckd")) else ""


def stated_losses(host):
    """epoch -> the loss that its promotion stated, as the node's log has it."""
    found = {}
    for epoch, detail in PROMOTED.findall(log_of(host)):
        found.setdefault(int(epoch), history.Loss.parse(detail))
    return found


def promised_epochs(host):
    """Those after whose promise the node was to enable writes, by its log."""
    return {int(epoch) for epoch in PROMISED.findall(log_of(host))} | set(stated_losses(host))


def build(lab, records, writer, quarantined, lossless):
    """The History. `writer`: its name; `quarantined`: name -> (is it, the values that it lists)."""
    nodes = [history.Node(name, lab.hosts[name].server_id, analysis.rows(lab.servers[name]), name == writer, *state)
             for name, state in quarantined.items()]
    hosts, losses = [lab.hosts[name] for name in ("mx1", "mx2")], {}
    for host in hosts:
        losses.update(stated_losses(host))
    held = [history.Term(epoch, lab.hosts[node].server_id, losses.get(epoch))
            for epoch, node, _ in terms(lab.servers[writer])]
    recorded = {term.epoch for term in held}
    more = [history.Term(epoch, host.server_id, losses.get(epoch))
            for host in hosts for epoch in promised_epochs(host) - recorded]
    return history.History(records.operations, nodes, held, records.direct, more, lossless)


APPENDED = re.compile(r"insert lab\.appends: @1=\d+ @2=(\d+) @3=(\d+) ")


def listed_values(divergence):
    """What the clients appended, of what `mysql-replcheck divergence --json -v` lists."""
    found = [APPENDED.match(value) for one in divergence["list"] for value in one["values"]]
    return {(int(match.group(1)), int(match.group(2))) for match in found if match}


def unrecorded(told):
    """Terms that began and are in no table: the row is the first thing that a term writes."""
    begun = [term.epoch for term in told.unrecorded if term.loss]
    return [f"terms without a row: epochs {begun}"] if begun else []


def never_two_writable(both_us, allowed_us=0):
    if both_us <= allowed_us:
        return []
    return [f"both servers were writable for {both_us / 1000:.1f} ms (allowed: {allowed_us / 1000:g})"]


def term_count(found, wanted, least):
    """`wanted`: how many terms there must be; None: at least `least`."""
    if wanted is not None and len(found) != wanted:
        return [f"{len(found)} terms instead of {wanted}: {found}"]
    return [f"{len(found)} terms instead of at least {least}: {found}"] if len(found) < least else []


def follows(standby, writer):
    """Replication goes on: the standby gets all that the writer has."""
    try:
        standby.wait_for(writer)
        return []
    except LabError as error:
        return [str(error)]


def crashes(host):
    """Our programs end by our signals alone, and a build with sanitizers has nothing to say."""
    found = CRASH.findall(log_of(host))
    return [f"{host.name}: {found[0].strip()}"] if found else []


def outage_ms(operations, fault_us):
    gap = analysis.outage(operations, fault_us)
    return None if gap is None else gap.us / 1000


def unserved(gap_ms, allowed_s):
    """`gap_ms`: how long the client of the VIP had no acknowledgement, None for good; `allowed_s`: None: it is not judged."""
    if allowed_s is None or (gap_ms is not None and gap_ms <= allowed_s * 1000):
        return []
    gap = "for good" if gap_ms is None else f"for {gap_ms:.0f} ms"
    return [f"no write was acknowledged through the VIP {gap} (allowed: {allowed_s:g} s)"]
