"""Who knows a command knows its function: the same names, the same defaults, and the same answers."""

from __future__ import annotations

import collections
import importlib
import inspect
import json
from pathlib import Path

import click
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

import mottomo as mo
from mottomo.cli.commands import COMMANDS
from mottomo.workflows.options import CountOptions, DataOptions, ReadingOptions, ReadOptions, options_of
from tests.cli.run import mottomo

ROOT = Path(__file__).parent.parent
PENGUINS = ROOT / "examples" / "penguins.csv"
# What a command has and its function has not: how the output is shown, and what is written beside it.
OF_THE_COMMAND = {
    "figure", "zero_shot", "lang", "json", "format", "save", "debug", "check", "no_header", "help", "model", "onnx",
    "observations",
}  # fmt: skip
# What a function has and its command has not: hearing progress, names in messages, and the data themselves.
OF_THE_FUNCTION = {"progress", "reads", "picture_reads", "label", "check_names", "data", "outcomes", "probabilities"}
OPTIONS = (CountOptions, DataOptions, ReadOptions, ReadingOptions)
OTHER_NAMES = {"with": "with_"}  # a word of Python's own


def parameters_of_command(name):
    """The options of a command by name, with their defaults."""
    command = importlib.import_module(COMMANDS[name]).command
    found = {}
    for parameter in command.params:
        if isinstance(parameter, click.Option):
            longest = max(parameter.opts, key=len).lstrip("-").replace("-", "_")
            longest = "n" if "-n" in parameter.opts else longest
            found[OTHER_NAMES.get(longest, longest)] = parameter.default
    return {option: default for option, default in found.items() if option not in OF_THE_COMMAND}


def parameters_of_function(name):
    """The keyword arguments of a function by name, with their defaults."""
    function = getattr(mo, name)
    found = {}
    for parameter in inspect.signature(function).parameters.values():
        if parameter.kind is parameter.VAR_KEYWORD:
            kind = next(one for one in OPTIONS if f"[{one.__name__}]" in str(parameter.annotation))
            found |= dict.fromkeys(options_of(kind))
        else:
            found[parameter.name] = None if parameter.default is parameter.empty else parameter.default
    return {option: default for option, default in found.items() if option not in OF_THE_FUNCTION}


@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_and_its_function_have_the_same_options(name):
    command, function = parameters_of_command(name), parameters_of_function(name)
    if "model" in function:  # which a command has under two names
        command["model"] = None
    assert set(command) == set(function)


@pytest.mark.parametrize("name", COMMANDS)
def test_they_have_the_same_defaults(name):
    function = parameters_of_function(name)
    nothing = (None, False, (), "", "error")  # an option that was not given
    for option, default in parameters_of_command(name).items():
        own = function[option]
        if repr(default).startswith("Sentinel") or default in nothing:
            assert own in nothing, (option, own)
        else:
            assert own == default, (option, own, default)


def test_every_command_has_its_function():
    assert set(COMMANDS) <= set(mo.__all__)


WEATHER = ["sun", "rain", "sun", "sun", "snow", "rain"] * 5
FORMS = {
    "counts": lambda path: {"rain": 10, "snow": 5, "sun": 15},
    "outcomes": lambda path: WEATHER,
    "array": lambda path: np.array(WEATHER),
    "pandas Series": lambda path: pd.Series(WEATHER),
    "value counts": lambda path: pd.Series(WEATHER).value_counts(),
    "polars Series": lambda path: pl.Series(WEATHER),
    "pandas frame": lambda path: pd.DataFrame({"weather": WEATHER}),
    "polars frame": lambda path: pl.DataFrame({"weather": WEATHER}),
    "arrow table": lambda path: pa.table({"weather": WEATHER}),
    "path": lambda path: path,
    "paths": lambda path: [path],
    "tally": lambda path: mo.tally(WEATHER),
}


@pytest.fixture
def weather(tmp_path):
    path = tmp_path / "weather.txt"
    path.write_text("\n".join(WEATHER) + "\n")
    return path


