"""What records during a scenario: clients on new and on kept connections, through the VIP and at each node, the
sampler, the lookups and the VIP's holders."""
import contextlib
import dataclasses

from replab import LabError, record
from replab.lab import NODES
from replab.vipwatch import VipWatch

LOAD = 200  # writes a second through the VIP, each on a connection of its own


@dataclasses.dataclass
class Records:
    client: list      # operations of the client that connects anew through the VIP for each
    operations: list  # of all clients, it among them
    direct: dict      # client -> server_id, of those at a node
    both_us: int      # in which the sampler saw two servers writable
    intervals: list   # analysis.Interval: what it saw
    lookups: list     # record.Lookup
    vip: list         # history.Held


class Recorders:
    def __init__(self, lab):
        self._lab = lab
        self._first, self._others = None, []  # the client of the VIP, and the rest
        self._client, self._all = [], []      # operations of clients that have ended
        self._direct = {}
        self._lookups = record.Lookups(lab, pause_s=0.3)
        self._sampler, self._vip = record.Sampler(lab), VipWatch(lab)

    def load(self, local=NODES):
        """The clients begin to write; `local`: the nodes that have clients of their own."""
        self._first = record.Writer(self._lab, rate=LOAD, pause=5000)
        self._others = [record.Writer(self._lab, rate=50, pause=5000, keep=True)]
        for name in local:
            host = self._lab.hosts[name]
            for kind in ({}, {"hold": True}):
                # Outside the host, whose end would take the record along.
                self._others.append(record.Writer(self._lab, host="switch", socket=host.socket, rate=50, pause=20000,
                                                  **kind))
                self._direct[self._others[-1].client] = host.server_id

    def end_load(self):
        """The clients end."""
        if self._first is not None:
            self._client += self._first.stop()
        for client in self._others:
            self._all += client.stop()
        self._first, self._others = None, []

    def done_through_vip(self):
        return list(self._client)

    def through_vip(self):
        """The number of the client that writes through the VIP; None while none does."""
        return self._first.client if self._first is not None else None

    def answered(self, name, since_us):
        return self._lookups.answered(name, since_us)

    def stop(self):
        lookups, vip = self._lookups.stop(), self._vip.stop()
        self.end_load()
        both_us, intervals = self._sampler.stop()
        return Records(self._client, self._client + self._all, self._direct, both_us, intervals, lookups, vip)

    def give_up(self):
        """Ends all of them, so that their files are whole. Microseconds of two writable, None if nobody knows."""
        both_us = None
        with contextlib.suppress(LabError, OSError):
            both_us = self._sampler.stop()[0]
        for recorder in (self._first, *self._others, self._lookups, self._vip):
            if recorder is not None:
                with contextlib.suppress(LabError, OSError):
                    recorder.stop()
        return both_us
