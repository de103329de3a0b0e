"""Columns that are combinations of others, exactly or all but so, against Newton's method in 50 digits."""

from __future__ import annotations

import warnings
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import mottomo as mo
from mottomo.classification.collinearity import recoded
from mottomo.classification.exact_combinations import simplest_between, vanishes
from mottomo.classification.recoding import Combination, Recoding
from mottomo.classification.standardisation import deviations
from mottomo.explanation.classifier import explain_classifier
from mottomo.sources.reading import table_file
from mottomo.workflows.training import trained
from mottomo.workflows.training_plan import TrainingPlan
from tests.classification.data import rows_of, simulated
from tests.classification.near_copies import KINDS, near_copies
from tests.oracles.newton import maximum_log_likelihood, rank

CASES = Path(__file__).parent.parent / "cases"


def fitted(x, labels, **settings):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return mo.SoftmaxRegression(**settings).fit(x, labels)


def check_against_fifty_digits(seed):
    """What is claimed of the fit is true: dependences are exact, a proved gap is one, and an estimated one about so."""
    table = near_copies(seed)
    model = fitted(table.x, table.labels)
    if model.existence_.direction is not None:
        return
    x = table.x
    exact = [one.column for one in model.collinear_columns_ if one.kind in ("exact", "spanned")]
    assert rank(np.delete(x, exact, axis=1)) == rank(x), (seed, table.kind)
    left_out = [one.column for one in model.collinear_columns_ if one.kind == "rounding"]
    assert not (model.gap_is_proved_ and model.nearly_collinear_columns_), (seed, table.kind)
    assert {one.column for one in model.nearly_collinear_columns_} >= set(left_out)
    truth = maximum_log_likelihood(np.delete(x, exact + left_out, axis=1), table.labels, table.n_categories)
    rounding = 1e-14 * abs(model.log_likelihood_)
    short = float(truth - exact_log_likelihood(model, x, table.labels))
    assert short <= 1.4 * model.gap_ + rounding, (seed, table.kind, short, model.gap_)
    if model.gap_is_proved_:
        whole = truth if not left_out else maximum_log_likelihood(x, table.labels, table.n_categories)
        assert float(whole - exact_log_likelihood(model, x, table.labels)) <= model.gap_ + rounding, (seed, table.kind)


def exact_log_likelihood(model, x, labels):
    """log L of the coefficients as they are, in 50 digits: not as the product computes it."""
    import mpmath

    with mpmath.workdps(60):
        total = mpmath.mpf(0)
        codes = np.searchsorted(model.classes_, labels)
        for row, code in zip(x, codes, strict=True):
            z = [
                mpmath.fdot([*map(float, w), float(b)], [*map(float, row), 1.0])
                for w, b in zip(model.coef_, model.intercept_, strict=True)
            ]
            top = max(z)
            total += z[code] - top - mpmath.log(mpmath.fsum(mpmath.exp(one - top) for one in z))
        return total


@pytest.mark.parametrize("seed", range(3 * len(KINDS)))
def test_nothing_is_proved_that_is_not_so(seed):
    check_against_fifty_digits(seed)


@pytest.mark.slow
@pytest.mark.parametrize("part", range(10))
def test_nothing_is_proved_that_is_not_so_in_200_tables(part):
    for seed in range(1000 + 20 * part, 1020 + 20 * part):
        check_against_fifty_digits(seed)


def check_penalised(seed):
    """With a penalty, be it ever so faint, the gap that is stated is there, and one that is proved is no smaller."""
    table = near_copies(seed)
    strength = 10.0 ** -np.random.default_rng(seed).uniform(-1, 14)
    model = fitted(table.x, table.labels, penalty=mo.L2(strength, standardised=False))
    truth = maximum_log_likelihood(table.x, table.labels, table.n_categories, strength)
    factor = 2 if table.n_categories == 2 else 1
    reached = exact_log_likelihood(model, table.x, table.labels) - factor * strength / 2 * float((model.coef_**2).sum())
    short, rounding = float(truth - reached), 1e-13 * abs(model.log_likelihood_)
    assert short <= (1.0 if model.gap_is_proved_ else 1.4) * model.gap_ + rounding, (seed, table.kind, strength)


