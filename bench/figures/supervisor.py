"""The writer's supervisor killed, stopped, and killed together with its fencer."""
import time

from replab import faults, record
from replbench import clients, fencing
from replbench.pair import LEASE_S
from replbench.series import Row, Series

TITLE = "the writer's supervisor killed or stopped"
WATCHED_S = 6


def strike(pair, fault):
    """Returns (the old writer, its survivor, moment, what clients wrote, what the sampler saw)."""
    writer, standby = pair.rest()
    with clients.Clients(pair.lab) as writing, record.Sampler(pair.lab) as sampler:
        time.sleep(1)
        at_us = fault(pair.lab.hosts[writer])
        time.sleep(WATCHED_S)
        written, sampled = writing.stop(), sampler.stop()
    return writer, standby, at_us, written, fencing.read(sampled, at_us, writer)


def killed(context):
    resumed = context.add(Row("supervisor killed: ended in a role change", Series(total=True), "times"))
    refused = context.add(Row("  writes not acknowledged while it resumed", Series(total=True), "writes", 0))
    fenced = context.add(Row("  where not resumed, kill to fence", Series(), limit=LEASE_S * 1000, worst=True))
    pause = context.add(Row("  longest time without an acknowledgement", Series()))
    with context.pair() as pair:
        for run in range(context.runs):
            _, _, at_us, written, seen = strike(pair, lambda host: faults.kill(host, "supervisor"))
            resumed.ours.add(not seen.resumed)
            pause.ours.add(written.pause_ms(at_us, WATCHED_S * 1_000_000))
            if seen.resumed:
                refused.ours.add(written.refused(at_us, WATCHED_S * 1_000_000))
            elif seen.fenced_ms is not None:
                fenced.ours.add(seen.fenced_ms)
            context.say(f"  killed {run + 1}: {'resumed' if seen.resumed else f'fenced after {seen.fenced_ms} ms'}, "
                        f"pause {pause.ours.values[-1]:.1f} ms")
        context.note_load("supervisor killed", pair.disturbed, context.runs)


def fenced_after(context, title, limit_ms, fault, mend):
    row = context.add(Row(title, Series(), limit=limit_ms, worst=True))
    dual = context.add(Row("  both servers writable", Series(total=True), "ms", 0))
    lost = context.add(Row("  acknowledged writes lost", Series(total=True), "writes", 0))
    first = context.add(Row("  to the first acknowledged write elsewhere", Series()))
    with context.pair() as pair:
        all_written = []
        for run in range(context.runs):
            writer, standby, at_us, written, seen = strike(pair, fault)
            row.ours.add(float("inf") if seen.fenced_ms is None else seen.fenced_ms)
            dual.ours.add(seen.dual_ms)
            elsewhere = written.first_ms(at_us, pair.lab.hosts[standby].server_id)
            if elsewhere is not None:
                first.ours.add(elsewhere)
            all_written.append(written)
            mend(pair, writer)
            context.say(f"  {title} {run + 1}: {row.ours.values[-1]:.0f} ms, elsewhere {elsewhere or float('nan'):.0f}")
        pair.rest()
        for written in all_written:
            lost.ours.add(max(clients.lost([written], [pair.lab.mx1, pair.lab.mx2]).values()))
        context.note_load(title, pair.disturbed, context.runs)


def measure(context):
    killed(context)
    fenced_after(context, "supervisor stopped (SIGSTOP) to fence", LEASE_S * 1000,
                 lambda host: faults.stop(host, "supervisor"),
                 lambda pair, name: faults.resume(pair.lab.hosts[name], "supervisor"))
    fenced_after(context, "supervisor and fencer killed to fence", 1500,
                 lambda host: faults.kill_together((host, "supervisor"), (host, "fencer")),
                 lambda pair, name: pair.revive(name))
