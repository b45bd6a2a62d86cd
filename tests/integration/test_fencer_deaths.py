#!/usr/bin/env python3
"""The fencer over a real server: the fence ladder, a server that hangs or dies, and its connections then."""

import contextlib
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import threading
import tempfile
import time

from case_fixture import Failure, case, expect, wait_for
from fencer_fixture import (LOCK_INFO, ON_TCP, PORT, VIP, HeldSockets, SocketProxy, UnansweredCall, boottime, fenced,
                            lab, main, resetter_of, status_of, uid)
from mariadb_sandbox import SqlError


def blocked_fence(it, puppet, block, may_kill=False):
    """Starts `block` in a thread, then asks for a fence. What it takes is printed, not judged. `may_kill`: on a busy
    machine the block may outlast the ladder's first rungs; a server that was killed is fenced, too."""
    thread = threading.Thread(target=block)
    thread.start()
    time.sleep(0.4)
    began = time.monotonic()
    puppet.say("fence a test")
    message = fenced(puppet, 10.0)
    took = time.monotonic() - began
    print(f"    {message['text']}, {took * 1e3:.0f} ms")
    if not (may_kill and message["text"].startswith("SIGKILL")):
        expect("read_only", it.read_only(), "1")
    thread.join()


def as_app(it, *statements):
    session = it.server.connect(user="app")

    def run():
        try:
            for sql in statements:
                session.query(sql)
        except SqlError:
            pass
    return session, run


@case
def fence_of_a_clean_server():
    with lab() as it:
        puppet = it.writer()
        blocked_fence(it, puppet, lambda: None)


def fence_under(statement):
    """Of a client's, with and without the plugin that tells who holds locks."""
    for options in (LOCK_INFO, ()):
        with lab(options) as it:
            puppet = it.writer()
            session, run = as_app(it, statement)
            blocked_fence(it, puppet, run, may_kill=True)
            session.close()


@case
def fence_under_idle_lock_tables():
    fence_under("LOCK TABLES d.t WRITE")


@case
def fence_under_a_long_update():
    fence_under("UPDATE d.t SET b=b+1+SLEEP(0.0001)")


@case
def fence_under_ftwrl():
    with lab() as it:
        puppet = it.writer()
        holder = it.server.connect()
        blocked_fence(it, puppet, lambda: holder.query("FLUSH TABLES WITH READ LOCK"))
        holder.close()


@case
def fence_kills_the_supervisors_own_sessions_first():
    with lab() as it:
        puppet = it.writer()
        own = it.server.connect(user="replcheck", uid=uid("replcheck"))
        blocked_fence(it, puppet, lambda: None)
        try:
            own.query("SELECT 1")
            raise Failure("the supervisor's session outlived the fence")
        except SqlError:
            pass


@contextlib.contextmanager
def full_disk(**fencer_options):
    """A writer whose binary log is on a full disk, with a commit that waits for room, and where the log ended before
    that. (Mounted in the test's own namespace.)"""
    folder = tempfile.mkdtemp()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=32m", "test", folder], check=True)
    shutil.chown(folder, "mysql", "mysql")
    try:
        with lab([f"--log-bin={folder}/binlog", "--binlog-format=ROW"], **fencer_options) as it:
            it.root.query("CREATE TABLE d.u (a INT, b VARCHAR(9000)) ENGINE=InnoDB")
            it.root.query("FLUSH BINARY LOGS")
            it.root.query("INSERT INTO d.u VALUES (1, REPEAT('x', 700))")
            puppet, position = it.writer(), it.root.row("SHOW MASTER STATUS")
            with contextlib.suppress(OSError), open(folder + "/filler", "wb", buffering=0) as filler:
                while filler.write(bytes(4096)):
                    pass
            session, run = as_app(it, "INSERT INTO d.u VALUES (2, REPEAT('y', 9000))")
            thread = threading.Thread(target=run)
            thread.start()
            wait_for("a commit that waits for room", lambda: waiting_for_room(it))
            yield it, puppet, position, session
            thread.join()
    finally:
        subprocess.run(["umount", "--lazy", folder], check=True)
        os.rmdir(folder)


def waiting_for_room(it):
    return it.root.query("SELECT ID FROM information_schema.PROCESSLIST WHERE STATE='Waiting for someone to free space'")


