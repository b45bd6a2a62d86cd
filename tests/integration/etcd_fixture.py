"""etcd for tests: real members on loopback, each ended by its pid; a node's voter as a process of its own; a server
that answers what no etcd would."""

import base64
import contextlib
import ctypes
import json
import os
import select
import shutil
import signal
import ssl
import subprocess
import tempfile
import urllib.request

from case_fixture import PATIENCE_S, Failure, wait_for
from listener import Listener
from ports import free_port

PREFIX = "/replcheck/test/"
PR_SET_PDEATHSIG = 1
DRIVER = os.path.join("tests", "integration", "etcd_driver")


def die_with_parent():
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def encode(text):
    return base64.b64encode(text.encode()).decode()


class Member:
    """One etcd; `peers` is the whole --initial-cluster for more than one."""

    def __init__(self, folder, name="m0", client_port=0, peer_port=0, peers="", tls=(), address="127.0.0.1"):
        self.name, self.data = name, os.path.join(folder, name)
        self.address, self.port = address, client_port or free_port(address)
        self.peer_port = peer_port or free_port()
        self.peers = peers or f"{name}=http://127.0.0.1:{self.peer_port}"
        self.tls, self.process = list(tls), None
        self.log = os.path.join(folder, name + ".log")

    @property
    def url(self):
        address = f"[{self.address}]" if ":" in self.address else self.address
        return f"{'https' if self.tls else 'http'}://{address}:{self.port}"

    def start(self, wait=True):
        peer = f"http://127.0.0.1:{self.peer_port}"
        argv = ["etcd", "--name", self.name, "--data-dir", self.data, "--listen-client-urls", self.url,
                "--advertise-client-urls", self.url, "--listen-peer-urls", peer, "--initial-advertise-peer-urls",
                peer, "--initial-cluster", self.peers, "--unsafe-no-fsync", "--logger", "zap", *self.tls]
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                                            preexec_fn=die_with_parent)
        if wait:
            self.wait()
        return self

    def wait(self):
        wait_for(f"an answer of etcd, see {self.log}", self.answers)

    def answers(self):
        with contextlib.suppress(OSError, ssl.SSLError, ValueError):
            return "header" in self.ask("kv/range", {"key": encode("x")}, timeout=1)
        return False

    def send(self, number):
        self.process.send_signal(number)

    def stop(self):
        if self.process:
            with contextlib.suppress(ProcessLookupError):
                self.process.kill()
            self.process.wait()
            self.process = None

    def wipe(self):
        shutil.rmtree(self.data)

    # What etcd itself says, and what somebody else does there.

    def ask(self, path, body, timeout=5, context=None, token=""):
        headers = {"Authorization": token} if token else {}
        request = urllib.request.Request(f"{self.url}/v3/{path}", json.dumps(body).encode(), headers)
        with urllib.request.urlopen(request, timeout=timeout, context=context) as answer:
            return json.load(answer)

    def keys(self):
        end = PREFIX[:-1] + chr(ord("/") + 1)
        found = self.ask("kv/range", {"key": encode(PREFIX), "range_end": encode(end)})
        return {base64.b64decode(kv["key"]).decode()[len(PREFIX):]: dict(kv, text=base64.b64decode(kv["value"]).decode())
                for kv in found.get("kvs", [])}

    def lease_of_vote(self):
        return int(self.keys().get("vote", {}).get("lease", 0))

    def put(self, name, text):
        self.ask("kv/put", {"key": encode(PREFIX + name), "value": encode(text)})

    def delete(self, name):
        self.ask("kv/deleterange", {"key": encode(PREFIX + name)})

    def revoke(self, lease):
        self.ask("lease/revoke", {"ID": str(lease)})


class Voter:
    """A node's voter on etcd: tests/integration/etcd_driver."""

    def __init__(self, node, endpoints, lease_ms=2000, renew_ms=200, options=()):
        words = [word for address, port in endpoints for word in (address, str(port))]
        self.stderr = tempfile.TemporaryFile("w+")
        self.process = subprocess.Popen([os.path.join(os.getcwd(), DRIVER), node, str(lease_ms), str(renew_ms), *options,
                                         *words], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self.stderr,
                                        text=True, preexec_fn=die_with_parent)
        self.events = []

    def say(self, line="show", seconds=PATIENCE_S):
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()
        if not select.select([self.process.stdout], [], [], seconds)[0]:
            raise Failure(f"no answer to {line!r} in {seconds} s")
        text = self.process.stdout.readline()
        if not text:
            raise Failure(f"the voter is gone: {self.said()}")
        state = json.loads(text)
        self.events += state["events"]
        return state

    def is_so(self, **wanted):
        state = self.say()
        return state if all(state[k] == v for k, v in wanted.items()) else None

    def wait(self, seconds=PATIENCE_S, **wanted):
        try:
            return wait_for(str(wanted), lambda: self.is_so(**wanted), seconds)
        except Failure as failure:
            raise Failure(f"{failure}; it is {self.say()}; it said: {self.said()[-600:]}") from None

    def event(self, what, seconds=PATIENCE_S):
        def first():
            self.say()
            found = [e for e in self.events if e["what"] == what]
            if found:
                self.events.remove(found[0])
            return found[:1]
        return wait_for(f"event {what}", first, seconds)[0]

    def said(self):
        self.stderr.seek(0)
        return self.stderr.read()

    def end(self):
        """Its loop ends with its input; what a sanitizer finds then is told too."""
        with contextlib.suppress(BrokenPipeError):
            self.process.stdin.close()
        try:
            code = self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            code = self.process.wait()
        said = self.said()
        self.process.stdout.close()
        self.stderr.close()
        if code not in (0, 1, -signal.SIGKILL):
            raise Failure(f"the voter ended with {code}: {said[-2000:]}")


class Liar(Listener):
    """Speaks HTTP and answers each request with what `answer(path, body)` returns: (status, bytes), or None to say
    nothing for ever."""

    def __init__(self, answer):
        self.answer = answer
        self.asked = 0
        super().__init__(self._serve_http)

    def _serve_http(self, sock):
        with sock.makefile("rb") as stream:
            while True:
                head = [stream.readline()]
                while head[-1] not in (b"\r\n", b""):
                    head.append(stream.readline())
                if head[-1] == b"":
                    return
                length = next((int(line.split(b":")[1]) for line in head if line.lower().startswith(b"content-length")), 0)
                body = stream.read(length)
                self.asked += 1
                answer = self.answer(head[0].split()[1].decode(), body)
                if answer is None:
                    stream.read()
                    return
                status, text = answer
                sock.sendall(f"HTTP/1.1 {status} X\r\nContent-Length: {len(text)}\r\n\r\n".encode() + text)
