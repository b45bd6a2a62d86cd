"""What a laboratory is asked to be. Kept beside a running one, so that a later command finds it."""
import dataclasses
import json
import os

from .errors import LabError

DEFAULT_NAME = "lab"
TIE_BREAKERS = ("witness", "etcd", "writer", "vip")  # etcd: a witness that is one
BASELINES = ("usual", "fast")


def default_dir(name):
    return os.path.join("/tmp/replab", name)


@dataclasses.dataclass
class Options:
    name: str = DEFAULT_NAME
    dir: str = ""                  # where everything is kept and seen from outside; /tmp/replab/NAME
    build: str = ""                # the folder that holds the programs under test
    supervisor: bool = True        # start them
    baseline: str = ""             # the naive deployment in their place: usual | fast
    tie_breaker: str = "witness"
    advert: str = "0.2"            # seconds between VRRP advertisements
    pool: str = "64M"              # innodb_buffer_pool_size
    disk: bool = False             # datadirs in `dir` instead of memory
    server: str = ""               # a folder with another system, whose MariaDB the hosts run (get-debian13)
    server_later: bool = False     # they begin with the machine's, for an upgrade
    set: dict = dataclasses.field(default_factory=dict)  # values of cluster.yaml: "timing.lease" -> "3s"
    units: bool = False            # the daemon as its units start it, with their restrictions
    ipv6: bool = False             # every address is an IPv6 one
    vips: int = 1                  # how many VIPs there are, up to 2
    tls: bool = False              # the supervisors speak TLS to the MariaDB servers
    keep_logs: bool = False        # after down, `dir` remains with the logs

    def __post_init__(self):
        self.dir = os.path.abspath(self.dir or default_dir(self.name))
        self.build = os.path.abspath(self.build) if self.build else ""
        self.server = os.path.abspath(self.server) if self.server else ""
        if self.tie_breaker not in TIE_BREAKERS:
            raise LabError(f"tie breaker {self.tie_breaker!r}: expected one of {', '.join(TIE_BREAKERS)}")
        if self.baseline and self.baseline not in BASELINES:
            raise LabError(f"baseline {self.baseline!r}: expected one of {', '.join(BASELINES)}")
        if self.baseline:
            self.supervisor = False
        if self.dir.startswith(("/etc/", "/var/lib/", "/run/", "/dev/")):
            raise LabError(f"{self.dir}: the hosts have /etc, /var/lib, /run and /dev of their own and "
                           "would not see it")
        # A socket's path has room for 107 characters.
        longest = os.path.join(self.dir, "witness/run/mysqld/mysqld.sock")
        if len(longest) > 107:
            raise LabError(f"{self.dir} is too long: sockets under it would exceed 107 characters")

    @property
    def lossless(self):
        return self.set.get("policy.durability") == "lossless"

    @property
    def dual(self):
        return self.set.get("policy.write_mode") == "dual"

    def dump(self):
        return json.dumps(dataclasses.asdict(self), indent=1)

    @classmethod
    def load(cls, text):
        return cls(**json.loads(text))
