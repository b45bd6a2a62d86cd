#!/usr/bin/env python3
"""The catalogue of faults, without a laboratory: is every row shown, and does a seed make the same rounds again?
Speaks TAP."""
import os
import re
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.realpath(__file__)))

import scenarios  # noqa: E402, F401
from scenarios import injections, soak, ties  # noqa: E402
from scenarios.catalogue import ALL, of_row, quick_set  # noqa: E402
from scenarios.rows import ROWS  # noqa: E402

LETTERS = "WAERCVN"
SAFETY = os.path.join(os.path.dirname(os.path.realpath(__file__)), "..", "..", "SAFETY.md")


def told():
    """The rows that SAFETY.md tells of."""
    with open(SAFETY, encoding="utf-8") as file:
        return [int(n) for n in re.findall(r"^\| (\d+) \|", file.read(), re.M)]


def plans(seed, rounds=20, ties=("witness", "writer")):
    return [soak.plan(seed, number, ties) for number in range(1, rounds + 1)]


def rows_without_witness():
    """The rows that have a scenario with the last writer's vote as the third one."""
    return {number for number in ROWS for one in ties.without_witness(of_row(number))[0]
            if one.settings.get("policy.write_mode") != "dual"}


def without_witness(seed):
    return [name for tie, steps in plans(seed, 50) if tie != "witness" for step in steps for name in step.names]


CHECKS = (
    ("the rows have numbers without a gap", lambda: list(ROWS) == list(range(1, len(ROWS) + 1))),
    ("SAFETY.md tells of each", lambda: told() == list(ROWS)),
    ("every row is shown", lambda: all(of_row(number) for number in ROWS)),
    ("each keeps something that has a letter", lambda: all(
        row.keeps and set(row.keeps) <= set(LETTERS) for row in ROWS.values())),
    ("the rows of deaths, hangs, cuts, the witness, links and the VIP are shown", lambda: all(
        of_row(number) for number in range(1, 30))),
    ("what depends on the tie-breaker is shown with each", lambda: all(
        {one.tie_breaker for one in of_row(number)} >= {"witness", "writer", "vip"} for number in range(13, 18))),
    ("all but the rows of the witness are shown without one, too", lambda: rows_without_witness()
     == set(ROWS) - {19, 20, 21, 22, 23, 24}),
    ("what is left out without a witness exists", lambda: all(
        name in ALL for names in ties.SENSELESS.values() for name in names)),
    ("no scenario without a witness needs one", lambda: all(
        one.tie_breaker == "writer" and one.settings.get("policy.durability") != "lossless"
        for one in ties.without_witness(ALL.values())[0])),
    ("every scenario says what it shows", lambda: all(one.what for one in ALL.values())),
    ("the quick set is a part", lambda: 20 < len(quick_set()) < len(ALL)),
    ("a seed makes the same rounds again", lambda: str(plans(7)) == str(plans(7))),
    ("another seed makes others", lambda: str(plans(7)) != str(plans(8))),
    ("a round does not depend on those before it", lambda: str(plans(7)[4])
     == str(soak.plan(7, 5, ("witness", "writer")))),
    ("rounds without a witness leave it alone", lambda: without_witness(7) and not any(
        injections.ALL[name].witness for name in without_witness(7))),
    ("every fault comes up", lambda: {n for _, steps in plans(7, 100) for s in steps for n in s.names}
     == set(injections.ALL)),
    ("faults that can be put together are of known rows", lambda: all(
        one.row == 0 or one.row in ROWS for one in injections.ALL.values())),
    ("the core's pairs are a part", lambda: 60 < len(injections.pairs(None)) < 120),
    ("every two faults make one pair", lambda: len({one.name for one in injections.pairs(None, core=False)})
     == len(injections.ALL) * (len(injections.ALL) - 1) // 2),
)


def main():
    print(f"1..{len(CHECKS)}")
    failed = 0
    for i, (what, check) in enumerate(CHECKS, 1):
        good = bool(check())
        failed += not good
        print(f"{'ok' if good else 'not ok'} {i} - {what}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
