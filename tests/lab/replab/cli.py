"""The command `lab`."""
import argparse
import contextlib
import os
import signal
import sys
import time

from .errors import LabError
from .lab import Lab
from .net import HOSTS
from .options import BASELINES, DEFAULT_NAME, TIE_BREAKERS, Options, default_dir


class Interrupted(BaseException):
    pass


@contextlib.contextmanager
def interruptible():
    """Signals become an exception, so that what was begun is taken down."""
    def raise_it(number, _):
        raise Interrupted(signal.Signals(number).name)
    before = {n: signal.signal(n, raise_it) for n in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def parser():
    top = argparse.ArgumentParser(prog="lab", description=sys.modules["replab"].__doc__,
                                  formatter_class=argparse.RawDescriptionHelpFormatter)
    top.add_argument("--name", default=DEFAULT_NAME,
                     help="which laboratory, where several are up (%(default)s)")
    top.add_argument("--dir", default="", help="its folder (/tmp/replab/NAME)")
    commands = top.add_subparsers(dest="command", required=True)

    up = commands.add_parser("up", help="bring a laboratory up; it stays until `down`")
    up.add_argument("--build", default="", metavar="DIR", help="folder of the programs under test")
    up.add_argument("--no-supervisor", action="store_true", help="everything but our own programs")
    up.add_argument("--baseline", choices=BASELINES, default="", help="the naive deployment instead of ours")
    up.add_argument("--tie-breaker", choices=TIE_BREAKERS, default="witness")
    up.add_argument("--advert", default="0.2", help="seconds between VRRP advertisements (%(default)s)")
    up.add_argument("--pool", default="64M", help="innodb_buffer_pool_size (%(default)s)")
    up.add_argument("--disk", action="store_true", help="keep the datadirs in the laboratory's folder")
    up.add_argument("--server", default="", metavar="DIR", help="run the MariaDB of the system in that folder "
                    "(tests/lab/get-debian13 makes one)")
    up.add_argument("--ipv6", action="store_true", help="every address is an IPv6 one")
    up.add_argument("--set", action="append", default=[], metavar="KEY=VALUE",
                    help="a value of cluster.yaml, as timing.lease=3s; may be repeated")

    down = commands.add_parser("down", help="end it and remove its folder")
    down.add_argument("--keep-logs", action="store_true")
    enter = commands.add_parser("enter", help="a shell on a host")
    enter.add_argument("host", choices=HOSTS)
    execute = commands.add_parser("exec", help="run a command on a host")
    execute.add_argument("host", choices=HOSTS)
    execute.add_argument("argv", nargs=argparse.REMAINDER, metavar="CMD")
    commands.add_parser("status", help="hosts, VIP, servers and replication at a glance")
    logs = commands.add_parser("logs", help="list the logs, or print one")
    logs.add_argument("host", nargs="?", choices=HOSTS)
    logs.add_argument("log", nargs="?", help="mariadbd, keepalived, replcheckd, syslog, init")

    cut = commands.add_parser("cut", help="drop packets of a host on the bridge; prints the cut's number")
    cut.add_argument("host", choices=HOSTS)
    cut.add_argument("direction", choices=("in", "out", "both"), nargs="?", default="both")
    cut.add_argument("--peer", default="", choices=[*HOSTS, "reference"])
    cut.add_argument("--proto", type=int, default=0)
    cut.add_argument("--tcp-port", type=int, default=0)
    cut.add_argument("--loss", type=int, default=100, metavar="PERCENT")
    heal = commands.add_parser("heal", help="end one cut, or all")
    heal.add_argument("number", type=int, nargs="?")
    return top


def do_up(args):
    values = {}
    for item in args.set:
        key, equals, value = item.partition("=")
        if not equals:
            raise LabError(f"--set {item}: expected KEY=VALUE")
        values[key] = value
    options = Options(name=args.name, dir=args.dir, build=args.build, supervisor=not args.no_supervisor,
                      baseline=args.baseline, tie_breaker=args.tie_breaker, advert=args.advert,
                      pool=args.pool, disk=args.disk, server=args.server, ipv6=args.ipv6,
                      set=values)
    begun = time.monotonic()
    with interruptible():
        lab = Lab(options, outlive=True).up()
    print(f"up in {time.monotonic() - begun:.1f} s, in {lab.dir}")


def do_status(lab):
    holders = lab.vip_holders()
    print(f"{'host':<8} {'address':<14} {'vip':<3} {'server':<9} {'position':<20} replication")
    for name, host in lab.hosts.items():
        server, position, replication = "", "", ""
        if not host.on:
            server = "off"
        elif name in lab.servers:
            try:
                node = lab.servers[name]
                server = "read-only" if node.read_only() else "writable"
                position = node.value("@@global.gtid_binlog_pos")
                status = node.replica_status()
                if status:
                    replication = f"IO {status['Slave_IO_Running']}, SQL {status['Slave_SQL_Running']}"
            except LabError:
                server = "silent"
        vip = "yes" if name in holders else ""
        print(f"{name:<8} {host.address:<14} {vip:<3} {server:<9} {position:<20} {replication}")
    for cut in lab.segment.cuts():
        print(f"cut {cut.id}: {cut}")


def do_logs(lab, args):
    hosts = [lab.hosts[args.host]] if args.host else lab.hosts.values()
    if args.log:
        sys.stdout.write(hosts[0].read(f"log/{args.log}.log"))
        return
    for host in hosts:
        for entry in sorted(os.listdir(host.path("log"))):
            print(host.path("log", entry))


def dispatch(args):
    if args.command == "up":
        return do_up(args)
    lab = Lab.attach(os.path.abspath(args.dir or default_dir(args.name)))
    if args.command == "down":
        lab.down(keep_logs=args.keep_logs)
    elif args.command == "enter":
        lab.hosts[args.host].enter([os.environ.get("SHELL", "/bin/bash")])
    elif args.command == "exec":
        lab.hosts[args.host].enter(args.argv or ["true"])
    elif args.command == "status":
        do_status(lab)
    elif args.command == "logs":
        do_logs(lab, args)
    elif args.command == "cut":
        print(lab.segment.cut(args.host, args.direction, args.peer, args.proto, args.tcp_port, args.loss))
    elif args.command == "heal":
        lab.segment.heal(args.number)
    return None


def main():
    try:
        dispatch(parser().parse_args())
    except LabError as error:
        print(f"lab: {error}", file=sys.stderr)
        return 1
    except Interrupted as signalled:
        print(f"lab: ended by {signalled}", file=sys.stderr)
        return 130
    return 0
