"""Words of tallies, estimates, simulations and explanations."""

from __future__ import annotations

from collections.abc import Callable

from mottomo.messages import Message, say, say_count
from mottomo.report.findings.parts import Values, categories, groups, observations, some
from mottomo.report.numbers import percent, rounded, rounded_down, rounded_up, whole

_METHODS = {
    "goodman": say("Goodman"),
    "wilson": say("Wilson"),
    "profile-likelihood": say("profile likelihood"),
    "sison-glaz": say("Sison-Glaz"),
}


def _tallied_declared(values: Values) -> Message:
    parts = {"observations": observations(values), "categories": categories(values)}
    if values["n_unseen"] == 0:
        return say("{observations} of {categories} declared, each seen at least once.", **parts)
    return say(
        "{observations} of {categories} declared, {unseen} of them never seen.",
        **parts,
        unseen=whole(values["n_unseen"]),
    )


def _tallied_discovered(values: Values) -> Message:
    return say(
        "{observations} of {categories} discovered in the data.",
        observations=observations(values),
        categories=categories(values),
    )


def _tallied_groups(values: Values) -> Message:
    return say(
        "{observations} in {groups}, over {categories}.",
        observations=observations(values),
        groups=groups(values),
        categories=categories(values),
    )


def _estimated(values: Values) -> Message:
    return say(
        "From {observations}, most plausible are the relative frequencies. The highest is “{category}” with "
        "{probability} ({level} interval {lower} to {upper}).",
        category=some(values["highest"], values["n_highest"]),
        probability=rounded(values["probability"]),
        lower=rounded_down(values["lower"]),
        upper=rounded_up(values["upper"]),
        level=percent(values["level"]),
        observations=observations(values),
    )


def _single_observation(values: Values) -> Message:
    return say(
        "One observation makes {category} certain, which says more about maximum likelihood than about the next "
        "outcome: its probability may be as low as {lower} at {level} confidence.",
        category=values["category"],
        lower=rounded_down(values["lower"]),
        level=percent(values["level"]),
    )


def _single_category(values: Values) -> Message:
    return say("Only {category} was declared, so its probability is 1 by definition.", category=values["category"])


def _single_category_discovered(values: Values) -> Message:
    return say(
        "Only {category} was seen; if other outcomes can happen, its probability may be as low as {lower} "
        "at {level} confidence.",
        category=values["category"],
        lower=rounded_down(values["lower"]),
        level=percent(values["level"]),
    )


def _unseen_categories(values: Values) -> Message:
    return say(
        "Never seen: {names}. The estimate 0 sits on the boundary and does not mean impossible: "
        "the probability of each may be as high as {upper}.",
        names=some(values["names"], values["n_unseen"]),
        upper=rounded_up(values["upper"]),
    )


def _intervals_simultaneous(values: Values) -> Message:
    return say(
        "The Clopper-Pearson intervals hold for all {categories} at once, at {level} or more, at every number of "
        "observations (Bonferroni).",
        categories=categories(values),
        level=percent(values["level"]),
    )


def _intervals_per_category(values: Values) -> Message:
    return say(
        "Each Clopper-Pearson interval alone holds at {level} or more; all {categories} at once hold less often.",
        categories=categories(values),
        level=percent(values["level"]),
    )


def _intervals_approximate(values: Values) -> Message:
    return say(
        "{method} intervals approximate {level} for all {categories} at once; the true level can be lower.",
        method=_METHODS[values["method"]],
        categories=categories(values),
        level=percent(values["level"]),
    )


def _intervals_approximate_per_category(values: Values) -> Message:
    return say(
        "{method} intervals approximate {level} for each category by itself; for all {categories} at once it is lower.",
        method=_METHODS[values["method"]],
        categories=categories(values),
        level=percent(values["level"]),
    )


def _simulated(values: Values) -> Message:
    return say(
        "{observations} of {categories} simulated; the same seed, {seed}, gives them again.",
        observations=observations(values),
        categories=categories(values),
        seed=str(values["seed"]),
    )


