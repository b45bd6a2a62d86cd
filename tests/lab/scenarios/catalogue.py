"""The list of scenarios: each is a function with a sentence, registered by `scenario`."""
import dataclasses
import typing

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


def scenario(tie_breaker="witness", settings=None, name=""):
    """Registers the function below under its name, with its documentation as what it shows."""
    def register(function):
        known_as = name or function.__name__.replace("_", "-")
        if known_as in ALL:
            raise ValueError(f"two scenarios are named {known_as}")
        what = " ".join(function.__doc__.split())
        ALL[known_as] = Scenario(known_as, what, function, tie_breaker, settings or {})
        return function
    return register


def expect(good, sentence):
    if not good:
        raise Failed(sentence)
