"""A server that a test plays."""
import contextlib
import socket
import threading


class Listener:
    """Accepts everybody at `address`, until close(): serve(socket) is called for each on a thread of its own, and the
    connection closed after it. What the other end does to a connection ends that one alone; close() ends all."""

    def __init__(self, serve, address=("127.0.0.1", 0)):
        self._serve = serve
        self._server = socket.create_server(address, backlog=64)
        self.port = self._server.getsockname()[1]
        self._connections = []
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        with contextlib.suppress(OSError):
            while True:
                sock, _ = self._server.accept()
                self._connections.append(sock)
                threading.Thread(target=self._talk, args=(sock,), daemon=True).start()

    def _talk(self, sock):
        with sock, contextlib.suppress(OSError):
            self._serve(sock)

    def close(self):
        for sock in (self._server, *self._connections):
            with contextlib.suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)
        self._server.close()
