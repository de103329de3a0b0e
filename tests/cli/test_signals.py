"""Ends from outside: the exit code, silence, and nothing left, at moments that are chosen."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest

from tests.cli.ending import NUMBERS, driven, quiet, started, wait_for

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc and sends POSIX signals")
ENDLESS = {
    "recursion": "(WITH RECURSIVE t AS (SELECT 1 x UNION ALL SELECT x FROM t) SELECT count(*) FROM t) > 0",
    "product": "(SELECT sum(a.range * b.range) FROM range(1000000) a, range(1000000) b) > 0",
}
BOTH = [signal.SIGINT, signal.SIGTERM]


@pytest.fixture
def folder(tmp_path):
    made = tmp_path / "temporary"
    made.mkdir()
    return made


@pytest.fixture
def table(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text("face\na\nb\na\n")
    return path


def endless(table, folder, query="product", **settings):
    call = ["-m", "mottomo", "tally", str(table), "--column", "face", "--where", ENDLESS[query]]
    process = started(call, folder, **settings)
    wait_for(lambda: any(folder.iterdir()), process)
    return process


@pytest.mark.parametrize("query", ENDLESS)
@pytest.mark.parametrize("name", NUMBERS)
def test_a_signal_ends_a_running_query(table, folder, query, name):
    process = endless(table, folder, query)
    with pytest.raises(subprocess.TimeoutExpired):
        process.communicate(timeout=0.5)
    process.send_signal(NUMBERS[name])
    output, errors = process.communicate(timeout=20)
    assert (process.returncode, output, errors) == (128 + NUMBERS[name], b"", b"")
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize("numbers", [[signal.SIGTERM] * 20, [signal.SIGINT] * 20, BOTH * 10], ids=["15", "2", "both"])
def test_signals_that_come_again_and_again_change_nothing(table, folder, numbers):
    process = endless(table, folder)
    for number in numbers:
        process.send_signal(number)
    output, errors = process.communicate(timeout=20)
    assert process.returncode in {128 + number for number in numbers}
    assert (output, errors) == (b"", b"")
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize("number", BOTH)
def test_a_bar_that_is_shown_gives_the_cursor_back(table, folder, number):
    terminal, stderr = os.openpty()
    process = endless(table, folder, stderr=stderr, stdout=subprocess.DEVNULL)
    shown = b""
    while b"\x1b[?25l" not in shown:  # the bar comes after a while, and hides the cursor
        shown += os.read(terminal, 4096)
    process.send_signal(number)
    assert process.wait(timeout=20) == 128 + number
    os.close(stderr)
    with suppress(OSError):  # what Linux says at the end of a terminal
        while more := os.read(terminal, 4096):
            shown += more
    os.close(terminal)
    assert shown.endswith(b"\r\x1b[2K\x1b[?25h")


# Where an exception out of a signal would be wrapped, swallowed, or shown as ignored.
PLACES = {
    "set-name": "class D:\n def __set_name__(self, *_): kill({n})\nclass A:\n d = D()",
    "class-body": "class A:\n kill({n})",
    "finaliser": "class A:\n def __del__(self): kill({n})\nA()",
    "weak-reference": "import weakref\nclass A: pass\na = A()\nr = weakref.ref(a, lambda _: kill({n}))\ndel a",
    "swallowed": "for _ in range(9):\n try: kill({n})\n except BaseException: pass",
    "clean-up": "try: 1 / 0\nexcept ZeroDivisionError: kill({n})",
    "generator": "def g():\n try: yield 1\n finally: kill({n})\ni = g(); next(i); i.close()",
    "sorting": "sorted(range(9), key=lambda _: kill({n}) or 0)",
    "import": "class F:\n def find_spec(self, *_): kill({n})\nsys.meta_path.insert(0, F())\nimport wave",
}


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("number", BOTH)
def test_a_signal_ends_the_process_wherever_python_is(place, number, folder):
    code = PLACES[place].format(n=int(number)) + "\nprint('went on')"
    assert driven(code, folder) == (128 + number, "", "")


IMPORTED = ["click", "mottomo.cli.main", "mottomo.cli.train", "numpy", "numpy.linalg", "scipy.special", "duckdb"]


@pytest.mark.parametrize("module", IMPORTED)
@pytest.mark.parametrize("number", BOTH)
def test_a_signal_during_an_import_ends_the_process(module, number, folder, table):
    code = (
        f"class Finder:\n def find_spec(self, name, *_):\n  if name == {module!r}: kill({int(number)})\n"
        "sys.meta_path.insert(0, Finder())\nfrom mottomo.cli.entry import main\n"
        f"sys.argv = ['mottomo', 'train', {str(table)!r}, '--target', 'face', '--features', '']\nmain()"
    )
    assert driven(code, folder) == (128 + number, "", "")


@pytest.mark.parametrize("number", BOTH)
def test_a_signal_while_the_handling_itself_is_loaded_ends_the_process(number, folder):
    program = (
        f"import os, sys\nclass Finder:\n def find_spec(self, name, *_):\n"
        f"  if name == 'mottomo.cli.signals': os.kill(os.getpid(), {int(number)})\n"
        "sys.meta_path.insert(0, Finder())\nfrom mottomo.cli.entry import main\nmain()"
    )
    process = started(["-c", program], folder)
    assert process.communicate(timeout=20) == (b"", b"")
    assert process.returncode == 128 + number


def test_a_signal_ends_what_runs_in_c_and_does_not_come_back(folder):
    code = (
        "import ctypes\nlibrary, lock = ctypes.CDLL(None), ctypes.create_string_buffer(128)\n"
        "library.pthread_mutex_lock(lock)\nprint('waits', flush=True)\nlibrary.pthread_mutex_lock(lock)"
    )
    process = started(["-c", f"from mottomo.cli import signals\nsignals.install()\n{code}"], folder)
    assert process.stdout.readline() == b"waits\n"
    process.send_signal(signal.SIGTERM)
    assert process.communicate(timeout=20) == (b"", b"")
    assert process.returncode == 143


# A signal before and after each step in which something is made or taken away.
STEPS = ["os.mkdir", "os.open", "os.chmod", "os.replace", "os.rmdir", "os.unlink", "shutil.rmtree", "tempfile.mkstemp"]
MAKING = """
import shutil, tempfile
from pathlib import Path
from mottomo.storage.whole_file import whole_file
from mottomo.temporary import temporary_folder
def killing(function):
    def step(*arguments, **settings):
        if {before}: kill({n})
        found = function(*arguments, **settings)
        kill({n})
        return found
    return step
{step} = killing({step})
with temporary_folder() as folder:
    (folder / "kept").write_bytes(b"1")
    with whole_file(Path({target!r})) as stream:
        stream.write(b"new")
