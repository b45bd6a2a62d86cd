#!/usr/bin/env python3
"""The command line: wrong arguments, exit codes, and what it makes of a daemon's answers. The daemon is played by
this test, so neither a server nor root is needed."""
import contextlib
import json
import os
import pty
import select
import signal
import subprocess
import sys
import tempfile
import time

from case_fixture import case, expect, expect_in, run_cases
from cli_fixture import DAEMON, NOT_BUILT, TOOL, are_built, cluster, supervisor, write_node


@contextlib.contextmanager
def folder():
    with tempfile.TemporaryDirectory(prefix="replcheck-cli-") as path:
        write_node(path, cluster(("127.0.0.1", 9), ("127.0.0.2", 9)), path, "secret", f"{path}/none.sock")
        yield path


def run(*words, config=None, env=None):
    where = ["--config", config] if config else []
    done = subprocess.run([TOOL, *where, *words], capture_output=True, text=True, timeout=20, check=False,
                          env=dict(os.environ, **(env or {})))
    return done.returncode, done.stdout, done.stderr


def daemon(path, answer):
    return supervisor(f"{path}/control.sock", answer)


def lag(us):
    return {"us": us, "at_least": False, "transactions": None if us is None else 0}


def node(name, number, writer):
    return {"name": name, "address": f"127.0.0.{number}:9", "reachable": True, "trouble": None, "age_ms": 10,
            "read_only": not writer, "server_id": number, "supervised": True,
            "state": "writer" if writer else "standby", "epoch": 7, "vip": writer, "waits": False, "maintenance": False, "config_hash": None,
            "replication_configured": True, "connection": None, "io_thread": "yes", "sql_thread": True,
            "io_errno": 0, "sql_errno": 0, "error": None, "sql_delay_s": 0, "lagging": not writer, "lag_received": lag(0),
            "lag_applied": lag(12000), "binlog_pos": "0-1-9", "slave_pos": "0-1-9", "received_pos": "0-1-9",
            "binlog_state": "0-1-9",
            "auto_increment_increment": 2, "auto_increment_offset": number, "auto_increment_offset_expected": number,
            "gtid_domain_id": 0, "server_version": "10.11.19-MariaDB", "server_standing": "tried",
            "auto_increment_ok": True, "event_scheduler": True, "dead_man": True, "dead_man_trouble": None,
            "semi_sync_master": False, "audited": True, "audit_age_ms": 10, "audit_trouble": None, "schema_version": 3,
            "bypass_total": 0, "bypass": [],
            "acks": None, "acks_from": None, "acks_waiting": None, "acknowledges": None, "out_of_sync": None}


def vote(voter):
    return {"voter": voter, "basis": "waited a lease", "up": True, "held": True, "counted": True, "durable": False,
            "valid_ms": 2900, "answer_ms": 5, "round_trip_us": 300, "holder_connection": 0, "holder_foreign": False,
            "forgot_ms": None}


def report(severity="ok", problems=()):
    return {"version": 1, "headline": "mx1 is the writer (epoch 7, for 2 h); mx2 is ready to take over",
            "severity": severity, "source": "daemon", "daemon_trouble": None, "wall_us": 1, "cluster": "mail",
            "self": 0, "state": "writer", "since_ms": 7200000, "row": 599, "reason": "writer",
            "promote_reason": "handover", "last_failure": None, "last_failure_ms": None, "uptime_ms": 9000000, "epoch": 7, "weight": -1, "writer": "one",
            "writer_node": 0, "standby_ready": True, "standby_not_ready": None, "settling": False,
            "tie_breaker": "witness", "authority_ms": 2900, "round_trip_limit_us": 0,
            "fencer": {"alive": True, "armed": True, "deadline_ms": 1800, "write_lock": True, "server_alive": True,
                       "certifiable": True, "fenced_ms": None},
            "vip": {"configured": True, "here": True, "split": False, "trouble": None, "since_ms": 100}, "boot_read_only": True, "stale": False,
            "history": {"relation": "equal", "first": None, "extra": None, "kept": None, "age_ms": 10},
            "dual": False, "lossless": False,
            "loss": {"node": "mx2", "gate": "ok", "known_lost": 0, "unseen_us": 100, "estimate": False,
                     "sentence": "known lost 0 transactions; unseen at most 1 ms"},
            "breaker": {"open": False, "failovers": 0, "allowed": 1}, "maintenance": False, "config_equal": True,
            "evict_foreign_locks": False, "foreign_locks": [], "settings": [],
            "disk_full": None, "journal": {"trouble": None, "dropped": 0},
            "thresholds": {"lag_warning_ms": 10000, "lag_critical_ms": 60000, "certificate_days": 30}, "certificates": [],
            "problems": list(problems), "nodes": [node("mx1", 1, True), node("mx2", 2, False)],
            "votes": [vote("mx1"), vote("mx2"), vote("witness")]}


