"""The scenarios with the last writer's vote as the third (`run --tie-breaker writer`), instead of a witness.

Most are the same then. Where something else is expected, a scenario of its own bears the name with `-writer`, or it asks
`Trial.by_itself`: nobody takes over from a writer whose server cannot be reached until it is heard again, is certified
dead, or the operator has declared its host off. (Where it can be reached and closed, both servers' votes are a majority.)
"""
import dataclasses

from . import injections
from .catalogue import ALL

# What makes no sense without a witness, and why.
SENSELESS = {
    "it is about the witness": (
        "cut-writer-witness", "cut-standby-witness", "kill-witness", "stop-witness", "stop-witness-cut-off",
        "restart-witness", "restart-witness-cut-off", "wipe-witness", "kill-sessions-witness"),
    "no cut and no power-off makes the other the writer": ("flap-breaker", "kill-at-each-row-of-a-power-off"),
    "the vote that it takes from the stopped node is the witness's": ("enabling-outlives-its-votes",),
}
LOSSLESS = "durability lossless requires a witness"


def senseless(one):
    """Why it is left out; "" where it is not."""
    if one.settings.get("policy.durability") == "lossless":
        return LOSSLESS
    words = one.name.split("+")
    if len(words) == 2 and any(injections.ALL[word].witness for word in words):
        return "it is about the witness"
    return next((reason for reason, names in SENSELESS.items() if one.name in names), "")


def counterpart(one):
    """The scenario of its own that stands for it; None where there is none."""
    return ALL.get(one.name.removesuffix("-witness") + "-writer")


def without_witness(these):
    """(scenarios, [(name, reason)] of what was left out)"""
    found, left_out = [], []
    for one in these:
        if one.tie_breaker == "writer":
            found.append(one)
        elif one.tie_breaker != "witness":
            left_out.append((one.name, f"it is about the tie-breaker {one.tie_breaker}"))
        elif reason := senseless(one):
            left_out.append((one.name, reason))
        else:
            found.append(counterpart(one) or dataclasses.replace(one, name=one.name + "-without-witness",
                                                                 tie_breaker="writer"))
    return list({one.name: one for one in found}.values()), left_out
