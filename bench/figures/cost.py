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


def over(seconds, groups):
    """(percent of a core, MiB) per group of pids, from samples over that time."""
    begun = {name: [usage.cpu_s(pid) for pid in pids] for name, pids in groups.items()}
    before = time.monotonic()
    memory = {name: [] for name in groups}
    for _ in range(SAMPLES):
        time.sleep(seconds / SAMPLES)
        for name, pids in groups.items():
            memory[name].append(sum(usage.pss_kib(pid) for pid in pids) / 1024)
    took = time.monotonic() - before
    used = {name: sum(usage.cpu_s(pid) for pid in pids) - sum(begun[name]) for name, pids in groups.items()}
    return {name: (100 * used[name] / took, memory[name]) for name in groups}


def naive(context, rows):
    for setting in ("fast", "usual"):
        with context.naive(setting) as pair:
            writer, standby = pair.rest()
            # keepalived with its checks: the server's side of them is not counted.
            groups = {name: pair.lab.hosts[name].pids("keepalived") for name in (writer, standby)}
            for name, (cpu, _) in over(context.seconds, groups).items():
                rows["writer" if name == writer else "standby"].baseline[setting] = Series([cpu])


def measure(context):
    what = f"over {context.seconds:.0f} s"
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
            cpu[role].ours.add(share)
            pss[role].ours.values += memory
        with clients.Clients(pair.lab, rate=WRITES_PER_SECOND / 4, new=0, kept=4):
            time.sleep(2)
            for role, (share, memory) in over(context.seconds, groups).items():
                busy[role].ours.add(share)
                pss[role].ours.values += memory
        context.note_load("CPU and PSS", pair.disturbed, 1)
    naive(context, cpu)
