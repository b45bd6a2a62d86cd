#!/usr/bin/env python3
"""The fencer over a real server."""

import contextlib
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time

from fencer_fixture import (LOCK_INFO, ON_TCP, PORT, USERS, VIP, WRITE, Failure, HeldSockets, SocketProxy,
                            UnansweredCall, boottime, case, expect, lab, main, uid, wait_for)
from mariadb_sandbox import SqlError
from service_manager import ServiceManager

# The fencer's session k, which asks all the time.
SESSIONS = ("SELECT ID FROM information_schema.PROCESSLIST WHERE USER='replcheck-fence'"
            " ORDER BY TIME_MS LIMIT 1")


def fenced(puppet, seconds=3.0):
    message = puppet.expect_kind("FENCED", seconds)
    expect("proven", message["ok"], "1")
    return message


def status_of(pid):
    with open(f"/proc/{pid}/status") as file:
        return dict(line.split(":", 1) for line in file.read().splitlines())


def children_of(pid):
    with open(f"/proc/{pid}/task/{pid}/children") as file:
        return [int(word) for word in file.read().split()]


def locks_memory(it):
    """Where its limit lets it."""
    return status_of(it.fencer.process.pid)["VmLck"].strip() != "0 kB"


def resetter_of(it):
    found = [pid for pid in children_of(it.fencer.process.pid) if status_of(pid)["Name"].strip() == "replcheck-reset"]
    expect("resetters", len(found), 1)
    return found[0]


@case
def starts_as_two_users_without_privileges():
    with lab() as it:
        it.fencer.start()
        puppet = it.fencer.puppet()
        puppet.expect_kind("STATE", read_only="yes", certifiable="yes")
        child, parent = status_of(puppet.pid), status_of(it.fencer.process.pid)
        run, fence = str(USERS["replcheck"]), str(USERS["replcheck-fence"])
        expect("child's uids", child["Uid"].split(), [run] * 4)
        expect("child's capabilities", [int(child[k], 16) for k in ("CapPrm", "CapEff", "CapBnd", "CapAmb")], [0] * 4)
        expect("fencer's uids", parent["Uid"].split(), [fence] * 4)
        expect("fencer's capabilities", [int(parent[k], 16) for k in ("CapPrm", "CapEff", "CapBnd")], [1 << 5] * 3)
        expect("no_new_privs", child["NoNewPrivs"].strip() + parent["NoNewPrivs"].strip(), "11")
        reset = status_of(resetter_of(it))
        expect("resetter's uids", reset["Uid"].split(), [fence] * 4)
        expect("resetter's groups", reset["Gid"].split() + reset["Groups"].split(), [fence] * 4)
        expect("resetter's capabilities",
               [int(reset[k], 16) for k in ("CapPrm", "CapEff", "CapInh", "CapBnd", "CapAmb")],
               [1 << 12, 1 << 12, 0, 0, 0])
        expect("resetter's no_new_privs", reset["NoNewPrivs"].strip(), "1")
        expect("resetter's descriptors", len(os.listdir(f"/proc/{resetter_of(it)}/fd")), 5)  # socket, netlink
        expect("resetter's memory is root's", os.stat(f"/proc/{resetter_of(it)}/mem").st_uid, 0)  # not dumpable
        mysql = str(os.stat(it.server.directory).st_uid), [str(g) for g in [os.stat(it.server.socket).st_gid]]
        expect("child lacks the server's group", set(mysql[1]) & set(child["Groups"].split()), set())
        expect("signal from run_as", subprocess.run(
            ["setpriv", "--reuid", run, "--regid", run, "--clear-groups", "kill", "-0",
             str(it.fencer.process.pid)], capture_output=True).returncode, 1)
        expect("weight", it.fencer.weight(), -100)


@case
def memory_of_the_fencer():
    with lab() as it:
        puppet = it.writer()
        time.sleep(0.5)
        with open(f"/proc/{puppet.pid}/maps") as file:
            if "libasan" in file.read():
                return  # its shadow is no memory of ours
        with open(f"/proc/{puppet.pid}/status") as file:
            spawner = re.search(r"^PPid:\s+(\d+)", file.read(), re.M).group(1)
        sizes = {}
        for name, pid in (("fencer", it.fencer.process.pid), ("spawner", spawner), ("resetter", resetter_of(it))):
            with open(f"/proc/{pid}/smaps_rollup") as file:
                text = file.read()
            sizes[name] = [int(re.search(rf"^{what}:\s+(\d+)", text, re.M).group(1)) for what in ("Pss", "Rss")]
        print("    " + ", ".join(f"{name}: PSS {pss} KiB, RSS {rss} KiB" for name, (pss, rss) in sizes.items()))
        with open(f"/proc/{it.fencer.process.pid}/maps") as file:
            sanitized = "libasan" in file.read()
        if sum(pss for pss, _ in sizes.values()) > 5 * 1024 and not sanitized:
            raise Failure("too much")


