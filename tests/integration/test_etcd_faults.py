#!/usr/bin/env python3
"""The third vote in a real etcd that hangs, forgets, loses members, answers late or has rows of others. Run in the build
directory."""

import json
import signal
import sys
import threading
import time
import urllib.error

from case_fixture import PATIENCE_S, Failure, case, expect, wait_for
from etcd_cases import LEASE_MS, etcd, holder, run_etcd_cases
from etcd_fixture import Liar
from ports import free_port


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
def lost_lease_is_replaced_within_the_validity():
    with etcd() as it:
        one = holder(it)
        lease = one.say()["connection"]
        it.first.revoke(lease)
        wait_for("another lease", lambda: one.say()["connection"] not in (0, lease))
        expect("basis", one.wait(held=True)["basis"], "taken again")


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


if __name__ == "__main__":
    sys.exit(run_etcd_cases())
