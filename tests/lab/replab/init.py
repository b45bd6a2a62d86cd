"""The first process of a host: prepares its file system, reaps orphans, ends with the lab.

Run by unshare(1) as pid 1 of new net, mount, pid, uts and ipc namespaces, with one JSON argument:
hostname, overlays (lower -> upper and work folder), binds (source, target), syslog (file), ready_fd
(one byte when done), life_fd (end of file here ends the host; -1 for a host that outlives its maker).
Uses nothing but the standard library, and nothing of the package: it is started with -I.
"""
import ctypes
import errno
import json
import os
import select
import signal
import socket
import sys

MS_NOSUID, MS_BIND, MS_REC = 2, 4096, 16384
PR_SET_NAME = 15
DEVICES = ("null", "zero", "full", "random", "urandom", "tty", "ptmx", "pts", "net", "fuse")

libc = ctypes.CDLL(None, use_errno=True)


def mount(source, target, kind, flags=0, data=None):
    args = [a.encode() if a else None for a in (source, target, kind)]
    if libc.mount(*args, ctypes.c_ulong(flags), data.encode() if data else None) != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"mount {kind or 'bind'} {source} on {target}: {os.strerror(number)}")


def overlay(lower, upper, work):
    mount("overlay", lower, "overlay", 0, f"lowerdir={lower},upperdir={upper},workdir={work}")


def own_devices():
    """A /dev of this host: its /dev/log and /dev/shm must not be the machine's."""
    old = os.open("/dev", os.O_RDONLY | os.O_DIRECTORY)
    mount("tmpfs", "/dev", "tmpfs", MS_NOSUID, "mode=755,size=64m")
    for name in DEVICES:
        try:
            folder = os.path.isdir(f"/proc/self/fd/{old}/{name}")
            os.stat(name, dir_fd=old)
        except OSError:
            continue
        if folder:
            os.mkdir(f"/dev/{name}")
        else:
            os.close(os.open(f"/dev/{name}", os.O_CREAT | os.O_WRONLY))
        mount(f"/proc/self/fd/{old}/{name}", f"/dev/{name}", None, MS_BIND | MS_REC)
    os.mkdir("/dev/shm")
    os.chmod("/dev/shm", 0o1777)
    for name, target in (("fd", "/proc/self/fd"), ("stdin", "/proc/self/fd/0"),
                         ("stdout", "/proc/self/fd/1"), ("stderr", "/proc/self/fd/2")):
        os.symlink(target, f"/dev/{name}")
    os.close(old)


def prepare(spec):
    # Sources are opened first: the new /dev hides those that lie in the machine's /dev/shm.
    sources = [(os.open(source, os.O_PATH), target) for source, target in spec["binds"]]
    for lower in ("/etc", "/var/lib"):
        overlay(lower, *spec["overlays"][lower])
    own_devices()
    for fd, target in sources:
        os.makedirs(target, exist_ok=True)
        mount(f"/proc/self/fd/{fd}", target, None, MS_BIND | MS_REC)
        os.close(fd)
    mount("sysfs", "/sys", "sysfs")
    socket.sethostname(spec["hostname"])
    for name in ("all", "default"):
        path = f"/proc/sys/net/ipv6/conf/{name}/disable_ipv6"
        if os.path.exists(path):
            with open(path, "w", encoding="ascii") as file:
                file.write("1")


def syslog_reader(path, ready_fd):
    """Appends what arrives at /dev/log to a file. A process of its own, so that a test can stop it."""
    receiver = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    receiver.bind("/dev/log")
    os.chmod("/dev/log", 0o666)
    if os.fork() != 0:
        receiver.close()
        return
    os.close(ready_fd)
    libc.prctl(PR_SET_NAME, b"labsyslog", 0, 0, 0)
    out = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    while True:
        os.write(out, receiver.recv(65536).rstrip(b"\0\n") + b"\n")


def reap():
    try:
        while os.waitpid(-1, os.WNOHANG)[0] != 0:
            pass
    except ChildProcessError:
        pass


def serve(life_fd):
    wake_read, wake_write = os.pipe()
    os.set_blocking(wake_write, False)
    os.set_blocking(wake_read, False)
    signal.set_wakeup_fd(wake_write, warn_on_full_buffer=False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    poll = select.poll()
    poll.register(wake_read, select.POLLIN)
    if life_fd >= 0:
        poll.register(life_fd, 0)
    while True:
        reap()
        for fd, _ in poll.poll():
            if fd == life_fd:
                sys.exit(0)
            try:
                os.read(wake_read, 4096)
            except OSError as error:
                if error.errno != errno.EAGAIN:
                    raise


def main():
    spec = json.loads(sys.argv[1])
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    os.setsid()
    os.umask(0o022)
    if spec["hostname"] != "switch":
        prepare(spec)
        syslog_reader(spec["syslog"], spec["ready_fd"])
    os.chdir("/")
    os.write(spec["ready_fd"], b"1")
    os.close(spec["ready_fd"])
    serve(spec["life_fd"])


main()
