"""kill -9 of a mariadbd whose 4 GiB of buffer pool are really filled: its memory takes a second to tear down,
and its sockets live as long."""
from replab import LabError
from replbench import rows, usage

from . import crash

TITLE = "kill -9 with 4 GiB of buffer pool"
POOL = "4G"
POOL_KIB = 4 * 1024 * 1024
SMALL = 64 * 1024 * 1024
BIG = "mx1"               # one of the two: both would not fit into the memory of a small machine
ROWS, CHUNK = 600_000, 50_000   # two to a page of 16 KiB


def fill_table(server):
    """A table of the pool's size that is this server's alone."""
    server.sql("SET SESSION sql_log_bin=0; CREATE DATABASE bench; "
               "CREATE TABLE bench.pages (id INT PRIMARY KEY, pad VARCHAR(8000)) ENGINE=InnoDB CHARACTER SET latin1")
    for first in range(1, ROWS, CHUNK):
        server.sql("USE bench; SET SESSION sql_log_bin=0; INSERT INTO bench.pages "
                   f"SELECT seq, REPEAT('x', 7400) FROM seq_{first}_to_{first + CHUNK - 1}", timeout_s=300)


def warm(server):
    """Reads it until the pool is full; LabError when it is not."""
    server.sql("SELECT SUM(LENGTH(pad)) FROM bench.pages", timeout_s=300)
    free = int(server.sql("SHOW GLOBAL STATUS LIKE 'Innodb_buffer_pool_pages_free'")[0][1])
    used_kib = usage.rss_kib(server.host.pid("mariadbd"))
    if free * 16 > POOL_KIB // 50 or used_kib < POOL_KIB * 0.97:
        raise LabError(f"the pool is not filled: {free} pages are free, {used_kib} KiB are used")


def prepare(pair, writer, standby):
    """The node with the big pool as the writer, the pool full."""
    big = pair.lab.servers[BIG]
    if big.value("COUNT(*) FROM information_schema.schemata WHERE schema_name='bench'") == "0":
        for name, server in pair.lab.servers.items():
            if name != BIG:
                server.sql(f"SET GLOBAL innodb_buffer_pool_size={SMALL}")
        fill_table(big)
    warm(big)
    if writer != BIG:
        pair.switch_over(BIG)
    return pair.rest()


def measure(context):
    found = rows.OutageRows(context, "kill -9 with 4 GiB of filled buffer pool, witness", crash.LIMIT_MS, crash.AIM_MS)
    rows.failovers(context, found, crash.kill, crash.GIVE_UP_S, prepare, pool=POOL)
