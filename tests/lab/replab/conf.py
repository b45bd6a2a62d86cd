"""The hosts' configuration: the project's own samples from conf/, with the marked values put in.

Nothing of what the pair requires is said here a second time: this does what an administrator would do by hand
with the sample files.
"""
import os
import re

from .errors import LabError

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))))
CONF = os.path.join(ROOT, "conf")

MY_CNF = """\
[client-server]
socket = /run/mysqld/mysqld.sock
!includedir /etc/mysql/conf.d/
!includedir /etc/mysql/mariadb.conf.d/
"""

# What Debian's 50-server.cnf says.
SERVER_CNF = """\
[mariadbd]
pid-file             = /run/mysqld/mysqld.pid
basedir              = /usr
bind-address         = 127.0.0.1
expire_logs_days     = 10
character-set-server = utf8mb4
collation-server     = utf8mb4_general_ci
"""

# The laboratory's sizes. /tmp is the machine's: two servers whose pid is the same, each in its own namespace, would
# take the same names there for their temporary tables, and crash.
LABORATORY_CNF = """\
[mariadbd]
tmpdir = /run/mysqld
innodb_buffer_pool_size = {pool}
innodb_log_file_size    = {log}
innodb_buffer_pool_load_at_startup = OFF
innodb_buffer_pool_dump_at_shutdown = OFF
"""


def sample(name):
    with open(os.path.join(CONF, name), encoding="utf-8") as file:
        return file.read()


def put(text, pattern, value):
    """Replaces the value of the one line that starts with `pattern`, keeping the rest."""
    found = re.compile(rf"(?m)^({pattern}[ \t]*=?[ \t]*)\S.*$")
    if len(found.findall(text)) != 1:
        raise LabError(f"expected exactly one line {pattern!r} in a sample file of {CONF}")
    return found.sub(lambda m: m.group(1) + value, text)


def write_mariadb(host, pool, log_size, lossless=False, dual=False):
    folder = "etc/mysql/mariadb.conf.d/"
    os.makedirs(host.path("etc/mysql/conf.d"), exist_ok=True)
    host.write("etc/mysql/my.cnf", MY_CNF)
    host.write(folder + "50-server.cnf", SERVER_CNF)
    if host.is_node:
        host.write(folder + "70-replcheck.cnf", sample("mariadb.cnf"))
        if lossless:
            host.write(folder + "72-replcheck-lossless.cnf", sample("mariadb-lossless.cnf"))
        if dual:
            host.write(folder + "73-replcheck-dual.cnf",
                       put(sample("mariadb-dual.cnf"), "gtid_domain_id", str(host.server_id)))
        node = put(sample("mariadb-node.cnf"), "server_id", str(host.server_id))
        node = put(node, "auto_increment_offset", str(host.server_id))
        if host.plan.version == 6:
            node = put(node, "bind_address", "*")
        host.write(folder + "71-replcheck-node.cnf", node)
    else:
        witness = sample("mariadb-witness.cnf")
        if host.plan.version == 6:
            witness = put(witness, "bind_address", "*")
        host.write(folder + "70-replcheck-witness.cnf", witness)
    host.write(folder + "79-laboratory.cnf", LABORATORY_CNF.format(pool=pool, log=log_size))
