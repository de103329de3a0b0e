"""Ends from outside: Ctrl-C, SIGTERM and a terminal that is closed end the run with 128 + their number, at any moment.

A signal raises no exception. One could come up anywhere: inside an import it is wrapped or swallowed, inside a clean-up
it leaves half of it. Instead a thread of its own hears the signal, also while the main thread is long in C; the main
thread stands still, what is noted in ``leftovers`` is undone, and the process is gone.

Training is the exception: it ends early with what it has found. There the first Ctrl-C is a question, which the
training looks at between two steps, and the second one ends the run.
"""

from __future__ import annotations

import _thread
import os
import signal
import sys
import time

from mottomo.leftovers import undo_all

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_NAMES = ("SIGINT", "SIGHUP", "SIGTERM")
_WAIT_SECONDS, _WAITS = 0.001, 250


class _Run:
    """Where the run stands."""

    main_thread = 0
    stands_still = False  # the main thread waits for the end
    is_over = False  # the command is done: what comes now is too late
    keeps = False  # what was found is kept at a first Ctrl-C
    was_asked = False
    notice = b""


_run = _Run()
_turn = _thread.allocate_lock()  # taken for good by the thread that ends the process


def install() -> None:
    """Hear the signals from here on; one that the caller has the process ignore stays ignored."""
    _run.main_thread = _thread.get_ident()
    numbers = [getattr(signal, name) for name in _NAMES if hasattr(signal, name)]
    numbers = [number for number in numbers if signal.getsignal(number) not in (signal.SIG_IGN, None)]
    if os.name == "posix":
        _start_listening(frozenset(numbers))
    for number in numbers:
        signal.signal(number, _heard)


def _start_listening(numbers: frozenset[int]) -> None:
    try:
        while (spare := os.open(os.devnull, os.O_RDWR)) <= 2:
            pass  # what the caller has closed is taken first: else a message for it would be read as a signal
        os.close(spare)
        reading, writing = os.pipe()
        os.set_blocking(writing, False)
        _thread.start_new_thread(_listen, (reading, numbers))
    except (OSError, RuntimeError):  # nothing more may be opened or started: the main thread hears it, once out of C
        return
    signal.set_wakeup_fd(writing, warn_on_full_buffer=False)


def _listen(reading: int, numbers: frozenset[int]) -> None:
    """End the process for a signal, whatever the main thread is at."""
    n_asked = 0
    while True:
        for number in os.read(reading, 64):
            if number not in numbers or _run.is_over:
                continue
            if number == signal.SIGINT and (_run.keeps or _run.was_asked):
                n_asked += 1
                if n_asked < 2:
                    continue
            _end(number)


def _heard(number: int, _: Any) -> None:
    """In the main thread, between two steps of Python: ask the training, else stand still and end."""
    if _run.is_over or _run.stands_still:
        return
    if number == signal.SIGINT and _run.keeps and not _run.was_asked:
        _run.was_asked = True
        _say(_run.notice)
        return
    _end(number)


def _end(number: int) -> None:
    in_main_thread = _thread.get_ident() == _run.main_thread
    if in_main_thread:
        _run.stands_still = True
    if not _turn.acquire(blocking=False):
        while True:
            time.sleep(3600)
    try:
        if not in_main_thread:
            # What the main thread is just making is there before it is removed. In a long computation it makes nothing.
            for _ in range(_WAITS):
                if _run.stands_still:
                    break
                time.sleep(_WAIT_SECONDS)
        undo_all()
    finally:
        os._exit(128 + number)


def finish() -> None:
    """The run is done, and nothing is left to be undone: a signal no longer changes how it ends."""
    _run.is_over = True
    for name in _NAMES:
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), signal.SIG_IGN)  # also while the interpreter is taken down


class Keeping:
    """While it is entered, the first Ctrl-C shows `notice` and lets ``was_asked`` say so, instead of ending the run."""

    def __init__(self, notice: str) -> None:
        self._notice = notice

    def __enter__(self) -> None:
        encoding = getattr(sys.stderr, "encoding", None) or "utf-8"
        _run.notice = self._notice.encode(encoding, "backslashreplace")
        _run.keeps = True

    def __exit__(self, *_: object) -> None:
        _run.keeps = False


def was_asked() -> bool:
    """Whether Ctrl-C has asked for what was found so far."""
    return _run.was_asked


def _say(text: bytes) -> None:
    """To standard error and past its buffer, which the main thread may just be filling."""
    try:
        os.write(2, text)
    except OSError:
        return  # nobody reads it
