"""Draws the pictures of the documentation in both languages: figures of results, and what training costs."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import altair as alt
import vl_convert

import mottomo as mo
from mottomo.report.figures import figure_bytes

ROOT = Path(__file__).parent.parent
WORDS = {
    "en": {
        "n": "rows n (p = 50, K = 10)",
        "p": "features p (n = 100,000, K = 5)",
        "K": "categories K (n = 100,000, p = 50)",
        "seconds": "seconds to a relative gap of 10⁻⁸",
        "suffix": "",
    },
    "ja": {
        "n": "行数 n(p = 50, K = 10)",
        "p": "特徴量の数 p(n = 100,000, K = 5)",
        "K": "カテゴリーの数 K(n = 100,000, p = 50)",
        "seconds": "相対ギャップ 10⁻⁸ までの秒数",
        "suffix": ".ja",
    },
}
_SHOWN = 12  # drawings
INK, DIE, FAIR = "#1b1b1f", "#2f6f9f", "#b3532e"
FONTS = "Helvetica, Arial, 'Hiragino Sans', 'Noto Sans CJK JP', sans-serif"


def wolf(language: str) -> bytes:
    """Wolf's white die beside a fair one."""
    data = ROOT / "examples" / "wolf_white.csv"
    return figure_bytes(mo.estimate(data, count_column="count", categories="1..6", null="fair"), ".svg", language)


def die(language: str) -> bytes:
    """log L of the article's die along one probability, and its product dying."""
    return figure_bytes(mo.explain([2, 5, 2, 4, 2, 5]), ".svg", language)


def drawings(language: str) -> bytes:
    """The drawings with the largest losses, each predicted without its vendor."""
    found = mo.train(ROOT / "examples" / "drawings", group=2, holdout="each")
    worst = sorted(found.held_out.rows, key=lambda one: -one.loss)
    shown = replace(found.held_out, rows=tuple(worst[:_SHOWN]))
    return figure_bytes(replace(found, held_out=shown), ".svg", language)


def cost(language: str) -> bytes:
    """Seconds against rows, features and categories, each on a logarithmic scale, beside the peer's."""
    words = WORDS[language]
    measured = json.loads((ROOT / "benchmarks" / "training_cost.json").read_text(encoding="utf-8"))
    peer = f"scikit-learn {measured['peer']}"
    panels = []
    for varied in ("n", "p", "K"):
        some = [one for one in measured["figures"] if one["varied"] == varied]
        rows = [{"x": one[varied], "s": one["seconds"], "by": "mottomo"} for one in some]
        rows += [{"x": one[varied], "s": one["peer_seconds"], "by": peer} for one in some]
        x = alt.X(
            "x:Q",
            title=words[varied],
            scale=alt.Scale(type="log", nice=False),
            axis=alt.Axis(values=[one[varied] for one in some], format="~s", domainColor=INK, grid=False),
        )
        seconds = alt.Axis(values=[0.01, 0.1, 1, 10, 100], format="~g", domain=False, gridColor="#e4e4ea")
        y = alt.Y(
            "s:Q",
            title=words["seconds"] if varied == "n" else None,
            scale=alt.Scale(type="log", domain=[0.008, 250]),
            axis=seconds,
        )
        colour = alt.Color(
            "by:N",
            title=None,
            scale=alt.Scale(domain=["mottomo", peer], range=[DIE, FAIR]),
            legend=alt.Legend(orient="top", labelColor=INK, labelLimit=0),
        )
        base = alt.Chart(alt.Data(values=rows)).encode(x, y, colour).properties(width=210, height=240)
        panels.append(base.mark_line(strokeWidth=2) + base.mark_point(filled=True, size=50, opacity=1))
    chart = alt.hconcat(*panels).properties(background="white", padding=12)
    chart = chart.configure(font=FONTS).configure_view(stroke=None).configure_axis(labelColor=INK, titleColor=INK)
    return vl_convert.vegalite_to_svg(chart.to_json()).encode()


if __name__ == "__main__":
    for language, words in WORDS.items():
        for name, draw in (("wolf-white-die", wolf), ("die", die), ("drawings", drawings), ("training-cost", cost)):
            path = ROOT / "docs" / "pictures" / f"{name}{words['suffix']}.svg"
            path.write_bytes(draw(language))
            print(path.relative_to(ROOT))
