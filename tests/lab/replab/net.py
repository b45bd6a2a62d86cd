"""The segment between the hosts: a bridge in namespaces of its own, cables, and cuts in its forwarding.

Cuts are rules of one nft table on the bridge, out of every host's reach; a host sees silence, never a lost
carrier. The list of cuts is a file beside the laboratory, so that any program can add and heal.
"""
import dataclasses
import fcntl
import json
import os

from .errors import LabError

BRIDGE = "br0"
BRIDGE_MAC = "02:00:00:00:00:01"
HOSTS = {"mx1": 11, "mx2": 12, "witness": 19, "client": 50}
# A machine may have IPv6 turned off; and an address is a host's only after a second of looking for another's.
IPV6_ON = ["sysctl", "-qw", *(f"net.ipv6.conf.{which}.{what}" for which in ("all", "default")
                              for what in ("disable_ipv6=0", "accept_dad=0"))]


@dataclasses.dataclass(frozen=True)
class Plan:
    """Who has which address: all of one family."""
    network: str  # what the addresses begin with
    prefix: int
    version: int

    def address(self, number):
        return f"{self.network}{number}"

    @property
    def vip(self):
        return self.address(100)

    @property
    def vips(self):
        """Of a laboratory that has two."""
        return [self.vip, self.address(101)]

    @property
    def reference(self):
        return self.address(254)

    @property
    def addresses(self):
        return {name: self.address(number) for name, number in HOSTS.items()}

    @property
    def accounts(self):
        """The host part of an account for the whole segment."""
        return self.network + "%"


PLANS = {4: Plan("192.0.2.", 24, 4), 6: Plan("2001:db8::", 64, 6)}
ADDRESSES, VIP = PLANS[4].addresses, PLANS[4].vip  # of a laboratory that is not asked for IPv6


def slow_port(name):
    """The bridge's end of a cable that labrelay makes slow."""
    return name + "-slow"


def ports(name):
    """The interfaces of the bridge behind which a host may be, for a rule."""
    return f'{{ "{name}", "{slow_port(name)}" }}'


@dataclasses.dataclass
class Cut:
    """What is dropped. direction is the host's: "in" is what it does not hear, "out" what is not heard of it.
    peer is another host or "reference"; without it everybody. Without proto and port everything, ARP too."""
    host: str
    direction: str = "both"
    peer: str = ""
    proto: int = 0
    tcp_port: int = 0
    loss: int = 100      # percent of the packets
    id: int = 0

    def matches(self):
        chance = f"numgen random mod 100 < {self.loss} " if self.loss < 100 else ""
        if self.proto:
            return [f"meta l4proto {self.proto} {chance}drop"]
        if self.tcp_port:
            return [f"tcp {side} {self.tcp_port} {chance}drop" for side in ("dport", "sport")]
        return [f"{chance}drop"]

    def where(self):
        """(chain, interfaces) per direction."""
        host, peer = ports(self.host), ports(self.peer)
        if not self.peer:
            ways = {"out": ("prerouting", f"iifname {host}"), "in": ("postrouting", f"oifname {host}")}
        elif self.peer == "reference":
            ways = {"out": ("input", f"iifname {host}"), "in": ("output", f"oifname {host}")}
        else:
            ways = {"out": ("forward", f"iifname {host} oifname {peer}"),
                    "in": ("forward", f"iifname {peer} oifname {host}")}
        return [ways[d] for d in (("out", "in") if self.direction == "both" else (self.direction,))]

    def rules(self):
        return [(chain, f"{interfaces} {match} comment \"cut {self.id}\"")
                for chain, interfaces in self.where() for match in self.matches()]


