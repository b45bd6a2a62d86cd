"""cluster.yaml and node.conf of the laboratory's pair, as in the documentation's examples."""
import copy

from .errors import LabError
from .net import ADDRESSES, REFERENCE, VIP

WITNESS = {"kind": "mariadb", "address": ADDRESSES["witness"], "port": 3306}
ETCD = {"kind": "etcd", "endpoints": [{"address": ADDRESSES["witness"], "port": 2379}]}

CLUSTER = {
    "cluster": "mail",
    "nodes": [
        {"name": name, "address": ADDRESSES[name], "port": 3306, "server_id": i, "auto_increment_offset": i}
        for i, name in enumerate(("mx1", "mx2"), 1)
    ],
    "auto_increment_increment": 2,
    "vip": {"addresses": [VIP], "source": "netlink"},
    "quorum": {
        "tie_breaker": "witness",
        "witness": WITNESS,
        "references": [{"address": REFERENCE, "port": 443}],
        "accept_split_brain": "false",
    },
    "policy": {
        "write_mode": "single",
        "durability": "async",
        "max_known_lost": 0,
        "max_unseen": "1s",
        "drain_timeout": "30s",
        "switchover_timeout": "5s",
        "vip_settle": "2s",
        "vip_hold_down": "60s",
        "rejoin": "hold",
        "breaker": {"failovers": 1, "window": "1h"},
        "settling": "60s",
    },
    "timing": {"lease": "3s", "renew": "250ms", "silent": "1s", "fence": "1s", "epsilon": "50ms",
               "drift": "0.1%", "probe": "250ms", "takeover_delay": "500ms"},
    "thresholds": {"lag_warning": "10s", "lag_critical": "60s"},
}

NODE = """\
node = "{name}";
local   = {{ socket = "/run/mysqld/mysqld.sock"; user = "replcheck"; }};
peer    = {{ user = "replcheck"; password_file = "/etc/mysql-replcheck/peer.secret"; }};
{witness}fencer  = {{ user = "replcheck-fence"; kill_server = true; command = ""; }};
run_as  = "replcheck";
run_dir = "/run/mysql-replcheck";
state_dir = "/var/lib/mysql-replcheck";
control = {{ read_group = "adm"; admin_group = "root"; }};
http    = {{ listen = "127.0.0.1:8008"; token_file = ""; }};
agent   = {{ listen = "127.0.0.1:8009"; }};
syslog  = {{ facility = "daemon"; level = "info"; }};
hooks   = {{ dir = "/etc/mysql-replcheck/hooks.d"; user = "replcheck"; timeout = "30s"; }};
"""


def cluster(options):
    tree = copy.deepcopy(CLUSTER)
    tree["quorum"]["tie_breaker"] = options.tie_breaker
    if options.tie_breaker == "etcd":
        tree["quorum"].update(tie_breaker="witness", witness=ETCD)
    elif options.tie_breaker != "witness":
        del tree["quorum"]["witness"]
    if options.tie_breaker == "vip":
        tree["quorum"]["accept_split_brain"] = "true"
    for key, value in options.set.items():
        _put(tree, key, value)
    return "\n".join(_block(tree, "")) + "\n"


def node(name, options):
    line = 'witness = { user = "replcheck"; password_file = "/etc/mysql-replcheck/peer.secret"; };\n'
    return NODE.format(name=name, witness=line if options.tie_breaker == "witness" else "")


def _put(tree, key, value):
    """timing.lease=3s; a value that begins with { or [ is taken as YAML's flow form, as it stands."""
    *way, last = key.split(".")
    for part in way:
        if not isinstance(tree.get(part), dict):
            raise LabError(f"--set {key}: no section {part!r} in cluster.yaml")
        tree = tree[part]
    tree[last] = value


def _flow(value):
    if isinstance(value, dict):
        return "{" + ", ".join(f"{k}: {_flow(v)}" for k, v in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(_flow(v) for v in value) + "]"
    return str(value)


def _block(tree, indent):
    """Sections as blocks, what is inside a list or a leaf in flow form."""
    for key, value in tree.items():
        if key == "nodes":
            yield f"{indent}{key}:"
            yield from (f"{indent}  - {_flow(item)}" for item in value)
        elif isinstance(value, dict) and not indent:
            yield f"{indent}{key}:"
            yield from _block(value, indent + "  ")
        else:
            yield f"{indent}{key}: {_flow(value)}"
