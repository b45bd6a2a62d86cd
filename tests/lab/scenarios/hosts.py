"""Whole hosts lose their power and boot."""
import concurrent.futures
import time

from .catalogue import expect, scenario


@scenario(quick=True)
def power_off(t):
    """The writer's host is switched off: the witness lets the other node write; the host returns read-only."""
    t.begin()
    t.fault(t.power_off(t.writer))
    t.wait_writer(t.standby, 15)
    time.sleep(1)
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
    time.sleep(1)
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
    t.fault(t.power_off(old))
    t.wait_writer(new, 15)
    time.sleep(1)
    t.power_off(new)
    t.power_on(old)
    stays_read_only(t, old, 6)
    t.power_on(new)
    t.wait("one writer", lambda: len(t.writers()) == 1, 30)
    t.wait_returned(old)
    t.end(t.writers()[0], least_terms=3, outage_s=60)