class Segment:
    """The bridge. `space` is the namespace it lives in, `path` the file that lists the cuts."""

    def __init__(self, space, path, plan):
        self.space, self.path, self.plan = space, path, plan

    def make(self):
        self._switch_on(self.space)
        # An address of its own: otherwise it has its lowest port's, and another one when that host is switched off.
        self.ip("link set lo up",
                f"link add {BRIDGE} address {BRIDGE_MAC} type bridge stp_state 0 forward_delay 0 mcast_snooping 0",
                f"addr add {self.plan.reference}/{self.plan.prefix} dev {BRIDGE}{self._more()}",
                f"link set {BRIDGE} up")
        self._change(lambda cuts: cuts.clear())

    def _switch_on(self, space):
        if self.plan.version == 6:
            space.run(IPV6_ON, net_only=True)

    def _more(self):
        return " nodad" if self.plan.version == 6 else " broadcast +"

    def ip(self, *lines):
        self.space.run(["ip", "-batch", "-"], net_only=True, input="\n".join(lines) + "\n")

    def plug(self, host):
        """A cable from the bridge to eth0 of a host that has just come up."""
        self._switch_on(host.space)
        self.ip(f"link add {host.name} type veth peer name eth0 netns {host.space.pid}",
                f"link set {host.name} master {BRIDGE}", f"link set {host.name} up")
        host.space.run(["ip", "-batch", "-"], net_only=True, input="\n".join((
            "link set lo up", f"addr add {host.address}/{self.plan.prefix} dev eth0{self._more()}",
            "link set eth0 up", f"route add default via {self.plan.reference}")) + "\n")

    def unplug(self, name):
        for port in (name, slow_port(name)):
            self.space.run(["ip", "link", "del", port], net_only=True, check=False)

    def lengthen(self, name):
        """Takes the host's cable off the bridge and a second one in between; returns the two ends to be joined. The
        host sees no change of its carrier."""
        near = name + "-near"
        self.ip(f"link add {near} type veth peer name {slow_port(name)}", f"link set {name} nomaster",
                f"link set {slow_port(name)} master {BRIDGE}", f"link set {slow_port(name)} up",
                f"link set {near} up")
        return name, near

    def shorten(self, name):
        """Nothing to do where the host was unplugged meanwhile."""
        there = self.space.run(["ip", "link", "show", slow_port(name)], net_only=True, check=False)
        if there.returncode != 0:
            return
        self.ip(f"link del {slow_port(name)}", f"link set {name} master {BRIDGE}")

    def cut(self, host, direction="both", peer="", proto=0, tcp_port=0, loss=100):
        """Starts dropping; returns the cut's number for heal()."""
        if host not in ADDRESSES or (peer and peer != "reference" and peer not in ADDRESSES):
            raise LabError(f"cut {host}/{peer}: unknown host")
        if direction not in ("in", "out", "both"):
            raise LabError(f"cut {host}: direction {direction!r}: expected in, out or both")
        cut = Cut(host, direction, peer, proto, tcp_port, loss)

        def add(cuts):
            cut.id = max((c.id for c in cuts), default=0) + 1
            cuts.append(cut)
        self._change(add)
        return cut.id

    def heal(self, number=None):
        """Ends one cut, or all."""
        def remove(cuts):
            cuts[:] = [c for c in cuts if number is not None and c.id != number]
        self._change(remove)

    def cuts(self):
        try:
            with open(self.path, encoding="utf-8") as file:
                return [Cut(**c) for c in json.load(file)]
        except FileNotFoundError:
            return []

    def _change(self, change):
        with open(self.path + ".lock", "w", encoding="ascii") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            cuts = self.cuts()
            change(cuts)
            self._load(cuts)
            with open(self.path + ".new", "w", encoding="utf-8") as file:
                json.dump([dataclasses.asdict(c) for c in cuts], file)
            os.replace(self.path + ".new", self.path)

    def _load(self, cuts):
        """The whole table in one transaction: no moment between two sets of cuts."""
        text = ["table bridge lab", "delete table bridge lab", "table bridge lab {"]
        for chain in ("prerouting", "input", "forward", "output", "postrouting"):
            text.append(f" chain {chain} {{ type filter hook {chain} priority 0; policy accept;")
            text += [f"  {rule}" for cut in cuts for where, rule in cut.rules() if where == chain]
            text.append(" }")
        text.append("}")
        self.space.run(["nft", "-f", "-"], net_only=True, input="\n".join(text) + "\n")
