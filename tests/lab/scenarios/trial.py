"""One run of a scenario: the laboratory, who is writer, the recorders, and the judgement at the end."""
import contextlib
import dataclasses
import json
import os
import subprocess
import time

from replab import LabError, faults, history, mail
from replab.lab import NODES

from . import judge
from .catalogue import Failed, expect
from .recorders import Recorders

READY_S = 30     # for the supervisors to agree on a writer
SETTLED_S = 20   # for everything to be as before, once a fault has ended
VIP_S = 15       # for the VIP to have one holder
UNRESOLVED_S = 7  # longer than a lease and all delays of a promotion


@dataclasses.dataclass
class Verdict:
    """What is demanded of the records."""
    terms: int = None           # how many there must have been;
    least_terms: int = 1        # or this many at least
    both_us: int = 0            # how long two servers may have been writable
    outage_s: float = None      # the longest time without an acknowledgement to the client of the VIP
    acks_overlap: bool = False  # two servers acknowledged, as was expected: that is measured, not judged
    vip_s: float = VIP_S        # how long nobody, or two, may have held the VIP
    unrecorded: bool = False    # a supervisor ended so early that its term may have no row


class Trial:
    """`writer` and `standby` are names as they were when the recorders began."""

    def __init__(self, lab):
        self.lab = lab
        self.writer = self.standby = ""
        self.fault_us = 0
        self.figures = {}      # for the line of the result
        self._recorders = None
        self._excused = []     # (node, from, to) in which its lookups do not count

    @property
    def by_itself(self):
        """Does the standby take over from a writer of which nothing is heard, its server neither? Without a witness nobody
        does."""
        return self.lab.options.tie_breaker != "writer"

    # Asking ---------------------------------------------------------------------------------------------

    def other(self, node):
        return "mx2" if node == "mx1" else "mx1"

    def host(self, node):
        return self.lab.hosts[node]

    def server(self, node):
        return self.lab.servers[node]

    def tool(self, node, *words, timeout_s=30):
        """mysql-replcheck on a node; what subprocess.run returns."""
        return self.host(node).exec([f"{self.lab.options.build}/mysql-replcheck", *words], check=False,
                                    timeout=timeout_s)

    def report(self, node):
        """What the node's supervisor says of itself and the pair; {} while there is none to ask."""
        try:
            return json.loads(self.tool(node, "status", "--json").stdout)
        except (json.JSONDecodeError, LabError):
            return {}

    def state(self, node):
        report = self.report(node)
        return report.get("state", "") if report.get("source") == "daemon" else ""

    def said_of_itself(self, node):
        """For people, after a failure."""
        report = self.report(node)
        if not report:
            return "says nothing"
        loss = (report.get("loss") or {}).get("sentence", "")
        return (f"{report.get('source')}, {report.get('state')}, row {report.get('row')}: {report.get('reason')}; "
                f"not ready: {report.get('standby_not_ready')!r}; loss: {loss}")

    def said(self, node):
        """All that the node's daemon has logged."""
        return self.host(node).read("log/replcheckd.log") if os.path.exists(self.host(node).log("replcheckd")) else ""

    def writable(self, node):
        try:
            return self.host(node).on and not self.server(node).read_only()
        except LabError:
            return False

    def writers(self):
        return [node for node in NODES if self.writable(node)]

    def well(self):
        """One writer that holds the VIP, and a standby that could take over."""
        writers = self.writers()
        if len(writers) != 1 or self.lab.vip_holders() != writers:
            return False
        return all(self.report(node).get("standby_ready") is True for node in NODES)

    def terms(self):
        """(epoch, node, reason) of each, asked of the one writer."""
        return judge.terms(self.server(self.writers()[0]))

    # Waiting --------------------------------------------------------------------------------------------

    def wait(self, what, condition, timeout_s):
        return self.lab.wait_until(what, condition, timeout_s)

    def wait_well(self, timeout_s=SETTLED_S):
        self.wait("a writer with the VIP and a standby that is ready", self.well, timeout_s)

    def wait_writer(self, node, timeout_s):
        """Returns the seconds it took until that node alone was writable."""
        return self.wait(f"{node} as the one writer", lambda: self.writers() == [node], timeout_s)

    def wait_dead(self, node, pid):
        self.wait(f"{node}: the end of process {pid}", lambda: not any(
            number == pid for number in self.host(node).space.pids()), 10)

    def wait_state(self, node, state, timeout_s):
        self.wait(f"{node}: {state}", lambda: self.state(node) == state, timeout_s)

    def wait_returned(self, node, timeout_s=SETTLED_S):
        """A former writer is back: all is well, or it is quarantined with what it had acknowledged and nobody got. Where
        its fence took so long that it ended in SIGKILL, the server is started again, as its unit would."""
        def has_returned():
            if not self.host(node).pids("mariadbd"):
                self.server(node).start()
            return self.state(node) == "quarantined" or self.well()
        self.wait(f"{node} is a standby that is ready, or quarantined", has_returned, timeout_s)

    def wait_taken_over(self, timeout_s):
        """The standby writes, in place of a writer whose server cannot be reached; without a witness nobody does."""
        if self.by_itself:
            self.wait_writer(self.standby, timeout_s)
        else:
            self.wait(f"{self.writer} is closed", lambda: not self.writable(self.writer), 10)
            self.stays("nobody writes", lambda: not self.writers(), UNRESOLVED_S)

    def wait_served(self, writer, timeout_s):
        """The client of the VIP writes at that node."""
        before = self._rows_through_vip(writer)
        self.wait("a write through the VIP", lambda: self._rows_through_vip(writer) > before, timeout_s)

    def stays(self, what, condition, seconds):
        """The condition holds each time it is asked, for so long."""
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            expect(condition(), f"not so all the time: {what}")
            time.sleep(0.1)

    # Recording ------------------------------------------------------------------------------------------

    def look(self):
        """Waits until the pair is well, and sees who is who."""
        self.wait_well(READY_S)
        self.writer = self.writers()[0]
        self.standby = self.other(self.writer)

    def begin(self, local=NODES):
        """Waits until the pair is well, then records: clients through the VIP, some at each node in `local`, the
        sampler, the lookups, the VIP's holders."""
        self.look()
        self._recorders = Recorders(self.lab)
        self.load(local)

    def load(self, local=NODES):
        """The clients begin to write, and go on for a second."""
        self._recorders.load(local)
        self.wait("a write through the VIP", lambda: any(self._rows_through_vip(node) for node in self.writers()), VIP_S)
        time.sleep(1)

    def end_load(self):
        """The clients end."""
        self._recorders.end_load()

    def rest(self):
        """The clients end, and the standby gets all that they wrote."""
        self.end_load()
        for writer in self.writers():
            self.server(self.other(writer)).wait_for(self.server(writer))

    def done_through_vip(self):
        """What became of the writes through the VIP, of clients that have ended."""
        return self._recorders.done_through_vip()

    def fault(self, at_us):
        """Marks the moment; the first one counts."""
        self.fault_us = self.fault_us or at_us
        return at_us

    @contextlib.contextmanager
    def excused(self, *nodes):
        """The nodes' lookups do not count meanwhile: their server is not up yet, or not to be."""
        begun = faults.now_us()
        try:
            yield
        finally:
            self._excused += [(node, begun, faults.now_us()) for node in nodes]

    def power_off(self, node):
        with self.excused(node):  # a lookup under way is killed with its host
            return faults.power_off(self.lab, node)

    def lose(self, node, timeout_s=15):
        """A host loses power and the other node writes: by itself, or when the operator has declared the host off."""
        self.fault(self.power_off(node))
        other = self.other(node)
        if not self.by_itself:
            self.stays("nobody is promoted", lambda: not self.writers(), UNRESOLVED_S)
            done = self.tool(other, "promote", "--peer-is-off", node, timeout_s=60)
            expect(done.returncode == 0, f"promote --peer-is-off: exit {done.returncode}: {done.stdout}{done.stderr}")
        self.wait_writer(other, timeout_s)

    def power_on(self, node, supervised=True):
        """Boots a host with all its services."""
        with self.excused(node):
            faults.power_on(self.lab, node, node=supervised)
            mail.start_dovecot(self.host(node))
            self.wait(f"{node}: Dovecot", lambda: self._asks(node, mail.dovecot_lookup), 15)

    def _asks(self, node, lookup):
        try:
            return bool(lookup(self.host(node)))
        except (LabError, subprocess.TimeoutExpired):
            return False

    def give_up(self):
        """Ends the recorders after a failure, so that their files are whole. Returns what they say of two writers,
        which is worse than whatever the scenario was waiting for."""
        recorders, self._recorders = self._recorders, None
        both_us = recorders.give_up() if recorders is not None else None
        if both_us is None:
            return []
        self.figures["both"] = both_us / 1000
        return ["W: " + sentence for sentence in judge.never_two_writable(both_us)]

    # Judging --------------------------------------------------------------------------------------------

    def end(self, writer, **demanded):
        """Ends the recorders and judges. `writer`: the node that must be it now; `demanded`: as of Verdict."""
        verdict = Verdict(**demanded)
        expect(self.writers() == [writer], f"writable at the end: {self.writers()} instead of {writer} alone")
        self._await_lookups()
        if verdict.outage_s is not None:
            self._await_writes(writer, verdict.outage_s)
        recorders, self._recorders = self._recorders, None
        records = recorders.stop()
        wrong = {letter: [] for letter in "WAERCVNX"}
        quarantined = {node: self._quarantine(node) for node in NODES if self.host(node).on}
        for node, (is_quarantined, _) in quarantined.items():
            if node != writer and not is_quarantined:
                wrong["A"] += judge.follows(self.server(node), self.server(writer))
        told = judge.build(self.lab, records, writer, quarantined, self._lossless())
        self._judge_history(told, wrong, verdict, records)
        self._judge_service(wrong, verdict, records)
        wrong["X"] += [w for node in NODES for w in judge.crashes(self.host(node))]
        if any(wrong.values()):
            raise Failed("; ".join(f"{letter}: {w}" for letter, sentences in wrong.items() for w in sentences))

    def end_taken_over(self, outage_s, **limits):
        """As `end`, after wait_taken_over and the end of the fault: without a witness either may write then."""
        if self.by_itself:
            self.end(self.standby, terms=2, outage_s=outage_s, **limits)
        else:
            self.wait("one writer", lambda: len(self.writers()) == 1, 30)
            self.end(self.writers()[0], least_terms=2, outage_s=outage_s + 3 * UNRESOLVED_S, **limits)

    def _await_lookups(self, limit_s=20):
        """A node that has just returned may not have been asked again yet. Whether it answers is judged later."""
        deadline = time.monotonic() + limit_s
        time.sleep(0.5)
        while time.monotonic() < deadline and not all(
                self._recorders.answered(node, self.fault_us) for node in NODES if self.host(node).on):
            time.sleep(0.1)

    def _rows_through_vip(self, writer):
        return int(self.server(writer).value(f"COUNT(*) FROM lab.appends WHERE client={self._recorders.through_vip()}"))

    def _await_writes(self, writer, limit_s):
        """The client of the VIP may not have found its way yet. Whether it was served in time is judged later."""
        if self._recorders.through_vip() is not None:
            with contextlib.suppress(LabError):
                self.wait_served(writer, limit_s)

    def _judge_history(self, told, wrong, verdict, records):
        """Who wrote when, and what became of it."""
        told.bound_excused = verdict.acks_overlap
        overlaps = history.overlaps(told)
        wrong["W"] += judge.never_two_writable(records.both_us, verdict.both_us)
        wrong["W"] += [] if verdict.acks_overlap else history.exclusive(told)
        wrong["A"] += history.survives(told) + history.denied(told)
        wrong["E"] += history.epochs_rise(told)
        # Where two may write at once, the term of the one that is quarantined has its row there alone.
        wrong["E"] += [] if verdict.unrecorded or verdict.acks_overlap else judge.unrecorded(told)
        wrong["N"] += judge.term_count([t.epoch for t in told.terms], verdict.terms, verdict.least_terms)
        self.figures["both"] = records.both_us / 1000
        self.figures["dual"] = history.overlap_us(overlaps) / 1000
        self.figures["late"] = len(history.out_of_turn(told)[0])
        self.figures["lost"] = len(history.lost(told))

    def _judge_service(self, wrong, verdict, records):
        """Whether lookups, the VIP and the client that writes through it were served."""
        up = [node for node in NODES if self.host(node).on]
        wrong["R"] += history.lookups_answered(records.lookups, self.fault_us, up, self._excused)
        wrong["V"] += history.vip_astray(records.vip, self.fault_us, int(verdict.vip_s * 1e6))
        self.figures["outage"] = judge.outage_ms(records.client, self.fault_us)
        wrong["C"] += judge.unserved(self.figures["outage"], verdict.outage_s)

    def _lossless(self):
        return self.lab.options.set.get("policy.durability") == "lossless"

    def _quarantine(self, node):
        """(is it, the values of the transactions that it lists)"""
        if self.state(node) != "quarantined":
            return False, set()
        done = self.tool(node, "divergence", "--json", "-v", "--limit", "0", timeout_s=60)
        expect(done.returncode == 0, f"divergence at {node}: exit {done.returncode}: {done.stderr}")
        return True, judge.listed_values(json.loads(done.stdout))
