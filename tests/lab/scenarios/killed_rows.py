"""A supervisor is killed at the rows of a promotion that no switchover goes through, and at those of a fence: after a
certified death, after silence, in a handover that is taken back or undone, in lossless mode. Each scenario goes through
several rows in one laboratory, and has one writer after each. Nothing is written while a row is tried, so that nobody
is quarantined; between two there is load."""
import contextlib
import os
import signal
import subprocess
import time

from replab import LabError, faults

from .catalogue import Failed, expect, scenario
from .injections import restore
from .lossless import LOSSLESS
from .steps import OFTEN, TRAP, hit, set_trap, with_trap
from .threes import delay_enabling

SILENT_S = 20  # for a row to come up


def log_all_rows(t, node):
    """Those that change no state are logged as well."""
    text = t.host(node).read("etc/mysql-replcheck/node.conf")
    t.host(node).write("etc/mysql-replcheck/node.conf", text.replace('level = "info"', 'level = "debug"'))


def begin(t):
    t.wait_well(30)
    for node in ("mx1", "mx2"):
        log_all_rows(t, node)
        with_trap(t, node)
        t.wait_well(30)
    t.begin()


def at_row(t, row, of_giver, cause):
    """`cause` is given writer and standby and returns how it is ended. The supervisor of one is killed at the row, or at a
    line of its log."""
    text = row if isinstance(row, str) else f"(row {row}"
    t.rest()
    giver = t.writers()[0]
    taker = t.other(giver)
    victim = giver if of_giver else taker
    set_trap(t, victim, signal.SIGKILL, "after", text)
    t.fault(faults.now_us())
    with t.excused(giver, taker):
        end = cause(giver, taker)
        with contextlib.suppress(LabError):
            t.wait(f"{victim} is hit at {text}", lambda: hit(t, victim), SILENT_S)
        was_hit = hit(t, victim)
        if not was_hit:
            with contextlib.suppress(FileNotFoundError):
                os.unlink(t.host(victim).path(TRAP, "trap"))
        time.sleep(2)
        end()
        restore(t)
    t.wait("one writer", lambda: len(t.writers()) == 1, 40)
    t.wait_well(60)
    t.load(())
    if not was_hit:
        raise Failed(f"{victim} was not hit at {text}")


def nothing():
    pass


def order_switchover(t, giver):
    return t.host(giver).popen([f"{t.lab.options.build}/mysql-replcheck", "switchover"], stdout=subprocess.DEVNULL,
                               stderr=subprocess.DEVNULL)


# Certified death ----------------------------------------------------------------------------------------


def rows_of_a_death(t):
    def die(giver, _):
        faults.kill(t.host(giver), "mariadbd")
        return nothing
    begin(t)
    for row in (340, 410, 425, 432, 448, 450):
        at_row(t, row, False, die)
    for row in (100, 700):
        at_row(t, row, True, die)
    t.end(t.writers()[0], vip_s=60, unrecorded=True)


@scenario(fault=(1, 7, 10), settings=OFTEN)
def kill_at_each_row_of_a_death(t):
    """The writer's server is killed, and a supervisor at each row of what follows: the standby's in its promotion, the
    writer's while it certifies the death."""
    rows_of_a_death(t)


@scenario(fault=(1, 7, 10), settings=OFTEN, tie_breaker="writer", name="kill-at-each-row-of-a-death-writer")
def kill_at_each_row_of_a_death_without_witness(t):
    """The same without a witness."""
    rows_of_a_death(t)


# Silence ------------------------------------------------------------------------------------------------


@scenario(fault=(7, 10), settings=OFTEN)
def kill_at_each_row_of_a_power_off(t):
    """The writer's host loses power, and the standby's supervisor is killed at each row of its promotion."""
    def lose_power(giver, _):
        t.power_off(giver)
        return nothing
    begin(t)
    for row in (412, 425, 432, 448, 450):
        at_row(t, row, False, lose_power)
        trap_again(t)
    t.end(t.writers()[0], vip_s=90, unrecorded=True)


def trap_again(t):
    """A host that booted has a daemon without the trap."""
    for node in ("mx1", "mx2"):
        with_trap(t, node)
        t.wait_well(40)


