"""Certificates for the servers of a test: DIRECTORY/ca.pem, other-ca.pem, server.pem and server.key."""
import os
import subprocess


def openssl(directory, *arguments, stdin=None):
    subprocess.run(["openssl", *arguments], cwd=directory, check=True, capture_output=True, text=True,
                   input=stdin)


def certificates(directory, *addresses):
    """Two authorities; the first signs the server's certificate, which bears these addresses alone. Its fingerprint."""
    os.mkdir(directory)
    for name in ("ca", "other-ca"):
        openssl(directory, "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj",
                f"/CN=test {name}", "-keyout", f"{name}.key", "-out", f"{name}.pem")
    openssl(directory, "req", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=test server",
            "-keyout", "server.key", "-out", "server.csr")
    openssl(directory, "x509", "-req", "-in", "server.csr", "-CA", "ca.pem", "-CAkey", "ca.key",
            "-CAcreateserial", "-days", "2", "-out", "server.pem", "-extfile", "/dev/stdin",
            stdin="subjectAltName=" + ",".join(f"IP:{address}" for address in addresses) + "\n")
    subprocess.run(["chmod", "-R", "a+rX", directory], check=True)
    return fingerprint(directory, "-sha1")


def fingerprint(directory, digest):
    """Of the server's certificate."""
    shown = subprocess.run(["openssl", "x509", "-noout", "-fingerprint", digest, "-in", "server.pem"], cwd=directory,
                           check=True, capture_output=True, text=True).stdout
    return shown.strip().partition("=")[2].replace(":", "")
