"""Faults that can be put together: each is given P and S, the writer and the standby at that moment, and returns how
it is healed. What is left over when all were healed, `restore` puts right, as an operator or a unit would."""
import contextlib
import dataclasses
import signal
import typing

from replab import LabError, faults, flood, services
from replab.lab import NODES

from .catalogue import Scenario


@dataclasses.dataclass
class Injection:
    name: str
    row: int
    inject: typing.Callable  # (trial, P, S) -> heal()
    witness: bool = False    # there must be one
    hangs: str = ""          # "P" or "S": that node's server answers nobody, and is no live server
    core: bool = False       # one of those that are paired with each other


ALL = {}


def injection(row, **named):
    def register(function):
        name = function.__name__.replace("_", "-")
        ALL[name] = Injection(name, row, function, **named)
        return function
    return register


def nothing():
    """Healed by `restore`."""


def signals(t, node, number, *names):
    """To processes of a node, if they are there; heals by letting them go on."""
    host, pids = t.host(node), []
    for name in names:
        with contextlib.suppress(LabError):
            pids += host.pids(name) if name == "keepalived" else [faults.find(host, name)]
    faults.send_together(number, *((host, pid) for pid in pids))

    def heal():
        for pid in pids:
            with contextlib.suppress(ProcessLookupError):
                faults.resume(host, pid)
    return heal if number == signal.SIGSTOP else nothing


def cut(t, *args, **named):
    _, number = faults.cut(t.lab, *args, **named)
    return lambda: faults.heal(t.lab, number)


@injection(1, core=True)
def kill_server_P(t, p, s):
    return signals(t, p, signal.SIGKILL, "mariadbd")


@injection(2, hangs="P", core=True)
def stop_server_P(t, p, s):
    return signals(t, p, signal.SIGSTOP, "mariadbd")


@injection(5, core=True)
def kill_server_S(t, p, s):
    return signals(t, s, signal.SIGKILL, "mariadbd")


@injection(5, hangs="S")
def stop_server_S(t, p, s):
    return signals(t, s, signal.SIGSTOP, "mariadbd")


@injection(7, core=True)
def kill_supervisor_P(t, p, s):
    return signals(t, p, signal.SIGKILL, "supervisor")


@injection(7)
def kill_supervisor_S(t, p, s):
    return signals(t, s, signal.SIGKILL, "supervisor")


@injection(8, core=True)
def stop_supervisor_P(t, p, s):
    return signals(t, p, signal.SIGSTOP, "supervisor")


@injection(8, core=True)
def stop_supervisor_S(t, p, s):
    return signals(t, s, signal.SIGSTOP, "supervisor")


@injection(11)
def kill_fencer_P(t, p, s):
    return signals(t, p, signal.SIGKILL, "fencer")


@injection(11, core=True)
def stop_fencer_P(t, p, s):
    return signals(t, p, signal.SIGSTOP, "fencer")


@injection(12, core=True)
def stop_both_P(t, p, s):
    return signals(t, p, signal.SIGSTOP, "fencer", "supervisor")


@injection(13, core=True)
def cut_pair(t, p, s):
    return cut(t, p, peer=s)


@injection(13, core=True)
def cut_off_P(t, p, s):
    return cut(t, p)


@injection(13)
def cut_off_S(t, p, s):
    return cut(t, s)


@injection(14)
def deaf_P(t, p, s):
    return cut(t, p, "in")


@injection(15, core=True)
def mute_P(t, p, s):
    return cut(t, p, "out")


@injection(16)
def deaf_S(t, p, s):
    return cut(t, s, "in")


@injection(17)
def cut_vrrp(t, p, s):
    return cut(t, p, peer=s, proto=112)


@injection(18)
def cut_database_port(t, p, s):
    return cut(t, p, peer=s, tcp_port=3306)


@injection(19, witness=True)
def cut_witness_P(t, p, s):
    return cut(t, p, peer="witness")


@injection(20, witness=True)
def cut_witness_S(t, p, s):
    return cut(t, s, peer="witness")


@injection(21, witness=True, core=True)
def kill_witness(t, p, s):
    return signals(t, "witness", signal.SIGKILL, "mariadbd")


@injection(22, witness=True)
def stop_witness(t, p, s):
    return signals(t, "witness", signal.SIGSTOP, "mariadbd")


@injection(25)
def lose_packets_P(t, p, s):
    return cut(t, p, loss=30)


@injection(28)
def kill_keepalived_P(t, p, s):
    return signals(t, p, signal.SIGKILL, "keepalived")


@injection(29)
def stop_keepalived_P(t, p, s):
    return signals(t, p, signal.SIGSTOP, "keepalived")


@injection(0, core=True)
def power_off_P(t, p, s):
    return power_off(t, p)


@injection(0, core=True)
def power_off_S(t, p, s):
    return power_off(t, s)


def power_off(t, node):
    if t.host(node).on:
        t.power_off(node)
    return nothing


@injection(52)
def read_lock_P(t, p, s):
    return lock(t, p)


@injection(52)
def read_lock_S(t, p, s):
    return lock(t, s)


def lock(t, node):
    """As a backup would; not waited for, since tables may be locked by another fault, and it stands in line behind them."""
    def begin():
        session = faults.Session(t.server(node))
        session.begin("FLUSH TABLES WITH READ LOCK")
        return session.close
    return held(t, node, begin)


