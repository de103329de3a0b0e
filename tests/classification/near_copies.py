"""Tables whose columns are nearly or exactly combinations of others: of whole numbers and of floats, from a seed."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

KINDS = ("event times", "whole numbers", "floats", "far floats", "sum of two", "chain", "unit", "exact", "weak")


@dataclass(frozen=True)
class Table:
    """Features (n, p), labels (n,), the number of categories, and what was done."""

    x: np.ndarray
    labels: np.ndarray
    n_categories: int
    kind: str
    remainder: float


def near_copies(seed: int) -> Table:
    """A table whose last column differs from a combination of others by `remainder` times the spread of that."""
    generator = np.random.default_rng(seed)
    kind = KINDS[seed % len(KINDS)]
    remainder = 10.0 ** -generator.uniform(3, 16)
    n, n_categories = int(generator.integers(30, 70)), int(generator.choice([2, 3]))
    noise, other = generator.standard_normal(n), generator.standard_normal(n)
    x = _columns(kind, remainder, noise, other, generator)
    strength = generator.uniform(0.3, 1.5)
    slopes = generator.standard_normal((2, n_categories)) * strength
    z = (noise if kind != "weak" else other)[:, None] * slopes[0] + 0.3 * other[:, None] * slopes[1]
    labels = (z + generator.gumbel(size=z.shape)).argmax(axis=1)
    labels[:n_categories] = range(n_categories)
    return Table(x, labels, n_categories, kind, remainder)


def _columns(kind, remainder, noise, other, generator):
    n = len(noise)
    base = generator.standard_normal(n)
    if kind == "event times":
        start = np.rint(1.7e15 + 10.0 ** generator.uniform(8, 13) * base)
        end = start + np.rint(10.0 ** generator.uniform(1, 6) * (3 + noise))
        return np.column_stack([start, end])
    if kind == "whole numbers":
        large = np.rint(10.0 ** generator.uniform(6, 15) * base)
        times = float(generator.integers(1, 5))
        return np.column_stack([large, other, times * large + np.rint(10.0 ** generator.uniform(0.5, 3) * noise)])
    if kind == "floats":
        return np.column_stack([base, other, base + remainder * noise])
    if kind == "far floats":
        far = 10.0 ** generator.uniform(2, 8) + base
        return np.column_stack([far, 3 - 2 * far + remainder * noise])
    if kind == "sum of two":
        return np.column_stack([base, other, 0.7 * base - 1.3 * other + remainder * noise])
    if kind == "chain":
        second = base + 1e-5 * generator.standard_normal(n)
        third = second + remainder * noise
        return np.column_stack([base, second, third])
    if kind == "unit":
        millimetres = np.round(45 + 5 * base, 1)
        return np.column_stack([millimetres, noise, millimetres / 25.4])
    if kind == "exact":
        whole = np.rint(1000 * base)
        some = np.rint(50 * noise)
        return np.column_stack([whole, some, 2 * whole - 3 * some + 7, generator.integers(0, 2, n)])
    return np.column_stack([other, base, base + remainder * noise])
