"""What the comparison of two nested models says."""

from __future__ import annotations

from mottomo.classification.model_comparison import ModelComparison, ModelComparisonVerdict
from mottomo.messages import Message, say, verbatim
from mottomo.report.numbers import significant
from mottomo.report.report import Body, Column, Formula, Named, Paragraph, Table
from mottomo.report.results import Words, worded
from mottomo.report.sentences import in_latex, p_text, some

_MOST_NAMES = 5


def _body(result: ModelComparison) -> Body:
    models = (result.smaller, result.larger)
    g, df = significant(result.likelihood_ratio, 6), result.degrees_of_freedom
    p = p_text(result.p_value, result.log10_p_value)
    names = [Named("smaller", say("fewer columns")), Named("larger", say("more columns"))]
    table = Table.of(
        2,
        (Column("model", say("model"), "label"), names),
        (Column("n_columns", say("columns"), "count"), [len(one.classifier.encoding.columns) for one in models]),
        (Column("n_parameters", say("parameters"), "count"), [one.n_parameters for one in models]),
        (Column("log_likelihood", verbatim("log L"), digits=9), [one.log_likelihood for one in models]),
        (Column("aic", verbatim("AIC"), digits=7), [one.aic for one in models]),
        (Column("bic", verbatim("BIC"), digits=7), [one.bic for one in models]),
    )
    more = Paragraph(say("Only in the larger model: {names}.", names=some(list(result.more), _MOST_NAMES)))
    test = Formula(
        rf"G = 2 [\log L_2 - \log L_1] = {g}, \quad df = {df}, \quad p = {in_latex(p)}",
        f"G = {g}   df = {df}   p = {p}",
    )
    title = say("Two models of “{target}”", target=result.larger.classifier.target)
    return Body(title, (more, table, test), table)


def _said(result: ModelComparison) -> dict[str, str]:
    return {"p": p_text(result.p_value, result.log10_p_value)}


def _more(result: ModelComparison) -> Message:
    return say(
        "The added columns say more than chance would: p = {p} (likelihood ratio, approximate).", **_said(result)
    )


def _no_evidence(result: ModelComparison) -> Message:
    return say(
        "No evidence that the added columns say anything: p = {p} (likelihood ratio, approximate).", **_said(result)
    )


WORDS = Words[ModelComparison](
    "compare_models",
    _body,
    worded(ModelComparisonVerdict, {"larger-says-more": _more, "no-evidence": _no_evidence}),
    {},
)