@pytest.mark.parametrize("form", FORMS)
def test_every_form_of_data_gives_the_same_answers(form, weather):
    data, categories = FORMS[form](weather), ["sun", "rain", "snow"]
    estimate = mo.estimate(data, categories=categories)
    assert estimate.probabilities.tolist() == [0.5, 1 / 3, 1 / 6]
    claim = "sun=0.5,rain=0.25,snow=0.25"
    assert (
        mo.test(data, claim).p_value == mo.goodness_of_fit(mo.Tally.from_counts([15, 10, 5], categories), claim).p_value
    )
    plan = mo.plan(data, categories=categories, method="asymptotic")
    assert plan.n_observations == mo.plan([15, 10, 5], method="asymptotic").n_observations
    assert mo.explain(data, categories=categories).verdict == "explained"


def test_whole_numbers_are_counts_and_mo_tally_takes_outcomes():
    assert mo.estimate([2, 5, 2, 4, 2, 5]).tally.n_observations == 20
    assert mo.estimate(np.array([2, 5])).tally == mo.Tally.from_counts([2, 5])
    assert mo.estimate([[2, 5], [1, 1]]).tally.is_grouped
    assert mo.tally([2, 5, 2, 4, 2, 5]).n_observations == 6
    for ambiguous in (pd.Series([2, 5, 2]), pd.Series([1, 1, 2]).value_counts()):
        with pytest.raises(mo.InvalidInput, match="could be counts or outcomes"):
            mo.estimate(ambiguous)
    assert mo.estimate(pd.Series(["a", "b"])).tally.n_observations == 2


def test_a_crosstab_is_compared_as_it_stands():
    frame = pd.DataFrame({"banner": ["x"] * 20 + ["y"] * 20, "rank": ["R"] * 15 + ["SR"] * 5 + ["R"] * 8 + ["SR"] * 12})
    crosstab = mo.compare(pd.crosstab(frame["banner"], frame["rank"]))
    assert crosstab.p_value == mo.compare(frame, column="rank", by="banner").p_value
    independent = mo.compare(frame, column="rank", with_="banner")
    assert (independent.question, independent.p_value) == ("independence", crosstab.p_value)
    tallies = {name: mo.tally(part["rank"]) for name, part in frame.groupby("banner")}
    assert mo.compare(tallies).p_value == crosstab.p_value
    assert mo.compare([{"R": 15, "SR": 5}, {"R": 8, "SR": 12}]).p_value == crosstab.p_value


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: mo.estimate([2, 5], confidence=0.9), "did you mean level?"),
        (lambda: mo.test([2, 5], alpha=0.1), "did you mean significance?"),
        (lambda: mo.test([2, 5], odds="fair"), "did you mean null?"),
        (lambda: mo.test([2, 5], toleranse=0.1), "did you mean tolerance?"),
        (lambda: mo.estimate([2, 5], method="wilson"), "did you mean intervals?"),
        (lambda: mo.compare([[2, 5], [1, 1]], groups="x"), "did you mean by?"),
        (lambda: mo.plan(null="fair", categories="1..6", effect_size=0.1), "did you mean effect?"),
        (lambda: mo.tally(["a"], colum="x"), "did you mean column?"),
        (lambda: mo.independence(["a"], ["b"]), "mo.tally(x, by=y)"),
        (lambda: mo.estimate("throws.csv"), "pathlib.Path('throws.csv')"),
        (lambda: mo.train("throws.csv", "y"), "pathlib.Path('throws.csv')"),
        (lambda: mo.train([1, 2], "y"), "a data frame, a mapping from names to columns, or a pathlib.Path"),
        (lambda: mo.predict("model", {"x": [1]}), "train(...).model"),
        (lambda: mo.estimate([2, 5], intervals="wislon"), "did you mean wilson?"),
        (lambda: mo.test([2, 5], method="exakt"), "did you mean exact?"),
        (lambda: mo.test([2, 5], ordering="person"), "did you mean pearson?"),
        (lambda: mo.tally(["a"], missing="drp"), "did you mean drop?"),
        (lambda: mo.estimate([2, 5])["SSR"], "one of 1, 2"),
        (lambda: mo.estimate({"SSR": 2, "Rare": 5})["SRS"], "did you mean SSR?"),
    ],
)
def test_a_wrong_guess_is_answered_with_the_right_name(call, words):
    with pytest.raises(mo.InvalidInput) as raised:
        call()
    assert words in str(raised.value)