def expect_log_end(puppet, position):
    message = puppet.expect_kind("DEAD")
    expect("file", message["file"], position["File"])
    expect("size, without the torn transaction", message["size"], position["Position"])


@case
def a_commit_that_waits_for_room_is_not_killed():
    """Half an event in a log that is written on is beyond any replica; at its end it is not in the log."""
    with full_disk() as (it, puppet, position, _):
        puppet.say("fence a test")
        expect_log_end(puppet, position)
        message = fenced(puppet, 10.0)
        expect("how", message["text"].split(";")[0], "SIGKILL, for commits wait for room on the disk")
        it.server.kill(signal.SIGKILL)


@case
def a_torn_log_ends_with_its_server():
    """Somebody killed the commit: nobody waits any more, the log is torn, and the server would go on behind that."""
    with full_disk() as (it, puppet, position, session):
        it.root.query(f"KILL {session.id}")
        wait_for("nobody waits for room", lambda: not waiting_for_room(it))
        puppet.say("fence-ends a test")
        expect_log_end(puppet, position)
        expect("how", fenced(puppet, 10.0)["text"][:7], "SIGKILL")
        it.server.kill(signal.SIGKILL)


@case
def a_commit_that_waits_for_room_without_leave_to_kill():
    with full_disk(kill=False) as (it, puppet, _, _):
        puppet.say("fence-ends a test")
        fenced(puppet, 10.0)
        expect("read_only", it.read_only(), "1")
        it.server.kill(signal.SIGKILL)


@case
def hung_server_is_killed():
    with lab() as it:
        puppet = it.writer()
        began = time.monotonic()
        it.server.kill(signal.SIGSTOP)
        puppet.expect_kind("DEAD", 3.0)
        took = time.monotonic() - began
        message = fenced(puppet)
        print(f"    {message['text']}, {took * 1e3:.0f} ms after the stop")
        expect("a shorter hang is none", took > 0.8, True)


@case
def short_hang_is_nothing():
    with lab() as it:
        puppet = it.writer()
        pid = it.server.pid()
        it.server.kill(signal.SIGSTOP)
        time.sleep(0.6)
        it.server.kill(signal.SIGCONT)
        time.sleep(1.0)
        expect("same server", it.server.pid(), pid)
        expect("read_only", it.read_only(), "0")
        expect("disarm", puppet.ask("disarm")["text"], "")


@case
def hung_server_without_leave_to_kill():
    with lab(kill=False, command="/bin/false") as it:
        puppet = it.writer()
        it.server.kill(signal.SIGSTOP)
        message = puppet.expect_kind("FENCED", 4.0)
        expect("proven", message["ok"], "0")
        it.server.kill(signal.SIGCONT)
        fenced(puppet, 5.0)
        expect("read_only", it.read_only(), "1")


@case
def fence_command_is_the_last_rung():
    with lab(kill=False, command="/bin/true") as it:
        puppet = it.writer()
        it.server.kill(signal.SIGSTOP)
        expect("how", fenced(puppet, 4.0)["text"], "fence command: exit status 0")
        it.server.kill(signal.SIGCONT)


@case
def killed_server_is_certified():
    with lab() as it:
        puppet = it.writer()
        it.root.query("FLUSH BINARY LOGS")
        it.root.query("CREATE TABLE d.u (a INT)")
        it.root.query("INSERT INTO d.u VALUES (1)")
        position = it.root.row("SHOW MASTER STATUS")
        pid = it.server.pid()
        killed = boottime()
        os.kill(pid, signal.SIGKILL)
        message = puppet.expect_kind("DEAD")
        took = int(message["at_us"]) / 1e6 - killed
        expect("pid", message["pid"], str(pid))
        expect("file", message["file"], position["File"])
        expect("size", message["size"], position["Position"])
        it.server.kill(signal.SIGKILL)
        print(f"    told after {took * 1e3:.1f} ms")


@case
def restarted_server_is_watched_again():
    with lab() as it:
        puppet = it.writer()
        it.server.kill(signal.SIGKILL)
        puppet.expect_kind("DEAD")
        puppet.say("let-go")
        expect("disarm", puppet.ask("disarm")["text"], "")
        it.server.start()
        state = puppet.expect_kind("STATE", alive="yes", read_only="yes", certifiable="yes")
        expect("pid", state["pid"], str(it.server.pid()))
        it.server.kill(signal.SIGKILL)
        expect("second death", puppet.expect_kind("DEAD")["pid"], state["pid"])


