"""What a training says: the fit, the coefficients, the features' tests, and the rows held out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from fractions import Fraction
from typing import TYPE_CHECKING

from mottomo.classification.collinearity import Dependence
from mottomo.classification.existence import Separator
from mottomo.classification.penalties import L2, Firth
from mottomo.classification.training_result import TrainingRemark, TrainingResult, TrainingVerdict
from mottomo.messages import Message, say, say_count
from mottomo.report import trained
from mottomo.report.coefficient_tables import (
    coefficients,
    effects,
    feature_tests,
    intervals,
    intervals_title,
    shown_coefficients,
)
from mottomo.report.held_out import counted, held_out, penalty_choice
from mottomo.report.numbers import exactly, rounded, significant
from mottomo.report.report import Block, Body, Formula, Heading, Paragraph
from mottomo.report.results import Say, Says, Words, about, worded
from mottomo.report.sentences import categories, in_latex, p_text, some

if TYPE_CHECKING:
    pass

_MOST_NAMES = 5
# Why a fit ended without having converged.
_REASONS: dict[str, Message] = {
    "separated": say("the categories are separated"),
    "unproved": say("that there is a maximum could not be proved"),
    "rounding": say("rounding hides the rest of the optimality gap"),
    "passes": say("the passes over the rows that are allowed are used up"),
    "interrupted": say("interrupted by Ctrl-C"),
    "gap": say("the gap is small"),
}


def _body(result: TrainingResult) -> Body:
    table = coefficients(result, result.shown_rows)
    blocks: list[Block] = [
        _what(result),
        *_likelihoods(result),
        *penalty_choice(result.penalty_choice),
        _optimum(result),
        *shown_coefficients(result),
    ]
    if result.intervals is not None:
        blocks += [Heading(intervals_title(result.intervals), 2), intervals(result)]
    if result.marginal_effects is not None:
        title = say("Average marginal effects: the change of each probability for 1 more, or from the baseline level")
        blocks += [Heading(title, 2), effects(result, result.marginal_effects)]
    if result.feature_tests:
        blocks += [Heading(say("Does a feature say anything, given the others?"), 2), feature_tests(result)]
    if result.held_out is not None:
        blocks += [Heading(say("Rows held out of the training"), 2), *held_out(result.held_out)]
    return Body(say("Softmax regression of “{target}”", target=result.classifier.target), tuple(blocks), table)


def _what(result: TrainingResult) -> Paragraph:
    names = [f"{name} ({count})" for name, count in zip(result.tally.categories, result.tally.counts, strict=True)]
    return Paragraph(
        say(
            "{rows}, {categories}: {names}. The coefficients of “{reference}” are 0.",
            rows=counted(result.n_rows, result.n_observations),
            categories=categories(len(names)),
            names=some(names),
            reference=result.reference,
        )
    )


def _likelihoods(result: TrainingResult) -> list[Block]:
    fit, null = significant(result.log_likelihood, 9), significant(result.null_log_likelihood, 9)
    g, df, p = (
        significant(result.likelihood_ratio, 6),
        result.degrees_of_freedom,
        p_text(result.p_value, result.log10_p_value),
    )
    blocks: list[Block] = []
    if isinstance(result.classifier.penalty, Firth):
        blocks.append(Formula(r"\log L + \frac{1}{2} \log \det I", "log L + 1/2 log det I"))
    elif result.classifier.penalty is not None:
        strength = significant(result.classifier.penalty.strength, 6)
        two = len(result.classifier.categories) == 2
        squares = (r"\sum_j (W_{j1} - W_{j2})^2", "sum (W_1 - W_2)^2") if two else (r"\sum_{jk} W_{jk}^2", "sum W^2")
        blocks.append(Formula(rf"\log L - \frac{{{strength}}}{{2}} {squares[0]}", f"log L - {strength}/2 {squares[1]}"))
    if result.shows_direction:
        limit = _supremum(result, 9)
        blocks.append(
            Formula(
                rf"\sup \log L = {limit}, \quad \log L(t/n) = \sum_k t_k \log \frac{{t_k}}{{n}} = {null}",
                f"sup log L = {limit}   log L(t/n) = {null}",
            )
        )
        return blocks
    blocks.append(
        Formula(
            rf"\log L = {fit}, \quad \log L(t/n) = \sum_k t_k \log \frac{{t_k}}{{n}} = {null}",
            f"log L = {fit}   log L(t/n) = {null}",
        )
    )
    if result.is_maximum_likelihood and result.converged and result.degrees_of_freedom:
        blocks.append(
            Formula(
                rf"G = 2 [\log L - \log L(t/n)] = {g}, \quad df = {df}, \quad p = {in_latex(p)}",
                f"G = {g}   df = {df}   p = {p}   "
                f"AIC = {significant(result.aic, 8)}   BIC = {significant(result.bic, 8)}",
            )
        )
        share = rounded(result.mcfadden, 4)
        blocks.append(
            Formula(rf"1 - \frac{{\log L}}{{\log L(t/n)}} = {share}", f"1 - log L / log L(t/n) = {share}   (McFadden)")
        )
    return blocks


def _optimum(result: TrainingResult) -> Paragraph:
    passes = say_count("{count} pass over the rows", "{count} passes over the rows", result.n_passes)
    if result.existence.direction is not None:
        return Paragraph(_separation(result))
    if result.verdict == "existence-undecided":
        return Paragraph(
            say(
                "After {passes} the optimality gap seems to be about {gap} nats, if there is a maximum.",
                passes=passes,
                gap=significant(result.gap, 2),
            )
        )
    if not result.converged:
        return Paragraph(
            say(
                "The fit stopped before it was near enough ({reason}), after {passes}; the optimality gap is about "
                "{gap} nats.",
                reason=_REASONS[result.reason],
                passes=passes,
                gap=significant(result.gap, 2),
            )
        )
    if result.gap_is_proved:
        return Paragraph(
            say(
                "There is one maximum, and the fit is within {gap} nats of it: proved, after {passes}.",
                gap=significant(result.gap, 2),
                passes=passes,
            )
        )
    if result.leaves_out:
        return Paragraph(
            say(
                "The fit is within about {gap} nats of the maximum with the columns that are kept: an estimate, after "
                "{passes}.",
                gap=significant(result.gap, 2),
                passes=passes,
            )
        )
    return Paragraph(
        say(
            "The fit is within about {gap} nats of the maximum: an estimate, after {passes}.",
            gap=significant(result.gap, 2),
            passes=passes,
        )
    )


def _separation(result: TrainingResult) -> Message:
    found, names = result.existence, result.classifier.categories.names
    if not result.never_seen and result.separators:
        one = result.separators[0]
        if one.lower_maximum == one.upper_minimum:
            return _touching(one, result)
        return say(
            "“{column}” separates the categories: it is at most {lower_maximum} where “{target}” is {lower}, and at "
            "least {upper_minimum} where it is {upper}.",
            column=result.columns[one.column],
            target=result.classifier.target,
            lower=names[one.lower],
            upper=names[one.upper],
            lower_maximum=significant(one.lower_maximum, 6),
            upper_minimum=significant(one.upper_minimum, 6),
        )
    if result.never_seen:
        return say(
            "{names} never came up: the intercept falls without end, and the probability approaches 0.",
            names=list(result.never_seen),
        )
    certain = say("{number} of {n}", number=str(found.n_separated), n=str(result.n_rows))
    if result.shows_direction:
        return say(
            "A combination of the columns separates the categories; it stands below. Rows that become certain along "
            "it: {certain}.",
            certain=certain,
        )
    return say(
        "A combination of the columns separates the categories. Rows that become certain along it: {certain}.",
        certain=certain,
    )


def _touching(one: Separator, result: TrainingResult) -> Message:
    """Two categories that meet at one value: an indicator of a level that one of them never has, for example."""
    column, target, value = result.columns[one.column], result.classifier.target, significant(one.lower_maximum, 6)
    names = result.classifier.categories.names
    if one.upper_goes_on:
        return say(
            "Where “{column}” is above {value}, “{target}” is never {name}.",
            column=column,
            value=value,
            target=target,
            name=names[one.lower],
        )
    return say(
        "Where “{column}” is below {value}, “{target}” is never {name}.",
        column=column,
        value=value,
        target=target,
        name=names[one.upper],
    )


def _supremum(result: TrainingResult, digits: int) -> str:
    """What log L approaches where it has no maximum."""
    assert result.existence.supremum is not None
    return significant(result.existence.supremum + 0.0, digits)


def _trained(result: TrainingResult) -> Message:
    fit, null = rounded(result.cross_entropy, 4), rounded(result.null_cross_entropy, 4)
    if not result.is_maximum_likelihood:
        found = say(
            "The penalised optimum is reached: cross-entropy {fit} nats a row, {null} without features.",
            fit=fit,
            null=null,
        )
    elif result.gap_is_proved:
        found = say(
            "The maximum exists and is reached: cross-entropy {fit} nats a row, {null} without features.",
            fit=fit,
            null=null,
        )
    elif result.leaves_out:
        found = say(
            "The maximum with the columns that are kept seems reached: cross-entropy {fit} nats a row, {null} without "
            "features.",
            fit=fit,
            null=null,
        )
    else:
        found = say(
            "The maximum seems reached: cross-entropy {fit} nats a row, {null} without features.", fit=fit, null=null
        )
    held_out = result.held_out
    if held_out is None:
        return found
    return say(
        "{found} On rows held out: {model} ± {error}, and {held_out_null} without features.",
        found=found,
        model=rounded(held_out.model.value, 4),
        error=rounded(held_out.model.standard_error, 2),
        held_out_null=rounded(held_out.null.value, 4),
    )


def _no_maximum(result: TrainingResult) -> Message:
    supremum = _supremum(result, 6)
    names = some([result.classifier.categories.names[k] for k in result.existence.categories], _MOST_NAMES)
    if result.accepts_limit:
        ways = say("As asked, the model is that limit, its coefficients so large that rounding hides the rest.")
    else:
        ways = say(
            "For finite coefficients choose a penalty, such as --penalty l2=1; --accept-limit takes the limit as the "
            "model."
        )
    if result.existence.verdict == "complete-separation":
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


def _never_seen(result: TrainingResult) -> Message:
    if not result.classifier.categories.declared:
        return say(
            "No maximum: {names} came up among the rows held out alone, so that the intercept falls without end, with "
            "or without a penalty. Choose another --seed, or take the limit with --accept-limit: there their "
            "probability is 0.",
            names=some(result.never_seen, _MOST_NAMES),
        )
    return say(
        "No maximum: {names} never came up, so that the intercept falls without end, with or without a penalty. Leave "
        "such categories out of --categories, or take the limit with --accept-limit: there their probability is 0.",
        names=some(result.never_seen, _MOST_NAMES),
    )


def _collinear(result: TrainingResult) -> Iterable[Message]:
    return [_determined(one, result.columns) for one in result.collinear if one.kind != "rounding"]


def _determined(one: Dependence, columns: tuple[str, ...]) -> Message:
    column = columns[one.column]
    if one.kind == "spanned":
        return say(
            "“{column}” is determined by other columns: there are no more different rows than columns before it. Its "
            "own coefficient is not determined, and is given as 0.",
            column=column,
        )
    if not one.shares:
        return say("“{column}” is constant and says nothing; its coefficient is 0.", column=column)
    return say(
        "“{column}” is determined by other columns ({column} {terms}); its own coefficient is not determined, and is "
        "given as 0.",
        column=column,
        terms=_combination(one, columns),
    )


def _combination(one: Dependence, columns: tuple[str, ...]) -> str:
    """What a column equals: with its equals sign, or ≈ where a coefficient is too long to be written out."""
    shares = [(f" {columns[j]}", share) for j, share in one.combination.shares.items()]
    pairs: list[tuple[str, Fraction]] = [("", one.combination.constant), *shares]
    pairs = [(name, coefficient) for name, coefficient in pairs if coefficient]
    written = [exactly(abs(coefficient)) for _, coefficient in pairs]
    text = "=" if None not in written else "≈"
    for place, (exact, (name, coefficient)) in enumerate(zip(written, pairs, strict=True)):
        sign = "-" if coefficient < 0 else "+" if place else ""
        number = significant(float(abs(coefficient)), 6) if exact is None else exact
        text += f" {sign} " if place else f" {sign}"
        text += name.strip() if name and number == "1" else f"{number}{name}"
    return text


def _nearly_collinear(result: TrainingResult) -> Iterable[Message]:
    return [_near(one, result.columns) for one in result.near]


def _near(one: Dependence, columns: tuple[str, ...]) -> Message:
    """With the remedy: the difference is a number that double precision holds, the sum of both is not."""
    names = [columns[j] for j in one.shares]
    found = {
        "column": columns[one.column],
        "names": some(names, _MOST_NAMES) if names else say("a constant"),
        "remainder": significant(one.remainder, 2),
    }
    if one.kind == "rounding":
        return say(
            "“{column}” is nearly collinear: beside {names} only {remainder} is left of it, as little as rounding "
            "leaves. It was left out, and nothing is proved of a model with it. If it says something of its own, give "
            "what it says as a column instead, such as a difference computed from exact numbers.",
            **found,
        )
    return say(
        "“{column}” is nearly collinear: beside {names} {remainder} is left of it, which coefficients in double "
        "precision cannot hold. Nothing is proved of this fit. Give the difference as a column instead of “{column}”.",
        **found,
    )


_PENALISED: dict[bool | str, Message] = {
    True: say(
        "W in the penalty are those of standardised columns of numbers, all of them; levels of text columns are not "
        "standardised."
    ),
    "pictures": say(
        "W in the penalty are those of the numbers of pictures as they are, of standardised columns of numbers, all of "
        "them, and of levels of text columns as they are."
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


def _not_converged(result: TrainingResult) -> Message:
    gap = rounded(result.gap, 2)
    if result.reason == "interrupted":
        return say("The fit was interrupted by Ctrl-C: the optimality gap is about {gap} nats.", gap=gap)
    return say(
        "The fit did not converge ({reason}): the optimality gap is about {gap} nats. With a penalty, such as "
        "--penalty l2=1, it usually does.",
        reason=_REASONS[result.reason],
        gap=gap,
    )


def _penalised(result: TrainingResult) -> Message:
    if isinstance(result.classifier.penalty, Firth):
        return say(
            "This is no maximum likelihood but Firth's: half the logarithm of the determinant of the information is "
            "added to log L, which keeps the coefficients finite. Their gap to the maximum is estimated, not proved."
        )
    return say(
        "This is no maximum likelihood: with the penalty the coefficients are drawn towards 0, and have no standard "
        "errors here. {of} The coefficients are those of the columns as they are.",
        of=_PENALISED[_penalised_columns(result)],
    )


def _penalised_columns(result: TrainingResult) -> bool | str:
    assert isinstance(result.classifier.penalty, L2)
    is_standardised = bool(result.classifier.penalty.standardised)
    return "pictures" if is_standardised and result.pictures is not None else is_standardised


def _baselines(result: TrainingResult) -> Iterable[Message]:
    return [
        say("“{name}” is text: its coefficients compare with “{level}”.", name=feature.name, level=feature.baseline)
        for feature in result.classifier.encoding.features
        if feature.baseline is not None
    ]


VERDICTS: Mapping[str, Say[TrainingResult]] = worded(
    TrainingVerdict,
    {
        "trained": _trained,
        "no-maximum": _no_maximum,
        "never-seen": _never_seen,
        "existence-undecided": lambda result: say(
            "It could not be proved that log L has a maximum. If it has one, the optimality gap is about {gap} nats. "
            "With a penalty, such as --penalty l2=1, there always is one.",
            gap=significant(result.gap, 2),
        ),
        "not-converged": _not_converged,
    },
)
REMARKS: Mapping[str, Says[TrainingResult]] = worded(
    TrainingRemark,
    {
        **about(lambda result: result, trained.REMARKS),
        "collinear-column": _collinear,
        "nearly-collinear": _nearly_collinear,
        "penalised": _penalised,
        "one-sided": lambda result: say(
            "An interval that reaches to infinity has no end there: no value of the coefficient, however large, is "
            "implausible."
        ),
        "no-effects": lambda result: say(
            "Average marginal effects were not computed: with so many rows and columns they would take far longer than "
            "the fit, or there are no standard errors."
        ),
        "no-profile": lambda result: say(
            "The profile likelihood was not followed: with so many rows and coefficients it would take far longer than "
            "the fit. Fewer columns (--features) make it possible."
        ),
        "ends-not-found": lambda result: say(
            "Some ends of intervals were not found, because rounding hides them; they are left empty."
        ),
        "no-standard-errors": lambda result: _NO_ERRORS[result.without_errors or ""],
        "baseline": _baselines,
        "rare-categories": lambda result: say(
            "Categories with at most one row: {names}. Hardly anything can be learnt of them.",
            names=some(result.rare, _MOST_NAMES),
        ),
    },
)
WORDS = Words[TrainingResult]("train", _body, VERDICTS, REMARKS)
