"""Words of tests: p-values, decisions, tolerances, groups."""

from __future__ import annotations

from collections.abc import Callable

from mottomo.messages import Message, say, say_count
from mottomo.report.findings.parts import Values, groups, is_wide, observations, p_limits, p_text, percent_about, some
from mottomo.report.numbers import percent, rounded, rounded_down, rounded_up, whole


def _claim(values: Values) -> Message:
    return say("“fair”") if values["fair"] else say("the claimed probabilities")


def _p(values: Values) -> Message:
    text = p_text(values["p"], values["log10_p"])
    if values["algorithm"] == "chernoff-bound":
        return say("p ≤ {p}", p=p_limits(values, 3)[1])
    if is_wide(values):
        lower, upper = p_limits(values, 2)
        return say("p between {lower} and {upper}", lower=lower, upper=upper)
    return {
        "exact": say("exact p = {p}", p=text),
        "monte-carlo": say("simulated p = {p}", p=text),
        "asymptotic": say("approximate p = {p}", p=text),
    }[values["method"]]


def _not_rejected(values: Values) -> Message:
    found = say("No evidence against {claim}: {p}.", claim=_claim(values), p=_p(values))
    planning = values["planning"]
    if planning is None:
        return found
    if planning.n_observations is None:
        return say("{found} The relative frequencies are exactly those claimed.", found=found)
    if planning.n_observations <= values["n"]:
        return say(
            "{found} If the true odds were these estimates, {observations} would notice it {power} of the time.",
            found=found,
            observations=observations(values),
            power=percent_about(planning.power),
        )
    return say(
        "{found} If the true odds were these estimates, {observations} would notice it {power} of the time; about "
        "{needed} would, {target}.",
        found=found,
        observations=observations(values),
        power=percent_about(planning.power),
        needed=whole(planning.n_observations),
        target=percent(values["target"]),
    )


def _rejected(values: Values) -> Message:
    found = say("Evidence against {claim}: {p}.", claim=_claim(values), p=_p(values))
    if not values["flagged"]:
        return say("{found} No single category stands out.", found=found)
    return say("{found} Departing: {names}.", found=found, names=some(values["flagged"][:10], len(values["flagged"])))


def _undecided(values: Values) -> Message:
    return say(
        "Cannot tell about {claim}: {p}, too near {significance} for how well it is known.",
        claim=_claim(values),
        p=_p(values),
        significance=rounded(values["significance"]),
    )


def _impossible_seen(values: Values) -> Message:
    return say(
        "The claim is refuted for certain: {names} happened, and has probability 0 under it.",
        names=some(values["impossible"], values["n_impossible"]),
    )


def _and_order(worded: Callable[[Values], Message]) -> Callable[[Values], Message]:
    """The verdict, and a warning where the order of the outcomes says that they are not independent."""

    def both(values: Values) -> Message:
        found = worded(values)
        if not values["order_departs"]:
            return found
        return say("{found} But the outcomes do not come in an order like that of independent ones.", found=found)

    return both


def _tolerance(template: Callable[[Message, str, str], Message]) -> Callable[[Values], Message]:
    def worded(values: Values) -> Message:
        return template(_claim(values), rounded(values["margin"]), percent(values["level"]))

    return _and_order(worded)


def _p_exact(values: Values) -> Message:
    order = _ordering(values["ordering"])
    if not values["is_bracket"]:
        return say("The p-value is exact, in the order of {order}.", order=order)
    lower, upper = p_limits(values, 6)
    return say(
        "The p-value is proven to lie between {lower} and {upper}, in the order of {order}.",
        lower=lower,
        upper=upper,
        order=order,
    )


def _ordering(name: str) -> Message:
    return {
        "likelihood-ratio": say("the likelihood ratio"),
        "pearson": say("Pearson's statistic"),
        "probability": say("probability"),
    }[name]


def _p_simulated(values: Values) -> Message:
    return say(
        "Simulated: p = (1 + tallies as far) / (1 + all), of {draws} with seed {seed}. The exact p-value lies between "
        "{lower} and {upper} at 99.9 % confidence, in the order of {order}.",
        draws=whole(values["draws"]),
        seed=str(values["seed"]),
        lower=rounded_down(values["lower"], 3),
        upper=rounded_up(values["upper"], 3),
        order=_ordering(values["ordering"]),
    )


def _categories_depart(values: Values) -> Message:
    return say(
        "Category by category (exact binomial tests, Holm's correction at {significance}): more often than claimed "
        "{more}; less often {fewer}.",
        more=some(values["more"][:10], len(values["more"])) or "–",
        fewer=some(values["fewer"][:10], len(values["fewer"])) or "–",
        significance=rounded(values["significance"]),
    )


def _groups_rejected(values: Values) -> Message:
    return say(
        "Departing after Holm's correction at {significance}: {flagged} ({discoveries} after Benjamini and Hochberg). "
        "Unadjusted, {unadjusted} have p ≤ {significance}, and about {expected} or fewer would be expected by chance.",
        flagged=groups({"n_groups": values["n_flagged"]}),
        significance=rounded(values["significance"]),
        discoveries=whole(values["n_discoveries"]),
        unadjusted=whole(values["n_unadjusted"]),
        expected=rounded(values["expected"]),
    )


