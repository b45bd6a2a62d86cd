#!/usr/bin/env python3
"""The fencer over a real server: who it is, its deadline, the write lock, its child, its start and its end."""

import os
import re
import signal
import subprocess
import sys
import time

from case_fixture import Failure, Skip, case, expect, wait_for
from fencer_fixture import WRITE, fenced, lab, main, resetter_of, status_of, uid
from mariadb_sandbox import USERS

# The fencer's, but for the one that holds the lock.
SESSIONS = ("SELECT ID FROM information_schema.PROCESSLIST WHERE USER='replcheck-fence'"
            f" AND ID <> IS_USED_LOCK('{WRITE}')")


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
        with open(f"/proc/{puppet.pid}/maps") as file:
            if "libasan" in file.read():
                raise Skip("the shadow of AddressSanitizer is no memory of ours")
        with open(f"/proc/{puppet.pid}/status") as file:
            spawner = re.search(r"^PPid:\s+(\d+)", file.read(), re.M).group(1)
        sizes = {}
        for name, pid in (("fencer", it.fencer.process.pid), ("spawner", spawner), ("resetter", resetter_of(it))):
            with open(f"/proc/{pid}/smaps_rollup") as file:
                text = file.read()
            sizes[name] = [int(re.search(rf"^{what}:\s+(\d+)", text, re.M).group(1)) for what in ("Pss", "Rss")]
        print("    " + ", ".join(f"{name}: PSS {pss} KiB, RSS {rss} KiB" for name, (pss, rss) in sizes.items()))
        if sum(pss for pss, _ in sizes.values()) > 5 * 1024:
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


@case
def disarming_frees_the_lock():
    """By a release, not with its session, which would end after 2 s; but for a renewal that is just under way."""
    with lab() as it:
        puppet = it.writer()
        it.root.query("SET GLOBAL read_only=1")
        for epoch in range(2, 6):
            holder = it.root.value(f"SELECT IS_USED_LOCK('{WRITE}')")
            puppet.say("let-go")
            expect("disarm", puppet.ask("disarm")["text"], "")
            wait_for("the lock to be free", lambda: it.root.value(f"SELECT IS_FREE_LOCK('{WRITE}')") == "1")
            if it.root.query(f"SELECT 1 FROM information_schema.PROCESSLIST WHERE ID = {holder}"):
                return
            wait_for("the lock again", lambda: puppet.ask(f"prepare {epoch}")["write_lock"] == "yes")
            expect("hold", puppet.ask(f"hold {epoch} 1950 0")["text"], "")
        raise Failure("each time it went with its session")


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
        wait_for("read_only", lambda: it.read_only() == "1")


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
        wait_for("read_only", lambda: it.read_only() == "1")


@case
def stopped_child_is_fenced_at_its_deadline():
    """Not before, and the weight stays low for 2 s."""
    with lab() as it:
        puppet = it.writer(vip=1)
        held = time.monotonic()
        expect("hold", puppet.ask("hold 1 1200 1")["text"], "")
        os.kill(puppet.pid, signal.SIGSTOP)
        wait_for("read_only", lambda: it.read_only() == "1")
        took = time.monotonic() - held
        wait_for("weight", lambda: it.fencer.weight() == -254)
        lowered = it.fencer.weighed_at()
        wait_for("weight after it", lambda: it.fencer.weight() == -100)
        lasted = it.fencer.weighed_at() - lowered
        os.kill(puppet.pid, signal.SIGCONT)
        fenced(puppet)
        expect("a stale ARM", puppet.ask("arm 1 1950 0")["left_ms"], "-1")
        print(f"    fenced {took * 1e3:.0f} ms after the order, -254 for {lasted:.2f} s")
        expect("not before its deadline", took > 1.1, True)
        expect("long enough for keepalived", lasted > 1.8, True)


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
        wait_for("another holder", lambda: it.root.value(f"SELECT IS_USED_LOCK('{WRITE}')") not in (None, holder))
        puppet.expect_kind("STATE", write_lock="yes")
        expect("read_only", it.read_only(), "0")


@case
def unrenewed_lock_ends_by_itself():
    """A fencer that is stopped holds the lock for L − 1 s and no longer."""
    with lab() as it:
        it.writer()
        it.fencer.process.send_signal(signal.SIGSTOP)
        began = time.monotonic()
        wait_for("free lock", lambda: it.root.value(f"SELECT IS_FREE_LOCK('{WRITE}')") == "1")
        took = time.monotonic() - began
        print(f"    free after {took:.2f} s")
        expect("not at once", took > 1.5, True)


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
        for session in it.root.query(SESSIONS):
            it.root.query(f"KILL {session['ID']}")
        puppet.expect_kind("STATE", certifiable="no")
        it.server.kill(signal.SIGKILL)
        message = puppet.expect_kind("FENCED", 5.0)
        expect("proven", message["ok"], "0")
        time.sleep(2)
        it.server.start()
        message = puppet.expect_kind("FENCED", 3.0, ok="1")
        expect("how", message["text"][:11], "read_only=1")
        expect("read_only", it.read_only(), "1")


@case
def killed_fencer_ends_its_child():
    with lab() as it:
        puppet = it.writer()
        it.fencer.process.kill()
        it.fencer.process.wait()
        puppet.expect_kind("GONE")
        wait_for("its end", lambda: not os.path.exists(f"/proc/{puppet.pid}"))


@case
def killed_fencer_ends_even_a_stopped_child():
    with lab() as it:
        puppet = it.writer()
        os.kill(puppet.pid, signal.SIGSTOP)
        it.fencer.process.kill()
        it.fencer.process.wait()
        wait_for("its end", lambda: not os.path.exists(f"/proc/{puppet.pid}"))


if __name__ == "__main__":
    sys.exit(main())
