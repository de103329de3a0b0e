"""A mistake in how a command was called: exit code 2."""

from __future__ import annotations

import click

from mottomo.cli.language import chosen_translator
from mottomo.messages import Message


def usage_error(sentence: Message) -> click.UsageError:
    """The error, in the language of the run."""
    return click.UsageError(sentence.worded(chosen_translator()), click.get_current_context(silent=True))
