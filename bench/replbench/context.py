"""What a figure is given: how often, with what, and where its rows go."""
import dataclasses
import sys
import time

from .pair import Naive, Pair

BASELINES = ("fast", "usual")


@dataclasses.dataclass
class Context:
    build: str
    runs: int = 10
    baseline_runs: int = 10
    patience_s: float = 0
    seconds: float = 60       # for what is measured over time
    server: str = ""          # a folder with another system, whose MariaDB it is
    rows: list = dataclasses.field(default_factory=list)
    notes: list = dataclasses.field(default_factory=list)

    def pair(self, **options):
        return Pair(self.build, patience_s=self.patience_s, server=self.server, **options)

    def naive(self, setting):
        """The laboratory's recorders come from the build here too."""
        naive = Naive(setting, patience_s=self.patience_s)
        naive.lab.options.build, naive.lab.options.server = self.build, self.server
        return naive

    def say(self, text):
        """Progress, apart from the result."""
        print(f"{time.strftime('%H:%M:%S')} {text}", file=sys.stderr, flush=True)

    def note(self, text):
        self.notes.append(text)
        self.say(text)

    def add(self, row):
        self.rows.append(row)
        return row

    def note_load(self, what, disturbed, runs):
        if disturbed:
            self.note(f"{what}: {disturbed} of {runs} runs began while the machine was busy with other work")
