"""What runs on the hosts besides the servers: the nft rule, keepalived, and our own programs."""
import os
import shutil
import sys

from . import accounts, baseline, conf, mail, tls, yamlconf
from .errors import LabError

NEEDED = ("mariadbd", "mariadb-install-db", "mariadb", "keepalived", "nft", "ip", "unshare", "nsenter")
SECRET = "replcheck-lab"
NODES = ("mx1", "mx2")


def check_programs(options):
    """Says what is missing before anything was started."""
    needed = NEEDED + (("etcd", "curl") if options.tie_breaker == "etcd" else ())
    missing = [name for name in needed if shutil.which(name, path="/usr/sbin:/usr/bin:/sbin:/bin") is None]
    if missing:
        raise LabError("not installed: " + ", ".join(missing))
    if options.server and not os.access(os.path.join(options.server, "usr/sbin/mariadbd"), os.X_OK):
        raise LabError(f"{options.server} has no usr/sbin/mariadbd: see tests/lab/get-debian13")
    if not options.supervisor:
        return
    if not options.build:
        raise LabError("--build DIR is needed to start the supervisors (or --no-supervisor)")
    for name in ("mysql-replcheckd", "mysql-replcheck"):
        if not os.access(os.path.join(options.build, name), os.X_OK):
            raise LabError(f"{options.build}/{name} is missing: build it first (or --no-supervisor)")


def start(lab):
    for name in NODES:
        write_files(lab, lab.hosts[name])
        mail.write_lookups(lab.hosts[name])
    if lab.options.supervisor:
        install_schema(lab)
    for name in NODES:
        start_node(lab, lab.hosts[name])
    lab.wait_until("the VIP on one of the nodes", lambda: len(lab.vip_holders()) == 1, 15)


def start_node(lab, host):
    """Everything but the server, as after a boot."""
    if not lab.options.baseline:
        host.exec(["nft", "-f", "/etc/mysql-replcheck/mysql-replcheck.nft"])
        make_run_dir(host)
    start_keepalived(host)
    if lab.options.supervisor:
        start_supervisor(lab, host)


def write_files(lab, host):
    options = lab.options
    if options.baseline:
        baseline.write_files(host, options.baseline)
        return
    host.write("etc/mysql-replcheck/mysql-replcheck.nft",
               conf.put(conf.sample("mysql-replcheck.nft"), f"define vip{lab.plan.version}", lab.plan.vip))
    text = conf.sample("keepalived.conf")
    for key, value in (("INTERFACE", "eth0"), ("VIP", f"{lab.plan.vip}/{lab.plan.prefix}"), ("ADVERT", options.advert)):
        text = conf.put(text, r"\$" + key, value)
    if options.vips > 1:
        more = "".join(f"\n        {vip}/{lab.plan.prefix}" for vip in lab.plan.vips[1:options.vips])
        text = text.replace("\n        $VIP\n", f"\n        $VIP{more}\n")
    host.write("etc/keepalived/keepalived.conf", text)
    host.write("etc/mysql-replcheck/cluster.yaml", yamlconf.cluster(options))
    host.write("etc/mysql-replcheck/node.conf", yamlconf.node(host.name, options, tls.fingerprint(lab.path("tls"), "witness") if options.tls else ""))
    host.write("etc/mysql-replcheck/peer.secret", SECRET + "\n", 0o600, "replcheck")
    os.makedirs(host.path("etc/mysql-replcheck/hooks.d"), exist_ok=True)


def make_run_dir(host):
    """As a package's tmpfiles.d does at boot, before keepalived, which puts the first weight there. Supervisor
    and fencer both replace that file."""
    path = host.path("run/mysql-replcheck")
    os.makedirs(path, exist_ok=True)
    os.chown(path, accounts.uid("replcheck"), accounts.gid("replcheck-fence"))
    os.chmod(path, 0o775)


def start_keepalived(host):
    return host.start("keepalived", ["keepalived", "--dont-fork", "--log-console", "--log-detail",
                                     "--config-id", "container", "-f", "/etc/keepalived/keepalived.conf"])


# Our own programs --------------------------------------------------------------------------------------


def install_schema(lab):
    tool = os.path.join(lab.options.build, "mysql-replcheck")
    for name in NODES:
        lab.hosts[name].exec([tool, "--config", "/etc/mysql-replcheck", "schema", "install"], timeout=60)
    if lab.options.tie_breaker == "witness":
        install_witness(lab)


def install_witness(lab):
    tool = os.path.join(lab.options.build, "mysql-replcheck")
    # The witness has no configuration of ours: it is told who may ask it, and with which password.
    witness = lab.hosts["witness"]
    witness.write("etc/mysql-replcheck/peer.secret", SECRET + "\n", 0o600)
    allowed = [word for name in NODES for word in ("--allow", lab.hosts[name].address)]
    witness.exec([tool, "schema", "install", "--witness", "--cluster", "mail", *allowed,
                  "--password-file", "/etc/mysql-replcheck/peer.secret"], timeout=60)


def start_supervisor(lab, host, environment=()):
    """Returns the inner pid of the fencer, the parent of the two. `environment`: "NAME=value" of its own."""
    program = os.path.join(lab.options.build, "mysql-replcheckd")
    if not os.access(program, os.X_OK):
        raise LabError(f"{program} is missing: build it first")
    if lab.options.units:
        launcher = os.path.join(os.path.dirname(os.path.realpath(__file__)), "../as-units")
        return host.start("replcheckd", ["env", *environment, sys.executable, launcher, program])
    return host.start("replcheckd", ["env", *environment, program, "--foreground", "--config", "/etc/mysql-replcheck"])
