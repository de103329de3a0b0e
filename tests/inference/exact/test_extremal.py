import numpy as np
import pytest

from mottomo.inference.exact.extremal import truncated_exponential_transforms


def at(x, decay, frequencies=4001):
    """The functions above and below at x, from their transforms, by the trapezoidal rule on [-1, 1]."""
    grid = np.linspace(0.0, 1.0, frequencies)
    weight = np.full(frequencies, 1 / (frequencies - 1))
    weight[[0, -1]] /= 2
    turned = np.exp(2j * np.pi * np.outer(x, grid))
    return [2 * ((part * weight) * turned).real.sum(axis=1) for part in truncated_exponential_transforms(grid, decay)]


@pytest.mark.parametrize("decay", [0.05, 0.3, 1.0, 5.0])
def test_the_functions_lie_above_and_below_and_touch_at_the_integers(decay):
    x = np.linspace(-40, 40, 1601)
    above, below = at(x, decay)
    truth = np.where(x >= 0, np.exp(-decay * np.maximum(x, 0)), 0.0)
    # The trapezoidal rule wraps around at 4000, where the functions have fallen to about 1e-7.
    assert (above >= truth - 2e-6).all()
    assert (below <= truth + 2e-6).all()
    integers = np.arange(1.0, 30.0)
    for part in at(integers, decay):
        np.testing.assert_allclose(part, np.exp(-decay * integers), atol=3e-6)


@pytest.mark.parametrize("decay", [1e-6, 0.01, 2.0])
def test_the_integral_of_their_difference_is_one(decay):
    above, below = truncated_exponential_transforms(np.zeros(1), decay)
    assert (above - below).real == pytest.approx(1.0)
