"""kill -9 of the writer's mariadbd until a write is acknowledged through the VIP again."""
from replab import faults
from replbench import rows

TITLE = "kill -9 of the writer's mariadbd"
LIMIT_MS, AIM_MS = 60, 25
GIVE_UP_S = 20


def kill(lab, writer):
    return faults.kill(lab.hosts[writer], "mariadbd")


def measure(context):
    for tie_breaker in ("witness", "writer"):
        what = f"kill -9 to the first acknowledged write, {tie_breaker}"
        found = rows.OutageRows(context, what, LIMIT_MS, AIM_MS)
        rows.failovers(context, found, kill, GIVE_UP_S, tie_breaker=tie_breaker)
        if tie_breaker == "witness":
            rows.baseline(context, found, kill, GIVE_UP_S)
