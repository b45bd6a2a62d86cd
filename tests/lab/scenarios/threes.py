"""Three faults together, in the orders that a model of the design found to be the dangerous ones."""
import base64
import contextlib
import threading
import time

from replab import LabError, faults

from .catalogue import expect, scenario
from .moves import until_closed

ALMOST_S = 1.4  # a fencer acts some 1.7 s after its supervisor fell silent


def resume_all(pids, host):
    for pid in pids:
        with contextlib.suppress(ProcessLookupError, LabError):
            faults.resume(host, pid)


def settles(t, **verdict):
    """One writer in the end, the other follows it or is quarantined."""
    t.wait("one writer", lambda: len(t.writers()) == 1, 40)
    for node in (t.writer, t.standby):
        if not t.server(node).answers():
            t.server(node).start()
    writer = t.writers()[0]
    t.wait_returned(t.other(writer), 60)
    time.sleep(1)  # for the clients to find it
    t.end(writer, **({"outage_s": 60} | verdict))


@scenario(fault=12)
def child_then_fencer_then_cut(t):
    """The writer's supervisor stops, its fencer just before it would act, and then the node is cut off: what is left,
    the dead-man's switch, closes the server before the other one writes."""
    t.begin()
    host = t.host(t.writer)
    child, fencer = faults.find(host, "supervisor"), faults.find(host, "fencer")
    t.fault(faults.stop(host, child))
    time.sleep(ALMOST_S)
    faults.stop(host, fencer)
    _, number = faults.cut(t.lab, t.writer)
    t.wait_taken_over(20)
    time.sleep(2)
    faults.heal(t.lab, number)
    resume_all((fencer, child), host)
    settles(t)


@scenario(fault=12)
def orders_wait_then_both_stop(t):
    """The writer's fencer stands still for less than its supervisor minds, the node is cut off meanwhile, and both stop
    as soon as the fencer has read what waited: the dead-man's switch counts from when those renewals left."""
    t.begin()
    host = t.host(t.writer)
    child, fencer = faults.find(host, "supervisor"), faults.find(host, "fencer")
    t.fault(faults.stop(host, fencer))
    time.sleep(0.26)  # a renewal's order waits
    _, number = faults.cut(t.lab, t.writer)
    time.sleep(0.55)
    faults.resume(host, fencer)
    time.sleep(0.02)
    for pid in (fencer, child):
        faults.stop(host, pid)
    t.wait_taken_over(20)
    time.sleep(2)
    faults.heal(t.lab, number)
    resume_all((fencer, child), host)
    settles(t)


def delay_enabling(server, seconds):
    """The procedure that enables writes takes that long before it looks at anything."""
    body = server.value("TO_BASE64(ROUTINE_DEFINITION) FROM information_schema.ROUTINES "
                        "WHERE ROUTINE_SCHEMA='replcheck' AND ROUTINE_NAME='enable'")
    text = base64.b64decode(body.replace("\\n", "")).decode()
    # Behind the declarations, which must come first.
    head, found, rest = text.partition("    IF @@in_transaction")
    expect(found, "replcheck.enable looks otherwise than this scenario knows")
    server.sql("SET SESSION sql_log_bin=0;\nDELIMITER //\n"
               "CREATE OR REPLACE DEFINER='replcheck-definer'@'localhost' PROCEDURE replcheck.enable("
               "p_node VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin, p_epoch BIGINT UNSIGNED) "
               "MODIFIES SQL DATA SQL SECURITY DEFINER\n"
               f"{head}    DO SLEEP({seconds});\n{found}{rest}//\nDELIMITER ;\n"
               "GRANT EXECUTE ON PROCEDURE replcheck.enable TO 'replcheck'@'localhost'")


def is_enabling(server):
    """(The list names the procedure's definer while it runs.)"""
    return server.value("COUNT(*) FROM information_schema.PROCESSLIST WHERE USER LIKE 'replcheck%' "
                        "AND STATE='User sleep'") != "0"


@scenario()
def enabling_outlives_its_votes(t):
    """A promotion's enabling is delayed in the server, supervisor and fencer of that node stop, and the other node
    takes the witness back and writes, for the operator accepts that a promised term is nowhere: the late enabling is
    refused."""
    t.begin()
    host, server = t.host(t.standby), t.server(t.standby)
    delay_enabling(server, 40)
    at, number = faults.cut(t.lab, t.writer)
    t.fault(at)
    t.wait("an enabling under way", lambda: is_enabling(server), 15)
    pids = faults.find(host, "fencer"), faults.find(host, "supervisor")
    for pid in pids:
        faults.stop(host, pid)
    _, between = faults.cut(t.lab, t.writer, peer=t.standby)
    faults.heal(t.lab, number)
    t.wait(f"{t.writer} refuses", lambda: "voter remembers a term" in t.said_of_itself(t.writer), 20)
    done = t.tool(t.writer, "promote", "--accept-loss", timeout_s=60)
    expect(done.returncode == 0, f"promote --accept-loss: exit {done.returncode}: {done.stdout}{done.stderr}")
    expect(t.writable(t.writer), f"{t.writer} is read-only")
    expect(is_enabling(server), "the enabling ended too early for this scenario")
    t.wait("the late enabling has ended", lambda: not is_enabling(server), 60)
    t.stays(f"{t.writer} as the one writer", lambda: t.writers() == [t.writer], 3)
    faults.heal(t.lab, between)
    resume_all(pids, host)
    settles(t, outage_s=90, vip_s=90)  # the nodes do not hear each other for most of a minute


@scenario(fault=46)
def handover_then_healing(t):
    """In the middle of a switchover all three lose each other; the cuts heal one by one, and the supervisor of whoever
    writes is killed between."""
    t.begin()
    command = threading.Thread(target=lambda: t.tool(t.writer, "switchover", timeout_s=60))
    until_closed(t, command)
    cuts = [faults.cut(t.lab, a, peer=b) for a, b in
            ((t.writer, t.standby), (t.writer, "witness"), (t.standby, "witness"))]
    t.fault(cuts[0][0])
    for _, number in reversed(cuts):
        time.sleep(4)
        faults.heal(t.lab, number)
        for node in t.writers():
            with contextlib.suppress(LabError):
                faults.kill(t.host(node), "supervisor")
    command.join(70)
    settles(t)


@scenario(fault=46)
def handover_undone_alone(t):
    """The node that a handover is for stops in the middle of it and goes on when the old writer has taken it back:
    one of them writes."""
    t.begin()
    host = t.host(t.standby)
    child = faults.find(host, "supervisor")
    command = threading.Thread(target=lambda: t.tool(t.writer, "switchover", timeout_s=60))
    until_closed(t, command)
    t.fault(faults.stop(host, child))
    t.wait("one writer", lambda: len(t.writers()) == 1, 30)
    writer = t.writers()[0]
    resume_all((child,), host)
    t.stays(f"{writer} as the one writer", lambda: t.writers() in ([writer], []), 4)
    command.join(70)
    settles(t)