def test_options_that_do_not_go_together_are_a_wrong_call():
    for call in (
        lambda: mo.test([2, 5], method="auto", budget=2.0),
        lambda: mo.test([2, 5], method=mo.Exact(), draws=5),
        lambda: mo.estimate([2, 5], means={"b": "1,2"}, intervals="wilson"),
        lambda: mo.plan([2, 5], bias=0.1),
        lambda: mo.compare([[1, 2], [3, 4]], null="fair"),
        lambda: mo.explain([1, 2], features="x"),
        lambda: mo.train({"x": [1, 2], "y": ["a", "b"]}, "y", penalty="l1=2"),
    ):
        with pytest.raises(mo.InvalidCall):
            call()


# --- the classifier: Python has what the command line has ------------------------------------------------------------

TRAININGS = {
    "two features": {"features": "bill_length_mm,species", "missing": "drop"},
    "penalised and held out": {"penalty": "l2=1", "holdout": 0.2, "missing": "drop"},
    "reference": {"features": "body_mass_g", "missing": "drop", "reference": "male"},
}
FRAMES = {
    "path": lambda: PENGUINS,
    "pandas": lambda: pd.read_csv(PENGUINS),
    "polars": lambda: pl.read_csv(PENGUINS),
    "arrow": lambda: pa.Table.from_pandas(pd.read_csv(PENGUINS)),
    "mapping": lambda: {name: column.tolist() for name, column in pd.read_csv(PENGUINS).items()},
}


@pytest.mark.parametrize("case", TRAININGS)
@pytest.mark.parametrize("form", FRAMES)
def test_train_gives_the_numbers_of_the_command(form, case):
    options = TRAININGS[case]
    words = [word for name, value in options.items() for word in (f"--{name}", str(value))]
    expected = json.loads(mottomo("train", str(PENGUINS), "--target", "sex", *words, "--json").stdout)["result"]
    found = json.loads(mo.train(FRAMES[form](), target="sex", **options).render("json"))["result"]
    assert set(found) == set(expected)
    for name in ("log_likelihood", "coefficients", "standard_errors", "z", "p_values", "feature_tests", "held_out"):
        close(found[name], expected[name])


def close(found, expected):
    """Equal but for the last bits of sums, which the order of threads may change."""
    if isinstance(expected, dict):
        assert found.keys() == expected.keys()
        for key, value in expected.items():
            close(found[key], value)
    elif isinstance(expected, list):
        for one, other in zip(found, expected, strict=True):
            close(one, other)
    elif isinstance(expected, float):
        assert found == pytest.approx(expected, rel=1e-9, abs=1e-12)
    else:
        assert found == expected


def test_a_model_is_saved_loaded_and_predicts(tmp_path):
    frame = pd.read_csv(PENGUINS).dropna()
    found = mo.train(frame, target="species", features=["bill_length_mm", "bill_depth_mm"], penalty=mo.L2(1))
    found.model.save(tmp_path / "penguins.mottomo")
    model = mo.load_model(tmp_path / "penguins.mottomo")
    by_model = mo.predict(model, frame, most_probable=True)
    by_path = mo.predict(tmp_path / "penguins.mottomo", pl.from_pandas(frame))
    assert by_model.probabilities.tolist() == by_path.probabilities.tolist()
    assert by_model.probabilities.shape == (len(frame), 3)
    assert np.allclose(by_model.probabilities.sum(axis=1), 1)
    assert (np.array(by_model.most_probable) == frame["species"]).mean() > 0.9
    assert len(by_model) == len(frame)
    assert list(by_model.to_frame().columns) == [*model.categories.names, "most_probable"]
    frame.to_csv(tmp_path / "new.csv", index=False)
    done = mottomo("predict", str(tmp_path / "new.csv"), "--model", str(tmp_path / "penguins.mottomo"), "--json")
    rows = json.loads(done.stdout)["result"]["rows"]
    close([list(row["probabilities"].values()) for row in rows], by_path.probabilities.tolist())


