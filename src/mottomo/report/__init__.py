"""From results to text, Markdown, HTML, LaTeX, CSV and JSON, in Japanese and English. It returns them, writes nothing.

Each result type has one description (``descriptions.py``): a document of headings, sentences, tables and formulas. Each
format has one renderer for all documents (``formats/``). So a result is worded once and looks alike everywhere.
"""

from __future__ import annotations

from typing import Any

from mottomo.errors import InvalidInput, nearest
from mottomo.messages import say, verbatim
from mottomo.report.wording import preferred_language, translator

FORMATS = ("text", "json", "csv", "markdown", "html", "latex")
_SHORT_NAMES = {"md": "markdown"}


def render(result: Any, format: str = "text", language: str | None = None) -> str:
    """`result` as text in a format and a language; ``html-fragment`` leaves out the page around it."""
    wanted = _SHORT_NAMES.get(format, format)
    language = language or preferred_language()
    if wanted == "json":
        from mottomo.report.envelope import as_json

        return as_json(result, language)
    from mottomo.report.descriptions import describe

    document = describe(result)
    translate = translator(language)
    if wanted == "text":
        from mottomo.report.formats.text import to_text

        return to_text(document, translate)
    if wanted == "markdown":
        from mottomo.report.formats.markdown import to_markdown

        return to_markdown(document, translate)
    if wanted == "latex":
        from mottomo.report.formats.latex import to_latex

        return to_latex(document, translate)
    if wanted == "csv":
        from mottomo.report.formats.csv import to_csv

        return to_csv(document, translate)
    if wanted in ("html", "html-fragment"):
        from mottomo.report.formats.html import to_html

        return to_html(document, translate, language, whole_page=wanted == "html")
    raise InvalidInput(
        "unknown-format",
        say("there is no such output format"),
        verbatim("format"),
        say("one of {names}", names=list(FORMATS)),
        verbatim(format),
        nearest(format, FORMATS),
    )
