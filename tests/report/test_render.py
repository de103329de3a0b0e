"""Every result in every format: whole, well formed, in both languages, and escaped."""

from __future__ import annotations

import csv
import importlib
import io
import json
import pkgutil
import re
import sys
from html.parser import HTMLParser
from typing import Literal, get_args
from xml.etree import ElementTree

import pytest

import mottomo as mo
from mottomo import results
from mottomo.report import FORMATS
from mottomo.report import results as words
from mottomo.report.numbers import full, percent, rounded, whole
from mottomo.report.results import Words, worded, words_of

HOSTILE = {"<b>&\"'": 2, "a|b": 3, "$x_1$": 1, "{y}%#\\": 4, "\x1b[31m": 1}
RESULTS = {
    "tally": mo.Tally.from_counts([2, 5, 2, 4, 2, 5]),
    "hostile tally": mo.Tally.from_counts(HOSTILE),
    "empty tally": mo.Tally.empty(),
    "groups": mo.tally(["a", "b", "b"], by=["x", "y", "y"]),
    "estimate": mo.estimate(mo.Tally.from_counts([2, 5, 2, 4, 2, 5])),
    "hostile estimate": mo.estimate(mo.Tally.from_counts(HOSTILE)),
    "no observations": mo.estimate(mo.Tally.from_counts([0, 0])),
    "empty estimate": mo.estimate(mo.Tally.empty()),
    "groups estimated": mo.estimate(mo.tally(["a", "b", "b"], by=["x", "y", "y"])),
    "partly seen": mo.estimate_partly_seen(mo.Tally.from_counts({"1": 2, "2": 5, "3": 0, "b": 9}), {"b": "1,2"}),
    "not determined": mo.estimate_partly_seen(
        mo.Tally.from_counts({"<i>": 2, "2": 0, "3": 0, "b|": 9, "?": 1}), {"b|": "2,3", "?": ["<i>", "2", "3"]}
    ),
    "nothing seen": mo.estimate_partly_seen(mo.Tally.from_counts({"1": 0, "2": 0, "b": 0}), {"b": "1,2"}),
    "explanation": mo.explain(mo.Tally.from_counts([2, 5, 2, 4, 2, 5])),
    "test": mo.goodness_of_fit(mo.Tally.from_counts([2, 5, 2, 4, 2, 5])),
    "hostile test": mo.goodness_of_fit(mo.Tally.from_counts(HOSTILE)),
    "refuted": mo.goodness_of_fit(mo.Tally.from_counts([1, 2, 3]), "1/2,1/2,0"),
    "nothing to test": mo.goodness_of_fit(mo.Tally.from_counts([0, 0])),
    "groups tested": mo.goodness_of_fit(mo.Tally.from_counts([[1, 2], [30, 0]])),
    "order": mo.exchangeability(["a|", "<b>"] * 10),
    "order drifts": mo.exchangeability([1] * 10 + [2] * 10 + [1, 2] * 5),
    "no order": mo.exchangeability([1, 1]),
    "test in order": mo.goodness_of_fit(
        mo.tally([1, 2] * 10, categories=range(1, 3)), order=mo.exchangeability([1, 2] * 10)
    ),
    "comparison": mo.homogeneity(mo.Tally.from_counts([[2, 5, 2, 0], [8, 2, 3, 0]])),
    "hostile comparison": mo.homogeneity([mo.Tally.from_counts(HOSTILE), mo.Tally.from_counts(HOSTILE)]),
    "nothing compared": mo.independence(mo.Tally.from_counts([[1, 0], [2, 0]])),
    "plan": mo.sample_size("fair", [0.6, 0.4], categories=range(1, 3)),
    "plan of widths": mo.sample_size(half_width=0.1, categories=range(1, 7)),
    "hostile explanation": mo.explain(mo.Tally.from_counts(HOSTILE)),
}
VOID = {"meta", "br", "hr", "link", "img"}


