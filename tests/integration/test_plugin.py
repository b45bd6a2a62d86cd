#!/usr/bin/env python3
"""The plugin: its options, what it makes of a supervisor's answers, and what it hands on where none counts. Supervisor
and mysql-replcheck are played by this test, so neither a server nor root is needed."""
import contextlib
import os
import socket
import subprocess
import sys
import tempfile
import time

from case_fixture import case, expect, expect_in, run_cases, wait_for
from cli_fixture import DIRECT, NOT_BUILT, PLUGIN, TOOL, answer_check, are_built, read, supervisor, write

SANITIZED = b"libasan" in subprocess.run(["ldd", PLUGIN], capture_output=True, check=False).stdout
LINE = "REPLCHECK OK - mx1 is the writer | 'mx2_lag'=0.012s;10;60;0"


@contextlib.contextmanager
def folder():
    """With a program in mysql-replcheck's place that tells how it was called, and what its option files hold."""
    with tempfile.TemporaryDirectory(prefix="replcheck-plugin-") as path:
        write(f"{path}/program", '#!/bin/sh\nprintf "%s\\n" "$@"\n'
              'for word; do [ "$last" = --defaults-file ] && sed "s/^/file: /" "$word"; last=$word; done\nexit 1\n', 0o755)
        yield path


def run(path, *words, env=None, stdin=None):
    """Exit code, first line, all lines. Whatever happens the first line tells what."""
    done = subprocess.run([PLUGIN, "--socket", f"{path}/socket", "--program", f"{path}/program", *words],
                          capture_output=True, text=True, timeout=60, check=False, input=stdin,
                          env=dict(os.environ, **(env or {})))
    expect("stderr", done.stderr, "")
    lines = done.stdout.splitlines()
    if not lines:
        raise AssertionError(f"no output; it ended with {done.returncode}")
    return done.returncode, lines[0], lines


def good(**members):
    return answer_check(**{"line": LINE, **members})


def daemon(path, answer):
    """By answer(), bytes or a dict; None: nothing is ever said."""
    return supervisor(f"{path}/socket", lambda _: answer(), once=True)


# What it is asked -----------------------------------------------------------------------------------------


@case
def wrong_options_are_named():
    with folder() as path:
        for words, complaint in [
                (["-w", "5:1"], "--warning: \"5:1\": its start is greater than its end"),
                (["-c", "ten"], "--critical: \"ten\" is no range like"),
                (["-m", "lag", "-w", "5x"], "the units are us, ms, s, m, h and d"),
                (["-m", "gtid", "-c", "5s"], "a number without a unit"),
                (["-w", "10", "-m", "gtid", "-c", "1m"], "--critical"),
                (["--warning"], "--warning: a value is missing"),
                (["-m", "slave"], "--mode \"slave\": all, writer, lag"),
                (["--frobnicate"], "--frobnicate: there is no such option"),
                (["-q"], "-q: there is no such option"),
                (["--direct=yes"], "there is no such option, or not with a value"),
                (["now"], "\"now\" is no option"),
                (["-t", "0"], "--timeout \"0\""),
                (["-t", "-3"], "--timeout \"-3\""),
                (["-t", "soon"], "--timeout \"soon\""),
                (["-t", "2h"], "up to an hour"),
                (["--stale", "x"], "--stale \"x\""),
                (["-H", "192.0.2.1"], "give it twice"),
                (["-H", "192.0.2.1", "-H", "192.0.2.2", "-H", "192.0.2.3"], "this is one more: 192.0.2.3"),
                (["-H", ""], "--hostname: an address is expected"),
                (["-u", "monitor"], "go with --hostname"),
                (["--password=secret"], "every user of this host could read it"),
                (["--password", "secret"], "every user of this host could read it")]:
            code, first, lines = run(path, *words)
            expect(f"exit of {words}", (code, len(lines)), (3, 1))
            expect_in(f"line of {words}", first, "REPLCHECK UNKNOWN - ")
            expect_in(f"line of {words}", first, complaint)


@case
def help_and_version():
    with folder() as path:
        for words in (["-h"], ["--help"]):
            code, _, lines = run(path, *words)
            expect("exit", code, 3)
            for option in ("--mode", "--warning", "--critical", "--timeout", "--verbose", "--extra-opts", "--hostname",
                           "--defaults-file", "--stale", "--socket"):
                expect_in("help", "\n".join(lines), option)
        code, first, _ = run(path, "-V")
        expect("exit", code, 3)
        expect_in("version", first, "check_mysql_replcheck v")


# What a supervisor answers --------------------------------------------------------------------------------


