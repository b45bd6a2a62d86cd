"""A service manager's ear and store: NOTIFY_SOCKET with FDSTORE=, FDSTOREREMOVE= and BARRIER= as systemd has them, and
the start of a process with what the last one left."""
import os
import socket
import subprocess
import sys
import threading

# Becomes the command behind it, with the descriptors that are named first as 3, 4, ...
LAUNCHER = """
import fcntl, os, sys
numbers = [int(n) for n in sys.argv[1].split(",") if n]
high = [fcntl.fcntl(n, fcntl.F_DUPFD, 100) for n in numbers]
for number in numbers:
    os.close(number)
for target, fd in enumerate(high, 3):
    os.dup2(fd, target)
    os.close(fd)
os.environ["LISTEN_PID"] = str(os.getpid())
os.execvp(sys.argv[2], sys.argv[2:])
"""


class ServiceManager:
    def __init__(self, room=8):
        self.room, self.told, self.kept = room, [], {}
        self.changed = threading.Condition()
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind("")  # a name that the kernel chooses
        self.thread = threading.Thread(target=self._serve, daemon=True)
        self.thread.start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.drop()
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as last:
            last.sendto(b"", self.socket.getsockname())
        self.thread.join()
        self.socket.close()

    def _serve(self):
        while True:
            text, fds, _, _ = socket.recv_fds(self.socket, 4096, 4)
            if not text:
                return
            self._take(text.decode(), fds)

    def _take(self, text, fds):
        lines = dict(line.split("=", 1) for line in text.split("\n"))
        with self.changed:
            self.told.append(text)
            if "FDSTORE" in lines and len(self.kept) < self.room:
                self.kept[lines["FDNAME"]] = fds.pop()
            if "FDSTOREREMOVE" in lines and lines["FDNAME"] in self.kept:
                os.close(self.kept.pop(lines["FDNAME"]))
            for fd in fds:  # a BARRIER's, too
                os.close(fd)
            self.changed.notify_all()

    def hears(self, what, seconds=20):
        """Since it was asked last."""
        with self.changed:
            heard = self.changed.wait_for(lambda: any(what in text for text in self.told), seconds)
            self.told.clear()
            return heard

    def drop(self):
        """The service stays stopped."""
        with self.changed:
            for fd in self.kept.values():
                os.close(fd)
            self.kept.clear()

    def environment(self):
        return dict(os.environ, NOTIFY_SOCKET="@" + self.socket.getsockname()[1:].decode(), FDSTORE=str(self.room))

    def start(self, command, **named):
        """With what is kept, which stays kept until the process has it removed."""
        with self.changed:
            names, fds = list(self.kept), list(self.kept.values())
            about = {"LISTEN_FDS": str(len(fds)), "LISTEN_FDNAMES": ":".join(names)} if fds else {}
            return subprocess.Popen([sys.executable, "-c", LAUNCHER, ",".join(map(str, fds)), *command],
                                    env=dict(self.environment(), **about), pass_fds=fds, **named)
