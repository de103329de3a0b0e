"""Documents as HTML with MathML: one file that needs nothing else, or a fragment for a notebook."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache
from string import Formatter
from typing import TYPE_CHECKING

from mottomo.messages import Message, visible
from mottomo.report.report import Block, Formula, Heading, Paragraph, Report, Table, Verdict
from mottomo.report.tables import Shown, TextRow, shown
from mottomo.report.wording import Translate

if TYPE_CHECKING:
    from jinja2 import Template
    from markupsafe import Markup

_STYLE = """
.mottomo { color: #1b1b1f; background: #fff; font: 16px/1.6 system-ui, "Hiragino Sans", "Noto Sans CJK JP", sans-serif;
  max-width: 60rem; margin: 0 auto; padding: 1rem; }
.mottomo p, .mottomo ul { max-width: 46rem; }
.mottomo math { font: 1.15rem "Latin Modern Math", "STIX Two Math", "Cambria Math",
  "DejaVu Math TeX Gyre", math; }
.mottomo h1 { font-size: 1.5rem; line-height: 1.3; } .mottomo h2 { font-size: 1.1rem; margin: 2rem 0 .4rem; }
.mottomo table { border-collapse: collapse; font-variant-numeric: tabular-nums; margin: 1rem 0; }
.mottomo th, .mottomo td { padding: .15rem .8rem; border-bottom: 1px solid #d9d9e0; text-align: left; }
.mottomo .table { overflow-x: auto; }
.mottomo td, .mottomo p, .mottomo h1, .mottomo h2, .mottomo li { overflow-wrap: anywhere; }
.mottomo th { white-space: nowrap; }
.mottomo sub, .mottomo sup { line-height: 0; }
.mottomo .n { text-align: right; white-space: nowrap; } .mottomo th { border-bottom: 2px solid #8a8a99; }
.mottomo .formula { display: flex; gap: 2rem; align-items: center; overflow: auto hidden;
  margin: .5rem 0 .5rem 1.5rem; padding: .3rem 0; }
.mottomo .lines { display: flex; flex-wrap: wrap; align-items: baseline; gap: .4rem .25em; }
.mottomo .number { color: #5c5c66; margin-left: auto; } .mottomo .notes { color: #44444d; font-size: .95rem; }
.mottomo .verdict { border-left: 4px solid #2f6f9f; padding: .4rem 1rem; background: #f1f6fa; font-weight: 600; }
.mottomo figure { margin: 1rem 0; } .mottomo figure svg { max-width: 100%; height: auto; }
.mottomo code { white-space: pre-wrap; font-size: inherit; }
.mottomo footer { color: #5c5c66; font-size: .85rem; margin-top: 2rem; overflow-wrap: anywhere; }
@media (prefers-color-scheme: dark) { html.page { background: #17171b; }
  html.page .mottomo { color: #e6e6ea; background: #17171b; } html.page .mottomo .verdict { background: #1e2a33; }
  html.page .mottomo .notes, html.page .mottomo footer, html.page .mottomo .number { color: #a9a9b5; }
  html.page .mottomo th, html.page .mottomo td { border-color: #44444d; } }
"""

_TEMPLATE = """
{%- macro cell(value, tag, numeric) -%}
<{{ tag }}{% if numeric %} class="n"{% endif %}>{{ value }}</{{ tag }}>
{%- endmacro -%}
<div class="mottomo" lang="{{ language }}">
{% for block in blocks -%}
{% if block.kind == "heading" %}<h{{ block.level }}>{{ block.text }}</h{{ block.level }}>
{% elif block.kind == "paragraph" %}<p>{{ block.text }}</p>
{% elif block.kind == "formula" %}<div class="formula"><div class="lines">
{%- for piece in block.pieces %}{{ piece }}{% endfor %}</div>
{%- if block.number %}<span class="number">({{ block.number }})</span>{% endif %}</div>
{% elif block.kind == "table" %}<div class="table"><table><thead><tr>
{%- for title, numeric in block.titles %}{{ cell(title, "th", numeric) }}{% endfor %}</tr></thead><tbody>
{% for row in block.rows %}<tr>
{%- if row is string %}<td colspan="{{ block.titles | length }}">{{ row }}</td>
{%- else %}{% for value, numeric in row %}{{ cell(value, "td", numeric) }}{% endfor %}{% endif %}</tr>
{% endfor %}</tbody></table></div>
{% elif block.kind == "notes" %}<ul class="notes">
{%- for sentence in block.sentences %}<li>{{ sentence }}</li>{% endfor %}</ul>
{% elif block.kind == "source" %}<footer>
{%- if block.command %}<code>{{ block.command }}</code> {% endif %}{{ block.text }}</footer>
{% elif block.kind == "figure" %}<figure role="img" aria-label="{{ block.text }}">{{ block.svg }}</figure>
{% elif block.kind == "verdict" %}<p class="verdict">{{ block.text }}</p>
{% endif %}
{%- endfor %}</div>
"""

_PAGE = """<!DOCTYPE html>
<html lang="{{ language }}" class="page"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1"><title>{{ title }}</title>
<style>{{ style }}</style></head><body>
{{ body }}</body></html>
"""


def to_html(report: Report, translate: Translate, language: str, figure: Callable[[], str | None] | None = None) -> str:
    """A page that needs no other file, or a fragment with its style. Labels are text, never markup.

    figure : makes the figure of the page as SVG, None where there is none; a fragment has none.
    """
    from markupsafe import Markup

    blocks = [_block(block, block is report.body.data, translate) for block in report.blocks]
    drawn = None if figure is None else figure()
    if drawn is not None:
        verdict = next((place for place, block in enumerate(blocks) if block["kind"] == "verdict"), 0)
        blocks.insert(
            verdict + 1, {"kind": "figure", "svg": Markup(drawn), "text": report.body.title.worded(translate)}
        )
    if report.notes:
        blocks.append({"kind": "notes", "sentences": [marked(note.text, translate) for note in report.notes]})
    source = report.source
    blocks.append({"kind": "source", "command": source.command, "text": source.full.worded(translate)})
    body = Markup(_template(_TEMPLATE).render(blocks=blocks, language=language))
    if figure is None:
        return f"<style>{_STYLE}</style>{body}"
    return _template(_PAGE).render(
        title=report.body.title.worded(translate), language=language, style=Markup(_STYLE), body=body
    )


@cache
def _template(source: str) -> Template:
    from jinja2 import Environment, StrictUndefined

    return Environment(autoescape=True, undefined=StrictUndefined, keep_trailing_newline=True).from_string(source)


def _block(block: Block, is_data: bool, translate: Translate) -> dict[str, object]:
    match block:
        case Heading(text, level):
            return {"kind": "heading", "level": level, "text": marked(text, translate)}
        case Verdict(text):
            return {"kind": "verdict", "text": marked(text, translate)}
        case Paragraph(text):
            return {"kind": "paragraph", "text": marked(text, translate)}
        case Formula(latex, _, number):
            return {"kind": "formula", "pieces": [_mathml(piece) for piece in _breakable(latex)], "number": number}
        case Table():
            table = shown(block, is_data, translate)
            titles = [_symbol(title) if _TITLE.fullmatch(title) else title for title in table.titles]
            return {
                "kind": "table",
                "titles": list(zip(titles, table.are_numeric, strict=True)),
                "rows": [line if isinstance(line, str) else _cells(line, table) for line in table.remarked(translate)],
            }


# Indices and powers in prose: y_1, t_ik, X^2, 2^53, 10^-333.5; and in titles that are symbols.
_SCRIPT = re.compile(r"(?<![A-Za-z0-9_])([A-Za-z]{1,2}|[0-9]+)([_^])(-?[A-Za-z0-9.]{1,9})(?![A-Za-z0-9_])")
_POWER = re.compile(r"(≤ )?10\^-?[0-9.]+|(≤ )?10\^-\([0-9.]+e[0-9]+\)")
_TITLE = re.compile(r"X\^2|[tm]_i[0-9]*")


def _symbol(text: str) -> Markup:
    """Our own text with its indices and powers set."""
    from markupsafe import Markup, escape

    parts, at = [], 0
    for match in _SCRIPT.finditer(text):
        tag = "sub" if match[2] == "_" else "sup"
        script = match[3].rstrip(".")
        parts += [
            escape(text[at : match.start()]),
            Markup("{}<{}>{}</{}>").format(match[1], Markup(tag), script, Markup(tag)),
        ]
        at = match.start() + len(match[1]) + 1 + len(script)
    return Markup("").join([*parts, escape(text[at:])])


def marked(message: Message, translate: Translate) -> Markup:
    """A sentence with its indices and powers set; what a user calls something is left as it is."""
    from markupsafe import Markup, escape

    parts = []
    for literal, name, spec, _ in Formatter().parse(translate(message)):
        parts.append(_symbol(literal))
        if name is not None:
            parts.append(_value(message.values[name], spec or "", translate))
    return Markup("").join(escape(part) for part in parts)


def _value(value: object, spec: str, translate: Translate) -> Markup:
    from markupsafe import Markup, escape

    if isinstance(value, Message):
        return marked(value, translate)
    if isinstance(value, tuple | list):
        return Markup(", ").join(_value(item, "", translate) for item in value)
    if isinstance(value, str):
        return _symbol(value) if _POWER.fullmatch(value) else escape(visible(value))
    return escape(format(value, spec))


def _cells(line: TextRow, table: Shown) -> list[tuple[str, bool]]:
    """The cells of a line: of formulas and p-values with indices and powers."""
    texts = [
        _symbol(cell) if kind in ("formula", "p_value") else cell for cell, kind in zip(line, table.kinds, strict=True)
    ]
    return list(zip(texts, table.are_numeric, strict=True))


_SHORT_FORMULA = 90
_BREAK = re.compile(r" (?=(?:=|\\approx|\+|\\cdot|\\times(?! 10\^)|<|\\ge) )")


def _breakable(latex: str) -> list[str]:
    """A long formula in pieces that a narrow page can put on several lines: before operators outside all brackets."""
    if len(latex) <= _SHORT_FORMULA:
        return [latex]
    pieces, depth, start = [], 0, 0
    for match in re.finditer(rf"[{{}}]|\\left|\\right|{_BREAK.pattern}", latex):
        if match[0] == " ":
            if depth == 0:
                pieces.append(latex[start : match.start()])
                start = match.end()
        else:
            depth += 1 if match[0] in ("{", "\\left") else -1
    return [*pieces, latex[start:]]


def _mathml(latex: str) -> Markup:
    """A piece of a formula. Names of functions stand apart from what follows, and operators at its start from both."""
    from latex2mathml.converter import convert
    from markupsafe import Markup

    # Formulas are made of our own symbols and numbers; a user's label never stands in one.
    spaced = re.sub(r"\\(log|sup)(?= (?!\(|\\left))", r"\\\1\\,", latex)
    found = re.sub(r"<mspace([^>]*?) ?/>", r"<mspace\1></mspace>", convert(spaced, display="block"))
    return Markup(
        re.sub(r"(<mrow>)(<mo)(>)", r'\1\2 form="infix"\3', found, count=1) if _STARTS.match(latex) else found
    )


_STARTS = re.compile(r"=|<|\+|\\(approx|cdot|times|ge)\b")
