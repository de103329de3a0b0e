"""The figures of an explanation: log L along one probability with the tangent at its maximum, and the product dying."""

from __future__ import annotations

import math

import altair as alt
import numpy as np
from numpy.typing import NDArray

from mottomo.errors import InvalidInput
from mottomo.explanation.explain import Explanation
from mottomo.messages import say, verbatim
from mottomo.report.figures.drawing import COLOURS, WIDTH, Figure, Look, data, layered

_POINTS = 121
_SMALLEST = math.log10(5e-324)  # of the numbers above 0 that float64 has


def draw(found: Explanation, look: Look) -> Figure:
    """Both, one below the other. Raises InvalidInput : there are no observations."""
    counts = np.array([int(count) for count in found.tally.counts.reshape(-1).tolist()], dtype=float)
    if not counts.sum():
        raise InvalidInput("no-figure", say("without observations there is no figure"), verbatim("figure"))
    return alt.vconcat(_along(found, counts, look), _product(counts, look), spacing=28)


def _along(found: Explanation, counts: NDArray[np.float64], look: Look) -> alt.LayerChart:
    """log L as a function of the probability of one category, the others keeping their proportions."""
    n = counts.sum()
    inner = [k for k in range(len(counts)) if 0 < counts[k] < n]
    k = max(inner, key=lambda one: counts[one]) if inner else int(counts.argmax())
    rest = np.delete(counts, k)
    at_best = _log(counts)
    others = _log(rest) if rest.sum() else 0.0

    def log_l(y: float) -> float:
        share = counts[k] * math.log(y) if counts[k] else 0.0
        return share + (rest.sum() * math.log1p(-y) + others if rest.sum() else 0.0)

    best = counts[k] / n
    spread = 3.5 * math.sqrt(max(best * (1 - best), 0.25 / n) / n)
    low, high = max(best - spread, 1e-4), min(best + spread, 1 - 1e-4)
    curve = [{"y": y, "log_l": log_l(y)} for y in np.linspace(low, high, _POINTS).tolist()]
    name = found.tally.categories.names[k]
    x = alt.X("y:Q", title=look.words(say("probability of “{name}”", name=name)), scale=alt.Scale(zero=False))
    y = alt.Y("log_l:Q", title="log L", scale=alt.Scale(zero=False))
    line = alt.Chart(data(curve)).mark_line(color=COLOURS[0], strokeWidth=3).encode(x, y)
    width = 0.35 * (high - low)
    ends = [{"y": one, "log_l": at_best} for one in (max(best - width, low), min(best + width, high))]
    tangent = alt.Chart(data(ends)).mark_line(color=COLOURS[1], strokeDash=[6, 4], strokeWidth=2).encode(x, y)
    top = alt.Chart(data([{"y": best, "log_l": at_best}]))
    dot = top.mark_point(filled=True, size=110, color=COLOURS[1], opacity=1).encode(x, y)
    title = say("log L along one probability: at the maximum {y} its tangent is level", y=f"{best:.4g}")
    return layered(line, tangent, dot).properties(width=WIDTH, height=240, title=look.words(title))


def _log(counts: NDArray[np.float64]) -> float:
    seen = counts[counts > 0]
    return float((seen * np.log(seen / seen.sum())).sum())


def _product(counts: NDArray[np.float64], look: Look) -> alt.LayerChart:
    """log10 of the likelihood of the same tally again and again, and where the plain product would be 0."""
    each = _log(counts) / math.log(10)
    n = counts.sum()
    dies = n * _SMALLEST / each if each else math.inf
    last = n if math.isinf(dies) else max(n, dies) * 1.4
    rows = [{"n": one, "log": each * one / n} for one in np.linspace(0, last, _POINTS).tolist()]
    x = alt.X("n:Q", title=look.words(say("observations n")))
    y = alt.Y("log:Q", title="log10 L")
    line = alt.Chart(data(rows)).mark_line(color=COLOURS[0], strokeWidth=3).encode(x, y)
    ground = alt.Chart(data([{"log": _SMALLEST}])).mark_rule(color=COLOURS[1], strokeDash=[6, 4]).encode(y)
    own = alt.Chart(data([{"n": n, "log": each}]))
    dot = own.mark_point(filled=True, size=110, color=look.ink, opacity=1).encode(x, y)
    title = say("The product of probabilities: below the line a computer has 0, the sum of logarithms goes on")
    return layered(line, ground, dot).properties(width=WIDTH, height=200, title=look.words(title))
