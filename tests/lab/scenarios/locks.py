"""What stands in a demotion's way: idle table locks, statements that run for long, commits that wait for an
acknowledgement, backups."""
import contextlib

from replab import LabError, faults
from replab.database import APPLICATION, REPLICATION

from .catalogue import expect, scenario
from .moves import switch

FENCED_S = 4       # a lease of 3 s, and a margin for a loaded machine
MINUTE_S = 60
STAGES = ("START", "FLUSH", "BLOCK_DDL", "BLOCK_COMMIT")


def is_over(session):
    """Was the session ended from outside, or its statement?"""
    try:
        return any("ERROR" in line for line in session.run("SELECT 1"))
    except (LabError, OSError):
        return True


def hang_supervisor(t):
    """The writer's supervisor stops, so that the fencer has to close the server: returns what resumes it."""
    child = faults.find(t.host(t.writer), "supervisor")
    t.fault(faults.stop(t.host(t.writer), child))

    def resume():
        with contextlib.suppress(ProcessLookupError):  # the fencer may have replaced it
            faults.resume(t.host(t.writer), child)
    return resume


def closed(t):
    """Nobody writes at the old writer's server: it says read-only, or it was ended."""
    return not t.writable(t.writer)


def fenced_in_time(t):
    took_s = t.wait(f"{t.writer} is fenced", lambda: closed(t), 10)
    expect(took_s < FENCED_S, f"{t.writer} was fenced only after {took_s:.1f} s, with a lease of 3 s")


def return_to_order(t):
    """The old writer's server may have been ended: it is started again, as systemd would."""
    if not t.server(t.writer).answers():
        t.server(t.writer).start()
    t.wait_returned(t.writer)


def switch_past(t, begin, account=()):
    t.begin()
    with faults.Session(t.server(t.writer), *account) as session:
        begin(t, session)
        t.fault(faults.now_us())
        switch(t, t.writer, t.standby)
        expect(is_over(session), "what stood in the way is still there")
    t.end(t.standby, terms=2, outage_s=10)


def fence_past(t, begin, account=()):
    t.begin()
    with faults.Session(t.server(t.writer), *account) as session:
        begin(t, session)
        resume = hang_supervisor(t)
        fenced_in_time(t)
        t.wait_writer(t.standby, 15)
        resume()
        return_to_order(t)
    t.end(t.standby, terms=2, outage_s=15)


def idle_lock(t, session):
    done = session.run("LOCK TABLES mail.quota2 WRITE")
    expect(not done, f"LOCK TABLES: {done}")


@scenario(fault=35)
def lock_tables_switchover(t):
    """A session holds LOCK TABLES ... WRITE and is idle when a switchover is asked for: it is killed, the role moves
    within the time of a switchover."""
    switch_past(t, idle_lock)


@scenario(fault=35)
def lock_tables_fence(t):
    """A session holds LOCK TABLES ... WRITE and is idle when the supervisor hangs: the fencer closes the server within
    the lease."""
    fence_past(t, idle_lock)


def slow_update(t, session):
    """60 s long, for all its rows."""
    session.begin("UPDATE mail.quota2 SET messages = messages + SLEEP(15)")
    runs = "COUNT(*) FROM information_schema.PROCESSLIST WHERE STATE='User sleep'"
    t.wait("the UPDATE runs", lambda: t.server(t.writer).value(runs) != "0", 5)


@scenario(fault=37)
def long_update_switchover(t):
    """An UPDATE of 60 s runs when a switchover is asked for: it is killed, the role moves."""
    switch_past(t, slow_update, APPLICATION)


@scenario(fault=37)
def long_update_fence(t):
    """An UPDATE of 60 s runs when the supervisor hangs: the fencer closes the server within the lease."""
    fence_past(t, slow_update, APPLICATION)


def big_table(t, rows):
    """A table of its own on both nodes."""
    t.server(t.writer).sql(
        "CREATE TABLE lab.big (id INT PRIMARY KEY, x BIGINT, y CHAR(80)) ENGINE=InnoDB;"
        f"INSERT INTO lab.big SELECT seq, 0, MD5(seq) FROM seq_1_to_{rows}", database="lab", timeout_s=120)
    t.server(t.standby).wait_for(t.server(t.writer), timeout_s=120)


@scenario(fault=37)
def long_rollback_fence(t):
    """A statement has changed so much that killing it takes longer than a fence may, for it still rolls back: the
    fencer ends the server."""
    t.begin()
    big_table(t, 400_000)
    server = t.host(t.writer).pid("mariadbd")
    with faults.Session(t.server(t.writer), *APPLICATION) as session:
        session.run("BEGIN")
        for _ in range(2):
            session.run("UPDATE big SET x = x + 1, y = MD5(x)")
        session.begin("UPDATE big SET x = x + 1, y = MD5(x)")
        resume = hang_supervisor(t)
        fenced_in_time(t)
        t.wait_taken_over(15)
        expect(server not in t.host(t.writer).pids("mariadbd"), "the rollback ended in time: the fault was too small")
        resume()
        return_to_order(t)
    t.end_taken_over(outage_s=15)


# Semi-synchronous replication, set by hand: whoever waits for an acknowledgement waits for ever.


