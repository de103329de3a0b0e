"""What a training says: the fit, the coefficients, the features' tests, and the rows held out."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from fractions import Fraction
from typing import TYPE_CHECKING

from mottomo.classification.collinearity import Dependence
from mottomo.classification.existence import Separator
from mottomo.classification.training_result import TrainingRemark, TrainingResult, TrainingVerdict
from mottomo.losses import HeldOut, LeftOut
from mottomo.messages import Message, say, say_count, verbatim
from mottomo.report.numbers import exactly, rounded, significant, whole
from mottomo.report.report import Block, Body, Cells, Column, Formula, Heading, Named, P, Paragraph, Table
from mottomo.report.results import Say, Says, Words, worded
from mottomo.report.results.tallies import CATEGORY
from mottomo.report.sentences import categories, in_latex, p_text, some
from mottomo.report.skipped_pictures import skipped

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

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
    coefficients = _coefficients(result, result.shown_rows)
    blocks: list[Block] = [
        _what(result),
        *_likelihoods(result),
        *_choice(result),
        _optimum(result),
        *_shown_coefficients(result),
    ]
    if result.feature_tests:
        blocks += [Heading(say("Does a feature say anything, given the others?"), 2), _tests(result)]
    if result.held_out is not None:
        blocks += [Heading(say("Rows held out of the training"), 2), *_held_out(result.held_out)]
    return Body(say("Softmax regression of “{target}”", target=result.classifier.target), tuple(blocks), coefficients)


def _what(result: TrainingResult) -> Paragraph:
    names = [f"{name} ({count})" for name, count in zip(result.tally.categories, result.tally.counts, strict=True)]
    return Paragraph(
        say(
            "{rows}, {categories}: {names}. The coefficients of “{reference}” are 0.",
            rows=_counted(result.n_rows, result.n_observations),
            categories=categories(len(names)),
            names=some(names),
            reference=result.reference,
        )
    )


def _counted(n_rows: int, n_observations: int) -> Message:
    """How many rows there are, and with weights how many observations they stand for."""
    rows = say_count("{number} row", "{number} rows", n_rows, number=whole(n_rows))
    if n_observations == n_rows:
        return rows
    return say("{rows} that count as {n}", rows=rows, n=whole(n_observations))


def _likelihoods(result: TrainingResult) -> list[Block]:
    fit, null = significant(result.log_likelihood, 9), significant(result.null_log_likelihood, 9)
    g, df, p = (
        significant(result.likelihood_ratio, 6),
        result.degrees_of_freedom,
        p_text(result.p_value, result.log10_p_value),
    )
    blocks: list[Block] = []
    if not result.is_maximum_likelihood:
        assert result.classifier.penalty is not None
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
    return blocks


def _choice(result: TrainingResult) -> Iterable[Paragraph]:
    found = result.penalty_choice
    if found is None:
        return
    best = min(found.losses, key=lambda losses: losses.value)
    own = found.losses[found.strengths.index(found.chosen)]
    yield Paragraph(
        say(
            "The strength {chosen} of the penalty was chosen by leaving out each group of “{column}”: the largest of "
            "{tried} whose cross-entropy ({own}) is within one standard error of the best ({best} ± {error}).",
            chosen=significant(found.chosen, 6),
            column=found.column,
            tried=[significant(strength, 6) for strength in found.strengths],
            own=rounded(own.value, 4),
            best=rounded(best.value, 4),
            error=rounded(best.standard_error, 2),
        )
    )


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


def _shown_coefficients(result: TrainingResult) -> Iterable[Block]:
    """The coefficients that people read: all but those of pictures, none of which means anything alone."""
    encoding, positions = result.classifier.encoding, result.classifier.encoding.groups()
    hidden: set[int] = set()
    for feature in encoding.features:
        if feature.block is not None:
            hidden.update(positions[feature.name])
            yield Paragraph(
                say(
                    "“{name}” is a block of {number} numbers of each picture ({features}). Their coefficients mean "
                    "nothing one by one; CSV and JSON have them.",
                    name=feature.name,
                    number=whole(feature.block.width),
                    features=result.pictures.made if result.pictures is not None else "",
                )
            )
    places = tuple(place for place in result.shown_rows if place[0] not in hidden)
    yield _coefficients(result, places)


def _coefficients(result: TrainingResult, places: tuple[tuple[int, int], ...]) -> Table:
    """The coefficients with what is known of each; or, where there is no maximum, the direction in which they grow."""
    names = result.classifier.categories.names
    where: list[tuple[Column, Cells]] = [
        (CATEGORY, lambda row: names[places[row][1]]),
        (Column("column", say("column"), "label"), lambda row: result.columns[places[row][0]]),
    ]
    if result.shows_direction:
        direction = result.direction()
        column = Column("direction", say("direction"), digits=6)
        return Table.of(len(places), *where, (column, lambda row: float(direction[places[row]])))
    values, errors, z = result.coefficients(), result.standard_errors, result.z
    p_values, log10 = result.p_values, result.log10_p_values
    known = errors is not None

    def p(row: int) -> P:
        if p_values is None or log10 is None:
            return P(math.nan, math.nan)
        return P(float(p_values[places[row]]), float(log10[places[row]]))

    return Table.of(
        len(places),
        *where,
        (Column("coefficient", say("coefficient"), digits=6), lambda row: float(values[places[row]])),
        (
            Column("standard_error", say("std. error"), is_shown=known),
            lambda row: _at(errors, places[row]),
        ),
        (
            Column("z", verbatim("z"), digits=3, is_shown=known),
            lambda row: _at(z, places[row]),
        ),
        (Column("p_value", verbatim("p"), "p_value", is_shown=known), p),
    )


def _at(values: NDArray[np.float64] | None, place: tuple[int, int]) -> float | None:
    return None if values is None else float(values[place])


def _tests(result: TrainingResult) -> Table:
    tests = result.feature_tests
    return Table.of(
        len(tests),
        (Column("feature", say("feature"), "label"), [test.name for test in tests]),
        (Column("degrees_of_freedom", verbatim("df"), "count"), [test.degrees_of_freedom for test in tests]),
        (Column("likelihood_ratio", verbatim("G"), digits=5), [test.likelihood_ratio for test in tests]),
        (Column("p_value", verbatim("p"), "p_value"), [_known_p(test.p_value, test.log10_p_value) for test in tests]),
        (Column("wald", say("Wald"), digits=5), [test.wald for test in tests]),
        (
            Column("wald_p_value", say("p (Wald)"), "p_value"),
            [P(test.wald_p_value, test.log10_wald_p_value) for test in tests],
        ),
    )


def _known_p(value: float | None, log10: float | None) -> P | None:
    return None if value is None or log10 is None else P(value, log10)


def _held_out(found: HeldOut) -> list[Block]:
    named = [
        (Named("model", say("the model")), found.model.value, found.model.standard_error),
        (Named("null", say("the intercept-only model")), found.null.value, found.null.standard_error),
        (Named("gain", say("gain of the model")), found.gain.value, found.gain.standard_error),
        (Named("untrained", say("untrained (log K)")), found.untrained, 0.0),
    ]
    blocks: list[Block] = [
        Paragraph(_which_rows(found)),
        Table.of(
            len(named),
            (Column("what", say("cross-entropy, nats"), "label"), [name for name, *_ in named]),
            (Column("value", say("mean"), digits=5), [value for _, value, _ in named]),
            (Column("standard_error", say("std. error"), digits=2), [error for *_, error in named]),
        ),
        Paragraph(_hits(found)),
    ]
    if found.left_out is not None:
        blocks.append(_by_group(found.left_out))
    return blocks


def _which_rows(found: HeldOut) -> Message:
    rows, left_out = _counted(found.n_rows, found.n_observations), found.left_out
    if left_out is None:
        return say("{rows}, chosen by seed {seed}:", rows=rows, seed=found.seed or 0)
    n = len(left_out.groups)
    errors = (
        say("Standard errors are those of {number} groups.", number=n)
        if n > 1
        else say("One group has no standard error.")
    )
    if left_out.in_turn:
        return say(
            "{rows}. Each group of “{column}” was left out of a training of its own. {errors}",
            rows=rows,
            column=left_out.column,
            errors=errors,
        )
    return say(
        "{rows}, whole groups of “{column}” chosen by seed {seed}. {errors}",
        rows=rows,
        column=left_out.column,
        seed=found.seed or 0,
        errors=errors,
    )


def _hits(found: HeldOut) -> Message:
    shown = [f"{one.name} {whole(one.hits)}/{whole(one.n)}" for one in found.hits]
    return say(
        "The most probable category is the right one for {right} of {n}: {hits}.",
        right=whole(sum(one.hits for one in found.hits)),
        n=whole(found.n_observations),
        hits=some(shown, _MOST_NAMES),
    )


def _by_group(left_out: LeftOut) -> Table:
    groups = left_out.groups
    return Table.of(
        len(groups),
        (Column("group", verbatim(left_out.column), "label"), [one.name for one in groups]),
        (Column("n", verbatim("n"), "count"), [one.n for one in groups]),
        (Column("cross_entropy", say("the model"), digits=4), [one.model for one in groups]),
        (Column("null_cross_entropy", say("the intercept-only model"), digits=4), [one.null for one in groups]),
    )


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
    assert result.classifier.penalty is not None
    return say(
        "This is no maximum likelihood: with the penalty the coefficients are drawn towards 0, and have no standard "
        "errors here. {of} The coefficients are those of the columns as they are.",
        of=_PENALISED[_penalised_columns(result)],
    )


def _penalised_columns(result: TrainingResult) -> bool | str:
    assert result.classifier.penalty is not None
    is_standardised = bool(result.classifier.penalty.standardised)
    return "pictures" if is_standardised and result.pictures is not None else is_standardised


def _baselines(result: TrainingResult) -> Iterable[Message]:
    return [
        say("“{name}” is text: its coefficients compare with “{level}”.", name=feature.name, level=feature.baseline)
        for feature in result.classifier.encoding.features
        if feature.baseline is not None
    ]


def _held_out_impossible(result: TrainingResult) -> Message:
    assert result.held_out is not None
    return say_count(
        "{number} row held out has a category to which the model or the intercept-only model gives probability 0: "
        "its loss is infinite.",
        "{number} rows held out have a category to which the model or the intercept-only model gives probability 0: "
        "their loss is infinite.",
        result.held_out.n_impossible,
        number=whole(result.held_out.n_impossible),
    )


def _pictures_skipped(result: TrainingResult) -> Message:
    assert result.pictures is not None
    return skipped(result.pictures.skipped)


def _pictures_in_two_categories(result: TrainingResult) -> Message:
    assert result.pictures is not None
    pairs = result.pictures.in_two_categories
    return say_count(
        "{number} picture has the same content as one of another category: {names}.",
        "{number} pictures have the same content as one of another category: {names}.",
        len(pairs),
        number=whole(len(pairs)),
        names=some([f"{one} = {other}" for one, other in pairs], _MOST_NAMES),
    )


def _pictures_copied(result: TrainingResult) -> Message:
    assert result.pictures is not None
    n = result.pictures.n_copies
    return say_count(
        "{number} picture is a copy of another one. Rows held out may be copies of rows that were learnt.",
        "{number} pictures are copies of others. Rows held out may be copies of rows that were learnt.",
        n,
        number=whole(n),
    )


def _groups_alike(result: TrainingResult) -> Iterable[Message]:
    assert result.pictures is not None
    for one in result.pictures.near_copies or ():
        pairs = say_count("{number} pair", "{number} pairs", one.n_pairs, number=whole(one.n_pairs))
        yield say(
            "The groups “{first}” and “{second}” hold pictures that look almost alike ({pairs}, such as {example}), so "
            "one that is left out is not new to a model that knows the other.",
            first=one.groups[0],
            second=one.groups[1],
            pairs=pairs,
            example=" = ".join(one.example),
        )


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
        "rows-dropped": lambda result: say_count(
            "{number} row with missing values was left out, as asked.",
            "{number} rows with missing values were left out, as asked.",
            result.n_dropped,
            number=whole(result.n_dropped),
        ),
        "collinear-column": _collinear,
        "nearly-collinear": _nearly_collinear,
        "penalised": _penalised,
        "no-standard-errors": lambda result: _NO_ERRORS[result.without_errors or ""],
        "baseline": _baselines,
        "rare-categories": lambda result: say(
            "Categories with at most one row: {names}. Hardly anything can be learnt of them.",
            names=some(result.rare, _MOST_NAMES),
        ),
        "held-out-impossible": _held_out_impossible,
        "pictures-skipped": _pictures_skipped,
        "pictures-in-two-categories": _pictures_in_two_categories,
        "pictures-copied": _pictures_copied,
        "groups-alike": _groups_alike,
    },
)
WORDS = Words[TrainingResult]("train", _body, VERDICTS, REMARKS)
