#!/usr/bin/env python3
"""The daemon started over files of its own that are torn, in the way, or on a full disk: it runs, says what it found,
keeps what it cannot read, and answers the operator; and a disk that hangs delays none of it. No server is needed, for
it starts without. Needs root; skipped without."""
import contextlib
import os
import shutil
import signal
import subprocess
import sys

from daemon_fixture import Failure, case, children, main, node, wait_for

LOST = ("the highest positions seen before are not known", "maintenance is off; if it was on")


def goes_on(one):
    """It decides, answers, and has a journal."""
    report = one.answers()
    if report["state"] != "unknown" or report["writer"] not in ("unknown", "none"):
        raise Failure(f"{report['state']}, writer {report['writer']}")
    return report


@case
def nothing_is_torn():
    with node() as one:
        one.maintenance()
        one.start()
        if not goes_on(one)["maintenance"] or one.aside():
            raise Failure("maintenance did not outlive the restart")
        one.hears("maintenance is on, as it was asked for")


@case
def journal_torn():
    with node() as one:
        one.maintenance()
        with open(f"{one.state}/journal.db", "rb") as file:
            whole = file.read()
        at = whole.rindex(b"maintenance")  # the saved one: the events lie before it
        torn = {f"cut off at {size}": whole[:size] for size in (0, 1, 100, 511, 512, 4096, 5000, len(whole) - 1)}
        torn["zeros"] = bytes(len(whole))
        torn["another key"] = whole[:at] + b"M" + whole[at + 1:]
        torn["a text"] = b"who would write this here\n" * 50
        for name, data in torn.items():
            for left in one.aside():
                os.unlink(f"{one.state}/{left}")
            with open(f"{one.state}/journal.db", "wb") as file:
                file.write(data)
            one.start()
            try:
                one.hears("it is kept as journal.db.bad-", *LOST)
            except Failure as failure:
                raise Failure(f"{name}: {failure}") from None
            if goes_on(one)["maintenance"]:
                raise Failure(f"{name}: maintenance was believed")
            with open(f"{one.state}/{one.aside()[0]}", "rb") as file:
                kept = file.read()
            if kept != data:
                raise Failure(f"{name}: set aside as {one.aside()}: {kept[:60]!r}, {len(kept)} bytes")
            one.stop()


def weight_of(one):
    with open(f"{one.run}/vrrp_weight", encoding="ascii") as file:
        return file.read()


@case
def other_files_torn_or_in_the_way():
    with node() as one:
        for name, data in (("lock", b"x" * 5000), ("pid", b"-1"), ("vrrp_weight", b"-25"), ("control.sock", b"")):
            with open(f"{one.run}/{name}", "wb") as file:
                file.write(data)
        os.mkdir(f"{one.state}/divergence")
        with open(f"{one.state}/divergence/0-1-5_0-1-9", "wb") as file:
            file.write(b"no folder")
        one.start()
        goes_on(one)
        wait_for("the weight to be mended", lambda: weight_of(one) == f"{one.answers()['weight']}\n")
        with open(f"{one.run}/pid", encoding="ascii") as file:
            if int(file.read()) != one.process.pid:
                raise Failure("the pid is not the daemon's")


@case
def full_disks():
    with node() as one:
        subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k,mode=755", "small", one.state], check=True)
        try:
            with open(f"{one.state}/filler", "wb") as file, contextlib.suppress(OSError):
                while True:
                    os.write(file.fileno(), b"x" * 4096)
            one.start()
            one.hears("decisions go on, events wait in memory")
            if not goes_on(one)["journal"]["trouble"]:
                wait_for("status names the journal", lambda: one.answers()["journal"]["trouble"])
            os.unlink(f"{one.state}/filler")
            one.hears("is written again")
            one.stop()
        finally:
            subprocess.run(["umount", "-l", one.state], check=True)


@case
def a_disk_that_hangs():
    """Reads of the journal take a minute: the daemon is at work all the same, and says what it does not know."""
    if not shutil.which("strace"):
        print("# no strace: not tried")
        return
    with node() as one:
        one.maintenance()
        one.start("strace", "-f", "-qq", "-o", "/dev/null", "-P", f"{one.state}/journal.db", "-e",
                  "inject=pread64:delay_enter=60000000")
        one.hears("its disk hangs", *LOST)
        goes_on(one)
        for pid in [*children(one.process.pid), one.process.pid]:
            os.kill(pid, signal.SIGKILL)
        one.process.wait(30)
        one.process = None


if __name__ == "__main__":
    sys.exit(main())