def says_report(_):
    return {"v": 1, "ok": True, "report": report()}


# Arguments ---------------------------------------------------------------------------------------------


@case
def usage_errors_end_with_2():
    with folder() as path:
        for words, complaint in [
                ([], "usage: mysql-replcheck"),
                (["--config"], "--config needs a folder"),
                (["--nonsense"], "--nonsense: no such option"),
                (["stauts"], "did you mean status?"),
                (["switch"], "did you mean switchover?"),
                (["frobnicate"], "there is no command"),
                (["help", "stats"], "did you mean status?"),
                (["status", "now"], "one word too many"),
                (["status", "--jsn"], "mysql-replcheck status: --jsn: there is no such option, or not with a value; see "
                                      "mysql-replcheck help status\n"),
                (["status", "--json=yes"], "--json=yes: there is no such option, or not with a value"),
                (["history", "-n"], "-n: there is no such option"),
                (["divergence", "--nope"], "--nope: there is no such option"),
                (["schema", "print", "--port"], "--port: a value is missing; see mysql-replcheck help schema"),
                (["status", "--watch", "--json"], "--watch goes with no other option"),
                (["status", "--watch"], "needs a terminal"),
                (["explain", "x"], "one word too many"),
                (["switchover", "mx2"], "one word too many"),
                (["switchover", "--to"], "--to: a value is missing; see mysql-replcheck help switchover"),
                (["switchover", "--to", ""], "--to: the name of a node"),
                (["switchover", "--to", "x" * 40], "--to: the name of a node"),
                (["promote", "--peer-is-off"], "see mysql-replcheck help promote"),
                (["promote", "--force"], "see mysql-replcheck help promote"),
                (["maintenance"], "a word is missing"),
                (["maintenance", "maybe"], "on, off or status is expected"),
                (["maintenance", "on", "off"], "one word too many"),
                (["maintenance", "on", "--json"], "--json goes with status alone"),
                (["breaker"], "a word is missing"),
                (["breaker", "open"], "reset is expected"),
                (["rules", "--dot", "--json"], "one of them"),
                (["rules", "--svg"], "see mysql-replcheck help rules"),
                (["history", "--since", "soon"], "--since soon"),
                (["schema"], "schema")]:
            code, out, err = run(*words, config=path if words and words[0] != "--config" else None)
            expect(f"exit of {words}", code, 2)
            expect(f"output of {words}", out, "")
            expect_in(f"complaint of {words}", err, complaint)


@case
def check_complains_as_a_plugin():
    with folder() as path:
        for words, complaint in [(["check", "--bad"], "--bad: there is no such option, or not with a value; see "
                                                      "mysql-replcheck help check"),
                                 (["check", "-vc"], "-c: a value is missing"),
                                 (["check", "-vx"], "-x: there is no such option"),
                                 (["check", "-H", "127.0.0.1", "-H", "a=127.0.0.1:3306"], "--hostname: both are 127.0.0.1 port "
                                                                                          "3306, and a pair has two servers"),
                                 (["check", "-H", "a=127.0.0.1", "-H", "a=127.0.0.2"], "--hostname: both are called a"),
                                 (["check", "x"], "one word too many")]:
            code, out, _ = run(*words, config=path)
            expect(f"exit of {words}", code, 3)
            expect_in("line", out, "REPLCHECK UNKNOWN - ")
            expect_in("line", out, complaint)
    code, out, _ = run("check", config="/nowhere")
    expect("exit without a configuration", code, 3)
    expect_in("line", out, "REPLCHECK UNKNOWN - /nowhere/cluster.yaml")


