"""Runs a scenario in a fresh laboratory of its own, prints what came of it, and keeps the verdicts for --list."""
import contextlib
import dataclasses
import json
import os
import re
import shutil
import signal
import subprocess
import time
import traceback

from replab import Lab, LabError, Options
from replab.lab import NODES

from . import naive
from .catalogue import Failed
from .trial import Trial

LIMIT_S = 900  # for one scenario
TAIL = 25  # lines of each supervisor's log, after a failure


@dataclasses.dataclass
class Settings:
    """How the scenarios are run."""
    build: str
    keep_logs: str = ""  # a folder for each scenario's logs and records
    label: str = "quick"  # begins the laboratories' names
    baseline: str = ""    # beside it the naive deployment: usual | fast
    set: dict = dataclasses.field(default_factory=dict)  # of cluster.yaml, for all of them
    server: str = ""      # a folder with another system, whose MariaDB it is


@contextlib.contextmanager
def limited(seconds):
    """What waits for ever ends, as an error."""
    def over(*_):
        raise LabError(f"not done within {seconds} s; it waited at:\n" + "".join(traceback.format_stack()[-4:-1]))
    before = signal.signal(signal.SIGALRM, over)
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


def failure_of(trial, scenario):
    """Runs it; the sentence that says what went wrong, "" when nothing did."""
    try:
        with limited(LIMIT_S):
            scenario.run(trial)
        return ""
    except (Failed, LabError) as error:
        return str(error)
    except subprocess.TimeoutExpired as expired:
        return f"not done within {expired.timeout:g} s: {expired.cmd}"
    except Exception:  # a mistake in a scenario must not end the others
        return "the scenario is broken: " + traceback.format_exc()


def try_in(lab, scenario):
    trial = Trial(lab)
    try:
        lab.up()
        failure = failure_of(trial, scenario)
    except LabError as error:
        return trial, str(error)
    if failure:
        logs = "".join(f"\n{node}: {trial.said_of_itself(node)}\n  " + "\n  ".join(tail(lab.hosts[node]))
                       for node in NODES)
        failure = "; ".join([failure, *trial.give_up()]) + logs
    return trial, failure


def tail(host):
    if not os.path.exists(host.log("replcheckd")):
        return ["no log"]
    return host.read("log/replcheckd.log").splitlines()[-TAIL:]


def keep_logs(lab, scenario, folder, number):
    target = os.path.join(folder, scenario.name + (f"-{number}" if number > 1 else ""))
    lab.down(keep_logs=True)
    shutil.rmtree(target, ignore_errors=True)
    shutil.move(lab.dir, target)


FIGURES = (("outage", "outage", "ms"), ("both", "dual-writable", "ms"), ("dual", "two acknowledging", "ms"),
           ("late", "out of turn", "writes"), ("lost", "lost", "rows"), ("steps", "done", "steps"))


def words_of(figures):
    return ", ".join(f"{name} {figures[key]:.0f} {unit}" for key, name, unit in FIGURES
                     if figures.get(key) is not None)


def run(scenario, settings, number=1):
    """Runs one scenario in a fresh laboratory and prints its line. Is it good?"""
    options = Options(name=f"{settings.label}{os.getpid()}", build=settings.build, tie_breaker=scenario.tie_breaker,
                      set=scenario.settings | settings.set, server=settings.server,
                      **scenario.options)
    begun = time.monotonic()
    with Lab(options) as lab:
        trial, failure = try_in(lab, scenario)
        if settings.keep_logs:
            keep_logs(lab, scenario, settings.keep_logs, number)
    line = f"{'FAILED' if failure else 'ok':<7} {scenario.name:<24} {time.monotonic() - begun:5.1f} s  "
    print(line + words_of(trial.figures) + (f"\n  {failure}".replace("\n", "\n  ") if failure else ""), flush=True)
    if settings.baseline:
        compare(scenario, settings, trial.figures)
    remember(settings.build, scenario.name, not failure)
    return not failure


_compared = {}  # a fault is the same whatever our tie-breaker
_table = []     # (scenario, our figures, the baseline's) of each that was compared


def compare(scenario, settings, figures):
    """Prints what the same fault costs at the naive deployment."""
    fault = re.sub("-(witness|writer|vip|etcd)$", "", scenario.name.removesuffix("-without-witness"))
    if fault not in _compared:
        try:
            _compared[fault] = naive.measure(scenario, f"{settings.label}{os.getpid()}b", settings.build,
                                             settings.baseline)
        except LabError as error:
            _compared[fault] = {}
            print(f"        baseline: {error}")
    print("        baseline: " + (words_of(_compared[fault]) or "has no such fault"), flush=True)
    _table.append((scenario, figures, _compared[fault]))


def print_table():
    """Of all that were compared, to be shown beside each other."""
    def ms(figures, key):
        return f"{figures[key]:.0f}" if figures.get(key) is not None else "-"
    print("| row | scenario | third vote | both writable, ms | both acknowledging, ms | baseline: both writable, ms | "
          "baseline: both acknowledging, ms |\n|---|---|---|---|---|---|---|")
    for one, ours, theirs in _table:
        print(f"| {', '.join(map(str, one.faults))} | {one.name} | {one.tie_breaker} | "
              + " | ".join((ms(ours, "both"), ms(ours, "dual"), ms(theirs, "both"), ms(theirs, "dual"))) + " |")


# Verdicts ----------------------------------------------------------------------------------------------


def _path(build):
    return os.path.join(build, "tests/lab/verdicts.json")


def verdicts(build):
    """scenario -> was its last run with that build folder good?"""
    try:
        with open(_path(build), encoding="utf-8") as file:
            return json.load(file)
    except (OSError, json.JSONDecodeError):
        return {}


def remember(build, name, good):
    """Says it for --list; two programs at once may lose a verdict, never the file."""
    found = verdicts(build) | {name: good}
    new = f"{_path(build)}.{os.getpid()}"
    os.makedirs(os.path.dirname(new), exist_ok=True)
    with open(new, "w", encoding="utf-8") as file:
        json.dump(found, file, indent=1, sort_keys=True)
    os.replace(new, _path(build))
