"""The list of scenarios: each is a function with a sentence, registered by `scenario`."""
import dataclasses
import typing

from .rows import ROWS

ALL = {}


class Failed(Exception):
    """A scenario's verdict; the text says what was seen."""


@dataclasses.dataclass
class Scenario:
    name: str
    what: str             # one sentence
    run: typing.Callable  # given a Trial
    tie_breaker: str
    settings: dict        # of cluster.yaml, as replab.Options.set
    faults: tuple         # rows (rows.py) that it shows
    quick: bool           # one of the quick set
    options: dict = dataclasses.field(default_factory=dict)  # more of replab.Options


def scenario(tie_breaker="witness", settings=None, name="", fault=(), quick=False, **options):
    """Registers the function below under its name, with its documentation as what it shows. `fault`: the number of
    its row in rows.py, or several. What else is given is of replab.Options, as ipv6=True."""
    shown = (fault,) if isinstance(fault, int) else tuple(fault)
    if any(number not in ROWS for number in shown):
        raise ValueError(f"no row {shown} in rows.py")

    def register(function):
        known_as = name or function.__name__.replace("_", "-")
        if known_as in ALL:
            raise ValueError(f"two scenarios are named {known_as}")
        what = " ".join(function.__doc__.split())
        ALL[known_as] = Scenario(known_as, what, function, tie_breaker, settings or {}, shown,
                                 quick, options)
        return function
    return register


def of_row(number):
    """The scenarios that show a fault, in the catalogue's order."""
    return [one for one in ALL.values() if number in one.faults]


def quick_set():
    return [one for one in ALL.values() if one.quick]


def expect(good, sentence):
    if not good:
        raise Failed(sentence)
