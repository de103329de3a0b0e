"""Lines on how a fit goes: on a terminal alone, and as far apart as they should be by whatever clock."""

from __future__ import annotations

import sys

import pytest

from mottomo.classification.optimisation import FitState
from mottomo.cli import progress, train
from mottomo.cli.progress import Lines
from mottomo.messages import verbatim


class Clock:
    """Seconds that pass when they are told to."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


def shown_at(times):
    clock, shown = Clock(), []
    lines = Lines(lambda message: shown.append(str(message)), clock)
    for now in times:
        clock.now = now
        lines(lambda now=now: verbatim(str(now)))
    return shown


@pytest.mark.parametrize(
    ("times", "shown"),
    [
        ([], []),
        ([0, 1, 4.9], []),
        ([1, 6, 7, 8, 12], ["6", "12"]),
        ([100, 101, 102], ["100"]),
        ([6, 11, 16, 16.5, 21.5], ["6", "16", "21.5"]),
    ],
)
def test_lines_are_more_than_five_seconds_apart(times, shown):
    assert shown_at(times) == shown


@pytest.mark.parametrize(
    ("stage", "words"),
    [
        ("passes", "training: 3 passes, optimality gap about 0.25 nats"),
        ("existence", "training: looking whether there is a maximum (Ctrl-C goes on without)"),
        ("standard-errors", "training: computing standard errors (Ctrl-C goes on without)"),
    ],
)
def test_each_stage_has_its_line_on_a_terminal(stage, words, monkeypatch, capsys):
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    clock = Clock()
    monkeypatch.setattr(train, "Lines", lambda show: Lines(show, clock))
    with train._reports() as report:
        report(FitState(3, 0.5, 0.25, stage))
        clock.now = 6.0
        report(FitState(3, 0.5, 0.25, stage))
    assert capsys.readouterr().err.replace("\n", " ").strip() == words


def test_off_a_terminal_there_are_no_lines_however_long_it_takes(monkeypatch, capsys):
    monkeypatch.setattr(progress, "_SECONDS_BETWEEN_LINES", -1.0)
    with train._reports() as report:
        for n in range(5):
            report(FitState(n, 0.5, 0.25))
    assert capsys.readouterr().err == ""
