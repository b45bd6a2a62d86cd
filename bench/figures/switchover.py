"""Switchover by command, there and back under load; the naive deployment's is to stop keepalived."""
import signal
import time

from replab import LabError, faults, record
from replbench import clients
from replbench.series import Row, Series

TITLE = "switchover under load"
LIMIT_MS, AIM_MS = 40, 15
WINDOW_US = 3_000_000     # around the command
BASELINE_WINDOW_US = 10_000_000


class Rows:
    def __init__(self, context):
        self.pause = context.add(Row("switchover: writes refused or delayed", Series(), limit=LIMIT_MS, aim=AIM_MS))
        self.wait = context.add(Row("  the longest wait of one client", Series()))
        self.lost = context.add(Row("  acknowledged writes lost", Series(total=True), "writes", 0))
        self.lookups = context.add(Row("  failed lookups", Series(total=True), "lookups", 0))

    def add(self, pause_ms, wait_ms, setting=""):
        for row, value in ((self.pause, pause_ms), (self.wait, wait_ms)):
            series = row.baseline.setdefault(setting, Series()) if setting else row.ours
            if value is not None:
                series.add(value)


def ours(context, rows):
    with context.pair() as pair:
        pair.rest()
        written = []
        with record.Lookups(pair.lab, pause_s=0.25) as asked:
            for number in range(2 * context.runs):
                writer, standby = pair.rest()
                with clients.Clients(pair.lab) as writing:
                    time.sleep(1)
                    at_us = pair.switch_over(standby)
                    time.sleep(1.5)
                    written.append(writing.stop())
                rows.add(written[-1].pause_ms(at_us, WINDOW_US), written[-1].longest_wait_ms(at_us, WINDOW_US))
                context.say(f"  {number + 1}: {writer} to {standby}: pause {rows.pause.ours.values[-1]:.1f} ms, "
                            f"one client {rows.wait.ours.values[-1]:.1f} ms")
            answers = asked.stop()
        pair.rest()
        for one in written:
            rows.lost.ours.add(max(clients.lost([one], [pair.lab.mx1, pair.lab.mx2]).values()))
        failed = [a for a in answers if a.error]
        rows.lookups.ours.values = [bool(a.error) for a in answers]
        for one in failed[:3]:
            context.note(f"lookup failed on {one.host} ({one.tool}): {one.error}")
        context.note_load("switchover", pair.disturbed, 2 * context.runs)


def naive(context, rows, setting):
    series = rows.lost.baseline.setdefault(setting, Series(total=True))
    for run in range(context.baseline_runs):
        with context.naive(setting) as pair:
            writer, standby = pair.rest()
            server = pair.lab.servers[standby]
            with clients.Clients(pair.lab) as writing:
                time.sleep(1)
                at_us = faults.send(pair.lab.hosts[writer], "keepalived", signal.SIGTERM)
                pair.lab.wait_until("the other node as writer", lambda: not server.read_only(), 20)
                time.sleep(1.5)
                written = writing.stop()
            pause = written.pause_ms(at_us, BASELINE_WINDOW_US)
            if pause is None:
                raise LabError("no write was acknowledged after the switchover")
            rows.add(pause, written.longest_wait_ms(at_us, BASELINE_WINDOW_US), setting)
            series.add(clients.lost([written], [server])[standby])
        context.say(f"  baseline {setting} {run + 1}: pause {pause:.0f} ms, lost {series.values[-1]}")


def measure(context):
    rows = Rows(context)
    ours(context, rows)
    for setting in ("fast", "usual"):
        naive(context, rows, setting)
