"""What the commands promise: exact JSON, pipes, exit codes, quiet ends, whole files, a fast start."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from fractions import Fraction
from pathlib import Path

import pytest

import mottomo as mo
from mottomo.cli.commands import COMMANDS
from mottomo.report.layout import display_width
from tests.cli.run import mottomo, process

DIE = ["2", "5", "2", "4", "2", "5"]
EXAMPLES = Path(__file__).parent.parent.parent / "examples"


def test_json_holds_what_python_gives_at_full_precision():
    done = mottomo("estimate", *DIE, "--json")
    found = json.loads(done.stdout)
    estimate = mo.estimate(mo.Tally.from_counts(list(map(int, DIE))))
    assert found["schema"] == 1
    assert found["command"] == "estimate"
    assert found["version"] == mo.__version__
    assert (found["input"]["source"], found["input"]["tally_sha256"]) == ("counts", estimate.tally.sha256)
    assert found["input"]["command"] == "mottomo estimate 2 5 2 4 2 5 --json"
    assert found["result"] == json.loads(json.dumps(estimate.to_dict()))
    assert found["result"]["log_likelihood"] == -34.11620581889958
    assert [Fraction(y) for y in found["result"]["probabilities_exact"]] == list(estimate.probabilities_exact)
    assert found["verdict"]["code"] == "estimated"
    assert {note["code"] for note in found["notes"]} == {"intervals-simultaneous"}


@pytest.mark.parametrize("counts", [["0", "0"], ["1" + "0" * 30, "0"], ["7"]])
def test_json_never_holds_a_bare_nan_or_infinity(counts):
    def refuse(constant):
        raise AssertionError(constant)

    for command in ("tally", "estimate", "explain"):
        done = mottomo(command, *counts, "--json")
        json.loads(done.stdout, parse_constant=refuse)
    assert json.loads(mottomo("tally", *counts, "--json").stdout)["result"]["counts"] == list(map(int, counts))


def test_the_explanation_as_json_has_fourteen_steps_that_hold():
    steps = json.loads(mottomo("explain", *DIE, "--json").stdout)["result"]["steps"]
    assert len(steps) == 14
    assert all(step["holds"] for step in steps)
    assert set(steps[0]) == {"name", "equation", "latex", "values", "holds"}


def test_simulated_throws_can_be_estimated_through_a_pipe():
    command = f"{sys.executable} -m mottomo"
    line = f"{command} simulate 9/16,3/16,3/16,1/16 -n 1000 --seed 7 | {command} estimate - --categories 1..4 --json"
    done = subprocess.run(["bash", "-o", "pipefail", "-c", line], capture_output=True, text=True, check=True)
    counts = json.loads(done.stdout)["result"]["counts"]
    again = mo.tally(mo.simulate("9/16,3/16,3/16,1/16", 1000, seed=7), categories="1..4")
    assert counts == again.counts.tolist()


def test_a_seed_that_was_not_given_is_reported_and_repeats_the_throws():
    first = mottomo("simulate", "fair", "--categories", "1..6", "-n", "50")
    seed = first.stderr.split("same seed, ")[1].split(",")[0]
    assert mottomo("simulate", "fair", "--categories", "1..6", "-n", "50", "--seed", seed).stdout == first.stdout


def test_simulation_as_json_carries_its_seed_and_its_outcomes():
    found = json.loads(mottomo("simulate", "a=1/2,b=1/2", "-n", "6", "--seed", "3", "--json").stdout)
    assert found["result"]["seed"] == 3
    assert found["result"]["outcomes"] == mo.simulate("a=1/2,b=1/2", 6, seed=3).tolist()


def test_published_odds_are_read_from_a_file(tmp_path):
    odds = tmp_path / "odds.csv"
    odds.write_text("rarity,probability\nSSR,3%\nSR,0.15\nR,82/100\n")
    done = mottomo("simulate", str(odds), "-n", "3", "--seed", "1")
    assert (
        done.stdout.split()
        == mo.simulate({"SSR": Fraction(3, 100), "SR": Fraction(15, 100), "R": Fraction(82, 100)}, 3, seed=1).tolist()
    )
    declared = json.loads(mottomo("tally", "-", "--null", str(odds), "--json", stdin="R\n").stdout)["result"]
    assert (declared["categories"], declared["counts"]) == (["SSR", "SR", "R"], [0, 0, 1])
    for broken in ("rarity,probability\nSSR,3%,x\n", "SSR,0.5\nR,0.5\n", "rarity,probability\nR,1\nR,0\n", "a,b\n"):
        odds.write_text(broken)
        assert mottomo("simulate", str(odds), "-n", "3").returncode == 3


@pytest.mark.parametrize(
    ("arguments", "stdin", "code", "said"),
    [
        (["tally", "-1"], None, 3, "negative"),
        (["tally", "1", "2.5"], None, 3, "2.5"),
        (["tally", "1", "nan"], None, 3, "not a whole number"),
        (["tally", "1", "9" * 5000], None, 3, "larger than 10**150"),
        (["tally", "-", "--input", "csv", "--no-header", "--names", ""], "1\n", 2, "go together"),
        (["simulate", "0.5,0.5", "-n", "3", "--categories", "a\nb,c"], None, 3, "not one line"),
        (["tally", "x" * 300], None, 3, "cannot be opened"),
        (["tally", "1", "2", "/", "3"], None, 3, "same number of counts"),
        (["tally", "1", "x.csv"], None, 2, "cannot be mixed"),
        (["tally", "-", "-"], "1\n", 2, "only once"),
        (["tally"], None, 2, "Missing argument"),
        (["tally", "--colum", "a", "1"], None, 2, "No such option"),
        (["frobnicate"], None, 2, "No such command"),
        (["estimate", "1", "2", "--level", "95"], None, 3, "write 0.95"),
        (["estimate", "1", "2", "--level", "-1"], None, 3, "not between 0 and 1"),
        (["estimate", "1", "2", "--intervals", "wald"], None, 2, "goodman"),
        (["tally", "1", "2", "--json", "--format", "csv"], None, 2, "contradict"),
        (["tally", "1", "2", "--column", "a"], None, 3, "no columns"),
        (["tally", "-"], "", 3, "nothing to read"),
        (["tally", "-"], "1\n\n2\n", 3, "1 missing outcome"),
        (["tally", "-", "--categories", "1..6"], "7\n", 3, "not among the declared"),
        (["tally", "-", "--input", "csv"], "a,b\n1,2\n", 3, "--column"),
        (["tally", "-", "--input", "csv", "--no-header"], "1,2\n", 2, "go together"),
        (["simulate", "0.5,0.4", "-n", "3"], None, 3, "do not sum to 1"),
        (["simulate", "0.5,0.5", "-n", "-3", "--seed", "1"], None, 3, "whole number"),
        (["explain", "1", "2", "/", "3", "4"], None, 3, "only a single tally"),
        (["tally", "1", "2", "--save", "/no/such/folder/x.txt"], None, 3, "cannot be saved"),
        (
            ["tally", "1", "2", "--encoding", "utf-8", "--missing", "drop"],
            None,
            2,
            "--missing, --encoding has no meaning",
        ),
        (["tally", "-", "--null", "a=1/2,b=1/2"], "c\n", 3, "not among the declared"),
        (["tally", "1", "2", "--categories", "a,a"], None, 3, "declared twice"),
        (["tally", "1", "2", "--categories", "a,b,c"], None, 3, "not one count for each"),
    ],
)
def test_what_goes_wrong_is_said_on_stderr_without_a_traceback(arguments, stdin, code, said):
    done = mottomo(*arguments, stdin=stdin)
    assert (done.returncode, done.stdout) == (code, "")
    assert said in done.stderr
    assert "Traceback" not in done.stderr


def test_debug_shows_the_traceback():
    assert "Traceback" in process("tally", "-1", "--debug").stderr


def test_tables_are_read_from_standard_input_and_without_a_header():
    assert json.loads(mottomo("tally", "-", "--input", "csv", "--column", "a", "--json", stdin="a,b\n1,2\n").stdout)[
        "result"
    ]["counts"] == [1]
    done = mottomo(
        "tally", "-", "--input", "tsv", "--no-header", "--names", "a,b", "--column", "b", "--json", stdin="1\tx\n1\ty\n"
    )
    assert json.loads(done.stdout)["result"]["categories"] == ["x", "y"]


def test_several_files_are_counted_together_and_groups_and_conditions_apply(tmp_path):
    for name in "ab":
        (tmp_path / f"{name}.csv").write_text(f"face,who\n1,{name}\n2,x\n2,x\n")
    paths = [str(tmp_path / f"{name}.csv") for name in "ab"]
    assert json.loads(mottomo("tally", *paths, "--column", "face", "--json").stdout)["result"]["counts"] == [2, 4]
    found = json.loads(mottomo("tally", *paths, "--column", "face", "--by", "who", "--json").stdout)["result"]
    assert [(group["by"]["who"], group["counts"]) for group in found["groups"]] == [
        ("a", [1, 0]),
        ("b", [1, 0]),
        ("x", [0, 4]),
    ]
    found = json.loads(mottomo("tally", *paths, "--column", "face", "--where", "who = 'x'", "--json").stdout)["result"]
    assert found["counts"] == [4]


def test_a_reader_that_stops_early_is_no_error():
    command = f"{sys.executable} -m mottomo simulate fair --categories 1..6 -n 10000000 --seed 1"
    line = f"{command} | head -n 2; echo ${{PIPESTATUS[0]}}"
    done = subprocess.run(["bash", "-c", line], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["4", "6", "0"]
    assert done.stderr == ""


@pytest.mark.parametrize(
    "arguments", [["simulate", "fair", "--categories", "1..6", "-n", "1000000000"], ["tally", "-"]]
)
def test_an_interrupt_ends_quietly_with_130(arguments):
    process = subprocess.Popen(
        [sys.executable, "-m", "mottomo", *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    )
    time.sleep(2)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=20)
    assert process.returncode == 130
    assert errors.strip() == b""


def test_output_is_saved_whole_and_a_failing_command_leaves_the_old_file(tmp_path):
    target = tmp_path / "die.html"
    done = mottomo("explain", *DIE, "--format", "html", "--save", str(target))
    assert done.returncode == 0
    assert done.stdout == ""
    assert target.read_text().startswith("<!DOCTYPE html>")
    before = target.read_bytes()
    assert mottomo("explain", "-1", "--save", str(target)).returncode == 3
    assert target.read_bytes() == before
    assert [path.name for path in tmp_path.iterdir()] == ["die.html"]
    assert target.stat().st_mode & 0o777 == 0o666 & ~current_umask()


def current_umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


LABELS = [
    "\x1b[31mred",
    "<script>alert(1)</script>",
    'say "x"',
    "tab\there",
    "\u202eevil",
    "a|b",
    "$x_1$",
    "{b}",
    "\x9b2J",
]


@pytest.mark.parametrize("format", ["text", "md", "html", "latex", "json"])
def test_labels_are_shown_escaped(format, tmp_path):
    path = tmp_path / "t.jsonl"
    path.write_text("".join(json.dumps({"label": label}) + "\n" for label in LABELS))
    done = mottomo("estimate", str(path), "--format", format)
    assert done.returncode == 0, done.stderr
    assert not set(done.stdout) & set("\x1b\x9b\u202e")
    assert "<script>" not in done.stdout or format in ("text", "json", "latex")
    if format == "json":
        assert sorted(json.loads(done.stdout)["result"]["categories"]) == sorted(LABELS)


def test_errors_show_labels_escaped():
    done = mottomo("tally", "-", "--categories", "a,b", stdin="\x1b[2J\n")
    assert "\x1b" not in done.stderr
    assert "\\x1b[2J" in done.stderr


@pytest.mark.parametrize(
    "arguments",
    [
        ["estimate", *DIE],
        ["explain", *DIE],
        ["explain", "0", "3", "2"],
        ["tally", *DIE],
        *([name, "--help"] for name in COMMANDS),
        ["--help"],
    ],
    ids=" ".join,
)
@pytest.mark.parametrize("language", ["en", "ja"])
def test_eighty_columns_are_enough(arguments, language):
    done = mottomo(*arguments, "--lang", language)
    assert max(display_width(line) for line in done.stdout.splitlines()) <= 80


def test_the_locale_chooses_the_language_and_the_option_overrides_it():
    assert process("tally", "1", LC_ALL="ja_JP.UTF-8").stdout.startswith("集計")
    assert process("tally", "1", "--lang", "en", LC_ALL="ja_JP.UTF-8").stdout.startswith("Tally")
    assert "使い方" in process("--help", LANG="ja_JP.UTF-8").stdout


def test_a_terminal_that_knows_only_ascii_gets_escapes_and_no_crash():
    done = process("tally", "1", "--lang", "ja", PYTHONIOENCODING="ascii")
    assert done.returncode == 0
    assert "\\u96c6\\u8a08" in done.stdout


def modules_after(*arguments: str) -> set[str]:
    code = (
        "import sys\nfrom mottomo.cli.main import main\n"
        "try:\n    main(sys.argv[1:])\nexcept SystemExit:\n    pass\n"
        "print('modules:', *sorted(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code, *arguments], capture_output=True, text=True, check=True)
    return set(done.stdout.rsplit("modules:", 1)[1].split())


@pytest.mark.parametrize("arguments", [["--help"], ["estimate", "--help"], ["--version"], ["tally"]], ids=" ".join)
def test_help_imports_nothing_heavy(arguments):
    assert not modules_after(*arguments) & {"numpy", "scipy", "duckdb", "rich", "narwhals", "pandas", "jinja2"}


@pytest.mark.parametrize("command", ["tally", "estimate", "explain"])
def test_counts_on_the_line_need_numpy_and_nothing_heavier(command):
    loaded = modules_after(command, *DIE)
    assert "numpy" in loaded
    assert not loaded & {"scipy", "duckdb", "rich", "narwhals", "pandas", "jinja2", "latex2mathml"}
    assert not loaded & {"mottomo.classification", "mottomo.kernels", "mottomo.sources.table"}


def test_shell_completion_knows_the_commands():
    environment = {"_MOTTOMO_COMPLETE": "bash_complete", "COMP_WORDS": "mottomo est", "COMP_CWORD": "1"}
    script = Path(sys.executable).parent / "mottomo"
    done = subprocess.run([str(script)], capture_output=True, text=True, check=False, env={**os.environ, **environment})
    assert "estimate" in done.stdout


def test_wolfs_dice_are_the_margins_of_their_table():
    joint = EXAMPLES / "wolf_red_white.csv"
    white = mo.tally(EXAMPLES / "wolf_white.csv", count_column="count")
    assert mo.tally(joint, column="white", count_column="count") == white
    assert mo.tally(joint, column="red", count_column="count").counts.tolist() == [3407, 3631, 3176, 2916, 3448, 3422]
    assert mo.tally(EXAMPLES / "article_die.txt").counts.tolist() == [2, 5, 2, 4, 2, 5]


@pytest.mark.parametrize("redirection", [">&-", "> /dev/full", "<&-", "2>&-"])
@pytest.mark.parametrize("arguments", ["tally 1 2", "tally -", "--help", "simulate 0.5,0.5 -n 5 --seed 1"])
def test_closed_and_full_streams_bring_no_traceback(arguments, redirection):
    line = f"{sys.executable} -m mottomo {arguments} {redirection} < /dev/null"
    done = subprocess.run(["bash", "-c", line], capture_output=True, text=True, check=False)
    assert "Traceback" not in done.stderr
    assert done.returncode in (0, 3)


@pytest.mark.parametrize("redirection", ["2>&-", "2> /dev/full"])
@pytest.mark.parametrize(("arguments", "code"), [("tally nothing.csv", 3), ("tally 1 2 --nope", 2)])
def test_an_error_that_cannot_be_told_has_its_exit_code(arguments, code, redirection):
    line = f"{sys.executable} -m mottomo {arguments} {redirection} < /dev/null"
    assert subprocess.run(["bash", "-c", line], capture_output=True, check=False).returncode == code


def test_saving_writes_through_links_and_into_devices(tmp_path):
    target, link = tmp_path / "real.txt", tmp_path / "link.txt"
    target.write_text("old")
    link.symlink_to(target)
    assert mottomo("tally", "1", "2", "--save", str(link)).returncode == 0
    assert link.is_symlink()
    assert target.read_text().startswith("Tally")
    assert mottomo("tally", "1", "2", "--save", "/dev/null").returncode == 0
    assert not Path("/dev/null").is_file()


def test_an_output_that_is_not_utf8_changes_no_data():
    names = ["tally", "1", "2", "--categories", "猫,🐈"]
    found = json.loads(process(*names, "--json", PYTHONIOENCODING="latin-1").stdout)
    assert found["result"]["categories"] == ["猫", "🐈"]
    for refused in ([*names, "--format", "csv"], ["simulate", "猫=1/2,犬=1/2", "-n", "2", "--seed", "1"]):
        done = process(*refused, PYTHONIOENCODING="latin-1")
        assert (done.returncode, done.stdout) == (3, "")


@pytest.mark.parametrize(
    "call",
    [
        "test 2 5 --budget 3",
        "test 2 5 --method exact --seed 5",
        "test 2 5 --method asymptotic --draws 100",
        "plan 3 9 --level 0.99",
        "plan 3 9 -n 10 --power 0.9",
        "plan --categories 1..6 --half-width 0.1 --power 0.9",
        "plan --null 0.5,0.5 --bias 0.1 --by x",
        "plan --null 0.5,0.5 --bias 0.1 --missing drop",
        "plan 3 9 --bias 0.1",
        "plan --bias 0.1 --null fair --categories 1..6 -n 20",
        "plan 3 9 / 4 4",
        "compare 10 2 / 3 9 --null 0.5,0.5",
        "compare x.csv --with a --by b",
    ],
)
def test_options_that_would_change_nothing_are_a_mistake_in_the_call(call):
    assert mottomo(*call.split()).returncode == 2


@pytest.mark.parametrize(
    ("call", "code"),
    [
        ("test 2 5 2 4 2 5", 0),
        ("test 20 0", 1),
        ("test 0 0", 4),
        ("test 2 5 --tolerance 0.1", 4),
        ("test 3000 2000 --tolerance 0.05", 1),
        ("test 1 1 --null 1,0", 1),
        ("test 1 1 / 30 2", 1),
        ("compare 10 2 / 3 9", 1),
        ("compare 10 2 / 8 3", 0),
        ("compare 1 0 / 2 0", 4),
        ("test 1 1 --null 0.5,0.6", 3),
        ("plan 5 5", 3),
        ("plan --null 0.5,0.5 --effect 0.1 --method exact", 3),
        ("plan --null 0.5,0.5 --effect 1e-200", 3),
        ("plan --null 0.5,0.5 --effect 3", 3),
        ("plan --null 1:1e400 --bias 0.01", 3),
        ("plan 1000000000000000000 1000000000000000001", 0),
        ("test 2 5 2 --null 1e-400,0.5,0.5 --normalise", 3),
        ("test 2 5 2 --null 1e-310,0.5,0.5 --normalise", 3),
        ("plan 0 0", 3),
    ],
)
def test_check_tells_the_decision_by_the_exit_code(call, code):
    arguments = call.split() if call.startswith("plan") else [*call.split(), "--check"]
    assert mottomo(*arguments).returncode == code


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["2", "5", "--means", "even=2"], 2),  # which count is which?
        (["2", "5", "1", "--categories", "1,2", "--means", "even"], 2),
        (["2", "5", "1", "--categories", "1,2", "--means", "a=1", "--means", "a=2"], 2),
        (["2", "5", "1", "--categories", "1,2", "--means", "a=1,2", "--intervals", "goodman"], 2),
        (["2", "5", "1", "--categories", "1,2", "--means", "a=1,2", "--null", "0.5,0.5"], 2),
        (["2", "5", "1", "--categories", "1,2", "--means", "a=1,3"], 3),
        (["2", "5", "1", "--categories", "1,2", "--means", "1=2"], 2),
        (["2", "5", "1", "/", "1", "1", "1", "--categories", "1,2", "--means", "a=1,2"], 2),
        (["2", "5", "1", "--categories", "1,2", "--means", "a=1,2"], 0),
    ],
)
def test_labels_of_partly_seen_outcomes_are_checked(arguments, code):
    assert mottomo("estimate", *arguments).returncode == code


@pytest.mark.parametrize("data", ["1\n2\n" * 10, "\ufeff1\r\n2\r\n" * 1 + "1\r\n2\r\n" * 9, "1\r2\r" * 10])
def test_lines_in_a_telling_order_are_flagged_though_their_tally_is_perfect(data, tmp_path):
    (tmp_path / "throws.txt").write_bytes(data.encode())
    for call in ([str(tmp_path / "throws.txt")], ["-"]):
        done = mottomo("test", *call, "--categories", "1,2", "--json", stdin=data)
        found = json.loads(done.stdout)
        assert found["result"]["p_value"] == 1.0
        assert found["result"]["order"]["dependence"]["most_conspicuous"]["observed"] == 10
        assert {"order-dependence", "order-invalidates"} <= {note["code"] for note in found["notes"]}
        assert "order like that of independent ones" in found["verdict"]["text"]


def test_the_order_is_not_looked_at_where_it_is_not_known(tmp_path):
    (tmp_path / "a.txt").write_text("1\n2\n" * 10)
    (tmp_path / "long.txt").write_text("1\n2\n" * 1_100_000)
    (tmp_path / "table.csv").write_text("face\n" + "1\n2\n" * 10)
    a, long, table = (str(tmp_path / name) for name in ("a.txt", "long.txt", "table.csv"))
    for data in ([a, a], [long], [table], ["10", "10"]):
        found = json.loads(mottomo("test", *data, "--categories", "1,2", "--json").stdout)
        assert found["result"]["order"] is None


def test_missing_outcomes_that_are_dropped_leave_the_order_of_the_others():
    found = json.loads(
        mottomo("test", "-", "--categories", "1,2", "--missing", "drop", "--json", stdin="1\n\n2\n1\n2\n").stdout
    )
    assert found["result"]["order"]["repeats"] == 0


def test_the_csv_of_partly_seen_outcomes_has_their_labels():
    done = mottomo("estimate", "2", "5", "2", "7", "--categories", "a,b,c", "--means", "x=a,b", "--format", "csv")
    rows = [line.split(",", 9) for line in done.stdout.splitlines()]
    assert rows[0][0] == "category"
    assert sum(int(row[1]) for row in rows[1:]) == 16
    assert rows[-1][0] == "x"
    assert float(rows[-1][2]) == 0.875
    assert rows[-1][9] == '"a,b"'


def test_a_file_of_odds_is_read_once_for_several_files_of_data(tmp_path, monkeypatch):
    from mottomo.sources import probability_file

    read, times = probability_file.read_probabilities, []
    monkeypatch.setattr(probability_file, "read_probabilities", lambda *file: times.append(file) or read(*file))
    (tmp_path / "odds.csv").write_text("category,p\na,1/2\nb,1/4\nc,1/4\n")
    for name in ("one.txt", "two.txt"):
        (tmp_path / name).write_text("a\nb\na\n")
    monkeypatch.chdir(tmp_path)
    done = mottomo("test", "one.txt", "two.txt", "--null", "odds.csv", "--json")
    assert json.loads(done.stdout)["result"]["counts"] == [4, 2, 0]
    assert len(times) == 1


def test_without_a_command_the_help_is_shown_as_it_is():
    done, asked = process(), process("--help")
    assert done.returncode == 2
    assert done.stderr.rstrip() == asked.stdout.rstrip()


def test_standard_input_is_compared_with_a_file(tmp_path):
    path = tmp_path / "a.txt"
    path.write_text("x\ny\nx\n")
    for order in ([str(path), "-"], ["-", str(path)]):
        done = mottomo("compare", *order, "--json", stdin="y\ny\nx\n")
        found = json.loads(done.stdout)
        counts = {group["by"]["tally"]: group["counts"] for group in found["result"]["groups"]}
        assert (done.returncode, counts) == (0, {str(path): [2, 1], "-": [1, 2]})


@pytest.mark.parametrize("kind", ["csv", "tsv", "jsonl", "parquet", "lines"])
@pytest.mark.parametrize(("language", "name"), [("en", "standard input"), ("ja", "標準入力")])
def test_what_is_wrong_with_standard_input_names_no_temporary_file(kind, language, name):
    for content in ("", "a,b\n1,2,3\n", "\x00\n"):
        for command in (["estimate", "-"], ["train", "-", "--target", "a"]):
            if command[0] == "train" and kind == "lines":
                continue
            error = mottomo(*command, "--input", kind, "--lang", language, stdin=content).stderr
            assert name in error or "NUL" in error or "a,b" in error or not error, error
            assert "/mottomo-" not in error