def held(t, node, begin):
    """What is done to a server that answers: `begin` does it, and returns how it is healed."""
    if not t.server(node).answers():  # it is down, or hangs, by another fault
        return nothing
    try:
        return begin()
    except (LabError, BrokenPipeError) as error:  # another fault came between; or a mistake here, which must be seen
        print(f"        {node}: this fault did not come about: {error}", flush=True)
        return nothing


@injection(26)
def delay_P(t, p, s):
    return delay(t, p)


@injection(26)
def delay_S(t, p, s):
    return delay(t, s)


def delay(t, node):
    """Answers come too late for a renewal of the write lock, and in time for all else."""
    if not t.host(node).on:
        return nothing
    return faults.slow_down(t.lab, node, 300)[1]


@injection(32, hangs="P")
def starve_P(t, p, s):
    if not t.host(p).on:
        return nothing
    faults.starve(t.host(p), 3)
    return lambda: faults.feed(t.host(p))


@injection(35)
def lock_tables_P(t, p, s):
    return held(t, p, lambda: faults.table_lock(t.server(p)).close)


@injection(39)
def flood_P(t, p, s):
    return held(t, p, lambda: flood.Flood(t.server(p)).close)


@injection(47)
def drop_switch_P(t, p, s):
    """It is made anew by whoever supervises."""
    def drop():
        t.server(p).sql("SET SESSION sql_log_bin=0; DROP EVENT IF EXISTS replcheck.dead_man")
        return nothing
    return held(t, p, drop)


@injection(49)
def kill_sessions_P(t, p, s):
    return held(t, p, lambda: kill_sessions(t.server(p)))


@injection(49, witness=True)
def kill_sessions_witness(t, p, s):
    return held(t, "witness", lambda: kill_sessions(t.server("witness")))


def kill_sessions(server):
    ours = server.sql("SELECT ID FROM information_schema.PROCESSLIST WHERE USER IN ('replcheck', 'replcheck-fence')")
    for row in ours:
        with contextlib.suppress(LabError):  # one may have ended meanwhile
            server.sql(f"KILL {row[0]}")
    return nothing


@injection(53)
def stop_syslog_P(t, p, s):
    return signals(t, p, signal.SIGSTOP, "labsyslog")


# Putting together --------------------------------------------------------------------------------------


def restore(t):
    """Everything runs again."""
    faults.heal(t.lab)
    for name in NODES:
        if not t.host(name).on:
            t.power_on(name)
    for name in (*NODES, "witness"):
        revive_server(t, name)
    for name in NODES:
        host = t.host(name)
        if not host.pids("keepalived"):
            services.start_keepalived(host)
        revive_daemon(t, host)


def revive_server(t, name):
    server, host = t.server(name), t.host(name)
    if not host.pids("mariadbd"):
        server.start()
    t.wait(f"{name}: a server that answers", lambda: server.answers() or not host.pids("mariadbd"), 15)
    if not host.pids("mariadbd"):  # what was killed was still ending
        server.start()


def has(host, what):
    with contextlib.suppress(LabError):
        return bool(faults.find(host, what))
    return False


def revive_daemon(t, host):
    """A unit starts it again when its main process, the fencer, has ended."""
    if has(host, "fencer"):
        return
    t.wait(f"{host.name}: the end of what is left of the daemon", lambda: not host.pids(faults.OURS), 15)
    services.start_supervisor(t.lab, host)


def together(t, names, gap_s, hold_s, sleep):
    """Injects one after the other, waits, heals in the order of injection, and restores."""
    writers = t.writers()
    p = writers[0] if writers else t.writer
    s = t.other(p)
    hung = [{"P": p, "S": s}[ALL[name].hangs] for name in names if ALL[name].hangs]
    # Where both servers may be out of a node's reach, its lookups cannot be answered.
    excused = NODES if len(names) > 1 else hung
    heals = []
    with t.excused(*excused):
        for i, name in enumerate(names):
            if i:
                sleep(gap_s)
            t.fault(faults.now_us())
            heals.append(ALL[name].inject(t, p, s))
        sleep(hold_s)
        for heal in heals:
            heal()
        restore(t)
        settle(t)


def settle(t):
    """One writer; the other is ready, or quarantined. Returns whether it is quarantined."""
    t.wait("one writer", lambda: len(t.writers()) == 1, 60)
    other = t.other(t.writers()[0])
    t.wait_returned(other, 60)
    return t.state(other) == "quarantined"


# As many as befall it: what limits them has scenarios of its own.
OFTEN = {"policy.breaker": "{failovers: 1000, window: 1h}", "policy.vip_hold_down": "5s"}
HOLD_S = 6  # longer than a lease and all delays of a promotion


def pair(first, second, sleep):
    """A scenario of two faults, the second one half a second after the first."""
    def run(t):
        t.begin()
        together(t, (first, second), 0.5, HOLD_S, sleep)
        t.end(t.writers()[0], vip_s=60, unrecorded=True)
    what = f"{first}, and half a second later {second}; both end after {HOLD_S} s."
    rows = tuple(sorted({ALL[first].row, ALL[second].row} - {0}))
    return Scenario(f"{first}+{second}", what, run, "witness", OFTEN, rows, False)


def pairs(sleep, core=True):
    """Every two that differ, of the core or of all, in the order of the file."""
    names = [one.name for one in ALL.values() if one.core or not core]
    return [pair(a, b, sleep) for i, a in enumerate(names) for b in names[i + 1:]]
