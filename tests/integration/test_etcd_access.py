#!/usr/bin/env python3
"""A real etcd that asks for certificates, keys or a password, and one over IPv6. Run in the build directory."""

import subprocess
import sys
import tempfile
import time

from case_fixture import case, expect, wait_for
from certificates import authority, certificate
from etcd_cases import etcd, run_etcd_cases
from etcd_fixture import Voter, encode


def make_certificates(folder):
    """Two authorities, the first one's certificate for this host, and one for a client of each."""
    for name in ("ca", "other"):
        authority(folder, name)
    for name, signed_by in (("server", "ca"), ("client", "ca"), ("stranger", "other")):
        certificate(folder, name, signed_by, "127.0.0.1", "::1")


@case
def tls_with_certificates_of_both_sides():
    with tempfile.TemporaryDirectory(prefix="replcheck-etcd-") as keys:
        make_certificates(keys)
        tls = ["--cert-file", f"{keys}/server.pem", "--key-file", f"{keys}/server.key", "--client-cert-auth",
               "--trusted-ca-file", f"{keys}/ca.pem"]
        with etcd(wait=False, tls=tls) as it:
            ours = (f"cert={keys}/client.pem", f"key={keys}/client.key")
            one = it.voter("mx1", f"ca={keys}/ca.pem", *ours)
            one.wait(up=True)
            one.say("want free")
            one.wait(counted=True)
            for wrong in ([f"ca={keys}/other.pem", *ours], [f"ca={keys}/ca.pem"],
                          [f"ca={keys}/ca.pem", f"cert={keys}/stranger.pem", f"key={keys}/stranger.key"]):
                two = it.voter("mx2", *wrong)
                wait_for("a complaint", lambda v=two: "etcd grants no lease" in v.said())
                expect(f"up with {wrong}", two.say()["up"], False)
            two = it.voter("mx2")
            wait_for("a complaint", lambda: "etcd grants no lease" in two.said())
            expect("that the certificate ends in two days", 2 * 86400 - one.say()["certificate"] + time.time() < 3600, True)
            there = Voter("mx2", [("127.0.0.1", 1)], options=[f"ca={keys}/nothing.pem"])
            expect("exit code without the CA's file", there.process.wait(10), 1)
            there.end()


@case
def endpoint_over_ipv6():
    """There alone, with TLS, its certificate bearing the address."""
    with tempfile.TemporaryDirectory(prefix="replcheck-etcd-") as keys:
        make_certificates(keys)
        tls = ["--cert-file", f"{keys}/server.pem", "--key-file", f"{keys}/server.key"]
        with etcd(wait=False, tls=tls, address="::1") as it:
            one, two = (it.voter(node, f"ca={keys}/ca.pem") for node in ("mx1", "mx2"))
            one.wait(up=True)
            one.say("want free")
            one.wait(counted=True)
            one.say("promise 3")
            expect("refusal", one.event("promised")["refusal"], None)
            two.wait(up=True)
            wait_for("the other sees the promise", lambda: (two.say()["rows"]["promise/mx1"] or {}).get("epoch") == 3)
            one.say("release release 3 - 0 0-1-77")
            one.wait(released=True, held=False)


def pin_of(folder, name):
    """As curl has it, for a file's certificate."""
    script = (f"openssl x509 -in {name}.pem -pubkey -noout | openssl pkey -pubin -outform der | "
              "openssl dgst -sha256 -binary | openssl base64")
    return "sha256//" + subprocess.run(["sh", "-c", script], cwd=folder, check=True, capture_output=True,
                                       text=True).stdout.strip()


@case
def tls_with_a_pinned_key():
    """The name may go unchecked; who signed the certificate, or which key it has, never."""
    with tempfile.TemporaryDirectory(prefix="replcheck-etcd-") as keys:
        make_certificates(keys)
        tls = ["--cert-file", f"{keys}/server.pem", "--key-file", f"{keys}/server.key"]
        right, wrong = pin_of(keys, "server"), pin_of(keys, "client")
        with etcd(wait=False, tls=tls) as it:
            for good in ([f"pin={right}"], [f"pin={wrong};{right}"], [f"pin={right}", f"ca={keys}/ca.pem"],
                         [f"ca={keys}/ca.pem", "verify=no"]):
                one = it.voter("mx1", *good)
                one.wait(up=True)
            for bad in ([f"pin={wrong}"], [f"pin={wrong}", f"ca={keys}/ca.pem"], [f"pin={right}", f"ca={keys}/other.pem"],
                        [f"ca={keys}/other.pem", "verify=no"]):
                two = it.voter("mx2", *bad)
                wait_for("a complaint", lambda v=two: "etcd grants no lease" in v.said())
                expect(f"up with {bad}", two.say()["up"], False)


@case
def logs_in_with_a_password():
    with etcd() as it:
        for path, body in (("user/add", {"name": "root", "password": "top"}), ("role/add", {"name": "root"}),
                           ("user/grant", {"user": "root", "role": "root"}),
                           ("user/add", {"name": "replcheck", "password": "se\"cret"}),
                           ("role/add", {"name": "pair"}),
                           ("role/grant", {"name": "pair", "perm": {
                               "permType": "READWRITE", "key": encode("/replcheck/test/"),
                               "range_end": encode("/replcheck/test0")}}),
                           ("user/grant", {"user": "replcheck", "role": "pair"}), ("enable", {})):
            it.first.ask("auth/" + path, body)
        one = it.voter("mx1", "user=replcheck", 'password=se"cret')
        one.wait(up=True)
        one.say("want free")
        one.wait(counted=True)
        # A member that starts again knows no token any more.
        it.first.stop()
        it.first.start(wait=False)
        one.wait(up=True)
        one.wait(counted=True)
        two = it.voter("mx2", "user=replcheck", "password=wrong")
        wait_for("a complaint", lambda: "does not let replcheck log in" in two.said())
        three = it.voter("mx2")
        wait_for("a complaint", lambda: "user name is empty" in three.said())
        for voter in (two, three):
            expect("up", voter.say()["up"], False)


if __name__ == "__main__":
    sys.exit(run_etcd_cases())