@case
def a_bad_configuration_ends_with_2():
    with folder() as path:
        with open(f"{path}/cluster.yaml", "a", encoding="ascii") as file:
            file.write("clutser: x\n")
        for words in (["status"], ["explain"], ["switchover"], ["history"], ["schema", "print"]):
            code, _, err = run(*words, config=path)
            expect(f"exit of {words}", code, 2)
            expect_in("complaint", err, "clutser")
    code, _, err = run("status", "--config=/nowhere")
    expect("exit", code, 2)
    expect_in("complaint", err, "/nowhere/cluster.yaml")


@case
def what_has_no_effect_is_warned_of():
    with folder() as path:
        with open(f"{path}/cluster.yaml", "a", encoding="ascii") as file:
            file.write("policy: {rejoin: flashback}\n")
        done = subprocess.run([DAEMON, "--config", path, "--check-config"], capture_output=True, text=True, timeout=20,
                              check=False)
        expect("exit", done.returncode, 0)
        expect_in("ok", done.stdout, "configuration ok")
        expect_in("warning", done.stdout, "warning: cluster.yaml: policy.rejoin: flashback is not in this version")


@case
def what_the_machine_lacks_is_warned_of():
    with folder() as path:
        with open(f"{path}/node.conf", "a", encoding="ascii") as file:
            file.write('run_as = "no-such-user";\ncontrol = { read_group = "no-such-group"; };\n')
        done = subprocess.run([DAEMON, "--config", path, "--check-config"], capture_output=True, text=True, timeout=20,
                              check=False)
        expect("exit", done.returncode, 0)
        expect_in("user", done.stdout, "warning: the daemon would not start here: the system user no-such-user does not")
        expect_in("group", done.stdout, 'warning: node.conf: control.read_group: there is no group "no-such-group"')


@case
def help_is_there_for_every_command():
    code, out, _ = run("--help")
    expect("exit", code, 0)
    names = [line.split()[0] for line in out.splitlines() if line.startswith("  ") and not line.startswith("  -")]
    names.remove("help")
    expect("commands", len(names), 11)
    for name in names:
        for words in (["help", name], [name, "--help"]):
            code, text, err = run(*words)
            expect(f"{words}", (code, err), (0, ""))
            expect_in(f"{words}", text, f"usage: mysql-replcheck {name}")
    code, out, _ = run("--version")
    expect("version", (code, out.split()[0]), (0, "mysql-replcheck"))


@case
def output_that_does_not_get_out_is_told():
    with folder() as path, open("/dev/full", "w", encoding="ascii") as full:
        for words in (["--version"], ["--help"], ["help", "status"], ["rules"], ["schema", "print"]):
            done = subprocess.run([TOOL, "--config", path, *words], stdout=full, stderr=subprocess.PIPE, text=True, timeout=20,
                                  check=False)
            expect(f"exit of {words}", done.returncode, 1)
            expect_in(f"complaint of {words}", done.stderr, "writing the output: No space left on device")
        for word in ("--version", "--help", "--check-config"):
            done = subprocess.run([DAEMON, "--config", path, word], stdout=full, stderr=subprocess.PIPE, timeout=20, check=False)
            expect(f"exit of the daemon's {word}", done.returncode, 1)


@case
def rules_in_three_forms():
    code, text, _ = run("rules")
    expect("exit", code, 0)
    _, out, _ = run("rules", "--json")
    rows = json.loads(out)["rows"]
    for row in rows:
        expect_in("text", text, f"{row['id']}  ")
    _, dot, _ = run("rules", "--dot")
    expect_in("dot", dot, "digraph rules {")
    expect_in("dot", dot, '"standby" -> "promoting: votes"')
    expect("braces", dot.count("{") - dot.count("}"), 0)


# A daemon that answers ----------------------------------------------------------------------------------


