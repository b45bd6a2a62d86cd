"""What the two processes of a node use, at rest and under a thousand writes a second."""
import time

from replab import faults
from replbench import clients, usage
from replbench.series import Row, Series

TITLE = "processor time and memory of the daemon"
CPU_LIMIT, PSS_LIMIT_MIB = 0.5, 14
WRITES_PER_SECOND = 1000
SAMPLES = 6


def pids_of(host):
    return [faults.find(host, what) for what in ("fencer", "supervisor")]


def over(seconds, groups, spent=usage.scheduled_s):
    """(percents of a core, MiBs) per group of pids, of so many windows of that time."""
    shares, memory = ({name: [] for name in groups} for _ in range(2))
    for _ in range(SAMPLES):
        before = time.monotonic()
        begun = {name: sum(spent(pid) for pid in pids) for name, pids in groups.items()}
        time.sleep(seconds / SAMPLES)
        took = time.monotonic() - before
        for name, pids in groups.items():
            shares[name].append(100 * (sum(spent(pid) for pid in pids) - begun[name]) / took)
        for name, pids in groups.items():
            memory[name].append(sum(usage.pss_kib(pid) for pid in pids) / 1024)
    return {name: (shares[name], memory[name]) for name in groups}


def naive(context, rows):
    for setting in ("fast", "usual"):
        with context.naive(setting) as pair:
            writer, standby = pair.rest()
            # keepalived with its checks: the server's side of them is not counted.
            groups = {name: pair.lab.hosts[name].pids("keepalived") for name in (writer, standby)}
            # Their checks are processes that end: those are in the parent's account once it has waited for them.
            for name, (shares, _) in over(context.seconds, groups, usage.cpu_s).items():
                rows["writer" if name == writer else "standby"].baseline[setting] = Series(shares)


def measure(context):
    what = f"windows of {context.seconds / SAMPLES:.0f} s"
    cpu = {role: context.add(Row(f"CPU at rest, {role}, {what}", Series(), "% core", CPU_LIMIT))
           for role in ("writer", "standby")}
    busy = {role: context.add(Row(f"CPU under {WRITES_PER_SECOND} writes/s, {role}", Series(), "% core"))
            for role in ("writer", "standby")}
    pss = {role: context.add(Row(f"PSS of both processes, {role}", Series(), "MiB", PSS_LIMIT_MIB, worst=True))
           for role in ("writer", "standby")}
    with context.pair() as pair:
        writer, standby = pair.rest()
        groups = {"writer": pids_of(pair.lab.hosts[writer]), "standby": pids_of(pair.lab.hosts[standby])}
        for role, (share, memory) in over(context.seconds, groups).items():
            cpu[role].ours.values += share
            pss[role].ours.values += memory
        with clients.Clients(pair.lab, rate=WRITES_PER_SECOND / 4, new=0, kept=4):
            time.sleep(2)
            for role, (share, memory) in over(context.seconds, groups).items():
                busy[role].ours.values += share
                pss[role].ours.values += memory
        context.note_load("CPU and PSS", pair.disturbed, 1)
    naive(context, cpu)
