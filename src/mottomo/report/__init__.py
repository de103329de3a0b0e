"""From results to text, Markdown, HTML, LaTeX, CSV and JSON, in Japanese and English. It returns them, writes nothing.

What a result says stands in ``results/``, one file a result; it is a ``Report`` of sentences and tables. Each format
has one renderer for all reports (``formats/``). So a result is worded once and looks alike everywhere.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

from mottomo.errors import InvalidInput, nearest
from mottomo.messages import Message, say, verbatim, written
from mottomo.report.layout import NARROWEST, WIDTH
from mottomo.report.numbers import whole
from mottomo.report.wording import preferred_language, translator
from mottomo.results import Result

if TYPE_CHECKING:
    import altair
    from narwhals.typing import IntoDataFrame

FORMATS = ("text", "json", "csv", "markdown", "html", "latex")
_SHORT_NAMES = {"md": "markdown"}


def render(
    result: Result,
    format: str = "text",
    language: str | None = None,
    *,
    width: int = WIDTH,
) -> Iterator[str]:
    """The pieces of `result` in a format and a language; ``html-fragment`` leaves out the page around it.

    The formats for programs give their rows as these come; the others are one piece. `width` is that of text.
    """
    from mottomo.report.results import report_of

    wanted = _SHORT_NAMES.get(format, format) if isinstance(format, str) else str(format)
    language = language or preferred_language()
    translate = translator(language)
    if wanted == "json":
        from mottomo.report.formats.json import to_json

        return to_json(result, translate)
    if wanted == "jsonl":
        from mottomo.report.formats.json import to_json_lines

        return to_json_lines(result)
    if wanted == "csv":
        from mottomo.report.formats.csv import to_csv

        return to_csv(report_of(result))
    if wanted == "text":
        from mottomo._checks import check_whole
        from mottomo.report.formats.text import to_text

        check_whole("width", width, NARROWEST)

        return iter([to_text(report_of(result), translate, width)])
    if wanted == "markdown":
        from mottomo.report.formats.markdown import to_markdown

        return iter([to_markdown(report_of(result), translate)])
    if wanted == "latex":
        from mottomo.report.formats.latex import to_latex

        return iter([to_latex(report_of(result), translate)])
    if wanted in ("html", "html-fragment"):
        from mottomo.report.formats.html import to_html

        if wanted == "html-fragment":
            return iter([to_html(report_of(result), translate, language)])
        from mottomo.report.figures import inline_svg

        return iter([to_html(report_of(result), translate, language, lambda: inline_svg(result, language))])
    raise InvalidInput(
        "unknown-format",
        say("there is no such output format"),
        verbatim("format"),
        say("one of {names}", names=list(FORMATS)),
        verbatim(written(format)),
        nearest(str(format), FORMATS),
    )


def verdict_of(result: Result) -> Message:
    """The sentence that answers the question."""
    from mottomo.report import results

    return results.verdict_of(result)


def summary(result: Result) -> str:
    """What a result is in one line, in English."""
    from mottomo.report.results import words_of

    words = words_of(type(result))
    if words.summary is not None:
        return words.summary(result)
    first = verdict_of(result).worded(translator("en")).partition(". ")[0].removesuffix(".")
    n = getattr(getattr(result, "tally", None), "n_observations", None)
    return f"{first}; n = {whole(n)}" if isinstance(n, int) else first


def to_frame(result: Result, backend: str | None) -> IntoDataFrame:
    """The table of a result as a data frame."""
    from mottomo.report.formats import frame
    from mottomo.report.results import report_of

    return frame.to_frame(report_of(result), backend or result.provenance.library)


def plot(result: Result, language: str | None, *, dark: bool = False) -> altair.TopLevelMixin:
    """The figure of a result."""
    from mottomo.report.figures import chart_of

    return chart_of(result, language, dark=dark)


def rows(result: Result) -> Iterator[NamedTuple]:
    """The rows of the table of a result, with names."""
    from mottomo.report.formats.frame import named_rows
    from mottomo.report.results import report_of

    return named_rows(report_of(result))


def row(result: Result, name: object) -> NamedTuple:
    """One of these rows, by its name."""
    from mottomo.report.formats.frame import named_row
    from mottomo.report.results import report_of

    return named_row(report_of(result), name)


def n_rows(result: Result) -> int:
    """How many rows the table of a result has."""
    from mottomo.report.results import report_of

    table = report_of(result).body.data
    return 0 if table is None else table.count()
