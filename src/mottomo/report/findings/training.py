"""Words of training: whether there is a maximum, how near the fit is, what the inputs buy."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from mottomo.messages import Message, say, say_count
from mottomo.report.findings.parts import Values, some
from mottomo.report.numbers import exactly, rounded, significant, whole

_SHOWN_NAMES = 5
# Why a fit ended without having converged.
REASONS: dict[str, Message] = {
    "separated": say("the categories are separated"),
    "unproved": say("that there is a maximum could not be proved"),
    "rounding": say("rounding hides what is left to gain"),
    "passes": say("the passes allowed are used up"),
    "interrupted": say("interrupted by Ctrl-C"),
    "gap": say("the gap is small"),
}


def _trained(values: Values) -> Message:
    fit, die = rounded(values["cross_entropy"], 4), rounded(values["null_cross_entropy"], 4)
    if values["penalised"]:
        found = say(
            "The penalised optimum is reached: cross-entropy {fit} nats a row, {die} without features.",
            fit=fit,
            die=die,
        )
    elif values["proved"]:
        found = say(
            "The maximum exists and is reached: cross-entropy {fit} nats a row, {die} without features.",
            fit=fit,
            die=die,
        )
    elif values["leaves_out"]:
        found = say(
            "The maximum with the columns that are kept seems reached: cross-entropy {fit} nats a row, {die} without "
            "features.",
            fit=fit,
            die=die,
        )
    else:
        found = say(
            "The maximum seems reached: cross-entropy {fit} nats a row, {die} without features.", fit=fit, die=die
        )
    held_out = values["held_out"]
    if held_out is None:
        return found
    return say(
        "{found} On rows held out: {model} ± {error}, and {held_out_die} without features.",
        found=found,
        model=rounded(held_out.model.value, 4),
        error=rounded(held_out.model.standard_error, 2),
        held_out_die=rounded(held_out.die.value, 4),
    )


def _no_maximum(values: Values) -> Message:
    supremum = rounded(values["supremum"] + 0.0, 6)
    names = some(values["categories"], values["n_categories"])
    if values["accepts_limit"]:
        ways = say("As asked, the model is that limit, its coefficients so large that rounding hides the rest.")
    else:
        ways = say(
            "For finite coefficients choose a penalty, such as --penalty l2=1; --accept-limit takes the limit as the "
            "model."
        )
    if values["verdict"] == "complete-separation":
        return say(
            "No maximum: the columns separate the categories completely. log L approaches {supremum} as the "
            "coefficients grow without end. {ways}",
            supremum=supremum,
            ways=ways,
        )
    return say(
        "No maximum: the columns separate {names} partly (quasi-complete separation). log L approaches {supremum} as "
        "the coefficients grow without end. {ways}",
        names=names,
        supremum=supremum,
        ways=ways,
    )


def _never_seen(values: Values) -> Message:
    if not values["declared"]:
        return say(
            "No maximum: {names} came up among the rows held out alone, so that the intercept falls without end, with "
            "or without a penalty. Choose another --seed, or take the limit with --accept-limit: there their "
            "probability is 0.",
            names=some(values["names"], values["n_names"]),
        )
    return say(
        "No maximum: {names} never came up, so that the intercept falls without end, with or without a penalty. Leave "
        "such categories out of --categories, or take the limit with --accept-limit: there their probability is 0.",
        names=some(values["names"], values["n_names"]),
    )


def _dependent(values: Values) -> Message:
    if values["kind"] == "spanned":
        return say(
            "“{column}” is determined by other columns: there are no more different rows than columns before it. Its "
            "own coefficient is not determined, and is given as 0.",
            column=values["column"],
        )
    if not values["shares"]:
        return say("“{column}” is constant and says nothing; its coefficient is 0.", column=values["column"])
    return say(
        "“{column}” is determined by other columns ({column} {terms}); its own coefficient is not determined, and is "
        "given as 0.",
        column=values["column"],
        terms=_combination(values),
    )


def _combination(values: Values) -> str:
    """What a column equals: with its equals sign, or ≈ where a coefficient is too long to be written out."""
    pairs = [("", values["constant"]), *((f" {name}", share) for name, share in values["shares"])]
    pairs = [(name, coefficient) for name, coefficient in pairs if coefficient]
    written = [exactly(abs(coefficient)) for _, coefficient in pairs]
    text = "=" if None not in written else "≈"
    for place, (exact, (name, coefficient)) in enumerate(zip(written, pairs, strict=True)):
        sign = "-" if coefficient < 0 else "+" if place else ""
        number = significant(float(abs(coefficient)), 6) if exact is None else exact
        text += f" {sign} " if place else f" {sign}"
        text += name.strip() if name and number == "1" else f"{number}{name}"
    return text


def _nearly_collinear(values: Values) -> Message:
    """With the remedy: the difference is a number that double precision holds, the sum of both is not."""
    if values["kind"] == "rounding":
        return say(
            "“{column}” is nearly collinear: beside {names} only {remainder} is left of it, as little as rounding "
            "leaves. It was left out, and nothing is proved of a model with it. If it says something of its own, give "
            "what it says as a column instead, such as a difference computed from exact numbers.",
            column=values["column"],
            names=_names(values),
            remainder=significant(values["remainder"], 2),
        )
    return say(
        "“{column}” is nearly collinear: beside {names} {remainder} is left of it, which coefficients in double "
        "precision cannot hold. Nothing is proved of this fit. Give the difference as a column instead of “{column}”.",
        column=values["column"],
        names=_names(values),
        remainder=significant(values["remainder"], 2),
    )


def _names(values: Values) -> Any:
    names = [name for name, _ in values["shares"]]
    return some(names[:_SHOWN_NAMES], len(names)) if names else say("a constant")


_PENALISED: dict[bool, Message] = {
    True: say(
        "W in the penalty are those of standardised columns of numbers, all of them; levels of text columns are not "
        "standardised."
    ),
    False: say("W in the penalty are those of the columns as they are, not standardised."),
}
_NO_ERRORS: dict[str, Message] = {
    "work": say(
        "Standard errors were not computed: for so many rows and parameters they would take far longer than the fit."
    ),
    "rounding": say(
        "Standard errors were not computed: some coefficients are so nearly undetermined that rounding hides them."
    ),
    "interrupted": say("Standard errors were not computed: that was interrupted."),
}


def _not_converged(values: Values) -> Message:
    gap = rounded(values["gap"], 2)
    if values["reason"] == "interrupted":
        return say("The fit was interrupted by Ctrl-C: about {gap} nats of log L are left to gain.", gap=gap)
    return say(
        "The fit did not converge ({reason}): about {gap} nats of log L are left to gain. With a penalty, such as "
        "--penalty l2=1, it usually does.",
        reason=REASONS[values["reason"]],
        gap=gap,
    )


WORDS: dict[str, Callable[[Values], Message]] = {
    "trained": _trained,
    "no-maximum": _no_maximum,
    "never-seen": _never_seen,
    "existence-undecided": lambda values: say(
        "It could not be proved that log L has a maximum. If it has one, about {gap} nats of log L are left to gain. "
        "With a penalty, such as --penalty l2=1, there always is one.",
        gap=significant(values["gap"], 2),
    ),
    "not-converged": _not_converged,
    "rows-dropped": lambda values: say_count(
        "{number} row with missing values was left out, as asked.",
        "{number} rows with missing values were left out, as asked.",
        values["n"],
        number=whole(values["n"]),
    ),
    "dependent-column": _dependent,
    "nearly-collinear": _nearly_collinear,
    "penalised": lambda values: say(
        "This is no maximum likelihood: with the penalty the coefficients are drawn towards 0, and have no standard "
        "errors here. {of} The coefficients are those of the columns as they are.",
        of=_PENALISED[values["standardised"]],
    ),
    "no-standard-errors": lambda values: _NO_ERRORS[values["reason"]],
    "baseline": lambda values: say(
        "“{name}” is text: its coefficients compare with “{level}”.", name=values["name"], level=values["level"]
    ),
    "rare-categories": lambda values: say(
        "Categories with at most one row: {names}. Hardly anything can be learnt of them.",
        names=some(values["names"], values["n_names"]),
    ),
    "held-out-impossible": lambda values: say_count(
        "{number} row held out has a category to which the model or the die gives probability 0: its loss is infinite.",
        "{number} rows held out have a category to which the model or the die gives probability 0: their loss is "
        "infinite.",
        values["n"],
        number=whole(values["n"]),
    ),
}