def call(address):
    """A client that has its greeting and waits for an answer."""
    client = socket.create_connection((address, PORT), 20)
    if not client.recv(4096):
        raise Failure(f"no greeting at {address}")
    return client


def ends_of(clients, seconds):
    """How each one's wait ends; a client of a dead server that is told nothing waits for its own timeout."""
    found = []
    for client in clients:
        client.settimeout(seconds)
        try:
            found.append("data" if client.recv(4096) else "closed")
        except ConnectionResetError:
            found.append("reset")
        except TimeoutError:
            found.append("waited")
        client.close()
    return found


def die_slowly(it, puppet, noted=1):
    """Kills the server, whose sockets stay open; returns how its clients at the VIP heard of it, and what the
    supervisor did."""
    pid = it.server.pid()
    with it.server.connect() as session:
        session.query("CREATE USER IF NOT EXISTS guest@'%'")  # or there would be no greeting
    wait_for("the listeners noted", lambda: it.fencer.said().count("can be reset when it dies") == noted)
    busy = call(VIP)
    os.kill(pid, signal.SIGSTOP)
    waiting = socket.create_connection((VIP, PORT), 20)  # in the backlog, for nobody accepts
    with HeldSockets(pid):
        it.server.kill(signal.SIGKILL)
        dead = puppet.expect_kind("DEAD", 3.0)
        told = dead if dead["reset"] != "unknown" else puppet.expect_kind("STATE", alive="no", reset="yes")
        return ends_of([busy, waiting], 20 if told["reset"] == "yes" else 0.3), told["reset"]


@case
def a_dead_servers_clients_are_reset():
    with lab(ON_TCP) as it:
        puppet = it.writer()
        expect("clients", die_slowly(it, puppet), (["reset"] * 2, "yes"))
        puppet.say("let-go")
        expect("disarm", puppet.ask("disarm")["text"], "")
        it.server.start()
        puppet.expect_kind("STATE", alive="yes", certifiable="yes")
        expect("its clients", die_slowly(it, puppet, noted=2), (["reset"] * 2, "yes"))


@case
def without_a_resetter_the_supervisor_is_told_so():
    with lab(ON_TCP) as it:
        puppet = it.writer()
        os.kill(resetter_of(it), signal.SIGKILL)
        wait_for("warning", lambda: "resets a dead server's connections is gone" in it.fencer.said())
        expect("clients", die_slowly(it, puppet), (["waited"] * 2, "no"))


def hung_under_a_stopped_supervisor(it, puppet):
    """Until the fencer, alone, has killed the server and lets the VIP go."""
    wait_for("the listeners noted", lambda: "can be reset when it dies" in it.fencer.said())
    os.kill(puppet.pid, signal.SIGSTOP)
    it.server.kill(signal.SIGSTOP)
    wait_for("the weight", lambda: it.fencer.weight() == -254)


@case
def the_fencer_resets_whom_it_kills():
    with lab(ON_TCP) as it:
        puppet = it.writer(vip=1)
        with it.server.connect() as session:
            session.query("CREATE USER guest@'%'")
        busy = call(VIP)
        with HeldSockets(it.server.pid()):
            hung_under_a_stopped_supervisor(it, puppet)
            expect("clients", ends_of([busy], 20), ["reset"])


@case
def a_stopped_resetter_holds_the_vip_for_a_moment_only():
    with lab(ON_TCP) as it:
        puppet = it.writer(vip=1)
        wait_for("the listeners noted", lambda: "can be reset when it dies" in it.fencer.said())
        os.kill(resetter_of(it), signal.SIGSTOP)
        hung_under_a_stopped_supervisor(it, puppet)
        written = os.stat(os.path.join(it.fencer.directory, "run", "vrrp_weight")).st_mtime_ns / 1e9
        clock = re.search(r"(\S+) warning .*: fenced in", it.fencer.said()).group(1)
        hours, minutes, seconds = clock.split(":")
        day = time.localtime(written)
        held = written % 1 + day.tm_sec + 60 * day.tm_min + 3600 * day.tm_hour - (
            float(seconds) + 60 * int(minutes) + 3600 * int(hours))
        if held < 0.015:
            raise Failure(f"the weight was written {held * 1e3:.1f} ms after the fence")


