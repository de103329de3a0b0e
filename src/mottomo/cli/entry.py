"""Where the process begins: signals are heard before anything that takes time is imported."""

from __future__ import annotations

from mottomo.cli import signals

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import NoReturn


def main() -> NoReturn:
    """Run the command line as the whole process."""
    signals.install()
    from mottomo.cli.main import main as run

    try:
        run()
    finally:
        signals.finish()
