"""Whatever is handed to the functions of Python, it gives an answer or an error in the five parts, of our own words."""

from __future__ import annotations

import datetime
import random
import warnings
from collections import Counter
from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

import mottomo as mo

SCALARS: list[Any] = [
    0, 1, 2, 3, -1, 2**53 + 1, 10**30, 10**5000, -(10**5000), True, False, None, 0.5, 0.25, 1.0, 2.0, 1e300,
    float("nan"), float("inf"), -0.0, Decimal(1), Decimal("0.5"), Decimal("NaN"), Decimal("sNaN"), Decimal("Infinity"),
    Fraction(1, 2), Fraction(1, 10**5000), "1", "a", "", "1/2", "nan", b"a", 1 + 0j, np.int8(3), np.uint64(2**64 - 1),
    np.float32(0.5), np.float16(0.5), np.str_("a"), np.bool_(True), np.datetime64("2026-01-01"), np.datetime64("NaT"),
    np.timedelta64(1, "s"), np.longdouble(0.5), np.complex64(1), np.void(b"a"), np.ma.masked, pd.NA, pd.NaT,
    pd.Timestamp("2026-01-01"), pd.Timedelta("1s"), pd.Interval(0, 1), datetime.date(2026, 1, 1),
    (1, 2), [1], {"a": 1}, {1}, object, range(2),
    np.array([1, 2]), np.array(1), slice(1),
]  # fmt: skip
DTYPES = ["i1", "i8", "u8", "f2", "f4", "f8", "g", "c16", "?", "U1", "S1", "O", "V2", "m8[s]", "M8[D]", "i4,f4"]


def values(random_: random.Random) -> Any:
    """Some sequence or array, in some container."""
    odd = random_.choice([0.0, 0.0, 0.3])
    usual = random_.choice([[1, 2, 3], [1, 2, 3], [0.5], [Fraction(1, 2)], ["a", "b"], [True, False], SCALARS])
    items = [
        random_.choice(SCALARS if random_.random() < odd else usual) for _ in range(random_.choice([0, 1, 2, 3, 3]))
    ]
    return random_.choice(CONTAINERS if random_.random() < 0.6 else CONTAINERS[:2])(items, random_)


def _array(items: list[Any], random_: random.Random) -> Any:
    shape = random_.choice([(3,), (2, 3), (0,), (), (1, 2, 3), (3, 0)])
    array = np.ones(shape, dtype=random_.choice(DTYPES))
    return array[..., ::-1] if random_.random() < 0.2 and array.ndim else array


def _masked(items: list[Any], random_: random.Random) -> Any:
    array = _array(items, random_)
    hidden = np.arange(array.size).reshape(array.shape) % 2 == 0
    return np.ma.array(array, mask=hidden & (random_.random() < 0.7))


def _objects(items: list[Any], random_: random.Random) -> Any:
    array = np.empty(len(items), dtype=object)
    for at, item in enumerate(items):
        array[at] = item
    return array


def _is_plain(items: list[Any]) -> bool:
    """Whether these are values that polars and pyarrow take without a panic."""
    return all(isinstance(item, str | float | None) or (isinstance(item, int) and abs(item) < 2**60) for item in items)


def _or_list(make: Any) -> Any:
    """A container, or the list itself where the library does not take such items."""

    def made(items: list[Any], random_: random.Random) -> Any:
        if _is_plain(items) or make in ANYTHING:
            try:
                return make(items)
            except (TypeError, ValueError, OverflowError, AttributeError, pa.ArrowException, pl.exceptions.PolarsError):
                pass
        return items

    return made


