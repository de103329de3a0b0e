"""Fit with whatever penalty is asked for."""

from __future__ import annotations

from typing import Any

import numpy as np

from mottomo.classification.firth import fit_firth
from mottomo.classification.fitting import Fit, fit
from mottomo.classification.objective import Data
from mottomo.classification.penalties import L2, Firth, ridge_of


def penalised_fit(data: Data, penalty: L2 | Firth | None, is_number: np.ndarray | None = None, **options: Any) -> Fit:
    """Fit to checked rows: by maximum likelihood without a penalty.

    is_number : as in ``ridge_of``.
    options : of ``fit``.
    """
    if isinstance(penalty, Firth):
        return fit_firth(data, **options)
    return fit(data, ridge=ridge_of(penalty, data, is_number), **options)