@case
def deadline_passes():
    with lab() as it:
        puppet = it.writer(ms=1000, vip=1)
        puppet.say("let-go")
        message = fenced(puppet)
        expect("read_only", it.read_only(), "1")
        expect("weight", it.fencer.weight(), -254)
        expect("an old epoch", puppet.ask("arm 1 1000 0")["left_ms"], "-1")
        expect("the next epoch", puppet.ask("prepare 3")["write_lock"], "yes")
        print(f"    {message['text']}")


@case
def a_held_term_lasts():
    with lab() as it:
        puppet = it.writer()
        time.sleep(5)
        expect("read_only", it.read_only(), "0")
        state = puppet.expect_kind("STATE", epoch="1", write_lock="yes", read_only="no", fencing="0")
        expect("votes", state["votes"], "5")
        puppet.say("let-go")
        expect("disarm", puppet.ask("disarm")["text"], "")
        # By the release, not by the 2 s after which its session would end.
        wait_for("the lock to be free", lambda: it.root.value(f"SELECT IS_FREE_LOCK('{WRITE}')") == "1", 1.5)


@case
def deadline_is_clamped():
    with lab() as it:
        puppet = it.writer()
        left = int(puppet.ask("arm 1 60000 0")["left_ms"])
        if not 2900 <= left <= 3000:
            raise Failure(f"the deadline is {left} ms away")


@case
def writable_without_authority_is_fenced_at_start():
    with lab() as it:
        it.root.query("SET GLOBAL read_only=0")
        it.fencer.start()
        began = time.monotonic()
        wait_for("read_only", lambda: it.read_only() == "1")
        print(f"    after {(time.monotonic() - began) * 1e3:.0f} ms")


@case
def writable_standby_is_fenced():
    with lab() as it:
        it.fencer.start()
        it.fencer.puppet().expect_kind("STATE", read_only="yes")
        it.root.query("SET GLOBAL read_only=0")
        wait_for("read_only", lambda: it.read_only() == "1", 1.0)


@case
def dual_mode_fences_nothing():
    with lab(write_mode="dual") as it:
        it.root.query("SET GLOBAL read_only=0")
        it.fencer.start()
        it.fencer.puppet().expect_kind("STATE", read_only="no")
        time.sleep(0.6)
        expect("read_only", it.read_only(), "0")


@case
def killed_child_is_restarted_and_inherits():
    with lab() as it:
        puppet = it.writer(epoch=7)
        killed = time.monotonic()
        os.kill(puppet.pid, signal.SIGKILL)
        heir = it.fencer.puppet()
        state = heir.expect_kind("STATE", epoch="7", votes="5")
        took = time.monotonic() - killed
        if not 0 < int(state["left_ms"]) <= 1950:
            raise Failure(f"inherited {state}")
        expect("write lock", state["write_lock"], "yes")
        expect("arm", heir.ask("hold 7 1950 0")["text"], "")
        time.sleep(2.5)
        expect("still the writer", it.read_only(), "0")
        print(f"    back after {took * 1e3:.0f} ms")


@case
def killed_child_that_never_returns_is_fenced():
    with lab() as it:
        puppet = it.writer(ms=1500)
        for _ in range(3):
            os.kill(puppet.pid, signal.SIGKILL)
            puppet = it.fencer.puppet()
        wait_for("read_only", lambda: it.read_only() == "1", 2.0)


@case
def stopped_child_is_fenced_at_its_deadline():
    with lab() as it:
        puppet = it.writer(ms=1200, vip=1)
        os.kill(puppet.pid, signal.SIGSTOP)
        stopped = time.monotonic()
        wait_for("read_only", lambda: it.read_only() == "1", 2.0)
        took = time.monotonic() - stopped
        wait_for("weight", lambda: it.fencer.weight() == -254, 1.0)
        began = time.monotonic()
        wait_for("weight after it", lambda: it.fencer.weight() == -100, 3.0)
        lasted = time.monotonic() - began
        os.kill(puppet.pid, signal.SIGCONT)
        fenced(puppet)
        expect("a stale ARM", puppet.ask("arm 1 1950 0")["left_ms"], "-1")
        print(f"    fenced {took * 1e3:.0f} ms after the stop, -254 for {lasted:.2f} s")
        if not (0.9 < took < 1.3 and 1.8 < lasted < 2.2):
            raise Failure("out of bounds")


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


@case
def fence_under_idle_lock_tables():
    for options in (LOCK_INFO, ()):
        with lab(options) as it:
            puppet = it.writer()
            session, run = as_app(it, "LOCK TABLES d.t WRITE")
            blocked_fence(it, puppet, run, may_kill=True)
            session.close()


