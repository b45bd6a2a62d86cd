"""A host's wall clock, by Debian's libfaketime: what is started on the host after `own` reads it. Its monotonic
clocks are the kernel's, as on a machine whose clock somebody sets."""
import glob
import os

from .errors import LabError

INSIDE = "/etc/mysql/clock"


def _library():
    found = glob.glob("/usr/lib/*/faketime/libfaketimeMT.so.1")
    if not found:
        raise LabError("libfaketimeMT.so.1 is missing: install libfaketime")
    return found[0]


def own(host):
    """The host's daemons that are started from now on have a clock of their own."""
    set_off(host, 0)
    host.environment.update(LD_PRELOAD=_library(), FAKETIME_TIMESTAMP_FILE=INSIDE, FAKETIME_CACHE_DURATION="1",
                            FAKETIME_DONT_FAKE_MONOTONIC="1")


def set_off(host, seconds):
    """The clock is so far ahead from now on, or behind; each process sees it within a second."""
    path = host.path("etc/mysql/clock")
    host.write("etc/mysql/clock.new", f"{seconds:+d}\n")
    os.replace(path + ".new", path)