@case
def the_answer_is_printed():
    with folder() as path:
        for code in range(4):
            with daemon(path, lambda code=code: good(exit=code)) as requests:
                expect("result", run(path)[:2], (code, LINE))
            expect("request", requests, [{"v": 1, "command": "check", "mode": "all", "verbose": 0}])
        with daemon(path, lambda: good(details=["one", "two \u00e4"])) as requests:
            _, _, lines = run(path, "-vv", "-m", "lag", "-w", "~:5s", "-c", "@1m:2m")
            expect("lines", lines, [LINE, "one", "two \u00e4"])
            expect("request", requests[0], {"v": 1, "command": "check", "mode": "lag", "verbose": 2, "warning": "~:5s",
                                            "critical": "@1m:2m"})
            expect_in("how it was asked", run(path, "-vvv")[2][-1], "answered after")


@case
def an_old_answer_is_none():
    now = int(time.time() * 1e6)
    with folder() as path:
        for answer, why in [(good(decided_ms=11000), "what it says is 11 s old"),
                            (good(decided_ms=-1), "it has not decided anything yet"),
                            (good(time_us=now - 60_000_000), "its clock and this one differ by "),
                            (good(time_us=now + 60_000_000), "its clock and this one differ by ")]:
            with daemon(path, lambda answer=answer: answer):
                code, _, lines = run(path)
                expect("exit", code, 1)  # of the program that asks the servers
                expect_in("why", lines[lines.index("--why") + 1], why)
        with daemon(path, lambda: good(decided_ms=11000)):
            expect("as many seconds as are allowed", run(path, "--stale", "20")[0], 0)


@case
def no_answer_is_handed_on():
    with folder() as path:
        code, _, lines = run(path)
        expect("exit", code, 1)
        expect("words", lines[:5], ["--config", "/etc/mysql-replcheck", "check", "--direct", "--mode"])
        expect_in("why", lines[lines.index("--why") + 1], "does mysql-replcheckd run?")
        with daemon(path, lambda: None):
            code, _, lines = run(path, "-t", "900ms", "-m", "lag", "-w", "5", "-c", "1m", "-v")
            expect_in("why", lines[lines.index("--why") + 1], "the supervisor did not answer in time")
            expect("thresholds", [lines[lines.index(o) + 1] for o in ("--mode", "--warning", "--critical")],
                   ["lag", "5", "1m"])
            expect("verbose", lines.count("--verbose"), 1)
            left = float(lines[lines.index("--timeout") + 1])
            if not 0 < left < 0.9:
                raise AssertionError(f"{left} s are left")
        for said, why in [(b"", "ended before it answered"), (b"rubbish\n", "malformed at byte 0"),
                          (b"{\n", "malformed"), (b'{"ok":true}\n', "lacks its verdict"),
                          (b'{"ok":1}\n', "malformed"), (b'{"ok":true,"exit":9,"line":"x","time_us":1}\n', "lacks"),
                          (b'{"ok":true,"exit":"0"}\n', "malformed"), (b'{"ok":true,"exit":1e0}\n', "malformed"),
                          (b'{"a":' + b"[" * 1000 + b"}\n", "malformed"), (b'{"ok":false}\n', "without a reason"),
                          (b'{"a":"\\ud"}\n', "malformed"), (b"x" * 300000, "too long"),
                          (b'{"ok":false,"error":"busy","message":"too many ask"}\n', "busy: too many ask")]:
            with daemon(path, lambda said=said: said):
                _, _, lines = run(path)
                expect_in(f"why, after {said[:40]}", lines[lines.index("--why") + 1], why)


@case
def a_busy_supervisor_is_asked_again():
    """Too many who ask are a matter of moments, and no reason to take it for none."""
    said = iter([{"v": 1, "ok": False, "error": "busy", "message": "too many ask"}] * 3)
    with folder() as path, daemon(path, lambda: next(said, None) or good()) as asked:
        expect("result", run(path, "--program", f"{path}/nothing")[:2], (0, LINE))
        expect("questions", len(asked), 4)


@case
def control_characters_stay_out():
    with folder() as path, daemon(path, lambda: good(line="a\u001b[31mb\u007f", details=["c\nd"])):
        expect("lines", run(path, "-v")[2], ["a?[31mb?", "c?d"])


@case
def who_may_not_ask_is_told():
    with folder() as path, daemon(path, lambda: {"v": 1, "ok": False, "error": "denied",
                                                 "message": "check needs root or a member of the group adm"}):
        expect("result", run(path)[:2], (3, "REPLCHECK UNKNOWN - check needs root or a member of the group adm"))


