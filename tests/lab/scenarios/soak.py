"""Random sequences of faults, by a seed: rounds, each in a laboratory of its own and judged as a whole. A round ends
early when a node is quarantined, for only the operator brings it back."""
import dataclasses
import random

from . import injections
from .catalogue import Scenario

STEPS = 8


@dataclasses.dataclass
class Step:
    names: tuple
    gap_s: float   # between the first and the second
    hold_s: float  # until they end
    rest_s: float  # from all well to the next

    def __str__(self):
        return f"{f' +{self.gap_s:.1f} s '.join(self.names)}, {self.hold_s:.1f} s, rest {self.rest_s:.1f} s"


def one_step(rng, names):
    count = 2 if rng.random() < 0.4 else 1
    return Step(tuple(rng.sample(names, count)), round(rng.uniform(0, 3), 1),
                round(rng.choice((rng.uniform(0.2, 2), rng.uniform(3, 8))), 1), round(rng.uniform(0.2, 2), 1))


def plan(seed, number, tie_breakers):
    """(tie-breaker, steps) of one round; the same for the same seed."""
    rng = random.Random(f"{seed}/{number}")
    tie_breaker = rng.choice(tie_breakers)
    names = [one.name for one in injections.ALL.values() if tie_breaker == "witness" or not one.witness]
    return tie_breaker, [one_step(rng, names) for _ in range(STEPS)]


def round_of(seed, number, tie_breakers, settings, sleep):
    tie_breaker, steps = plan(seed, number, tie_breakers)
    print(f"seed {seed}, round {number}, tie-breaker {tie_breaker}:", *steps, sep="\n    ", flush=True)

    def run(t):
        t.begin()
        for step in steps:
            injections.together(t, step.names, step.gap_s, step.hold_s, sleep)
            t.figures["steps"] = t.figures.get("steps", 0) + 1
            if any(t.state(node) == "quarantined" for node in ("mx1", "mx2")):
                break
            sleep(step.rest_s)
        t.end(t.writers()[0], vip_s=90, unrecorded=True)
    return Scenario(f"random-{seed}-{number}", "", run, tie_breaker, injections.OFTEN | settings, (), False)
