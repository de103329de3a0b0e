"""The generated inputs of the tests, as many as wanted: `python -m tests.hostile KIND SEED N`.

KIND is delimited, json, frames, arrays or commands. Inputs come in blocks of 500, each with a seed of its own, so that
one that fails is found again by the seed and the number that are printed. Exit 1 if one failed.
"""

from __future__ import annotations

import random
import sys
import tempfile
import warnings
from collections import Counter
from collections.abc import Callable
from contextlib import chdir, nullcontext
from pathlib import Path

import pytest

from tests.hostile import test_arrays, test_command_lines, test_frames, test_json_lines
from tests.sources import test_delimited
from tests.sources.one_connection import OneConnection

BLOCK = 500


def delimited(seed: int, n: int, folder: Path) -> Counter[str]:
    source = random.Random(seed)
    seen: Counter[str] = Counter()
    connection = OneConnection()
    for number in range(n):
        text, delimiter = test_delimited.a_table(source)
        conditions = number % 20 == 0  # a connection that reads a condition is closed to everything else
        try:
            with nullcontext() if conditions else connection:
                seen[test_delimited.check(text, delimiter, folder, conditions)] += 1
        except (Exception, pytest.fail.Exception) as error:
            raise AssertionError(f"seed {seed}, number {number}: {text!r}, delimiter {delimiter!r}") from error
    connection.close()
    return seen


def json_lines(seed: int, n: int, folder: Path) -> Counter[str]:
    connection = OneConnection()
    with connection:
        taken, refused = test_json_lines.compare(seed, n, folder)
    connection.close()
    return Counter(taken=taken, refused=refused)


def frames(seed: int, n: int, _: Path) -> Counter[str]:
    return test_frames.compare(seed, n)


def arrays(seed: int, n: int, _: Path) -> Counter[str]:
    return test_arrays.refused_or_answered(seed, n)


def command_lines(seed: int, n: int, folder: Path) -> Counter[str]:
    test_command_lines.prepare(folder)
    with chdir(folder):
        found = test_command_lines.ended(seed, n)
    return Counter({f"exit {code}": times for code, times in found.items()})


KINDS: dict[str, Callable[[int, int, Path], Counter[str]]] = {
    "delimited": delimited,
    "json": json_lines,
    "frames": frames,
    "arrays": arrays,
    "commands": command_lines,
}


def main(kind: str, seed: int, n: int) -> int:
    seen: Counter[str] = Counter()
    failed = 0
    for block in range(seed, seed + -(-n // BLOCK)):
        with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
            try:
                seen += KINDS[kind](block, min(BLOCK, n - BLOCK * (block - seed)), Path(folder))
            except (Exception, pytest.fail.Exception) as error:
                failed += 1
                cause = f"\n  {type(error.__cause__).__name__}: {error.__cause__}" if error.__cause__ else ""
                sys.stdout.write(f"block {block}: {str(error)[:2000]}{cause[:1000]}\n")
                sys.stdout.flush()
    sys.stdout.write(f"{kind}: {n} from seed {seed}, {dict(seen)}, {failed} blocks failed\n")
    return int(failed > 0)


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3])))