@pytest.mark.parametrize("seed", range(2 * len(KINDS)))
def test_a_gap_under_a_faint_penalty_is_the_true_one(seed):
    check_penalised(seed)


@pytest.mark.slow
@pytest.mark.parametrize("part", range(5))
def test_a_gap_under_a_faint_penalty_is_the_true_one_in_100_tables(part):
    for seed in range(5000 + 20 * part, 5020 + 20 * part):
        check_penalised(seed)


@pytest.mark.parametrize("seed", range(20))
def test_event_times_give_what_their_difference_gives(seed):
    """Microseconds since 1970, milliseconds apart: the columns span the same space as start and duration."""
    rng = np.random.default_rng(seed)
    took = np.rint(2000 + 600 * rng.standard_normal(150))
    start = np.rint(1.7e15 + 10.0 ** rng.uniform(4, 12) * rng.random(150))
    labels = (0.002 * (took - 2000) + rng.logistic(size=150) > 0).astype(int)
    ends, differences = np.column_stack([start, start + took]), np.column_stack([start, took])
    one, other = fitted(ends, labels), fitted(differences, labels)
    assert one.collinear_columns_ == ()
    assert one.gap_is_proved_
    assert one.log_likelihood_ == pytest.approx(other.log_likelihood_, abs=1e-7)
    np.testing.assert_allclose(one.predict_proba(ends), other.predict_proba(differences), atol=1e-6)
    assert one.log_likelihood(ends, labels) == pytest.approx(one.log_likelihood_, abs=1e-9)


def test_the_command_line_keeps_both_columns_of_event_times_and_explains_them():
    log_likelihoods, errors = [], []
    for name in ("start_end.csv", "start_took.csv"):
        with trained(table_file(CASES / name), TrainingPlan("speed")) as (result, data):
            log_likelihoods.append(result.log_likelihood)
            errors.append(result.standard_errors[1].max())
            assert result.collinear == result.near == ()
            assert result.gap_is_proved
            assert all(step.holds for step in explain_classifier(result, data).steps)
    assert log_likelihoods == pytest.approx([-199.283007, -199.283007], abs=1e-6)
    assert log_likelihoods[0] == pytest.approx(log_likelihoods[1], abs=1e-9)
    assert errors[0] == pytest.approx(errors[1], rel=1e-6)  # of the end, and of the duration


def test_a_column_that_rounding_alone_tells_apart_is_left_out_and_nothing_is_proved():
    x, labels = simulated(200, 2, 3)
    inches = np.column_stack([x, x[:, 0] / 25.4])
    with pytest.warns(mo.NotDetermined, match=r"columns \[2\] are nearly collinear"):
        model = mo.SoftmaxRegression().fit(inches, labels)
    (one,) = model.collinear_columns_
    assert (one.column, one.kind) == (2, "rounding")
    assert model.nearly_collinear_columns_ == (one,)
    assert 0 < one.remainder < 1e-15
    assert not model.gap_is_proved_
    assert model.converged_
    assert model.log_likelihood_ == pytest.approx(fitted(x, labels).log_likelihood_, abs=1e-9)


def test_a_column_of_whole_numbers_that_is_a_combination_is_dependent_exactly():
    rng = np.random.default_rng(5)
    x = np.rint(1e6 * rng.standard_normal((100, 2)))
    wide = np.column_stack([x, x @ [3, -2] / 2 + 1e9])
    model = fitted(wide, (x[:, 0] + 1e6 * rng.logistic(size=100) > 0).astype(int))
    (one,) = model.collinear_columns_
    assert (one.kind, one.shares, one.constant) == ("exact", {0: 1.5, 1: -1.0}, 1e9)
    assert model.gap_is_proved_


@pytest.mark.parametrize("away", [1.0, 2.0**-52])
def test_one_number_that_differs_makes_a_column_of_its_own_or_is_reported(away):
    rng = np.random.default_rng(3)
    x = rng.standard_normal((80, 1))
    twice = np.column_stack([x, x])
    twice[7, 1] += away
    model = fitted(twice, rng.integers(0, 2, 80))
    assert bool(model.nearly_collinear_columns_) == (away < 1)
    assert not any(one.kind == "exact" for one in model.collinear_columns_)