"""


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("before", [True, False])
@pytest.mark.parametrize("number", BOTH)
def test_no_step_of_making_and_removing_files_leaves_any(step, before, number, folder, tmp_path):
    target = tmp_path / "target"
    target.write_bytes(b"old")
    code = MAKING.format(step=step, before=before, n=int(number), target=str(target))
    assert driven(code, folder) == (128 + number, "", "")
    assert list(folder.iterdir()) == []
    assert sorted(path.name for path in tmp_path.iterdir()) == ["target", "temporary"]
    assert target.read_bytes() in (b"old", b"new")


READING = [["tally", "-"], ["tally", "-", "--input", "csv"], ["train", "-", "--input", "csv", "--target", "y"]]


@pytest.mark.parametrize("call", READING, ids=" ".join)
@pytest.mark.parametrize("number", BOTH)
def test_a_signal_ends_a_run_that_reads_a_pipe(call, number, folder):
    with started(["-m", "mottomo", *call], folder, stdin=subprocess.PIPE) as process:
        process.stdin.write(b"y\n" + b"a\n" * 100_000)  # more than a pipe holds: the run is reading
        process.stdin.flush()
        process.send_signal(number)
        assert process.wait(timeout=20) == 128 + number
        assert process.stderr.read() == b""
    assert list(folder.iterdir()) == []


def test_what_is_ignored_from_outside_stays_ignored(folder):
    def ignoring() -> None:
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.signal(signal.SIGHUP, signal.SIG_IGN)

    code = "kill(2); kill(1); print('goes on', flush=True); kill(15)"
    assert driven(code, folder, preexec_fn=ignoring) == (143, "goes on\n", "")


@pytest.mark.parametrize("number", BOTH)
def test_a_signal_after_the_end_of_the_run_changes_nothing(number, folder):
    code = (
        f"import atexit\natexit.register(kill, {int(number)})\nclass A:\n def __del__(self): kill({int(number)})\n"
        "a = A()\nfrom mottomo.cli.entry import main\nsys.argv = ['mottomo', '--version']\nmain()"
    )
    status, output, errors = driven(code, folder)
    assert (status, errors) == (0, "")
    assert output.startswith("mottomo ")


def test_closed_streams_are_not_taken_for_the_pipe_of_signals(folder):
    program = (
        "import os, time\nfor number in (0, 1, 2): os.close(number)\n"
        "from mottomo.cli import signals\nsignals.install()\n"
        "for number in (0, 1, 2): os.write(number, bytes([15]) * 100)\ntime.sleep(0.3)\nos._exit(7)"
    )
    with started(["-c", program], folder) as process:
        assert process.wait(timeout=20) == 7


@pytest.mark.parametrize(("stands_still_after", "waits"), [(3, 3), (10_000, 250)])
def test_nothing_is_removed_before_the_main_thread_stands_still_or_has_long_been_in_c(
    stands_still_after, waits, folder
):
    code = (
        "import time\nn = 0\nclass Time:\n @staticmethod\n def sleep(_):\n"
        f"  global n; n += 1; signals._run.stands_still = n == {stands_still_after}\n"
        "real, signals.time = time.sleep, Time\nfrom mottomo.leftovers import Undoing\n"
        "with Undoing(lambda: os.write(1, str(n).encode())):\n"
        " signals._thread.start_new_thread(signals._end, (15,)); real(60)"
    )
    assert driven(code, folder) == (143, str(waits), "")


def test_without_a_thread_the_main_thread_ends_the_process(folder):
    program = (
        "import _thread, os\ndef none(*_): raise RuntimeError\n_thread.start_new_thread = none\n"
        "from mottomo.cli import signals\nfrom mottomo.temporary import temporary_folder\nsignals.install()\n"
        "with temporary_folder(): os.kill(os.getpid(), 15)"
    )
    process = started(["-c", program], folder)
    assert process.communicate(timeout=20) == (b"", b"")
    assert process.returncode == 143
    assert list(folder.iterdir()) == []


# --- training keeps what it has found --------------------------------------------------------------------------------

ROWS = "x,y\n" + "".join(f"{i % 17},{'ab'[i * 7 % 11 < 5 + i % 3]}\n" for i in range(400))
INTERRUPTING = """
n, asked = 0, signals.was_asked
def asking():
    global n
    n += 1
    if n == {at}:
        for _ in range({times}):
            kill(2)
    return asked()
