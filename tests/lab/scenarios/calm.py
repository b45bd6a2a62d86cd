"""What must change no role: somebody else's locks and settings."""
from replab import faults

from .catalogue import expect, scenario

LOCKED_S = 5  # longer than a lease


def under_read_lock(t, node):
    t.begin()
    t.fault(faults.now_us())
    lock = faults.read_lock(t.server(node()))
    t.stays(f"{t.writer} as the one writer", lambda: t.writers() == [t.writer], LOCKED_S)
    lock.close()
    t.wait_well()
    t.end(t.writer, terms=1, outage_s=LOCKED_S + 5)


@scenario(fault=52, quick=True)
def ftwrl_writer(t):
    """FLUSH TABLES WITH READ LOCK on the writer, longer than a lease: nothing happens."""
    under_read_lock(t, lambda: t.writer)


@scenario(fault=52, quick=True)
def ftwrl_standby(t):
    """FLUSH TABLES WITH READ LOCK on the standby, longer than a lease: nothing happens."""
    under_read_lock(t, lambda: t.standby)


@scenario(fault=42, quick=True)
def read_only_off(t):
    """Somebody makes the standby writable: it is fenced again, the writer stays."""
    t.begin(local=())
    t.fault(faults.now_us())
    t.server(t.standby).sql("SET GLOBAL read_only=0")
    t.wait(f"{t.standby} is read-only again", lambda: t.server(t.standby).read_only(), 5)
    t.wait_well()
    # A foreign hand's, and no client was sent there: only how long it lasted is bounded.
    t.end(t.writer, terms=1, both_us=5_000_000, outage_s=5)


def offsets(t, node):
    return t.server(node).sql("SELECT @@global.auto_increment_increment, @@global.auto_increment_offset")[0]


@scenario(quick=True)
def restore_offsets(t):
    """The auto_increment offsets are put right, when somebody changes them and when a server restarts with other
    ones in its files; rows of the two nodes never share a number."""
    t.begin()
    t.fault(faults.now_us())
    wanted = {node: offsets(t, node) for node in (t.writer, t.standby)}
    expect(sorted(wanted.values()) == [("2", "1"), ("2", "2")], f"offsets at the start: {wanted}")
    for node in wanted:
        t.server(node).sql("SET GLOBAL auto_increment_increment=1, auto_increment_offset=1")
        t.wait(f"{node}'s offsets", lambda n=node: offsets(t, n) == wanted[n], 10)
    path = "etc/mysql/mariadb.conf.d/99-somebody.cnf"
    t.host(t.standby).write(path, "[mariadbd]\nauto_increment_increment = 1\nauto_increment_offset = 1\n")
    t.server(t.standby).stop()
    t.server(t.standby).start()
    t.wait(f"{t.standby}'s offsets after a restart", lambda: offsets(t, t.standby) == wanted[t.standby], 15)
    t.wait_well()
    # Sessions of before keep their own offsets.
    share, last = int(wanted[t.writer][1]) % 2, t.server(t.writer).value("MAX(id) FROM lab.appends")
    newer = f"FROM lab.appends WHERE id > {last}"
    t.wait("50 rows more", lambda: int(t.server(t.writer).value(f"COUNT(*) {newer}")) >= 50, 20)
    odd = t.server(t.writer).value(f"COUNT(*) {newer} AND id % 2 <> {share}")
    expect(odd == "0", f"{odd} of the last rows have a number of the other node")
    t.end(t.writer, terms=1, outage_s=5)
