"""Stops every process of a host at one moment, as a paused virtual machine: cgroup v1 freezer, or v2."""
import os
import time

from .errors import LabError


def _root():
    """(folder to make ours in, version)."""
    unified = None
    with open("/proc/mounts", encoding="utf-8") as file:
        for line in file:
            _, folder, kind, options = line.split()[:4]
            if kind == "cgroup" and "freezer" in options.split(","):
                return folder, 1
            if kind == "cgroup2":
                unified = folder
    if unified is None:
        raise LabError("neither a cgroup v1 freezer nor cgroup2 is mounted: a whole host cannot be frozen")
    return unified, 2


def _folder(host):
    root, version = _root()
    lab = os.path.basename(os.path.dirname(host.volatile))
    return os.path.join(root, f"{lab}-{host.name}"), root, version


def _write(path, text):
    with open(path, "w", encoding="ascii") as file:
        file.write(text)


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
    folder, _, version = _folder(host)
    os.makedirs(folder, exist_ok=True)
    seen = set()
    while True:  # until no process was born meanwhile
        new = set(only or host.space.pids()) - seen
        if not new:
            break
        for pid in new:
            try:
                _write(os.path.join(folder, "cgroup.procs"), str(pid))
            except ProcessLookupError:
                pass
        seen |= new
    if version == 1:
        _write(os.path.join(folder, "freezer.state"), "FROZEN")
        _await(os.path.join(folder, "freezer.state"), "FROZEN\n")
    else:
        _write(os.path.join(folder, "cgroup.freeze"), "1")
        _await(os.path.join(folder, "cgroup.events"), "frozen 1")


def thaw(host):
    """Resumes the host and removes the group; nothing happens where it was not frozen."""
    try:
        folder, root, version = _folder(host)
    except LabError:
        return
    if not os.path.isdir(folder):
        return
    name = "freezer.state" if version == 1 else "cgroup.freeze"
    _write(os.path.join(folder, name), "THAWED" if version == 1 else "0")
    with open(os.path.join(folder, "cgroup.procs"), encoding="ascii") as file:
        pids = file.read().split()
    for pid in pids:
        try:
            _write(os.path.join(root, "cgroup.procs"), pid)
        except OSError:
            pass
    for _ in range(200):
        try:
            os.rmdir(folder)
            return
        except OSError:
            time.sleep(0.01)
