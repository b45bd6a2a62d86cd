"""Whole hosts lose their power and boot."""
import concurrent.futures
import os

from replab import faults

from .catalogue import expect, scenario


@scenario(quick=True)
def power_off(t):
    """The writer's host is switched off: the witness lets the other node write; the host returns read-only."""
    t.begin()
    t.fault(t.power_off(t.writer))
    t.wait_writer(t.standby, 15)
    t.wait_served(t.standby, 15)
    t.power_on(t.writer)
    t.wait_returned(t.writer)
    t.end(t.standby, terms=2, outage_s=15)


@scenario(tie_breaker="writer", name="power-off-writer", quick=True)
def power_off_without_witness(t):
    """Without a witness nobody is promoted when the writer's host is gone, and the reason is said, until the
    operator declares it off."""
    t.begin()
    t.fault(t.power_off(t.writer))
    t.stays("nobody is promoted", lambda: not t.writers(), 7)
    report = t.report(t.standby)
    expect(report.get("reason") and report.get("problems"), f"{t.standby} gives no reason: {report}")
    check = t.tool(t.standby, "check")
    expect(check.returncode == 2, f"check says {check.returncode}: {check.stdout}")
    done = t.tool(t.standby, "promote", "--peer-is-off", t.writer, timeout_s=60)
    expect(done.returncode == 0, f"promote --peer-is-off: exit {done.returncode}: {done.stdout}{done.stderr}")
    t.wait_writer(t.standby, 5)
    t.wait_served(t.standby, 15)
    t.power_on(t.writer)
    t.wait_returned(t.writer)
    t.end(t.standby, terms=2)


def boot_both(t):
    """Both hosts lose power at once and boot together."""
    with t.excused("mx1", "mx2"):
        t.fault(t.power_off(t.writer))
        t.power_off(t.standby)
        with concurrent.futures.ThreadPoolExecutor() as pool:
            list(pool.map(t.power_on, (t.writer, t.standby)))
    t.wait("one writer", lambda: len(t.writers()) == 1, 30)
    t.wait_well()


@scenario(fault=40, quick=True)
def boot_together(t):
    """Both hosts lose power at once and boot together: one writer, with all that was acknowledged."""
    t.begin()
    boot_both(t)
    t.end(t.writers()[0], terms=2, outage_s=40)


@scenario(fault=40, tie_breaker="writer", name="boot-together-writer", quick=True)
def boot_together_without_witness(t):
    """The same without a witness."""
    t.begin()
    boot_both(t)
    t.end(t.writers()[0], terms=2, outage_s=40)


def stays_read_only(t, node, seconds):
    t.wait(f"a supervisor on {node}", lambda: t.state(node) not in ("", "unknown"), 15)
    t.stays(f"{node}, alone, is read-only", lambda: not t.writers(), seconds)
    report = t.report(node)
    expect("refused" in report.get("reason", ""), f"{node} does not say why it refuses: {report.get('reason')!r}")
    expect(t.lab.vip_holders() == [node], f"the last live node does not hold the VIP: {t.lab.vip_holders()}")


@scenario(fault=51, quick=True)
def boot_alone(t):
    """A goes off, B is promoted and writes, B goes off, A boots alone: it lacks B's term, says so and stays
    read-only. With B back there is one writer, which has all of B's term."""
    t.begin()
    old, new = t.writer, t.standby
    t.lose(old)
    t.wait_served(new, 15)
    t.power_off(new)
    t.power_on(old)
    stays_read_only(t, old, 6)
    t.power_on(new)
    t.wait("one writer", lambda: len(t.writers()) == 1, 30)
    t.wait_returned(old)
    t.end(t.writers()[0], least_terms=3, outage_s=60)


