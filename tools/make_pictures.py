"""Draws the pictures of the documentation, in both languages: Wolf's white die, and what training costs."""

from __future__ import annotations

import json
from pathlib import Path

import altair as alt

import mottomo as mo

ROOT = Path(__file__).parent.parent
WORDS = {
    "en": {
        "face": "face",
        "probability": "probability",
        "fair": "a fair die: 1/6",
        "n": "rows n (p = 50, K = 10)",
        "p": "features p (n = 100,000, K = 5)",
        "K": "categories K (n = 100,000, p = 50)",
        "seconds": "seconds to a relative gap of 10⁻⁸",
        "suffix": "",
    },
    "ja": {
        "face": "目",
        "probability": "確率",
        "fair": "公正なサイコロ: 1/6",
        "n": "行数 n(p = 50, K = 10)",
        "p": "特徴量の数 p(n = 100,000, K = 5)",
        "K": "カテゴリーの数 K(n = 100,000, p = 50)",
        "seconds": "相対ギャップ 10⁻⁸ までの秒数",
        "suffix": ".ja",
    },
}
INK, DIE, FAIR = "#1b1b1f", "#2f6f9f", "#b3532e"
FONTS = "Helvetica, Arial, 'Hiragino Sans', 'Noto Sans CJK JP', sans-serif"


def wolf(language: str) -> alt.LayerChart:
    """The estimates of the six faces as dots, their simultaneous intervals as bars, one sixth as a line."""
    words = WORDS[language]
    tally = mo.tally(ROOT / "examples" / "wolf_white.csv", count_column="count", categories="1..6")
    estimate = mo.estimate(tally)
    rows = [
        {"face": name, "y": float(y), "lower": float(low), "upper": float(high)}
        for name, y, low, high in zip(
            tally.categories,
            estimate.probabilities,
            estimate.intervals.lower,
            estimate.intervals.upper,
            strict=True,
        )
    ]
    base = alt.Chart(alt.Data(values=rows)).encode(
        alt.X("face:N", title=words["face"], axis=alt.Axis(labelAngle=0, domainColor=INK, tickColor=INK))
    )
    scale = alt.Scale(domain=[0.13, 0.21], zero=False)
    axis = alt.Axis(values=[0.14, 0.16, 0.18, 0.20], format=".2f", domain=False, gridColor="#e4e4ea")
    bars = base.mark_rule(strokeWidth=7, color=DIE, opacity=0.35, strokeCap="round").encode(
        alt.Y("lower:Q", title=words["probability"], scale=scale, axis=axis), alt.Y2("upper:Q")
    )
    dots = base.mark_point(filled=True, size=70, color=DIE, opacity=1).encode(alt.Y("y:Q", scale=scale))
    fair = alt.Chart(alt.Data(values=[{"y": 1 / 6, "text": words["fair"]}]))
    line = fair.mark_rule(strokeDash=[6, 4], strokeWidth=1.5, color=FAIR).encode(alt.Y("y:Q"))
    label = fair.mark_text(align="left", dx=6, dy=-8, color=FAIR, fontSize=12).encode(
        alt.Y("y:Q"), alt.Text("text:N"), x=alt.value(176)
    )
    chart = alt.layer(bars, line, dots, label).properties(width=460, height=250, background="white", padding=12)
    return chart.configure(font=FONTS).configure_view(stroke=None).configure_axis(labelColor=INK, titleColor=INK)


def cost(language: str) -> alt.HConcatChart:
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
    return chart.configure(font=FONTS).configure_view(stroke=None).configure_axis(labelColor=INK, titleColor=INK)


if __name__ == "__main__":
    for language, words in WORDS.items():
        for name, draw in (("wolf-white-die", wolf), ("training-cost", cost)):
            path = ROOT / "docs" / "pictures" / f"{name}{words['suffix']}.svg"
            draw(language).save(path)
            print(path.relative_to(ROOT))