ANYTHING = (list, pd.Series, set)
CONTAINERS = [
    lambda items, _: items,
    lambda items, _: items,
    lambda items, _: tuple(items),
    lambda items, _: iter(items),
    lambda items, _: [items, items],
    lambda items, random_: random_.choice(SCALARS),
    _array,
    _masked,
    _masked,
    _objects,
    lambda items, _: [np.ma.array([1, 2], mask=[0, 1]), items],
    _or_list(lambda items: pd.Series(items, dtype=object)),
    _or_list(list),
    _or_list(pd.Series),
    _or_list(lambda items: pd.Series(items, dtype="Int64")),
    _or_list(lambda items: pd.Series(items, index=["a", "b", "a"][: len(items)])),
    _or_list(lambda items: pd.DataFrame([items, items])),
    _or_list(lambda items: pd.DataFrame([items], columns=["a", "a", "b"][: len(items)])),
    _or_list(pl.Series),
    _or_list(pa.array),
    _or_list(lambda items: pl.DataFrame({str(at): [item] for at, item in enumerate(items)})),
    _or_list(lambda items: pa.table({str(at): [item] for at, item in enumerate(items)})),
    _or_list(lambda items: dict(enumerate(items))),
    _or_list(lambda items: {str(item): item for item in items}),
    _or_list(set),
    lambda items, _: "abc",
]
FUNCTIONS = {
    "tally": lambda x, y: mo.tally(x, missing="drop"),
    "tally by": lambda x, y: mo.tally(x, by=y, missing="drop"),
    "tally categories": lambda x, y: mo.tally(x, categories=y),
    "from_counts": lambda x, y: mo.Tally.from_counts(x),
    "from_counts categories": mo.Tally.from_counts,
    "estimate": lambda x, y: mo.estimate(x),
    "estimate counts": lambda x, y: mo.estimate(mo.Tally.from_counts(x)),
    "categories": lambda x, y: mo.Categories.of(x),
    "likelihood": mo.likelihood,
    "log_likelihood": mo.log_likelihood,
    "deviance": mo.deviance,
    "gradient": mo.log_likelihood_gradient,
    "entropy": lambda x, y: mo.entropy(x),
    "cross_entropy": mo.cross_entropy,
    "kl_divergence": mo.kl_divergence,
    "softmax": lambda x, y: mo.softmax(x),
    "goodness_of_fit": lambda x, y: mo.goodness_of_fit(mo.Tally.from_counts([1, 2, 3]), x, method=mo.Asymptotic()),
    "homogeneity": lambda x, y: mo.homogeneity(x, method=mo.Asymptotic()),
    "independence": lambda x, y: mo.independence(x, method=mo.Asymptotic()),
    "explain": lambda x, y: mo.explain(x),
    "level": lambda x, y: mo.estimate(mo.Tally.from_counts([1, 2]), intervals=mo.ClopperPearson(level=x)),
    "exact": lambda x, y: mo.Exact(budget=x),
    "draws and seed": lambda x, y: mo.MonteCarlo(draws=x, seed=y),
    "penalty": lambda x, y: mo.L2(x),
    "significance": lambda x, y: mo.goodness_of_fit(mo.Tally.from_counts([1, 2]), "fair", significance=x),
    "partly seen": lambda x, y: mo.estimate_partly_seen(mo.Tally.from_counts({"a": 1, "b": 2}), x),
    "exchangeability": lambda x, y: mo.exchangeability(x, draws=20),
    "power": lambda x, y: mo.power([0.5, 0.5], [0.4, 0.6], 1 if _is_large(x) else x, method=mo.Asymptotic()),
    "simulate": lambda x, y: mo.simulate(x, 5, seed=0),
    "simulate n": lambda x, y: mo.simulate([0.5, 0.5], 1 if _is_large(x) else x, seed=0),
}


def _is_large(x: Any) -> bool:
    """Whether so many throws would take long to simulate."""
    return isinstance(x, int | np.integer) and not isinstance(x, np.timedelta64) and int(x) > 10**6


def refused_or_answered(seed: int, n: int) -> Counter[str]:
    random_, seen = random.Random(seed), Counter()
    for number in range(n):
        name = random_.choice([*FUNCTIONS])
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", RuntimeWarning)  # of pandas, which casts what it is given here
            x, y = values(random_), values(random_)
        try:
            said = _said(FUNCTIONS[name], x, y)
        except Exception as error:
            raise AssertionError(f"seed {seed}, number {number}: {name}, {x!r:.200}, {y!r:.200}") from error
        assert said is None or 0 < len(said) < 3_000, (seed, number, said)
        seen["answered" if said is None else "refused"] += 1
    return seen


def _said(function: Any, x: Any, y: Any) -> str | None:
    """What the error says that refuses x and y, if one does."""
    try:
        function(x, y)
    except mo.MottomoError as error:
        return str(error)
    return None


