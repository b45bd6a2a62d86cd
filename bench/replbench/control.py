"""The supervisor's control socket, asked from outside the host (supervisor/wire/control_proto.h)."""
import json
import socket

from replab import LabError


def ask(host, command, timeout_s=10, **members):
    """The answer as a dict; LabError with the supervisor's words when it is not ok."""
    path = host.path("run/mysql-replcheck/control.sock")
    request = json.dumps({"v": 1, "command": command, **members}) + "\n"
    with socket.socket(socket.AF_UNIX) as sock:
        sock.settimeout(timeout_s)
        try:
            sock.connect(path)
            sock.sendall(request.encode())
            answer = json.loads(sock.makefile("rb").readline() or b"{}")
        except (OSError, ValueError) as error:
            raise LabError(f"{host.name}: {command}: {error}") from None
    if not answer.get("ok"):
        raise LabError(f"{host.name}: {command}: {answer.get('message', 'no answer')}")
    return answer


def status(host):
    return ask(host, "status", timeout_s=3)["report"]
