"""What people do to a node: sessions killed, settings changed, programs started twice or replaced."""
import re
import signal

from replab import LabError, faults, services

from .catalogue import expect, scenario

OURS = "('replcheck', 'replcheck-fence')"


def our_sessions(dba):
    found = dba.run(f"SELECT ID FROM information_schema.PROCESSLIST WHERE USER IN {OURS}")
    expect(found, "none of our sessions is there")
    return found


def kill_all(dba, sessions):
    dba.run(";".join(f"KILL {number}" for number in sessions))


def kill_sessions(t, dba, together, holds):
    """All of ours at the server where the session `dba` is; `holds` must be so meanwhile."""
    found = our_sessions(dba)
    if together:
        kill_all(dba, found)
    for number in found if not together else ():
        dba.run(f"KILL {number}")
        t.stays(f"{t.writer} as the one writer", holds, 0.3)
    t.stays(f"{t.writer} as the one writer", holds, 2)


def kill_sessions_at(t, place):
    """One by one and then all at once, twice."""
    t.begin()
    t.fault(faults.now_us())
    with faults.Session(t.server(place()), database="mysql") as dba:
        for together in (False, True, True):
            kill_sessions(t, dba, together, lambda: t.writers() == [t.writer])
            t.wait_well()
    t.end(t.writer, terms=1, outage_s=2)


@scenario(fault=49)
def kill_sessions_writer(t):
    """Somebody kills our sessions at the writer's server, one by one and all at once: they are taken up again, no role
    changes and no write is refused."""
    kill_sessions_at(t, lambda: t.writer)


@scenario(fault=49)
def kill_sessions_standby(t):
    """The same at the standby's server."""
    kill_sessions_at(t, lambda: t.standby)


@scenario(fault=49)
def kill_sessions_witness(t):
    """The same at the witness."""
    kill_sessions_at(t, lambda: "witness")


def refusals(t, node):
    """How often its voters refused a promise. What is said again and again is held back and counted."""
    lines = [line for line in t.said(node).splitlines() if " was not promised " in line]
    return sum(1 + int((re.findall(r"\(repeated (\d+) times\)", line) or ["0"])[0]) for line in lines)


@scenario()
def promise_refused(t):
    """Somebody drops a procedure of ours: the promotion gives up with the server's words, and asks no voter thousands
    of times until then; with the schema installed again the pair is well."""
    t.wait_well(30)
    giver = t.writers()[0]
    taker = t.other(giver)
    for server in t.lab.servers.values():
        server.sql("SET SESSION sql_log_bin=0; DROP PROCEDURE replcheck.promise")
    done = t.tool(giver, "switchover", timeout_s=60)
    expect(done.returncode == 1, f"switchover: {done.stdout}{done.stderr}")
    t.wait("refusals", lambda: refusals(t, taker) > 1, 15)
    services.install_schema(t.lab)
    t.wait_well(60)
    for node in (giver, taker):
        expect(refusals(t, node) < 600, f"{node} was refused {refusals(t, node)} times")


# Of every new session: what clients may need, and none of ours can work with.
ODD_DEFAULTS = ("autocommit=0", "tx_read_only=1", "completion_type=2", "sql_safe_updates=1", "sql_select_limit=1",
                "max_statement_time=0.5", "sql_mode='ORACLE,NO_BACKSLASH_ESCAPES'")


@scenario(quick=True)
def odd_defaults(t):
    """All three servers have odd defaults for sessions, as autocommit=0: ours are not changed by them, and a switchover
    there and back writes the rows of its terms on both servers."""
    t.wait_well(30)
    for server in t.lab.servers.values():
        with faults.Session(server, database="mysql") as dba:
            for setting in ODD_DEFAULTS:
                dba.run(f"SET GLOBAL {setting}")
            kill_all(dba, our_sessions(dba))
    t.wait_well(30)
    for _ in range(2):
        giver = t.writers()[0]
        done = t.tool(giver, "switchover")
        expect(done.returncode == 0, f"switchover at {giver}: {done.stdout}{done.stderr}")
        t.wait_well(30)
    epochs = {node: t.server(node).value("MAX(epoch) FROM replcheck.term") for node in ("mx1", "mx2")}
    expect(set(epochs.values()) == {str(t.report(giver)["epoch"])}, f"the terms written: {epochs}")


def signal_daemon(t, node, number):
    return faults.send(t.host(node), "fencer", number)


def edit(t, node, before, after):
    text = t.host(node).read("etc/mysql-replcheck/cluster.yaml")
    expect(before in text, f"cluster.yaml has no {before!r}")
    t.host(node).write("etc/mysql-replcheck/cluster.yaml", text.replace(before, after))