def _explained(values: Values) -> Message:
    return say_count(
        "{count} step, and every equation holds for these numbers.",
        "{count} steps, and every equation holds for these numbers.",
        values["n_steps"],
    )


def _partly_seen_estimated(values: Values) -> Message:
    return say(
        "From {observations}, {partly} of them seen only in part, the observations determine the probabilities of all "
        "categories.",
        observations=observations(values),
        partly=whole(values["n_partly_seen"]),
    )


def _partly_seen_not_determined(values: Values) -> Message:
    return say(
        "From {observations}, {partly} of them seen only in part, not all probabilities are determined. Equally "
        "plausible values differ for {names}: the table shows their limits.",
        observations=observations(values),
        partly=whole(values["n_partly_seen"]),
        names=some(values["names"], values["n_names"]),
    )


WORDS: dict[str, Callable[[Values], Message]] = {
    "tallied-declared": _tallied_declared,
    "tallied-discovered": _tallied_discovered,
    "tallied-groups": _tallied_groups,
    "nothing-tallied": lambda values: say("No observations yet."),
    "missing-dropped": lambda values: say_count(
        "{number} missing outcome was left out, as asked.",
        "{number} missing outcomes were left out, as asked.",
        values["n_missing"],
        number=whole(values["n_missing"]),
    ),
    "look-alike-categories": lambda values: say(
        "Counted as different categories although they look alike: {names}.", names=list(values["names"])
    ),
    "estimated": _estimated,
    "estimated-groups": lambda values: say(
        "Probabilities of {groups} estimated from {observations}.",
        groups=groups(values),
        observations=observations(values),
    ),
    "no-observations": lambda values: say(
        "No observations: log L is 0 for all probabilities, so none is the most plausible."
    ),
    "single-observation": _single_observation,
    "single-category": _single_category,
    "single-category-discovered": _single_category_discovered,
    "unseen-categories": _unseen_categories,
    "categories-discovered": lambda values: say(
        "The categories were discovered in the data; one that never came up is missing here. Declare them with "
        "--categories (in Python: categories=...)."
    ),
    "intervals-simultaneous": _intervals_simultaneous,
    "intervals-per-category": _intervals_per_category,
    "intervals-approximate": _intervals_approximate,
    "intervals-approximate-per-category": _intervals_approximate_per_category,
    "simulated": _simulated,
    "explained": _explained,
    "explanation-fails": lambda values: say(
        "A check failed in: {names}. Please report it with this tally.", names=list(values["names"])
    ),
    "normalised": lambda values: say("The probabilities were divided by their sum, as asked."),
    "partly-seen-estimated": _partly_seen_estimated,
    "partly-seen-not-determined": _partly_seen_not_determined,
    "label-never-seen": lambda values: say(
        "The label {label} never occurs in the data; is its name right? Declared categories would have it checked.",
        label=values["label"],
    ),
    "too-flat": lambda values: say(
        "The likelihood is too flat beside its size for float64 to tell where its top is: the probabilities have fewer "
        "right digits, and there are no standard errors."
    ),
    "label-tells-nothing": lambda values: say(
        "{names} may stand for every category, and so tells nothing about the probabilities.",
        names=some(values["names"], values["n_names"]),
    ),
    "coarsened-at-random": lambda values: say(
        "The estimate supposes that an outcome's being seen only in part did not depend on which category of its set "
        "it was; the intervals suppose nothing about it."
    ),
    "intervals-whatever-hid": lambda values: say(
        "The {level} intervals hold for all categories at once: each lower limit counts no partly seen outcome for the "
        "category, each upper limit all that may be it.",
        level=percent(values["level"]),
    ),
    "maximum-not-reached": lambda values: say(
        "The maximum was not reached within rounding: log L may be higher by up to {gap}.",
        gap=rounded(values["gap"]),
    ),
}
