"""Certificates for the servers of a test."""
import os
import subprocess


def openssl(directory, *arguments, stdin=None):
    subprocess.run(["openssl", *arguments], cwd=directory, check=True, capture_output=True, text=True,
                   input=stdin)


def authority(directory, name, days=2):
    """NAME.pem and NAME.key."""
    openssl(directory, "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", str(days), "-subj", f"/CN=test {name}",
            "-keyout", f"{name}.key", "-out", f"{name}.pem")


def certificate(directory, name, signed_by, *addresses):
    """NAME.pem and NAME.key, for two days, for a server at these addresses or a client."""
    openssl(directory, "req", "-newkey", "rsa:2048", "-nodes", "-subj", f"/CN=test {name}", "-keyout", f"{name}.key",
            "-out", f"{name}.csr")
    openssl(directory, "x509", "-req", "-in", f"{name}.csr", "-CA", f"{signed_by}.pem", "-CAkey", f"{signed_by}.key",
            "-CAcreateserial", "-days", "2", "-out", f"{name}.pem", "-extfile", "/dev/stdin",
            stdin="subjectAltName=" + ",".join(f"IP:{address}" for address in addresses)
                  + "\nextendedKeyUsage=serverAuth,clientAuth\n")


def certificates(directory, *addresses):
    """Two authorities, of two days and of four; the first signs the server's certificate, which bears these addresses
    alone. Readable for all. Its fingerprint."""
    os.mkdir(directory)
    authority(directory, "ca")
    authority(directory, "other-ca", days=4)
    certificate(directory, "server", "ca", *addresses)
    subprocess.run(["chmod", "-R", "a+rX", directory], check=True)
    return fingerprint(directory, "-sha1")


def fingerprint(directory, digest):
    """Of the server's certificate."""
    shown = subprocess.run(["openssl", "x509", "-noout", "-fingerprint", digest, "-in", "server.pem"], cwd=directory,
                           check=True, capture_output=True, text=True).stdout
    return shown.strip().partition("=")[2].replace(":", "")
