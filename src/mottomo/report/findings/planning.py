"""Words of plans: numbers of observations, power, widths."""

from __future__ import annotations

from collections.abc import Callable

from mottomo.messages import Message, say
from mottomo.report.findings.parts import Values, observations, percent_about
from mottomo.report.numbers import percent, rounded, whole


def _exactness(values: Values) -> Message:
    return say("exact") if values["exact"] else say("approximate")


def _plan_power(values: Values) -> Message:
    found = {
        "n": whole(values["n"]),
        "target": percent(values["target"]),
        "significance": rounded(values["significance"]),
        "power": rounded(values["power"], 4),
    }
    if values["exact"] or values["exact_power"] is None:
        return say(
            "{n} observations would notice the departure {target} of the time at significance {significance} "
            "({exactness}; power {power}).",
            exactness=_exactness(values),
            **found,
        )
    return say(
        "By chi-square {n} observations would notice the departure {target} of the time at significance "
        "{significance} (approximate: power {power}; exactly it is {exact}).",
        exact=rounded(values["exact_power"], 4),
        **found,
    )


def _plan_n(values: Values) -> Message:
    return say(
        "{observations} would notice the departure {power} of the time at significance {significance} ({exactness}).",
        observations=observations(values),
        power=percent_about(values["power"]),
        significance=rounded(values["significance"]),
        exactness=_exactness(values),
    )


def _plan_half_width(values: Values) -> Message:
    return say(
        "From {n} observations on, the simultaneous {level} intervals are no wider than ±{half_width}, if the shares "
        "are those planned for.",
        n=whole(values["n"]),
        level=percent(values["level"]),
        half_width=rounded(values["half_width"]),
    )


def _plan_approximate(values: Values) -> Message:
    if values["exact_power"] is None:
        return say("Approximate: from the noncentral chi-square distribution.")
    return say(
        "The number is from the noncentral chi-square; at {n} the exact test has power {power}. --method exact looks "
        "for the exact number.",
        n=whole(values["n"]),
        power=rounded(values["exact_power"]),
    )


WORDS: dict[str, Callable[[Values], Message]] = {
    "plan-power": _plan_power,
    "plan-n": _plan_n,
    "plan-half-width": _plan_half_width,
    "plan-approximate": _plan_approximate,
    "plan-exact": lambda values: say(
        "Exact power rises with teeth; it was computed for every n from {n} to {searched_to} and stays at or above the "
        "target.",
        n=whole(values["n"]),
        searched_to=whole(values["searched_to"]),
    ),
    "plan-from-estimate": lambda values: say(
        "The alternative is the estimate from {observations}: a plan for the next experiment, no evidence.",
        observations=observations(values),
    ),
}