signals.was_asked = asking
from mottomo.cli.entry import main
sys.argv = ['mottomo', 'train', {table!r}, '--target', 'y', '--json']
main()
"""


@pytest.fixture
def rows(tmp_path):
    path = tmp_path / "rows.csv"
    path.write_text(ROWS)
    return path


@pytest.mark.parametrize("at", [1, 2, 3])
def test_a_first_interrupt_ends_training_with_what_it_has_found(at, rows, folder):
    status, output, errors = driven(INTERRUPTING.format(at=at, times=1, table=str(rows)), folder)
    assert status == 130
    assert '"interrupted"' in output
    assert errors.startswith("training: ends with what it has found (Ctrl-C again ends at once)\n")
    assert list(folder.iterdir()) == []


def test_a_second_interrupt_ends_training_at_once(rows, folder):
    status, output, errors = driven(INTERRUPTING.format(at=2, times=2, table=str(rows)), folder)
    assert (status, output) == (130, "")
    assert quiet(errors)
    assert list(folder.iterdir()) == []


def test_sigterm_ends_training_at_once(rows, folder):
    code = INTERRUPTING.replace("kill(2)", "kill(15)").format(at=2, times=1, table=str(rows))
    assert driven(code, folder) == (143, "", "")
    assert list(folder.iterdir()) == []


# --- the entry -------------------------------------------------------------------------------------------------------


def test_the_entry_loads_next_to_nothing_before_it_hears_signals():
    code = (
        "import sys; before = set(sys.modules); import mottomo.cli.entry, mottomo.cli.signals\n"
        "print(*set(sys.modules) - before)"
    )
    source = Path(__file__).parents[2] / "src"
    call = [sys.executable, "-S", "-c", code]
    done = subprocess.run(call, capture_output=True, text=True, check=True, env={"PYTHONPATH": str(source)})
    loaded = set(done.stdout.split())
    ours = {"mottomo", "mottomo.cli", "mottomo.cli.entry", "mottomo.cli.signals", "mottomo.leftovers"}
    assert {name for name in loaded if name.startswith("mottomo")} == ours
    assert not loaded & {"click", "typing", "dataclasses", "threading", "tempfile", "contextlib", "inspect", "re"}


def test_both_ways_to_start_go_through_the_entry():
    script = Path(sys.executable).parent / "mottomo"
    assert "mottomo.cli.entry" in script.read_text()
    assert "mottomo.cli.entry" in (Path(__file__).parents[2] / "src" / "mottomo" / "__main__.py").read_text()
