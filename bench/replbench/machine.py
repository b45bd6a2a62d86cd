"""How busy the machine is with other things, for a figure taken under load must say so."""
import time

QUIET_SHARE = 0.15


def _busy():
    with open("/proc/stat", encoding="ascii") as file:
        ticks = [int(word) for word in file.readline().split()[1:9]]
    idle = ticks[3] + ticks[4]
    return sum(ticks) - idle, sum(ticks)


def busy_share(window_s=0.5):
    """The share of all cores' time that was used in a moment."""
    busy, whole = _busy()
    time.sleep(window_s)
    busy_then, whole_then = _busy()
    return (busy_then - busy) / max(whole_then - whole, 1)


def wait_quiet(patience_s, share=QUIET_SHARE):
    """Waits for the machine to be idle but for a laboratory at rest. False: it did not become so."""
    deadline = time.monotonic() + patience_s
    while busy_share() > share:
        if time.monotonic() > deadline:
            return False
    return True
