"""One connection for many small files: opening one takes longer than reading such a file."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

from mottomo.sources import duck


class OneConnection:
    """Inside ``with`` all files are read through the same connection."""

    def __init__(self) -> None:
        self._opening = duck.connection
        self._opened = ExitStack()
        self._connection = self._opened.enter_context(self._opening())

    def __enter__(self) -> OneConnection:
        duck.connection = self._same
        return self

    def __exit__(self, *_: object) -> None:
        duck.connection = self._opening

    @contextmanager
    def _same(self) -> Iterator[Any]:
        self._connection.execute("SET preserve_insertion_order=false")
        yield self._connection

    def close(self) -> None:
        self._opened.close()
