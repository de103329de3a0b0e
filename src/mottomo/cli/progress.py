"""Progress of what takes long, on a terminal only: a bar for a read, lines for a fit."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any, TypeVar

from mottomo.cli.language import chosen_translator
from mottomo.leftovers import Undoing
from mottomo.messages import Message

_PATIENCE_SECONDS = 1.0
_SECONDS_BETWEEN_LINES = 5.0
B = TypeVar("B", bound="_Bar")


@contextmanager
def progress_bar(label: str) -> Iterator[Callable[[float], None] | None]:
    """A function that is told how far a read is, in percent; None where stderr is no terminal."""
    with _shown(_Bar(label)) as bar:
        yield bar


@contextmanager
def picture_bar(label: Message) -> Iterator[Callable[[int, int], None] | None]:
    """A function that is told how many pictures of how many are read; None where stderr is no terminal."""
    with _shown(_PictureBar(label.worded(chosen_translator()))) as bar:
        yield bar


@contextmanager
def _shown(bar: B) -> Iterator[B | None]:
    if not sys.stderr.isatty():
        yield None
        return
    with Undoing(bar.clear):
        try:
            yield bar
        finally:
            bar.stop()


class _Bar:
    def __init__(self, label: str) -> None:
        self._label = label
        self._started = time.monotonic()
        self._progress: Any = None

    def __call__(self, percent: float) -> None:
        if percent >= 0:
            self._show(percent, 100.0)

    def _show(self, done: float, total: float) -> None:
        if self._progress is None:
            if time.monotonic() - self._started < _PATIENCE_SECONDS:
                return
            from rich.console import Console
            from rich.progress import Progress

            self._progress = Progress(*self._columns(), console=Console(stderr=True), transient=True)
            self._progress.start()
            self._task = self._progress.add_task(self._label, total=total)
        self._progress.update(self._task, completed=done)

    def _columns(self) -> list[Any]:
        from rich.progress import Progress

        return list(Progress.get_default_columns())

    def stop(self) -> None:
        if self._progress is not None:
            self._progress.stop()

    def clear(self) -> None:
        """Take the bar away and show the cursor again, past all buffers and locks."""
        if self._progress is not None:
            with suppress(OSError):
                os.write(sys.stderr.fileno(), b"\r\x1b[2K\x1b[?25h")


class _PictureBar(_Bar):
    """A bar with the pictures a second, and the time that remains."""

    def __call__(self, done: int, total: int) -> None:  # type: ignore[override]
        self._show(done, total)

    def _columns(self) -> list[Any]:
        from rich.progress import BarColumn, MofNCompleteColumn, ProgressColumn, TextColumn, TimeRemainingColumn
        from rich.text import Text

        class Speed(ProgressColumn):
            def render(self, task: Any) -> Text:
                return Text("" if task.speed is None else f"{task.speed:.0f}/s")

        return [TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), Speed(), TimeRemainingColumn()]


class Lines:
    """Says what it is told, but not more often than every few seconds, and nothing of what is done before.

    `clock` gives seconds, `show` takes the sentence that ``worded`` makes.
    """

    def __init__(self, show: Callable[[Message], None], clock: Callable[[], float] = time.monotonic) -> None:
        self._show, self._clock = show, clock
        self._last = clock()

    def __call__(self, worded: Callable[[], Message]) -> None:
        now = self._clock()
        if now - self._last > _SECONDS_BETWEEN_LINES:
            self._last = now
            self._show(worded())
