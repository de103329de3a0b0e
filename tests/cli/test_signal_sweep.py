"""Signals at random instants of every command; ``MOTTOMO_INSTANTS`` says how many, a command and a signal."""

from __future__ import annotations

import os
import sys

import pytest

from mottomo.cli.commands import COMMANDS
from tests.cli.sweep import sweep

INSTANTS, SEED = int(os.environ.get("MOTTOMO_INSTANTS", "5")), 20_241_128
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform != "linux", reason="reads /proc and sends POSIX signals"),
    pytest.mark.timeout(300 + 60 * INSTANTS),
]


@pytest.mark.parametrize("command", COMMANDS)
def test_a_signal_at_any_instant_ends_a_command_in_order(command):
    found = sweep(INSTANTS, SEED, [command])
    assert set(found) == {(command, "SIGINT"), (command, "SIGTERM")}
    assert [fault for one in found.values() for fault in one.faults] == []
    assert all(sum(one.codes.values()) == INSTANTS for one in found.values())