class Balance(HTMLParser):
    """Fails where a tag is closed that is not open."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.text = ""

    def handle_starttag(self, tag, attrs):
        if tag not in VOID and not self.get_starttag_text().endswith("/>"):
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        """An element of SVG that ends where it begins."""

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text += data


@pytest.mark.parametrize("language", ["en", "ja"])
@pytest.mark.parametrize("name", RESULTS)
@pytest.mark.parametrize("format", [*FORMATS, "md"])
def test_every_result_is_rendered_in_every_format_and_language(name, format, language):
    result = RESULTS[name]
    if format == "csv" and ("explanation" in name or name == "plan of widths"):
        with pytest.raises(mo.InvalidInput, match="no CSV form"):
            result.render(format, language)
        return
    text = result.render(format, language)
    assert text.endswith("\n")
    if format != "csv":  # CSV carries labels as they are, for programs
        assert not set(text) & set("\x1b\x9b\u202e")
    if format == "json":
        plain = json.dumps(result.to_dict()).replace("NaN", "null").replace("-Infinity", '"-inf"')
        assert json.loads(text)["result"] == json.loads(plain.replace("Infinity", '"inf"'))


@pytest.mark.parametrize("name", RESULTS)
def test_html_is_balanced_refers_to_nothing_outside_and_shows_labels_as_text(name):
    page = RESULTS[name].render("html", "ja")
    reader = Balance()
    reader.feed(page)
    assert reader.open == []
    assert not re.search(r"(src|href)=|@import|url\(|<script", page)
    for formula in re.findall(r"<math.*?</math>", page, re.DOTALL):
        ElementTree.fromstring(formula)
    if "hostile" in name:
        assert "<b>&\"'" in reader.text
        assert "<b>" not in page


@pytest.mark.parametrize("name", [name for name in RESULTS if "hostile" in name])
def test_markup_characters_are_escaped_in_markdown_and_latex(name):
    markdown = RESULTS[name].render("markdown")
    assert r"a\|b" in markdown
    assert r"\<b\>" in markdown
    latex = RESULTS[name].render("latex")
    assert r"\$x\texttt{\char95}1\$" in latex
    assert r"\{y\}\%\#\textbackslash{}" in latex


def test_csv_has_every_row_with_all_its_digits():
    tally = mo.Tally.from_counts(list(range(1, 101)))
    rows = list(csv.DictReader(io.StringIO(mo.estimate(tally).render("csv"))))
    assert len(rows) == 100
    assert [int(row["count"]) for row in rows] == list(range(1, 101))
    assert [float(row["probability"]) for row in rows] == mo.estimate(tally).probabilities.tolist()
    grouped = list(csv.reader(io.StringIO(RESULTS["groups"].render("csv"))))
    assert grouped == [
        ["group", "category", "count"],
        ["x", "a", "1"],
        ["x", "b", "0"],
        ["y", "a", "0"],
        ["y", "b", "2"],
    ]


def test_a_long_table_is_shortened_for_people_and_says_so():
    text = mo.Tally.from_counts(list(range(1, 101))).render("text")
    assert len(text.splitlines()) < 40
    assert "75 more rows" in text


def test_notebooks_show_tables_and_formulas():
    estimate = RESULTS["estimate"]
    assert estimate._repr_html_().startswith("<style>")
    assert "<table>" in estimate._repr_html_()
    assert "<!DOCTYPE" not in estimate._repr_html_()
    assert r"\begin{tabular}" in estimate._repr_latex_()
    assert "<math" in RESULTS["explanation"]._repr_html_()
    assert str(estimate) == estimate.render("text")


def test_the_language_of_the_environment_is_the_default(monkeypatch):
    monkeypatch.setenv("LANG", "ja_JP.UTF-8")
    assert RESULTS["tally"].render().startswith("集計")


@pytest.mark.parametrize("format", ["pdf", "texte"])
def test_an_unknown_format_is_refused(format):
    with pytest.raises(mo.InvalidInput, match="no such output format"):
        RESULTS["tally"].render(format)


def modules_of_words():
    names = [one.name for one in pkgutil.iter_modules(words.__path__)]
    return {name: importlib.import_module(f"{words.__name__}.{name}") for name in names}


def test_every_type_of_result_has_its_words_in_the_file_called_as_its_module():
    assert {type(result).__name__ for result in RESULTS.values()} <= {kind.__name__ for kind in types_of_results()}
    for kind in types_of_results():
        assert isinstance(words_of(kind), Words)
    assert {kind.__module__.rpartition(".")[2] for kind in types_of_results()} == set(modules_of_words())


def types_of_results():
    """All types of results that the package defines."""
    for one in pkgutil.walk_packages(mo.__path__, "mottomo."):
        if not one.name.startswith(("mottomo.cli", "mottomo.__main__")):
            importlib.import_module(one.name)
    found, seen = [results.Result], []
    while found:
        kind = found.pop()
        found += kind.__subclasses__()
        seen.append(kind)
    return [
        kind
        for kind in seen
        if kind.__module__.startswith("mottomo.") and kind.verdict is not results.Result.verdict  # no base of others
    ]


def test_a_code_without_words_and_words_without_a_code_are_refused_on_import():
    for sentences in ({"a": str}, {"a": str, "b": str, "c": str}):
        with pytest.raises(LookupError, match="without"):
            worded(Literal["a", "b"], sentences)


def test_every_code_of_a_type_is_in_the_words_of_that_type():
    """The literals of ``verdict`` and ``remarks`` are what the words have."""
    for kind in types_of_results():
        module = sys.modules[kind.__module__]
        for name, known in (("verdict", words_of(kind).verdicts), ("remarks", words_of(kind).remarks)):
            returned = getattr(kind, name).fget.__annotations__["return"]
            code = re.sub(r"^tuple\[(\w+), \.\.\.\]$", r"\1", returned)
            literal = getattr(module, code, None)
            assert set(get_args(literal)) <= set(known), (kind, name)


def test_a_result_without_its_own_words_is_not_silently_shown():
    with pytest.raises(NotImplementedError):
        results.Result().to_dict()


@pytest.mark.parametrize(
    ("shown", "text"),
    [
        (rounded(0.25), "0.25"),
        (rounded(1 - 1e-9), "1 - 1e-09"),
        (rounded(float("nan")), "–"),
        (rounded(float("inf")), "∞"),
        (full(-34.11620581889958), "-34.11620581889958"),
        (full(2.0), "2"),
        (whole(10**30), "1.000e+30"),
        (whole(20_000), "20,000"),
        (percent(0.95), "95 %"),
        (percent(0.999), "99.9 %"),
    ],
)
def test_numbers_as_people_read_them(shown, text):
    assert shown == text