def test_a_classifier_is_explained():
    found = mo.explain(pd.read_csv(PENGUINS), target="sex", features="body_mass_g", missing="drop")
    assert (found.verdict, len(found.steps)) == ("explained", 9)


@pytest.mark.parametrize(
    ("table", "words"),
    [
        ({"x": [1, 2, 3], "y": ["a", "b"]}, "different lengths"),
        ({"x": [1, 2]}, "no such column"),
        ({"x": [], "y": []}, "no rows"),
        ({"x": [1, "a"], "y": ["a", "b"]}, "neither numbers nor text"),
        ({"x": [1, 2], "y": [0.5, 1.5]}, "neither text nor whole numbers"),
        ({"x": [1, None], "y": ["a", "b"]}, "values are missing"),
        ({"x": [1, float("inf")], "y": ["a", "b"]}, "infinite"),
        ({"x": [np.datetime64("2020-01-01")] * 2, "y": ["a", "b"]}, "neither numbers nor text"),
    ],
)
def test_what_is_wrong_with_a_table_is_said(table, words):
    with pytest.raises((mo.InvalidInput, mo.SourceError), match=words):
        mo.train(table, "y")


def test_whole_numbers_and_truth_values_are_categories_as_everywhere():
    frame = {"x": [1, 2, 3, 4, 5, 6], "y": [1, 0, 1, 0, 1, 0], "z": [True, False, False, True, True, False]}
    assert mo.train(frame, "y", features="x").tally.categories.names == ("0", "1")
    assert mo.train(pd.DataFrame(frame), "z", features="x").tally.categories.names == ("false", "true")
    large = {"x": [1.0, 2.0, 1.5, 3.0], "y": [2**60 + 1, 2**60, 2**60 + 1, 2**60]}
    assert mo.train(large, "y").tally.categories.names == (str(2**60), str(2**60 + 1))


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: mo.tally(["a"], missing="no"), "error or drop"),
        (lambda: mo.train({"x": [1, 2], "y": ["a", "b"]}, "y", missing="no"), "error or drop"),
        (lambda: mo.train({"x": [1, 2], "y": ["a", "b"]}, 3), "target"),
        (lambda: mo.train({"x": [1, 2], "y": ["a", "b"]}, "y", features=[3]), "a list of texts"),
        (lambda: mo.train({"x": [1, 2], "y": ["a", "b"]}, "y", weights=["x"]), "a text"),
        (lambda: mo.train({"x": [1, 2], "y": ["a", "b"]}, "y", holdout="half"), "holdout"),
        (lambda: mo.train({"x": [1, 2] * 9, "y": ["a", "b"] * 9}, "y", holdout=0.5, seed=-1), "seed"),
        (lambda: mo.train({"x": [1, 2], "y": ["a", "b"]}, "y", memory="1G"), "memory"),
        (lambda: mo.tally(PENGUINS, column="sex", missing="drop", where=3), "where"),
        (lambda: mo.tally(PENGUINS, column="sex", input="cvs"), "did you mean csv?"),
        (lambda: mo.tally(PENGUINS, column="sex", encoding=8), "encoding"),
        (lambda: mo.test([2, 5], "1,2", normalise="no"), "True or False"),
        (lambda: mo.tally(PENGUINS, column="sex", missing="drop", fingerprint=np.array([1, 2])), "True or False"),
        (lambda: mo.simulate("1,2", 3, seed=1, normalise="no"), "True or False"),
        (lambda: mo.train({"x": [1, 2], "y": ["a", "b"]}, "y", accept_limit="no"), "True or False"),
        (lambda: mo.train({"x": [1, 2], "y": ["a", "b"]}, "y", progress="x"), "a function"),
        (lambda: mo.train({"x": [1, 2], "y": ["a", "b"]}, "y", text=3), "a list of texts"),
        (lambda: mo.train({"x": [1, 2], "y": ["a", "b"]}, y="y"), "did you mean target?"),
        (lambda: mo.estimate([2, 5], means=3), "a mapping from labels to categories"),
        (lambda: mo.estimate([2, 5], alpha=0.05), "did you mean level?"),
        (lambda: mo.estimate([2, 5], intervals=int), "intervals"),
        (lambda: mo.estimate([2, 5], intervals=mo.Goodman), "intervals"),
        (lambda: mo.compare([[2, 5], [1, 1]], normalise=True), "no such option"),
        (lambda: mo.compare([[2, 5], [1, 1]], null="fair"), "mo.test compares with claimed probabilities"),
        (lambda: mo.load_model(3), "a pathlib.Path, or its name"),
        (lambda: mo.train({"x": [1, 2, 3], "y": ["a", "b", "a"]}, "y").model.save(3), "a pathlib.Path, or its name"),
        (lambda: mo.simulate("1/2,1/2", 3, random_state=3), "did you mean seed?"),
        (lambda: mo.simulate("1/2,1/2", size=3, seed=3), "did you mean n?"),
        (lambda: mo.load_model(file="x"), "one of path"),
        (lambda: mo.test([2, 5], level=0.1), "did you mean significance?"),
    ],
)
def test_a_value_that_an_option_cannot_have_is_refused_in_our_words(call, words):
    with pytest.raises(mo.InvalidInput) as raised:
        call()
    assert words in str(raised.value)


