"""What the tests of the command line, the plugin and the definitions for monitoring share: the programs, files of a
configuration, and a supervisor that is played."""
import contextlib
import json
import os
import socket
import sys
import threading
import time

TOOL, PLUGIN, DIRECT, DAEMON = (os.path.abspath(name) for name in (
    "mysql-replcheck", "check_mysql_replcheck", "replcheck-direct", "mysql-replcheckd"))
NOT_BUILT = 99


def read(path):
    with open(path, encoding="utf-8", errors="replace") as file:
        return file.read()


def write(path, text, mode=0o600):
    with open(path, "w", encoding="utf-8", opener=lambda p, f: os.open(p, f, mode)) as file:
        file.write(text)
    os.chmod(path, mode)


def cluster(first, second, name="mail"):
    """A cluster.yaml over two servers, each an address and a port."""
    return (f"cluster: {name}\nnodes:\n" + "".join(
        f"  - {{name: mx{i}, address: {address}, port: {port}, server_id: {i}, auto_increment_offset: {i}}}\n"
        for i, (address, port) in enumerate((first, second), 1)) + "vip: {source: none}\n")


def write_node(folder, text, run_dir, secret, server_socket, state_dir=None):
    """Both configuration files of mx1, and the secret that they name; its state is kept beside them if nowhere else."""
    write(f"{folder}/cluster.yaml", text)
    write(f"{folder}/peer.secret", f"{secret}\n")
    write(f"{folder}/node.conf", f'node = "mx1";\nrun_dir = "{run_dir}";\nstate_dir = "{state_dir or folder}";\n'
                                 f'local = {{ socket = "{server_socket}"; }};\n'
                                 f'peer = {{ password_file = "{folder}/peer.secret"; }};\n')


def answer_check(**members):
    """A supervisor's to "check"."""
    return dict({"v": 1, "ok": True, "exit": 0, "details": [], "time_us": int(time.time() * 1e6), "decided_ms": 3},
                **members)


@contextlib.contextmanager
def supervisor(path, answer, once=False):
    """Plays one: what is asked at the socket `path` is answered by answer(request), bytes or a dict; by None nothing
    is ever said. `once`: a connection ends with its first answer. Yields the requests so far."""
    requests, held = [], []
    server = socket.socket(socket.AF_UNIX)
    server.bind(path)
    os.chmod(path, 0o666)
    server.listen(16)

    def talk(client):
        with client.makefile("rb") as lines:
            for line in lines:
                requests.append(json.loads(line))
                reply = answer(requests[-1])
                if reply is None:
                    held.append(client.dup())
                    return
                client.sendall(reply if isinstance(reply, bytes) else json.dumps(reply).encode() + b"\n")
                if once:
                    return

    def serve():
        while True:
            try:
                client, _ = server.accept()
            except OSError:
                return
            with client, contextlib.suppress(OSError):
                talk(client)
    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield requests
    finally:
        server.shutdown(socket.SHUT_RDWR)
        server.close()
        thread.join(5)
        for client in held:
            client.close()
        os.unlink(path)


def are_built(*programs):
    missing = [os.path.basename(program) for program in programs if not os.access(program, os.X_OK)]
    if missing:
        print(f"not built here: {', '.join(missing)}", file=sys.stderr)
    return not missing
