"""What processes use, out of /proc."""
import os

TICK_S = 1 / os.sysconf("SC_CLK_TCK")


def cpu_s(pid):
    """User and system time, that of children which ended included."""
    with open(f"/proc/{pid}/stat", encoding="latin-1") as file:
        fields = file.read().rpartition(")")[2].split()
    return sum(int(f) for f in fields[11:15]) * TICK_S


def scheduled_s(pid):
    """The same of all its threads that still run, to the nanosecond; ended threads and children are not in it."""
    total = 0
    for task in os.listdir(f"/proc/{pid}/task"):
        with open(f"/proc/{pid}/task/{task}/schedstat", encoding="ascii") as file:
            total += int(file.read().split()[0])
    return total / 1e9


def _rollup_kib(pid, field):
    with open(f"/proc/{pid}/smaps_rollup", encoding="ascii") as file:
        return next(int(line.split()[1]) for line in file if line.startswith(field + ":"))


def pss_kib(pid):
    """With its share of what other processes use too; so it changes with them."""
    return _rollup_kib(pid, "Pss")


def anonymous_kib(pid):
    """Heap and stacks: what the process itself has made."""
    return _rollup_kib(pid, "Anonymous")


def fds(pid):
    return len(os.listdir(f"/proc/{pid}/fd"))


def rss_kib(pid):
    with open(f"/proc/{pid}/status", encoding="latin-1") as file:
        return next(int(line.split()[1]) for line in file if line.startswith("VmRSS:"))