def test_texts_never_seen_in_training_are_treated_in_one_of_two_ways():
    rows = {"x": ["u", "v", "u", "v"], "y": ["a", "b", "b", "a"]}
    model = mo.train(rows, "y", penalty="l2=1").model
    with pytest.raises(mo.InvalidInput, match=r"error or baseline[\s\S]*did you mean baseline"):
        mo.predict(model, rows, unknown="baselin")
    assert len(mo.predict(model, {"x": ["w"]}, unknown="baseline")) == 1


def test_names_may_come_from_a_generator():
    rows = {"x": [1.0, 2.0, 3.0], "z": [2.0, 1.0, 5.0], "y": ["a", "b", "a"]}
    assert mo.train(rows, "y", features=(name for name in ["x"]), penalty="l2=1").columns == ("x", "intercept")


@pytest.mark.parametrize("name", ["tallly", "goodness_of_fits", "Tally_"])
def test_a_public_name_that_is_misspelt_is_answered_with_the_nearest(name):
    with pytest.raises(AttributeError, match="did you mean"):
        getattr(mo, name)
    with pytest.raises(AttributeError) as raised:
        getattr(mo, name[::-1] * 3)
    assert "did you mean" not in str(raised.value)


@pytest.mark.parametrize("numbers", [range(2, 4), {"a": 2, "b": 3}.values(), collections.deque([2, 3]), (2, 3)])
def test_whole_numbers_in_a_row_are_counts_whatever_holds_them(numbers):
    assert mo.estimate(numbers).tally == mo.Tally.from_counts([2, 3])


@pytest.mark.parametrize(
    "series",
    [
        pl.Series([2, 3]),
        pa.array([2, 3]),
        pa.chunked_array([[2, 3]]),
        pd.Index([2, 3]),
        pd.array([2, 3]),
        pd.Series([2]),
    ],
    ids=lambda series: f"{type(series).__module__.partition('.')[0]} {type(series).__name__}",
)
def test_a_series_of_whole_numbers_could_be_either(series):
    with pytest.raises(mo.InvalidInput, match="could be counts or outcomes"):
        mo.estimate(series)
    assert mo.tally(series).n_observations == len(series)
    assert mo.Tally.from_counts(series).n_observations in (2, 5)


def test_several_data_are_compared_whatever_their_form():
    x, y = ["a", "b", "a", "a"], ["b", "b", "a", "b"]
    expected = mo.compare({"1": mo.tally(x), "2": mo.tally(y)}).p_value
    for pair in ([np.array(x), np.array(y)], [pd.Series(x), pl.Series(y)], [x, y], [{"a": 3, "b": 1}, mo.tally(y)]):
        assert mo.compare(pair).p_value == expected
    assert mo.compare({"u": x, "v": np.array(y)}).p_value == expected
    with pytest.raises(mo.InvalidInput):  # one tally, of which nothing is compared
        mo.compare({"a": np.int64(3), "b": np.int64(1)})
    assert mo.compare([[3, 1], [1, 3]]).p_value == expected


