"""Connects again and again and does nothing else: how long does a SYN wait for its answer?

Run by itself (-I) on a host, with address and port: prints a line for each connection when its input ends: the moment
it began in microseconds of CLOCK_BOOTTIME, how many it took, and `ok`, `refused` or `timeout`. A refusal is an answer.
"""
import select
import socket
import sys
import time

TIMEOUT_S = 10
PAUSE_S = 0.0005


def now_us():
    return time.clock_gettime_ns(time.CLOCK_BOOTTIME) // 1000


def knock(address):
    began, sock = now_us(), socket.socket(socket.AF_INET6 if ":" in address[0] else socket.AF_INET)
    sock.settimeout(TIMEOUT_S)
    try:
        sock.connect(address)
        result = "ok"
    except TimeoutError:
        result = "timeout"
    except OSError:
        result = "refused"
    took = now_us() - began
    sock.close()
    return began, took, result


def main():
    found = []
    while not select.select([sys.stdin], [], [], PAUSE_S)[0]:
        found.append(knock((sys.argv[1], int(sys.argv[2]))))
    for line in found:
        print(*line)


main()