@scenario(fault=41)
def reboot_at_once(t):
    """The writer's host reboots and is back before anybody took over: its server is read-only until one of the two is
    promoted."""
    t.begin()
    with t.excused(t.writer):
        t.fault(t.power_off(t.writer))
        faults.power_on(t.lab, t.writer, node=False)
        expect(t.server(t.writer).read_only(), f"{t.writer} booted writable")
    t.power_off(t.writer)
    t.power_on(t.writer)
    t.wait("one writer", lambda: len(t.writers()) == 1, 30)
    writer = t.writers()[0]
    t.wait_returned(t.other(writer))
    t.end(writer, terms=2, outage_s=40)


@scenario(fault=57)
def reboot_without_quorum(t):
    """The other node and the witness are gone when the last live node reboots: it stays read-only, holds the VIP and
    answers lookups; once the witness is back it writes."""
    t.begin()
    last = t.writer
    t.fault(t.power_off(t.standby))
    faults.power_off(t.lab, "witness")
    t.wait("the last node is fenced", lambda: not t.writers(), 10)
    t.power_off(last)
    t.power_on(last)
    t.stays("the last node is read-only", lambda: not t.writers(), 6)
    expect(t.lab.vip_holders() == [last], f"the last live node does not hold the VIP: {t.lab.vip_holders()}")
    check = t.tool(last, "check")
    expect(check.returncode == 2, f"check says {check.returncode}: {check.stdout}")
    faults.power_on(t.lab, "witness")
    t.wait_writer(last, 40)
    t.power_on(t.standby)
    t.wait_well(40)
    t.end(last, least_terms=2)


@scenario(fault=57, tie_breaker="writer", name="reboot-without-quorum-writer")
def reboot_without_witness(t):
    """Without a witness the last live node writes on while the other one is off. When it reboots it cannot know that
    nobody made the other the writer meanwhile: it stays read-only, holds the VIP and answers lookups, and writes again
    once the other is back."""
    t.begin()
    last = t.writer
    t.fault(t.power_off(t.standby))
    t.stays(f"{last} as the one writer", lambda: t.writers() == [last], 7)
    t.power_off(last)
    t.power_on(last)
    stays_read_only(t, last, 6)
    check = t.tool(last, "check")
    expect(check.returncode == 2, f"check says {check.returncode}: {check.stdout}")
    t.power_on(t.standby)
    t.wait_writer(last, 40)
    t.wait_well(40)
    t.end(last, least_terms=2)


TEARS = {"cut in half": lambda size: size // 2, "empty": lambda size: 0, "one byte short": lambda size: size - 1}


def tear(t, node, keep):
    folder = os.path.realpath(t.host(node).path("state"))
    torn = [entry.path for entry in os.scandir(folder) if entry.is_file()]
    for path in torn:
        os.truncate(path, keep(os.path.getsize(path)))
    expect(torn, f"{node} has no file in its state folder")


def torn_state(t, keep):
    """The writer loses power, and its files are torn; then the other one, which had taken over."""
    t.begin()
    t.rest()  # so that it comes back with nothing of its own
    old, new = t.writer, t.standby
    t.lose(old)
    t.load()
    tear(t, old, keep)
    t.power_on(old)
    t.wait_returned(old, 40)
    t.wait(f"{old} says what it found", lambda: "journal" in t.host(old).read("log/replcheckd.log"), 5)
    t.rest()
    t.load()
    t.power_off(new)
    tear(t, new, keep)
    t.power_on(new)
    t.wait("one writer", lambda: len(t.writers()) == 1, 40)
    writer = t.writers()[0]
    t.wait_returned(t.other(writer), 40)
    t.end(writer, least_terms=2)


@scenario(fault=45, settings={"policy.breaker.failovers": "5"})
def torn_half(t):
    """A node's files of state are cut in half while it is off, each node's in turn: it starts safe and says so."""
    torn_state(t, TEARS["cut in half"])


@scenario(fault=45, settings={"policy.breaker.failovers": "5"})
def torn_empty(t):
    """The same with empty files."""
    torn_state(t, TEARS["empty"])