def test_functions_of_python_answer_or_refuse_in_our_words():
    assert refused_or_answered(20_263, 4_000)["answered"] > 200


@pytest.mark.slow
def test_functions_of_python_answer_or_refuse_much_in_our_words():
    assert refused_or_answered(50_000, 30_000)["answered"] > 1_500


HUGE = 10**5000
REFUSED = [
    (lambda: mo.estimate([HUGE, 1]), "invalid-count"),
    (lambda: mo.explain([HUGE, 1]), "invalid-count"),
    (lambda: mo.Tally.from_counts([HUGE, 1]), "invalid-count"),
    (lambda: mo.tally([HUGE]), "category-type"),
    (lambda: mo.deviance([1, 2], [HUGE, 1]), "probability-range"),
    (lambda: mo.goodness_of_fit(mo.Tally.from_counts([1, 2]), [HUGE, 1]), "probability-range"),
    (lambda: mo.Categories.of("1.." + "9" * 5000), "categories-text"),
    (lambda: mo.Tally.from_counts([Decimal("sNaN"), 1]), "invalid-count"),
    (lambda: mo.tally([Decimal("sNaN"), 1]), "missing-outcomes"),
    (lambda: mo.deviance([1, 2], [Decimal("sNaN"), Decimal(1)]), "probability-range"),
    (lambda: mo.log_likelihood([Decimal("sNaN"), 1], [0.5, 0.5]), "invalid-count"),
    (lambda: mo.Tally.from_counts([True, 1]), "invalid-count"),
    (lambda: mo.Tally.from_counts([[1, 2], [False, 1]]), "invalid-count"),
    (lambda: mo.log_likelihood([1, 1], [True, 0.0]), "probability-range"),
    (lambda: mo.tally(np.array([(1, 2)], dtype="i4,f4")), "category-type"),
    (lambda: mo.tally(np.rec.array([(1, "a")])), "category-type"),
    (lambda: mo.tally(np.ma.array([(1, 2)], dtype="i4,f4")), "category-type"),
    (lambda: mo.tally(np.array([1, 2], "m8[s]")), "category-type"),
    (lambda: mo.tally([np.timedelta64(1, "s")]), "category-type"),
    (lambda: mo.Tally.from_counts(np.array([1, 2], "m8[s]")), "counts-type"),
    (lambda: mo.tally(np.array([b"ab"], "V2")), "category-type"),
    (lambda: mo.tally(np.array([1 + 0j])), "category-type"),
    (lambda: mo.Tally.from_counts(np.ma.array([1, 2], mask=[0, 1])), "invalid-count"),
    (lambda: mo.Tally.from_counts([np.ma.array([1, 2], mask=[0, 1]), [1, 2]]), "invalid-count"),
    (lambda: mo.log_likelihood([1, 1], np.ma.array([0.5, 0.5], mask=[0, 1])), "probability-range"),
    (lambda: mo.Tally.from_counts(pd.Series([1, None], dtype="Int64")), "invalid-count"),
    (lambda: mo.Tally.from_counts(pd.Series([1, 2], index=["a", "a"])), "duplicate-category"),
    (lambda: mo.Tally.from_counts({1: 2, "1": 3}), "duplicate-category"),
    (lambda: mo.goodness_of_fit(mo.Tally.from_counts([1, 2]), {1: 0.5, "1": 0.2, 2: 0.5}), "duplicate-category"),
    (lambda: mo.Tally.from_counts(pd.DataFrame({"a": [1, 2]}, index=["g", "g"])), "duplicate-group"),
    (lambda: mo.Tally.from_counts(pd.DataFrame([[1, 2]], columns=["a", "a"])), "duplicate-category"),
    (lambda: mo.tally([1], categories=5), "categories-type"),
    (lambda: mo.tally([1], by=5), "no-columns"),
    (lambda: mo.tally([1], by=[[1]]), "category-type"),
]  # fmt: skip


@pytest.mark.parametrize(("call", "code"), REFUSED, ids=range(len(REFUSED)))
def test_what_is_no_number_and_no_category_is_refused_in_words(call, code):
    with pytest.raises(mo.InvalidInput) as raised:
        call()
    assert raised.value.code == code
    assert raised.value.expected is not None


