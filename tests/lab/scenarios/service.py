"""The daemon of the writer as a service: replaced, and ended where nobody can take over."""
import signal

from replab import LabError, faults, services

from .catalogue import expect, scenario
from .returns import break_applier, mend_applier


def one_of(host, what):
    """None while there is none."""
    try:
        return faults.find(host, what)
    except LabError:
        return None


def refused(t):
    return [o for o in t.done_through_vip() if o.result != "ok"]


@scenario(fault=56, name="upgrade-in-maintenance", quick=True)
def upgrade_in_maintenance(t):
    """In maintenance the writer's daemon is replaced, as its init script's restart does it: no role changes, no write is
    refused, and the command comes back when the next supervisor is at work."""
    t.begin()
    t.fault(faults.now_us())
    program = f"{t.lab.options.build}/mysql-replcheckd"
    expect(t.tool(t.writer, "maintenance", "on").returncode == 0, "maintenance is refused")
    for _ in range(2):
        child = faults.find(t.host(t.writer), "supervisor")
        done = t.host(t.writer).exec([program, "--config", "/etc/mysql-replcheck", "--upgrade"], check=False, timeout=30)
        expect(done.returncode == 0, f"--upgrade: exit {done.returncode}: {done.stderr}")
        expect(faults.find(t.host(t.writer), "supervisor") != child, "the same supervisor")
        t.wait_state(t.writer, "writer", 10)
        t.stays(f"{t.writer} as the one writer", lambda: t.writers() == [t.writer], 1)
    t.tool(t.writer, "maintenance", "off")
    t.wait_well()
    t.rest()
    failed = refused(t)
    expect(not failed, f"{len(failed)} writes failed, the first with error {failed[0].error if failed else 0}")
    t.end(t.writer, terms=1, outage_s=2)


def parent(pid):
    with open(f"/proc/{pid}/stat", encoding="latin-1") as file:
        return int(file.read().rpartition(")")[2].split()[1])


@scenario(fault=56, name="restart-in-maintenance", units=True)
def restart_in_maintenance(t):
    """In maintenance the writer's daemon is restarted, as `systemctl restart` does it: another fencer and another
    supervisor, and no role changes, no write is refused."""
    t.begin()
    t.fault(faults.now_us())
    host = t.host(t.writer)
    expect(t.tool(t.writer, "maintenance", "on").returncode == 0, "maintenance is refused")
    for _ in range(2):
        before = [faults.find(host, what) for what in ("fencer", "supervisor")]
        faults.send(host, parent(before[0]), signal.SIGUSR1)
        t.wait("both are others", lambda old=before: all(pid not in (None, old[i]) for i, pid in enumerate(
            [one_of(host, what) for what in ("fencer", "supervisor")])), 20)
        t.wait_state(t.writer, "writer", 10)
        t.stays(f"{t.writer} as the one writer", lambda: t.writers() == [t.writer], 1)
    t.tool(t.writer, "maintenance", "off")
    t.wait_well()
    t.rest()
    failed = refused(t)
    expect(not failed, f"{len(failed)} writes failed, the first with error {failed[0].error if failed else 0}")
    t.end(t.writer, terms=1, outage_s=2)


@scenario(name="stop-daemon-in-maintenance")
def stop_daemon_in_maintenance(t):
    """The writer's daemon is ended in order in maintenance, where nobody takes over: it closes its server within seconds
    and says so, nobody is promoted, and it takes the role up again when it is back."""
    t.begin()
    expect(t.tool(t.standby, "maintenance", "on").returncode == 0, "maintenance is refused")
    t.wait(f"{t.writer} knows that", lambda: t.report(t.writer).get("row") == 515, 10)
    host = t.host(t.writer)
    t.fault(faults.send(host, "fencer", signal.SIGTERM))
    t.wait("the daemon has ended", lambda: not host.pids(faults.OURS), 20)
    expect(t.server(t.writer).read_only(), f"{t.writer} is writable without a daemon")
    expect("asked to stop" in t.said(t.writer) and "closing" in t.said(t.writer), "it did not say that it closes")
    t.stays("nobody is promoted", lambda: not t.writers(), 2)
    services.start_supervisor(t.lab, host)
    t.wait_writer(t.writer, 20)
    t.tool(t.standby, "maintenance", "off")
    t.wait_well()
    t.end(t.writer, terms=2, outage_s=60)


