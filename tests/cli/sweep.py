"""Signals at random instants of every command: what the exit codes are, and what is left.

    python -m tests.cli.sweep INSTANTS SEED [COMMAND ...]

An instant is drawn uniformly over the time that the command takes, from the moment on from which it hears signals.
"""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

import numpy as np

from mottomo.storage.model_file import load_classifier
from tests.cli.ending import quiet, started, wait_until_heard

DIE = ["2", "5", "2", "4", "2", "5"]
TEXT_SIZE, TRAINING_SIZE = 150_000, 4000
OLD = b"old\n"


def commands(data: Path) -> dict[str, list[str]]:
    """A call of every command that takes a while; ``{new}`` is a file that exists and is written anew."""
    text, table, model = (str(data / name) for name in ("dice.csv.gz", "train.csv", "model"))
    return {
        "tally": ["tally", text, "--column", "face", "--by", "table", "--where", "face <> '9'", "--save", "{new}"],
        "estimate": ["estimate", text, "--column", "face", "--where", "face <> '9'"],
        "test": ["test", *DIE, "--method", "monte-carlo", "--draws", "200000", "--seed", "1"],
        "plan": ["plan", *DIE, "--method", "exact"],
        "compare": ["compare", "12", "9", "14", "8", "/", "9", "13", "7", "12", "/", "8", "8", "9", "15"],
        "explain": ["explain", *DIE, "--format", "html"],
        "simulate": ["simulate", "fair", "--categories", "1..6", "-n", "1000000", "--seed", "1"],
        "train": ["train", table, "--target", "y", "--memory", "0", "--holdout", "0.2", "--model", "{new}"],
        "predict": ["predict", table, "--model", model, "--save", "{new}"],
        "score": ["score", table, "--target", "y", "--model", model, "--save", "{new}"],
    }


def prepare(data: Path) -> None:
    """The files that the commands read."""
    rng = np.random.default_rng(1)
    faces = rng.integers(1, 7, (TEXT_SIZE, 2)).tolist()
    plain = data / "dice.csv"
    plain.write_text("face,table\n" + "".join(f"{face},{table}\n" for face, table in faces))
    subprocess.run(["gzip", str(plain)], check=True)
    x = rng.normal(size=(TRAINING_SIZE, 8))
    y = (x @ rng.normal(size=(8, 4)) + rng.gumbel(size=(TRAINING_SIZE, 4))).argmax(axis=1)
    header = ",".join([*(f"x{j}" for j in range(8)), "y"])
    lines = [",".join([*map(repr, row), f"c{label}"]) for row, label in zip(x.tolist(), y.tolist(), strict=True)]
    (data / "train.csv").write_text("\n".join([header, *lines]) + "\n")
    call = ["-m", "mottomo", "train", str(data / "train.csv"), "--target", "y", "--model", str(data / "model")]
    subprocess.run([sys.executable, *call], check=True, stdout=subprocess.DEVNULL)


class Sweep:
    """One command, again and again, in a folder of its own."""

    def __init__(self, call: list[str], folder: Path) -> None:
        self._new, self._temporary = folder / "new", folder / "temporary"
        self._folder = folder
        self._temporary.mkdir(parents=True)
        self._call = ["-m", "mottomo", *(str(self._new) if part == "{new}" else part for part in call)]
        self.faults: list[str] = []
        self.codes: Counter[int] = Counter()
        self.seconds = sorted(self._ended(None, 0.0) for _ in range(3))[1]
        self._whole = self._new.read_bytes()

    def _ended(self, number: int | None, delay: float) -> float:
        """Run once with a signal after `delay`; the seconds that it took once it heard signals."""
        self._new.write_bytes(OLD)
        with started(self._call, self._temporary, stdout=subprocess.DEVNULL) as process:
            wait_until_heard(process)
            start = time.monotonic()
            time.sleep(delay)
            if number is not None:
                process.send_signal(number)
            _, errors = process.communicate(timeout=120)
            seconds = time.monotonic() - start
        self._check(process.returncode, number, errors.decode(), delay)
        return seconds

    def _check(self, code: int, number: int | None, errors: str, delay: float) -> None:
        self.codes[code] += number is not None
        left = sorted(path.name for path in [*self._temporary.iterdir(), *self._folder.iterdir()])
        written = self._new.read_bytes()
        wrong = {
            "exit code": code not in {0, 0 if number is None else 128 + number},
            "words": not quiet(errors),
            "left": left != ["new", "temporary"],
            "half a file": number is not None and written not in (OLD, self._whole) and not self._is_model(errors),
        }
        for what in (name for name, is_so in wrong.items() if is_so):
            self.faults.append(f"{what}: signal {number} after {delay:.4f} s, exit {code}, {left}\n{errors}")

    def _is_model(self, errors: str) -> bool:
        """Whether training wrote the whole model that it had when it was interrupted."""
        return "ends with what it has found" in errors and bool(load_classifier(self._new).categories.names)

    def run(self, number: int, instants: int, rng: random.Random) -> None:
        for _ in range(instants):
            self._ended(number, rng.uniform(0, 1.05 * self.seconds))


def sweep(instants: int, seed: int, chosen: list[str] | None = None) -> dict[tuple[str, str], Sweep]:
    """`instants` of each command for SIGINT and for SIGTERM."""
    found = {}
    with tempfile.TemporaryDirectory() as name:
        data = Path(name)
        prepare(data)
        for command, call in commands(data).items():
            for number in (signal.SIGINT, signal.SIGTERM) if chosen is None or command in chosen else ():
                one = Sweep(call, data / f"{command}-{number}")
                one.run(number, instants, random.Random(f"{seed} {command} {number}"))
                found[command, number.name] = one
                sys.stderr.write(
                    f"{command:9} {number.name:8} {one.seconds:5.2f} s {dict(one.codes)} {len(one.faults)} faults\n"
                )
    return found


def main(instants: str, seed: str, *chosen: str) -> int:
    found = sweep(int(instants), int(seed), list(chosen) or None)
    faults = [fault for one in found.values() for fault in one.faults]
    codes = sum((one.codes for one in found.values()), Counter())
    sys.stdout.write("\n".join([*faults, f"seed {seed}, exit codes {dict(codes)}, {len(faults)} faults"]) + "\n")
    return bool(faults)


if __name__ == "__main__":
    os.environ.pop("LANG", None)
    sys.exit(main(*sys.argv[1:]))