def demand_acks(t):
    """The writer's commits wait from now on: the standby's receiver acknowledges nothing."""
    t.server(t.writer).sql("SET GLOBAL rpl_semi_sync_master_enabled=1")
    t.wait("commits that wait for an acknowledgement", lambda: t.server(t.writer).value(
        "COUNT(*) FROM information_schema.PROCESSLIST WHERE STATE LIKE 'Waiting for semi-sync ACK%'") != "0", 10)


@scenario(fault=36)
def ack_wait_received(t):
    """Commits wait for an acknowledgement, their transactions have arrived at the standby: the fencer closes the
    server all the same, no client is told OK for what the new writer lacks."""
    t.begin()
    demand_acks(t)
    resume = hang_supervisor(t)
    fenced_in_time(t)
    t.wait_writer(t.standby, 15)
    resume()
    with contextlib.suppress(LabError):  # what was set by hand; a server that was ended has lost it
        t.server(t.writer).sql("SET GLOBAL rpl_semi_sync_master_enabled=0")
    return_to_order(t)
    t.end(t.standby, terms=2, outage_s=20)


def receive_with(t, password):
    """With a wrong one the standby's receiver does not get in, whoever starts it: the supervisor may, in between."""
    statements = f"STOP SLAVE; CHANGE MASTER TO MASTER_PASSWORD='{password}'; START SLAVE"
    for _ in range(5):
        with contextlib.suppress(LabError):
            return t.server(t.standby).sql(statements)
    return t.server(t.standby).sql(statements)


@scenario(fault=36)
def ack_wait_unreceived(t):
    """Commits wait for an acknowledgement and the standby receives nothing: the fencer closes the server, the standby
    is not promoted over what it lacks, and the same node writes again with all that was acknowledged."""
    t.begin()
    receive_with(t, "wrong")
    demand_acks(t)
    resume = hang_supervisor(t)
    fenced_in_time(t)
    t.wait(f"{t.standby} refuses and says why",
           lambda: "transactions seen on the writer are missing" in t.report(t.standby).get("reason", ""), 15)
    t.stays("nobody writes", lambda: not t.writers(), 2)
    resume()
    if not t.server(t.writer).answers():
        t.server(t.writer).start()
    t.wait_writer(t.writer, 30)
    t.server(t.writer).sql("SET GLOBAL rpl_semi_sync_master_enabled=0")
    receive_with(t, REPLICATION[1])
    t.wait_well()
    t.end(t.writer, least_terms=2, outage_s=60)


# Backups


def backup_stages(t, node):
    t.begin()
    t.fault(faults.now_us())
    with faults.Session(t.server(node())) as session:
        for stage in STAGES:
            expect(session.run(f"BACKUP STAGE {stage}") == [], f"BACKUP STAGE {stage} failed")
        t.stays(f"{t.writer} as the one writer", lambda: t.writers() == [t.writer], 5)
        session.run("BACKUP STAGE END")
    t.wait_well()
    t.end(t.writer, terms=1, outage_s=15)


@scenario(fault=52)
def backup_stages_writer(t):
    """BACKUP STAGE up to BLOCK_COMMIT on the writer, longer than a lease: nothing happens."""
    backup_stages(t, lambda: t.writer)


@scenario(fault=52)
def backup_stages_standby(t):
    """BACKUP STAGE up to BLOCK_COMMIT on the standby, longer than a lease: nothing happens."""
    backup_stages(t, lambda: t.standby)


@scenario(fault=52)
def ftwrl_minute(t):
    """FLUSH TABLES WITH READ LOCK on both nodes at once for a minute: nothing happens."""
    t.begin()
    t.fault(faults.now_us())
    locks = [faults.read_lock(t.server(node)) for node in (t.writer, t.standby)]
    t.stays(f"{t.writer} as the one writer", lambda: t.writers() == [t.writer], MINUTE_S)
    for lock in locks:
        lock.close()
    t.wait_well()
    t.end(t.writer, terms=1, outage_s=MINUTE_S + 10)


def says_why(t):
    said = t.report(t.standby)
    return (said.get("standby_not_ready") or (said.get("loss") or {}).get("gate") not in (None, "ok")
            or "certifying" in t.report(t.writer).get("reason", ""))


# The certificate reaches the standby with the lock's end, and does not say when the server died: until then it may have
# written, so far as anybody knows.
@scenario(fault=52, settings={"policy.max_unseen": "60s"})
def ftwrl_promotion(t):
    """The writer's server dies while the standby is under FLUSH TABLES WITH READ LOCK: the promotion waits or is
    refused, one of the nodes says why, and it goes on once the lock is gone."""
    t.begin()
    lock = faults.read_lock(t.server(t.standby))
    t.fault(faults.kill(t.host(t.writer), "mariadbd"))
    t.stays("nobody is promoted under the lock", lambda: not t.writers(), 5)
    # Its supervisor cannot write the certificate there, says that it still tries, and gives no vote away before it has.
    t.wait("one of the nodes says why", lambda: says_why(t), 15)
    expect(not t.writers(), "somebody was promoted under the lock")
    lock.close()
    t.wait_writer(t.standby, 30)
    t.server(t.writer).start()
    t.wait_returned(t.writer)
    t.end(t.standby, terms=2, outage_s=60)
