"""A pair in a laboratory, brought to rest before each fault and mended after it."""
import os
import random
import sys
import time

from replab import Lab, LabError, Options, faults, services

from . import control, machine

LEASE_S = 3
SETTLE_S = LEASE_S + 0.5   # what connected anew may count a vote at once only when it is a lease old
READY_S = 40
QUARANTINED_S = 8          # shorter is a look that was not yet compared
NODES = ("mx1", "mx2")


class Quarantined(LabError):
    """A node returned with transactions that the writer lacks. In async mode that is how it has to be, where the
    server died with transactions that it had not sent."""


class Pair:
    """Ours. `patience_s`: how long to wait for other work on the machine to end before each fault."""

    def __init__(self, build, tie_breaker="witness", pool="64M", patience_s=0, settings=None, server=""):
        values = {"policy.breaker.failovers": "0", **(settings or {})}
        self.lab = Lab(Options(name=f"bench{os.getpid()}", build=build, tie_breaker=tie_breaker, pool=pool,
                               advert="0.2", server=server, set=values))
        self._patience_s = patience_s
        self.disturbed = 0     # how often the machine was busy with other things all the same

    def __enter__(self):
        self.lab.up()
        return self

    def __exit__(self, kind, *_):
        if kind is not None and issubclass(kind, LabError):
            self.tell_logs()
        self.lab.down()

    def tell_logs(self, lines=12):
        for name in NODES:
            if os.path.exists(self.lab.hosts[name].log("replcheckd")):
                last = self.lab.hosts[name].read("log/replcheckd.log").splitlines()[-lines:]
                print(f"{name}'s supervisor said last:", *last, sep="\n  ", file=sys.stderr)
            crashed = self.lab.hosts[name].read("log/mariadbd.log").partition("got signal")
            if crashed[1]:
                last = (crashed[1] + crashed[2]).splitlines()[:60]
                print(f"{name}'s server crashed by itself:", *last, sep="\n  ", file=sys.stderr)

    # Rest ---------------------------------------------------------------------------------------------

    def trouble(self):
        """Why the pair is not at rest; "" when it is."""
        states = {}
        for name in NODES:
            try:
                report = control.status(self.lab.hosts[name])
            except LabError as error:
                return str(error)
            states[report["state"]] = name
            if report["standby_ready"] is not True:
                return f"{name}: the standby cannot take over: {report['standby_not_ready']}"
            if report["weight"] != {"writer": -1, "standby": -2}.get(report["state"]):
                return f"{name}: {report['state']} with weight {report['weight']}"
        if set(states) != {"writer", "standby"}:
            return f"states: {states}"
        if self.lab.vip_holders() != [states["writer"]]:
            return f"the VIP is on {self.lab.vip_holders()}, the writer is {states['writer']}"
        return ""

    def rest(self, settle_s=SETTLE_S):
        """Waits until the pair can take the next fault; returns (writer, standby)."""
        begun, quiet_since, trouble = time.monotonic(), None, "not asked"
        apart_since = None
        while quiet_since is None or time.monotonic() - quiet_since < settle_s:
            trouble = self.trouble()
            if trouble:
                quiet_since = None
            elif quiet_since is None:
                quiet_since = time.monotonic()
            apart_since = (apart_since or time.monotonic()) if "quarantined" in trouble else None
            if apart_since and time.monotonic() - apart_since > QUARANTINED_S:
                raise Quarantined(trouble)
            if time.monotonic() - begun > READY_S:
                raise LabError(f"the pair is not at rest after {READY_S} s: {trouble}")
            time.sleep(0.25)
        if self._patience_s and not machine.wait_quiet(self._patience_s):
            self.disturbed += 1
        # At no fixed distance from any period of the daemons.
        time.sleep(random.uniform(0, 0.5))
        writer = next(n for n in NODES if control.status(self.lab.hosts[n])["state"] == "writer")
        return writer, "mx2" if writer == "mx1" else "mx1"

    # Mending ------------------------------------------------------------------------------------------

    def revive(self, name):
        """Starts what is down on a host: the host, its server, its supervisor."""
        host = self.lab.hosts[name]
        if not host.on:
            faults.power_on(self.lab, name)
            return
        if not host.pids("mariadbd"):
            self.lab.servers[name].start()
        if not host.pids(faults.OURS):
            services.start_supervisor(self.lab, host)

    def await_end_of(self, name, process="mariadbd", timeout_s=10):
        """Until a process that was killed has left, with all of its memory."""
        self.lab.wait_until(f"the end of {process} on {name}",
                            lambda: not self.lab.hosts[name].pids(process), timeout_s)

    def switch_over(self, to):
        """By command; returns the moment it was given."""
        at = faults.now_us()
        control.ask(self.lab.hosts[to], "switchover", to=to, timeout_s=20)
        return at


class Naive:
    """The deployment to compare with, for one fault: it gives no promise about its state after that."""

    def __init__(self, setting, pool="64M", patience_s=0):
        self.lab = Lab(Options(name=f"bench{os.getpid()}", baseline=setting, pool=pool))
        self._patience_s = patience_s
        self.disturbed = 0

    def __enter__(self):
        self.lab.up()
        return self

    def __exit__(self, *_):
        self.lab.down()

    def rest(self):
        lab = self.lab

        def ready():
            holders = lab.vip_holders()
            return len(holders) == 1 and not lab.servers[holders[0]].read_only() \
                and lab.peer_of(holders[0]).read_only()
        lab.wait_until("a writer that holds the VIP", ready, READY_S)
        if self._patience_s and not machine.wait_quiet(self._patience_s):
            self.disturbed += 1
        # At no fixed distance from the checks' period, which began with the laboratory.
        time.sleep(random.uniform(1, 3))
        writer = lab.vip_holders()[0]
        return writer, "mx2" if writer == "mx1" else "mx1"
