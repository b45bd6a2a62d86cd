"""What the cases at an etcd begin with: members in a folder of their own, voters of two nodes there, one that holds the
vote."""

import contextlib
import os
import shutil
import tempfile
import time

from case_fixture import run_cases, skip_all
from cli_fixture import NOT_BUILT, are_built
from etcd_fixture import DRIVER, Member, Voter
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


def run_etcd_cases():
    """The exit code."""
    if not shutil.which("etcd"):
        return skip_all("needs etcd (Debian: apt-get install etcd-server)")
    if not are_built(os.path.abspath(DRIVER)):
        return NOT_BUILT
    return run_cases(at_once=AT_ONCE)
