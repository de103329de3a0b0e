"""LaTeX that compiles, in both languages, and in which every label can be read."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

import mottomo as mo
from mottomo.classification.penalties import L2
from mottomo.explanation.classifier import explain_classifier
from mottomo.messages import visible
from mottomo.report.formats.latex import escaped
from mottomo.report.wording import CATALOGUES
from mottomo.sources.reading import table_file
from mottomo.workflows.training import train_on_table, trained
from mottomo.workflows.training_plan import TrainingPlan
from tests.report.test_render import RESULTS

SPECIALS = "\\{}$&#%_~^[]*<>|\"'`-?!,.:;=+/@()0"
LATIN = [
    "[0, 10)",
    "[10, 20)",
    "[2cm] x",
    "*",
    "* a",
    "**bold**",
    "[",
    "]",
    "[*]",
    "(a)",
    "{}",
    "{",
    "}",
    "\\",
    "\\\\",
    "\\\\[2cm]",
    "\\hline",
    "\\end{tabular}",
    "\\input{x}",
    "$",
    "$x_1$",
    "&",
    "a & b",
    "%",
    "100 % b",
    "#",
    "#1",
    "^",
    "^^M",
    "~",
    "a~b",
    "_",
    "a_b",
    "--",
    "---",
    "a--b",
    "``",
    "''",
    "``a''",
    "?`",
    "!`",
    "<<",
    ">>",
    "<",
    ">",
    "<b>",
    "|",
    "a|b",
    '"',
    '"a"',
    "'",
    "`",
    ",,",
    "fi fl ffi",
    "a  b",
    "a   b",
    "\t",
    "a\nb",
    "a\r\nb",
    "\x00",
    "\x1b[31m",
    "\x7f",
    "…",
    "“a”",
    "–",
    "é ß ñ ø ŷ",
    "±",
    "≤",
    "λ",
    "-",
    "+",
    "=",
    "@",
    "1e-5",
    "0",
    "x" * 190,
    "x y " * 40,
    "%" * 60,
    "-" * 60,
]
WORLD = [
    "犬",
    "[犬]",
    "*犬",
    "サイコロ",
    "カタカナ ー",
    "ｶﾅ",
    "、。「」『』",
    "全角ＡＢＣ！",
    "漢字 " * 30,
    "ガチャ（SSR）",
    "Ελλαδα",
    "Кириллица",
    "😀",
    "👩‍👩‍👧",
    "🇯🇵",
    "한국어",
    "עברית",
    "العربية",
    "\u202eabc",
    "\u2066a\u2069",
    "e\u0301",
    "か\u3099",
    "a\u0301\u0302\u0303",
    "\u200b",
    "\ufeff",
    "\u2028",
    "\u00a0",
    "a\u3000b",
    "\ue000",
    "\ud800",
    "\U0010ffff",
    "𠮷",
    "①",
    "ﬁ",
    "ά",
    "∑",
    "☃",
]
RANGES = [
    "\u00a1\u00ac",
    "\u00ae\u017e",
    "Αω",
    "Ая",
    "\u3001\u301f",
    "\u3041\u3096",
    "\u30a1\u30fe",
    "\uff01\uff5e",
    "\uff61\uff9f",
]
LETTERS = [chr(code) for first, last in RANGES for code in range(ord(first), ord(last) + 1)]
KEPT = [letter for letter in LETTERS if "textbackslash" not in escaped(letter)]
DRAWN = {"’": "'", "‘": "`", "˜": "~", "ˆ": "^", "−": "-", "…": "...", "“": '"', "”": '"', "①": "1", "～": "〜"}
DRAWN |= {"ﬃ": "ffi", "ﬁ": "fi", "ﬂ": "fl", "ﬀ": "ff"}
COMMANDS = re.findall(
    r"\w+",
    "textbackslash textasciitilde textasciicircum textless textgreater textbar texttt char kern textquotedblleft "
    "textquotedblright ldots textendash textperiodcentered textcircled ensuremath times pm le ge approx infty partial "
    "lambda Sigma Pi",
)
NEEDED = ("pdflatex", "lualatex", "pdftotext")
FILES = ("luatexja.sty", "xkeyval.sty", "HaranoAjiMincho-Regular.otf")
PREAMBLE = "\\usepackage{amsmath}\n\\tracinglostchars=3\n"
LATEX = {"pdflatex": "", "lualatex": "\\usepackage{luatexja}\n"}  # as docs/limits.md says


def cells_of(labels):
    """A tally of the labels, with a count a row by which it can be found again."""
    return mo.Tally.from_counts({label: 100_000 + index for index, label in enumerate(labels)})


def pages_of(engine, bodies, folder):
    """The text of the pages of a document with a section of its own, from a new page on, for each body."""
    name = "document"
    begin = f"\\documentclass{{article}}\n{PREAMBLE}{LATEX[engine]}\\begin{{document}}\n"
    parts = [f"\\clearpage STARTS{index}STOP\n\n{body}" for index, body in enumerate(bodies)]
    (folder / f"{name}.tex").write_text(begin + "\n".join(parts) + "\\end{document}\n", encoding="utf-8")
    done = subprocess.run(
        [engine, "-interaction=nonstopmode", "-halt-on-error", f"{name}.tex"],
        cwd=folder,
        capture_output=True,
        text=True,
        errors="replace",
        timeout=240,
        check=False,
    )
    faults = re.findall(r"^!.*|^l\.\d+.*|Missing character.*", done.stdout, re.MULTILINE)
    assert done.returncode == 0, "\n".join(faults[:10]) or done.stdout[-2000:]
    assert not faults
    read = ["pdftotext", "-layout", f"{name}.pdf", "-"]
    text = subprocess.run(read, cwd=folder, capture_output=True, check=True).stdout
    found = re.split(r"STARTS(\d+)STOP", text.decode("utf-8"))
    return [found[2 * index + 2] for index in range(len(bodies))]


def needs_tex():
    missing = [program for program in NEEDED if shutil.which(program) is None]
    if shutil.which("kpsewhich") is not None:
        missing += [
            file for file in FILES if subprocess.run(["kpsewhich", file], capture_output=True, check=False).returncode
        ]
    if missing and not os.environ.get("CI"):
        pytest.skip(f"not all of TeX is here, {', '.join(missing)} not found; .ci/run says which packages have it")
    assert not missing, f"{missing} must be installed in CI"


def plainly(text):
    """A text without spaces, and the marks that fonts draw otherwise as the plain ones."""
    whole = unicodedata.normalize("NFC", re.sub(r"\s", "", text))
    for drawn, plain in DRAWN.items():
        whole = whole.replace(drawn, plain)
    return whole


@given(st.text(st.one_of(st.sampled_from(SPECIALS), st.characters()), max_size=30))
def test_no_text_is_a_command(text):
    found = escaped(text)
    assert not re.match(r"\s*[\[*]", found)
    commands = set(re.findall(r"\\(?:[A-Za-z]+|.)", found))
    assert commands <= {f"\\{name}" for name in [*COMMANDS, *"{}$&#% |"]}
    bare = re.sub(r"\\(?:[A-Za-z]+|.)", "", found)
    assert not set(bare) & set('$&#%_^\\\0\n\r\t"<>|')
    assert not re.search(r"--|``|''|,,|[?!]`", bare)
    depth = 0
    for character in bare:
        depth += (character == "{") - (character == "}")
        assert depth >= 0
    assert depth == 0


@pytest.mark.parametrize("label", ["[0, 10)", "*", "[2cm] x"])
def test_no_row_and_no_item_begins_with_an_argument(label):
    tally = mo.Tally.from_counts({label: 2, "b": 0})
    for result in (tally, mo.estimate(tally), mo.goodness_of_fit(tally)):
        for line in result.render("latex").splitlines():
            assert not line.startswith(("[", "*"))
            assert not re.match(r"\\item\s*[\[*]", line)


def test_a_remark_on_rows_left_out_spans_the_table():
    text = mo.Tally.from_counts(dict.fromkeys(map(str, range(100)), 1)).render("latex", "en")
    assert "\\multicolumn{3}{l}{\\ldots{} 75 more rows; -{\\kern0pt}-format csv has them all} \\\\" in text


def test_the_words_of_both_languages_have_no_character_that_is_shown_as_its_code():
    text = (CATALOGUES / "ja" / "LC_MESSAGES" / "mottomo.po").read_text(encoding="utf-8")
    codes = [letter for letter in set(text) - set("\\\n") if escaped(letter).startswith("\\textbackslash")]
    assert codes == []


@pytest.fixture(scope="module")
def every_result(tmp_path_factory):
    path = tmp_path_factory.mktemp("data") / "t.csv"
    rows = [f"[{'abc'[i * i // 7 % 3]}),{i % 5},{'*x' if i % 3 else '[y]'}" for i in range(90)]
    path.write_text("\n".join(["y%,x_1,z&", *rows]) + "\n")
    table = table_file(path)
    results = dict(RESULTS)
    results["training"] = train_on_table(table, TrainingPlan("y%", holdout=0.2))
    results["separated"] = train_on_table(table, TrainingPlan("z&", features=("y%", "x_1")))
    results["penalised"] = train_on_table(table, TrainingPlan("y%", penalty=L2(strength=1.0)))
    with trained(table, TrainingPlan("y%")) as (training, found):
        results["classifier explained"] = explain_classifier(training, found)
    return results


@pytest.mark.slow
@pytest.mark.parametrize(("engine", "language"), [("pdflatex", "en"), ("lualatex", "en"), ("lualatex", "ja")])
def test_the_latex_of_every_result_compiles_and_shows_its_verdict(engine, language, every_result, tmp_path):
    needs_tex()
    bodies = [result.render("latex", language) for result in every_result.values()]
    pages = pages_of(engine, bodies, tmp_path)
    for (name, result), page in zip(every_result.items(), pages, strict=True):
        verdict = result.render("text", language).split("\n\n")[1]
        assert plainly(verdict)[-60:] in plainly(page), name


@pytest.mark.slow
@pytest.mark.parametrize(("engine", "labels"), [("pdflatex", LATIN), ("lualatex", LATIN), ("lualatex", WORLD)])
def test_every_label_is_read_in_its_row(engine, labels, tmp_path):
    needs_tex()
    size = 30
    parts = [labels[start : start + size] for start in range(0, len(labels), size)]
    bodies = [cells_of(part).render("latex", "en") for part in parts]
    for part, page in zip(parts, pages_of(engine, bodies, tmp_path), strict=True):
        for index, label in enumerate(part):
            row = re.search(rf"^(.*?)[^\S\n]*\b100,{index:03d}\b", page, re.MULTILINE)
            assert row, f"the row of {label!r} is lost"
            wanted = plainly(in_latex(label))
            assert plainly(row[1]) == wanted if len(wanted) < 30 else wanted.startswith(plainly(row[1])), label
            if len(wanted) >= 30:
                assert wanted in plainly(re.sub(r"100,\d{3}\s+0\.\d+", "", page)), f"{label!r} is cut"


@pytest.mark.slow
def test_no_letter_that_is_written_as_it_is_is_lost(tmp_path):
    needs_tex()
    assert len(KEPT) > 650
    lines = ["".join(KEPT[start : start + 20]) for start in range(0, len(KEPT), 20)]
    (page,) = pages_of("lualatex", ["\\noindent " + "\\\\\n".join(map(escaped, lines))], tmp_path)
    read = set(unicodedata.normalize("NFKC", plainly(page)))
    missing = {letter for letter in KEPT if not set(unicodedata.normalize("NFKC", plainly(letter))) <= read}
    assert missing == set()


def in_latex(label):
    """What LaTeX shows of a label: what no TeX font has, as its code."""
    return "".join(code_of(character) for character in visible(label))


def code_of(character):
    name = unicodedata.name(character, "")
    kept = character.isascii() or character in "…“”–±≤λéßñøŷ①、。「」『』ー\u00a0"
    kept = kept or name.startswith(
        ("CJK UNIFIED IDEOGRAPH-", "HIRAGANA", "KATAKANA", "HALFWIDTH KATAKANA", "FULLWIDTH")
    )
    kept = kept or bool(re.fullmatch("[Α-Ωα-ωА-яЁё]", character))
    if ord(character) > 0xFFFF or not kept:
        return f"\\u{ord(character):04x}" if ord(character) < 0x10000 else f"\\U{ord(character):08x}"
    return character
