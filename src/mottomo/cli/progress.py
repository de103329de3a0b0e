"""Progress of what takes long, on a terminal only: a bar for a read, lines for a fit."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

from mottomo.leftovers import Undoing
from mottomo.messages import Message

_PATIENCE_SECONDS = 1.0
_SECONDS_BETWEEN_LINES = 5.0


@contextmanager
def progress_bar(label: str) -> Iterator[Callable[[float], None] | None]:
    """A function that is told how far a read is, in percent; None where stderr is no terminal."""
    if not sys.stderr.isatty():
        yield None
        return
    bar = _Bar(label)
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
        if self._progress is None:
            if time.monotonic() - self._started < _PATIENCE_SECONDS:
                return
            from rich.console import Console
            from rich.progress import Progress

            self._progress = Progress(console=Console(stderr=True), transient=True)
            self._progress.start()
            self._task = self._progress.add_task(self._label, total=100.0)
        if percent >= 0:
            self._progress.update(self._task, completed=percent)

    def stop(self) -> None:
        if self._progress is not None:
            self._progress.stop()

    def clear(self) -> None:
        """Take the bar away and show the cursor again, past all buffers and locks."""
        if self._progress is not None:
            with suppress(OSError):
                os.write(sys.stderr.fileno(), b"\r\x1b[2K\x1b[?25h")


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
