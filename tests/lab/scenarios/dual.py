"""write_mode dual: both nodes are written. Two writers are no fault here; what is promised is that rows of both are on
both in the end, and that what cannot be is reported."""
import time

from replab import analysis, faults, services
from replab.lab import NODES

from . import judge
from .catalogue import Failed, expect, scenario
from .recorders import Recorders

DUAL = {"policy.write_mode": "dual"}
READY_S = 40
STOPPED_S = 20
CONFLICT = ("CREATE TABLE IF NOT EXISTS lab.named (name VARCHAR(20) PRIMARY KEY, server INT)",
            "INSERT INTO lab.named VALUES ('quota', @@server_id)")


def replicates(t, node):
    status = t.server(node).replica_status()
    return status.get("Slave_IO_Running") == status.get("Slave_SQL_Running") == "Yes"


def well(t):
    return t.writers() == list(NODES) and len(t.lab.vip_holders()) == 1 and all(
        t.state(node) == "dual: writer" and replicates(t, node) for node in NODES)


def wait_well(t, timeout_s=READY_S):
    t.wait("both nodes are written and replicate", lambda: well(t), timeout_s)


def begin(t):
    """Both are written by clients of their own, and one of them through the VIP. `writer` is the VIP's holder."""
    wait_well(t)
    t.writer = t.lab.vip_holders()[0]
    t.standby = t.other(t.writer)
    recorders = Recorders(t.lab)
    t._recorders = recorders  # for a failure
    t.load()
    return recorders


def problem(t, node, name):
    return next((p for p in t.report(node).get("problems", ()) if p["id"] == name), None)


def at_rest(t):
    """Both have got all that the other has."""
    for node in NODES:
        t.server(node).wait_for(t.server(t.other(node)), timeout_s=30)


def strangers(t):
    """Rows with a key of the other server's."""
    return int(t.server("mx1").value("COUNT(*) FROM lab.appends WHERE id % 2 <> server % 2"))


def end(t, recorders, lost_of=(), strange=0):
    """Every acknowledged row is on both nodes, no refused one anywhere, and rows never met: their keys are the server's
    own. `lost_of`: the nodes whose acknowledgements may have gone with them; `strange`: so many rows were written while
    somebody else's offsets held."""
    wait_well(t)
    records = recorders.stop()
    t._recorders = None
    at_rest(t)
    wrong, rows = [], {node: analysis.rows(t.server(node)) for node in NODES}
    ids = {t.host(node).server_id for node in NODES}
    for node, missing in analysis.missing(records.operations, {n: t.server(n) for n in NODES}).items():
        if missing and not lost_of:
            wrong.append(f"{node} lacks {len(missing)} acknowledged rows, as {missing[:3]}")
    wrong += [f"{node} has refused rows: {analysis.denied(records.operations, t.server(node))[:3]}" for node in NODES
              if analysis.denied(records.operations, t.server(node))]
    if rows["mx1"] != rows["mx2"]:
        wrong.append(f"the nodes differ in {len(rows['mx1'] ^ rows['mx2'])} rows")
    for server in ids:
        acked = [o for o in records.operations if o.result == "ok" and o.server == server]
        if len(acked) < 20:
            wrong.append(f"server {server} acknowledged {len(acked)} rows only")
    found = strangers(t)
    if found != strange:
        wrong.append(f"{found} rows have a key of the other server's, {strange} of them with a reason")
    wrong += [w for node in NODES for w in judge.crashes(t.host(node))]
    t.figures["outage"] = judge.outage_ms(records.client, t.fault_us) if t.fault_us else None
    if wrong:
        raise Failed("; ".join(wrong))
    return records


