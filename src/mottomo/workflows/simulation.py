"""``mo.simulate``: throws of any die."""

from __future__ import annotations

from typing import Any

import numpy as np

from mottomo.inference import simulation
from mottomo.probabilities import Probabilities
from mottomo.sources.probability_file import odds_of
from mottomo.workflows.options import checked


@checked
def simulate(probabilities: Any, n: int, *, seed: int, categories: Any = None, normalise: bool = False) -> np.ndarray:
    """Independent outcomes with the given probabilities: ``mottomo simulate``.

    The same seed gives the same outcomes on every platform; ``inference.simulation`` says how.

    Parameters
    ----------
    probabilities : a sequence (categories "1" .. "K" unless `categories` names them), a mapping, text such as
        ``"9/16,3/16,3/16,1/16"`` or ``"625:125:25:5:2"``, the name of a .csv file of category and probability, or
        ``"fair"`` with `categories`.
    n : how many outcomes, 0 or more.
    seed : a whole number, 0 or more; there is no default, because a result has to be repeatable.
    normalise : divide the probabilities by their sum.

    Returns
    -------
    (n,) array of text: the categories' names.

    Raises InvalidInput : probabilities do not sum to 1, n or seed is negative or not whole.

    >>> simulate("fair", 10, seed=1, categories=range(1, 7)).tolist()
    ['4', '6', '1', '6', '2', '3', '5', '3', '4', '1']
    """
    die = Probabilities.of(odds_of(probabilities), categories, normalise=normalise)
    return simulation.simulate(die, n, seed=seed)