@case
def a_missing_program_is_told():
    with folder() as path:
        code, first, _ = run(path, "--program", f"{path}/nothing")
        expect("exit", code, 2)  # for nobody supervises
        expect_in("line", first, "REPLCHECK CRITICAL - no supervisor answers: ")
        expect_in("line", first, "is mysql-replcheck installed?")
        code, first, _ = run(path, "--program", f"{path}/nothing", "--direct")
        expect("exit", code, 3)
        expect_in("line", first, "REPLCHECK UNKNOWN - ")


# Servers of the command line ------------------------------------------------------------------------------


@case
def servers_are_handed_on():
    with folder() as path:
        _, _, lines = run(path, "-H", "192.0.2.11", "-H", "[2001:db8::1]:3307", "-P", "3308", "-u", "monitor", "--tls-ca",
                          "/ca.pem")
        expect("words", [lines[i + 1] for i, word in enumerate(lines) if word in ("--hostname", "--port", "--user",
                                                                                  "--tls-ca")],
               ["192.0.2.11", "[2001:db8::1]:3307", "3308", "monitor", "/ca.pem"])
        if "--why" in lines:
            raise AssertionError("a supervisor was asked")


# Options of a file ----------------------------------------------------------------------------------------


INI = """# of all plugins
[check_ping]
warning = 100
[check_mysql_replcheck]
mode=lag
 warning = 5s
; a comment
c=1m
v
[remote]
hostname=192.0.2.11
hostname = 192.0.2.12
password = s3cret word#1
"""


def hosts(lines):
    return [lines[i + 1] for i, word in enumerate(lines) if word == "--hostname"]


@case
def options_of_an_ini_file():
    with folder() as path:
        write(f"{path}/plugins.ini", INI)
        with daemon(path, good) as requests:
            for words, env in [([f"--extra-opts=@{path}/plugins.ini"], None), (["--extra-opts", f"@{path}/plugins.ini"], None),
                               ([f"--extra-opts=check_mysql_replcheck@{path}/plugins.ini"], None),
                               (["--extra-opts"], {"MP_CONFIG_PATH": f"/nowhere:{path}"}),
                               (["--extra-opts"], {"NAGIOS_CONFIG_PATH": path})]:
                expect("exit", run(path, *words, env=env)[0], 0)
                expect("request", requests[-1], {"v": 1, "command": "check", "mode": "lag", "verbose": 1, "warning": "5s",
                                                 "critical": "1m"})
            run(path, "-w", "7", f"--extra-opts=@{path}/plugins.ini")
            expect("the command line wins", requests[-1]["warning"], "7")
            two = f"--extra-opts=remote@{path}/plugins.ini"
            expect("the command line's hosts", hosts(run(path, "-H", "192.0.2.21", two, "--hostname=192.0.2.22")[2]),
                   ["192.0.2.21", "192.0.2.22"])
            expect_in("one host of the command line", run(path, two, "-H", "192.0.2.21")[1], "give it twice")
            expect_in("three of them", run(path, two, *["-H", "192.0.2.21"] * 3)[1], "this is one more: 192.0.2.21")
            expect("the file's hosts", hosts(run(path, two)[2]), ["192.0.2.11", "192.0.2.12"])
            run(path, "--extra-opts=@-", stdin="[check_mysql_replcheck]\nmode=vip\n")
            expect("standard input", requests[-1]["mode"], "vip")


@case
def a_password_is_no_argument():
    with folder() as path:
        write(f"{path}/plugins.ini", INI)
        _, _, lines = run(path, f"--extra-opts=remote@{path}/plugins.ini")
        words = [line for line in lines if not line.startswith("file: ")]
        if "s3cret" in "".join(words):
            raise AssertionError(f"the password is among {words}")
        expect("what the program can read", [line for line in lines if line.startswith("file: ")],
               ["file: [client]", "file: password=s3cret word#1"])
        os.chmod(f"{path}/plugins.ini", 0o644)
        code, first, _ = run(path, f"--extra-opts=remote@{path}/plugins.ini")
        expect("exit", code, 3)
        expect_in("line", first, "holds a password and others may read it: chmod o=")


