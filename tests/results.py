"""Counts test cases in what tests leave behind: automake's .trs and .log files, TAP, and our own last lines."""
import dataclasses
import os
import re


@dataclasses.dataclass
class Tally:
    passed: int = 0
    failed: int = 0
    skipped: int = 0

    def add(self, other):
        self.passed += other.passed
        self.failed += other.failed
        self.skipped += other.skipped

    @property
    def total(self):
        return self.passed + self.failed


# Last lines of tests that do not speak TAP.
SUMMARIES = (
    (re.compile(r"^(\d+) cases, (\d+) failed$", re.M), lambda a, b: Tally(a - b, b)),
    (re.compile(r"^(\d+) passed, (\d+) failed$", re.M), Tally),
)


def of_tap(text):
    """What a TAP plan announced and did not happen has failed; a plan of nothing, "1..0 # SKIP why", is one that was
    skipped. None when there is no plan. cmocka's word for a skipped case is "not ok N # SKIP"."""
    plans = [int(n) for n in re.findall(r"^1\.\.(\d+)", text, re.M)]
    if not plans:
        return None
    lines = re.findall(r"^(not ok|ok) \d+(.*)$", text, re.M)
    skipped = [re.search(r"# skip\b", rest, re.I) is not None for _, rest in lines]
    passed = sum(word == "ok" and not skip for (word, _), skip in zip(lines, skipped))
    return Tally(passed, max(sum(plans) - passed - sum(skipped), 0), sum(skipped) + plans.count(0))


def skips(text):
    """What a test's log says of what it skipped, a line each."""
    said = re.findall(r"^(?:(?:not )?ok \d+|1\.\.0)\b.*# skip\b.*$|^skipped: .*$", text, re.M | re.I)
    return said or text.strip().splitlines()[-1:]


def of_summary(text):
    for pattern, tally in SUMMARIES:
        found = pattern.findall(text)
        if found:
            return tally(*map(int, found[-1]))
    return None


def of_test(text, result):
    """One test's cases, of its log and automake's word for it: PASS, FAIL, SKIP, ERROR ..."""
    if result == "SKIP":
        return Tally(skipped=1)
    tally = of_tap(text) or of_summary(text) or Tally(passed=int(result == "PASS"))
    if result != "PASS" and tally.failed == 0:  # it ended badly although no case said so
        tally.failed = 1
    return tally


def read(path):
    with open(path, encoding="utf-8", errors="replace") as file:
        return file.read()


def of_automake(build):
    """Every test below a build folder: name -> (Tally, path of its log)."""
    found = {}
    for folder, _, names in os.walk(build):
        for name in (n for n in names if n.endswith(".trs")):
            base = os.path.join(folder, name[:-4])
            word = re.search(r"^:global-test-result: (\S+)", read(base + ".trs"), re.M)
            text = read(base + ".log") if os.path.exists(base + ".log") else ""
            found[os.path.relpath(base, build)] = (of_test(text, word.group(1) if word else "ERROR"), base + ".log")
    return found


def forget_automake(build):
    """So that a test that is no more, or did not run, is not counted."""
    for folder, _, names in os.walk(build):
        for name in (n for n in names if n.endswith(".trs")):
            os.unlink(os.path.join(folder, name))
