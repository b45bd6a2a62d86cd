"""The supervisor that takes over stops or dies at each step of its promotion, hit by labtrap as it sends the
statement of that step."""
import contextlib
import os
import signal
import time

from replab import LabError, faults, services

from .catalogue import Failed, expect, scenario

# Each is sent once in a promotion, in this order.
STEPS = ("GET_LOCK('replcheck.vote.", "STOP SLAVE IO_THREAD", "CALL replcheck.promise('", "CALL replcheck.enable('",
         "INSERT INTO replcheck.term")
TRAP = "run/labtrap"  # on the host


def with_trap(t, node):
    """Restarts the node's daemon with the trap loaded."""
    host = t.host(node)
    library = os.path.join(t.lab.options.build, "tests/lab/labtrap.so")
    expect(os.path.exists(library), f"{library} is missing: build it")
    faults.send(host, "fencer", signal.SIGTERM)
    t.wait("the daemon has ended", lambda: not host.pids(faults.OURS), 10)
    services.start_supervisor(t.lab, host, (f"LD_PRELOAD={library}", f"LABTRAP=/{TRAP}/trap"))


def set_trap(t, node, number, when, text):
    """Where the supervisor may remove the file."""
    t.host(node).own(TRAP, "replcheck")
    t.host(node).write(TRAP + "/trap.new", f"{number:d} {when} {text}\n", user="replcheck")
    os.replace(t.host(node).path(TRAP, "trap.new"), t.host(node).path(TRAP, "trap"))


def hit(t, node):
    return not os.path.exists(t.host(node).path(TRAP, "trap"))


def switch_until_hit(t, taker, step):
    """A node whose last attempt failed a moment ago waits before the next, so it may not take the first one."""
    for _ in range(5):
        t.tool(t.other(taker), "switchover", timeout_s=60)
        if hit(t, taker):
            return
        t.wait_well(30)
        expect(t.writers() != [taker], f"{taker} took over without {step}")
    raise Failed(f"{taker} was not hit {step}")


def one_step(t, number, when, text):
    """A switchover whose taker is hit at one step."""
    taker = t.other(t.writers()[0])
    child = faults.find(t.host(taker), "supervisor")
    set_trap(t, taker, number, when, text)
    t.fault(faults.now_us())
    switch_until_hit(t, taker, f"{when} {text}")
    time.sleep(4)  # what was stopped comes back when its leases have ended
    with contextlib.suppress(ProcessLookupError, LabError):
        faults.resume(t.host(taker), child)
    t.wait("one writer", lambda: len(t.writers()) == 1, 30)
    t.wait_well(40)


def each_step(t, number):
    t.wait_well(30)
    for node in ("mx1", "mx2"):
        with_trap(t, node)
        t.wait_well(30)
    t.begin()
    for text in STEPS:
        for when in ("before", "after"):
            one_step(t, number, when, text)
    t.end(t.writers()[0], vip_s=60, unrecorded=True)


# Handovers that were not taken are no failures, and what was killed in the middle of one may be.
OFTEN = {"policy.breaker": "{failovers: 100, window: 1h}", "policy.vip_hold_down": "1s"}


@scenario(fault=10, settings=OFTEN)
def kill_at_each_step(t):
    """The supervisor that takes over is killed at each step: another one resumes or gives up, never two write, and
    there is one writer after each."""
    each_step(t, signal.SIGKILL)


@scenario(fault=10, settings=OFTEN)
def stop_at_each_step(t):
    """The supervisor that takes over hangs at each step and resumes late: what it does then is not stale."""
    each_step(t, signal.SIGSTOP)
