"""Who held the VIP, and when: asked of each node's kernel every few milliseconds, without a process."""
import ctypes
import os
import socket
import threading
import time

from .faults import now_us
from .history import Held

NODES = ("mx1", "mx2")
PERIOD_S = 0.02
_libc = ctypes.CDLL(None, use_errno=True)


def _enter_net(pid):
    """This thread's network is that process's from here on."""
    fd = os.open(f"/proc/{pid}/ns/net", os.O_RDONLY)
    try:
        if _libc.setns(fd, 0x40000000) != 0:  # CLONE_NEWNET
            raise OSError(ctypes.get_errno(), "setns")
    finally:
        os.close(fd)


def _is_local(address):
    """An address that is not local cannot be bound to."""
    with socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, socket.SOCK_DGRAM) as sock:
        try:
            sock.bind((address, 0))
            return True
        except OSError:
            return False


class VipWatch:
    def __init__(self, lab):
        self._vip = lab.plan.vip
        self._hosts = [lab.hosts[name] for name in NODES]
        self._held, self._ended = [], threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()

    def _look(self):
        """(holders, nodes that live)"""
        holders, on = [], []
        for host in self._hosts:
            try:
                if not host.on:
                    continue
                _enter_net(host.space.pid)
                on.append(host.name)
                if _is_local(self._vip):
                    holders.append(host.name)
            except OSError:  # its host went off meanwhile
                continue
        return tuple(holders), tuple(on)

    def _watch(self):
        while not self._ended.is_set():
            seen, at = self._look(), now_us()
            if self._held:
                self._held[-1].to_us = at
            if not self._held or (self._held[-1].holders, self._held[-1].on) != seen:
                self._held.append(Held(at, at, *seen))
            time.sleep(PERIOD_S)

    def stop(self):
        """history.Held, one for each time in which nothing changed."""
        self._ended.set()
        self._thread.join(5)
        return self._held
