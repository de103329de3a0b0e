"""What all figures share: their look, and dots with intervals. Colour-blind readers tell the colours apart."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias, cast

import altair as alt

from mottomo.messages import Message
from mottomo.report.figures.fonts import FAMILIES
from mottomo.report.layout import wrapped
from mottomo.report.wording import Translate

# After Okabe and Ito: blue, vermilion, green, sky blue, purple, orange.
COLOURS = ("#0072b2", "#d55e00", "#009e73", "#56b4e9", "#cc79a7", "#e69f00")
WIDTH, STEP = 480, 26  # pixels of a figure, and of a row
MOST = 60  # rows of a figure
_LINE = 84  # columns of letters below a title
Row = Mapping[str, object]
Figure: TypeAlias = alt.TopLevelMixin


@dataclass(frozen=True, slots=True)
class Look:
    """The language of a figure, and whether it stands on dark ground."""

    translate: Translate
    dark: bool = False

    def words(self, message: Message) -> str:
        """A message in the language of the figure."""
        return message.worded(self.translate)

    @property
    def ink(self) -> str:
        """The colour of letters and lines."""
        return "#e6e6ea" if self.dark else "#1b1b1f"

    @property
    def ground(self) -> str:
        """The colour behind them."""
        return "#17171b" if self.dark else "#ffffff"

    @property
    def faint(self) -> str:
        """The colour of grids."""
        return "#3a3a42" if self.dark else "#e4e4ea"


def finished(chart: Figure, look: Look) -> Figure:
    """A chart with fonts and colours."""
    text = {"labelFont": FAMILIES, "titleFont": FAMILIES, "labelColor": look.ink, "titleColor": look.ink}
    return (
        chart.configure(background=look.ground, font=FAMILIES, padding=12)
        .configure_axis(**text, gridColor=look.faint, domainColor=look.ink, tickColor=look.ink, labelLimit=260)
        .configure_legend(**text, labelLimit=260)
        .configure_header(**text, labelLimit=230)
        .configure_title(font=FAMILIES, color=look.ink, anchor="start", subtitleFont=FAMILIES, subtitleColor=look.ink)
        .configure_view(stroke=None)
    )


def data(rows: Sequence[Row]) -> alt.InlineData:
    """Rows as the data of a chart."""
    return alt.InlineData(values=[dict(row) for row in rows])


def layered(*charts: alt.Chart | alt.LayerChart, rows: Sequence[Row] | None = None) -> alt.LayerChart:
    """Charts on top of one another, with their data in common if that is given."""
    found = alt.layer(*charts) if rows is None else alt.layer(*charts, data=data(rows))
    return cast(alt.LayerChart, found)


def titled(chart: Figure, title: str, below: str = "") -> Figure:
    """A chart with a title, and a sentence below it, in lines that are not wider than the chart."""
    lines = wrapped(below, _LINE).split("\n") if below else []
    shown = alt.TitleParams(title, subtitle=lines) if lines else alt.TitleParams(title)
    return cast(Figure, cast(alt.Chart, chart).properties(title=shown))


def dots(
    rows: Sequence[Row], look: Look, *, of: str, x: str, interval: str, order: Sequence[str], domain: list[float] | None
) -> alt.LayerChart:
    """A row a category: a dot at `value`, and a line from `lower` to `upper`.

    of, x, interval : the titles of the categories, of the axis, and of the line.
    """
    base = alt.Chart(data(rows)).encode(
        alt.Y("name:N", sort=list(order), title=of, axis=alt.Axis(grid=False)),
        tooltip=[alt.Tooltip("name:N", title=of), *(alt.Tooltip(f"{key}:Q", title=title) for key, title in
                 (("value", x), ("lower", interval), ("upper", interval)))],
    )  # fmt: skip
    scale = alt.Scale(domain=domain, nice=domain is None, zero=False) if domain else alt.Scale(zero=False)
    lines = base.mark_rule(strokeWidth=6, strokeCap="round", color=COLOURS[0], opacity=0.4).encode(
        alt.X("lower:Q", scale=scale, title=x), alt.X2("upper:Q")
    )
    points = base.mark_point(filled=True, size=70, color=COLOURS[0], opacity=1).encode(alt.X("value:Q", title=x))
    return layered(lines, points).properties(width=WIDTH, height=alt.Step(STEP))


def bars(
    rows: Sequence[Row],
    look: Look,
    *,
    of: str,
    x: str,
    order: Sequence[str],
    groups: Sequence[str] | None = None,
    are_counts: bool = True,
) -> alt.Chart:
    """A row a category: a bar from 0 to `value`.

    of, x : the titles of the categories and of the axis.
    groups : the small charts beside one another, by the field `group`; None for one chart.
    are_counts : whether the axis has whole numbers alone.
    """
    base = alt.Chart(data(rows)).encode(
        alt.Y("name:N", sort=list(order), title=of or None, axis=alt.Axis(grid=False)),
        alt.X("value:Q", title=x, axis=alt.Axis(tickMinStep=1 if are_counts else 0)),
    )
    if groups is None:
        return base.mark_bar(color=COLOURS[0], height=STEP - 10).properties(width=WIDTH, height=alt.Step(STEP))
    small = base.mark_bar(color=COLOURS[0], height=14).properties(width=220, height=alt.Step(20))
    return cast(alt.Chart, small.facet(alt.Facet("group:N", sort=list(groups), title=None), columns=2))


def bars_with_marks(rows: Sequence[Row], look: Look, *, of: str, x: str, order: Sequence[str]) -> alt.LayerChart:
    """The same, with an upright mark at `expected`."""
    marks = (
        alt.Chart(data(rows))
        .mark_tick(thickness=3, size=STEP - 6, color=look.ink)
        .encode(alt.Y("name:N", sort=list(order)), alt.X("expected:Q", title=x))
    )
    return layered(bars(rows, look, of=of, x=x, order=order), marks)
