"""More than one VIP, and a VIP of which a program tells."""
from replab import faults

from .catalogue import expect, scenario
from .moves import switch

SECOND = "192.0.2.101"
BY_PROGRAM = {"vip.source": "command", "vip.period": "100ms",
              "vip.command": "[/bin/sh, -c, 'x=$(ip -o addr show to 192.0.2.100) || exit 3; test \"$x\"']"}


def holders(t, address):
    return [node for node in ("mx1", "mx2") if address in t.host(node).addresses()]


def vip(t, node):
    return t.report(node).get("vip") or {}


@scenario(vips=2, quick=True)
def two_vips(t):
    """Two VIPs move together with the writer. One that somebody takes away leaves the VIP split: that is reported with
    the addresses, and nothing follows from it."""
    t.begin()
    t.fault(faults.now_us())
    switch(t, t.writer, t.standby)
    expect(holders(t, SECOND) == [t.standby], f"the second VIP is on {holders(t, SECOND)}")
    switch(t, t.standby, t.writer)
    expect(holders(t, SECOND) == [t.writer], f"the second VIP is on {holders(t, SECOND)}")
    stopped = [(t.host(node), pid) for node in ("mx1", "mx2") for pid in t.host(node).pids("keepalived")]
    for host, pid in stopped:  # else it puts the address back at once
        faults.stop(host, pid)
    t.host(t.writer).exec(["ip", "addr", "del", f"{SECOND}/24", "dev", "eth0"], net_only=True)
    t.wait("the split is seen", lambda: vip(t, t.writer).get("split") is True, 5)
    expect(vip(t, t.writer).get("trouble") == f"192.0.2.100 is here, {SECOND} is not", f"it says {vip(t, t.writer)}")
    t.stays(f"{t.writer} as the one writer", lambda: t.writers() == [t.writer], 3)
    expect(t.tool(t.writer, "check").returncode == 2, "`check` is not critical")
    t.host(t.writer).exec(["ip", "addr", "add", f"{SECOND}/24", "dev", "eth0"], net_only=True)
    for host, pid in stopped:
        faults.resume(host, pid)
    t.wait("it is whole again", lambda: vip(t, t.writer) and not vip(t, t.writer).get("split"), 5)
    t.wait_well()
    t.end(t.writer, terms=3, outage_s=5)


@scenario(settings=BY_PROGRAM)
def vip_by_program(t):
    """A program tells whether the VIP is here: the writer's death and the VIP's move are handled as ever, and
    one that fails leaves the VIP unknown and the writer in peace."""
    t.begin()
    expect(vip(t, t.writer).get("here") is True and vip(t, t.standby).get("here") is False, "the program is not heard")
    t.fault(faults.kill(t.host(t.writer), "mariadbd"))
    t.wait_writer(t.standby, 10)
    t.server(t.writer).start()
    t.wait_returned(t.writer)
    t.wait_well()
    # What it asks cannot be run any more: that is neither yes nor no.
    t.host(t.standby).exec(["sh", "-c", "mount --bind /dev/null $(readlink -f /bin/ip)"])
    t.wait("it is unknown", lambda: vip(t, t.standby).get("here", 1) is None, 10)
    expect("exit status 3" in (vip(t, t.standby).get("trouble") or ""), f"it says {vip(t, t.standby)}")
    t.stays(f"{t.standby} as the one writer", lambda: t.writers() == [t.standby], 3)
    t.host(t.standby).exec(["sh", "-c", "umount $(readlink -f /bin/ip)"])
    t.wait_well()
    t.end(t.standby, terms=2, outage_s=10)
