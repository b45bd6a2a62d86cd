"""cluster.yaml and node.conf of the laboratory's pair, as in the documentation's examples."""
import copy

from .errors import LabError
from .net import PLANS

CLUSTER = {
    "cluster": "mail",
    "auto_increment_increment": 2,
    "vip": {"source": "netlink"},
    "quorum": {"tie_breaker": "witness", "accept_split_brain": "false"},
    "policy": {
        "write_mode": "single",
        "durability": "async",
        "max_known_lost": 0,
        "max_unseen": "2s",
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
peer    = {{ user = "replcheck"; password_file = "/etc/mysql-replcheck/peer.secret"; {peer} }};
{witness}fencer  = {{ user = "replcheck-fence"; kill_server = true; command = ""; }};
run_as  = "replcheck";
run_dir = "/run/mysql-replcheck";
state_dir = "/var/lib/mysql-replcheck";
control = {{ read_group = "adm"; admin_group = "root"; }};
syslog  = {{ facility = "daemon"; level = "info"; }};
hooks   = {{ dir = "/etc/mysql-replcheck/hooks.d"; timeout = "2s"; }};
"""


def _witness(options, address):
    if options.tie_breaker == "etcd":
        return {"kind": "etcd", "endpoints": [{"address": address, "port": 2379}]}
    return {"kind": "mariadb", "address": address, "port": 3306}


def cluster(options):
    tree, plan = copy.deepcopy(CLUSTER), PLANS[6 if options.ipv6 else 4]
    tree["nodes"] = [{"name": name, "address": plan.addresses[name], "port": 3306, "server_id": i,
                      "auto_increment_offset": i} for i, name in enumerate(("mx1", "mx2"), 1)]
    tree["vip"]["addresses"] = plan.vips[:options.vips]
    tree["quorum"]["references"] = [{"address": plan.reference, "port": 443}]
    if options.tie_breaker in ("witness", "etcd"):
        tree["quorum"]["witness"] = _witness(options, plan.addresses["witness"])
    else:
        tree["quorum"]["tie_breaker"] = options.tie_breaker
    if options.tie_breaker == "vip":
        tree["quorum"]["accept_split_brain"] = "true"
    for key, value in options.set.items():
        _put(tree, key, value)
    return "\n".join(_block(tree, "")) + "\n"


def node(name, options, witness_pin=""):
    """`witness_pin`: the fingerprint of the witness's certificate, where TLS is spoken."""
    witness = f'tls = {{ fingerprint = "{witness_pin}"; }};' if options.tls else ""
    line = f'witness = {{ user = "replcheck"; password_file = "/etc/mysql-replcheck/peer.secret"; {witness} }};\n'
    peer = 'tls = { ca = "/etc/mysql-replcheck/ca.pem"; };' if options.tls else ""
    return NODE.format(name=name, peer=peer, witness=line if options.tie_breaker == "witness" else "")


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
    address = isinstance(value, str) and ":" in value and value[0] not in "[{\""
    return f'"{value}"' if address else str(value)


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
