"""Sockets of a host's network namespace in this process: addresses put and removed, and watched."""
import ctypes
import os
import select
import socket
import struct
import threading

from replab.faults import now_us

CLONE_NEWNET = 0x40000000
RTM_NEWADDR, RTM_DELADDR = 20, 21
NLM_F_REQUEST, NLM_F_ACK, NLM_F_CREATE = 1, 4, 0x400
RTMGRP_IPV4_IFADDR = 0x10
IFA_ADDRESS, IFA_LOCAL = 1, 2
NLMSG_ERROR = 2


def inside(pid, make):
    """make() with this thread in the network namespace of a process."""
    libc = ctypes.CDLL(None, use_errno=True)
    result = []

    def work():
        fd = os.open(f"/proc/{pid}/ns/net", os.O_RDONLY)
        try:
            if libc.setns(fd, CLONE_NEWNET) != 0:
                raise OSError(ctypes.get_errno(), "setns")
        finally:
            os.close(fd)
        result.append(make())
    thread = threading.Thread(target=work)   # which ends, and its namespace with it
    thread.start()
    thread.join()
    return result[0]


def _netlink(groups=0):
    sock = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, socket.NETLINK_ROUTE)
    sock.bind((0, groups))
    return sock


class Addresses:
    """Puts an address on a host's interface and removes it; each call returns the moment it was asked for."""

    def __init__(self, host, interface="eth0"):
        self._sock, self._index = inside(host.space.pid,
                                         lambda: (_netlink(), socket.if_nametoindex(interface)))

    def _ask(self, kind, flags, address, prefix):
        raw = socket.inet_aton(address)
        body = struct.pack("=BBBBi", socket.AF_INET, prefix, 0, 0, self._index)
        body += b"".join(struct.pack("=HH", 8, attribute) + raw for attribute in (IFA_LOCAL, IFA_ADDRESS))
        message = struct.pack("=IHHII", 16 + len(body), kind, NLM_F_REQUEST | NLM_F_ACK | flags, 1, 0) + body
        at_us = now_us()
        self._sock.send(message)
        answer = self._sock.recv(4096)
        error = struct.unpack_from("=i", answer, 16)[0]
        if error:
            raise OSError(-error, f"{address}: {os.strerror(-error)}")
        return at_us

    def put(self, address, prefix=32):
        return self._ask(RTM_NEWADDR, NLM_F_CREATE, address, prefix)

    def remove(self, address, prefix=32):
        return self._ask(RTM_DELADDR, 0, address, prefix)

    def close(self):
        self._sock.close()


class Watch:
    """Notes when an address came to hosts and left them, as (µs, host, arrived)."""

    def __init__(self, hosts, address):
        self.events = []
        self._raw = socket.inet_aton(address)
        self._socks = {inside(host.space.pid, lambda: _netlink(RTMGRP_IPV4_IFADDR)): host.name for host in hosts}
        self._wake = os.pipe()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self):
        while True:
            ready, _, _ = select.select([self._wake[0], *self._socks], [], [])
            at_us = now_us()
            if self._wake[0] in ready:
                return
            for sock in ready:
                self._take(sock.recv(65536), at_us, self._socks[sock])

    def _take(self, data, at_us, name):
        offset = 0
        while offset + 16 <= len(data):
            length, kind = struct.unpack_from("=IH", data, offset)
            if kind in (RTM_NEWADDR, RTM_DELADDR) and self._raw in data[offset:offset + length]:
                self.events.append((at_us, name, kind == RTM_NEWADDR))
            offset += (length + 3) & ~3 or len(data)

    def stop(self):
        os.write(self._wake[1], b"x")
        self._thread.join()
        for sock in self._socks:
            sock.close()
        for fd in self._wake:
            os.close(fd)
        return self.events
