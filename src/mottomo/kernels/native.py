"""Which code runs the hot loops: the C extension where it was built, numpy everywhere.

``MOTTOMO_KERNELS`` in the environment decides when the process starts: ``numpy`` leaves the extension out,
``portable``, ``avx2`` and ``avx512`` ask for one of its paths. Without it the best path of this processor is taken.
"""

from __future__ import annotations

import importlib
import warnings
from typing import Any

_native: Any = None
try:
    _native = importlib.import_module("mottomo.kernels._native")
except ModuleNotFoundError:
    pass  # it was not built
except ImportError as error:  # it has no such path: MOTTOMO_KERNELS=...
    if str(error) != "MOTTOMO_KERNELS=numpy":
        warnings.warn(f"{error} is none of the paths that are here; numpy computes instead", stacklevel=2)


def extension() -> Any:
    """The C extension, or None."""
    return _native


def path() -> str:
    """The path that runs: ``avx512``, ``avx2``, ``portable`` (all three C) or ``numpy``."""
    return "numpy" if _native is None else str(_native.path())