# A fence ------------------------------------------------------------------------------------------------


def rows_of_a_fence(t):
    def cut_off(giver, _):
        _, number = faults.cut(t.lab, giver)
        return lambda: faults.heal(t.lab, number)

    def lose_fencer(giver, _):
        faults.kill(t.host(giver), "fencer")
        return nothing
    begin(t)
    for row in (115 if t.by_itself else 120, 720):
        at_row(t, row, True, cut_off)
    for row in (105, 705):
        at_row(t, row, True, lose_fencer)
        trap_again(t)
    t.end(t.writers()[0], vip_s=60, unrecorded=True)


@scenario(fault=(7, 11, 13), settings=OFTEN)
def kill_at_each_row_of_a_fence(t):
    """The writer is cut off, or loses its fencer, and its supervisor is killed at each row of what it does then."""
    rows_of_a_fence(t)


@scenario(fault=(7, 11, 13), settings=OFTEN, tie_breaker="writer", name="kill-at-each-row-of-a-fence-writer")
def kill_at_each_row_of_a_fence_without_witness(t):
    """The same without a witness."""
    rows_of_a_fence(t)


# Handovers that fail -------------------------------------------------------------------------------------


def rows_taken_back(t):
    def not_taken(giver, taker):
        """The taker's supervisor stops just before: its presence is known for a lease longer."""
        child = faults.find(t.host(taker), "supervisor")
        faults.stop(t.host(taker), child)
        order = order_switchover(t, giver)

        def end():
            with contextlib.suppress(ProcessLookupError, LabError):
                faults.resume(t.host(taker), child)
            order.wait(60)
        return end
    begin(t)
    for row in (635, 620, 340, 432, 448):
        at_row(t, row, True, not_taken)
    t.end(t.writers()[0], vip_s=60, unrecorded=True)


@scenario(fault=(7, 10), settings=OFTEN)
def kill_at_each_row_taken_back(t):
    """A handover is not taken, and the supervisor that takes it back is killed at each row of that and of its
    promotion."""
    rows_taken_back(t)


@scenario(fault=(7, 10), settings=OFTEN, tie_breaker="writer", name="kill-at-each-row-taken-back-writer")
def kill_at_each_row_taken_back_without_witness(t):
    """The same without a witness: the third vote was given away in writing, and comes back so."""
    rows_taken_back(t)


def rows_undone(t):
    def order(giver, _):
        asking = order_switchover(t, giver)
        return lambda: asking.wait(60)
    begin(t)
    slow = t.other(t.writers()[0])
    delay_enabling(t.server(slow), 12)
    at_row(t, 454, False, order)
    done = t.tool(slow, "schema", "install", timeout_s=60)
    expect(done.returncode == 0, f"schema install: exit {done.returncode}: {done.stdout}{done.stderr}")
    t.wait_well(40)
    t.end(t.writers()[0], vip_s=60, unrecorded=True)


@scenario(fault=(7, 10), settings=OFTEN)
def kill_at_row_undone(t):
    """The enabling of a handover takes too long in the server, so that it is undone, and the supervisor is killed then."""
    rows_undone(t)


# Lossless ------------------------------------------------------------------------------------------------


@scenario(fault=(7, 10), settings=LOSSLESS | OFTEN)
def kill_at_each_row_lossless(t):
    """A lossless pair: switchovers and deaths of the writer's server, with the supervisor killed at the rows that only
    such a promotion has; nothing that was acknowledged is lost."""
    def order(giver, _):
        asking = order_switchover(t, giver)
        return lambda: asking.wait(60)

    def die(giver, _):
        faults.kill(t.host(giver), "mariadbd")
        return nothing
    begin(t)
    marking = "is marked as out of sync"  # what row 458 does, within a tick that goes through others
    for row, cause in ((455, order), (456, order), (marking, die), (455, die), (456, die), (450, die)):
        at_row(t, row, False, cause)
    t.end(t.writers()[0], vip_s=60, unrecorded=True)
    expect(t.figures["lost"] == 0, f"{t.figures['lost']} acknowledged rows are lost")
