"""TCP ports for the servers of tests. They are below those that the kernel gives to outgoing connections: one that is
free now is not taken by somebody's connection before its server has it, nor while that is down for a moment."""

import errno
import random
import socket
import threading

LOWEST = 10240
GIVEN = set()
LOCK = threading.Lock()


def _end():
    with open("/proc/sys/net/ipv4/ip_local_port_range", encoding="ascii") as setting:
        return max(int(setting.read().split()[0]), LOWEST + 1000)


def free_port(address="127.0.0.1"):
    """One that is free, and that this process was not given before."""
    for _ in range(10000):
        port = random.SystemRandom().randrange(LOWEST, _end())
        with LOCK:
            if port in GIVEN:
                continue
            GIVEN.add(port)
        with socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET) as probe:
            try:
                probe.bind((address, port))
                return port
            except OSError as error:
                if error.errno != errno.EADDRINUSE:
                    raise
    raise OSError(errno.EADDRINUSE, "no port is free")