@case
def status_shows_the_report():
    with folder() as path, daemon(path, says_report) as requests:
        code, out, err = run("status", config=path)
        expect("exit", (code, err), (0, ""))
        expect("first line", out.splitlines()[0].lstrip("*● "), report()["headline"])
        for part in ("mx1 (this node)", "runs, 12 ms behind", "row 599: writer", "0-1-9", "+2 from 2"):
            expect_in("status", out, part)
        expect("escape sequences", "\033" in out, False)
        expect("request", requests[0], {"v": 1, "command": "status"})
        code, out, _ = run("status", "--json", config=path)
        expect("json", json.loads(out)["headline"], report()["headline"])


@case
def status_tells_a_server_that_refuses_from_one_that_is_silent():
    for trouble, says in [("Can't connect to server on '127.0.0.2' (111)", "does not answer, 127.0.0.2:9"),
                          ("Access denied for user 'replcheck'@'127.0.0.1'", "does not let us in, 127.0.0.2:9")]:
        told = report()
        told["nodes"][1].update(reachable=False, trouble=trouble)
        answer = json.dumps({"v": 1, "ok": True, "report": told}).encode() + b"\n"
        with folder() as path, daemon(path, lambda _, a=answer: a):
            _, out, _ = run("status", config=path)
            expect_in("status", out, says)


@case
def check_shows_the_verdict():
    problem = {"severity": "critical", "id": "x", "sentence": "it burns", "remedy": "pour water"}
    note = {"severity": "ok", "id": "y", "sentence": "a note", "remedy": None}
    for severity, problems, code, start in [
            ("ok", [], 0, "REPLCHECK OK - mx1 is the writer"), ("ok", [note], 0, "REPLCHECK OK - mx1 is the writer"),
            ("warning", [dict(problem, severity="warning")], 1, "REPLCHECK WARNING - it burns |"),
            ("critical", [problem, problem], 2, "REPLCHECK CRITICAL - it burns (and 1 more) |"),
            ("unknown", [dict(problem, severity="unknown")], 3, "REPLCHECK UNKNOWN - it burns |")]:
        made = {"v": 1, "ok": True, "report": report(severity, problems)}
        with folder() as path, daemon(path, lambda _, a=made: a):
            got, out, _ = run("check", config=path)
            expect("exit", got, code)
            expect_in("line", out, start)
            expect("lines", len(out.splitlines()), 1)
            expect_in("perfdata", out, "| 'mx2_lag'=0.012s;10;60;0 'mx2_missing'=0 'votes'=3 'epoch'=7")
            _, out, _ = run("check", "-v", config=path)
            expect("lines with -v", len(out.splitlines()), 1 + len(problems))


@case
def orders_are_passed_on():
    done = {"v": 1, "ok": True, "message": "mx2 is the writer", "elapsed_ms": 34}
    with folder() as path, daemon(path, lambda _: done) as requests:
        code, out, _ = run("switchover", "--to", "mx2", config=path, env={"SUDO_USER": "alice"})
        expect("answer", (code, out), (0, "mx2 is the writer, after 34 ms\n"))
        expect("request", requests[-1], {"v": 1, "command": "switchover", "to": "mx2", "user": "alice"})
        run("promote", "--accept-loss", "--peer-is-off", "mx2", config=path, env={"SUDO_USER": "a b"})
        expect("request", requests[-1], {"v": 1, "command": "promote", "accept_loss": True, "peer_is_off": "mx2"})
        run("maintenance", "on", config=path, env={"SUDO_USER": "bob"})
        expect("request", requests[-1], {"v": 1, "command": "maintenance", "set": "on", "user": "bob"})
        run("breaker", "reset", config=path, env={"SUDO_USER": "bob"})
        expect("request", requests[-1], {"v": 1, "command": "breaker-reset", "user": "bob"})


@case
def refusals_end_with_1():
    no = {"v": 1, "ok": False, "error": "refused", "message": "mx2 cannot take over: it is fenced"}
    with folder() as path, daemon(path, lambda _: no):
        for words in (["switchover"], ["promote"], ["maintenance", "off"], ["breaker", "reset"], ["status"], ["explain"]):
            code, out, err = run(*words, config=path)
            expect(f"{words}", (code, out), (1, ""))
            expect_in("sentence", err, "mx2 cannot take over: it is fenced")
        code, out, _ = run("check", config=path)
        expect("check", (code, out), (3, "REPLCHECK UNKNOWN - refused: mx2 cannot take over: it is fenced\n"))