@case
def a_promotion_that_stands_still_ends_the_servers_calls():
    """To look for them takes time, which one that goes on has a better use for."""
    with lab() as it, UnansweredCall(os.stat(it.server.socket).st_uid) as calling:
        it.fencer.start()
        puppet = it.fencer.puppet()
        puppet.expect_kind("STATE", read_only="yes", certifiable="yes")
        expect("lock", puppet.ask("prepare 1")["write_lock"], "yes")
        began = time.monotonic()
        expect("refusal", puppet.ask("hold 1 1950 0")["text"], "")
        it.root.query("SET GLOBAL read_only=0")
        if time.monotonic() - began < 0.03:  # a busy machine's may have stood still
            time.sleep(0.3)
            expect("it calls", calling.waits(), True)
        it.root.query("SET GLOBAL read_only=1")
        puppet.expect_kind("STATE", read_only="yes")
        puppet.say("let-go")
        expect("disarm", puppet.ask("disarm")["text"], "")
        expect("lock", puppet.ask("prepare 2")["write_lock"], "yes")
        expect("refusal", puppet.ask("hold 2 1950 0")["text"], "")
        wait_for("the call's end", lambda: not calling.waits())


@case
def a_resetter_ends_with_its_fencer():
    for number in (None, signal.SIGSTOP):
        with lab() as it:
            it.fencer.start()
            it.fencer.puppet().expect_kind("STATE", certifiable="yes")
            resetter = resetter_of(it)
            if number:
                os.kill(resetter, number)
            it.fencer.process.kill()
            it.fencer.process.wait()
            wait_for("its end", lambda: is_gone(resetter))


def is_gone(pid):
    """Also a zombie, which this namespace's init may not have buried yet."""
    try:
        return status_of(pid)["State"].split()[0] == "Z"
    except FileNotFoundError:
        return True


@case
def a_proxy_in_front_of_the_server_is_left_alone():
    """Another user listens at the server's port; the server itself has no TCP."""
    with lab() as it, socket.create_server(("0.0.0.0", PORT)) as proxy:
        puppet = it.writer()
        wait_for("notice", lambda: "listens on no address of the VIP" in it.fencer.said())
        client = socket.create_connection((VIP, PORT), 20)
        served = proxy.accept()[0]
        it.server.kill(signal.SIGKILL)
        expect("reset", puppet.expect_kind("DEAD")["reset"], "no")
        served.send(b"x")
        expect("its client", client.recv(1), b"x")


@case
def a_process_that_is_not_the_server_is_not_certified():
    """Its death says nothing of the server, which is written on."""
    with lab() as it, SocketProxy(it.server, uid("replcheck-fence")) as proxy:
        it.fencer.start()
        puppet = it.fencer.puppet()
        puppet.expect_kind("STATE", read_only="yes")
        expect("lock", puppet.ask("prepare 1")["write_lock"], "yes")
        expect("refusal", puppet.ask("hold 1 1950 0")["text"], "")
        it.root.query("SET GLOBAL read_only=0")
        certifiable = puppet.expect_kind("STATE", read_only="no")["certifiable"]
        proxy.kill()

        def told():
            puppet.listen(0.05)
            return {message["kind"] for message in puppet.heard} & {"DEAD", "FENCED"}

        kinds = wait_for("what the fencer makes of it", told)
        if "DEAD" in kinds:
            raise Failure(f"told dead while the server runs, with read_only={it.read_only()}")
        expect("certifiable", certifiable, "no")
        expect("it says why", "socket activation or a proxy?" in it.fencer.said(), True)


@case
def upgrade_keeps_the_resetter():
    with lab(ON_TCP) as it:
        puppet = it.writer(epoch=3)
        resetter = resetter_of(it)
        puppet.say("upgrade")
        heir = it.fencer.puppet()
        heir.ask("hold 3 1950 0")
        heir.expect_kind("STATE", certifiable="yes", read_only="no")
        expect("the resetter", resetter_of(it), resetter)
        expect("clients", die_slowly(it, heir, noted=2), (["reset"] * 2, "yes"))


if __name__ == "__main__":
    sys.exit(main())
