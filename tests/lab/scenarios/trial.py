"""One run of a scenario: the laboratory, who is writer, the recorders, and the judgement at the end."""
import contextlib
import json
import subprocess
import time

from replab import LabError, faults, mail, record
from replab.lab import NODES

from . import judge
from .catalogue import Failed, expect

READY_S = 30     # for the supervisors to agree on a writer
SETTLED_S = 20   # for everything to be as before, once a fault has ended
LOAD = 200       # writes a second through the VIP


class Trial:
    """`writer` and `standby` are names as they were when the recorders began."""

    def __init__(self, lab):
        self.lab = lab
        self.writer = self.standby = ""
        self.fault_us = 0
        self.figures = {}      # for the line of the result
        self._clients = []     # the first one through the VIP, then on the nodes
        self._done = [[], []]  # operations of clients that have ended: through the VIP, on the nodes
        self._sampler = self._lookups = None
        self._excused = []     # (node, from, to) in which its lookups do not count

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

    # Waiting --------------------------------------------------------------------------------------------

    def wait(self, what, condition, timeout_s):
        return self.lab.wait_until(what, condition, timeout_s)

    def wait_well(self, timeout_s=SETTLED_S):
        self.wait("a writer with the VIP and a standby that is ready", self.well, timeout_s)

    def wait_writer(self, node, timeout_s):
        """Returns the seconds it took until that node alone was writable."""
        return self.wait(f"{node} as the one writer", lambda: self.writers() == [node], timeout_s)

    def wait_state(self, node, state, timeout_s):
        self.wait(f"{node}: {state}", lambda: self.state(node) == state, timeout_s)

    def wait_returned(self, node, timeout_s=SETTLED_S):
        """A former writer is back: all is well, or it is quarantined with what it had acknowledged and nobody got."""
        self.wait(f"{node} is a standby that is ready, or quarantined",
                  lambda: self.state(node) == "quarantined" or self.well(), timeout_s)

    def stays(self, what, condition, seconds):
        """The condition holds each time it is asked, for so long."""
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            expect(condition(), f"not so all the time: {what}")
            time.sleep(0.1)

    # Recording ------------------------------------------------------------------------------------------

    def begin(self, local=NODES):
        """Waits until the pair is well, then records: a client through the VIP, one at each node in `local`, the
        sampler, the lookups."""
        self.wait_well(READY_S)
        self.writer = self.writers()[0]
        self.standby = self.other(self.writer)
        self._lookups = record.Lookups(self.lab, pause_s=0.3)
        self._sampler = record.Sampler(self.lab)
        self.load(local)

    def load(self, local=NODES):
        """The clients begin to write."""
        self._clients = [record.Writer(self.lab, rate=LOAD, pause=5000)]
        for node in local:
            # Outside the host, whose end would take the record along.
            self._clients.append(record.Writer(self.lab, host="switch", socket=self.host(node).socket, rate=50,
                                               pause=20000))
        time.sleep(1)

    def rest(self):
        """The clients end, and the standby gets all that they wrote."""
        for i, client in enumerate(self._clients):
            self._done[min(i, 1)] += client.stop()
        self._clients = []
        self.server(self.standby).wait_for(self.server(self.writer))

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

    def _stop(self):
        """Every record there is: operations of the client and of all, microseconds of two writable, lookups."""
        lookups = self._lookups.stop()
        for i, client in enumerate(self._clients):
            self._done[min(i, 1)] += client.stop()
        both_us, _ = self._sampler.stop()
        self._clients, self._sampler, self._lookups = [], None, None
        return self._done[0], sum(self._done, []), both_us, lookups

    def give_up(self):
        """Ends the recorders after a failure, so that their files are whole. Returns what they say of two writers,
        which is worse than whatever the scenario was waiting for."""
        wrong, sampler = [], self._sampler
        self._sampler = None
        if sampler is not None:
            with contextlib.suppress(LabError, OSError):
                self.figures["both"] = sampler.stop()[0] / 1000
                wrong = judge.never_two_writable(self.figures["both"] * 1000)
        for recorder in (*self._clients, self._lookups):
            if recorder is not None:
                with contextlib.suppress(LabError, OSError):
                    recorder.stop()
        return wrong

    # Judging --------------------------------------------------------------------------------------------

    def end(self, writer, terms=None, least_terms=1, both_us=0, outage_s=None, acks_overlap=False):
        """Ends the recorders and judges. `writer`: the node that must be it now; `terms`: how many there must
        have been; `both_us`: how long two servers may have been writable; `outage_s`: the longest time without
        an acknowledgement to the client of the VIP; `acks_overlap`: two servers acknowledged, as was expected."""
        expect(self.writers() == [writer], f"writable at the end: {self.writers()} instead of {writer} alone")
        time.sleep(0.5)
        client, operations, both, lookups = self._stop()
        server = self.server(writer)
        others = {self.server(n): self._quarantine(n) for n in NODES if n != writer and self.host(n).on}
        gap_ms = judge.outage_ms(client, self.fault_us)
        wrong = judge.never_two_writable(both, both_us)
        turns = [self.host(node).server_id for _, node, _ in judge.terms(server)]
        wrong += [] if acks_overlap else judge.never_two_acknowledging(operations, turns)
        wrong += judge.accounted(operations, server, others)
        wrong += judge.epochs_rise(server, terms, least_terms)
        wrong += judge.lookups(lookups, self.fault_us, [n for n in NODES if self.host(n).on], self._excused)
        wrong += [w for node in NODES for w in judge.crashes(self.host(node))]
        wrong += [w for other, (quarantined, _) in others.items() if not quarantined
                  for w in judge.follows(other, server)]
        if outage_s is not None and (gap_ms is None or gap_ms > outage_s * 1000):
            gap = "for good" if gap_ms is None else f"for {gap_ms:.0f} ms"
            wrong.append(f"no write was acknowledged through the VIP {gap} (allowed: {outage_s:g} s)")
        self.figures["outage"] = gap_ms
        self.figures["both"] = both / 1000
        self.figures["lost"] = judge.lost(operations, server)
        if wrong:
            raise Failed("; ".join(wrong))

    def _quarantine(self, node):
        report = self.report(node)
        return report.get("state") == "quarantined", (report.get("history") or {}).get("first", "")
