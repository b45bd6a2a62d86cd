"""Control groups of a host's processes, version 1 or 2: one folder per host and controller, removed when it ends."""
import errno
import os
import time

from .errors import LabError


def _root(controller):
    """(folder to make ours in, version)."""
    unified = None
    with open("/proc/mounts", encoding="utf-8") as file:
        for line in file:
            _, folder, kind, options = line.split()[:4]
            if kind == "cgroup" and controller in options.split(","):
                return folder, 1
            if kind == "cgroup2":
                unified = folder
    if unified is None:
        raise LabError(f"neither a cgroup v1 {controller} nor cgroup2 is mounted")
    return unified, 2


def folder_of(host, controller):
    """(the host's folder, where it leaves to, version)."""
    root, version = _root(controller)
    lab = os.path.basename(os.path.dirname(host.volatile))
    return os.path.join(root, f"{lab}-{host.name}"), root, version


def write(path, text):
    with open(path, "w", encoding="ascii") as file:
        file.write(text)


def enter(host, folder, only=None):
    """Every process of the host, or those alone; those that they start later follow by themselves."""
    os.makedirs(folder, exist_ok=True)
    seen = set()
    while True:  # until no process was born meanwhile
        new = set(only or host.space.pids()) - seen
        if not new:
            return
        for pid in new:
            try:
                write(os.path.join(folder, "cgroup.procs"), str(pid))
            except ProcessLookupError:
                pass
            except OSError as error:  # a realtime process, and the kernel schedules those by groups
                if error.errno != errno.EINVAL:
                    raise
        seen |= new


def leave(folder, root):
    """Everybody leaves, and the folder goes."""
    for _ in range(200):
        with open(os.path.join(folder, "cgroup.procs"), encoding="ascii") as file:
            pids = file.read().split()
        for pid in pids:
            try:
                write(os.path.join(root, "cgroup.procs"), pid)
            except OSError:
                pass
        try:
            os.rmdir(folder)
            return
        except OSError:
            time.sleep(0.01)