@scenario(settings=DUAL, tie_breaker="writer")
def dual_runs(t):
    """Both nodes are written side by side, also while a supervisor is killed and the daemon is restarted; `check` says
    what this mode gives."""
    recorders = begin(t)
    t.fault(faults.kill(t.host(t.writer), faults.find(t.host(t.writer), "supervisor")))
    t.stays("both nodes are written", lambda: t.writers() == list(NODES), 4)
    wait_well(t)
    faults.send(t.host(t.standby), "fencer", 15)
    t.wait("the daemon has ended", lambda: not t.host(t.standby).pids(faults.OURS), 10)
    expect(t.writers() == list(NODES), "a daemon that was asked to stop closed its server")
    services.start_supervisor(t.lab, t.host(t.standby))
    wait_well(t)
    for node in NODES:
        expect(problem(t, node, "dual-mode"), f"`check` of {node} does not say what dual gives")
        done = t.tool(node, "switchover")
        expect(done.returncode == 1 and "write_mode is dual" in done.stdout + done.stderr, "a switchover is not refused")
    t.server(t.standby).sql("SET GLOBAL auto_increment_offset = 1, GLOBAL auto_increment_increment = 1")
    t.wait("the offsets are put right", lambda: t.server(t.standby).value("@@global.auto_increment_increment") == "2", 10)
    t.wait("the sessions of before are closed", lambda: "sessions older than the correction" in t.said(t.standby), 10)
    at_rest(t)
    end(t, recorders, strange=strangers(t))


@scenario(settings=DUAL, tie_breaker="writer", fault=1)
def dual_kill_mariadbd(t):
    """One of two that are written is killed: the other goes on and gets the VIP, and the first is opened again once it
    has what the other had meanwhile."""
    recorders = begin(t)
    t.fault(faults.kill(t.host(t.writer), "mariadbd"))
    t.wait(f"the VIP on {t.standby}", lambda: t.lab.vip_holders() == [t.standby], 10)
    t.stays(f"{t.standby} is written", lambda: t.writers() == [t.standby], 2)
    t.server(t.writer).start()
    expect(t.server(t.writer).read_only(), f"{t.writer} came back writable")
    end(t, recorders)


@scenario(settings=DUAL, tie_breaker="writer", fault=13)
def dual_cut(t):
    """The nodes lose each other and everybody for 10 s, and both are written all the time: afterwards each has the
    other's rows."""
    recorders = begin(t)
    at, number = faults.cut(t.lab, t.writer)
    t.fault(at)
    t.stays("both nodes are written", lambda: t.writers() == list(NODES), 10)
    faults.heal(t.lab, number)
    end(t, recorders)


@scenario(settings=DUAL, tie_breaker="writer", fault=43, quick=True)
def dual_conflict(t):
    """Both insert the same key while they do not hear each other: both appliers stop, `check` of both names the
    conflict, both are written on; an operator resolves it and nothing else is lost."""
    recorders = begin(t)
    t.server(t.writer).sql(CONFLICT[0])
    at_rest(t)
    _, number = faults.cut(t.lab, t.writer)
    t.fault(faults.now_us())
    for node in NODES:
        t.server(node).sql(CONFLICT[1])
    faults.heal(t.lab, number)
    for node in NODES:
        t.wait(f"{node}'s applier stops with 1062",
               lambda n=node: t.server(n).replica_status().get("Last_SQL_Errno") == "1062", STOPPED_S)
        t.wait(f"`check` of {node} names the conflict", lambda n=node: problem(t, n, "conflict"), 10)
        sentence = problem(t, node, "conflict")["sentence"]
        expect("1062" in sentence and "quota" in sentence, f"the conflict is not named: {sentence}")
        expect(t.tool(node, "check").returncode == 2, f"`check` of {node} is not critical")
    expect(t.writers() == list(NODES), "a conflict closed a server")
    for node in NODES:  # the first node's row stands
        t.server(node).sql("SET SESSION sql_log_bin=0; DELETE FROM lab.named WHERE name='quota'")
    for node in NODES:
        t.server(node).sql("START SLAVE")
    for node in NODES:
        t.wait(f"{node} replicates", lambda n=node: replicates(t, n), 10)
    end(t, recorders)


@scenario(settings=DUAL, tie_breaker="writer", fault=51)
def dual_boots_alone(t):
    """A host is off while the other is written; the other goes off, and the first boots alone: it waits for what it
    lacks as far as it knows of it, is opened by itself when nothing of the other is heard for a lease, and both have
    everything in the end."""
    recorders = begin(t)
    t.fault(faults.now_us())
    t.power_off(t.standby)
    time.sleep(2)
    t.power_off(t.writer)
    t.power_on(t.standby)
    t.wait(f"{t.standby} is opened alone", lambda: t.writers() == [t.standby], 30)
    time.sleep(2)
    t.power_on(t.writer)
    end(t, recorders)
