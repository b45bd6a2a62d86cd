"""The same faults at the deployment that tutorials describe (tests/lab/baseline), to compare with: how long both of
its servers can be written, and how long both acknowledge. Nothing is judged there."""
import contextlib
import subprocess
import time

from replab import Lab, LabError, Options, history
from replab.lab import NODES

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


def measure(scenario, name, build, baseline):
    """The figures; {} where the fault does not exist there, as that of a supervisor."""
    with Lab(Options(name=name, build=build, baseline=baseline)) as lab:
        lab.up()
        trial = NaiveTrial(lab)
        # Where a scenario cannot go on there, for nobody answers as our programs do, what was recorded until then
        # counts.
        with contextlib.suppress(Exception):
            scenario.run(trial)
        trial.end(NODES[0])
        return trial.figures if trial.fault_us else {}
