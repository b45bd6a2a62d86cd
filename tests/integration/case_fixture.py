"""The cases of a test and their runner, in TAP. A test called with words runs the cases whose names contain one of them.

    @case
    def what_holds():
        expect("the sum", 1 + 1, 2)

    if __name__ == "__main__":
        sys.exit(run_cases())
"""
import concurrent.futures
import contextlib
import sys
import time

PATIENCE_S = 60   # for what comes at once on a machine that has time
SKIPPED = 77      # automake's exit code
CASES = []


class Failure(AssertionError):
    pass


class Skip(Exception):
    """What a case needs is not here."""


def case(function):
    CASES.append(function)
    return function


def expect(what, got, wanted):
    if got != wanted:
        raise Failure(f"{what}: got {got!r}, wanted {wanted!r}")


def expect_in(what, got, *parts):
    for part in parts:
        if part not in got:
            raise Failure(f"{what}: {part!r} is not in:\n{got}")


def wait_for(what, condition, seconds=PATIENCE_S, every=0.02):
    """What the condition returned, once that is true."""
    end = time.monotonic() + seconds
    while not (found := condition()):
        if time.monotonic() > end:
            raise Failure(f"not within {seconds:g} s: {what}")
        time.sleep(every)
    return found


def skip_all(why):
    """The exit code of a test that cannot run here."""
    print(f"1..0 # SKIP {why}")
    return SKIPPED


def run_cases(*arguments, at_once=1):
    """The exit code."""
    chosen = [c for c in CASES if not sys.argv[1:] or any(word in c.__name__ for word in sys.argv[1:])]
    print(f"1..{len(chosen)}", flush=True)
    with contextlib.ExitStack() as stack:
        each = stack.enter_context(concurrent.futures.ThreadPoolExecutor(at_once)).map if at_once > 1 else map
        passed = list(each(lambda numbered: _passes(*numbered, arguments), enumerate(chosen, 1)))
    return 0 if all(passed) else 1


def _passes(number, function, arguments):
    began = time.monotonic()
    try:
        function(*arguments)
        said = f"ok {number} - {function.__name__} ({time.monotonic() - began:.1f} s)"
    except Skip as why:
        said = f"ok {number} - {function.__name__} # SKIP {why}"
    except Exception as error:  # a test's own, a server's, the system's
        said = "\n# ".join([f"not ok {number} - {function.__name__}",
                            *f"{type(error).__name__}: {error}".splitlines()])
    print(said + "\n", end="", flush=True)
    return said.startswith("ok")
