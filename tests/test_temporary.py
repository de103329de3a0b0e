"""Temporary files: gone after use, and named where they cannot be kept."""

from __future__ import annotations

import io
import os
import resource
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

import mottomo as mo
from mottomo.temporary import temporary_folder, write_copy

ROOT = Path(__file__).parent.parent
PENGUINS = str(ROOT / "examples" / "penguins.csv")
FULL = Path("/dev/full")
posix = pytest.mark.skipif(not FULL.exists(), reason="needs /dev/full and limits of POSIX")


@pytest.fixture
def wished(tmp_path, monkeypatch):
    """A folder that the user wishes for temporary files."""
    monkeypatch.setattr(tempfile, "tempdir", None)
    place = tmp_path / "wished"
    place.mkdir()
    monkeypatch.setenv("TMPDIR", str(place))
    return place


def test_a_temporary_folder_is_where_it_is_wished_and_gone_afterwards(wished):
    with temporary_folder() as folder:
        (folder / "kept").write_bytes(b"1")
        assert folder.parent == wished
        assert folder.stat().st_mode & 0o777 == 0o700
    assert list(wished.iterdir()) == []


def test_a_temporary_folder_is_gone_after_an_error(wished):
    with pytest.raises(KeyboardInterrupt), temporary_folder():
        raise KeyboardInterrupt
    assert list(wished.iterdir()) == []


def test_a_place_that_cannot_be_used_is_passed_over_and_named_if_no_other_is_there(wished, monkeypatch):
    wished.rmdir()
    with temporary_folder() as folder:
        assert folder.is_dir()
    monkeypatch.setattr(tempfile, "tempdir", str(wished))
    with pytest.raises(mo.SourceError, match="No such file") as caught, temporary_folder():
        pass
    assert str(caught.value.where) == str(wished)
    assert "TMPDIR" in str(caught.value.mend)


@posix
def test_a_copy_on_a_full_disk_names_the_folder_of_the_copy():
    with pytest.raises(mo.SourceError, match="No space left") as caught:
        write_copy(io.BytesIO(b"1" * 10), FULL)
    assert (caught.value.code, str(caught.value.where)) == ("temporary-file", "/dev")


def test_an_error_of_what_is_copied_stays_its_own(tmp_path):
    class Damaged(io.RawIOBase):
        def read(self, size=-1):
            raise OSError(5, "Input/output error", "damaged")

    with pytest.raises(OSError, match="damaged"):
        write_copy(Damaged(), tmp_path / "copy")


def test_a_copy_has_all_bytes_however_they_come(tmp_path):
    class Slow(io.BytesIO):
        def read(self, size=-1):
            return super().read(min(size, 1000))

    content = os.urandom(12_345)
    write_copy(Slow(content), tmp_path / "copy")
    assert (tmp_path / "copy").read_bytes() == content


def limited(arguments, size, place, stdin=None, program=None):
    """A run that may write files of at most `size` bytes; standard output is a pipe, to which that does not apply."""
    call = [sys.executable, *(["-m", "mottomo", *arguments] if program is None else ["-c", program])]
    done = subprocess.run(
        call,
        input=stdin,
        capture_output=True,
        check=False,
        timeout=120,
        env={**os.environ, "TMPDIR": str(place), "PYTHONIOENCODING": "utf-8"},
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (size, size)),
    )
    return done.returncode, done.stdout.decode(), done.stderr.decode()


TABLE = b"face\n" + b"a\nb\n" * 5000
CALLS = {
    "standard-input": (["tally", "-", "--input", "csv"], "a temporary file cannot be written"),
    "encoding": (["tally", "{table}", "--encoding", "utf-16"], "a temporary file cannot be written"),
    "compressed": (["tally", "{compressed}"], "a temporary file cannot be written"),
    "rows": (["train", PENGUINS, "--target", "sex", "--missing", "drop", "--memory", "0"], "rows cannot be kept"),
}


@posix
@pytest.mark.parametrize("case", CALLS)
@pytest.mark.parametrize("size", [0, 1000])
def test_a_folder_for_temporary_files_without_room_is_named(case, size, tmp_path):
    import gzip

    table, compressed, place = tmp_path / "t.csv", tmp_path / "c.csv.gz", tmp_path / "place"
    table.write_bytes(TABLE.decode().encode("utf-16"))
    compressed.write_bytes(gzip.compress(TABLE))
    place.mkdir()
    arguments, words = CALLS[case]
    call = [part.format(table=table, compressed=compressed) for part in arguments]
    status, output, errors = limited(call, size, place, TABLE)
    assert (status, output) == (3, "")
    said = " ".join(errors.split())
    assert words in said
    assert f"where: {place} expected: a folder that may be written to" in said
    assert said.endswith("got: File too large mend: name another folder in the environment variable TMPDIR")
    assert list(place.iterdir()) == []


@posix
def test_what_fits_into_memory_needs_no_room_for_temporary_files(tmp_path):
    status, output, errors = limited(["train", PENGUINS, "--target", "sex", "--missing", "drop"], 0, tmp_path)
    assert (status, errors) == (0, "")
    assert "The maximum exists" in output


@posix
def test_a_query_that_finds_no_room_names_the_folder(tmp_path):
    program = (
        "from mottomo.sources import duck\nfrom mottomo.errors import SourceError\n"
        "with duck.connection() as c:\n"
        "    c.execute(\"SET memory_limit='30MB'; SET threads=1\")\n"
        "    try: duck.fetch_all(c, 'CREATE TABLE k AS SELECT range, md5(range::VARCHAR) FROM range(2000000)')\n"
        "    except SourceError as error: print(error)"
    )
    status, output, errors = limited([], 1000, tmp_path, program=program)
    assert (status, errors) == (0, "")
    assert output.startswith("the table cannot be kept in temporary files\n")
    assert f"where:    {tmp_path}\n" in output
    assert "got:      File too large" in output
    assert list(tmp_path.iterdir()) == []


def test_a_query_over_the_room_that_the_engine_may_take_names_the_folder(wished):
    from mottomo.sources import duck

    with duck.connection() as connection:
        connection.execute("SET memory_limit='30MB'; SET threads=1; SET max_temp_directory_size='100KB'")
        with pytest.raises(mo.SourceError, match="cannot be kept in temporary files") as caught:
            duck.fetch_all(connection, "CREATE TABLE k AS SELECT range, md5(range::VARCHAR) FROM range(2000000)")
    assert str(caught.value.where) == str(wished)


@posix
@pytest.mark.parametrize("arguments", [["tally", "1", "2"], ["simulate", "0.5,0.5", "-n", "100000", "--seed", "1"]])
def test_standard_output_is_named_where_it_fails_itself(arguments):
    with FULL.open("wb") as full:
        done = subprocess.run(
            [sys.executable, "-m", "mottomo", *arguments], stdout=full, stderr=subprocess.PIPE, check=False
        )
    assert done.returncode == 3
    assert b"the output cannot be written" in done.stderr
    assert b"where:    standard output" in done.stderr


def test_what_else_the_system_refuses_is_not_blamed_on_standard_output(tmp_path):
    (tmp_path / "x.csv").write_text("a\n")
    program = (
        "import sys\nfrom mottomo.cli.main import main\nfrom mottomo.workflows import tallying\n"
        "def refused(*_, **__): raise OSError(5, 'Input/output error', 'somewhere')\n"
        "tallying.count_path = refused\nmain(['tally', 'x.csv'])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False, cwd=tmp_path)
    assert done.returncode == 3
    assert "the system refuses to read or to write" in done.stderr
    assert "where:    somewhere" in done.stderr
    assert "standard output" not in done.stderr
