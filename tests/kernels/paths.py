"""The paths of the C loops that this machine has."""

from __future__ import annotations

from mottomo.kernels import native

C_PATHS = ("portable", "avx2", "avx512")


def available() -> list[str]:
    extension = native.extension()
    found = ["numpy"]
    if extension is not None:
        found += [path for path in C_PATHS if extension.use(path)]
        extension.use("")
    return found
