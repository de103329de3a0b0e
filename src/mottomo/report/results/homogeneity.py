"""What a comparison of tallies, or a table of two columns, says: the shares beside each other and their differences."""

from __future__ import annotations

from mottomo.inference.homogeneity import ComparisonRemark, ComparisonResult, ComparisonVerdict
from mottomo.messages import Message, say
from mottomo.report.numbers import percent, rounded
from mottomo.report.report import Block, Body, Column, Formula, Paragraph, Table
from mottomo.report.results import Words, about, tallies, worded
from mottomo.report.sentences import P_REMARKS, chi_square_texts, p_formula, p_words, some


def _body(result: ComparisonResult) -> Body:
    tally, found = result.tally, result.differences
    size = tally.n_categories
    columns = [
        *tallies.names(tally),
        (tallies.COUNT, tally.counts.reshape(-1)),
        (Column("share", say("share t/n"), "share"), tally.shares.reshape(-1)),
        (Column("residual", say("residual"), is_shown=False), result.residuals.reshape(-1)),
    ]
    if found is not None:  # the first tally's share less the second's, in the rows of both
        estimates, lower, upper = (values.tolist() for values in (found.estimates, found.lower, found.upper))
        title = say("{level} difference", level=percent(found.level))
        columns += [
            (Column("difference", say("difference"), is_shown=False), lambda row: estimates[row % size]),
            (Column("difference_lower", title, "lower"), lambda row: lower[row % size]),
            (Column("difference_upper", title, "upper"), lambda row: upper[row % size]),
        ]
    table = Table.of(tallies.n_rows(tally), *columns, n_groups=len(tally.groups))
    blocks: list[Block] = [table]
    if result.degrees_of_freedom:
        g, x2 = rounded(result.deviance, 6), rounded(result.pearson, 6)
        latex, text = p_formula(result.p)
        blocks.append(Formula(rf"G = {g}, X^2 = {x2}, {latex}", f"G = {g}   X^2 = {x2}   {text}"))
        blocks.append(
            Paragraph(
                say(
                    "By chi-square (degrees of freedom: {df}) p would be {deviance} (G) or {pearson} (X^2).",
                    df=result.degrees_of_freedom,
                    **chi_square_texts(result.asymptotic_p_value, result.log10_asymptotic_p_value),
                )
            )
        )
    title = say("Independence of two columns") if result.question == "independence" else say("Comparison of tallies")
    return Body(title, tuple(blocks), table)


def _question(result: ComparisonResult) -> Message:
    return say("independence") if result.question == "independence" else say("the same probabilities")


def _differences(result: ComparisonResult) -> Message:
    assert result.differences is not None
    return say(
        "The intervals of the differences hold for all categories at once, at {level} or more.",
        level=percent(result.differences.level),
    )


WORDS = Words[ComparisonResult](
    "compare",
    _body,
    worded(
        ComparisonVerdict,
        {
            "comparison-rejected": lambda result: say(
                "Evidence against {claim}: {p}.", claim=_question(result), p=p_words(result.p)
            ),
            "comparison-not-rejected": lambda result: say(
                "No evidence against {claim}: {p}.", claim=_question(result), p=p_words(result.p)
            ),
            "comparison-undecided": lambda result: say(
                "Cannot tell about {claim}: {p}, too near {significance} for how well it is known.",
                claim=_question(result),
                p=p_words(result.p),
                significance=rounded(result.significance),
            ),
            "nothing-to-compare": lambda result: say(
                "Nothing to compare: fewer than two tallies or categories were seen."
            ),
        },
    ),
    worded(
        ComparisonRemark,
        {
            **about(lambda result: result.tally, tallies.REMARKS),
            **P_REMARKS,
            "empty-groups-dropped": lambda result: say(
                "Without observations, so left out: {names}.", names=some(result.dropped_groups)
            ),
            "never-seen-dropped": lambda result: say(
                "Never seen, so left out: {names}.", names=some(result.dropped_categories)
            ),
            "differences-guaranteed": _differences,
        },
    ),
)