def complains(t, node, word):
    """Is `check` on the node not OK, and is this said among the problems?"""
    problems = " ".join(problem.get("sentence", "") for problem in t.report(node).get("problems", []))
    return t.tool(node, "check").returncode in (1, 2) and word in problems


@scenario(fault=50)
def configurations_differ(t):
    """The standby's cluster.yaml is changed: both nodes report it, and are well when it is the same again."""
    t.begin()
    t.fault(faults.now_us())
    edit(t, t.standby, "max_unseen: 2s", "max_unseen: 3s")
    signal_daemon(t, t.standby, signal.SIGHUP)
    for node in (t.standby, t.writer):
        t.wait(f"`check` of {node} tells of it", lambda n=node: complains(t, n, "cluster.yaml"), 10)
    t.stays(f"{t.writer} as the one writer", lambda: t.writers() == [t.writer], 2)
    edit(t, t.standby, "max_unseen: 3s", "max_unseen: 2s")
    signal_daemon(t, t.standby, signal.SIGHUP)
    for node in (t.standby, t.writer):
        t.wait(f"`check` of {node} is content again", lambda n=node: not complains(t, n, "cluster.yaml"), 10)
    t.end(t.writer, terms=1, outage_s=2)


@scenario(fault=55)
def second_supervisor(t):
    """A second supervisor is started on each node: it is refused with a clear word and nothing changes."""
    t.begin()
    t.fault(faults.now_us())
    program = f"{t.lab.options.build}/mysql-replcheckd"
    for node in (t.writer, t.standby):
        before = t.host(node).pids(faults.OURS)
        done = t.host(node).exec([program, "--foreground", "--config", "/etc/mysql-replcheck"], check=False, timeout=20)
        expect(done.returncode != 0 and "already" in done.stderr,
               f"a second supervisor on {node}: exit {done.returncode}: {done.stderr}")
        expect(t.host(node).pids(faults.OURS) == before, f"{node}: other processes than before")
        t.stays(f"{t.writer} as the one writer", lambda: t.writers() == [t.writer], 1)
    t.wait_well()
    t.end(t.writer, terms=1, outage_s=2)


@scenario(fault=56)
def upgrade(t):
    """The supervisor is upgraded on the writer, and on the standby, twice each: no role changes, no write is refused.
    """
    t.begin()
    t.fault(faults.now_us())
    told = len(t.host(t.writer).read("log/keepalived.log"))
    for node in (t.writer, t.standby, t.writer, t.standby):
        child = faults.find(t.host(node), "supervisor")
        signal_daemon(t, node, signal.SIGUSR2)

        def replaced(node=node, child=child):
            try:
                return faults.find(t.host(node), "supervisor") != child
            except LabError:
                return False
        t.wait(f"another supervisor on {node}", replaced, 10)
        t.wait_state(node, "writer" if node == t.writer else "standby", 10)
        t.stays(f"{t.writer} as the one writer", lambda: t.writers() == [t.writer], 1)
        t.wait_well()
    t.rest()
    # A supervisor that only looks about does not move the VIP: no -100 under a term.
    lowered = [line for line in t.host(t.writer).read("log/keepalived.log")[told:].splitlines() if " to 154" in line]
    expect(not lowered, f"{t.writer}'s weight fell: {lowered}")
    refused = [o for o in t.done_through_vip() if o.result != "ok"]
    expect(not refused, f"{len(refused)} writes failed, the first with error {refused[0].error if refused else 0}")
    t.end(t.writer, terms=1, outage_s=2)


def add_account(t, name, grants):
    t.server(t.writer).sql(f"CREATE USER '{name}'@'localhost' IDENTIFIED BY 'lab';{grants}")
    t.server(t.standby).wait_for(t.server(t.writer))


@scenario(fault=38)
def bypassing_account(t):
    """An account of an application may write in spite of read_only, one by itself and one through a role: `check` of
    both nodes refuses to call that well and names them."""
    t.begin()
    t.fault(faults.now_us())
    add_account(t, "careless", "GRANT ALL ON *.* TO 'careless'@'localhost'")
    add_account(t, "borrowed", "CREATE ROLE powers; GRANT READ_ONLY ADMIN ON *.* TO powers;"
                               "GRANT powers TO 'borrowed'@'localhost'")
    for node in (t.writer, t.standby):
        for name in ("careless", "borrowed"):
            t.wait(f"{node} names {name}", lambda n=node, a=name: complains(t, n, a), 120)
    t.server(t.writer).sql("DROP USER 'careless'@'localhost'; DROP USER 'borrowed'@'localhost'; DROP ROLE powers")
    for node in (t.writer, t.standby):
        t.wait(f"`check` of {node} is content", lambda n=node: not complains(t, n, "careless"), 120)
    t.end(t.writer, terms=1, outage_s=2)


