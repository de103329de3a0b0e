"""The figure of a result: what stands in ``report/figures/`` under the name of the module that defines its type."""

from __future__ import annotations

import importlib
import importlib.util
import json
import math
from pathlib import PurePath
from typing import TYPE_CHECKING

from mottomo.errors import InvalidInput, MissingExtra
from mottomo.messages import say, verbatim, visible
from mottomo.report.wording import preferred_language, translator
from mottomo.results import Result

if TYPE_CHECKING:
    import altair

ENDINGS = (".svg", ".png", ".html")
_COMMANDS = ("tally", "estimate", "test", "compare", "plan", "explain", "train", "predict", "score")
_LIBRARIES = ("altair", "vl_convert")


def chart_of(result: Result, language: str | None = None, *, dark: bool = False) -> altair.TopLevelMixin:
    """The figure of a result as a chart of Altair.

    Raises MissingExtra : the libraries for figures are not installed. InvalidInput : such results have no figure.
    """
    need_altair()
    name = type(result).__module__.rpartition(".")[2]
    if importlib.util.find_spec(f"{__name__}.{name}") is None:
        raise InvalidInput(
            "no-figure",
            say("this result has no figure"),
            verbatim("figure"),
            say("one of {names}", names=list(_COMMANDS)),
            verbatim(type(result).__name__),
        )
    from mottomo.report.figures.drawing import Look, finished  # which needs Altair

    look = Look(translator(language or preferred_language()), dark)
    chart = finished(importlib.import_module(f"{__name__}.{name}").draw(result, look), look)
    spec = chart.to_dict()
    shown = _readable(spec)
    if shown == spec:
        return chart
    import altair

    assert isinstance(shown, dict)
    found: altair.TopLevelMixin = altair.Chart.from_dict(shown)
    return found


def _readable(part: object) -> object:
    """A part of a chart as it can be shown: escapes for characters that are obeyed, nothing for infinity and NaN."""
    if isinstance(part, float):
        return part if math.isfinite(part) else None
    if isinstance(part, str):
        return visible(part, longest=len(part) + 1)
    if isinstance(part, list):
        return [_readable(one) for one in part]
    if isinstance(part, dict):
        return {name: _readable(one) for name, one in part.items()}
    return part


def inline_svg(result: Result, language: str) -> str | None:
    """The figure for the inside of a page, in whose colours it is drawn; None where there is none, or no library.

    Letters and lines have the colour of the text around them, and nothing stands behind them.
    """
    if any(importlib.util.find_spec(name) is None for name in _LIBRARIES):
        return None
    try:
        chart = chart_of(result, language)
    except InvalidInput as error:
        if error.code == "no-figure":
            return None
        raise
    import vl_convert

    from mottomo.report.figures.drawing import Look

    look = Look(translator(language))
    found = str(vl_convert.vegalite_to_svg(chart.to_json()))
    return (
        found.replace(f'"{look.ground}"', '"none"')
        .replace(f'"{look.ink}"', '"currentColor"')
        .replace(f'stroke="{look.faint}"', 'stroke="currentColor" stroke-opacity="0.15"')
    )


class _ForScript(json.JSONEncoder):
    """JSON inside a script of a page, which a name with ``</script>`` must not end."""

    def encode(self, o: object) -> str:
        """As JSON, with the beginning of a tag as an escape."""
        return super().encode(o).replace("<", "\\u003c")


def need_altair() -> None:
    """Raise MissingExtra if the libraries for figures are not installed."""
    if any(importlib.util.find_spec(name) is None for name in _LIBRARIES):
        raise MissingExtra(
            "missing-extra",
            say("figures need libraries that are not installed"),
            None,
            verbatim("altair, vl-convert-python"),
            None,
            say("install them: python -m pip install 'mottomo[plot]'"),
        )


def check_figure(name: str) -> None:
    """Raise InvalidInput or MissingExtra if a figure cannot be written to a file of this name."""
    if not name.lower().endswith(ENDINGS):
        raise InvalidInput(
            "figure-ending",
            say("the ending of the file does not tell the format of the figure"),
            verbatim("--figure"),
            say("a name that ends in {names}", names=list(ENDINGS)),
            verbatim(PurePath(name).suffix or name),
        )
    need_altair()


def figure_bytes(result: Result, name: str, language: str | None = None, *, dark: bool = False) -> bytes:
    """The figure as the content of a file whose ending tells the format: SVG, PNG, or a page that needs nothing else.

    Raises as ``chart_of`` and ``check_figure``; MissingExtra also where a PNG needs letters that no font here has.
    """
    check_figure(name)
    chart = chart_of(result, language, dark=dark)
    if name.lower().endswith(".html"):
        return str(chart.to_html(inline=True, json_kwds={"cls": _ForScript})).encode()
    import vl_convert

    text = chart.to_json()
    if name.lower().endswith(".svg"):
        return str(vl_convert.vegalite_to_svg(text)).encode()
    from mottomo.report.figures.fonts import need_letters

    need_letters(text)
    return bytes(vl_convert.vegalite_to_png(text, scale=2))