def test_columns_that_are_constant_but_for_rounding_are_told_from_whole_numbers_that_are_not():
    rng = np.random.default_rng(4)
    labels = rng.integers(0, 2, 100)
    rounded = np.where(rng.random(100) < 0.5, 0.3, 0.1 + 0.2)
    model = fitted(rounded[:, None], labels)
    assert [(one.kind, one.shares) for one in model.nearly_collinear_columns_] == [("rounding", {})]
    times = 1.7e15 + rng.integers(0, 4, 100)
    model = fitted(times[:, None], labels)
    assert model.collinear_columns_ == ()
    short = fitted(times[:, None] - 1.7e15, labels).log_likelihood_ - model.log_likelihood_
    assert 0 <= short <= 1.01 * model.gap_ < 0.01  # the intercept, some 10^14, has two digits behind the point
    assert [(one.kind, one.shares) for one in model.nearly_collinear_columns_] == [("near", {})]


def test_few_different_rows_make_columns_dependent_without_an_equality():
    rng = np.random.default_rng(6)
    x = rng.standard_normal((3, 5))[rng.integers(0, 3, 60)]
    found = recoded(rows_of(x, rng.integers(0, 2, 60)), True)[1]
    assert [(one.column, one.kind) for one in found] == [(2, "spanned"), (3, "spanned"), (4, "spanned")]


# --- the parts -------------------------------------------------------------------------------------------------------


@given(st.fractions(-1000, 1000, max_denominator=500), st.integers(1, 10**9))
def test_the_simplest_fraction_between_is_found(number, size):
    room = Fraction(1, size)
    found = simplest_between(number - room, number + room)
    assert abs(found - number) <= room
    assert found.denominator <= number.denominator
    low, high = number - room, number + room
    for denominator in range(1, min(found.denominator, 200)):
        assert -((-low * denominator) // 1) > (high * denominator) // 1  # no whole number between


@settings(max_examples=300)
@given(
    seed=st.integers(0, 10**9),
    exponent=st.integers(-60, 60),
    shares=st.lists(st.fractions(-20, 20, max_denominator=12), min_size=1, max_size=4),
    wrong=st.booleans(),
)
def test_a_combination_vanishes_if_and_only_if_it_does_in_fractions(seed, exponent, shares, wrong):
    rng = np.random.default_rng(seed)
    columns = [np.rint(rng.normal(size=12) * 2**20) * 12.0 ** len(shares) * 2.0**exponent for _ in shares]
    constant = Fraction(int(rng.integers(-100, 100)))
    exactly = [constant + sum(s * Fraction(x[i]) for s, x in zip(shares, columns, strict=True)) for i in range(12)]
    made = np.array([float(one) for one in exactly])
    if wrong:
        made[int(rng.integers(12))] = np.nextafter(made[0], np.inf)
    terms = [(Fraction(-1), made), *zip(shares, columns, strict=True)]
    expected = all(Fraction(float(a)) == b for a, b in zip(made, exactly, strict=True))
    assert vanishes(terms, constant) == expected


@settings(max_examples=100)
@given(seed=st.integers(0, 10**9), ratio=st.sampled_from([1e-3, 1e-9, 1e-15]))
def test_recoded_columns_and_coefficients_are_correct_to_one_rounding(seed, ratio):
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(6, 3)) * 1e6
    x[:, 2] = x[:, 0] - 2 * x[:, 1] + ratio * x[:, 2]
    taken = Combination(Fraction(3, 7), {0: Fraction(1), 1: Fraction(-2)}).in_two_floats()
    recoding = Recoding.centred(np.array([x[0, 0], 0.0, 0.0]), True).with_taken({2: taken})
    z = recoding.apply(x)
    for i in range(6):
        rest = Fraction(x[i, 2]) - taken.constant - Fraction(x[i, 0]) + 2 * Fraction(x[i, 1])
        assert z[i, 2] == float(rest)
    w, b = rng.normal(size=(3, 2)), rng.normal(size=2)
    full, intercept = recoding.back(w, b, x.mean(axis=0))
    for k in range(2):
        assert full[0, k] == float(Fraction(w[0, k]) - Fraction(w[2, k]))
        assert full[1, k] == float(Fraction(w[1, k]) + 2 * Fraction(w[2, k]))
        middle = [Fraction(float(v)) for v in x.mean(axis=0)]
        learnt = [middle[0] - Fraction(x[0, 0]), middle[1], middle[2] - taken.constant - middle[0] + 2 * middle[1]]
        value = Fraction(b[k]) + sum(Fraction(w[j, k]) * learnt[j] for j in range(3))
        expected = value - sum(Fraction(full[j, k]) * middle[j] for j in range(3))
        assert intercept[k] == pytest.approx(float(expected), rel=1e-15)


