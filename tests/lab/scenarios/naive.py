"""The same faults at the deployment that tutorials describe (tests/lab/baseline), to compare with: how long both of
its servers can be written, and how long both acknowledge. Nothing is judged there."""
import os
import subprocess
import time
import traceback

from replab import Lab, LabError, Options, history
from replab.lab import NODES

from .catalogue import Failed
from .trial import Trial

PATIENCE_S = 12  # what this deployment has not done by then, it does not do


class NaiveTrial(Trial):
    """A Trial that waits for what may never come, and goes on."""

    def report(self, node):
        return {}

    def tool(self, node, *words, timeout_s=30):
        return subprocess.CompletedProcess(words, 0, "", "")

    def well(self):
        writers = self.writers()
        return len(writers) == 1 and self.lab.vip_holders() == writers

    def wait(self, what, condition, timeout_s):
        try:
            return super().wait(what, condition, min(timeout_s, PATIENCE_S))
        except LabError:
            return PATIENCE_S

    def stays(self, what, condition, seconds):
        time.sleep(seconds)

    def end(self, writer, **_):
        if self._recorders is None:
            return
        records, self._recorders = self._recorders.stop(), None
        told = history.History(records.operations, [], [], records.direct)
        self.figures["both"] = records.both_us / 1000
        self.figures["dual"] = history.overlap_us(history.overlaps(told)) / 1000


def run_as_far_as_it_goes(scenario, trial):
    """Where a scenario cannot go on there, for nobody answers as our programs do, what was recorded until then counts.
    Returns a sentence where that is no wait or demand of the scenario's that was in vain: it may be a mistake here."""
    try:
        scenario.run(trial)
    except (Failed, LabError, subprocess.TimeoutExpired):
        pass
    except Exception as error:  # as an IndexError where there is no writer
        at = traceback.extract_tb(error.__traceback__)[-1]
        return f"went no further than {os.path.basename(at.filename)}:{at.lineno}: {error!r}"
    return ""


def measure(scenario, name, build, baseline):
    """The figures; {} where the fault does not exist there, as that of a supervisor."""
    with Lab(Options(name=name, build=build, baseline=baseline)) as lab:
        lab.up()
        trial = NaiveTrial(lab)
        ended_early = run_as_far_as_it_goes(scenario, trial)
        if ended_early:
            print(f"        baseline: {ended_early}", flush=True)
        trial.end(NODES[0])
        return trial.figures if trial.fault_us else {}
