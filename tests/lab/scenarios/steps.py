"""A supervisor stops or dies at each step of a promotion and of a demotion, hit by labtrap as it sends the statement
of that step, or as the row of the decision is logged."""
import contextlib
import os
import signal
import subprocess
import time

from replab import LabError, faults, services

from .catalogue import Failed, expect, scenario

# Each is sent once in a promotion, in this order.
STEPS = ("GET_LOCK('replcheck.vote.", "STOP SLAVE IO_THREAD", "CALL replcheck.promise('", "CALL replcheck.enable('",
         "INSERT INTO replcheck.term")
TRAP = "run/labtrap"  # on the host


def start_with_trap(t, node):
    library = os.path.join(t.lab.options.build, "tests/lab/labtrap.so")
    expect(os.path.exists(library), f"{library} is missing: build it")
    services.start_supervisor(t.lab, t.host(node), (f"LD_PRELOAD={library}", f"LABTRAP=/{TRAP}/trap"))


def with_trap(t, node):
    """Restarts the node's daemon with the trap loaded."""
    host = t.host(node)
    faults.send(host, "fencer", signal.SIGTERM)
    t.wait("the daemon has ended", lambda: not host.pids(faults.OURS), 10)
    start_with_trap(t, node)


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
    # One that only stood still is fenced meanwhile, maybe before the term's row was written. One that was killed is
    # followed by another, which writes it.
    t.end(t.writers()[0], vip_s=60, unrecorded=number == signal.SIGSTOP)


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


# Rows -------------------------------------------------------------------------------------------------------------

# Those of a switchover that are logged, for they change the state. What happens between two of them is hit by its
# statement, and by the time that the line's thread takes.
TAKER_ROWS = (340, 410, 425, 432, 448, 450)
GIVER_ROWS = (520, 600, 615)
GIVER_STEPS = ("SET GLOBAL read_only", "CALL replcheck.release_vote('")


def kill_rest(t, node):
    """What is left of the daemon, at once; then it is started again."""
    host = t.host(node)
    faults.send_together(signal.SIGKILL, *((host, pid) for pid in host.pids(faults.OURS)))
    t.wait("the daemon has ended", lambda: not host.pids(faults.OURS), 10)
    start_with_trap(t, node)


def switch_and_watch(t, giver, victim, whole):
    """One switchover; returns whether the victim was hit. `whole`: then the rest of its daemon is killed too."""
    order = t.host(giver).popen([f"{t.lab.options.build}/mysql-replcheck", "switchover"], stdout=subprocess.DEVNULL,
                                stderr=subprocess.DEVNULL)
    while order.poll() is None and not hit(t, victim):
        time.sleep(0.0002)
    was_hit = hit(t, victim)
    if was_hit and whole:
        kill_rest(t, victim)
    order.wait(60)
    return was_hit or hit(t, victim)


def one_kill(t, of_giver, text, whole):
    """An attempt that follows a failed one waits before it begins, so the first may hit nothing."""
    for _ in range(5):
        giver = t.writers()[0]
        victim = giver if of_giver else t.other(giver)
        set_trap(t, victim, signal.SIGKILL, "after", text)
        t.fault(faults.now_us())
        was_hit = switch_and_watch(t, giver, victim, whole)
        if not was_hit:
            with contextlib.suppress(FileNotFoundError):
                os.unlink(t.host(victim).path(TRAP, "trap"))
        t.wait("one writer", lambda: len(t.writers()) == 1, 30)
        t.wait_well(40)
        if was_hit:
            return
    raise Failed(f"nobody was hit at {text}")


def each_row(t, whole):
    t.wait_well(30)
    for node in ("mx1", "mx2"):
        with_trap(t, node)
        t.wait_well(30)
    t.begin()
    for row in TAKER_ROWS:
        # A daemon that is gone before the term's row is written leaves a term, until the dead-man's switch ends it, that
        # the table of terms, by which the order of the acknowledgements is judged, does not know.
        unwritten = whole and row == 450
        one_kill(t, False, "INSERT INTO replcheck.term" if unwritten else f"(row {row},", whole)
    for row in GIVER_ROWS:
        one_kill(t, True, f"(row {row},", whole)
    for text in GIVER_STEPS:
        one_kill(t, True, text, whole)
    t.end(t.writers()[0], vip_s=60, unrecorded=True)


@scenario(fault=(7, 10), settings=OFTEN)
def kill_at_each_row(t):
    """A supervisor is killed at each row of a switchover, of the node that takes and of the one that gives: there is one
    writer after each, nothing acknowledged is lost, and epochs rise."""
    each_row(t, whole=False)


@scenario(fault=(7, 10, 11), settings=OFTEN)
def kill_daemon_at_each_row(t):
    """The same with the whole daemon, the fencer included, which is started again."""
    each_row(t, whole=True)


@scenario(fault=(10, 12), settings=OFTEN)
def stop_both_while_enabling(t):
    """The supervisor that takes over hangs right after it has sent the enabling, and its fencer with it: what the
    enabling opened is closed before anybody else writes."""
    t.wait_well(30)
    taker = t.other(t.writers()[0])
    with_trap(t, taker)
    t.begin()
    host = t.host(taker)
    pids = [faults.find(host, what) for what in ("supervisor", "fencer")]
    set_trap(t, taker, signal.SIGSTOP, "after", "CALL replcheck.enable('")
    t.fault(faults.now_us())
    asking = t.host(t.writer).popen([f"{t.lab.options.build}/mysql-replcheck", "switchover"],
                                    stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    t.wait(f"{taker} is hit", lambda: hit(t, taker), 10)
    faults.stop(host, pids[1])
    t.wait(f"{taker} is closed", lambda: t.server(taker).read_only(), 10)
    t.wait("a writer", lambda: len(t.writers()) == 1, 20)
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            faults.resume(host, pid)
    asking.wait(60)
    t.wait("one writer", lambda: len(t.writers()) == 1, 30)
    t.wait_well(40)
    t.end(t.writers()[0], vip_s=60, unrecorded=True)
