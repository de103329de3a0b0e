"""What has to be undone where a signal ends the process: noted before it is made, undone by whoever ends it.

Nothing is imported here, because ``cli/signals.py`` needs it before anything else is loaded.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

_noted: dict[int, Callable[[], None]] = {}


class Undoing:
    """While it is entered, an end of the process from outside calls `undo`, the latest first.

    `undo` runs while the main thread stands still wherever it was: it takes no lock and imports nothing.
    """

    def __init__(self, undo: Callable[[], None]) -> None:
        self._undo = undo

    def __enter__(self) -> None:
        _noted[id(self)] = self._undo

    def __exit__(self, *_: object) -> None:
        _noted.pop(id(self), None)


def undo_all() -> None:
    """Undo what is noted at the moment."""
    while _noted:
        _, undo = _noted.popitem()
        try:
            undo()
        finally:
            undo_all()  # whatever went wrong with one
