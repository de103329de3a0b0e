"""Draws the README's picture: Wolf's white die, each face with its interval, beside one sixth. Both languages."""

from __future__ import annotations

from pathlib import Path

import altair as alt

import mottomo as mo

ROOT = Path(__file__).parent.parent
WORDS = {
    "en": {"face": "face", "probability": "probability", "fair": "a fair die: 1/6", "file": "wolf-white-die.svg"},
    "ja": {"face": "目", "probability": "確率", "fair": "公正なサイコロ: 1/6", "file": "wolf-white-die.ja.svg"},
}
INK, DIE, FAIR = "#1b1b1f", "#2f6f9f", "#b3532e"


def picture(language: str) -> alt.LayerChart:
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
    fonts = "Helvetica, Arial, 'Hiragino Sans', 'Noto Sans CJK JP', sans-serif"
    return chart.configure(font=fonts).configure_view(stroke=None).configure_axis(labelColor=INK, titleColor=INK)


if __name__ == "__main__":
    for language, words in WORDS.items():
        path = ROOT / "docs" / "pictures" / words["file"]
        picture(language).save(path)
        print(path.relative_to(ROOT))
