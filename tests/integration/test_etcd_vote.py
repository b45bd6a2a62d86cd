#!/usr/bin/env python3
"""The third vote in a real etcd: taken, kept, given up in writing, and taken over. Run in the build directory."""

import json
import sys
import time

from case_fixture import case, expect, wait_for
from etcd_cases import LEASE_MS, etcd, holder, old_session, run_etcd_cases


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
def vote_that_came_after_the_release_is_released_too():
    with etcd() as it:
        one = holder(it)
        one.say("release release 5 - 0 0-1-77")
        one.wait(released=True, held=False)
        one.say("want")
        one.wait(held=True)
        one.say("release release 5 - 0 0-1-78")
        one.wait(released=True, held=False)
        expect("row", json.loads(it.first.keys()["release/mx1"]["text"])["gtid"], "0-1-78")


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
        written = it.first.keys()["out_of_sync/mx2"]["mod_revision"]
        one.say("mark 2 3!")  # it was told to go since it was read
        wait_for("it is written again", lambda: it.first.keys()["out_of_sync/mx2"]["mod_revision"] != written)
        one.say("unmark 2")
        wait_for("its end", lambda: one.say()["rows"]["out_of_sync/mx2"] is None)
        it.first.put("promise/mx2", '{"epoch":4,"seq":1}')
        wait_for("the other's promise", lambda: one.say()["rows"]["promise/mx2"])
        one.say("mark 2 3")
        time.sleep(0.5)
        expect("in etcd", "out_of_sync/mx2" in it.first.keys(), False)


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


if __name__ == "__main__":
    sys.exit(run_etcd_cases())