@case
def fence_under_a_long_update():
    for options in (LOCK_INFO, ()):
        with lab(options) as it:
            puppet = it.writer()
            session, run = as_app(it, "UPDATE d.t SET b=b+1+SLEEP(0.0001)")
            blocked_fence(it, puppet, run, may_kill=True)
            session.close()


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
        if not 0.9 < took < 1.6:
            raise Failure("out of bounds")


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
            wait_for("its end", lambda: is_gone(resetter), 2.0)


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
def write_lock_of_a_foreign_account():
    with lab() as it:
        it.fencer.start()
        puppet = it.fencer.puppet()
        puppet.expect_kind("STATE", certifiable="yes")
        thief = it.server.connect(user="app")
        thief.query(f"SELECT GET_LOCK('{WRITE}', 0)")
        answer = puppet.ask("prepare 1")
        expect("lock", answer["write_lock"], "no")
        expect("reason", answer["text"], "the write lock is held by app@localhost")
        thief.close()
        wait_for("lock", lambda: puppet.ask("prepare 1")["write_lock"] == "yes")


@case
def write_lock_of_a_predecessor_is_taken_over():
    with lab() as it:
        it.fencer.start()
        puppet = it.fencer.puppet()
        puppet.expect_kind("STATE", certifiable="yes")
        old = it.server.connect(user="replcheck-fence", uid=uid("replcheck-fence"))
        old.query(f"SELECT GET_LOCK('{WRITE}', 0)")
        expect("lock", puppet.ask("prepare 1")["write_lock"], "yes")


@case
def killed_lock_session_is_replaced():
    with lab() as it:
        puppet = it.writer()
        holder = it.root.value(f"SELECT IS_USED_LOCK('{WRITE}')")
        it.root.query(f"KILL {holder}")
        wait_for("another holder", lambda: it.root.value(f"SELECT IS_USED_LOCK('{WRITE}')") not in (None, holder), 1.0)
        puppet.expect_kind("STATE", write_lock="yes")
        expect("read_only", it.read_only(), "0")


@case
def unrenewed_lock_ends_by_itself():
    """A fencer that is stopped holds the lock for L − 1 s and no longer."""
    with lab() as it:
        it.writer()
        it.fencer.process.send_signal(signal.SIGSTOP)
        began = time.monotonic()
        wait_for("free lock", lambda: it.root.value(f"SELECT IS_FREE_LOCK('{WRITE}')") == "1", 4.0)
        took = time.monotonic() - began
        print(f"    free after {took:.2f} s")
        if not 1.5 < took < 2.4:
            raise Failure("out of bounds")


@case
def orders_that_waited_renew_no_lock():
    """A fencer that stood still finds orders whose renewals are old: the lock's session stays as idle as it is."""
    idle = f"SELECT TIME_MS FROM information_schema.PROCESSLIST WHERE ID = IS_USED_LOCK('{WRITE}')"
    with lab() as it:
        puppet = it.writer()
        it.fencer.process.send_signal(signal.SIGSTOP)
        time.sleep(0.3)
        puppet.say("let-go")
        time.sleep(0.6)
        it.fencer.process.send_signal(signal.SIGCONT)
        puppet.ask("hello", "STATE")
        time.sleep(0.2)
        expect("has been idle since the stop", float(it.root.value(idle)) > 900, True)
        expect("read_only", it.read_only(), "0")


@case
def second_daemon_is_refused():
    with lab() as it:
        it.fencer.start()
        it.fencer.puppet()
        second = subprocess.run(it.fencer.command("--foreground"),
                                capture_output=True, text=True)
        expect("status", second.returncode, 1)
        wanted = f"process {it.fencer.process.pid} holds"
        if wanted not in second.stderr:
            raise Failure(f"{second.stderr!r} lacks {wanted!r}")


@case
def unreadable_binary_log_is_told():
    with lab() as it:
        os.chmod(os.path.join(it.server.directory, "data"), 0o700)
        it.fencer.start()
        puppet = it.fencer.puppet()
        puppet.expect_kind("STATE", certifiable="yes")
        wait_for("warning", lambda: "last binary log cannot be read" in it.fencer.said())
        it.server.kill(signal.SIGKILL)
        message = puppet.expect_kind("DEAD")
        expect("file and size", (message["file"], message["size"]), ("", "0"))


@case
def goes_to_the_background():
    with lab() as it:
        starting = subprocess.Popen(it.fencer.command(), stderr=subprocess.PIPE)
        it.fencer.puppet().expect_kind("STATE", certifiable="yes")
        expect("status", (starting.wait(5), starting.stderr.read()), (0, b""))
        with open(os.path.join(it.fencer.directory, "run", "pid")) as file:
            pid = int(file.read())
        expect("its name", status_of(pid)["Name"].strip(), "mysql-replcheck")
        os.kill(pid, signal.SIGTERM)
        expect("its end", os.waitpid(pid, 0)[1], 0)  # an orphan of our pid namespace, whose init we are
        if os.path.exists(os.path.join(it.fencer.directory, "run", "pid")):
            raise Failure("the pid file is still there")


