"""Leaves a host so little of a CPU that its processes stand still most of the time."""
import os

from . import cgroup
from .errors import LabError

PERIOD_US = 100_000
LEAST_US = 1000  # the kernel's smallest quota


def starve(host, percent):
    """All processes of the host together get so much of one CPU, in turns of 100 ms."""
    folder, root, version = cgroup.folder_of(host, "cpu")
    quota = max(LEAST_US, int(PERIOD_US * percent / 100))
    os.makedirs(folder, exist_ok=True)
    if version == 2:
        cgroup.write(os.path.join(root, "cgroup.subtree_control"), "+cpu")
    elif os.path.exists(os.path.join(folder, "cpu.rt_runtime_us")):
        # Ours run in real time; a machine that gets no CPU knows no such thing.
        cgroup.write(os.path.join(folder, "cpu.rt_period_us"), str(PERIOD_US))
        cgroup.write(os.path.join(folder, "cpu.rt_runtime_us"), str(quota))
    cgroup.enter(host, folder)
    if version == 1:
        cgroup.write(os.path.join(folder, "cpu.cfs_period_us"), str(PERIOD_US))
        cgroup.write(os.path.join(folder, "cpu.cfs_quota_us"), str(quota))
    else:
        cgroup.write(os.path.join(folder, "cpu.max"), f"{quota} {PERIOD_US}")


def feed(host):
    """The host has its CPUs again; nothing happens where it was not starved."""
    try:
        folder, root, version = cgroup.folder_of(host, "cpu")
    except LabError:
        return
    if not os.path.isdir(folder):
        return
    if version == 1:
        cgroup.write(os.path.join(folder, "cpu.cfs_quota_us"), "-1")
    else:
        cgroup.write(os.path.join(folder, "cpu.max"), "max")
    cgroup.leave(folder, root)
