#!/usr/bin/env python3
"""The third vote in a real etcd, and against a server that answers nonsense. Run in the build directory."""

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error

from case_fixture import PATIENCE_S, Failure, case, expect, run_cases, skip_all, wait_for
from certificates import authority, certificate
from cli_fixture import NOT_BUILT, are_built
from etcd_fixture import DRIVER, Liar, Member, Voter, encode
from ports import free_port

LEASE_MS = 2000
AT_ONCE = 5  # cases: most of their time is waiting for leases to end


class Etcd:
    """A folder with members, and the voters of two nodes there."""

    def __init__(self, stack, members=1, **options):
        self.folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="replcheck-etcd-"))
        self.stack = stack
        ports = [free_port() for _ in range(members)]
        peers = ",".join(f"m{i}=http://127.0.0.1:{port}" for i, port in enumerate(ports))
        self.members = [Member(self.folder, f"m{i}", peer_port=port, peers=peers, **options)
                        for i, port in enumerate(ports)]
        for member in self.members:
            stack.callback(member.stop)
            member.start(wait=False)
        self.first = self.members[0]

    def voter(self, node, *options, endpoints=None, **named):
        endpoints = endpoints or [(m.address, m.port) for m in self.members]
        voter = Voter(node, endpoints, **{"lease_ms": LEASE_MS, "options": options, **named})
        self.stack.callback(voter.end)
        return voter


@contextlib.contextmanager
def etcd(members=1, wait=True, **options):
    with contextlib.ExitStack() as stack:
        it = Etcd(stack, members, **options)
        if wait:
            for member in it.members:
                member.wait()
        yield it


def holder(it, node="mx1"):
    """A voter whose vote counts."""
    voter = it.voter(node)
    voter.wait(up=True)
    voter.say("want free")
    voter.wait(counted=True)
    return voter


def old_session(voter):
    """Its lease is older than L, so that a release counts at once."""
    voter.wait(up=True)
    time.sleep(LEASE_MS / 1000 + 0.2)


