#!/usr/bin/env python3
"""The fencer over a real server: an upgrade in place, and a restart in maintenance."""

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import threading
import time

from case_fixture import case, expect, wait_for
from fencer_fixture import WRITE, fenced, lab, locks_memory, main, status_of
from service_manager import ServiceManager


@case
def upgrade_keeps_the_term():
    with lab() as it:
        puppet = it.writer(epoch=3)
        pid, freed, done = it.fencer.process.pid, [], threading.Event()
        locks = locks_memory(it)
        watcher = it.server.connect()

        def watch():
            while not done.is_set():
                if watcher.value(f"SELECT IS_FREE_LOCK('{WRITE}')") == "1":
                    freed.append(time.monotonic())
        watching = threading.Thread(target=watch)
        watching.start()
        began = time.monotonic()
        new = it.fencer.puppet_program + ".new"
        subprocess.run(["cp", it.fencer.puppet_program, new], check=True)
        os.rename(new, it.fencer.puppet_program)
        try:
            puppet.say("upgrade")
            heir = it.fencer.puppet()
            state = heir.expect_kind("STATE", epoch="3", votes="5")
            took = time.monotonic() - began
            expect("arm", heir.ask("hold 3 1950 0")["text"], "")
            heir.expect_kind("STATE", write_lock="yes", read_only="no", certifiable="yes")
            time.sleep(3)
        finally:
            done.set()
            watching.join()
        expect("same process, alive", it.fencer.process.poll(), None)
        expect("locks its memory", locks_memory(it), locks)
        expect("capabilities", int(status_of(pid)["CapEff"], 16), 1 << 5)
        expect("read_only", it.read_only(), "0")
        expect("moments with a free lock", freed, [])
        expect("its program", os.readlink(f"/proc/{pid}/exe"), it.fencer.puppet_program)
        print(f"    the next supervisor had its term after {took * 1e3:.0f} ms, {state['left_ms']} ms left")
        heir.say("fence after the upgrade")
        fenced(heir)


@case
def upgrade_can_still_kill():
    with lab() as it:
        puppet = it.writer(epoch=3)
        puppet.say("upgrade")
        heir = it.fencer.puppet()
        heir.ask("hold 3 1950 0")
        heir.expect_kind("STATE", certifiable="yes", read_only="no")
        it.server.kill(signal.SIGSTOP)
        expect("how", fenced(heir, 4.0)["text"], "SIGKILL, no task of the server runs")


@case
def upgrade_to_a_broken_program_is_no_upgrade():
    with lab() as it:
        puppet = it.writer()
        new = it.fencer.puppet_program + ".new"
        with open(new, "w") as file:
            file.write("#!/bin/false\n")
        os.chmod(new, 0o755)
        os.rename(new, it.fencer.puppet_program)
        puppet.say("upgrade")
        wait_for("refusal", lambda: "no upgrade" in it.fencer.said())
        time.sleep(1)
        expect("read_only", it.read_only(), "0")
        os.kill(puppet.pid, signal.SIGKILL)
        it.fencer.puppet().expect_kind("STATE", epoch="1")  # still of the fencer's own version


def install_script(it, text):
    """The installed program becomes a script; $REAL is the program that it was."""
    real, new = it.fencer.puppet_program + ".real", it.fencer.puppet_program + ".new"
    shutil.copy(it.fencer.puppet_program, real)
    with open(new, "w") as file:
        file.write(f"#!/bin/sh\nREAL={real}\n{text}\n")
    os.chmod(new, 0o755)
    os.rename(new, it.fencer.puppet_program)


@case
def a_version_of_another_format_is_not_upgraded_to():
    """An older program does not even know the question."""
    with lab() as it:
        puppet = it.writer()
        install_script(it, 'case "$*" in *--takes-estate*) exit 2;; esac; exec $REAL "$@"')
        puppet.say("upgrade")
        wait_for("refusal", lambda: "--takes-estate" in it.fencer.said())
        expect("armed still", puppet.ask("hold 1 1950 0")["text"], "")
        expect("read_only", it.read_only(), "0")


@case
def formats_are_told_apart():
    with lab() as it:
        ask = it.fencer.command("--check-config", "--takes-estate")
        expect("its own", subprocess.run([*ask, "2"], stdout=subprocess.DEVNULL).returncode, 0)
        for other in ("0", "1", "3", "many"):
            got = subprocess.run([*ask, other], capture_output=True, text=True)
            expect(f"status for {other}", got.returncode, 1)
            expect(f"answer for {other}", "keeps its state in format" in got.stderr, True)


@case
def an_upgrade_that_inherits_nothing_fences_and_ends():
    with lab() as it:
        it.writer().say("hold 1 1950 0")
        install_script(it, 'case "$*" in *--check-config*) exit 0;; esac; exec 9</dev/null; REPLCHECK_FENCER=9 exec $REAL "$@"')
        it.fencer.process.send_signal(signal.SIGUSR2)
        wait_for("the fence", lambda: it.read_only() == "1")
        expect("status", it.fencer.process.wait(20), 1)
        expect("reason", "nothing was inherited" in it.fencer.said(), True)


