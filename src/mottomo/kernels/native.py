"""Which code runs the hot loops: the C extension where it was built, numpy everywhere.

``MOTTOMO_KERNELS`` in the environment decides when the process starts: ``numpy`` leaves the extension out,
``portable``, ``avx2`` and ``avx512`` ask for one of its paths. Without it the best path of this processor is taken.
"""

from __future__ import annotations

import contextlib
import importlib
from typing import Any

_native: Any = None
with contextlib.suppress(ImportError):
    _native = importlib.import_module("mottomo.kernels._native")


def extension() -> Any:
    """The C extension, or None."""
    return _native


def path() -> str:
    """The path that runs: ``avx512``, ``avx2``, ``portable`` (all three C) or ``numpy``."""
    return "numpy" if _native is None else str(_native.path())
