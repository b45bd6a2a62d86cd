"""Takes every connection that a server gives to clients, and keeps them."""
import contextlib
import hashlib
import socket
import struct
import threading
import time

from .database import APPLICATION

TOO_MANY = 1040
PROTOCOL_41, SECURE_CONNECTION, PLUGIN_AUTH = 0x200, 0x8000, 0x80000


def _packet(sock):
    """(sequence number, payload)."""
    head = sock.recv(4, socket.MSG_WAITALL)
    if len(head) < 4:
        raise ConnectionError("closed")
    return head[3], sock.recv(int.from_bytes(head[:3], "little"), socket.MSG_WAITALL)


def _error(payload):
    return int.from_bytes(payload[1:3], "little") if payload[:1] == b"\xff" else 0


def _scramble(password, salt):
    once = hashlib.sha1(password.encode()).digest()
    mask = hashlib.sha1(salt + hashlib.sha1(once).digest()).digest()
    return bytes(a ^ b for a, b in zip(once, mask))


def connect(path, user, password):
    """(socket, 0) of a session that is logged in, or (None, the server's error; -1: no answer)."""
    sock = socket.socket(socket.AF_UNIX)
    sock.settimeout(2)
    try:
        sock.connect(path)
        number, greeting = _packet(sock)
        if not _error(greeting):
            version = greeting.index(b"\0", 1)
            salt = greeting[version + 5:version + 13] + greeting[version + 32:version + 44]
            answer = (struct.pack("<IIB23x", PROTOCOL_41 | SECURE_CONNECTION | PLUGIN_AUTH, 1 << 24, 33)
                      + user.encode() + b"\0\x14" + _scramble(password, salt) + b"mysql_native_password\0")
            sock.sendall(len(answer).to_bytes(3, "little") + bytes([number + 1]) + answer)
            number, greeting = _packet(sock)
        if not _error(greeting):
            return sock, 0
    except OSError:
        greeting = b""
    sock.close()
    return None, _error(greeting) or -1


class Flood:
    """Begins at once; `full` says when the server has refused one. Connections that it loses it takes again."""

    def __init__(self, server):
        self._path = server.host.socket
        self._held, self._full, self._ended = [], threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._loop, daemon=True)
        self._thread.start()

    def _loop(self):
        while not self._ended.is_set():
            sock, error = connect(self._path, *APPLICATION)
            if sock is not None:
                self._held.append(sock)
                continue
            if error == TOO_MANY:
                self._full.set()
            time.sleep(0.005)

    def full(self):
        return self._full.is_set()

    def close(self):
        self._ended.set()
        self._thread.join(5)
        for sock in self._held:
            with contextlib.suppress(OSError):
                sock.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()
