"""Certificates of a laboratory that speaks TLS: an authority, and one for each server, which bears its address."""
import os
import secrets
import subprocess

from .errors import LabError

CA = "etc/mysql-replcheck/ca.pem"
SERVER_CNF = """\
[mariadbd]
ssl_ca   = /etc/mysql/tls/ca.pem
ssl_cert = /etc/mysql/tls/server.pem
ssl_key  = /etc/mysql/tls/server.key
"""


def _openssl(folder, *arguments, stdin=None):
    done = subprocess.run(["openssl", *arguments], cwd=folder, capture_output=True, text=True, input=stdin, check=False)
    if done.returncode != 0:
        raise LabError(f"openssl {arguments[0]}: {done.stderr.strip()}")
    return done.stdout


def make_authority(folder):
    os.makedirs(folder, exist_ok=True)
    _openssl(folder, "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "100",
             "-subj", "/CN=laboratory", "-keyout", "ca.key", "-out", "ca.pem")


def certify(folder, host, days):
    """A certificate for the host's server, and the authority's for its supervisor. Again, with another end, to renew.
    The hosts are made side by side, so that no file with the last serial number is shared."""
    name = host.name
    _openssl(folder, "req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-subj", f"/CN={name}",
             "-keyout", f"{name}.key", "-out", f"{name}.csr")
    _openssl(folder, "x509", "-req", "-in", f"{name}.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-days", str(days),
             "-set_serial", f"0x{secrets.token_hex(8)}", "-out", f"{name}.pem", "-extfile", "/dev/stdin",
             stdin=f"subjectAltName=IP:{host.address}\n")
    for target, source, mode, user in ((CA, "ca.pem", 0o644, "root"), ("etc/mysql/tls/ca.pem", "ca.pem", 0o644, "root"),
                                       ("etc/mysql/tls/server.pem", f"{name}.pem", 0o644, "root"),
                                       ("etc/mysql/tls/server.key", f"{name}.key", 0o600, "mysql")):
        with open(os.path.join(folder, source), encoding="ascii") as file:
            host.write(target, file.read(), mode, user)
    host.write("etc/mysql/mariadb.conf.d/78-tls.cnf", SERVER_CNF)


def fingerprint(folder, name):
    """Of the certificate of the host of that name, as node.conf takes it."""
    shown = _openssl(folder, "x509", "-noout", "-fingerprint", "-sha1", "-in", f"{name}.pem")
    return shown.strip().partition("=")[2]
