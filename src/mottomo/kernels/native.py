"""Which code runs the hot loops: the C extension if it was built, else numpy.

The environment variable ``MOTTOMO_KERNELS`` is read when the process starts. ``numpy`` leaves the extension out;
``portable``, ``avx2`` and ``avx512`` choose one of its paths. Without the variable, the best path for this processor is
taken.
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
    """The path that is used: ``avx512``, ``avx2`` or ``portable`` of the C extension, or ``numpy``."""
    return "numpy" if _native is None else str(_native.path())
