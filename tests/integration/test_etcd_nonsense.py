#!/usr/bin/env python3
"""The third vote at a server that answers nonsense, or late, in etcd's place. Run in the build directory."""

import json
import sys
import threading
import time

from case_fixture import PATIENCE_S, case, expect, wait_for
from etcd_cases import LEASE_MS, run_etcd_cases
from etcd_fixture import Liar, Voter

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


if __name__ == "__main__":
    sys.exit(run_etcd_cases())