class Watch:
    """The moments at which the write lock is free, or the server read-only."""

    def __init__(self, it):
        self.it, self.freed, self.done = it, [], threading.Event()
        self.session = it.server.connect()
        self.thread = threading.Thread(target=self.watch)

    def watch(self):
        while not self.done.is_set():
            row = self.session.value(f"SELECT CONCAT(IS_FREE_LOCK('{WRITE}'), @@global.read_only+0)")
            if row != "00":
                self.freed.append(row)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.done.set()
        self.thread.join()


@contextlib.contextmanager
def managed(room=8):
    with ServiceManager(room) as manager, lab() as it:
        it.fencer.manager = manager
        yield it, manager


def stopped_in_maintenance(it):
    """A writer in maintenance whose fencer was told to stop; its supervisor."""
    puppet = it.writer(epoch=3)
    puppet.say("maintenance")
    puppet.ask("hold 3 1950 0")
    it.fencer.process.terminate()
    expect("status", it.fencer.process.wait(20), 0)
    return puppet


@case
def a_restart_in_maintenance_keeps_the_term():
    with managed() as (it, manager):
        puppet = it.writer(epoch=3)
        puppet.say("maintenance")
        puppet.ask("hold 3 1950 0")
        weight = it.fencer.weight()
        with Watch(it) as watch:
            manager.hears("READY=1")
            it.fencer.process.terminate()
            expect("status", it.fencer.process.wait(20), 0)
            expect("what is kept", sorted(manager.kept),
                   ["lock", "resetter", "settings", "spawner", "state", "supervisor", "write-lock"])
            first = it.fencer.process.pid
            it.fencer.start()
            puppet.expect_kind("RESTART")
            heir = it.fencer.puppet()
            state = heir.expect_kind("STATE", epoch="3", votes="5")
            expect("arm", heir.ask("hold 3 1950 0")["text"], "")
            heir.expect_kind("STATE", write_lock="yes", read_only="no", certifiable="yes")
            expect("readiness", manager.hears("READY=1"), True)
            time.sleep(2.5)  # the lock's wait_timeout
        expect("moments with a free lock, or read-only", watch.freed, [])
        expect("what is kept", manager.kept, {})
        pid = it.fencer.process.pid
        expect("another process", pid == first, False)
        with open(f"{it.fencer.directory}/run/pid", encoding="ascii") as file:
            expect("pid file", int(file.read()), pid)
        expect("capabilities", int(status_of(pid)["CapEff"], 16), 1 << 5)
        expect("weight", it.fencer.weight(), weight)
        print(f"    the next supervisor had {state['left_ms']} ms left")
        second = subprocess.run(it.fencer.command("--foreground"), capture_output=True, text=True, timeout=20, check=False)
        expect("a second daemon", f"process {pid} holds" in second.stderr, True)
        it.server.kill(signal.SIGSTOP)
        expect("how", fenced(heir, 4.0)["text"], "SIGKILL, no task of the server runs")


@case
def a_stop_in_maintenance_that_nobody_follows_ends_the_term():
    """The supervisor hears of it, who closes its server; and a fencer that comes later fences."""
    with managed() as (it, manager):
        puppet = stopped_in_maintenance(it)
        manager.drop()
        puppet.expect_kind("GONE")
        wait_for("the lock is free", lambda: it.root.value(f"SELECT IS_FREE_LOCK('{WRITE}')") == "1")
        it.fencer.start()
        wait_for("the fence", lambda: it.read_only() == "1")


@case
def a_restart_in_maintenance_that_lasts_too_long_fences():
    with managed() as (it, manager):
        stopped_in_maintenance(it)
        time.sleep(2.2)  # the deadline passes
        it.fencer.start()
        wait_for("the fence", lambda: it.read_only() == "1")
        expect("it says why", "the deadline passed" in it.fencer.said(), True)


@case
def without_maintenance_or_a_store_a_stop_ends_in_order():
    for room, maintenance in ((8, False), (0, True), (3, True)):
        with managed(room) as (it, manager):
            puppet = it.writer(epoch=3)
            if maintenance:
                puppet.say("maintenance")
            puppet.ask("hold 3 1950 0")
            it.fencer.process.terminate()
            wait_for("it stops", lambda: "stopping" in it.fencer.said())
            expect("what is kept", manager.kept, {})
            it.fencer.process.terminate()
            expect("status", it.fencer.process.wait(20), 0)
            expect("read_only", it.read_only(), "1")


@case
def what_was_left_and_cannot_be_read_is_not_resumed():
    with managed() as (it, manager):
        puppet = stopped_in_maintenance(it)
        os.close(manager.kept["state"])
        manager.kept["state"] = os.memfd_create("nothing")
        it.fencer.start()
        wait_for("the fence", lambda: it.read_only() == "1")
        expect("reason", "the term that was left is not resumed" in it.fencer.said(), True)
        puppet.expect_kind("GONE")


if __name__ == "__main__":
    sys.exit(main())
