"""What the laboratory tries. Importing this package fills catalogue.ALL, in the order of its files."""
from . import calm, deaths, hangs, hosts, moves, cuts, returns, lossless  # noqa: F401
from . import links, steps, killed_rows, witness, etcd, loading  # noqa: F401
from . import locks, people, disks, machines, service, threes, ipv6, dual, tls, vips, upgrades  # noqa: F401
