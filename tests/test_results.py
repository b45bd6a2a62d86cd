#!/usr/bin/env python3
"""How test cases are counted. Speaks TAP."""
import sys

sys.dont_write_bytecode = True

from results import Tally, of_test, skips  # noqa: E402

CASES = (
    # name, log, automake's word, passed, failed, skipped
    ("every case of a plan", "1..2\nok 1 - a\nok 2 - b\n", "PASS", 2, 0, 0),
    ("one that fails", "1..2\nok 1 - a\nnot ok 2 - b\n", "FAIL", 1, 1, 0),
    ("one that says why", "1..1\n# 1 != 2\nnot ok 1 - a # because\n", "FAIL", 0, 1, 0),
    ("a crash within a plan", "1..5\nok 1 - a\nok 2 - b\nAborted\n", "FAIL", 2, 3, 0),
    ("a crash after it", "1..1\nok 1 - a\nLeakSanitizer\n", "FAIL", 1, 1, 0),
    ("several plans", "1..1\nok 1 - a\n1..2\nok 1 - a\nok 2 - b\n", "PASS", 3, 0, 0),
    ("a skipped case", "1..2\nok 1 - a\nok 2 # SKIP no root\n", "PASS", 1, 0, 1),
    ("a case in lower case", "1..2\nok 1 - a\nok 2 - b # skip\n", "PASS", 1, 0, 1),
    ("a case that cmocka skipped", "1..2\nok 1 - a\nnot ok 2 # SKIP b\n", "PASS", 1, 0, 1),
    ("a case that speaks of skipping", "1..2\nok 1 - a # skipped_rows\nnot ok 2 - b # skips\n", "FAIL", 1, 1, 0),
    ("a plan of nothing", "1..0 # SKIP no root\n", "PASS", 0, 0, 1),
    ("and the word for it", "1..0 # SKIP no root\n", "SKIP", 0, 0, 1),
    ("a last line of cases", "a: ok\n6 cases, 2 failed\n", "FAIL", 4, 2, 0),
    ("a last line of passed", "6 passed, 0 failed\n", "PASS", 6, 0, 0),
    ("the last of several", "6 passed, 0 failed\n7 passed, 1 failed\n", "FAIL", 7, 1, 0),
    ("a good last line and a bad end", "6 cases, 0 failed\n", "FAIL", 6, 1, 0),
    ("no line at all", "fine\n", "PASS", 1, 0, 0),
    ("no line and a bad end", "", "ERROR", 0, 1, 0),
    ("a test that was skipped", "skipped: needs root\n", "SKIP", 0, 0, 1),
)

SKIPS = (
    # name, log, what is told of it
    ("which case was skipped", "1..2\nok 1 - a\nok 2 - b # SKIP no root\n", ["ok 2 - b # SKIP no root"]),
    ("a case that cmocka skipped, and why", "1..1\nskipped: needs root\nnot ok 1 # SKIP b\n",
     ["skipped: needs root", "not ok 1 # SKIP b"]),
    ("why all were", "1..0 # SKIP no root\n", ["1..0 # SKIP no root"]),
    ("why a test without a plan was", "Python 3\nskipped: needs root\n", ["skipped: needs root"]),
    ("a test that says it in its own words", "needs root\n", ["needs root"]),
    ("a test that says nothing", "", []),
)


def main():
    checks = [(name, of_test(text, word), Tally(*wanted)) for name, text, word, *wanted in CASES]
    checks += [(name, skips(text), wanted) for name, text, wanted in SKIPS]
    print(f"1..{len(checks)}")
    failed = 0
    for number, (name, got, wanted) in enumerate(checks, 1):
        good = got == wanted
        failed += not good
        print(f"{'ok' if good else 'not ok'} {number} - {name}" + ("" if good else f" # {got}, not {wanted}"))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