@pytest.mark.parametrize(
    "counts",
    [
        np.array([10**30, 5]),
        np.array([10**30, 5], dtype=object),
        pd.Series([10**30, 5], index=["1", "2"]),
        pd.Series([10**30, 5], index=["1", "2"], dtype=object),
        {"1": 10**30, "2": 5},
    ],
    ids=lambda counts: type(counts).__name__,
)
def test_counts_of_any_size_are_counts_in_every_form(counts):
    assert mo.estimate(counts).tally == mo.Tally.from_counts([10**30, 5])
    assert mo.compare(np.array([[2, 5], [4, 10]], dtype=object)).p_value == mo.compare([[2, 5], [4, 10]]).p_value


def test_a_list_of_probabilities_follows_the_categories_that_the_data_declare():
    expected = mo.goodness_of_fit(mo.Tally.from_counts({"a": 1, "b": 2}), [0.3, 0.7]).p_value
    tally = mo.tally(list("abb"), categories="a,b")
    for null in ([0.3, 0.7], "0.3,0.7", "3:7"):
        assert mo.test(tally, null).p_value == expected
    without_order = ({"a": 1, "b": 2}, pd.Series(list("abb")).value_counts(), mo.tally(list("abb")), list("abb"))
    for data in without_order:
        with pytest.raises(mo.InvalidInput, match="this outcome is no number"):
            mo.test(data, [0.3, 0.7])
    with pytest.raises(mo.InvalidInput, match="2 probabilities"):
        mo.test(tally, [0.3, 0.3, 0.4])
    assert mo.test(["1", "2", "2"], [0.3, 0.7]).p_value == expected


def test_a_list_of_probabilities_is_by_number_where_outcomes_are_numbers():
    outcomes = ["3"] * 70 + ["1"] * 10 + ["2"] * 20
    forms = (outcomes, collections.Counter(outcomes), pd.Series(outcomes).value_counts(), mo.tally(outcomes))
    for data in (*forms, mo.Tally.from_counts(collections.Counter(outcomes)), [10, 20, 70]):
        for null in ([0.1, 0.2, 0.7], ".1,.2,.7"):
            assert mo.test(data, null).p_value == 1.0
    assert mo.test({"1": 10, "3": 70}, [0.1, 0.2, 0.7]).expected.tolist() == pytest.approx([8, 16, 56])
    with pytest.raises(mo.InvalidInput, match="not among the declared categories"):
        mo.test(["1", "2", "7"], "1:1:1:1:1:1")


def test_the_default_may_be_said_aloud():
    odds = {"a": 0.3, "b": 0.7}
    assert mo.plan(alternative=odds, null="fair").n_observations == mo.plan(alternative=odds).n_observations
    tally = mo.tally(list("abb"), categories="a,b")
    assert mo.test(tally, "fair").p_value == mo.test(tally).p_value


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: mo.tally(pd.DataFrame()), "the table has no columns"),
        (lambda: mo.train({"w": 3, "y": "a"}, "y"), "no column of a table"),
        (lambda: mo.plan([2, 5], n=10**400), "below 2^53"),
        (lambda: mo.estimate([2, 5], delimiter=0), "delimiter"),
        (lambda: mo.explain([2, 5], penalty=np.array([1, 2])), "--target"),
        (lambda: mo.tally(["a"], missing=np.array([1, 2])), "error or drop"),
    ],
)
def test_data_that_are_none_are_refused_in_our_words(call, words):
    with pytest.raises((mo.InvalidInput, mo.InvalidCall)) as raised:
        call()
    assert words in str(raised.value)


def test_a_lazy_frame_is_read_without_a_warning_of_its_library():
    lazy = pl.LazyFrame({"weather": WEATHER})
    for found in (mo.tally(lazy), mo.estimate(lazy).tally, mo.test(lazy, categories=["sun", "rain", "snow"]).tally):
        assert found.n_observations == len(WEATHER)