@scenario(name="stop-daemon-unready", quick=True)
def stop_daemon_unready(t):
    """The writer's daemon is ended in order while the standby does not apply: it closes its server at once and says so,
    the standby, which lacks what was acknowledged, is not promoted, and the first takes the role up again."""
    t.begin()
    break_applier(t)
    t.wait(f"{t.writer} knows that {t.standby} is not ready", lambda: t.report(t.writer).get("standby_ready") is False, 15)
    host = t.host(t.writer)
    t.fault(faults.send(host, "fencer", signal.SIGTERM))
    t.wait("the server is closed", lambda: not t.writers(), 5)
    t.wait("the daemon has ended", lambda: not host.pids(faults.OURS), 10)
    for told in (t.said(t.writer), t.tool(t.writer, "history").stdout):
        expect("asked to stop, and the other node cannot take over: closing" in told, f"it is not told (row 525): {told}")
    t.stays("nobody is promoted", lambda: not t.writers(), 3)
    services.start_supervisor(t.lab, host)
    t.wait_writer(t.writer, 30)
    mend_applier(t)
    t.wait_well(40)
    t.end(t.writer, terms=2, outage_s=60)


@scenario(units=True)
def under_units(t):
    """The daemon as its units start it, with as much of their restrictions as can be had: the fencer, which is never root,
    kills a server that hangs and the resetter ends its connections; upgrades and ends in order work as ever."""
    t.begin()
    program = f"{t.lab.options.build}/mysql-replcheckd"
    done = t.host(t.writer).exec([program, "--config", "/etc/mysql-replcheck", "--upgrade"], check=False, timeout=30)
    expect(done.returncode == 0, f"--upgrade: exit {done.returncode}: {done.stderr}")
    t.wait_state(t.writer, "writer", 10)
    t.fault(faults.stop(t.host(t.writer), "mariadbd"))
    t.wait_writer(t.standby, 15)
    expect("of the dead server in" in t.said(t.writer), "nothing was reset")
    t.server(t.writer).start()
    t.wait_returned(t.writer)
    faults.send(t.host(t.standby), "fencer", signal.SIGTERM)
    t.wait_writer(t.writer, 15)
    services.start_supervisor(t.lab, t.host(t.standby))
    t.wait_well()
    for node in (t.writer, t.standby):
        for trouble in ("not permitted", "denied", "Bad system call"):
            expect(trouble not in t.said(node), f"{node}: {trouble}")
    t.end(t.writer, terms=3, outage_s=15)


@scenario(name="hanging-hook")
def hanging_hook(t):
    """On both nodes a hook that hangs, and one behind it that notes what it is told: the roles move as fast as ever, the
    first is killed at its time limit, and the second is called all the same."""
    for node in ("mx1", "mx2"):
        t.host(node).write("etc/mysql-replcheck/hooks.d/10-hang", "#!/bin/sh\nsleep 1000\n", 0o755)
        t.host(node).write("etc/mysql-replcheck/hooks.d/20-note",
                           "#!/bin/sh\necho $1 $REPLCHECK_STATE_TO $REPLCHECK_EPOCH >>/var/lib/mysql-replcheck/noted\n", 0o755)
    t.begin()
    t.fault(faults.now_us())
    done = t.tool(t.writer, "switchover")
    expect(done.returncode == 0, f"switchover: exit {done.returncode}: {done.stdout}{done.stderr}")
    t.wait_writer(t.standby, 5)
    t.wait_well()
    for node, line in ((t.standby, "post_promote writer 2\n"), (t.writer, "post_demote standby ")):
        t.wait(f"{node} notes {line!r}", lambda n=node, wanted=line: wanted in noted(t, n), 20)
        expect("10-hang" in t.said(node) and "killed at its deadline" in t.said(node), f"{node} does not log the hook")
        history = t.tool(node, "history", "--kind", "hook")
        expect("20-note" in history.stdout, f"{node}'s history: {history.stdout}{history.stderr}")
    t.end(t.standby, terms=2, outage_s=1)


def noted(t, node):
    return t.host(node).exec(["cat", "/var/lib/mysql-replcheck/noted"], check=False, timeout=20).stdout