@case
def missing_user_is_named():
    with lab() as it:
        path = os.path.join(it.fencer.config, "node.conf")
        with open(path) as file:
            text = file.read()
        with open(path, "w") as file:
            file.write(text.replace('run_as = "replcheck"', 'run_as = "nosuchuser"'))
        got = subprocess.run(it.fencer.command("--foreground"),
                             capture_output=True, text=True)
        expect("status", got.returncode, 1)
        if "useradd" not in got.stderr or "nosuchuser" not in got.stderr:
            raise Failure(got.stderr)


@case
def unprivileged_check_of_the_configuration():
    with lab() as it:
        got = subprocess.run(["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups",
                              *it.fencer.command("--check-config")],
                             capture_output=True, text=True)
        expect("status", (got.returncode, got.stderr), (0, ""))
        if not got.stdout.startswith("configuration ok: cluster mail"):
            raise Failure(got.stdout)
        got = subprocess.run(["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups",
                              *it.fencer.command("--foreground")],
                             capture_output=True, text=True)
        expect("status", got.returncode, 1)
        if "as root" not in got.stderr:
            raise Failure(got.stderr)


@case
def terminated_while_armed():
    """SIGTERM reaches the child, which here obeys by its own death; the fencer waits for the deadline."""
    with lab() as it:
        it.writer(ms=1000)
        it.fencer.process.send_signal(signal.SIGTERM)
        began = time.monotonic()
        expect("status", it.fencer.process.wait(5), 0)
        expect("read_only", it.read_only(), "1")
        expect("weight", it.fencer.weight(), -100)
        print(f"    ended after {time.monotonic() - began:.2f} s")


@case
def terminated_while_idle():
    with lab() as it:
        it.fencer.start()
        it.fencer.puppet().expect_kind("STATE", certifiable="yes")
        began = time.monotonic()
        it.fencer.process.send_signal(signal.SIGTERM)
        expect("status", it.fencer.process.wait(5), 0)
        print(f"    ended after {(time.monotonic() - began) * 1e3:.0f} ms")


@case
def killed_spawner_is_survived_until_the_child_ends():
    with lab() as it:
        puppet = it.writer()
        spawner = int(status_of(puppet.pid)["PPid"])
        os.kill(spawner, signal.SIGKILL)
        time.sleep(1)
        expect("read_only", it.read_only(), "0")
        os.kill(puppet.pid, signal.SIGKILL)
        expect("status", it.fencer.process.wait(5), 1)
        expect("read_only", it.read_only(), "1")


@case
def death_is_told_again_to_the_next_child():
    with lab() as it:
        puppet = it.writer()
        it.server.kill(signal.SIGKILL)
        first = puppet.expect_kind("DEAD")
        os.kill(puppet.pid, signal.SIGKILL)
        heir = it.fencer.puppet()
        second = heir.expect_kind("DEAD")
        expect("the same", [second[k] for k in ("pid", "file", "size")], [first[k] for k in ("pid", "file", "size")])


@case
def server_that_is_gone_and_back_ends_an_unproven_fence():
    """Not certifiable (its pid file is gone), dead, and so the fence cannot be proven until it is back."""
    with lab() as it:
        puppet = it.writer(ms=1200)
        os.unlink(it.server.pid_file)
        it.root.query(f"KILL {it.root.value(SESSIONS)}")
        puppet.expect_kind("STATE", certifiable="no")
        it.server.kill(signal.SIGKILL)
        message = puppet.expect_kind("FENCED", 5.0)
        expect("proven", message["ok"], "0")
        time.sleep(2)
        it.server.start()
        puppet.expect_kind("FENCED", 3.0, ok="1")
        expect("read_only", it.read_only(), "1")


@case
def killed_fencer_ends_its_child():
    with lab() as it:
        puppet = it.writer()
        it.fencer.process.kill()
        it.fencer.process.wait()
        puppet.expect_kind("GONE")
        wait_for("its end", lambda: not os.path.exists(f"/proc/{puppet.pid}"), 2.0)


@case
def killed_fencer_ends_even_a_stopped_child():
    with lab() as it:
        puppet = it.writer()
        os.kill(puppet.pid, signal.SIGSTOP)
        it.fencer.process.kill()
        it.fencer.process.wait()
        wait_for("its end", lambda: not os.path.exists(f"/proc/{puppet.pid}"), 6.0)


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


# ---- a restart by the service manager, in maintenance


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
