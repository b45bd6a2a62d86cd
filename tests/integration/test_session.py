#!/usr/bin/env python3
"""Starts the servers that the tests of the session layer need, and runs them one after the other.

Three servers: one that is stopped and continued and has no TLS, one that is killed, one with TLS (on 127.0.0.2
too, which its certificate does not bear). The programs are taken from the build directory, which is the current one,
or from the folder named as the argument."""

import os
import subprocess
import sys

import mariadb_sandbox
import ports
from case_fixture import skip_all
from certificates import certificates, fingerprint

PROGRAMS = ["test_session_life", "test_session_faults", "test_session_liar", "test_session_flood",
            "test_session_tls"]
PASSWORD = "a test's secret"


def start(box, prefix, **options):
    server = box.start(prefix.lower(), port=ports.free_port(), **options)
    with server.connect() as session:
        session.query(f"CREATE USER tester@'%' IDENTIFIED BY '{PASSWORD.replace(chr(39), chr(39) * 2)}'")
        session.query("GRANT ALL ON *.* TO tester@'%'")
    return {f"{prefix}_SOCKET": server.socket, f"{prefix}_PORT": str(server.port),
            f"{prefix}_PID": str(server.pid())}


def main():
    folder = sys.argv[1] if len(sys.argv) > 1 else "tests/integration"
    if mariadb_sandbox.lacking():
        return skip_all(mariadb_sandbox.lacking())
    with mariadb_sandbox.Sandbox() as box:
        keys = os.path.join(box.directory, "keys")
        sha1 = certificates(keys, "127.0.0.1")
        environment = dict(os.environ, SERVER_PASSWORD=PASSWORD, TLS_KEYS=keys, TLS_FINGERPRINT=sha1,
                           TLS_FINGERPRINT_SHA256=fingerprint(keys, "-sha256"))
        extra_port = ports.free_port()
        environment["SERVER_EXTRA_PORT"] = str(extra_port)
        environment.update(start(box, "SERVER", options=["--max-connections=300", f"--extra-port={extra_port}",
                                                         "--extra-max-connections=2", "--skip-ssl"]))
        environment.update(start(box, "VICTIM"))
        environment.update(start(box, "TLS", options=[
            "--bind-address=127.0.0.1,127.0.0.2", f"--ssl-ca={keys}/ca.pem", f"--ssl-cert={keys}/server.pem",
            f"--ssl-key={keys}/server.key"]))
        failed = [p for p in PROGRAMS
                  if subprocess.run([os.path.join(folder, p)], env=environment).returncode != 0]
    for program in failed:
        print(f"{program} failed", file=sys.stderr)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
