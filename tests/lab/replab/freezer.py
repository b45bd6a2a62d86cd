"""Stops every process of a host at one moment, as a paused virtual machine: cgroup v1 freezer, or v2."""
import os
import time

from . import cgroup
from .errors import LabError


def _await(path, wanted, timeout_s=5.0):
    deadline = time.monotonic() + timeout_s
    while True:
        with open(path, encoding="ascii") as file:
            if wanted in file.read():
                return
        if time.monotonic() > deadline:
            raise LabError(f"{path} did not become {wanted!r}")
        time.sleep(0.0005)


def freeze(host, only=None):
    """`only`: outer pids, instead of all. A frozen process feels no signal, SIGKILL neither, until it is thawed:
    so does one that waits for a disk that hangs."""
    folder, _, version = cgroup.folder_of(host, "freezer")
    cgroup.enter(host, folder, only)
    if version == 1:
        cgroup.write(os.path.join(folder, "freezer.state"), "FROZEN")
        _await(os.path.join(folder, "freezer.state"), "FROZEN\n")
    else:
        cgroup.write(os.path.join(folder, "cgroup.freeze"), "1")
        _await(os.path.join(folder, "cgroup.events"), "frozen 1")


def thaw(host):
    """Resumes the host and removes the group; nothing happens where it was not frozen."""
    try:
        folder, root, version = cgroup.folder_of(host, "freezer")
    except LabError:
        return
    if not os.path.isdir(folder):
        return
    name = "freezer.state" if version == 1 else "cgroup.freeze"
    cgroup.write(os.path.join(folder, name), "THAWED" if version == 1 else "0")
    cgroup.leave(folder, root)