@case
def nonsense_from_the_daemon_is_told():
    fewer = report()
    del fewer["votes"][1]["counted"]
    for answer, complaint in [
            (b"hello\n", "not JSON"), (b"{}\n", "another version"), (b"\n", "not JSON"),
            (b'{"v":1,"ok":true}\n', "no version"),
            (json.dumps({"v": 1, "ok": True, "report": dict(report(), version=2)}).encode() + b"\n", "of version 2"),
            (json.dumps({"v": 1, "ok": True, "report": fewer}).encode() + b"\n", 'votes[1]: "counted" is missing')]:
        with folder() as path, daemon(path, lambda _, a=answer: a):
            code, _, err = run("status", config=path)
            expect("exit", code, 1)
            expect_in("complaint", err, complaint)


@case
def without_a_daemon_the_servers_are_asked():
    with folder() as path:
        with open(f"{path}/node.conf", "a", encoding="ascii") as file:
            file.write('run_as = "nobody";\n')
        os.chmod(path, 0o755)
        code, out, _ = run("check", "-v", config=path)
        expect("exit", code, 2)
        expect_in("line", out, "does not answer")
        expect_in("detail", out, "no supervisor answers on mx1")
        expect_in("detail", out, "does mysql-replcheckd run?")
        code, out, _ = run("status", "--json", config=path)
        made = json.loads(out)
        expect("status", (code, made["source"], made["nodes"][1]["reachable"]), (0, "direct", False))
        for words in (["explain"], ["switchover"]):
            code, _, err = run(*words, config=path)
            expect(f"{words}", code, 1)
            expect_in("sentence", err, "does mysql-replcheckd run?")


# A terminal ---------------------------------------------------------------------------------------------


class Terminal:
    """The tool on a terminal of its own."""

    def __init__(self, path, *words, env=None):
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.environ.update({"TERM": "xterm", "LC_ALL": "C.UTF-8", **(env or {})})
            os.execv(TOOL, [TOOL, "--config", path, *words])
        self.text = b""

    def read(self, seconds):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            ready, _, _ = select.select([self.fd], [], [], max(0, end - time.monotonic()))
            try:
                part = os.read(self.fd, 65536) if ready else b""
            except OSError:
                return
            self.text += part

    def end(self):
        _, status = os.waitpid(self.pid, 0)
        self.read(0.1)
        os.close(self.fd)
        return os.waitstatus_to_exitcode(status)


@case
def colours_on_a_terminal_alone():
    with folder() as path, daemon(path, says_report):
        for env, coloured in (({}, True), ({"NO_COLOR": "1"}, False), ({"TERM": "dumb"}, False)):
            terminal = Terminal(path, "status", env=env)
            terminal.read(0.3)
            expect("exit", terminal.end(), 0)
            expect(f"colours with {env}", b"\033[" in terminal.text, coloured)
            expect_in("dot", terminal.text.decode(), "●")


@case
def live_view_leaves_the_terminal_as_it_was():
    with folder() as path, daemon(path, says_report) as requests:
        for key, number, code in ((b"q", None, 0), (None, signal.SIGTERM, -signal.SIGTERM), (None, signal.SIGINT, 0)):
            requests.clear()
            terminal = Terminal(path, "status", "--watch")
            terminal.read(1.3)
            expect("frames", 2 <= len(requests) <= 4, True)
            if key:
                os.write(terminal.fd, key)
            else:
                os.kill(terminal.pid, number)
            terminal.read(0.3)
            expect("exit", terminal.end(), code)
            expect_in("begin", terminal.text, b"\033[?1049h\033[?25l")
            expect("end", terminal.text.rstrip().endswith(b"\033[?25h\033[?1049l"), True)
            expect_in("footer", terminal.text, b"q ends")


if __name__ == "__main__":
    sys.exit(run_cases() if are_built(TOOL) else NOT_BUILT)
