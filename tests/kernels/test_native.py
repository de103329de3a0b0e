"""Which path of the C loops runs, and exp on each of them."""

from __future__ import annotations

import os
import subprocess
import sys

import mpmath
import numpy as np
import pytest

from mottomo.kernels import native
from tests.kernels.paths import available


def test_the_environment_can_leave_the_extension_out():
    code = "from mottomo.kernels import native; print(native.path())"
    environment = {**os.environ, "MOTTOMO_KERNELS": "numpy"}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "numpy"


def test_the_environment_can_ask_for_a_path():
    for wanted in available()[1:]:
        code = "from mottomo.kernels import native; print(native.path())"
        environment = {**os.environ, "MOTTOMO_KERNELS": wanted}
        done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
        assert done.stdout.strip() == wanted


def test_a_path_that_is_not_here_is_said():
    code = "from mottomo.kernels import native; print(native.path())"
    environment = {**os.environ, "MOTTOMO_KERNELS": "avx"}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "numpy"
    assert "MOTTOMO_KERNELS=avx is none of the paths that are here" in done.stderr


@pytest.mark.parametrize("wanted", available()[1:])
@pytest.mark.parametrize(("dtype", "lowest"), [(np.float64, -708.0), (np.float32, -87.0)])
def test_exp_is_within_one_unit_in_the_last_place_of_mpmath(wanted, dtype, lowest):
    extension = native.extension()
    assert extension.use(wanted)
    generator = np.random.default_rng(7)
    x = np.concatenate(
        [np.linspace(lowest, -lowest / 2, 2048), -generator.exponential(1, 1024), -np.logspace(-20, 0, 1024)]
    )
    x = np.maximum(x, lowest).astype(dtype)
    y = x.copy()
    extension.run("exp", y.itemsize, 0, y.size, 1, None, gradient=y)
    extension.use("")
    with mpmath.workdps(40):
        for value, found in zip(x.tolist(), y, strict=True):
            exact = mpmath.exp(value)
            assert abs(mpmath.mpf(float(found)) - exact) <= float(np.spacing(dtype(float(exact))))


@pytest.mark.parametrize("wanted", available()[1:])
def test_exp_is_zero_far_below_and_one_at_zero(wanted):
    extension = native.extension()
    assert extension.use(wanted)
    for dtype in (np.float64, np.float32):
        x = np.array([0.0, -0.0, -np.inf, -1e4, -1e30, -709.0, 0.0, 0.0] * 2, dtype=dtype)
        extension.run("exp", x.itemsize, 0, x.size, 1, None, gradient=x)
        assert x[:8].tolist() == [1, 1, 0, 0, 0, 0, 1, 1]
    extension.use("")