FAR = np.random.default_rng(7).integers(0, 4, 200).astype(float)
FAR_LABELS = (np.random.default_rng(8).random(200) < 1 / (1 + np.exp(1.3 - FAR))).astype(int)


@pytest.mark.parametrize("penalty", [None, mo.L2(1)])
@pytest.mark.parametrize("away", [1e6, 1e12, 1e14, 1e15, 8e15])
def test_what_the_intercept_loses_far_from_0_is_counted(away, penalty):
    """The column is learnt from its middle; the intercept that takes it back is a float, and is what is delivered."""
    near, far = (fitted((FAR + shift)[:, None], FAR_LABELS, penalty=penalty) for shift in (0.0, away))
    np.testing.assert_allclose(far.coef_, near.coef_, rtol=1e-6)
    delivered = far.log_likelihood((FAR + away)[:, None], FAR_LABELS)
    assert far.log_likelihood_ == pytest.approx(delivered, abs=1e-9)
    assert near.log_likelihood_ - delivered <= 1.01 * far.gap_ + 1e-9
    assert far.gap_is_proved_ == (far.gap_ <= 1e-7)
    assert far.converged_ == (far.gap_ <= 0.01)


@pytest.mark.parametrize("shift", [0.0, 8e15])
def test_the_ridge_of_a_column_far_from_0_is_that_of_the_column_near_0(shift):
    assert deviations(rows_of((FAR + shift)[:, None], FAR_LABELS))[0] == pytest.approx(FAR.std(), rel=1e-14)


@pytest.mark.parametrize("seed", [43, 54, 79, 117])
def test_a_fit_whose_curvature_is_lost_beside_a_few_huge_rows_is_not_called_converged(seed):
    rng = np.random.default_rng(seed)
    n, p, size = 40, 3 + seed % 2, 2 + seed % 2
    x, e = rng.standard_normal((n, p)), rng.standard_normal(n)
    rows = rng.choice(n, p if seed % 4 < 2 else p + 1, replace=False)
    x[rows] *= 10.0 ** rng.uniform(3, 9)
    z = np.outer(e, np.arange(size))
    y = (z + rng.gumbel(size=z.shape)).argmax(1)
    y[:size] = range(size)
    model = fitted(x, y, tolerance=1e-3)
    assert (model.converged_, model.gap_is_proved_) == (False, False)


@pytest.mark.parametrize("value", [1e-30, 1e-100, 1e-250, 5e-324])
def test_an_equality_is_proved_beside_a_number_of_any_size(value):
    a = np.random.default_rng(1).normal(size=40)
    a[3] = value
    model = fitted(np.column_stack([a, a]), np.random.default_rng(2).integers(0, 2, 40))
    assert [(one.column, one.kind, one.shares) for one in model.collinear_columns_] == [(1, "exact", {0: 1.0})]


@pytest.mark.parametrize("times", [1, 4, 16384, 2**40])
def test_numbers_at_the_end_of_the_floats_prove_nothing_false(times):
    least = 2.0**-1074
    own, other = np.array([1.0, 2, 3, least]), np.array([12288.0, 24576, 36864, times * least])
    terms = [(Fraction(1), own), (Fraction(-1, 12288), other)]
    assert not vanishes(terms, Fraction(0))
    assert vanishes([(one, column[:3]) for one, column in terms], Fraction(0))