def test_a_crosstab_gives_a_tally_for_each_row_by_its_names():
    frame = pd.DataFrame({"sex": ["f", "m", "f", "m"], "face": ["a", "b", "b", "b"]})
    tally = mo.Tally.from_counts(pd.crosstab(frame["sex"], frame["face"]))
    assert (tally.by, tally.groups) == (("sex",), (("f",), ("m",)))
    assert tally.counts.tolist() == [[1, 1], [0, 2]]
    assert tally.group("m").count("b") == 2
    assert mo.independence(tally).deviance > 0
    reordered = mo.Tally.from_counts(pd.crosstab(frame["sex"], frame["face"]), ["b", "a", "never"])
    assert reordered.counts.tolist() == [[1, 1, 0], [2, 0, 0]]
    two_levels = pd.crosstab([frame["sex"], frame["sex"]], frame["face"])
    assert mo.Tally.from_counts(two_levels).groups == (("f", "f"), ("m", "m"))


def test_a_table_of_counts_is_read_by_its_names_in_every_library():
    columns = {"b": [1, 2], "a": [3, 4]}
    by_name = [mo.Tally.from_counts(make(columns)) for make in (pd.DataFrame, pl.DataFrame, pa.table)]
    assert by_name[0] == by_name[1] == by_name[2]
    assert (by_name[0].categories.names, by_name[0].groups) == (("b", "a"), (("1",), ("2",)))
    assert mo.Tally.from_counts(pd.DataFrame([[1, 2], [3, 4]])) == mo.Tally.from_counts([[1, 2], [3, 4]])


def test_a_mask_that_hides_nothing_changes_nothing():
    assert mo.tally(np.ma.array([1, 2, 2])) == mo.tally([1, 2, 2])
    assert mo.Tally.from_counts(np.ma.array([1, 2])) == mo.Tally.from_counts([1, 2])
    assert mo.tally(np.ma.array([1, 2, 2], mask=[1, 0, 0]), missing="drop") == mo.tally([2, 2])
    assert mo.tally([np.ma.masked, "a"], missing="drop") == mo.tally(["a"])


@pytest.mark.parametrize("values", [[0, 1, 1, 0, 0], [0, 1, 1, 0, 1]])
def test_zeros_and_ones_that_were_counted_keep_their_names(values):
    series = pd.Series(values, name="c")
    counted = mo.Tally.from_counts(series.value_counts())
    assert {name: counted.count(name) for name in counted.categories} == {"0": values.count(0), "1": values.count(1)}
    table = pd.crosstab(pd.Series([0, 1, 1, 1, 1], name="r"), series)
    assert mo.Tally.from_counts(table).categories.names == ("0", "1")
    assert mo.Tally.from_counts(table).groups == (("0",), ("1",))
    assert mo.Tally.from_counts(pd.Series([3, 4])).categories.names == ("1", "2")


@pytest.mark.parametrize(
    ("count", "message"),
    [
        (Fraction(10**4000, 1), "larger than"),
        (Fraction(10**4000, 3), "not a whole number"),
        (Decimal("1e999999"), "larger than"),
        (Decimal("12345678901234567890123456789012345.5"), "not a whole number"),
        (Decimal("Infinity"), "not a whole number"),
        (Decimal("sNaN"), "missing"),
    ],
)
def test_numbers_of_any_size_are_counts_or_refused(count, message):
    with pytest.raises(mo.InvalidInput, match=message):
        mo.Tally.from_counts([count])
    with pytest.raises(mo.InvalidInput, match=message):
        mo.tally(pd.DataFrame({"d": ["a"], "n": pd.Series([count], dtype=object)}), column="d", count_column="n")


@pytest.mark.parametrize("library", [pd, pl])
def test_a_count_that_is_a_list_is_refused(library):
    with pytest.raises(mo.InvalidInput, match="a count is not a number"):
        mo.tally(library.DataFrame({"d": ["a", "b"], "n": [[1], [2]]}), column="d", count_column="n")


@pytest.mark.parametrize("function", [mo.bits, mo.perplexity])
def test_what_is_no_number_has_no_bits(function):
    for value in ("a", HUGE, [0.5, "a"], True, object()):
        with pytest.raises(mo.InvalidInput):
            function(value)
