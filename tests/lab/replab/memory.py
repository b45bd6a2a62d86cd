"""Folders of laboratories in memory, under /dev/shm: /tmp may be a disk, this is memory everywhere."""
import glob
import os
import shutil
import tempfile
import time

from .ns import alive

PREFIX = "/dev/shm/replab-"
HOLDER = "holder"


def make(name):
    path = tempfile.mkdtemp(prefix=os.path.basename(PREFIX) + name + "-", dir=os.path.dirname(PREFIX))
    os.chmod(path, 0o755)
    return path


def claim(path, space):
    """Notes the process without which the folder is of no use."""
    with open(os.path.join(path, HOLDER), "w", encoding="ascii") as file:
        file.write(f"{space.pid} {space.started}")


def sweep():
    """Removes the folders of laboratories whose program was killed."""
    for path in glob.glob(PREFIX + "*"):
        try:
            with open(os.path.join(path, HOLDER), encoding="ascii") as file:
                used = alive(*map(int, file.read().split()))
        except (OSError, ValueError, TypeError):
            used = time.time() - os.stat(path).st_mtime < 60  # one that is just coming up
        if not used:
            shutil.rmtree(path, ignore_errors=True)