@case
def taken_vote_counts_after_a_lease():
    with etcd() as it:
        voter = it.voter("mx1")
        voter.wait(up=True)
        expect("keys", it.first.keys(), {})
        voter.say("want free")
        state = voter.wait(held=True)
        expect("the key's lease", it.first.lease_of_vote(), state["connection"])
        expect("the key's value", json.loads(it.first.keys()["vote"]["text"]), {"node": "mx1"})
        expect("basis", voter.wait(counted=True)["basis"], "waited a lease")
        expect("granted", it.first.ask("lease/timetolive", {"ID": str(state["connection"])})["grantedTTL"],
               str(LEASE_MS // 1000 + 1))


@case
def held_vote_is_renewed_and_nobody_else_takes_it():
    with etcd() as it:
        one, two = holder(it), it.voter("mx2")
        two.wait(up=True)
        two.say("want free")
        lease = one.say()["connection"]
        deadline = time.monotonic() + 2 * LEASE_MS / 1000 + 2
        while time.monotonic() < deadline:
            expect("held by the other", two.say()["held"], False)
            expect("counted", one.say()["counted"], True)
            time.sleep(0.1)
        expect("the same lease", one.say()["connection"], lease)
        expect("the other sees who has it", two.say()["holder"], lease)
        two.say("drop")


@case
def time_of_the_holders_last_renewal_is_seen():
    """To the second, as etcd tells it; and a holder that is gone, whose lease goes on, is not heard of any more."""
    with etcd() as it:
        one, two = holder(it), it.voter("mx2")
        two.wait(up=True)
        two.say("want free")
        wait_for("a renewal of less than its lease ago",
                 lambda: 0 <= two.say()["other_renewed_ms"] < LEASE_MS + 500)
        one.process.kill()
        gone = time.monotonic()
        past_ms, state = 0, two.say()
        while state["holder"]:
            expect("heard of since it was ended", state["other_renewed_ms"] < past_ms, False)
            time.sleep(0.05)
            past_ms = (time.monotonic() - gone) * 1000 - 500  # a renewal that was sent may wait that long at etcd
            state = two.say()
        expect("seen until after its lease", time.monotonic() - gone > LEASE_MS / 1000, True)


@case
def released_vote_counts_at_once():
    with etcd() as it:
        one, two = holder(it), it.voter("mx2")
        old_session(two)
        one.say("promise 5")
        expect("refusal", one.event("promised")["refusal"], None)
        two.say("want wait")
        one.say("release release 5 - 0 0-1-77")
        one.wait(released=True, held=False)
        expect("complaints", "was not written" in one.said(), False)
        expect("basis", two.wait(counted=True)["basis"], "released in writing")
        row = two.say()["rows"]["release/mx1"]
        expect("row", (row["epoch"], row["gtid"]), (5, "0-1-77"))
        two.say("promise 6")
        expect("promise", two.event("promised"), {"what": "promised", "epoch": 6, "consumed": 5, "refusal": None})
        expect("keys", sorted(it.first.keys()), ["promise/mx1", "promise/mx2", "vote"])
        expect("promised", two.say()["promised"], 6)


@case
def certificate_names_file_and_size():
    with etcd() as it:
        one = holder(it)
        one.say("release certificate 7 mx1-bin.000012 123456789012")
        one.wait(released=True)
        row = json.loads(it.first.keys()["certificate/mx1"]["text"])
        expect("row", (row["epoch"], row["file"], row["size"]), (7, "mx1-bin.000012", 123456789012))
        expect("the vote", it.first.lease_of_vote(), 0)


@case
def young_session_waits_after_a_release():
    with etcd() as it:
        one = holder(it)
        one.say("release release 1 - 0 0-1-1")
        one.wait(released=True)
        two = it.voter("mx2")
        two.wait(up=True)
        two.say("want wait")
        expect("counted at once", two.wait(held=True)["counted"], False)
        two.wait(counted=True)


@case
def older_promise_makes_a_release_worthless():
    with etcd() as it:
        two = it.voter("mx2")
        old_session(two)
        it.first.put("release/mx1", '{"epoch":5,"seq":1}')
        it.first.put("promise/mx1", '{"epoch":6,"seq":1}')
        two.say("want wait")
        expect("counted at once", two.wait(held=True)["counted"], False)
        expect("basis", two.wait(counted=True)["basis"], "waited a lease")


@case
def lower_epoch_is_not_promised():
    with etcd() as it:
        one = holder(it)
        it.first.put("promise/mx2", '{"epoch":8,"seq":1}')
        one.say("promise 8")
        refusal = one.event("promised")["refusal"]
        expect("refusal", refusal.split(":")[0], "promised")
        one.say("promise 9")
        expect("refusal", one.event("promised")["refusal"], None)


@case
def promise_rests_on_what_the_rows_are_now():
    with etcd() as it:
        one = holder(it)
        for epoch in range(3, 40, 2):
            it.first.put("release/mx2", json.dumps({"epoch": epoch - 1, "seq": 1}))
            one.say(f"promise {epoch}")
            told = one.event("promised")
            expect("promise", (told["refusal"], told["consumed"]), (None, epoch - 1))
            expect("consumed", "release/mx2" in it.first.keys(), False)


@case
def marks_a_node_as_out_of_sync():
    with etcd() as it:
        one = holder(it)
        one.say("promise 3")
        expect("refusal", one.event("promised")["refusal"], None)
        one.say("mark 2 3")
        wait_for("the mark", lambda: (one.say()["rows"]["out_of_sync/mx2"] or {}).get("epoch") == 3)
        expect("in etcd", json.loads(it.first.keys()["out_of_sync/mx2"]["text"])["epoch"], 3)
        one.say("unmark 2")
        wait_for("its end", lambda: one.say()["rows"]["out_of_sync/mx2"] is None)
        it.first.put("promise/mx2", '{"epoch":4,"seq":1}')
        wait_for("the other's promise", lambda: one.say()["rows"]["promise/mx2"])
        one.say("mark 2 3")
        time.sleep(0.5)
        expect("in etcd", "out_of_sync/mx2" in it.first.keys(), False)


@case
def deleted_key_is_a_lost_vote_although_the_lease_lives():
    with etcd() as it:
        one = holder(it)
        lease = one.say()["connection"]
        it.first.delete("vote")
        it.first.put("vote", '{"node":"mx2"}')
        one.wait(held=False)
        wait_for("the old lease revoked", lambda: it.first.ask("lease/timetolive", {"ID": str(lease)})["TTL"] == "-1")
        it.first.delete("vote")
        one.wait(counted=True)


@case
def closed_peer_loses_its_key():
    with etcd() as it:
        one, two = holder(it), it.voter("mx2")
        two.wait(up=True)
        two.say("closed")
        two.say("want closed")
        state = two.wait(counted=True)
        expect("basis", state["basis"], "peer closed")
        one.wait(held=False)
        expect("the key's lease", it.first.lease_of_vote(), two.say()["connection"])
        two.say("promise 4")
        expect("refusal", two.event("promised")["refusal"], None)


@case
def lost_lease_is_replaced_within_the_validity():
    with etcd() as it:
        one = holder(it)
        lease = one.say()["connection"]
        it.first.revoke(lease)
        wait_for("another lease", lambda: one.say()["connection"] not in (0, lease))
        expect("basis", one.wait(held=True)["basis"], "taken again")


@case
def next_process_of_the_node_takes_the_key_over():
    with etcd() as it:
        one = holder(it)
        one.process.kill()
        heir, two = it.voter("mx1"), it.voter("mx2")
        for voter in (two, heir):
            voter.wait(up=True)
            voter.say("want free")
        heir.wait(held=True)
        expect("held by the other", two.say()["held"], False)
        expect("basis", heir.wait(counted=True)["basis"], "waited a lease")


@case
def vote_of_a_holder_that_is_gone_is_taken_when_its_lease_ends():
    with etcd() as it:
        one, two = holder(it), it.voter("mx2")
        old_session(two)
        two.say("want free")
        one.process.kill()
        expect("counted when taken", two.wait(held=True)["counted"], False)
        expect("basis", two.wait(counted=True)["basis"], "waited a lease")


@case
def given_back_key_goes_at_once():
    with etcd() as it:
        one = it.voter("mx1", lease_ms=60000)
        one.wait(up=True)
        one.say("want free")
        one.wait(held=True)
        one.say("drop")
        wait_for("no key, long before its lease would end", lambda: it.first.lease_of_vote() == 0, seconds=30)


@case
def given_back_unwritten():
    with etcd() as it:
        one, two = holder(it), it.voter("mx2")
        old_session(two)
        two.say("want free")
        one.say("drop")
        expect("held", one.say()["held"], False)
        expect("basis", two.wait(counted=True)["basis"], "waited a lease")
        expect("rows", [k for k in it.first.keys() if k != "vote"], [])


@case
def hung_etcd_ends_the_validity():
    with etcd() as it:
        one = holder(it)
        it.first.send(signal.SIGSTOP)
        state = wait_for("the vote given up", lambda: one.is_so(held=False))
        expect("up", state["up"], False)
        it.first.send(signal.SIGCONT)
        one.wait(counted=True)
        expect("the key's lease", it.first.lease_of_vote(), one.say()["connection"])


class Relay:
    """Between a voter and etcd. `txn` says what becomes of a transaction: "through", "late" (it is carried out when
    `go` is set, whoever still listens) or "unanswered" (carried out at once)."""

    def __init__(self, it):
        self.member, self.txn, self.go, self.done = it.first, "through", threading.Event(), 0
        self.liar = Liar(self.answer)
        it.stack.callback(self.liar.close)
        self.endpoints = [("127.0.0.1", self.liar.port)]

    def answer(self, path, body):
        how = self.txn if path.endswith("txn") else "through"
        if how == "late":
            self.go.wait(PATIENCE_S)
        try:
            answered = self.member.ask(path[len("/v3/"):], json.loads(body))
        except urllib.error.HTTPError as error:
            return error.code, error.read()
        finally:
            self.done += path.endswith("txn")
        return None if how == "unanswered" else (200, json.dumps(answered).encode())


@case
def taking_that_comes_late_finds_no_lease():
    with etcd() as it:
        relay = Relay(it)
        one = it.voter("mx1", endpoints=relay.endpoints, lease_ms=60000)
        one.wait(up=True)
        lease = one.say()["connection"]
        relay.txn = "late"
        one.say("want free")
        one.say("drop")
        wait_for("another lease", lambda: one.say()["connection"] not in (0, lease))
        relay.go.set()
        wait_for("the late transaction", lambda: relay.done)
        expect("the vote", it.first.lease_of_vote(), 0)
        expect("held", one.say()["held"], False)


@case
def unanswered_taking_is_seen_and_used():
    with etcd() as it:
        relay = Relay(it)
        one = it.voter("mx1", endpoints=relay.endpoints, lease_ms=60000)
        one.wait(up=True)
        relay.txn = "unanswered"
        one.say("want free")
        lease = one.wait(held=True)["connection"]
        expect("the key's lease", it.first.lease_of_vote(), lease)
        one.say("promise 3")
        wait_for("the promise", lambda: "promise/mx1" in it.first.keys())
        relay.txn = "through"
        wait_for("what became of it", lambda: one.say("promise 3")["promised"] == 3)
        relay.txn = "unanswered"
        one.say("release release 3 - 0 0-1-5")
        wait_for("the row", lambda: "release/mx1" in it.first.keys())
        relay.txn = "through"
        one.wait(released=True, held=False)
        expect("the vote", it.first.lease_of_vote(), 0)


@case
def frozen_process_does_not_go_on_where_it_was():
    with etcd() as it:
        one, two = holder(it), it.voter("mx2")
        two.wait(up=True)
        two.say("want free")
        state = one.say(f"freeze {LEASE_MS * 3}", seconds=PATIENCE_S)
        expect("valid", state["counted"], False)
        two.wait(counted=True)
        expect("held by both", one.say()["counted"], False)


@case
def restarted_etcd_remembers():
    with etcd() as it:
        one = holder(it)
        one.say("promise 3")
        expect("refusal", one.event("promised")["refusal"], None)
        lease = one.say()["connection"]
        it.first.stop()
        wait_for("down", lambda: not one.say()["up"])
        it.first.start()
        one.wait(up=True)
        state = one.wait(counted=True)
        expect("promise", state["rows"]["promise/mx1"]["epoch"], 3)
        expect("trouble", [e for e in one.events if e["what"] == "trouble"], [])
        if it.first.lease_of_vote() not in (lease, state["connection"]):
            raise Failure("the key is bound to another lease")


@case
def wiped_etcd_is_told_of():
    with etcd() as it:
        one = holder(it)
        one.say("promise 3")
        expect("refusal", one.event("promised")["refusal"], None)
        lease = one.say()["connection"]
        it.first.stop()
        it.first.wipe()
        it.first.start()
        text = one.event("trouble")["text"]
        expect("sentence", text.startswith("etcd has lost data: it was at revision"), True)
        state = one.wait(counted=True)
        expect("another lease", state["connection"] != lease, True)
        expect("promised", state["promised"], 0)
        one.say("promise 3")
        expect("refusal", one.event("promised")["refusal"], None)
        expect("promise", json.loads(it.first.keys()["promise/mx1"]["text"])["epoch"], 3)


@case
def dead_endpoint_costs_nothing():
    with etcd() as it:
        one = it.voter("mx1", endpoints=[("127.0.0.1", free_port()), ("127.0.0.1", it.first.port)])
        one.wait(up=True)
        one.say("want free")
        one.wait(counted=True)


@case
def loss_of_a_member_of_three():
    """Each in turn, the leader among them, hangs for longer than a lease; the others carry the vote."""
    with etcd(members=3) as it:
        one = holder(it)
        for member in it.members:
            member.send(signal.SIGSTOP)
            time.sleep(2 * LEASE_MS / 1000)
            one.wait(counted=True, up=True)
            member.send(signal.SIGCONT)
            member.wait()


@case
def member_without_a_majority_proves_nothing():
    with etcd(members=3) as it:
        one = holder(it)
        for member in it.members[1:]:
            member.send(signal.SIGSTOP)
        one.wait(held=False)
        for member in it.members[1:]:
            member.send(signal.SIGCONT)
        one.wait(counted=True)


@case
def unreadable_rows_give_no_vote():
    with etcd() as it:
        it.first.put("promise/mx2", '{"epoch":"many"}')
        one = it.voter("mx1")
        wait_for("a complaint", lambda: "promise/mx2 cannot be read" in one.said())
        one.say("want free")
        time.sleep(1)
        expect("held", one.say()["held"], False)
        expect("the vote", it.first.lease_of_vote(), 0)
        it.first.put("promise/mx2", '{"epoch":2,"seq":0}')
        one.wait(counted=True)


@case
def vote_of_no_node_is_told_of_and_evicted_where_that_is_allowed():
    with etcd() as it:
        it.first.put("vote", '{"node":"mx9"}')
        one = it.voter("mx1")
        one.say("want free")
        wait_for("a complaint", lambda: '"mx9", which is no node of this pair' in one.said())
        expect("held", one.say()["held"], False)
        two = it.voter("mx2", "evict=yes")
        two.say("want free")
        two.wait(held=True)
        expect("the vote", json.loads(it.first.keys()["vote"]["text"]), {"node": "mx2"})
        expect("basis", two.wait(counted=True)["basis"], "waited a lease")


@case
def keys_of_others_are_left_alone():
    with etcd() as it:
        for name in ("note", "promise/mx3", "promise", "vote/x", "release/mx1/x"):
            it.first.put(name, "not ours")
        one = holder(it)
        one.say("promise 2")
        expect("refusal", one.event("promised")["refusal"], None)
        expect("kept", it.first.keys()["promise/mx3"]["text"], "not ours")


# TLS and accounts


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


# Nonsense


GRANT = b'{"header":{"revision":"5"},"ID":"77","TTL":"3"}'
EMPTY = b'{"header":{"revision":"5"}}'


def lies():
    """Name -> what is answered to (path, body)."""
    def always(status, text):
        return lambda path, body: (status, text)

    def after_grant(text, status=200):
        return lambda path, body: (200, GRANT) if path.endswith("grant") else (status, text)
    yield "nothing ever", lambda path, body: None
    yield "HTTP 500", always(500, b"oops")
    yield "HTTP 404", always(404, b"Not Found")
    yield "a redirect", always(302, b"")
    yield "no JSON", always(200, b"<html>")
    yield "an array", always(200, b"[]")
    yield "no lease", always(200, EMPTY)
    yield "too few seconds", always(200, b'{"ID":"77","TTL":"2"}')
    yield "a lease that is no number", always(200, b'{"ID":"x","TTL":"3"}')
    yield "too much", after_grant(b'{"kvs":"' + b"x" * 70000 + b'"}')
    yield "keys that are no list", after_grant(b'{"kvs":{}}')
    yield "numbers as keys", after_grant(b'{"kvs":[1]}')
    yield "no base64", after_grant(b'{"kvs":[{"key":"?","value":"","mod_revision":"1"}]}')
    yield "a value with a zero byte", after_grant(b'{"kvs":[{"key":"AAAA","value":"","mod_revision":"1"}]}')
    yield "half an answer", after_grant(b'{"header":{"revision":"5"},"kvs":[')
    yield "an error", after_grant(b'{"error":"etcdserver: no leader","message":"etcdserver: no leader","code":14}', 503)
    yield "a number beyond 64 bits", after_grant(b'{"header":{"revision":"99999999999999999999"}}')


@case
def nonsense_gives_no_vote():
    for name, answer in lies():
        liar = Liar(answer)
        voter = Voter("mx1", [("127.0.0.1", liar.port)], lease_ms=LEASE_MS)
        try:
            voter.say("want free")
            voter.say("promise 5")
            wait_for(f"questions ({name})", lambda at=liar: at.asked > 1)
            time.sleep(0.3)
            expect(f"held ({name})", voter.say()["held"], False)
            expect(f"exit code ({name})", voter.process.poll(), None)
        finally:
            voter.end()
            liar.close()


@case
def foreign_success_is_not_believed():
    """A transaction that "succeeded" without our key in the list is not a vote."""
    liar = Liar(lambda path, body: (200, GRANT) if path.endswith("grant") else
                (200, b'{"header":{"revision":"5"},"succeeded":true,"responses":[{"response_put":{}},'
                      b'{"response_range":{"kvs":[]}}]}') if path.endswith("txn") else (200, EMPTY))
    voter = Voter("mx1", [("127.0.0.1", liar.port)], lease_ms=LEASE_MS)
    try:
        voter.wait(up=True)
        voter.say("want free")
        wait_for("questions", lambda: liar.asked > 5)
        expect("held", voter.say()["held"], False)
    finally:
        voter.end()
        liar.close()


class SlowList:
    """An etcd whose lists can be held back, while its transactions succeed."""

    def __init__(self):
        self.revision, self.kvs = 5, {}
        self.hold, self.held, self.go_on = threading.Event(), threading.Event(), threading.Event()

    def list(self):
        return {"header": {"revision": str(self.revision)}, "kvs": list(self.kvs.values())}

    def transaction(self, operations):
        self.revision += 1
        for put in (operation["request_put"] for operation in operations if "request_put" in operation):
            self.kvs[put["key"]] = {**put, "mod_revision": str(self.revision)}
        answers = [{"response_put": {}} if "request_put" in operation else {"response_range": self.list()}
                   for operation in operations]
        return {"header": {"revision": str(self.revision)}, "succeeded": True, "responses": answers}

    def answer(self, path, body):
        asked = json.loads(body)
        if path.endswith("txn"):
            told = self.transaction(asked["success"])
        elif path.endswith("range"):
            told = self.list()
            if self.hold.is_set():
                self.hold.clear()
                self.held.set()
                self.go_on.wait(PATIENCE_S)
        else:
            told = {"header": {"revision": "5"}, "ID": "77", "TTL": "61"}
            if path.endswith("keepalive"):
                told = {"result": told}
        return 200, json.dumps(told).encode()


@case
def answer_that_was_overtaken_tells_nothing():
    """A look that was asked before a promise and is answered after it knows less: nothing was forgotten."""
    slow = SlowList()
    liar = Liar(slow.answer)
    one = Voter("mx1", [("127.0.0.1", liar.port)], lease_ms=60000)
    try:
        one.wait(up=True)
        one.say("want free")
        wait_for("the vote", lambda: one.say()["held"])
        slow.hold.set()
        wait_for("a look", slow.held.is_set)
        one.say("promise 3")
        expect("refusal", one.event("promised")["refusal"], None)
        asked = liar.asked
        slow.go_on.set()
        wait_for("the next look", lambda: liar.asked > asked)
        state = one.say()
        expect("trouble", [e for e in one.events if e["what"] == "trouble"], [])
        expect("promise", state["rows"]["promise/mx1"]["epoch"], 3)
    finally:
        slow.go_on.set()
        one.end()
        liar.close()


def main():
    if not shutil.which("etcd"):
        return skip_all("needs etcd (Debian: apt-get install etcd-server)")
    if not are_built(os.path.abspath(DRIVER)):
        return NOT_BUILT
    return run_cases(at_once=AT_ONCE)


if __name__ == "__main__":
    sys.exit(main())