def _groups_not_rejected(values: Values) -> Message:
    return say(
        "None of {groups} departs after Holm's correction ({discoveries} after Benjamini and Hochberg). Unadjusted, "
        "{unadjusted} have p ≤ {significance}, and about {expected} or fewer would be expected by chance.",
        groups=groups(values),
        significance=rounded(values["significance"]),
        discoveries=whole(values["n_discoveries"]),
        unadjusted=whole(values["n_unadjusted"]),
        expected=rounded(values["expected"]),
    )


def _question(values: Values) -> Message:
    return say("independence") if values["question"] == "independence" else say("the same probabilities")


WORDS: dict[str, Callable[[Values], Message]] = {
    "not-rejected": _and_order(_not_rejected),
    "rejected": _and_order(_rejected),
    "undecided": _and_order(_undecided),
    "nothing-to-test": lambda values: say("No observations: nothing can be said about the claim."),
    "impossible-seen": _impossible_seen,
    "tolerance-equivalent": _tolerance(
        lambda claim, margin, level: say(
            "Equivalent to {claim} within {margin}: all simultaneous {level} intervals lie inside the margin.",
            claim=claim,
            margin=margin,
            level=level,
        )
    ),
    "tolerance-different": _tolerance(
        lambda claim, margin, level: say(
            "Different from {claim} by more than {margin}: some simultaneous {level} interval lies outside the margin.",
            claim=claim,
            margin=margin,
            level=level,
        )
    ),
    "tolerance-cannot-tell": _tolerance(
        lambda claim, margin, level: say(
            "Cannot tell whether {claim} holds within {margin}: some simultaneous {level} interval lies on both sides "
            "of the margin.",
            claim=claim,
            margin=margin,
            level=level,
        )
    ),
    "impossible-dropped": lambda values: say(
        "Claimed impossible and never seen, so left out of the test: {names}.",
        names=some(values["names"], values["n_dropped"]),
    ),
    "p-exact": _p_exact,
    "p-monte-carlo": _p_simulated,
    "p-asymptotic": lambda values: say(
        "The p-value is approximate: by chi-square, which is right only for large expected counts."
    ),
    "float-null": lambda values: say(
        "The claimed probabilities are floats: outcomes within {band} of a tie count as tied, so p can only be larger. "
        "Give them as text or fractions for exact ties.",
        band=rounded(values["band"]),
    ),
    "categories-depart": _categories_depart,
    "power-for-planning": lambda values: say(
        "The power at one's own estimate ({exactness}) and the number for {target} (approximate) are for planning the "
        "next experiment; they are no evidence about this one.",
        exactness=say("exact") if values["exact"] else say("approximate"),
        target=percent(values["target"]),
    ),
    "comparison-rejected": lambda values: say("Evidence against {claim}: {p}.", claim=_question(values), p=_p(values)),
    "comparison-not-rejected": lambda values: say(
        "No evidence against {claim}: {p}.", claim=_question(values), p=_p(values)
    ),
    "comparison-undecided": lambda values: say(
        "Cannot tell about {claim}: {p}, too near {significance} for how well it is known.",
        claim=_question(values),
        p=_p(values),
        significance=rounded(values["significance"]),
    ),
    "nothing-to-compare": lambda values: say("Nothing to compare: fewer than two tallies or categories were seen."),
    "empty-groups-dropped": lambda values: say(
        "Without observations, so left out: {names}.", names=some(values["names"], values["n_dropped"])
    ),
    "never-seen-dropped": lambda values: say(
        "Never seen, so left out: {names}.", names=some(values["names"], values["n_dropped"])
    ),
    "differences-guaranteed": lambda values: say(
        "The intervals of the differences hold for all categories at once, at {level} or more.",
        level=percent(values["level"]),
    ),
    "groups-rejected": _groups_rejected,
    "groups-not-rejected": _groups_not_rejected,
    "groups-cannot-tell": lambda values: say("No observations: nothing can be said about the claim."),
    "groups-impossible": lambda values: say(
        "Refuted for certain, because an outcome of probability 0 happened: {groups}.", groups=groups(values)
    ),
    "groups-exact": lambda values: say("Exact p-values: {groups}.", groups=groups(values)),
    "groups-bounded": lambda values: say(
        "Only a proven upper bound of p is known (≤): {groups}.",
        groups=groups(values),
    ),
    "groups-asymptotic": lambda values: say(
        "p-values by chi-square, which is approximate: {groups}.", groups=groups(values)
    ),
    "groups-monte-carlo": lambda values: say_count(
        "Simulated p-values ({draws} draws, seed {seed}): {count} group.",
        "Simulated p-values ({draws} draws, seed {seed}): {count} groups.",
        values["n_groups"],
        draws=whole(values["draws"] or 0),
        seed=str(values["seed"]),
    ),
}