BREAKS = {"dropped": "DROP EVENT replcheck.dead_man",
          "disabled": "ALTER EVENT replcheck.dead_man DISABLE",
          "as after a restored dump": "ALTER EVENT replcheck.dead_man DISABLE ON SLAVE",
          "without a scheduler": "SET GLOBAL event_scheduler=OFF"}


def dead_man_works(t, node):
    found = t.server(node).sql("SELECT STATUS, LAST_EXECUTED FROM information_schema.EVENTS "
                               "WHERE EVENT_SCHEMA='replcheck' AND EVENT_NAME='dead_man'")
    scheduler = t.server(node).value("@@global.event_scheduler")
    return bool(found) and found[0][0] == "ENABLED" and scheduler == "ON"


@scenario(fault=47)
def dead_man_broken(t):
    """The dead-man's event is dropped, disabled, left as a dump leaves it, or its scheduler is off, on each node: it is
    repaired, or reported by `check` until somebody repairs it."""
    t.begin()
    t.fault(faults.now_us())
    for node in (t.standby, t.writer):
        for how, statement in BREAKS.items():
            t.server(node).sql("SET SESSION sql_log_bin=0;" + statement)
            t.wait(f"{node}, {how}: the switch is repaired or reported", lambda n=node: (
                dead_man_works(t, n) or complains(t, n, "dead-man")), 20)
            if not dead_man_works(t, node):
                t.tool(node, "schema", "install")
                t.server(node).sql("SET GLOBAL event_scheduler=ON")
            t.wait(f"{node}, {how}: `check` is content", lambda n=node: (
                dead_man_works(t, n) and not complains(t, n, "dead-man")), 20)
    t.wait_well()
    t.end(t.writer, terms=1, outage_s=2)


def foreign_lock(t, server, name="replcheck.vote.mail", evicted=False):
    """Another account's session that queues for the lock and gets it when our session is killed. Where it is `evicted`
    for that, nobody may be fast enough to see it there: then that it is gone will do."""
    session = faults.Session(server, database="mysql")
    number = session.run("SELECT CONNECTION_ID()")[0]
    session.begin(f"SELECT GET_LOCK('{name}', 60)")
    t.wait("the foreign session waits", lambda: server.value(
        "COUNT(*) FROM information_schema.PROCESSLIST WHERE INFO LIKE 'SELECT GET_LOCK(%'") != "0", 5)
    server.sql(f"KILL {server.value(f'''IS_USED_LOCK('{name}')''')}", check=False)
    if evicted:
        t.wait("the foreign session is ended", lambda: server.value(
            f"COUNT(*) FROM information_schema.PROCESSLIST WHERE ID={number}") == "0", 15)
    else:
        t.wait("the foreign session has the lock", lambda: server.value(f"IS_USED_LOCK('{name}')") == number, 5)
    return session


def voters_beside(t):
    """Where a lock gives the writer a vote, beside its own server."""
    return ("witness", t.standby) if t.by_itself else (t.standby,)


def foreign_vote(t, places, evicted):
    """At each server in turn somebody else takes the vote's lock."""
    t.begin()
    t.fault(faults.now_us())
    for place in places(t):
        server = t.server(place)
        session = foreign_lock(t, server, evicted=evicted)
        if not evicted:
            t.wait(f"`check` of {t.writer} names the account that holds the vote of {place}",
                   lambda: complains(t, t.writer, "root"), 15)
            t.stays(f"{t.writer} as the one writer", lambda: t.writers() == [t.writer], 5)
            session.close()
        t.wait(f"the vote of {place} is the supervisor's", lambda s=server: s.value(
            "COUNT(*) FROM information_schema.PROCESSLIST WHERE ID=IS_USED_LOCK('replcheck.vote.mail') "
            "AND USER='replcheck'") != "0", 30)
        session.close()
        # A vote that was away for a lease counts a lease after it was taken again.
        t.wait("all votes of the writer count", lambda: all(
            vote.get("counted") for vote in t.report(t.writer).get("votes", [{}])), 10)
        t.wait_well()
    t.end(t.writer, terms=1, outage_s=2)


@scenario(fault=48)
def foreign_vote_reported(t):
    """Somebody else takes the lock of the vote at the witness and at the standby: the writer goes on with the two
    others, and `check` names the account."""
    foreign_vote(t, voters_beside, evicted=False)


@scenario(fault=48, settings={"policy.evict_foreign_locks": "true"})
def foreign_vote_evicted(t):
    """The same where the configuration allows it: the session is killed and the vote taken back."""
    foreign_vote(t, voters_beside, evicted=True)
