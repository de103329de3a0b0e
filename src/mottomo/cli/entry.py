"""Where the process begins: signals are heard before anything that takes time is imported."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import NoReturn


def main() -> NoReturn:
    """Run the command line as the whole process."""
    _end_silently()
    from mottomo.cli import signals

    signals.install()
    from mottomo.cli.main import main as run

    try:
        run()
    finally:
        signals.finish()


def _end_silently() -> None:
    """As long as nothing is begun, a signal only ends the process.

    ``signal`` itself takes some milliseconds to import; what it is made of and ``os`` are there when Python starts.
    """
    import _signal
    import os

    def end(number: int, _: object) -> None:
        os._exit(128 + number)

    for name in ("SIGINT", "SIGHUP", "SIGTERM"):
        number = getattr(_signal, name, None)
        if number is not None and _signal.getsignal(number) not in (_signal.SIG_IGN, None):
            _signal.signal(number, end)