@case
def a_bad_ini_file_is_named():
    with folder() as path:
        file = f"{path}/bad.ini"
        for text, complaint in [("mode=lag\n", f"{file}:1: this stands before the first [section]"),
                                ("[check_mysql_replcheck\n", f"{file}:1: \"[section]\" is expected"),
                                ("[check_mysql_replcheck]\n=5\n", f"{file}:2: \"name=value\" is expected"),
                                ("[check_mysql_replcheck]\n--mode=lag\n", f"{file}:2: \"name=value\" is expected, without"),
                                ("[check_mysql_replcheck]\nextra-opts=x\n", f"{file}:2: extra-opts belongs"),
                                ("[check_mysql_replcheck]\nmode=slave\n", "--mode \"slave\""),
                                ("[check_mysql_replcheck]\ndirect\nv=--help\n", "--: there is no such option"),
                                ("[check_mysql_replcheck]\nverbose=--help\n", "--verbose=--help: there is no such option, or"),
                                ("[other]\n", f"{file} has no section [check_mysql_replcheck]")]:
            write(file, text)
            code, first, _ = run(path, f"--extra-opts=@{file}")
            expect("exit", code, 3)
            expect_in(f"line for {text!r}", first, complaint)
        expect_in("no file", run(path, f"--extra-opts=@{path}/none.ini")[1], f"--extra-opts: {path}/none.ini: No such file")


# Deadlines ------------------------------------------------------------------------------------------------


@case
def it_ends_in_time():
    with folder() as path:
        with daemon(path, lambda: None):
            began = time.monotonic()
            run(path, "-t", "1")
            if time.monotonic() - began > 20:
                raise AssertionError("a supervisor that hangs made the plugin hang")


@case
def a_program_that_does_not_end():
    """Whoever runs a plugin hears why there is no verdict."""
    with folder() as path:
        write(f"{path}/program", f"#!/bin/sh\necho $$ >{path}/pid\nexec sleep 600\n", 0o755)
        for words, result in [((), (2, "REPLCHECK CRITICAL - no supervisor answers: ")),
                              (("--direct",), (3, "REPLCHECK UNKNOWN - the servers could not be asked: "))]:
            code, first, lines = run(path, "-t", "500ms", *words)
            expect("exit, lines", (code, len(lines)), (result[0], 1))
            expect_in("line", first, result[1], f"{path}/program did not end within 0.5 s")
            wait_for("the program was ended", lambda: has_ended(read(f"{path}/pid").strip()))


def has_ended(pid):
    try:
        return " Z " in read(f"/proc/{pid}/stat")
    except FileNotFoundError:
        return True


@case
def a_program_that_breaks():
    with folder() as path:
        for script, failure in [("kill -9 $$", "was ended by signal 9"), ("kill -ABRT $$", "was ended by signal 6"),
                                ("exit 77", "ended with 77")]:
            write(f"{path}/program", f"#!/bin/sh\nulimit -c 0\n{script}\n", 0o755)
            code, first, _ = run(path)
            expect("exit", code, 2)
            expect_in("line", first, "REPLCHECK CRITICAL - no supervisor answers: ", f"program {failure}")
            code, first, _ = run(path, "--direct")
            expect("exit", code, 3)
            expect_in("line", first, "REPLCHECK UNKNOWN - the servers could not be asked: ", f"program {failure}")


# Secrets --------------------------------------------------------------------------------------------------


def cores_of(pid):
    with open(f"/proc/{pid}/limits", encoding="ascii") as file:
        return next(line.split()[4:6] for line in file if line.startswith("Max core file size"))


def memory_is_roots(pid):
    return os.stat(f"/proc/{pid}/mem").st_uid == 0


@case
def a_password_is_in_no_core():
    """While it waits for one that says nothing: as a user who is not root, whose cores are not limited."""
    as_nobody = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"] if os.geteuid() == 0 else []
    if as_nobody and any(subprocess.run([*as_nobody, "test", "-x", program], check=False).returncode
                         for program in (PLUGIN, DIRECT, TOOL)):
        as_nobody = []
    silent = socket.create_server(("127.0.0.1", 0))
    address = f"127.0.0.1:{silent.getsockname()[1]}"
    direct = ["check", "--direct", "-t", "60", "-H", address, "-H", "127.0.0.2:1"]
    with silent, folder() as path, daemon(path, lambda: None):
        os.chmod(path, 0o755)
        for words in ([PLUGIN, "-t", "60", "--socket", f"{path}/socket", "--program", "/bin/true"], [DIRECT, *direct],
                      [TOOL, *direct]):
            process = subprocess.Popen([*as_nobody, *words], stdout=subprocess.DEVNULL)
            try:
                wait_for(f"{words[0]} limits its cores",
                           lambda pid=process.pid: cores_of(pid) == ["0", "0"] and (SANITIZED or memory_is_roots(pid)))
            finally:
                process.kill()
                process.wait()


if __name__ == "__main__":
    sys.exit(run_cases() if are_built(PLUGIN, DIRECT, TOOL) else NOT_BUILT)
