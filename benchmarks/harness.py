"""Measures whole processes and functions beside their peers in the same run: seconds, peak memory, ratios."""

from __future__ import annotations

import os
import platform
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

ROUNDS = 5


@dataclass(frozen=True)
class Figure:
    """The median over the rounds: seconds of wall time, and the peak memory of the process in MiB if it was one."""

    name: str
    seconds: float
    fastest: float
    slowest: float
    peak_mib: float | None = None


def time_processes(commands: dict[str, list[str]], rounds: int = ROUNDS) -> list[Figure]:
    """Each command in turn, round by round after one warm-up, so that a drifting machine is fair to all."""
    seconds: dict[str, list[float]] = {name: [] for name in commands}
    peaks: dict[str, float] = dict.fromkeys(commands, 0.0)
    for round_number in range(rounds + 1):
        for name, command in commands.items():
            elapsed, peak = run_once(command)
            if round_number:
                seconds[name].append(elapsed)
                peaks[name] = max(peaks[name], peak)
    return [figure(name, values, peaks[name]) for name, values in seconds.items()]


# A small process starts and measures the command: the peak memory of a child counts what it had before it became the
# command, so a large parent would hide a small child.
LAUNCHER = """
import os, sys, time
start = time.perf_counter()
null = os.open(os.devnull, os.O_WRONLY)
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # an installed package has its bytecode
pid = os.posix_spawn(sys.argv[1], sys.argv[1:], os.environ, file_actions=[(os.POSIX_SPAWN_DUP2, null, 1)])
_, status, usage = os.wait4(pid, 0)
print(time.perf_counter() - start, usage.ru_maxrss / 1024, status)
"""


def run_once(command: list[str]) -> tuple[float, float]:
    """Wall seconds and peak MiB of one run."""
    launched = [sys.executable, "-S", "-c", LAUNCHER, *command]
    seconds, peak, status = subprocess.run(launched, capture_output=True, text=True, check=True).stdout.split()
    if int(status):
        raise SystemExit(f"{command} failed with {status}")
    return float(seconds), float(peak)


def time_functions(functions: dict[str, Callable[[], object]], rounds: int = ROUNDS) -> list[Figure]:
    """Each function in turn, round by round after one warm-up."""
    seconds: dict[str, list[float]] = {name: [] for name in functions}
    for round_number in range(rounds + 1):
        for name, function in functions.items():
            start = time.perf_counter()
            function()
            if round_number:
                seconds[name].append(time.perf_counter() - start)
    return [figure(name, values, None) for name, values in seconds.items()]


def figure(name: str, values: list[float], peak: float | None) -> Figure:
    return Figure(name, statistics.median(values), min(values), max(values), peak)


def table(figures: list[Figure], reference: str) -> str:
    """Figures as a Markdown table, each with how many times the reference's time it takes."""
    base = next(one.seconds for one in figures if one.name == reference)
    lines = ["| what | median s | range s | × reference | peak MiB |", "| :-- | --: | --: | --: | --: |"]
    for one in figures:
        peak = "" if one.peak_mib is None else f"{one.peak_mib:.0f}"
        spread = f"{one.fastest:.4f} to {one.slowest:.4f}"
        lines.append(f"| {one.name} | {one.seconds:.4f} | {spread} | {one.seconds / base:.2f} | {peak} |")
    return "\n".join(lines)


def machine(libraries: list[str]) -> str:
    """The machine and the versions, in one line."""
    processors = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    names = [line.split(":")[1].strip() for line in processors if line.startswith("model name")]
    cpu = names[0] if names else platform.processor()
    versions = ", ".join(f"{name} {version(name)}" for name in libraries)
    return f"{len(os.sched_getaffinity(0))} cores ({cpu}), Python {sys.version.split()[0]}, {versions}."
