"""The supervisors' logs, line by line, in microseconds of CLOCK_BOOTTIME."""
import calendar
import dataclasses
import os
import re
import time

LINE = re.compile(r"^(\d\d):(\d\d):(\d\d)\.(\d{3,6}) (\S+) +(.*)$")


def boot_offset_us():
    """What to take from a wall clock's reading; the best of a few, for another process may come between."""
    def once():
        before = time.clock_gettime_ns(time.CLOCK_BOOTTIME)
        wall = time.clock_gettime_ns(time.CLOCK_REALTIME)
        after = time.clock_gettime_ns(time.CLOCK_BOOTTIME)
        return after - before, wall - (before + after) // 2
    return min(once() for _ in range(20))[1] // 1000


@dataclasses.dataclass
class Line:
    at_us: int
    level: str
    text: str


class Log:
    """What one node's supervisor writes from now on."""

    def __init__(self, host):
        self._path = host.log("replcheckd")
        self._from = os.path.getsize(self._path)

    def lines(self):
        midnight = calendar.timegm(time.gmtime()[:3] + (0, 0, 0)) * 1_000_000
        found = []
        with open(self._path, encoding="utf-8", errors="replace") as file:
            file.seek(self._from)
            for line in file:
                match = LINE.match(line.rstrip("\n"))
                if match:
                    hours, minutes, seconds, fraction, level, text = match.groups()
                    clock = ((int(hours) * 60 + int(minutes)) * 60 + int(seconds)) * 1_000_000
                    wall_us = midnight + clock + int(fraction.ljust(6, "0"))
                    found.append(Line(wall_us - boot_offset_us(), level, text))
        return found
